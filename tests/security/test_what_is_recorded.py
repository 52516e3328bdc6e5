"""What an operator finds afterwards: a refused act and a failed log-in stand in the broker's log."""

from __future__ import annotations

import pytest
from tests.security.conftest import A
from tests.security.secured_bus import SecuredBus, write
from tests.security.test_connections import failures

from casebus_local.waiting import wait_until

pytestmark = pytest.mark.integration


def test_a_refused_write_is_in_the_brokers_log_with_its_principal(bus: SecuredBus) -> None:
    assert write(bus.agency(A), bus.topics.dead_letters) is not None
    wait_until(
        lambda: any(f"User:{A} is Denied" in line and bus.topics.dead_letters in line for line in log_lines(bus)),
        timeout_seconds=30,
        describe="the refusal is in the broker's log",
    )


def test_a_failed_log_in_is_in_the_brokers_log_without_the_password(bus: SecuredBus) -> None:
    before = len(log_lines(bus))
    failures(bus.agency(A), sasl_password="a-guess-of-mine")
    wait_until(
        lambda: any("Failed authentication" in line for line in log_lines(bus)[before:]),
        timeout_seconds=30,
        describe="the failed log-in is in the broker's log",
    )
    assert not any("a-guess-of-mine" in line for line in log_lines(bus))


def test_no_password_is_in_the_brokers_log(bus: SecuredBus) -> None:
    agency_s, administrator_s = bus.agency(A).password_file, bus.secured.password_file
    assert agency_s is not None
    for file in (agency_s, administrator_s):
        password = file.read_text()
        assert len(password) >= 30
        assert not any(password in line for line in log_lines(bus))


def log_lines(bus: SecuredBus) -> list[str]:
    return bus.stack.brokers[0].log_path.read_text().splitlines()
