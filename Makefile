# Every target sets up what it needs: a machine with Python 3.11+, Java 17+ (or none) and Maven is enough.
# The system's own Python first: those that version switchers build, without a profile, are a fifth slower.
FIT := import ensurepip, sys; assert sys.version_info >= (3, 11)
PYTHON ?= $(firstword $(foreach one,/usr/bin/python3 python3,$(shell $(one) -c '$(FIT)' 2>/dev/null && echo $(one))) python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
FAULTED := $(addprefix tests/,faults simulation streams_operations operations erasure notifier producers/test_long_outage.py)
CODE := schemas producers streams consumers deploy tests $(wildcard benchmarks)

.DEFAULT_GOAL := help
.PHONY: help setup demo up test faults bench check format schemas lock clean

help: ## Show what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(READY) ## Make the virtual environment with the pinned dependencies

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "casebus needs Python 3.11 or newer: install it, or name it with make PYTHON=..."; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) \
	  || { echo "Python's venv module is missing: install it (on Debian: apt install python3-venv)"; exit 2; }
	@echo "Installing the pinned dependencies ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt \
	  --editable '.[streams,consumers,otel,local]' --group dev
	@touch $(READY)

demo: $(READY) ## Start everything, publish 20,000 events, check every overview, print a summary
	@$(BIN)/casebus demo

up: $(READY) ## Keep the whole stack serving until Ctrl-C
	@$(BIN)/casebus up

test: $(READY) ## Run all tests, on a real Kafka and PostgreSQL of each lane's own (LANES=2)
	@$(BIN)/pytest --numprocesses $(or $(LANES),2) --dist loadfile

faults: $(READY) ## Run the long campaigns: kills, zombies, broker and network faults, rebuilds (hours; FAULTS=small)
	@CASEBUS_FAULTS=$(or $(FAULTS),large) CASEBUS_SIMULATION_SEEDS=$(if $(filter small,$(FAULTS)),300,100000) \
	  $(BIN)/pytest -m $(if $(filter small,$(FAULTS)),"not campaign","campaign or not campaign") $(FAULTED)

bench: $(READY) ## Measure against the bounds and other engines (ONLY=name runs one, LONG=1 the large sizes)
	@$(BIN)/python -m benchmarks.bench $(if $(ONLY),--only $(ONLY)) $(if $(LONG),--long)

check: $(READY) ## Lint, format, types, import directions, published documents
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/ruff format --check --quiet $(CODE)
	@$(BIN)/mypy --no-error-summary $(CODE)
	@mkdir -p var && $(BIN)/lint-imports --no-cache > var/import-linter.log 2>&1 || { cat var/import-linter.log; exit 1; }
	@$(BIN)/python -m casebus_schemas.json_schema check schemas/json
	@$(BIN)/python -m casebus_schemas.asyncapi check schemas/asyncapi.json
	@$(BIN)/python -m casebus_schemas.compatibility check schemas/released
	@$(BIN)/python -m casebus_consumers.profile.api.openapi check
	@$(BIN)/python -m casebus_local.manifests check deploy/kubernetes
	@$(BIN)/python -m casebus_local.monitoring check .
	@echo "All checks passed."

format: $(READY) ## Format the code and mend what the linter can mend
	@$(BIN)/ruff format --quiet $(CODE)
	@$(BIN)/ruff check --fix $(CODE)

schemas: $(READY) ## Write anew what is generated: JSON Schemas, AsyncAPI, OpenAPI, manifests, alerts, dashboards
	@$(BIN)/python -m casebus_schemas.json_schema write schemas/json
	@$(BIN)/python -m casebus_schemas.asyncapi write schemas/asyncapi.json
	@$(BIN)/python -m casebus_consumers.profile.api.openapi write
	@$(BIN)/python -m casebus_local.manifests write deploy/kubernetes
	@$(BIN)/python -m casebus_local.monitoring write .

lock: $(READY) ## Resolve the dependencies anew into constraints.txt
	@$(BIN)/uv pip compile pyproject.toml --all-extras --group dev --universal --upgrade --quiet \
	  --no-header --no-annotate --no-emit-index-url --output-file constraints.txt

clean: ## Remove the environment, caches and local data
	@rm -rf $(VENV) var dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
