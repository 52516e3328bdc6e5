"""A Faust agent with a table: one overview per party in the table, overviews and changes to topics of their own.

Runs as ``python -m benchmarks.peers.faust_table SERVERS PREFIX GROUP GUARANTEE``. Serializers are off, as bytes in
and out are the fastest; the table is in memory with its changelog, as a Faust table always is.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import faust
import orjson
from benchmarks.peers.plain_fold import apply, new_overview

from casebus_schemas import DEFAULT_PARTITIONS, Topics

if TYPE_CHECKING:
    from benchmarks.bus import BenchBus

    from casebus_local.child_process import ChildProcess


@dataclass(frozen=True)
class FaustTable:
    """One Faust worker."""

    guarantee: Literal["at_least_once", "exactly_once"] = "at_least_once"

    @property
    def name(self) -> str:
        """With what tells the variants apart."""
        return f"Faust table, {self.guarantee}, memory"

    def group(self, bus: BenchBus) -> str:
        """The application id."""
        return f"{bus.topics.prefix}.faust-table"

    def start(self, bus: BenchBus) -> ChildProcess:
        """Start a worker."""
        import os

        from casebus_local.child_process import ChildProcess

        arguments = [bus.stack.bootstrap_servers, bus.topics.prefix, self.group(bus), self.guarantee]
        return ChildProcess(
            self.name,
            [sys.executable, "-m", "benchmarks.peers.faust_table", *arguments],
            log_path=bus.stack.directory / "faust-table.log",
            environment=dict(os.environ),
        )


def build_app(servers: str, prefix: str, group: str, guarantee: str) -> faust.App:
    """The application. Connects to nothing yet."""
    topics = Topics(prefix)
    app = faust.App(
        group,
        broker=[f"kafka://{server}" for server in servers.split(",")],
        store="memory://",
        datadir=tempfile.mkdtemp(prefix="faust-table-"),
        key_serializer="raw",
        value_serializer="raw",
        processing_guarantee=guarantee,
        topic_partitions=DEFAULT_PARTITIONS,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=8_388_608,
        stream_buffer_maxsize=16_384,
        stream_wait_empty=False,
        stream_publish_on_commit=False,
        producer_linger=0.02,
        producer_max_batch_size=512 * 1024,
        producer_max_request_size=8_388_608,
        web_enabled=False,
        autodiscover=False,
    )
    accepted, overviews, changes = (
        app.topic(name, key_serializer="raw", value_serializer="raw", key_type=bytes, value_type=bytes)
        for name in (topics.accepted, topics.overviews, topics.changes)
    )
    table = app.Table("overviews", partitions=DEFAULT_PARTITIONS, key_type=bytes, value_type=bytes)

    async def fold(stream: Any) -> None:
        async for value in stream:
            event = orjson.loads(value)
            party = event["party_ref"].encode()
            known = table.get(party)
            overview = orjson.loads(known) if known is not None else new_overview(event["party_ref"])
            change = apply(overview, event)
            if change is None:
                continue
            view = orjson.dumps(overview)
            table[party] = view
            await overviews.send(key=party, value=view)
            await changes.send(key=party, value=orjson.dumps(change))

    app.agent(accepted)(fold)
    return app


if __name__ == "__main__":
    worker = faust.Worker(build_app(*sys.argv[1:]), loglevel="WARN", quiet=True)
    worker.spinner = None
    worker.execute_from_commandline()
