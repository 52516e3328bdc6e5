"""The flow of valid events: many cases at once, in the order in which their agencies would publish."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

import orjson

from casebus_local.simulator.case import Case, Data, Fact
from casebus_local.simulator.catalogue import Service, services
from casebus_local.simulator.incidents import with_incidents
from casebus_local.simulator.lives import life
from casebus_local.simulator.population import parties_of
from casebus_local.simulator.submission import Submission, What

START: Final = datetime(2025, 1, 6, 8, tzinfo=UTC)
_FIRST_CASES_WITHIN: Final = timedelta(days=60)
_EXPIRY: Final = "2099-12-31T23:59:59Z"
_STREETS: Final = ("Lindelaan", "Kerkstraat", "Molenweg", "Stationsplein", "Beukendreef", "Vismarkt", "Hoogstraat")
_TOWNS: Final = ("Merelstede", "Hazegem", "Wilgenbeke", "Oostmare", "Kasterveld", "Zandhove")


def valid_submissions(rng: Random, *, citizens: int, open_cases: int) -> Iterator[Submission]:
    """Events without end, by the time they are published; each time a case ends, another begins.

    Holds ``open_cases`` cases in memory. A life lasts some 120 days, so that ``open_cases`` sets how fast the
    simulated time goes by.
    """
    opening = _CaseDesk(rng, citizens)
    agenda: list[tuple[datetime, int, Fact, Case, Iterator[Fact]]] = []

    def begin(number: int, when: datetime) -> tuple[datetime, int, Fact, Case, Iterator[Fact]]:
        case = opening.open(when)
        facts = with_incidents(case, life(case))
        first = next(facts)
        return first.moment, number, first, case, facts

    for number in range(open_cases):
        heapq.heappush(agenda, begin(number, START + rng.random() * _FIRST_CASES_WITHIN))
    number = open_cases
    while True:
        moment, own_number, fact, case, facts = agenda[0]
        yield _submission(case, fact)
        following = next(facts, None)
        if following is None:
            heapq.heapreplace(agenda, begin(number, moment + timedelta(hours=rng.random() * 48)))
            number += 1
        else:
            heapq.heapreplace(agenda, (following.moment, own_number, following, case, facts))


class _CaseDesk:
    """Opens cases, numbered per service, for parties some of whom have many and most have few."""

    def __init__(self, rng: Random, citizens: int) -> None:
        self._rng = rng
        self._citizens = citizens
        self._opened: Counter[str] = Counter()

    def open(self, when: datetime) -> Case:
        rng = self._rng
        service = services()[int(rng.random() * len(services()))]
        self._opened[service.code] += 1
        case_id = f"{service.code}-{when.year}-{self._opened[service.code]:06d}"
        index = int(rng.random() ** 1.5 * self._citizens)
        parties = parties_of(service.who, index, rng, self._citizens)
        return Case(service, case_id, parties, when, rng, _fixed(service, case_id, when, rng))


def _fixed(service: Service, case_id: str, when: datetime, rng: Random) -> Data:
    """What every event of a case says about it."""
    place = f"{rng.choice(_STREETS)} {int(rng.random() * 120) + 1}, {rng.choice(_TOWNS)}"
    fixed: Data = {
        "case_id": case_id,
        "case_type": service.case_type,
        "title": {language: text.replace("{place}", place) for language, text in service.title.items()},
        "summary": service.summary,
        "links": [
            {"url": f"https://www.{service.host}/dossier/{case_id}", "label": service.texts["link"], "rel": "case"}
        ],
        "contact": service.contact,
        "sensitivity": "confidential" if service.confidential else "normal",
    }
    if rng.random() < 0.1:
        fixed |= {"visible_from": when.isoformat()[:19] + "Z", "expires_at": _EXPIRY}
    return fixed


def _submission(case: Case, fact: Fact) -> Submission:
    service = case.service
    event = {
        "specversion": "1.0",
        "id": f"{case.case_id}:{fact.sequence}{fact.suffix}",
        "source": f"urn:be:vlaanderen:ovo:{service.agency}:{service.code.lower()}",
        "type": f"be.vlaanderen.case.{fact.kind}.v1",
        "subject": case.case_id,
        "time": case.clock(fact.moment),
        "sequence": str(fact.sequence),
        "sequencetype": "Integer",
        "datacontenttype": "application/json",
        "data": fact.data,
    }
    return Submission(service.agency, case.case_id.encode(), orjson.dumps(event), What.VALID)
