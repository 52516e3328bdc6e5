"""The document that describes the API is what the code says, and valid."""

from __future__ import annotations

import json
from pathlib import Path

import openapi_spec_validator
import pytest
from tests.consumers.identity_provider import IdentityProvider
from tests.consumers.profile_fakes import Service

from casebus_consumers.profile.api.openapi import COMMITTED, as_text, main, openapi
from casebus_consumers.profile.api.operations import OPERATIONS


def test_the_committed_document_is_what_the_code_says() -> None:
    assert main(["check"]) == 0


def test_a_document_that_differs_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stale = tmp_path / "openapi.json"
    stale.write_text(COMMITTED.read_text().replace("readOverview", "other"))
    assert main(["check", str(stale)]) == 1
    assert "not what the code says" in capsys.readouterr().err
    assert main(["write", str(stale)]) == 0
    assert main(["check", str(stale)]) == 0


def test_it_is_valid_openapi() -> None:
    openapi_spec_validator.validate(openapi())


def test_it_is_served_without_a_token(tmp_path: Path) -> None:
    service = Service(IdentityProvider(tmp_path))
    response = service.get(None, "/v1/openapi.json")
    assert response.text == as_text()
    assert response.headers["content-type"] == "application/json"


def test_no_address_has_a_place_for_a_citizen() -> None:
    for operation in OPERATIONS:
        names = {parameter.name for parameter in operation.parameters}
        assert names <= {
            *("language", "Last-Event-ID", "state", "action_needed", "agency", "case_id", "limit", "cursor", "before")
        }


def test_every_operation_needs_a_token_and_tells_its_problems() -> None:
    document = openapi()
    assert document["security"] == [{"token": []}]
    for path in document["paths"].values():
        for operation in path.values():
            assert "security" not in operation
            assert {"200", "401", "503"} <= operation["responses"].keys()
    assert json.dumps(document).count("application/problem+json") >= 3 * len(OPERATIONS)
