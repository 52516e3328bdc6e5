"""What an agency sends again during an erasure is new and stays, also when intake's transaction is decided late."""

from __future__ import annotations

from threading import Timer

import pytest
from tests.bus import by_key
from tests.erasure.world import GONE, World
from tests.open_transaction import OpenTransaction

from casebus_local import wait_until
from casebus_streams.erasure.databases import Databases
from casebus_streams.erasure.erasure import Erasure
from casebus_streams.erasure.settings import ErasureSettings
from casebus_streams.erasure.subject import Subject

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]


def test_a_repetition_that_is_committed_after_the_tombstones_were_due_is_not_deleted(world: World) -> None:
    bus = world.bus
    overviews, accepted = bus.reader(bus.topics.overviews), bus.reader(bus.topics.accepted)
    with bus.run_streams() as worker:
        world.publish("own", GONE)
        overviews.read_until(lambda read: len(read) == 1, alive=worker.check)
        again = OpenTransaction(bus, {})
        erasure = Erasure(
            ErasureSettings(kafka=bus.kafka), Subject((world.ref(GONE),)), Databases([]), progress=lambda *_: None
        )

        def at(step: str) -> None:
            if step == "delete from the accepted log":
                again.begin()
                Timer(1, again.commit).start()

        assert erasure.run(patience_seconds=60, step=at).is_complete
        again.commit()
        wait_until(lambda: by_key(accepted.read_more(0.2)).get(again.key), timeout_seconds=30, describe="the event")
        overviews.read_until(lambda read: len(read) == 3, alive=worker.check)
    assert [bool(message.value()) for message in overviews.messages] == [True, False, True]
    overviews.close()
    accepted.close()
