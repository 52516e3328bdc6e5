#!/bin/sh
# Builds the wheel of the source tree $1 and installs it with its pinned dependencies into a new environment, $2.
# The Dockerfile and tests/deploy run these same steps.
set -eu

source=$1
target=$2

python3 -m venv "$target"
wheels=$(mktemp -d)
trap 'rm -r "$wheels"' EXIT
"$target/bin/python" -m pip wheel --no-cache-dir --no-deps --wheel-dir "$wheels" "$source"
# Dependencies come from wheels only: no compiler in the image, and no code of others runs while it is built.
"$target/bin/python" -m pip install --no-cache-dir --only-binary :all: --constraint "$source/constraints.txt" \
  "$(echo "$wheels"/casebus-*.whl)[streams,consumers,otel]"
"$target/bin/python" -m pip check
