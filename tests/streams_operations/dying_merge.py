"""``casebus merge`` that is killed: ``python -m tests.streams_operations.dying_merge POINT merge --from …``.

POINT is the name of a step, which is then not begun, or ``copying`` or ``deleting``: in the middle of it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable

import casebus_streams.merge.merge as merge_module
from casebus_producers.cli import main
from casebus_streams.merge.merge import Merge, Step
from casebus_streams.merge.report import MergeReport
from casebus_streams.record_writer import RecordWriter
from casebus_streams.records import OutRecord

POINTS = ("copy", "copying", "mark", "copy the rest", "wait", "delete", "deleting", "preferences")
"""Each can be reached by a run after one that died at the point before it."""
FEW_POINTS = ("copying", "copy the rest", "deleting")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dying_run(point: str) -> Callable[..., MergeReport]:
    run = Merge.run

    def run_until(self: Merge, *, patience_seconds: float, step: Step) -> MergeReport:
        def step_or_die(name: str) -> None:
            if name == point:
                die()
            step(name)

        return run(self, patience_seconds=patience_seconds, step=step_or_die)

    return run_until


class DyingWriter(RecordWriter):
    """Writes half of what it should and dies."""

    point = ""

    def write(self, records: list[OutRecord]) -> list[int]:
        if self.point == "copying":
            super().write(records[: len(records) // 2])
            die()
        return super().write(records)

    def delete(self, topic: str, partition: int, keys: Iterable[bytes]) -> None:
        doomed = list(keys)
        super().delete(topic, partition, doomed[: (len(doomed) + 1) // 2])
        if self.point == "deleting":
            die()
        super().delete(topic, partition, doomed)


if __name__ == "__main__":
    _, DyingWriter.point, *sys.argv[1:] = sys.argv
    Merge.run = dying_run(DyingWriter.point)  # type: ignore[method-assign]  # the process dies of it
    setattr(merge_module, "RecordWriter", DyingWriter)  # noqa: B010 - mypy would have it exported
    main()
