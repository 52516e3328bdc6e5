"""The tables of ``operating.md`` say what the processes do: nothing is missing in them, and nothing made up."""

from __future__ import annotations

import ast

from tests.docs.code_names import CONSUMERS, STREAMS, dead_letter_reasons, log_events
from tests.docs.pages import codes, page
from tests.docs.settings import variables

from casebus_consumers.profile.run import FAILED, MISCONFIGURED, STOPPED
from casebus_consumers.profile.settings import ProfileSettings
from casebus_producers.settings import AgencySettings
from casebus_schemas import DECLARATIONS, TopicDeclaration, partitions_of
from casebus_streams.commands.endings import IMPOSSIBLE
from casebus_streams.run import STOPPED_UNSAFE
from casebus_streams.settings import StreamsSettings

OPERATING = page("operating.md")
SETTINGS = ("Kafka", "Pseudonyms", "Tracing", "Streams", "Profile")
NEEDS_SOMEBODY = ("critical", "error")


def shown_settings() -> list[tuple[str, str]]:
    rows = [row for heading in SETTINGS for row in OPERATING.table(heading)]
    return [(name.strip("`"), default.strip("`")) for name, default, _ in rows]


def test_settings_of_every_process() -> None:
    known = dict(variables(StreamsSettings)) | dict(variables(ProfileSettings))
    assert dict(shown_settings()) == known


def test_every_setting_stands_there_once() -> None:
    assert len(shown_settings()) == len(dict(shown_settings()))


def test_settings_shared_with_agencies_are_the_same() -> None:
    kafka = {name: default for name, default in variables(AgencySettings) if name.startswith("CASEBUS_KAFKA__")}
    assert {name.strip("`"): default.strip("`") for name, default, _ in OPERATING.table("Kafka")} == kafka


def topic_row(topic: TopicDeclaration) -> list[str]:
    policy = topic.config["cleanup.policy"]
    days = int(topic.config.get("retention.ms", 0)) // 86_400_000
    return [
        f"`case-status.{topic.name}{'.<ovo>' if topic.per_agency else ''}`",
        topic.key,
        str(partitions_of(topic)),
        policy,
        f"{days} days" if days > 0 else "for ever",
        topic.writer,
        topic.readers,
    ]


def test_topics() -> None:
    assert OPERATING.table("Topics") == [topic_row(topic) for topic in DECLARATIONS]


def test_exit_codes() -> None:
    rows = OPERATING.table("Exit codes")
    assert {int(code) for process, code, _ in rows if process == "profile"} == {STOPPED, FAILED, MISCONFIGURED}
    assert {int(code) for process, code, _ in rows if process == "streams"} == {0, IMPOSSIBLE, STOPPED_UNSAFE}


def test_log_events_that_need_somebody() -> None:
    shown = {(level, event.strip("`")) for level, event, _, _ in OPERATING.table("Logs")}
    assert shown == log_events(*NEEDS_SOMEBODY)


def test_reasons_of_dead_letters() -> None:
    assert set(OPERATING.column("Dead letters appear")) == dead_letter_reasons()


def test_readiness_checks() -> None:
    source = ast.parse((CONSUMERS / "profile" / "composition.py").read_text("utf-8"))
    [checks] = [node.value for node in ast.walk(source) if isinstance(node, ast.keyword) and node.arg == "ready"]
    assert isinstance(checks, ast.Dict)
    named = {key.value for key in checks.keys if isinstance(key, ast.Constant)}
    [ready] = [text for path, text in OPERATING.table("Health") if path == "`/readyz`"]
    assert codes(ready) == named


def test_reasons_why_a_worker_ends_are_in_the_code() -> None:
    """The words to look for in ``stage_failed`` are those that the code writes."""
    source = "".join(path.read_text("utf-8") for path in STREAMS.rglob("*.py"))
    prose = OPERATING.section("A worker ends with 3")
    words = [part.strip(" …") for quoted in prose.split("*")[1::2] for part in quoted.split("…")]
    assert words
    assert [word for word in words if word and word not in source] == []
