"""What an image is made of: a CycloneDX list of the Python packages beside this interpreter.

Run it with the interpreter of the environment that is to be listed; the list goes to standard output. It needs
nothing but the standard library, so it adds nothing to what it lists. The same environment gives the same bytes.
"""

from __future__ import annotations

import json
import re
import sys
from importlib.metadata import Distribution, distributions
from typing import Any

APPLICATION = "casebus"
_NOT_OURS = {"pip", "setuptools"}
"""Made with the environment, used by nobody in it."""


def bill_of_materials(found: list[Distribution]) -> dict[str, Any]:
    """The document: the application, what it is made of, and who needs whom. Raises ``KeyError`` without casebus."""
    packages = {_name(each): each for each in found if _name(each) not in _NOT_OURS}
    application = packages.pop(APPLICATION)
    every = {APPLICATION: application, **packages}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": _component(application, "application")},
        "components": [_component(package, "library") for _, package in sorted(packages.items())],
        "dependencies": [
            {"ref": _purl(package), "dependsOn": sorted(_purl(every[name]) for name in _needs(package) & every.keys())}
            for _, package in sorted(every.items())
        ],
    }


def _component(package: Distribution, kind: str) -> dict[str, Any]:
    purl = _purl(package)
    described = {"type": kind, "bom-ref": purl, "name": _name(package), "version": package.version, "purl": purl}
    licence = _licence(package)
    return described | ({"licenses": [licence]} if licence else {})


def _licence(package: Distribution) -> dict[str, Any] | None:
    """As the package says it: an SPDX expression where it has one, else its classifier, else its own words' first line.

    The classifier before the words: some packages put their whole licence there, which begins with a copyright.
    """
    expression = _says(package, "License-Expression")
    if expression:
        return {"expression": expression}
    classifiers = [each for each in package.metadata.get_all("Classifier") or [] if each.startswith("License :: ")]
    named = [each.rpartition(" :: ")[2] for each in classifiers if each.count(" :: ") > 1]
    words = ", ".join(named) or _says(package, "License").strip().partition("\n")[0]
    return {"license": {"name": words}} if words else None


def _says(package: Distribution, field: str) -> str:
    return next(iter(package.metadata.get_all(field) or []), "")


def _needs(package: Distribution) -> set[str]:
    return {
        _normalized(re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]) for requirement in package.requires or []
    }


def _purl(package: Distribution) -> str:
    return f"pkg:pypi/{_name(package)}@{package.version}"


def _name(package: Distribution) -> str:
    return _normalized(package.metadata["Name"])


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    json.dump(bill_of_materials(list(distributions())), sys.stdout, indent=1)
    sys.stdout.write("\n")
