"""``publiccode.yml`` says what the project says, within the limits of its standard."""

from __future__ import annotations

import tomllib

from tests.deploy.places import REPOSITORY, documents

[PUBLIC] = documents(REPOSITORY / "publiccode.yml")
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]


def test_it_has_what_the_standard_demands() -> None:
    needed = {"publiccodeYmlVersion", "name", "url", "platforms", "developmentStatus", "softwareType", "description"}
    assert needed | {"legal", "maintenance", "localisation"} <= PUBLIC.keys()
    assert PUBLIC["maintenance"]["contacts"]


def test_descriptions_have_their_lengths() -> None:
    for text in PUBLIC["description"].values():
        assert len(text["shortDescription"]) <= 150
        assert 150 <= len(text["longDescription"]) <= 10_000
        assert all(len(feature) <= 100 for feature in text["features"])


def test_it_agrees_with_the_project() -> None:
    assert PUBLIC["name"] == PROJECT["name"]
    assert str(PUBLIC["softwareVersion"]) == PROJECT["version"]
    assert PUBLIC["legal"]["license"] == PROJECT["license"]
