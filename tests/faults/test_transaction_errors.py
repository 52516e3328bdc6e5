"""Every class of error that a transactional call can end in, on the real broker."""

from __future__ import annotations

import pytest
from tests.faults.campaign import Campaign
from tests.faults.sizes import IS_LARGE, sized

pytestmark = [pytest.mark.integration, pytest.mark.timeout(sized(120, 600))]

TRAPS = (
    "after-produce/1/retriable",
    "after-produce/3/abortable",
    "after-produce/5/fatal",
    "before-commit/4/retriable",
    "before-commit/6/abortable",
    "before-commit/8/fatal",
    "after-send-offsets/9/abortable",
    "after-send-offsets/10/fatal",
)
LOST_ANSWERS = ("after-commit/1/fatal", "after-commit/3/retriable", "after-commit/5/silent", "after-commit/12/fatal")


@pytest.mark.parametrize("stage", ["intake", "overviews"] if IS_LARGE else ["overviews"])
def test_no_class_of_error_loses_or_doubles_anything(campaign: Campaign, stage: str) -> None:
    campaign.publish(events=sized(1_500, 20_000))
    traps = [f"{stage}/{trap}" for trap in (*TRAPS, *LOST_ANSWERS)]
    worker = campaign.start_dying_worker(*traps, CASEBUS_STREAMS__BATCH_MAX_RECORDS="50")
    campaign.check()
    sprung = worker.log_path.read_text().count("trap ")
    assert sprung == len(traps) + 2, "every trap was to be sprung, the silent one three times"


def test_sending_offsets_that_never_returns_holds_up_nothing_for_long(campaign: Campaign) -> None:
    """As it can when a coordinator goes away meanwhile (librdkafka 5456)."""
    campaign.publish(events=200)
    worker = campaign.start_dying_worker("overviews/after-produce/2/hang", CASEBUS_STREAMS__BATCH_MAX_RECORDS="50")
    campaign.check()
    assert "sending offsets hangs" in worker.log_path.read_text()
