"""The composition root of ``casebus run sources``: settings in, a Faust application out.

An agent, a timer, Faust's producer, and the feed as a service. No Faust table: tables have open reports of lost updates
and of recoveries that never end, and the state here, a kilobyte for each agency, travels in the records of ``sources``.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from concurrent.futures import TimeoutError as NotYetError
from pathlib import Path

import faust
from prometheus_client import CollectorRegistry

from casebus_schemas import Topics
from casebus_streams.heartbeat import Heartbeat
from casebus_streams.sources.board import Board
from casebus_streams.sources.calendar import Calendar
from casebus_streams.sources.credentials import broker_credentials, broker_urls
from casebus_streams.sources.feed import ActivityFeed, News
from casebus_streams.sources.metrics import SourceMetrics
from casebus_streams.sources.restore import restore_board
from casebus_streams.sources.settings import SourcesSettings
from casebus_streams.sources.watch import STAGE, SourceWatch
from casebus_streams.stage_health import StageHealth
from casebus_streams.stage_service import service_of

TELL_EVERY_SECONDS = 1.0

_LOOK_SECONDS = 0.5


def build_sources_app(settings: SourcesSettings, registry: CollectorRegistry, health: StageHealth) -> faust.App:
    """The Faust application that follows ``activity`` and writes ``sources``. Connects to nothing yet.

    Workers share one consumer group, ``<prefix>.sources``: one of them works, the others stand by. Raises
    ``SettingError``.
    """
    topics, section = Topics(settings.kafka.topic_prefix), settings.sources
    group = f"{settings.kafka.topic_prefix}.{STAGE}"
    app = _bare_app(group, settings)
    news = app.channel(maxsize=1)

    def restore() -> Board:
        board = Board(Calendar(section.time_zone, section.holidays), repeat_seconds=section.repeat_seconds)
        return restore_board(board, settings.kafka, topics)

    async def send(topic: str, key: bytes | None, value: bytes, headers: list[tuple[str, bytes]], /) -> None:
        await app.producer.send_and_wait(topic, key, value, None, None, headers)

    watch = SourceWatch(topics, send, SourceMetrics(registry))
    feed = ActivityFeed(settings.kafka, topics.activity, group, restore, health)
    app.service(service_of(health, lambda must_end: _run_feed(feed, app, news, must_end)))

    @app.agent(news, name=STAGE, concurrency=1)
    async def follow(stream: faust.StreamT[News]) -> None:
        async for each in stream:
            await watch.hear(each)

    async def open_channel() -> None:
        app.flow_control.resume()  # Faust's consumer would, once it has partitions

    app.task(open_channel)
    app.timer(TELL_EVERY_SECONDS, name="tell")(watch.tell)
    return app


def _bare_app(name: str, settings: SourcesSettings) -> faust.App:
    app = faust.App(
        name,
        broker=broker_urls(settings.kafka),
        broker_credentials=broker_credentials(settings.kafka),
        broker_client_id=settings.kafka.client_id,
        datadir=Path(tempfile.gettempdir()) / f"casebus-faust-{os.getuid()}",  # it insists on one; nothing gets there
        web_enabled=False,  # Faust's web server would serve internal state to anyone
        topic_disable_leader=True,
        topic_allow_declare=False,
        autodiscover=False,
    )
    app.boot_strategy.enable_kafka_consumer = False  # the feed is its consumer
    return app


def _run_feed(feed: ActivityFeed, app: faust.App, news: faust.ChannelT[News], must_end: Heartbeat) -> None:
    """Run the feed, from its thread to the agent on the event loop; it waits while the agent is busy."""

    def deliver(each: News) -> None:
        sent = asyncio.run_coroutine_threadsafe(_put(news, each), app.loop)
        while not must_end.is_set():
            try:
                sent.result(_LOOK_SECONDS)
            except NotYetError:
                continue
            return
        sent.cancel()

    feed.run(must_end, deliver)


async def _put(news: faust.ChannelT[News], each: News) -> None:
    await news.send(value=each)
