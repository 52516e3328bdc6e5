"""Hypothesis strategies for records and events of the contract. Texts hold no digits, so none leaks a number."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import strategies as st

from casebus_schemas import (
    AcceptedEvent,
    Action,
    ActionBy,
    CaseContent,
    CaseOverview,
    CaseState,
    Change,
    ChangeKind,
    Citizen,
    EventKind,
    HistoryEntry,
    Link,
    LongText,
    Outcome,
    Overview,
    Phase,
    Result,
    Role,
    RollUp,
    Sensitivity,
    ShortText,
    Status,
    StatusChanged,
    StatusChangedEvent,
    insz_of,
    party_ref,
)

_OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_LETTERS = st.characters(exclude_categories=["Cc", "Cs", "Nd"])
_AGENCIES = st.integers(0, 999_999).map(lambda number: f"OVO{number:06d}")
_CASE_IDS = st.from_regex(r"\A[A-Za-z._:/-]{1,128}\Z")
_ROLES = st.lists(st.sampled_from(Role), min_size=1, max_size=3, unique=True).map(tuple)
_SEQUENCES = st.integers(1, 10**18 - 1)


def times() -> st.SearchStrategy[datetime]:
    return st.datetimes(datetime(1900, 1, 1), datetime(2999, 1, 1), timezones=_OFFSETS)  # noqa: DTZ001 - Hypothesis adds the zone


def insz() -> st.SearchStrategy[str]:
    bodies = st.integers(0, 999_999_999).map(lambda number: f"{number:09d}")
    return st.builds(insz_of, bodies, born_from_2000=st.booleans())


def party_refs() -> st.SearchStrategy[str]:
    return insz().map(lambda number: party_ref(b"pepper-of-the-tests", "citizen", number))


def short_texts() -> st.SearchStrategy[ShortText]:
    text = st.text(_LETTERS, min_size=1, max_size=30)
    return st.builds(ShortText, nl=text, fr=st.none() | text, de=st.none() | text)


def contents() -> st.SearchStrategy[CaseContent]:
    return st.builds(CaseContent, **_content_fields())


def status_changed_events() -> st.SearchStrategy[StatusChangedEvent]:
    parties = st.lists(
        st.builds(Citizen, number=insz(), role=st.sampled_from(Role)), min_size=1, max_size=4, unique_by=str
    )
    case = st.builds(StatusChanged, case_id=_CASE_IDS, parties=parties.map(tuple), **_content_fields())
    return case.flatmap(
        lambda data: st.builds(
            StatusChangedEvent,
            id=st.uuids().map(str),
            source=_AGENCIES.map(lambda agency: f"urn:be:vlaanderen:ovo:{agency}:tests"),
            subject=st.just(data.case_id),
            time=times(),
            sequence=_SEQUENCES,
            data=st.just(data),
        )
    )


def accepted_events() -> st.SearchStrategy[AcceptedEvent]:
    return st.builds(
        AcceptedEvent,
        party_ref=party_refs(),
        roles=_ROLES,
        agency=_AGENCIES,
        case_id=_CASE_IDS,
        kind=st.sampled_from(EventKind),
        sequence=_SEQUENCES,
        corrects=st.none() | _SEQUENCES,
        event_id=st.uuids().map(str),
        time=times(),
        digest=st.from_regex(r"\A[0-9a-f]{8}\Z"),
        source=_AGENCIES.map(lambda agency: f"urn:be:vlaanderen:ovo:{agency}"),
        reason=st.none() | st.builds(LongText, nl=st.text(_LETTERS, min_size=1, max_size=30)),
        content=st.none() | contents(),
    )


def overviews() -> st.SearchStrategy[Overview]:
    cases = st.lists(_cases(), max_size=3).map(lambda found: {f"{case.agency}/{case.case_id}": case for case in found})
    count = st.integers(1, 10**9)
    return st.builds(Overview, party_ref=party_refs(), epoch=count, version=count, updated_at=times(), cases=cases)


def changes() -> st.SearchStrategy[Change]:
    state = st.builds(CaseState, roll_up=st.sampled_from(RollUp), content=st.none() | contents())
    return st.builds(
        Change,
        change_id=st.text(min_size=1, max_size=40),
        kind=st.sampled_from(ChangeKind),
        party_ref=party_refs(),
        agency=_AGENCIES,
        case_id=_CASE_IDS,
        roles=_ROLES,
        event_id=st.uuids().map(str),
        event_kind=st.sampled_from(EventKind),
        sequence=_SEQUENCES,
        time=times(),
        epoch=st.integers(1, 9),
        version=st.integers(1, 10**9),
        before=st.none() | state,
        after=state,
    )


def _content_fields() -> dict[str, st.SearchStrategy[object]]:
    link = st.builds(Link, url=st.just("https://voorbeeld.be/dossier"), label=short_texts())
    return {
        "title": short_texts(),
        "status": st.builds(Status, phase=st.sampled_from(Phase), code=st.just("InBehandeling"), occurred_at=times()),
        "action": st.none() | st.builds(Action, what=short_texts(), by=st.sampled_from(ActionBy), due_at=times()),
        "result": st.none() | st.builds(Result, outcome=st.sampled_from(Outcome)),
        "links": st.none() | st.lists(link, max_size=2).map(tuple),
        "sensitivity": st.sampled_from(Sensitivity),
        "visible_from": st.none() | times(),
        "tags": st.none() | st.lists(st.text(_LETTERS, min_size=1, max_size=9), max_size=3).map(tuple),
    }


def _cases() -> st.SearchStrategy[CaseOverview]:
    entry = st.builds(
        HistoryEntry,
        sequence=_SEQUENCES,
        event_id=st.uuids().map(str),
        time=times(),
        digest=st.just("0a1b2c3d"),
        kind=st.sampled_from(EventKind),
        phase=st.none() | st.sampled_from(Phase),
        superseded=st.none() | st.just(True),
    )
    return st.builds(
        CaseOverview,
        agency=_AGENCIES,
        case_id=_CASE_IDS,
        roles=_ROLES,
        roll_up=st.sampled_from(RollUp),
        sequence=_SEQUENCES,
        events=st.integers(1, 500),
        content=st.none() | contents(),
        history=st.lists(entry, max_size=3).map(tuple),
    )
