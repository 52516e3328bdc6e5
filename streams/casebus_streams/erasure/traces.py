"""Finding a party in a record: by pseudonym and, before pseudonymisation, by number. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any

import orjson

from casebus_streams.erasure.subject import Subject

_ENCODED = (b'"original":"', b'"key":"')


class Traces:
    """What to look for. ``in_record`` is called for every record of the bus, so a look at the bytes settles most."""

    def __init__(self, subject: Subject) -> None:
        self._needles = [ref.encode() for ref in subject.party_refs]
        if subject.number is not None:
            self._needles.append(subject.number.encode())

    def in_record(self, key: bytes | None, value: bytes | None, headers: object = None) -> bool:
        """Whether a record is about the party, as far as its key, value or headers say."""
        return any(self._in(text) for text in _texts(key, value, headers))

    def _in(self, text: bytes) -> bool:
        return any(needle in text for needle in self._needles)


def _texts(key: bytes | None, value: bytes | None, headers: object) -> Iterator[bytes]:
    """The record's parts as bytes in which a number or a pseudonym stands as it is, however it was written."""
    if key:
        yield key
    if headers:
        yield repr(headers).encode()
    if not value:
        return
    yield value
    if any(name in value for name in _ENCODED):
        yield from _decoded(value)
    elif b"\\u" in value:
        yield _unescaped(value)


def _decoded(value: bytes) -> Iterator[bytes]:
    """The bytes that a rejection or a dead letter carries in base64, escapes undone."""
    document = _json(value)
    if not isinstance(document, dict):
        return
    for name in ("original", "key"):
        text = document.get(name)
        if isinstance(text, str):
            try:
                original = base64.b64decode(text, validate=True)
            except (binascii.Error, ValueError):
                continue
            yield original
            if b"\\u" in original:
                yield _unescaped(original)


def _unescaped(value: bytes) -> bytes:
    document = _json(value)
    return b"" if document is None else orjson.dumps(document)


def _json(value: bytes) -> Any:
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
