"""How far into a file everything is confirmed: the line up to which nothing has to be sent again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from casebus_producers.delivery import Delivery
from casebus_producers.errors import DeliveryError
from casebus_schemas import Position


@dataclass(slots=True)
class Confirmations:
    """Holds the handles that are on their way, in the order of their lines; no more than the producer's queue."""

    on_position: Callable[[Position], None] | None = None
    line: int = 0
    _waiting: deque[tuple[Delivery, int]] = field(default_factory=deque)

    def note(self, delivery: Delivery, line: int) -> None:
        """The event of ``line`` is on its way. Raises ``DeliveryError`` when an earlier one failed: stop sending."""
        self._waiting.append((delivery, line))
        failed = self.advance()
        if failed is not None:
            raise DeliveryError([failed])

    def advance(self) -> Delivery | None:
        """Take account of what is confirmed by now; returns the first failure, beyond which nothing counts."""
        while self._waiting and self._waiting[0][0].done:
            delivery, line = self._waiting[0]
            if delivery.error is not None:
                return delivery
            if self.on_position is not None:
                self.on_position(delivery.result(0))
            self.line = line
            self._waiting.popleft()
        return None
