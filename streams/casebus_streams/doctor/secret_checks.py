"""The files with secrets that this environment names: there, long enough, and nobody else's to read."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from casebus_producers.operator_reports import Finding, Verdict
from casebus_producers.settings import SettingError
from casebus_streams.settings import StreamsSettings

AREA: Final = "secrets"


def secret_findings(settings: StreamsSettings) -> Iterator[Finding]:
    """The pepper and Kafka's password, where they are set; an operator needs neither."""
    files = {"pepper": settings.pseudonym.pepper_file, "Kafka password": settings.kafka.password_file}
    for name, file in files.items():
        if file is not None:
            yield _file(name, file)
    if settings.pseudonym.pepper_file is not None or settings.pseudonym.pepper is not None:
        try:
            settings.pseudonym.read()
        except (SettingError, OSError) as error:
            yield Finding(AREA, "pepper", Verdict.PROBLEM, str(error), "intake does not start without it")


def _file(name: str, file: Path) -> Finding:
    try:
        mode = file.stat().st_mode
    except OSError as error:
        return Finding(AREA, name, Verdict.PROBLEM, f"{file}: {error.strerror}", "mend the path or the rights")
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        return Finding(AREA, name, Verdict.WARNING, f"everyone on this machine can read {file}", f"chmod 600 {file}")
    return Finding(AREA, name, Verdict.WELL, "a file of its own, not for everyone")
