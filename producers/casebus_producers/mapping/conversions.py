"""What ``as`` can make of a column's text.

========================  ===================================================================================
``text``                  as it is, without spaces around it (this is the default)
``time``                  a moment. ISO 8601 (``2010-10-02 09:20:39.266+02:00``, fraction and offset optional), or
                          ``format = "%d/%m/%Y %H:%M"``; ``timezone = "Europe/Brussels"`` for times without offset
``microseconds``          the same moment as microseconds since 1970: a sequence that needs no counting
``integer``               a whole number
``uuid``                  a UUID version 5 of source and columns, for ``id``: ``from = ["case", "step"], as = "uuid"``
``insz``, ``kbo``         a number as people write it, with its check digits checked
``made-up-citizen``       a made-up number of a citizen; likewise ``-enterprise``, ``-establishment``, ``-association``
========================  ===================================================================================

Why ``microseconds`` and not a count of rows per case: a count depends on where a file begins, so that a second part,
or a row that was entered late, would give old events new numbers. A row's own time never changes.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from collections.abc import Mapping as ReadOnly
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from casebus_producers.errors import MappingError
from casebus_producers.mapping.made_up import made_up_number
from casebus_producers.mapping.model import Conversion
from casebus_schemas import PartyKind, parse_insz, parse_kbo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_UUID_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:be:vlaanderen:ovo")
TIME_OPTIONS = frozenset({"format", "timezone"})


def conversion(name: str, options: ReadOnly[str, str], *, source: str, key: str) -> Conversion:
    """The conversion that ``as = name`` means at ``key``; raises ``MappingError``. ``source`` is the event's."""
    if options and name not in ("time", "microseconds"):
        raise MappingError(f"{key}.{min(options)}", f'goes with as = "time" or "microseconds", not {name!r}')
    match name:
        case "text":
            return str
        case "integer":
            return _integer
        case "time" | "microseconds":
            moment = partial(_moment, layout=options.get("format"), zone=_zone(options.get("timezone"), key))
            return partial(_iso, moment) if name == "time" else partial(_microseconds, moment)
        case "uuid":
            return partial(_uuid, source)
        case "insz":
            return parse_insz
        case "kbo":
            return parse_kbo
    if name in _MADE_UP:
        return partial(made_up_number, _MADE_UP[name])
    known = ["text", "integer", "time", "microseconds", "uuid", "insz", "kbo", *_MADE_UP]
    raise MappingError(f"{key}.as", f"must be one of {', '.join(known)}, not {name!r}")


_MADE_UP = {f"made-up-{kind.value}": kind for kind in PartyKind}


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("not a whole number") from None


def _moment(text: str, *, layout: str | None, zone: ZoneInfo | None) -> datetime:
    try:
        moment = datetime.strptime(text, layout) if layout else datetime.fromisoformat(text)  # noqa: DTZ007 zone below
    except ValueError:
        raise ValueError(f"not a time of the form {layout}" if layout else "not a time in ISO 8601") from None
    if moment.tzinfo is None:
        if zone is None:
            raise ValueError("a time without offset: give the mapping a timezone")
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)


def _iso(moment: Callable[[str], datetime], text: str) -> str:
    return moment(text).isoformat()


def _microseconds(moment: Callable[[str], datetime], text: str) -> int:
    return (moment(text) - _EPOCH) // _MICROSECOND


def _uuid(source: str, text: str) -> str:
    # Without hyphens: those and eleven digits in a row can look like a written national number.
    return uuid.uuid5(_UUID_NAMESPACE, f"{source}\n{text}").hex


def _zone(name: str | None, key: str) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, malformed, a directory of the time zone database
        raise MappingError(f"{key}.timezone", f"no time zone is called {name!r}") from None
