"""``privacy.md`` names every topic, table and setting that there is, and its commands are spelt right."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.docs.code_names import CONSUMERS
from tests.docs.pages import REPOSITORY, page
from tests.docs.settings import variables
from tests.docs.shell import commands

from casebus_producers.audit.settings import AuditSettings
from casebus_schemas import DECLARATIONS
from casebus_streams.erasure.settings import ErasureSettings

PRIVACY = page("privacy.md")
DAY_MS = 86_400_000


def test_every_topic_stands_there_with_the_time_that_it_keeps_things() -> None:
    kept = {name.strip("`"): time for name, _, _, time in PRIVACY.table("In Kafka")}
    assert list(kept) == [topic.name for topic in DECLARATIONS]
    for topic in DECLARATIONS:
        days = int(topic.config.get("retention.ms", -1)) // DAY_MS
        assert (kept[topic.name] == f"{days} days") == (days > 0), topic.name


def test_every_table_of_every_database_stands_there() -> None:
    migrations = "".join(path.read_text("utf-8") for path in sorted(CONSUMERS.rglob("migrations/*.sql")))
    made = set(re.findall(r"CREATE TABLE (\w+)", migrations))
    gone = {old for old, _ in re.findall(r"ALTER TABLE (\w+) RENAME TO (\w+)", migrations)}
    gone |= set(re.findall(r"DROP TABLE (\w+)", migrations))
    named = {new for _, new in re.findall(r"ALTER TABLE (\w+) RENAME TO (\w+)", migrations)}
    assert set(PRIVACY.column("In the databases")) == (made | named) - gone


def test_settings_are_those_of_the_code() -> None:
    shown = {name.strip("`"): default.strip("`") for name, default, _ in PRIVACY.table("Settings")}
    known = dict(variables(AuditSettings)) | dict(variables(ErasureSettings))
    assert shown == {
        name: default for name, default in known.items() if name.startswith(("CASEBUS_AUDIT__", "CASEBUS_ERASURE__"))
    }


def test_tests_that_it_names_exist() -> None:
    named = PRIVACY.column("What shows that it holds")
    assert named
    assert [name for name in named if not (REPOSITORY / name).exists()] == []


def test_its_commands_are_spelt_right(tmp_path: Path) -> None:
    """With ``--help`` nothing is done, but an option that does not exist is still an error."""
    shown = [each for snippet in PRIVACY.snippets("sh") for each in commands(snippet) if each.program == "casebus"]
    assert shown
    for command in shown:
        words = [word for word in command.words[1:] if word not in (">", "audit.ndjson")]
        done = subprocess.run(
            [sys.executable, "-m", "casebus_producers.cli", *words, "--help"],
            cwd=tmp_path,
            env=os.environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, (command.text, done.stderr)
