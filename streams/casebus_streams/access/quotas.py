"""How much one agency may ask of the brokers, so that a runaway batch at one slows down only that one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quota:
    """Limits of one principal on each broker; who exceeds one is slowed down, never refused."""

    produce_bytes_per_second: int = 4 * 1024 * 1024
    """Some 4,000 events of 1 kB a second: a night's batch of a million takes four minutes."""

    consume_bytes_per_second: int = 8 * 1024 * 1024
    """What the bus answers is as much as was sent at most, and is read again after a mistake."""

    request_percentage: float = 50.0
    """Of one of the broker's threads."""

    def __str__(self) -> str:
        return ", ".join(f"{name}={value:g}" for name, value in self.entries().items())

    def entries(self) -> dict[str, float]:
        """The limits under Kafka's names."""
        return {
            "producer_byte_rate": float(self.produce_bytes_per_second),
            "consumer_byte_rate": float(self.consume_bytes_per_second),
            "request_percentage": self.request_percentage,
        }


AGENCY_QUOTA = Quota()
