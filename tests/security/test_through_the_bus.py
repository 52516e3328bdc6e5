"""The allowed path from end to end, every part with its own rights; and a lie in the payload."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import KafkaError, Message
from tests.bus import TopicReader
from tests.security.conftest import A, B
from tests.security.secured_bus import SecuredBus, read, write

from casebus_local.processes import CasebusProcess
from casebus_producers import AgencySettings, Case, CaseStatusProducer
from casebus_schemas import Overview, Rejection, decode, encode_event, insz_of
from casebus_streams.access.services import OPERATORS, PROFILE

pytestmark = pytest.mark.integration

CITIZEN = "85073003328"
OTHER_CITIZEN = insz_of("170730033", born_from_2000=True)
LIAR, DESK = "OVO000202", "OVO000203"
Read = Callable[[str, int], list[Message]]


@pytest.fixture(scope="module")
def worker(bus: SecuredBus) -> Iterator[CasebusProcess]:
    """Both stages, with the rights of ``streams`` and no others.

    These agencies are there before: intake looks for a new rejected topic every few seconds only.
    """
    assert bus.add(LIAR, "--yes").returncode == 0
    assert bus.add(DESK, "--yes").returncode == 0
    with bus.run_streams() as running:
        yield running


@pytest.fixture
def read_records(bus: SecuredBus, worker: CasebusProcess) -> Read:
    """The first records of a topic, seen by the administrator."""

    def records(topic: str, count: int) -> list[Message]:
        reader = TopicReader(bus.administrator, [topic])
        try:
            return reader.read_until(lambda read: len(read) >= count, alive=worker.check)
        finally:
            reader.close()

    return records


def test_an_added_agency_publishes_with_its_settings_file_and_is_accepted(bus: SecuredBus, read_records: Read) -> None:
    agency = "OVO000201"
    assert bus.add(agency, "--yes").returncode == 0
    settings = AgencySettings(_env_file=bus.settings_file(agency))
    case = Case(agency=agency, case_id="2026-1", title="Renovatiepremie", citizen=CITIZEN)

    with CaseStatusProducer(settings, agency=agency) as producer:
        producer.publish(case.received(sequence=1))

    [record] = read_records(bus.topics.overviews, 1)
    [known] = decode(Overview, record.value() or b"").cases.values()
    assert (known.agency, known.case_id) == (agency, "2026-1")


def test_the_agency_s_own_commands_work_with_its_settings_file(
    bus: SecuredBus, worker: CasebusProcess, tmp_path: Path
) -> None:
    case = Case(agency=DESK, case_id="2026-2", title="Renovatiepremie", citizen=OTHER_CITIZEN)
    file = tmp_path / "events.ndjson"
    file.write_bytes(encode_event(case.received(sequence=1)) + b"\n")

    published = bus.casebus_as(DESK, "publish", str(file))
    read_back = bus.casebus_as(DESK, "rejections", "--group", f"casebus.{DESK}.desk")
    foreign = bus.casebus_as(DESK, "rejections", "--agency", B)

    assert (published.returncode, read_back.returncode) == (0, 0), published.stderr + read_back.stderr
    assert "the bus: 1 accepted, 0 rejected" in published.stdout
    assert foreign.returncode == 2
    assert "Topic authorization failed" in foreign.stderr
    worker.check()


def test_an_agency_that_claims_to_be_another_is_rejected(bus: SecuredBus, read_records: Read) -> None:
    case = Case(agency=B, case_id="not-mine", title="Renovatiepremie", citizen=CITIZEN)

    assert write(bus.agency(LIAR), bus.topics.submitted(LIAR), encode_event(case.received(sequence=1))) is None

    [record] = read_records(bus.topics.rejected(LIAR), 1)
    rejection = decode(Rejection, record.value() or b"")
    assert (rejection.agency, rejection.case_id) == (LIAR, "not-mine")
    assert "source.topic" in {reason.rule for reason in rejection.reasons}


def test_services_see_their_topics_and_no_agency_s(bus: SecuredBus) -> None:
    for service, allowed, refused in (
        (PROFILE, bus.topics.sources, bus.topics.submitted(A)),
        (OPERATORS, bus.topics.dead_letters, bus.topics.accepted),
    ):
        kafka = bus.service(service)
        assert write(bus.administrator, allowed, b"seen") is None
        seen = read(kafka, allowed, group=f"{bus.topics.prefix}.{service.groups[0]}")
        assert not isinstance(seen, KafkaError), seen
        hidden = read(kafka, refused, group=f"{bus.topics.prefix}.{service.groups[0]}")
        assert isinstance(hidden, KafkaError)
        assert hidden.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
