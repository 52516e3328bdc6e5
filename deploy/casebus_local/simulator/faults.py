"""Every way in which the simulator breaks an event, and the rule that must refuse it."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

import orjson

Event = dict[str, Any]


class Fault(StrEnum):
    """How an invalid submission is broken."""

    BAD_JSON = "bad-json"
    NOT_UTF8 = "not-utf8"
    NOT_AN_OBJECT = "not-an-object"
    TOO_LARGE = "too-large"
    TOO_DEEP = "too-deep"
    TOMBSTONE = "tombstone"
    NULL_KEY = "null-key"
    OTHER_KEY = "other-key"
    WRONG_SOURCE = "wrong-source"
    UNKNOWN_TYPE = "unknown-type"
    UNKNOWN_FIELD = "unknown-field"
    SUBJECT_IS_NOT_CASE = "subject-is-not-case"
    SEQUENCE_ZERO = "sequence-zero"
    NAIVE_TIME = "naive-time"
    MISSING_NL = "missing-nl"
    LONG_TITLE = "long-title"
    NO_PARTIES = "no-parties"
    INSZ_CHECK_DIGITS = "insz-check-digits"
    KBO_CHECK_DIGITS = "kbo-check-digits"
    UNKNOWN_PHASE = "unknown-phase"
    UNKNOWN_LANGUAGE = "unknown-language"
    HTTP_LINK = "http-link"
    NUMBER_IN_TITLE = "number-in-title"


EXPECTED_RULE: Final[dict[Fault, str]] = {
    Fault.BAD_JSON: "json.syntax",
    Fault.NOT_UTF8: "json.syntax",
    Fault.NOT_AN_OBJECT: "value.type",
    Fault.TOO_LARGE: "event.size",
    Fault.TOO_DEEP: "json.depth",
    Fault.TOMBSTONE: "event.tombstone",
    Fault.NULL_KEY: "key.case-id",
    Fault.OTHER_KEY: "key.case-id",
    Fault.WRONG_SOURCE: "source.topic",
    Fault.UNKNOWN_TYPE: "kind.unknown",
    Fault.UNKNOWN_FIELD: "field.unknown",
    Fault.SUBJECT_IS_NOT_CASE: "subject.case-id",
    Fault.SEQUENCE_ZERO: "sequence.form",
    Fault.NAIVE_TIME: "time.form",
    Fault.MISSING_NL: "field.missing",
    Fault.LONG_TITLE: "text.too-long",
    Fault.NO_PARTIES: "list.too-short",
    Fault.INSZ_CHECK_DIGITS: "insz.check-digits",
    Fault.KBO_CHECK_DIGITS: "kbo.check-digits",
    Fault.UNKNOWN_PHASE: "value.unknown",
    Fault.UNKNOWN_LANGUAGE: "field.unknown",
    Fault.HTTP_LINK: "text.form",
    Fault.NUMBER_IN_TITLE: "text.national-number",
}
"""The rule that must be among the reasons of the rejection."""

DECIDED_BY_TOPIC: Final = frozenset({Fault.TOMBSTONE, Fault.NULL_KEY, Fault.OTHER_KEY, Fault.WRONG_SOURCE})
"""Faults that only intake can see: the event by itself may be right."""


def broken(fault: Fault, key: bytes | None, value: bytes) -> tuple[bytes | None, bytes | None]:
    """Key and value of a record that is wrong by ``fault`` alone, made from those of a valid status-changed event.

    It says that it is another event (its id ends in ``-x``), so that it could not be taken for a repetition.
    """
    if fault in _RECORD_FAULTS:
        return _RECORD_FAULTS[fault](key, value)
    event: Event = orjson.loads(value)
    event["id"] += "-x"
    _EVENT_FAULTS[fault](event)
    return key, orjson.dumps(event)


def _too_deep(value: bytes) -> bytes:
    return value[:-1] + b',"dataref":' + b"[" * 40 + b"]" * 40 + b"}"


_RECORD_FAULTS: Final[dict[Fault, Callable[[bytes | None, bytes], tuple[bytes | None, bytes | None]]]] = {
    Fault.BAD_JSON: lambda key, value: (key, value[: len(value) // 2]),
    Fault.NOT_UTF8: lambda key, value: (key, value.replace(b"nl", b"\xff\xfe", 1)),
    Fault.NOT_AN_OBJECT: lambda key, value: (key, b"[" + value + b"]"),
    Fault.TOO_DEEP: lambda key, value: (key, _too_deep(value)),
    Fault.TOO_LARGE: lambda key, value: (key, value + b" " * (65_537 - len(value))),
    Fault.TOMBSTONE: lambda key, value: (key, None),
    Fault.NULL_KEY: lambda key, value: (None, value),
    Fault.OTHER_KEY: lambda key, value: (b"other-" + (key or b""), value),
}


def _unknown_type(event: Event) -> None:
    event["type"] = "be.vlaanderen.case.status-changed.v9"


def _wrong_source(event: Event) -> None:
    event["source"] = "urn:be:vlaanderen:ovo:OVO999999"


def _unknown_field(event: Event) -> None:
    event["data"]["due_att"] = event["time"]


def _subject_is_not_case(event: Event) -> None:
    event["subject"] += "-2"


def _sequence_zero(event: Event) -> None:
    event["sequence"] = "0"


def _naive_time(event: Event) -> None:
    event["time"] = event["time"][:19]


def _missing_nl(event: Event) -> None:
    event["data"]["title"] = {"fr": "Sans version néerlandaise"}


def _long_title(event: Event) -> None:
    event["data"]["title"]["nl"] = "heel " * 40 + "lang"


def _no_parties(event: Event) -> None:
    event["data"]["parties"] = []


def _insz_check_digits(event: Event) -> None:
    event["data"]["parties"].append({"kind": "citizen", "number": "85073003399", "role": "involved"})


def _kbo_check_digits(event: Event) -> None:
    event["data"]["parties"].append({"kind": "enterprise", "number": "0400000001", "role": "involved"})


def _unknown_phase(event: Event) -> None:
    event["data"]["status"]["phase"] = "behandeling"


def _unknown_language(event: Event) -> None:
    event["data"]["title"]["it"] = "Titolo"


def _http_link(event: Event) -> None:
    event["data"]["links"] = [{"url": "http://www.example/", "label": {"nl": "Onveilig"}}]


def _number_in_title(event: Event) -> None:
    event["data"]["title"]["nl"] = "Dossier van 85.07.30-033.28"


_EVENT_FAULTS: Final[dict[Fault, Callable[[Event], None]]] = {
    Fault.WRONG_SOURCE: _wrong_source,
    Fault.UNKNOWN_TYPE: _unknown_type,
    Fault.UNKNOWN_FIELD: _unknown_field,
    Fault.SUBJECT_IS_NOT_CASE: _subject_is_not_case,
    Fault.SEQUENCE_ZERO: _sequence_zero,
    Fault.NAIVE_TIME: _naive_time,
    Fault.MISSING_NL: _missing_nl,
    Fault.LONG_TITLE: _long_title,
    Fault.NO_PARTIES: _no_parties,
    Fault.INSZ_CHECK_DIGITS: _insz_check_digits,
    Fault.KBO_CHECK_DIGITS: _kbo_check_digits,
    Fault.UNKNOWN_PHASE: _unknown_phase,
    Fault.UNKNOWN_LANGUAGE: _unknown_language,
    Fault.HTTP_LINK: _http_link,
    Fault.NUMBER_IN_TITLE: _number_in_title,
}
