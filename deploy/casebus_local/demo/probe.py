"""Measures, from outside, how long after ``publish`` a citizen sees the event."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from types import TracebackType
from typing import Final, Self

import orjson

from casebus_local.demo.profile import ProfileClient
from casebus_local.demo.publish import Agencies
from casebus_local.simulator import Submission, What, citizen_number

FIRST_PROBED_CITIZEN: Final = 900_000
"""Beyond every simulated population, so that nobody else writes to these overviews."""

PROBED_CITIZENS: Final = 100
_EVERY_SECONDS: Final = 0.1
_GIVE_UP_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.01
"""Adds at most this to a measurement; asking without a pause would take the processor from what is measured."""


class Probe:
    """Publishes marked events at a fixed rate and polls with the ETag until each can be seen.

    A slow answer does not hold up the next event, else a stall would be measured once instead of by everyone who
    meets it. As a context manager it works in a thread of its own; an error in it is raised at the end.
    """

    def __init__(self, agencies: Agencies, agency: str, profile: ProfileClient) -> None:
        self.milliseconds: list[float] = []
        self._agencies = agencies
        self._agency = agency
        self._profile = profile
        self._numbers = [citizen_number(FIRST_PROBED_CITIZEN + index) for index in range(PROBED_CITIZENS)]
        self._headers = [profile.headers_of(number) for number in self._numbers]
        self._etags = [""] * PROBED_CITIZENS
        self._versions: Counter[int] = Counter()
        self._idle = deque(range(PROBED_CITIZENS))
        self._started: dict[int, float] = {}
        self._end = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="casebus-demo-probe")

    def once(self) -> float:
        """Milliseconds from publishing one event until it is visible. Blocks; raises ``TimeoutError``."""
        self._publish()
        while self._started:
            self._look()
        return self.milliseconds.pop()

    def _run(self) -> None:
        try:
            due = time.perf_counter()
            while self._started or not self._end.is_set():
                if time.perf_counter() >= due and self._idle and not self._end.is_set():
                    self._publish()
                    due += _EVERY_SECONDS
                self._look()
        except BaseException as error:
            self._error = error

    def _publish(self) -> None:
        """The next event of the citizen who has waited longest."""
        index = self._idle.popleft()
        self._versions[index] += 1
        submission = _marked_event(self._agency, self._numbers[index], index, self._versions[index])
        self._started[index] = time.perf_counter()
        self._agencies.publish(submission)

    def _look(self) -> None:
        """Ask once for everybody whose event cannot be seen yet."""
        for index, started in list(self._started.items()):
            if self._is_visible(index):
                self.milliseconds.append(1000 * (time.perf_counter() - started))
                del self._started[index]
                self._idle.append(index)
            elif time.perf_counter() - started > _GIVE_UP_SECONDS:
                raise TimeoutError(f"not within {_GIVE_UP_SECONDS:g} s: a published event visible over HTTP")
        time.sleep(_POLL_SECONDS)

    def _is_visible(self, index: int) -> bool:
        answer = self._profile.overview(self._headers[index], self._etags[index])
        if answer is None:
            return False
        self._etags[index] = answer.etag
        return bool(answer.overview.get("version", 0) >= self._versions[index])

    def __enter__(self) -> Self:
        self._thread.start()
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
