"""Names of erasures, which stand in logs that are kept for ever."""

from __future__ import annotations

from pydantic import TypeAdapter

from casebus_schemas.audit import AuditText
from casebus_schemas.control import ControlId
from casebus_streams.erasure.erasure_id import new_erasure_id


def test_no_name_reads_as_a_national_number() -> None:
    names = {new_erasure_id() for _ in range(2_000)}
    assert len(names) == 2_000
    for kind in (TypeAdapter(AuditText), TypeAdapter(ControlId)):
        for name in names:
            assert kind.validate_python(name) == name
