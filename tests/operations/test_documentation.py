"""What the pages say of health is what the processes answer."""

from __future__ import annotations

from tests.docs.pages import codes, page

from casebus_producers.settings import KafkaSettings
from casebus_streams.run import judging_health
from casebus_streams.stage_health import worker_health
from casebus_streams.worker import stage_healths

HEADING = "Health of streams and sources"


def test_every_check_of_streams_and_sources_stands_there_and_no_other() -> None:
    healths = [worker_health(KafkaSettings(), stages) for stages in (stage_healths(), [judging_health()])]
    answered = {name for health in healths for name in health.ready}
    shown = {name for row in page("operating.md").table(HEADING) for name in codes(row[0])}
    assert shown == answered


def test_what_makes_a_worker_not_alive_is_named() -> None:
    alive = worker_health(KafkaSettings(), stage_healths()).alive
    assert alive.keys() <= codes(page("operating.md").section(HEADING))
