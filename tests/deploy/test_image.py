"""The image's recipe: its steps are those of ``install.sh``, which a campaign test runs as the image would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from tests.deploy.places import DEPLOY, REPOSITORY

CONTAINER = DEPLOY / "container"
DOCKERFILE = (CONTAINER / "Dockerfile").read_text()
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
DATA = (
    "casebus_schemas/status_vocabulary.json",
    "casebus_local/simulator/catalogue.toml",
    "casebus_consumers/sink/migrations/0001_sink_offsets.sql",
    "casebus_consumers/profile/migrations/0001_overviews.sql",
    "casebus_consumers/notifier/migrations/0001_notifier.sql",
    "casebus_consumers/notifier/templates/message.html",
    "casebus_consumers/profile/page/templates/overview.html",
)


def allowed_into_the_build() -> set[str]:
    lines = (CONTAINER / "Dockerfile.dockerignore").read_text().splitlines()
    assert "*" in lines
    return {line.removeprefix("!") for line in lines if line.startswith("!")}


def test_everything_the_wheel_is_made_of_gets_into_the_build() -> None:
    needed = {
        *PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"],
        PROJECT["project"]["readme"],
        *PROJECT["project"]["license-files"],
        "pyproject.toml",
        "constraints.txt",
        "deploy/container/install.sh",
        "deploy/container/sbom.py",
    }
    assert allowed_into_the_build() == needed
    assert all((REPOSITORY / path).exists() for path in needed)


def test_image_is_not_root_and_stops_on_sigterm() -> None:
    lines = DOCKERFILE.splitlines()
    last_stage = lines[len(lines) - lines[::-1].index("FROM ${BASE}") :]
    assert "USER 10001:10001" in last_stage
    assert "STOPSIGNAL SIGTERM" in last_stage
    assert 'ENTRYPOINT ["casebus"]' in last_stage, "as an exec form: a shell would swallow the signal"


def test_image_says_the_version_that_it_holds() -> None:
    assert f'image.version="{PROJECT["project"]["version"]}"' in DOCKERFILE


def test_image_takes_the_steps_of_the_script() -> None:
    assert "RUN /source/deploy/container/install.sh /source /opt/casebus" in DOCKERFILE


def test_bill_of_materials_lists_what_is_installed() -> None:
    listed = subprocess.run([sys.executable, "-I", str(CONTAINER / "sbom.py")], capture_output=True, check=True)
    bill = json.loads(listed.stdout)
    assert bill["metadata"]["component"]["purl"] == f"pkg:pypi/casebus@{PROJECT['project']['version']}"
    components = {each["name"]: each for each in bill["components"]}
    assert components["pydantic"]["version"] == version("pydantic")
    assert components["orjson"]["licenses"]
    [needs] = [each["dependsOn"] for each in bill["dependencies"] if each["ref"].startswith("pkg:pypi/casebus@")]
    assert {components["faust-streaming"]["purl"], components["starlette"]["purl"]} <= set(needs)


@pytest.mark.campaign  # it downloads all dependencies
@pytest.mark.timeout(600)
def test_recipe_makes_a_working_environment(tmp_path: Path) -> None:
    target = tmp_path / "casebus"
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    base = str(Path(sys.base_prefix) / "bin")
    clean["PATH"] = f"{base}:{clean['PATH']}"
    subprocess.run([str(CONTAINER / "install.sh"), str(REPOSITORY), str(target)], check=True, env=clean)
    [packages] = target.glob("lib/python3.*/site-packages")
    assert [name for name in DATA if not (packages / name).exists()] == []
    for arguments in ((), *(("run", service) for service in ("streams", "sources", "profile", "notifier"))):
        # As in the image: nobody's home, nothing of the build left.
        command = [str(target / "bin" / "casebus"), *arguments, "--help"]
        subprocess.run(command, check=True, env={"PATH": "/usr/bin"}, cwd="/")
