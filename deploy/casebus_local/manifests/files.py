"""The committed files: what must be in them, whether it is, and how they are written."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import yaml

from casebus_local.manifests.cluster import cluster_resources
from casebus_local.manifests.resource import Resource
from casebus_local.manifests.sizes import SIZES, Size
from casebus_local.manifests.topics import bus_topics
from casebus_local.manifests.users import service_users
from casebus_schemas import Topics

_HEADER = "# Generated from the topic declaration; change that and run `python -m casebus_local.manifests write`.\n"


def files() -> dict[str, str]:
    """Path below ``deploy/kubernetes`` to text. Pure; the same declaration always gives the same bytes."""
    return {f"overlays/{size.name}/{name}": text for size in SIZES for name, text in _of_size(size).items()}


def differences(folder: Path) -> list[str]:
    """Files below ``folder`` that are missing or other than declared. Reads files."""
    return [
        name
        for name, text in files().items()
        if not (folder / name).exists() or (folder / name).read_text(encoding="utf-8") != text
    ]


def write(folder: Path) -> None:
    """Write all files below ``folder``; directories are made when absent."""
    for name, text in files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def as_yaml(resources: Iterable[Resource]) -> str:
    """The resources as one file of documents."""
    text: str = yaml.safe_dump_all(resources, sort_keys=False, explicit_start=True, width=120)
    return text


def _of_size(size: Size) -> dict[str, str]:
    topics = Topics()
    return {
        "kafka.yaml": _HEADER + as_yaml(cluster_resources(size)),
        "topics.yaml": _HEADER + as_yaml(bus_topics(size, topics)),
        "users.yaml": _HEADER + as_yaml(service_users(topics)),
    }
