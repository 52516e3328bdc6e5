"""Turns the rows of a CSV export into events, as a mapping file says: a small language in TOML.

``[event]`` has the shape of the event itself. Each leaf says what stands there:

====================================================  =====================================================
``"handling"``, ``3``, ``true``                       that constant
``"Dossier {case}"``                                  a text with the column's value in it (``{{`` for ``{``)
``{ from = "case" }``                                 the column as it is
``{ from = "when", as = "time" }``                    the column converted: see ``conversions``
``{ from = "activity", in = "status", take = "code" }``  an entry of the table ``[tables.status]``, looked up
``{ …, otherwise = "Ingediend" }``                    what to take when the column is empty or has no entry
====================================================  =====================================================

An empty column leaves its field out. A table of fields is left out when every column it draws on is empty:
constants alone do not make one (so ``{ kind = "citizen", number = { from = "insz" } }`` needs its number).
``source``, ``subject``, ``specversion`` and, unless given, ``type`` are filled in.

Everything is a function of the row alone: the same row gives the same bytes, whichever part of the export it is
in. So a file may be published twice, or in parts, and changes nothing the second time.
"""

from casebus_producers.mapping.evaluation import event_of
from casebus_producers.mapping.model import Mapping
from casebus_producers.mapping.reader import read_mapping

__all__ = ["Mapping", "event_of", "read_mapping"]
