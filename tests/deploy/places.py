"""Where the deployment artefacts are, and how they are read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).parents[2]
DEPLOY = REPOSITORY / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
OVERLAYS = sorted(path for path in (KUBERNETES / "overlays").iterdir() if path.is_dir())

SCRATCH = "/tmp"  # noqa: S108 - the one writable directory of a container
Resource = dict[str, Any]


def documents(path: Path) -> list[Resource]:
    """The documents of one file."""
    return parsed(path.read_text())


def parsed(text: str) -> list[Resource]:
    """The documents of a text."""
    return list(yaml.safe_load_all(text))


def resources(folder: Path) -> Iterator[Resource]:
    """Every resource below a folder, without kustomize's own files."""
    for path in sorted(folder.rglob("*.yaml")):
        if path.name != "kustomization.yaml":
            yield from documents(path)


def name_of(resource: Resource) -> str:
    """Kind and name, as kubectl writes them."""
    return f"{resource['kind']}/{resource['metadata']['name']}"
