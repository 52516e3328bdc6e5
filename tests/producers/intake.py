"""The bus's own side, for tests of what an agency hears back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.bus import Bus

PROBE = "OVO000998"


@contextmanager
def running_intake(bus: Bus, **environment: str) -> Iterator[None]:
    """A worker on ``bus`` that is at work: it has judged an event of an agency that no test uses.

    It must still be well at the end.
    """
    bus.make_topics([PROBE])
    with bus.producer() as producer:
        producer.produce(bus.topics.submitted(PROBE), b"{}", b"probe")
    with bus.run_streams(**environment) as worker:
        reader = bus.reader(bus.topics.rejected(PROBE))
        reader.read_until(lambda messages: len(messages) == 1, alive=worker.check)
        reader.close()
        yield
        worker.check()
