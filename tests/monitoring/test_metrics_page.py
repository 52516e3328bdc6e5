"""Every metric is declared once, named as the others are, and exported as it is declared."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase
from tests.docs.pages import DOCS, Page, page, pages
from tests.monitoring.metric_names import known_series

from casebus_consumers.notifier.metrics import NotifierMetrics
from casebus_consumers.profile.database_metrics import DatabaseMetrics
from casebus_consumers.profile.overview_signals import OverviewSignals
from casebus_consumers.profile.request_metrics import RequestMetrics
from casebus_consumers.profile.stream_metrics import StreamMetrics as OpenStreamMetrics
from casebus_consumers.sink import SinkMetrics
from casebus_local.monitoring.catalogue import LABELS, PARTS, Part
from casebus_local.monitoring.metrics_page import name_on_the_page
from casebus_producers.outbox.metrics import OutboxMetrics
from casebus_producers.part_info import Parts
from casebus_producers.producer_metrics import ProducerMetrics
from casebus_streams.metrics import StreamMetrics
from casebus_streams.sources.metrics import SourceMetrics

PAGE = page("metrics.md")
OPERATIONS = DOCS / "operations"
DECLARED = {each.name: each for part in PARTS for each in part.declarations}


def exported() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Kind and labels of everything that the processes make, by its declared name."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    makers = (
        *(Parts, StreamMetrics, SinkMetrics, RequestMetrics, DatabaseMetrics, NotifierMetrics),
        *(ProducerMetrics, OutboxMetrics, SourceMetrics),
    )
    for make in makers:
        registry = CollectorRegistry()
        make(registry)
        for collector in list(registry._collector_to_names):
            if isinstance(collector, MetricWrapperBase):
                found[collector._name] = (str(collector._type), tuple(collector._labelnames))
            else:
                for family in collector.collect():
                    found[family.name] = (family.type, tuple(getattr(family, "_labelnames", ())))
    return found


def test_what_is_exported_is_what_is_declared() -> None:
    open_streams = OpenStreamMetrics(CollectorRegistry(), OverviewSignals.__new__(OverviewSignals)).open
    expected = {name: (each.kind, each.labels) for name, each in DECLARED.items()}
    assert exported() | {open_streams._name: ("gauge", ())} == expected


def test_each_is_declared_once() -> None:
    declared = {id(each): each.name for part in PARTS for each in part.declarations}
    assert [name for name, times in Counter(declared.values()).items() if times > 1] == []


@pytest.mark.parametrize("name", DECLARED)
def test_names_tell_the_unit_and_whose_it_is(name: str) -> None:
    declaration = DECLARED[name]
    assert name.startswith("casebus_")
    assert not name.endswith("_total"), "the client adds it"
    for unit in ("seconds", "bytes"):
        assert (declaration.unit.split()[0] == unit) == (f"_{unit}" in name)
    assert declaration.meaning
    assert not declaration.meaning.endswith(".")


def test_every_label_is_explained_and_used() -> None:
    assert {label for each in DECLARED.values() for label in each.labels} == LABELS.keys()


def test_no_label_names_a_citizen_or_a_case() -> None:
    forbidden = {"party", "party_ref", "case", "case_id", "citizen", "event_id", "address", "email", "number"}
    assert not forbidden & LABELS.keys()


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.title)
def test_the_page_lists_all_with_their_labels(part: Part) -> None:
    shown = {(name.strip("`"), kind, unit, labels) for name, kind, unit, labels, _ in PAGE.table(part.title)}
    assert shown == {
        (name_on_the_page(each), each.kind, each.unit, ", ".join(f"`{label}`" for label in each.labels))
        for each in part.declarations
    }


@pytest.mark.parametrize(
    "each", [*pages(), *map(Page.read, sorted(OPERATIONS.glob("*.md")))], ids=lambda page: page.name
)
def test_metrics_that_a_page_names_exist(each: Page) -> None:
    parts = "stage|intake|overviews|source|sources|sink|profile|notifier|part|dead"
    known = {name_on_the_page(declaration) for declaration in DECLARED.values()} | known_series()
    named = set(re.findall(rf"\bcasebus_(?:{parts})_\w+", each.text))
    assert named - known == set()
