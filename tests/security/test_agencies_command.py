"""``casebus agencies``: repeatable, plan first, and nothing destroyed unasked."""

from __future__ import annotations

import json
import stat

import pytest
from tests.security.conftest import A, B
from tests.security.secured_bus import SecuredBus

from casebus_streams.access.broker_access import BrokerAccess
from casebus_streams.access.broker_quotas import BrokerQuotas
from casebus_streams.access.errors import AccessError
from casebus_streams.access.grants import Grant, Operation, Resource
from casebus_streams.access.quotas import AGENCY_QUOTA, Quota
from casebus_streams.topic_admin import admin_client

pytestmark = pytest.mark.integration


def test_without_a_yes_nothing_is_done_and_the_plan_is_shown(bus: SecuredBus) -> None:
    agency = "OVO000301"
    asked = bus.add(agency)
    assert asked.returncode == 1
    assert f"+ topic {bus.topics.submitted(agency)}" in asked.stdout
    assert states(bus).get(agency) is None
    assert not bus.settings_file(agency).exists()


def test_adding_again_changes_nothing(bus: SecuredBus) -> None:
    before = bus.settings_file(A).stat().st_mtime_ns
    again = bus.add(A)
    assert (again.returncode, again.stdout) == (0, f"{A} has all it needs.\n")
    assert bus.settings_file(A).stat().st_mtime_ns == before
    assert states(bus)[A] == "enabled"


def test_the_files_are_their_owners_alone_and_only_one_holds_the_password(bus: SecuredBus) -> None:
    directory = bus.settings_file(A).parent
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    files = {file.name: stat.S_IMODE(file.stat().st_mode) for file in directory.iterdir()}
    assert files == {"settings.env": 0o600, "password": 0o600, "ca.pem": 0o600}
    assert (directory / "password").read_text() not in bus.settings_file(A).read_text()


def test_the_password_is_never_printed(bus: SecuredBus) -> None:
    agency = "OVO000302"
    added = bus.add(agency, "--yes")
    password = (bus.settings_file(agency).parent / "password").read_text()
    assert len(password) >= 40
    assert password not in added.stdout + added.stderr


def test_what_is_missing_is_mended_and_what_is_too_much_is_told(bus: SecuredBus) -> None:
    agency = "OVO000303"
    assert bus.add(agency, "--yes").returncode == 0
    access = BrokerAccess(admin_client(bus.administrator))
    access.take_all(agency)
    access.give(agency, [Grant(Resource.TOPIC, bus.topics.accepted, Operation.READ)])
    assert states(bus)[agency] == "incomplete"

    mended = bus.add(agency, "--yes")

    assert f"! right read topic {bus.topics.accepted}" in mended.stdout
    assert "password" not in mended.stdout
    assert states(bus)[agency] == "enabled"


def test_each_agency_has_its_quota(bus: SecuredBus) -> None:
    limits = BrokerQuotas(bus.administrator).limits()
    assert limits[A] == limits[B] == AGENCY_QUOTA.entries()


def test_an_agency_cannot_lift_its_quota(bus: SecuredBus) -> None:
    with pytest.raises(AccessError, match="quotas: Cluster authorization failed"):
        BrokerQuotas(bus.agency(A)).limit(A, Quota(produce_bytes_per_second=1_000_000_000))


def test_a_disabled_agency_keeps_its_topics_and_can_be_let_in_again(bus: SecuredBus) -> None:
    agency = "OVO000304"
    assert bus.add(agency, "--yes").returncode == 0
    assert bus.casebus("agencies", "disable", agency).returncode == 1  # nobody said yes
    assert states(bus)[agency] == "enabled"

    assert bus.casebus("agencies", "disable", agency, "--yes").returncode == 0
    assert states(bus)[agency] == "disabled"
    assert "was not let in" in bus.casebus("agencies", "disable", agency, "--yes").stdout

    assert "+ topic" not in bus.add(agency, "--yes").stdout
    assert states(bus)[agency] == "enabled"


def test_a_code_that_is_none_is_wrong_usage(bus: SecuredBus) -> None:
    wrong = bus.add("ovo123", "--yes")
    assert wrong.returncode == 2
    assert "an OVO code is OVO and six digits" in wrong.stderr


def states(bus: SecuredBus) -> dict[str, str]:
    listed = bus.casebus("agencies", "list", "--json")
    assert listed.returncode == 0, listed.stderr
    return {each["agency"]: each["state"] for each in json.loads(listed.stdout)}
