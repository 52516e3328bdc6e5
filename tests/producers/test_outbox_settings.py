"""What a relay says when it is not configured, without Kafka and without a database."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.producers.command import casebus

from casebus_producers.outbox import OutboxSettingError
from casebus_producers.outbox.opening import open_store
from casebus_producers.outbox.settings import RelaySettings


def test_no_database_is_named() -> None:
    outcome = casebus("outbox", "init")
    assert outcome.code == 2
    assert "set CASEBUS_OUTBOX__DATABASE" in outcome.err


def test_a_malformed_address_is_not_repeated() -> None:
    outcome = casebus("outbox", "init", CASEBUS_OUTBOX__DATABASE="mysql://user:geheim@host/x")
    assert outcome.code == 2
    assert "must begin with postgresql:// or sqlite:///" in outcome.err
    assert "geheim" not in outcome.err


def test_a_password_can_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "database"
    path.write_text("sqlite:////tmp/x\n")
    assert RelaySettings(database_file=path).address() == "sqlite:////tmp/x"
    with pytest.raises(OutboxSettingError, match="absent"):
        RelaySettings(database_file=tmp_path / "absent").address()


def test_a_password_is_masked() -> None:
    settings = RelaySettings.model_validate({"database": "postgresql://user:geheim@host/x"})
    assert "geheim" not in repr(settings)


def test_a_database_that_does_not_answer_gives_exit_code_2(dead_broker: str) -> None:
    outcome = casebus("outbox", "init", CASEBUS_OUTBOX__DATABASE=f"postgresql://user:geheim@{dead_broker}/x")
    assert outcome.code == 2
    assert "casebus: PostgreSQL: " in outcome.err
    assert "geheim" not in outcome.err


def test_sqlite_needs_no_driver(tmp_path: Path) -> None:
    """Nothing but the PostgreSQL outbox imports psycopg."""
    program = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from casebus_producers.outbox.opening import open_store\n"
        f"open_store('sqlite:///{tmp_path}/x.db', agency='OVO000001').create()\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "casebus_producers.outbox.postgres", raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(OutboxSettingError, match=r"casebus\[outbox\]"):
        open_store("postgresql://host/x", agency="OVO000001")
