"""Whether the stages have read all there is: before that, agreement with the log shows nothing."""

from __future__ import annotations

from tests.faults.campaign import PARTITIONS, Campaign

from casebus_streams.erasure.intake_progress import Ends, unread_partitions
from casebus_streams.refold.log_reader import ends_of_all


def is_idle(campaign: Campaign) -> bool:
    """Whether both stages have committed all that was written to them, in transactions still open included.

    A killed worker's open transaction hides what lies behind it, from the stages and from the checker: as long as that
    lasts they agree on a log that has not come to its end.
    """
    known = campaign.admin.list_topics(timeout=10).topics
    names = [name for name in known if name.startswith(campaign.topics.submitted(""))]
    submitted = [(name, place) for name in names for place in known[name].partitions]
    accepted = [(campaign.topics.accepted, place) for place in range(PARTITIONS)]
    if _unread(campaign, "intake", ends_of_all(campaign.kafka, submitted)):
        return False
    ends = ends_of_all(campaign.kafka, accepted)
    # The overviews stage writes to the log that it reads: only an end that stays is one.
    return not _unread(campaign, "overviews", ends) and ends_of_all(campaign.kafka, accepted) == ends


def _unread(campaign: Campaign, stage: str, ends: Ends) -> int:
    return unread_partitions(campaign.kafka, f"{campaign.topics.prefix}.{stage}", ends)
