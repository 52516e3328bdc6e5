"""One way to drive a producer that blocks and one that is awaited, so that one suite tests both."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Protocol, Self

from casebus_producers import AsyncCaseStatusProducer, AsyncDelivery, BulkSummary, CaseStatusProducer, Delivery
from casebus_schemas import CaseEvent, Position


class Driver(Protocol):
    """A producer, whichever it is; ``result`` asks a handle that ``publish`` returned."""

    @property
    def producer(self) -> CaseStatusProducer | AsyncCaseStatusProducer: ...
    def publish(self, event: CaseEvent) -> Any: ...
    def result(self, handle: Any, timeout_seconds: float) -> Position: ...
    def publish_many(self, events: Iterable[CaseEvent]) -> BulkSummary: ...
    def flush(self, timeout_seconds: float) -> None: ...
    def close(self, timeout_seconds: float | None = None) -> None: ...
    def check_topic(self, timeout_seconds: float) -> None: ...
    def dispose(self) -> None:
        """At the end of the test: free what the driver itself holds."""

    def within_block(self, do: Callable[[Driver], None]) -> None:
        """Call ``do`` inside the producer's ``with`` block."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class SyncDriver:
    """Of a ``CaseStatusProducer``."""

    def __init__(self, make: Callable[[], CaseStatusProducer]) -> None:
        self.producer = make()

    def publish(self, event: CaseEvent) -> Delivery:
        return self.producer.publish(event)

    def result(self, handle: Delivery, timeout_seconds: float) -> Position:
        return handle.result(timeout_seconds)

    def publish_many(self, events: Iterable[CaseEvent]) -> BulkSummary:
        return self.producer.publish_many(events)

    def flush(self, timeout_seconds: float) -> None:
        self.producer.flush(timeout_seconds)

    def close(self, timeout_seconds: float | None = None) -> None:
        self.producer.close(timeout_seconds)

    def check_topic(self, timeout_seconds: float) -> None:
        self.producer.check_topic(timeout_seconds)

    def dispose(self) -> None:
        """There is no loop to close."""

    def within_block(self, do: Callable[[Driver], None]) -> None:
        with self.producer:
            do(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncDriver:
    """Of an ``AsyncCaseStatusProducer``; its loop runs while a call lasts."""

    def __init__(self, make: Callable[[], AsyncCaseStatusProducer]) -> None:
        self._runner = asyncio.Runner()
        self.producer = self._runner.run(_made(make))

    def publish(self, event: CaseEvent) -> AsyncDelivery:
        return self._runner.run(self.producer.publish(event))

    def result(self, handle: AsyncDelivery, timeout_seconds: float) -> Position:
        return self._runner.run(handle.result(timeout_seconds))

    def publish_many(self, events: Iterable[CaseEvent]) -> BulkSummary:
        return self._runner.run(self.producer.publish_many(events))

    def flush(self, timeout_seconds: float) -> None:
        self._runner.run(self.producer.flush(timeout_seconds))

    def close(self, timeout_seconds: float | None = None) -> None:
        self._runner.run(self.producer.close(timeout_seconds))

    def check_topic(self, timeout_seconds: float) -> None:
        self._runner.run(self.producer.check_topic(timeout_seconds))

    def dispose(self) -> None:
        self._runner.close()

    def within_block(self, do: Callable[[Driver], None]) -> None:
        self._runner.run(self.producer.__aenter__())
        try:
            do(self)
        except BaseException as error:
            self._runner.run(self.producer.__aexit__(type(error), error, error.__traceback__))
            raise
        self._runner.run(self.producer.__aexit__(None, None, None))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


async def _made(make: Callable[[], AsyncCaseStatusProducer]) -> AsyncCaseStatusProducer:
    return make()
