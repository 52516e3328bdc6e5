"""What every subscriber does alike: on Kafka and on the fake, in plain code and in asyncio."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from tests.downstream.places import (
    AsyncForm,
    Control,
    DownstreamBus,
    FakePlace,
    Form,
    KafkaPlace,
    Place,
    PlainForm,
)

from casebus_consumers.errors import HandlingError, UnreadableRecordError
from casebus_consumers.subscriber import (
    CHANGES,
    LIGHT_CHANGES,
    OVERVIEWS,
    FailurePolicy,
    Received,
    RetryPolicy,
    Start,
)
from casebus_consumers.testing import examples
from casebus_schemas import Change, encode

QUICK = RetryPolicy(attempts=3, first_wait_seconds=0.01, longest_wait_seconds=0.02)


class HandlerBrokeError(Exception):
    """The service's own failure."""


@pytest.fixture(params=["fake", pytest.param("kafka", marks=pytest.mark.integration)])
def place(request: pytest.FixtureRequest) -> Place:
    if request.param == "fake":
        return FakePlace()
    bus: DownstreamBus = request.getfixturevalue("bus")
    return KafkaPlace(bus)


@pytest.fixture(params=[PlainForm(), AsyncForm()], ids=["plain", "asyncio"])
def form(request: pytest.FixtureRequest) -> Form:
    made: Form = request.param
    return made


def change(number: int, version: int) -> tuple[str, bytes]:
    made = examples.change(version, party_ref=examples.party(number))
    return made.party_ref, encode(made)


def changes(versions: range, *, parties: int = 4) -> list[tuple[str, bytes | None]]:
    return [change(number, version) for version in versions for number in range(parties)]


def name_of(received: Received[Any]) -> tuple[str, int]:
    return received.value.party_ref, received.value.version


class Ledger:
    """What was handed over; stops the subscriber after ``expected`` records."""

    def __init__(self, expected: int) -> None:
        self.names: list[tuple[str, int]] = []
        self._expected = expected

    def __call__(self, received: Received[Any], control: Control) -> None:
        self.names.append(name_of(received))
        if len(self.names) == self._expected:
            control.stop()

    def versions_of(self, number: int) -> list[int]:
        return [version for party_ref, version in self.names if party_ref == examples.party(number)]


def test_everything_is_handed_over_once_and_in_order_and_a_restart_goes_on(form: Form, place: Place) -> None:
    place.append(CHANGES, changes(range(1, 6)))
    first, second = Ledger(20), Ledger(4)
    form.iterate(place, CHANGES, first, group="letters")
    assert [first.versions_of(number) for number in range(4)] == [[1, 2, 3, 4, 5]] * 4
    assert place.committed(CHANGES, "letters") == 20
    place.append(CHANGES, changes(range(6, 7)))
    form.iterate(place, LIGHT_CHANGES, second, group="letters")
    assert sorted(second.names) == [(examples.party(number), 6) for number in range(4)]


def test_the_record_whose_handling_broke_comes_again_and_none_before_it(form: Form, place: Place) -> None:
    place.append(CHANGES, [change(1, version) for version in range(1, 10)])
    seen: list[int] = []

    def break_at_the_fifth(received: Received[Change], control: Control) -> None:
        seen.append(received.value.version)
        if received.value.version == 5:
            raise HandlerBrokeError

    with pytest.raises(HandlerBrokeError):
        form.iterate(place, CHANGES, break_at_the_fifth, group="g")
    again = Ledger(5)
    form.iterate(place, CHANGES, again, group="g")
    assert (seen, again.versions_of(1)) == ([1, 2, 3, 4, 5], [5, 6, 7, 8, 9])


def test_batches_are_handled_whole_or_come_again(form: Form, place: Place) -> None:
    place.append(CHANGES, changes(range(1, 6)))
    taken: list[tuple[str, int]] = []

    def break_once(batch: Any, control: Control) -> None:
        raise HandlerBrokeError

    def take(batch: Any, control: Control) -> None:
        taken.extend(name_of(received) for received in batch)
        if len(taken) >= 20:
            control.stop()

    with pytest.raises(HandlerBrokeError):
        form.batches(place, CHANGES, break_once, group="g")
    form.batches(place, CHANGES, take, group="g")
    assert sorted(taken) == sorted((examples.party(number), version) for number in range(4) for version in range(1, 6))


def test_a_failed_record_is_tried_again_before_any_later_one(form: Form, place: Place) -> None:
    place.append(CHANGES, [change(1, version) for version in range(1, 5)])
    handled, tried = Ledger(4), []

    def fail_twice_at_the_second(received: Received[Change], control: Control) -> None:
        tried.append(received.value.version)
        if received.value.version == 2 and tried.count(2) < 3:
            raise HandlerBrokeError
        handled(received, control)

    form.run(place, CHANGES, fail_twice_at_the_second, group="g", failure=FailurePolicy(retry=QUICK))
    assert (tried, handled.versions_of(1)) == ([1, 2, 2, 2, 3, 4], [1, 2, 3, 4])


