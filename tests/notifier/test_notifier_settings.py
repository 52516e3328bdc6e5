"""What ``casebus run notifier`` says of settings that are of no use."""

from __future__ import annotations

from pathlib import Path

import pytest

from casebus_consumers.notifier.channels.configured import configured_channels
from casebus_consumers.notifier.channels.files import FileChannel
from casebus_consumers.notifier.run import MISCONFIGURED, read_settings, run
from casebus_schemas import ChannelKind

GOOD = {
    "CASEBUS_DATABASE__DSN": "postgresql://nowhere",
    "CASEBUS_NOTIFIER__PORTAL_NAME": "Mijn overzicht",
    "CASEBUS_NOTIFIER__OVERVIEW_URL": "https://overzicht.example/",
    "CASEBUS_NOTIFIER__PREFERENCES_URL": "https://overzicht.example/berichten",
    "CASEBUS_NOTIFIER__DIRECTORY": "mails",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)


def test_a_directory_takes_the_mails() -> None:
    channels = configured_channels(read_settings().notifier)
    assert isinstance(channels[ChannelKind.EMAIL], FileChannel)


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("CASEBUS_NOTIFIER__OVERVIEW_URL", "http://overzicht.example/", "CASEBUS_NOTIFIER__OVERVIEW_URL"),
        ("CASEBUS_NOTIFIER__SMTP__HOST", "mail", "CASEBUS_NOTIFIER__SMTP__SENDER_NAME"),
        ("CASEBUS_NOTIFIER__KEEP_DAYS", "7", "CASEBUS_NOTIFIER__KEEP_DAYS"),
        ("CASEBUS_NOTIFIER__GIVE_UP_HOURS", "0", "CASEBUS_NOTIFIER__GIVE_UP_HOURS"),
    ],
)
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, named: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=named):
        read_settings()


def test_messages_must_lead_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CASEBUS_NOTIFIER__DIRECTORY")
    with pytest.raises(ValueError, match="CASEBUS_NOTIFIER__SMTP__HOST"):
        read_settings()


def test_a_short_secret_is_refused_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("short")
    monkeypatch.setenv("CASEBUS_NOTIFIER__WEBHOOK__HOSTS", '["sms.example"]')
    monkeypatch.setenv("CASEBUS_NOTIFIER__WEBHOOK__SECRET_FILE", str(secret))
    monkeypatch.setattr("casebus_consumers.notifier.run.configure_logging", lambda _level: None)
    assert run(with_planner=True, with_sender=True, log_level="info") == MISCONFIGURED
    assert "CASEBUS_NOTIFIER__WEBHOOK__SECRET_FILE" in capsys.readouterr().err
