"""Measures, from outside, how long after ``publish`` a citizen sees the event."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

import httpx
import orjson

from casebus_local.demo.profile import overview_versions
from casebus_local.demo.publish import Agencies
from casebus_local.simulator import Submission, What, citizen_number
from casebus_local.tokens import TokenIssuer

FIRST_PROBED_CITIZEN: Final = 900_000
"""Beyond every simulated population, so that nobody else writes to these overviews."""

PROBED_CITIZENS: Final = 100
_EVERY_SECONDS: Final = 0.1
_GIVE_UP_SECONDS: Final = 30.0


class Probe:
    """Publishes marked events at a fixed rate; a citizen's open stream tells when each can be seen.

    A slow answer does not hold up the next event, else a stall would be measured once instead of by everyone who
    meets it. As a context manager it works in a thread of its own, from when all streams are open; an error in it is
    raised at the end: ``httpx.HTTPError``, or ``TimeoutError`` for an event that does not show.
    """

    def __init__(self, agencies: Agencies, agency: str, profile_url: str, tokens: TokenIssuer) -> None:
        self.milliseconds: list[float] = []
        self._agencies = agencies
        self._agency = agency
        self._profile_url = profile_url
        self._numbers = [citizen_number(FIRST_PROBED_CITIZEN + index) for index in range(PROBED_CITIZENS)]
        self._headers = [{"Authorization": f"Bearer {tokens.issue(number)}"} for number in self._numbers]
        self._versions: Counter[int] = Counter()
        self._idle = deque(range(PROBED_CITIZENS))
        self._started: dict[int, float] = {}
        self._is_open = threading.Event()
        self._end = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="casebus-demo-probe")

    def once(self) -> float:
        """Milliseconds from publishing one event until it is visible. Blocks; raises as the end of the context."""
        self._run(citizens=1, is_open=threading.Event(), stop=lambda: bool(self._versions))
        return self.milliseconds.pop()

    def _work(self) -> None:
        try:
            self._run(citizens=PROBED_CITIZENS, is_open=self._is_open, stop=self._end.is_set)
        except BaseException as error:
            self._error = error
        finally:
            self._is_open.set()

    def _run(self, *, citizens: int, is_open: threading.Event, stop: Callable[[], bool]) -> None:
        """``_measure`` to its end. Of what went wrong in its tasks the first is raised: callers know that, no group."""
        try:
            asyncio.run(self._measure(citizens=citizens, is_open=is_open, stop=stop))
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from group

    async def _measure(self, *, citizens: int, is_open: threading.Event, stop: Callable[[], bool]) -> None:
        """Open the streams of the first ``citizens``, publish until ``stop``, and wait for what is not yet visible."""
        limits, timeout = httpx.Limits(max_connections=citizens), httpx.Timeout(_GIVE_UP_SECONDS)
        async with (
            httpx.AsyncClient(base_url=self._profile_url, limits=limits, timeout=timeout) as http,
            asyncio.TaskGroup() as group,
        ):
            opened = [asyncio.Event() for _ in range(citizens)]
            following = [group.create_task(self._follow(http, index, opened[index])) for index in range(citizens)]
            for stream in opened:
                await stream.wait()
            is_open.set()
            await self._publish_evenly(stop)
            for task in following:
                task.cancel()

    async def _follow(self, http: httpx.AsyncClient, index: int, opened: asyncio.Event) -> None:
        """Note when the event that a citizen waits for is in their stream, which is opened again when it ends."""
        while True:
            async for version in overview_versions(http, self._headers[index]):
                opened.set()
                if index in self._started and version >= self._versions[index]:
                    self.milliseconds.append(1000 * (time.perf_counter() - self._started.pop(index)))
                    self._idle.append(index)

    async def _publish_evenly(self, stop: Callable[[], bool]) -> None:
        due = time.perf_counter()
        while self._started or not stop():
            now = time.perf_counter()
            if now - min(self._started.values(), default=now) > _GIVE_UP_SECONDS:
                raise TimeoutError(f"not within {_GIVE_UP_SECONDS:g} s: a published event visible over HTTP")
            if self._idle and not stop():
                self._publish()
            due += _EVERY_SECONDS
            await asyncio.sleep(due - time.perf_counter())

    def _publish(self) -> None:
        """The next event of the citizen who has waited longest."""
        index = self._idle.popleft()
        self._versions[index] += 1
        submission = _marked_event(self._agency, self._numbers[index], index, self._versions[index])
        self._started[index] = time.perf_counter()
        self._agencies.publish(submission)

    def __enter__(self) -> Self:
        self._thread.start()
        self._is_open.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()
        if error is None and self._error is not None:
            raise self._error


def percentile(values: list[float], share: float) -> float:
    """The value that ``share`` of all do not exceed (nearest rank); 0 of none."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))] if ranked else 0.0


def _marked_event(agency: str, number: str, index: int, sequence: int) -> Submission:
    case_id = f"METING-{index}"
    moment = f"2026-11-01T{sequence // 3600 % 24:02d}:{sequence // 60 % 60:02d}:{sequence % 60:02d}Z"
    event = {
        "specversion": "1.0",
        "id": f"{case_id}:{sequence}",
        "source": f"urn:be:vlaanderen:ovo:{agency}:meting",
        "type": "be.vlaanderen.case.status-changed.v1",
        "subject": case_id,
        "time": moment,
        "sequence": str(sequence),
        "data": {
            "case_id": case_id,
            "parties": [{"kind": "citizen", "number": number, "role": "applicant"}],
            "title": {"nl": "Meting van de doorlooptijd"},
            "status": {"phase": "handling", "code": "InBehandeling", "occurred_at": moment},
            "sensitivity": "normal",
        },
    }
    return Submission(agency, case_id.encode(), orjson.dumps(event), What.VALID)
