"""Accepted events in quantity, from templates: what the overviews benchmarks fold. Pure, seeded, 100,000 a second.

Every value is byte for byte what intake would have written (a test holds it against the models and the digest's
rule). Each party has four cases; a case lives through ``LIFE`` and, when it has seen all of it, goes on in a loop, so
that histories grow as long as the number of events asks for.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

from benchmarks.topic_record import TopicRecord

from casebus_schemas import DEFAULT_PARTITIONS, partition_of, party_ref

CASES_PER_PARTY: Final = 4
LATE_BY: Final = 2_000
"""How many events come between an event and the older one of its case that was held back."""

_PEPPER: Final = b"the pepper of the benchmarks, 32 bytes long or more"
_AGENCIES: Final = ("OVO000101", "OVO000102", "OVO000103", "OVO000104")
_TITLES: Final = (
    ("Studietoelage secundair onderwijs", "Allocation d'études"),
    ("Omgevingsvergunning voor een woning", "Permis d'environnement"),
    ("Premie voor dakisolatie", "Prime pour l'isolation du toit"),
    ("Erkenning van een handicap", "Reconnaissance d'un handicap"),
)
_Step = tuple[str, str, str]
"""Phase, code, and the JSON of what else this step says."""

LIFE: Final[tuple[_Step, ...]] = (
    ("composition", "Ingediend", ""),
    (
        "handling",
        "DossierOnvolledig",
        ',"action":{"what":{"nl":"Bezorg ons een bewijs van inkomen"},"by":"party",'
        '"url":"https://loket.voorbeeld.be/bewijs","due_at":"2026-09-30T22:00:00Z"}',
    ),
    ("handling", "DossierVolledig", ""),
    ("handling", "InBehandeling", ',"expected":{"decision_by":"2026-10-31T23:00:00Z"}'),
    ("handling", "InBehandeling", ',"expected":{"decision_by":"2026-11-30T23:00:00Z"}'),
    ("decision", "Goedgekeurd", ',"result":{"outcome":"granted","reference":"B-2026-0117"}'),
    ("execution", "KlaarVoorBetaling", ',"result":{"outcome":"granted","reference":"B-2026-0117"}'),
    ("execution", "Betaald", ',"result":{"outcome":"granted","reference":"B-2026-0117"}'),
)


@dataclass(frozen=True, slots=True)
class Workload:
    """``events`` accepted events of ``parties`` parties; one seed gives the same bytes every time.

    ``duplicate_share`` of them are earlier records again, ``late_share`` come after a later event of their case.
    """

    events: int
    parties: int
    seed: int = 1
    partitions: int = DEFAULT_PARTITIONS
    duplicate_share: float = 0.01
    late_share: float = 0.01

    def records(self) -> Iterator[TopicRecord]:
        """The log in order. Memory: some 150 bytes per party."""
        rng = Random(self.seed)
        references = [party_ref(_PEPPER, "citizen", str(number)) for number in range(self.parties)]
        places = [partition_of(reference, self.partitions) for reference in references]
        sequences = [0] * (self.parties * CASES_PER_PARTY)
        held_back: deque[tuple[int, TopicRecord]] = deque()
        recent: deque[TopicRecord] = deque(maxlen=LATE_BY)
        duplicates, lates = self.duplicate_share, self.duplicate_share + self.late_share
        random = rng.random

        for number in range(self.events):
            if held_back and held_back[0][0] <= number:
                record = held_back.popleft()[1]
            elif (draw := random()) < duplicates and recent:
                record = recent[int(random() * len(recent))]
            else:
                case = int(random() * len(sequences))
                party, sequence = case // CASES_PER_PARTY, sequences[case] + 1
                if draw < lates:
                    late = _record(references[party], places[party], case, sequence, number)
                    held_back.append((number + LATE_BY, late))
                    sequence += 1
                sequences[case] = sequence
                record = _record(references[party], places[party], case, sequence, number)
                recent.append(record)
            yield record


def _record(reference: str, partition: int, case: int, sequence: int, number: int) -> TopicRecord:
    """Event ``sequence`` of a case, sent in second ``number`` of the simulated year."""
    service = case % CASES_PER_PARTY
    agency, case_id = _AGENCIES[service], f"D{service}-2026-{case:07d}"
    day, second = divmod(number, 86_400)
    date = f"2026-{day // 28 % 12 + 1:02d}-{day % 28 + 1:02d}"
    time = f"{date}T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}Z"
    content = _content(service, case_id, sequence, time)
    digest = f"{zlib.crc32(f'{time}|status-changed||applicant||{content}'.encode()):08x}"
    event_id = f"{case_id}:{sequence}"
    value = (
        f'{{"party_ref":"{reference}","roles":["applicant"],"agency":"{agency}","case_id":"{case_id}",'
        f'"kind":"status-changed","sequence":{sequence},"event_id":"{event_id}","time":"{time}","digest":"{digest}",'
        f'"source":"urn:be:vlaanderen:ovo:{agency}:loket","content":{content}}}'
    )
    key = f"{reference}/{agency}/{case_id}/{sequence}/{event_id}/{digest}"
    return TopicRecord(partition, key, value.encode())


def _content(service: int, case_id: str, sequence: int, time: str) -> str:
    step = sequence - 1
    # The first half of a life happens once; what follows the decision repeats.
    phase, code, more = LIFE[step if step < len(LIFE) else 3 + (step - 3) % (len(LIFE) - 3)]
    title_nl, title_fr = _TITLES[service]
    return (
        f'{{"case_type":"{1200 + service}","title":{{"nl":"{title_nl}","fr":"{title_fr}"}},'
        f'"status":{{"phase":"{phase}","code":"{code}",'
        f'"detail":{{"nl":"Wij hebben uw dossier bekeken, stap {sequence}"}},"occurred_at":"{time}"}}{more},'
        f'"links":[{{"url":"https://loket.voorbeeld.be/dossier/{case_id}",'
        f'"label":{{"nl":"Bekijk uw dossier"}},"rel":"case"}}],'
        '"contact":{"phone":"1700","website":"https://loket.voorbeeld.be/contact"},"sensitivity":"normal"}'
    )
