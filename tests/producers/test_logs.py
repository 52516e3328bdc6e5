"""Logs of a process: one JSON object per line, whoever logs, and no national number."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from casebus_producers.logs import configure_logging, redact_numbers
from casebus_schemas import insz_of

NUMBER = insz_of("850793033")
WRITTEN = f"{NUMBER[:2]}.{NUMBER[2:4]}.{NUMBER[4:6]}-{NUMBER[6:9]}.{NUMBER[9:]}"

PROGRAM = f"""
import logging, threading, structlog
from casebus_producers.logs import configure_logging
logging.getLogger("aiokafka").addHandler(logging.NullHandler())
configure_logging("info")
structlog.get_logger("casebus.intake").info("started", partitions=[1, 2], party="{WRITTEN}")
structlog.get_logger().debug("too_fine")
logging.getLogger("faust.worker").warning("lost %s", "{NUMBER}")
try:
    raise ValueError("bad number {NUMBER}")
except ValueError:
    logging.getLogger("aiokafka").exception("failed")
thread = threading.Thread(target=lambda: int("{WRITTEN}"), name="t")
thread.start()
thread.join()
raise KeyError("{NUMBER}")
"""


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stdout == b""
    assert NUMBER not in done.stderr.decode()
    assert WRITTEN not in done.stderr.decode()
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_every_line_is_json_with_time_level_and_logger(lines: list[dict[str, Any]]) -> None:
    assert [(line["event"], line["level"]) for line in lines] == [
        ("started", "info"),
        ("lost (number)", "warning"),
        ("failed", "error"),
        ("uncaught_exception", "critical"),
        ("uncaught_exception", "critical"),
    ]
    assert [line["logger"] for line in lines[:3]] == ["casebus.intake", "faust.worker", "aiokafka"]
    now = datetime.now(UTC)
    assert all(abs((now - datetime.fromisoformat(line["timestamp"])).total_seconds()) < 60 for line in lines)
    assert all(line["timestamp"].endswith("Z") for line in lines)


def test_values_and_traces_are_kept_but_for_the_number(lines: list[dict[str, Any]]) -> None:
    assert (lines[0]["partitions"], lines[0]["party"]) == ([1, 2], "(number)")
    assert "ValueError: bad number (number)" in lines[2]["exception"]
    assert "KeyError: '(number)'" in lines[4]["exception"]


def test_redaction_reaches_nested_values_and_numbers() -> None:
    event = redact_numbers(
        None, "info", {"a": {"b": [int(NUMBER), (WRITTEN,)]}, "offset": 12345, "ok": True, "at": 1.5}
    )
    assert event == {"a": {"b": ["(number)", ["(number)"]]}, "offset": 12345, "ok": True, "at": 1.5}


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="log level: must be one of debug, info"):
        configure_logging("loud")
