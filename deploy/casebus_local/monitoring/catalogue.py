"""Which process declares which metrics, and what their labels stand for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Final

from casebus_consumers.notifier import metrics as notifier_metrics
from casebus_consumers.profile import database_metrics, request_metrics, stream_metrics
from casebus_consumers.sink import metrics as sink_metrics
from casebus_producers import part_info, producer_metrics
from casebus_producers.metric_declaration import MetricDeclaration, declarations_in
from casebus_producers.outbox import metrics as outbox_metrics
from casebus_streams import metrics as stage_metrics
from casebus_streams import source_metrics
from casebus_streams.sources import metrics as freshness_metrics


@dataclass(frozen=True, slots=True)
class Part:
    """Metrics that are exported together; ``where`` says by what, for somebody who looks for them."""

    title: str
    where: str
    modules: tuple[ModuleType, ...]

    @property
    def declarations(self) -> Iterator[MetricDeclaration]:
        """In the order of the modules."""
        return (declaration for module in self.modules for declaration in declarations_in(module))


PARTS: Final = (
    Part("Every process", "Exported by all processes of the bus.", (part_info,)),
    Part("Stages", "Exported by `casebus run streams`.", (stage_metrics, source_metrics)),
    Part("Sources", "Exported by `casebus run sources`. A worker that stands by shows no gauge.", (freshness_metrics,)),
    Part(
        "Sinks",
        "Exported by whatever keeps a database up with a topic: profile, the notifier, services built with the kit.",
        (sink_metrics,),
    ),
    Part("Profile", "Exported by `casebus run profile`.", (request_metrics, database_metrics, stream_metrics)),
    Part("Notifier", "Exported by `casebus run notifier`.", (notifier_metrics,)),
    Part("SDK", "Exported by an agency's own process, when it passes `ProducerMetrics`.", (producer_metrics,)),
    Part("Outbox relay", "Exported by `casebus outbox relay --metrics-port`.", (outbox_metrics,)),
)

LABELS: Final = {
    "agency": "an OVO code; as many values as there are agencies",
    "channel": "`email` or `webhook`",
    "effect": "what a sink's target calls what it did with a record; a handful",
    "outbox": "`outcomes` or `notifications`",
    "outcome": "what became of it, as the meaning lists",
    "part": "`intake`, `overviews`, `sources`, `profile` or `notifier`",
    "partition": "a number; as many as the topic has partitions in this process",
    "path": "a path that exists, with parameters as its template, or `other`",
    "provider": "`smtp`, `files`, or a webhook's host that the settings allow",
    "reason": "why a record was set aside; [the list](operating.md#dead-letters-appear)",
    "result": "how it ended, as the meaning lists",
    "rule": "a rule of the contract; [the list](agencies/errors.md)",
    "stage": "`intake` or `overviews`; in dead letters also `sources`",
    "state": "as the meaning lists",
    "status": "an HTTP status",
    "topic": "a topic's whole name; as many as the process has sinks",
    "version": "of the package casebus",
    "what": "as the meaning lists",
}
"""What each label stands for, and how many values it can have."""
