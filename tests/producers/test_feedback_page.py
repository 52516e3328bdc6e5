"""``docs/agencies/feedback.md``: its snippets run in order against a bus, its table names every state."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.bus import Bus
from tests.docs.pages import DOCS, REPOSITORY, Page
from tests.docs.shell import without_figures
from tests.producers.intake import running_intake

from casebus_local import LocalStack
from casebus_schemas import NotificationState

PAGE = Page.read(DOCS / "agencies" / "feedback.md")


def run(arguments: list[str], place: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        arguments, cwd=place, env=environment, capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.integration
def test_snippets_run_in_order(stack: LocalStack, topic_prefix: str, tmp_path: Path) -> None:
    (tmp_path / "schemas").symlink_to(REPOSITORY / "schemas")
    bus = Bus(stack, topic_prefix, partitions=2)
    bus.make_topics(["OVO000123"])
    environment = {
        **os.environ,
        **stack.environment,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "CASEBUS_KAFKA__TOPIC_PREFIX": topic_prefix,
        "CASEBUS_AGENCY": "OVO000123",
    }
    with running_intake(bus):
        for snippet in PAGE.snippets("sh"):
            printed = run(["bash", "-e", "-c", snippet.text], tmp_path, environment)
            if snippet.output is not None:
                assert without_figures(printed) == without_figures(snippet.output), snippet.place
        [program] = PAGE.snippets("python")
        printed = run([sys.executable, "-W", "error", "-c", program.text], tmp_path, environment)
        assert printed.splitlines() == ["look at PREMIE-2026-00417 ['status.unknown-code']"] * 2


def test_states() -> None:
    assert PAGE.column("Outcomes") == [state.value for state in NotificationState]
