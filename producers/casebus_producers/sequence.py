"""Rising sequences from timestamps, for agencies whose systems keep no counter per case. Pure.

A sequence is the moment of the change in microseconds since 1970 (UTC). What holds:

* it needs no state as long as no two changes of one case carry the same moment: a change gives the same number
  whenever it is computed, so a file may be published again, or in parts;
* *collision*: changes with the same moment (a system that keeps whole seconds, or dates) and clocks that were put
  back get the number after the one before. For that, number a case's changes together, in the order in which they
  happened (``sequences_of``), or tell the last number (``sequence_after``); a number depends only on earlier changes,
  so appending a change later alters none. Inserting one between two of the same moment does: publish a correction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from casebus_schemas import InvalidEventError, Reason

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_TIME_RULE: Final = "time.form"
_SEQUENCE_RULE: Final = "sequence.form"


def sequence_of(moment: datetime) -> int:
    """The sequence of a change at ``moment``: microseconds since 1970, at most 18 digits.

    Raises ``InvalidEventError`` (fix) for a moment without offset, or not after 1970-01-01T00:00Z.
    """
    if moment.utcoffset() is None:
        raise InvalidEventError([Reason(field="sequence", rule=_TIME_RULE, message="the moment carries no offset")])
    microseconds = (moment - _EPOCH) // _MICROSECOND
    if microseconds < 1:
        raise InvalidEventError([Reason(field="sequence", rule=_SEQUENCE_RULE, message="the moment is before 1970")])
    return microseconds


def sequence_after(last: int | None, moment: datetime) -> int:
    """The sequence of a case's next change, when ``last`` is that of the one before (None: there is none).

    Higher than ``last`` whatever the clock says. Raises as ``sequence_of``.
    """
    own = sequence_of(moment)
    return own if last is None else max(own, last + 1)


def sequences_of(moments: Iterable[datetime]) -> Iterator[int]:
    """The sequences of all changes of one case, from its first on, in the order in which they happened.

    Strictly rising. Raises as ``sequence_of``.
    """
    last: int | None = None
    for moment in moments:
        last = sequence_after(last, moment)
        yield last
