"""A party with everything that one can have is erased on the real Kafka and PostgreSQL, down to the bytes on disk."""

from __future__ import annotations

import json

import pytest
from tests.erasure.world import AGENCY, GONE, STAYS, World, clean_often, services
from tests.streams_operations.commands import Ended

from casebus_local import wait_until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

COMPACTED = ("accepted", "overviews", "preferences")


def prepare(world: World) -> None:
    """Bytes as they are, and a cleaner that does at once what it else does in two weeks."""
    clean_often(world.bus)
    prefix = world.bus.topics.prefix
    names = [f"{prefix}.{name}" for name in (*COMPACTED, "changes", f"submitted.{AGENCY}")]
    world.configure(*names, compression_type="uncompressed")
    world.configure(
        *names[: len(COMPACTED)],
        segment_ms="200",
        min_cleanable_dirty_ratio="0.0001",
        max_compaction_lag_ms="200",
        delete_retention_ms="0",
        file_delete_delay_ms="0",
    )


def live(world: World) -> None:
    """Two people share a case and have one of their own each; the first wants messages, and looked at everything."""
    world.publish("shared", GONE, STAYS, sequences=3)
    world.publish("own", GONE)
    world.publish("other", STAYS)
    world.wait_for_cases(GONE, "shared", "own")
    world.wait_for_cases(STAYS, "shared", "other")
    world.api("PUT", "/v1/preferences", GONE, {"language": "nl", "email": "gone@example.com"})
    world.api("POST", f"/v1/cases/{AGENCY}/own/seen", GONE, {"events": 1})
    world.wait(
        lambda: {"notifier_preferences", "notifier_cases"} <= world.tables_with(world.ref(GONE)), "the notifier knows"
    )


def cleaned(world: World, *needles: str) -> None:
    """Until nothing in the compacted topics' segments on disk holds one of ``needles``."""
    rounds = 0
    compacted = {f"{world.bus.topics.prefix}.{name}" for name in COMPACTED}

    def is_gone() -> bool:
        nonlocal rounds
        rounds += 1
        world.write_to_every_partition(compacted, rounds)
        return not world.segments_with(*needles) & compacted

    wait_until(is_gone, timeout_seconds=90, describe="compaction")


def left(ended: Ended) -> dict[str, int]:
    return {each["place"]: each["live"] - each["new_since"] for each in ended.report["topics"]}


def test_everything_about_a_party_goes_down_to_the_bytes_and_comes_back_from_nowhere(world: World) -> None:
    prepare(world)
    topics, ref = world.bus.topics, world.ref(GONE)
    with services(world):
        live(world)
        compacted = {topics.accepted, topics.overviews, topics.preferences}
        assert compacted | {topics.changes} <= world.segments_with(ref), "else nothing would be shown by its absence"
        assert "access_log" in world.tables_with(ref)

        looked = world.casebus("erase", "--json", *world.databases(), number=GONE)
        assert looked.code == 0, looked.err
        assert {each["place"]: each["live"] for each in looked.report["topics"] if each["live"]} == {
            topics.accepted: 4,
            topics.overviews: 1,
            topics.preferences: 1,
        }
        assert world.cases(GONE) == {"shared", "own"}, "to look changes nothing"
        before = world.check(GONE)
        assert before.code == 1
        tables = {name.partition(": ")[2] for name in before.report["rows"]}
        assert {"overviews", "access_log", "notifier_preferences", "notifier_cases"} <= tables

        erased = world.erase(GONE)
        assert erased.code == 0, erased.err + erased.out.decode()
        deleted = {each["place"]: each["deleted"] for each in erased.report["deleted"]}
        assert deleted[topics.accepted] == 4
        assert {topics.overviews, topics.preferences} <= deleted.keys()
        assert {"access_log", "notifier_cases", "overviews"} <= {name.partition(": ")[2] for name in deleted}
        assert world.tables_with(ref) == set()

        cleaned(world, ref)
        assert world.cases(STAYS) == {"shared", "other"}
        receipt = str(world.directory / "receipt.json")
        checked = world.check(GONE, "--receipt", receipt)
        assert checked.code == 0, checked.out.decode()
        assert left(checked).keys() == {topics.changes, topics.submitted(AGENCY)}, "by their retention only"
        assert all(each["gone_by"] for each in checked.report["topics"])

        rebuilt = world.casebus("rebuild", "--json")
        assert rebuilt.code == 0, rebuilt.err
        assert rebuilt.report["new_parties"] == 1
        assert world.casebus("verify", "--json").code == 0
        world.wait_for_cases(STAYS, "shared", "other")
        assert world.segments_with(ref) == {topics.changes}

        world.publish("new", GONE)
        world.wait_for_cases(GONE, "new")
        again = world.check(GONE, "--receipt", receipt)
        assert again.code == 0, "what came since is no fault of the erasure"
        assert max(each["new_since"] for each in again.report["topics"]) == 1


def test_the_receipt_says_what_where_and_until_when_and_no_word_about_whom(world: World) -> None:
    with services(world):
        world.publish("own", GONE)
        world.wait_for_cases(GONE, "own")
        assert world.erase(GONE).code == 0
    text = (world.directory / "receipt.json").read_text()
    assert GONE not in text
    assert world.ref(GONE) not in text
    receipt = json.loads(text)
    prefix = world.bus.topics.prefix
    remains = {each["place"]: each["until"] for each in receipt["remains"]}
    assert set(remains) == {
        *(f"{prefix}.{name}" for name in ("submitted.*", "rejected.*", "outcomes.*")),
        *(f"{prefix}.{name}" for name in ("dead-letters", "changes", "notifications")),
        *("backups", "other readers of the bus"),
    }
    assert {place for place, until in remains.items() if until is None} == {"other readers of the bus"}
    assert all(each["gone_by"] for each in receipt["deleted"] if each["place"].startswith(prefix))
    assert receipt["ticket"] == "DPO-17"

    anchored = world.casebus("audit", "verify", "--anchor", receipt["audit"])
    assert anchored.code == 0, anchored.out.decode()
    listed = world.casebus("audit", "list", "--json").out.decode()
    assert receipt["erasure_id"] in listed
    assert GONE not in listed
    assert world.ref(GONE) not in listed

    changed = world.directory / "changed.json"
    changed.write_text(text.replace("DPO-17", "DPO-18"))
    for file, number, said in ((changed, GONE, "was changed"), (world.directory / "receipt.json", STAYS, "else")):
        refused = world.check(number, "--receipt", str(file))
        assert (refused.code, said in refused.err) == (2, True)
