"""The product's sink as a process of its own that can be killed. Arguments: bootstrap servers, prefix, DSN, flag file.

While the flag file exists, every batch stops after its rows are written and before its transaction commits, and the
process says so on its output.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from prometheus_client import CollectorRegistry
from tests.consumers.bus import Bus

from casebus_consumers.profile.overview_record import OverviewRow
from casebus_consumers.profile.overview_sink import OverviewSink
from casebus_consumers.profile.overview_table import OverviewTable
from casebus_consumers.sink import SinkMetrics
from casebus_consumers.sink.offsets import Cursor


def main(bootstrap_servers: str, topic_prefix: str, dsn: str, flag: str) -> None:
    write = OverviewTable.write

    def write_and_stop(self: OverviewTable, cursor: Cursor, rows: Sequence[OverviewRow]) -> Mapping[str, int]:
        effects = write(self, cursor, rows)
        if Path(flag).exists():
            sys.stdout.write("rows written\n")
            sys.stdout.flush()
            threading.Event().wait()
        return effects

    OverviewTable.write = write_and_stop  # type: ignore[method-assign]  # the kill must fall at exactly this point
    bus = Bus(bootstrap_servers, topic_prefix)
    sink = OverviewSink(
        bus.kafka,
        dsn,
        SinkMetrics(CollectorRegistry()),
        consumer_group=f"{topic_prefix}-killed",
        stop=threading.Event(),
    )
    sink.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
