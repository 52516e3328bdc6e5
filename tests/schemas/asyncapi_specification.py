"""The official JSON Schema of AsyncAPI, from the npm package of its authors; kept in ``var`` once it was fetched."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

PACKAGE = "@asyncapi/specs@6.11.1"
CACHE = Path(__file__).parents[2] / "var" / "asyncapi"
FETCH_SECONDS = 90


def official_schema(version: str) -> dict[str, Any]:
    """Skips the test where there is no npm to fetch the package with."""
    kept = CACHE / f"{version}.json"
    if not kept.exists():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("the official schema comes in an npm package, and npm is not installed")
        CACHE.mkdir(parents=True, exist_ok=True)
        packed = subprocess.run(
            [npm, "pack", PACKAGE, "--silent"], cwd=CACHE, capture_output=True, text=True, timeout=FETCH_SECONDS
        )
        if packed.returncode:
            pytest.skip("npm could not fetch the official schema")
        archive = CACHE / packed.stdout.split()[-1]
        with tarfile.open(archive) as files:
            member = files.extractfile(f"package/schemas/{version}-without-$id.json")
            assert member is not None
            kept.write_bytes(member.read())
        archive.unlink()
    schema: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
    return schema
