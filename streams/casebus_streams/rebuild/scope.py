"""What one rebuild is about: from which epoch to which, and how it is named in Kafka."""

from __future__ import annotations

from dataclasses import dataclass

from casebus_producers.settings import KafkaSettings
from casebus_schemas import Topics


@dataclass(frozen=True, slots=True)
class Scope:
    """``old`` is live now, ``new`` is to be. Everything else follows, so a rebuild that died can be taken up again."""

    kafka: KafkaSettings
    old: Topics
    new: Topics
    partitions: int
    batch_records: int

    @classmethod
    def after(cls, epoch: int, kafka: KafkaSettings, *, partitions: int, batch_records: int) -> Scope:
        """The rebuild that follows ``epoch``."""
        prefix = kafka.topic_prefix
        return cls(kafka, Topics(prefix, epoch), Topics(prefix, epoch + 1), partitions, batch_records)

    @property
    def accepted(self) -> str:
        """The log that is folded."""
        return self.old.accepted

    @property
    def workers_group(self) -> str:
        """The consumer group of the overviews stage."""
        return f"{self.old.prefix}.overviews"

    @property
    def own_group(self) -> str:
        """Where this rebuild keeps how far it has come; it has no members."""
        return f"{self.old.prefix}.rebuild.e{self.new.epoch}"