def test_without_a_topic_for_dead_letters_a_failure_ends_the_subscriber_at_its_record(form: Form, place: Place) -> None:
    place.append(CHANGES, [change(1, version) for version in range(1, 4)])

    def fail_at_the_second(received: Received[Change], control: Control) -> None:
        if received.value.version == 2:
            raise HandlerBrokeError("about a citizen")

    with pytest.raises(HandlingError, match=r"\]@1: not handled after 3 attempts: HandlerBrokeError$") as caught:
        form.run(place, CHANGES, fail_at_the_second, group="g", failure=FailurePolicy(retry=QUICK))
    assert isinstance(caught.value.__cause__, HandlerBrokeError)
    again = Ledger(2)
    form.run(place, CHANGES, again, group="g")
    assert again.versions_of(1) == [2, 3]


def test_dead_letters_hold_what_could_not_be_read_or_handled_and_the_rest_goes_on(form: Form, place: Place) -> None:
    records = [
        change(1, 1),
        (examples.party(1), b'{"change_id": 7}'),
        change(1, 2),
        (examples.party(1), None),
        change(1, 3),
    ]
    place.append(CHANGES, records)
    handled = Ledger(2)

    def fail_at_the_second(received: Received[Change], control: Control) -> None:
        if received.value.version == 2:
            raise HandlerBrokeError("about a citizen")
        handled(received, control)

    failure = FailurePolicy(retry=QUICK, dead_letters=place.dead_letter_topic)
    form.run(place, CHANGES, fail_at_the_second, group="g", failure=failure)
    letters = place.dead_letters(3)
    assert handled.versions_of(1) == [1, 3]
    assert [(letter.position.offset, letter.reason) for letter in letters] == [
        (1, "undecodable"),
        (2, "unhandled"),
        (3, "undecodable"),
    ]
    assert letters[1].error == "HandlerBrokeError", "an error's text may tell about somebody"
    assert (letters[1].original, letters[1].key) == (records[2][1], examples.party(1).encode())
    assert place.committed(CHANGES, "g") == 5


@pytest.mark.parametrize("way", ["iterate", "batches", "run"])
def test_without_a_topic_for_them_an_unreadable_record_ends_every_way_of_reading(
    form: Form, place: Place, way: str
) -> None:
    place.append(CHANGES, [change(1, 1), change(1, 2), (examples.party(1), b"{}")])
    seen: list[tuple[str, int]] = []

    def note(received: Any, control: Control) -> None:
        seen.extend(map(name_of, received) if way == "batches" else [name_of(received)])

    with pytest.raises(UnreadableRecordError, match=r"\]@2: change_id: "):
        getattr(form, way)(place, CHANGES, note, group="g")
    assert seen == [(examples.party(1), 1), (examples.party(1), 2)]
    assert place.committed(CHANGES, "g") == 2, "what came before it is handled"


def test_a_new_group_may_begin_at_the_end_and_stays_there(form: Form, place: Place) -> None:
    place.append(CHANGES, changes(range(1, 3)))

    def stop_when_caught_up(batch: Any, control: Control) -> None:
        raise AssertionError("nothing was written since")

    run_until_caught_up(form, place, stop_when_caught_up, start=Start.LATEST)
    place.append(CHANGES, changes(range(3, 4)))
    later = Ledger(4)
    form.iterate(place, CHANGES, later, group="g", start=Start.LATEST)
    assert sorted(later.names) == [(examples.party(number), 3) for number in range(4)]


def run_until_caught_up(form: Form, place: Place, visit: Any, **options: Any) -> None:
    """Run a plain subscriber whose records nobody counts, since there are none."""
    with place.plain(CHANGES, group="g", **options) as subscriber:
        waiting = threading.Thread(target=lambda: [visit(each, subscriber) for each in subscriber], daemon=True)
        waiting.start()
        while not subscriber.caught_up:
            waiting.join(0.05)
            assert waiting.is_alive()
        subscriber.stop()
        waiting.join(10)


def test_a_paused_subscriber_hands_out_nothing_until_it_is_resumed(form: Form, place: Place) -> None:
    place.append(CHANGES, [change(1, version) for version in range(1, 7)])
    seen: list[int] = []
    seen_while_paused: list[int] = []

    def pause_at_the_third(received: Received[Change], control: Control) -> None:
        seen.append(received.value.version)
        if received.value.version == 3:
            control.pause()

            def resume() -> None:
                seen_while_paused.extend(seen)
                control.resume()

            threading.Timer(0.3, resume).start()
        if received.value.version == 6:
            control.stop()

    form.iterate(place, CHANGES, pause_at_the_third, group="g")
    assert (seen_while_paused, seen) == ([1, 2, 3], [1, 2, 3, 4, 5, 6])


def test_an_erased_overview_is_handed_over_as_none_under_its_key(form: Form, place: Place) -> None:
    first = examples.overview(party_ref=examples.party(1))
    place.append(OVERVIEWS, [(examples.party(1), encode(first)), (examples.party(1), None)])
    seen: list[tuple[str, object]] = []

    def note(received: Received[Any], control: Control) -> None:
        seen.append((received.key, received.value))
        if len(seen) == 2:
            control.stop()

    form.iterate(place, OVERVIEWS, note, group="g")
    assert seen == [(examples.party(1), first), (examples.party(1), None)]
