"""The feeds of the bus: which topic, and what a record in it is.

A feed is a value. ``CHANGES`` and the others decode into the models of ``casebus_schemas``, which check every rule;
``LIGHT_CHANGES`` is for services that must keep up with a great many.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from casebus_consumers.subscriber.light_change import LightChange, decode_light_change
from casebus_schemas import (
    AcceptedEvent,
    Change,
    Control,
    NotificationOutcome,
    Overview,
    SourceFreshness,
    Topics,
    UndecodableError,
    decode,
    decode_control,
)
from casebus_schemas.model import ContractModel
from casebus_schemas.topics import ACCEPTED as ACCEPTED_TOPIC
from casebus_schemas.topics import CHANGES as CHANGES_TOPIC
from casebus_schemas.topics import OVERVIEWS as OVERVIEWS_TOPIC
from casebus_schemas.topics import SOURCES as SOURCES_TOPIC

Value = TypeVar("Value")
Model = TypeVar("Model", bound=ContractModel)


@dataclass(frozen=True, slots=True)
class Feed(Generic[Value]):
    """``name`` is the topic's, without the prefix. ``decode`` is pure and raises ``UndecodableError``.

    A feed that ``has_epochs`` moves to another topic with each rebuild; whoever subscribes is moved along.
    """

    name: str
    decode: Callable[[bytes | None], Value]
    has_epochs: bool = False

    def topic(self, prefix: str) -> str:
        """The topic's name; of a feed with epochs, the first epoch's."""
        return f"{prefix}.{self.name}"


def outcomes_of(agency: str) -> Feed[NotificationOutcome]:
    """What became of the notifications about one agency's cases. ``agency`` is its OVO code."""
    return Feed(Topics("").outcomes(agency).lstrip("."), _always(NotificationOutcome))


def _always(model: type[Model]) -> Callable[[bytes | None], Model]:
    """Every record has a value."""

    def read(value: bytes | None) -> Model:
        if value is None:
            raise UndecodableError(NO_VALUE)
        return decode(model, value)

    return read


def _unless_erased(model: type[Model]) -> Callable[[bytes | None], Model | None]:
    """A record without a value is a tombstone: what its key names was erased, or moved to another party."""

    def read(value: bytes | None) -> Model | None:
        return None if value is None else decode(model, value)

    return read


def _accepted(value: bytes | None) -> AcceptedEvent | Control | None:
    if value is None:
        return None
    return decode_control(value) if value.startswith(b'{"control":') else decode(AcceptedEvent, value)


def _light_change(value: bytes | None) -> LightChange:
    if value is None:
        raise UndecodableError(NO_VALUE)
    return decode_light_change(value)


NO_VALUE: Final = "value: must not be absent [record.value]"

ACCEPTED: Final[Feed[AcceptedEvent | Control | None]] = Feed(ACCEPTED_TOPIC.name, _accepted)
"""Every accepted event, one per party, since the beginning, and what happened to parties as a whole; None: deleted."""

CHANGES: Final[Feed[Change]] = Feed(CHANGES_TOPIC.name, _always(Change))
"""Every effective change of the last 30 days."""

LIGHT_CHANGES: Final[Feed[LightChange]] = Feed(CHANGES_TOPIC.name, _light_change)
"""The same records at less than a tenth of the cost: the contents of the case are decoded when asked for."""

OVERVIEWS: Final[Feed[Overview | None]] = Feed(OVERVIEWS_TOPIC.name, _unless_erased(Overview), has_epochs=True)
"""The latest overview of each party; None: erased."""

SOURCES: Final[Feed[SourceFreshness | None]] = Feed(SOURCES_TOPIC.name, _unless_erased(SourceFreshness))
"""How fresh each agency is."""
