"""The two topics that the bus writes for one agency, as iterators."""

from __future__ import annotations

from collections.abc import Generator

from casebus_producers.feedback.reading import read_topic
from casebus_producers.settings import AgencySettings
from casebus_schemas import NotificationOutcome, Rejection, Topics


def rejections(
    settings: AgencySettings, *, agency: str, follow: bool = True, group: str | None = None
) -> Generator[Rejection, None, None]:
    """Every event of ``agency`` that the bus refused, or accepted with a warning, oldest first of each partition.

    With ``follow`` it waits for more, for ever; else it ends with what is there now. With ``group`` it goes on where
    the reader of that name left off: a record counts as read when the next one is asked for, so that after a crash
    the last ones come again. One reader at a time may use a name. Without ``group`` it begins at the beginning.

    Blocks. Raises ``BrokerError`` when Kafka refuses, and ``OutdatedReaderError`` for a record that this version
    cannot read. Close it (``contextlib.closing``) when you leave it before its end.
    """
    topic = Topics(settings.kafka.topic_prefix).rejected(agency)
    return read_topic(settings.kafka, topic, Rejection, follow=follow, group=group)


def outcomes(
    settings: AgencySettings, *, agency: str, follow: bool = True, group: str | None = None
) -> Generator[NotificationOutcome, None, None]:
    """Every step of every notification about the cases of ``agency``. All else as ``rejections``."""
    topic = Topics(settings.kafka.topic_prefix).outcomes(agency)
    return read_topic(settings.kafka, topic, NotificationOutcome, follow=follow, group=group)
