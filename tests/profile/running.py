"""The profile service as it runs: its process, its identity provider, its topics, and what is published to them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape

import httpx
from confluent_kafka import Producer
from tests.consumers.bus import Bus
from tests.consumers.overviews import PARTITIONS
from tests.profile import sample
from tests.profile.life import Json, overview_of

from casebus_local import LocalStack, wait_until
from casebus_local.child_process import ChildProcess
from casebus_local.ports import LOOPBACK, free_port
from casebus_local.readiness import wait_until_ready
from casebus_schemas import PartyKind, insz_of, partition_of, party_ref

PATIENCE_SECONDS = 30.0
EMMA = insz_of("850730033")
JAN = insz_of("900101001")


@dataclass
class Service:
    """Where everything is, and what a test can do with it."""

    stack: LocalStack
    bus: Bus
    dsn: str
    process: ChildProcess
    url: str
    operations_url: str

    def reference(self, number: str, kind: PartyKind = PartyKind.CITIZEN) -> str:
        return party_ref(self.stack.keys.pepper_file.read_bytes().strip(), kind, number)

    def headers(self, number: str, **claims: object) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.stack.tokens.issue(number, **claims)}"}  # type: ignore[arg-type]  # any

    def wait_until_ready(self) -> None:
        wait_until_ready(self.operations_url, [self.process], timeout_seconds=PATIENCE_SECONDS)

    def get(self, path: str, number: str, **headers: str) -> httpx.Response:
        return httpx.get(self.url + path, headers={**self.headers(number), **headers}, timeout=20)

    def publish(self, number: str, cases: list[Json], *, version: int) -> None:
        """Publish an overview as the stream would, and wait until the service shows it."""
        reference = self.reference(number)
        self.bus.publish((reference, overview_of(reference, cases, version=version)))
        wait_until(
            lambda: self.get("/v1/overview", number).json()["version"] >= version,
            timeout_seconds=PATIENCE_SECONDS,
            describe="the overview is visible",
        )

    def publish_sources(self, now: datetime) -> None:
        producer = Producer({"bootstrap.servers": self.bus.bootstrap_servers})
        for source in sample.sources(now):
            producer.produce(self.bus.topics.sources, json.dumps(source).encode(), source["agency"])
        producer.flush(PATIENCE_SECONDS)
        wait_until(
            lambda: self.get("/v1/sources", EMMA).json()["sources"],
            timeout_seconds=PATIENCE_SECONDS,
            describe="the sources are visible",
        )

    def publish_notifications(self, number: str, notifications: list[Json]) -> None:
        """Publish what the notifier says it has sent to a party."""
        producer = Producer({"bootstrap.servers": self.bus.bootstrap_servers})
        reference = self.reference(number)
        for each in notifications:
            partition = partition_of(reference, PARTITIONS)
            producer.produce(self.bus.topics.notifications, json.dumps(each).encode(), reference, partition=partition)
        producer.flush(PATIENCE_SECONDS)

    def notifications(self, number: str) -> list[Json]:
        """What the API says of them."""
        found: list[Json] = self.get("/v1/notifications", number).json()["notifications"]
        return found

    def wait_for_notifications(self, number: str, count: int) -> None:
        """Until the service shows so many."""
        wait_until(
            lambda: len(self.notifications(number)) == count,
            timeout_seconds=PATIENCE_SECONDS,
            describe=f"{count} notifications are visible",
        )


@contextmanager
def running_service(stack: LocalStack, bus: Bus, dsn: str, *arguments: str, **extra: str) -> Iterator[Service]:
    """The service and its identity provider as processes, ready. ``arguments`` are options of ``run profile``."""
    port, operations_port = free_port(), free_port()
    url, operations_url = f"http://{LOOPBACK}:{port}", f"http://{LOOPBACK}:{operations_port}"
    with stack.run_identity_provider(url, first_citizen=EMMA) as identity:
        settings = {
            **identity.environment,
            "CASEBUS_DATABASE__DSN": dsn,
            "CASEBUS_KAFKA__TOPIC_PREFIX": bus.topic_prefix,
            "CASEBUS_PROFILE__PORT": str(port),
            "CASEBUS_PROFILE__OPERATIONS_PORT": str(operations_port),
            "CASEBUS_PROFILE__CONSUMER_GROUP": f"{bus.topic_prefix}-profile",
            **extra,
        }
        with stack.run("run", "profile", *arguments, **settings) as process:
            identity.wait_until_ready()
            service = Service(stack, bus, dsn, process, url, operations_url)
            service.wait_until_ready()
            yield service


@contextmanager
def session_of(service: Service, who: str) -> Iterator[httpx.Client]:
    """A browser without a page: logged in, with its cookies. ``who`` is a key of the identity provider's people."""
    with httpx.Client(
        base_url=service.url, follow_redirects=True, timeout=20, headers={"accept": "text/html"}
    ) as client:
        chooser = client.get("/login")
        match = re.search(rf'id="{who}" href="([^"]+)"', chooser.text)
        assert match is not None, chooser.text
        answer = client.get(str(chooser.url.join(unescape(match[1]))))
        assert answer.url == f"{service.url}/", answer.text
        yield client


def form_token(html: str) -> str:
    """The token in a page's forms."""
    match = re.search(r'name="form_token" value="([^"]+)"', html)
    assert match is not None
    return match[1]


def fill(service: Service) -> None:
    """Emma has everything that can be shown, Jan one case of his own."""
    now = datetime.now(UTC)
    service.publish(EMMA, sample.cases(now), version=1)
    service.publish_notifications(EMMA, sample.sent(now, service.reference(EMMA)))
    service.wait_for_notifications(EMMA, 5)
    service.publish(JAN, [sample.scholarship(now) | {"case_id": "JAN-ONLY-1"}], version=1)
    service.publish_sources(now)
