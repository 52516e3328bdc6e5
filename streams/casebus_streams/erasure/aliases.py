"""All pseudonyms of one party: a merge makes the old one an alias, and who is erased is erased under each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import orjson

from casebus_producers.settings import KafkaSettings
from casebus_schemas import Erased, Merged, UndecodableError, decode_control, is_control_key, partition_of
from casebus_streams.erasure.broker_topics import BrokerTopic
from casebus_streams.erasure.holdings import everywhere
from casebus_streams.erasure.subject import Subject
from casebus_streams.erasure.topic_scan import Progress, every_record


def with_aliases(
    kafka: KafkaSettings, subject: Subject, overviews: BrokerTopic, accepted: BrokerTopic, progress: Progress
) -> Subject:
    """``subject`` with every pseudonym that is one with it. Blocks; reads the live overviews.

    An erasure that did not end may have taken the aliases out of the overviews already: then the accepted log is read,
    where the marker of a merge is deleted last.
    """
    merged = _aliases_in(kafka, overviews, progress)
    if _has_open_marker(kafka, subject.party_refs[0], accepted):
        merged |= _markers_in(kafka, accepted, progress)
    return replace(subject, party_refs=connected(subject.party_refs[0], merged))


def connected(party_ref: str, merged: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """``party_ref`` and all that merges, pairs of old and new, connect with it in either direction. Pure."""
    pairs, found = set(merged), [party_ref]
    for known in found:
        for pair in sorted(pairs):
            if known in pair:
                found += [ref for ref in pair if ref not in found]
    return tuple(found)


def _aliases_in(kafka: KafkaSettings, overviews: BrokerTopic, progress: Progress) -> set[tuple[str, str]]:
    aliases: dict[bytes, str] = {}
    for message in every_record(kafka, everywhere([overviews]), progress=progress):
        key, value = message.key() or b"", message.value()
        if value is not None and b'"merged_into":"' in value:
            aliases[key] = orjson.loads(value)["merged_into"]
        else:
            aliases.pop(key, None)
    return {(key.decode(), into) for key, into in aliases.items()}


def _has_open_marker(kafka: KafkaSettings, party_ref: str, accepted: BrokerTopic) -> bool:
    place = (accepted.name, partition_of(party_ref, accepted.partitions))
    markers: dict[bytes, bool] = {}
    for message in every_record(kafka, [place]):
        key = message.key() or b""
        if key.startswith(party_ref.encode()) and is_control_key(key):
            value = message.value()
            markers[key] = value is not None and isinstance(_control(value), Erased)
    return any(markers.values())


def _markers_in(kafka: KafkaSettings, accepted: BrokerTopic, progress: Progress) -> set[tuple[str, str]]:
    merges: dict[bytes, tuple[str, str]] = {}
    for message in every_record(kafka, everywhere([accepted]), progress=progress):
        key, value = message.key() or b"", message.value()
        if is_control_key(key):
            control = None if value is None else _control(value)
            if isinstance(control, Merged):
                merges[key] = (control.party_ref, control.into)
            else:
                merges.pop(key, None)
    return set(merges.values())


def _control(value: bytes) -> object:
    try:
        return decode_control(value)
    except UndecodableError:
        return None
