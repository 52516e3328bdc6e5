"""Compares what the bus made of it all with what the reference says, record by record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from casebus_local.demo.ledger import Expectation, Ledger
from casebus_local.demo.profile import all_overviews
from casebus_local.demo.reference import Json
from casebus_local.demo.topics import read_topics
from casebus_local.simulator import EXPECTED_RULE, Fault
from casebus_local.tokens import TokenIssuer
from casebus_producers.settings import KafkaSettings
from casebus_schemas import Position, Topics, Verdict

_LIMIT_SECONDS: Final = 30.0
_EXAMPLES: Final = 10


@dataclass(slots=True)
class Findings:
    """What was found. ``mismatches`` counts every record that is missing, too many, or different.

    ``examples`` describes the first of them in words, without any content.
    """

    accepted: int = 0
    rejected: int = 0
    warnings: int = 0
    overviews: int = 0
    changes: int = 0
    mismatches: int = 0
    rejections: Counter[Fault] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def compare(self, what: str, found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
        """Note each difference between two collections of documents by key."""
        for key, problem in _differences(found, expected):
            self.note(f"{what} {key}: {problem}")

    def note(self, mismatch: str) -> None:
        """Count a mismatch and remember it if it is among the first."""
        self.mismatches += 1
        if len(self.examples) < _EXAMPLES:
            self.examples.append(mismatch)


def check_http(findings: Findings, expected: Expectation, base_url: str, tokens: TokenIssuer) -> dict[str, Json]:
    """Hold the overview of every citizen, as the profile service gives it, against the reference; returns them."""
    citizens = {ref: (number, expected.overviews[ref]["version"]) for ref, number in expected.citizens.items()}
    found = all_overviews(base_url, tokens, citizens, timeout_seconds=_LIMIT_SECONDS)
    findings.overviews = len(found)
    wanted = {ref: expected.overviews[ref] for ref in citizens}
    findings.compare("over HTTP, overview", _without(found, "epoch"), wanted)
    return found


def check_topics(findings: Findings, expected: Expectation, kafka: KafkaSettings) -> None:
    """The same for the accepted log, the overviews of all parties, and the changes, as they lie in Kafka."""
    topics = Topics(kafka.topic_prefix)
    accepted = _by_key(kafka, topics.accepted, len(expected.accepted))
    findings.accepted = len({(record["agency"], record["event_id"]) for record in accepted.values()})
    findings.compare("accepted record", accepted, expected.accepted)
    overviews = _by_key(kafka, topics.overviews, len(expected.overviews))
    findings.compare("overview", _without(overviews, "epoch"), expected.overviews)

    changes: dict[str, Json] = {}
    repeated = 0

    def take(_: str, change: Json) -> None:
        nonlocal repeated
        repeated += change["change_id"] in changes
        changes[change["change_id"]] = change

    _read(kafka, [topics.changes], take, lambda: len(changes) >= len(expected.changes))
    findings.changes = len(changes)
    for _ in range(repeated):
        findings.note("a change was written twice")
    # Cases of different agencies reach a party in no fixed order, so which version a change made is not fixed.
    findings.compare("change", _without(changes, "epoch", "version"), _without(expected.changes, "version"))


def check_rejections(findings: Findings, ledger: Ledger, kafka: KafkaSettings, agencies: tuple[str, ...]) -> None:
    """Each broken record, and nothing else, must be refused by the rule that it breaks."""
    topics = Topics(kafka.topic_prefix)
    rejected: dict[Position, list[str]] = {}

    def take(_: str, rejection: Json) -> None:
        if rejection["verdict"] == Verdict.ACCEPTED_WITH_WARNINGS:
            findings.warnings += 1
            return
        position = Position(**rejection["position"])
        if position in rejected:
            findings.note(f"rejected twice: {position.topic} {position.partition} {position.offset}")
        rejected[position] = [reason["rule"] for reason in rejection["reasons"]]

    names = [topics.rejected(agency) for agency in agencies]
    _read(kafka, names, take, lambda: len(rejected) >= len(ledger.faults))
    findings.rejected = len(rejected)
    for position, fault in ledger.faults.items():
        if EXPECTED_RULE[fault] in rejected.pop(position, ()):
            findings.rejections[fault] += 1
        else:
            findings.note(f"a record broken by {fault} was not rejected by {EXPECTED_RULE[fault]}")
    for rules in rejected.values():
        findings.note(f"a valid record was rejected by {', '.join(rules)}")


def _by_key(kafka: KafkaSettings, topic: str, count: int) -> dict[str, Json]:
    """The latest value of each key."""
    records: dict[str, Json] = {}
    _read(kafka, [topic], records.__setitem__, lambda: len(records) >= count)
    return {key: value for key, value in records.items() if value is not None}


def _read(kafka: KafkaSettings, topics: list[str], take: Any, is_complete: Any) -> None:
    read_topics(kafka, topics, take, is_complete=is_complete, timeout_seconds=_LIMIT_SECONDS)


def _without(documents: Mapping[str, Json], *names: str) -> dict[str, Json]:
    return {
        key: {name: value for name, value in document.items() if name not in names}
        for key, document in documents.items()
    }


def _differences(found: Mapping[str, Any], expected: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key in expected.keys() - found.keys():
        yield key, "missing"
    for key in found.keys() - expected.keys():
        yield key, "not expected"
    for key in expected.keys() & found.keys():
        if found[key] != expected[key]:
            yield key, f"differs in {', '.join(_differing(found[key], expected[key]))}"


def _differing(found: Json, expected: Json) -> list[str]:
    names = sorted(found.keys() | expected.keys())
    return [name for name in names if found.get(name) != expected.get(name)]
