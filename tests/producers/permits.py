"""A small export in the form of the permit system's, for tests that must not depend on the real file."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
MAPPING_FILE = REPOSITORY / "producers" / "mappings" / "environmental-permit-receipt.toml"
REAL_FILE = REPOSITORY.parent / "shared" / "data" / "environmental-permit-receipt.csv.gz"

HEADER = "case:concept:name,case:deadline,case:enddate_planned,concept:instance,concept:name,time:timestamp"
RECEIVED = (
    "case-1,2010-11-26 00:00:00+01:00,2010-11-26 00:00:00.010000+01:00,task-4,Confirmation of receipt,"
    "2010-10-02 09:20:39.266000+02:00"
)
ADVISED = "case-1,,,task-9,T06 Determine necessity of stop advice,2010-11-02 10:00:00+01:00"
UNKNOWN = "case-2,,,task-10,Something else,2010-11-02 11:00:00+01:00"
BAD_TIME = "case-3,,,task-11,Confirmation of receipt,yesterday"


def export(*rows: str) -> bytes:
    """A CSV file with these rows."""
    return "\n".join([HEADER, *rows, ""]).encode()
