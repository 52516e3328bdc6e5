"""Sessions and login attempts, in PostgreSQL: any replica knows them, and a logout ends them everywhere."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from casebus_consumers.profile.database import ProfileDatabase
from casebus_consumers.profile.identity import Identity
from casebus_consumers.profile.login.provider import Attempt
from casebus_consumers.profile.tokens import Login

PAGE_CLIENT = "page"
ATTEMPT_LIFETIME = timedelta(minutes=10)

INSERT = """
INSERT INTO sessions (key_hash, party_ref, display_name, high_assurance, form_token, expires_at)
VALUES (%s, %s, %s, %s, %s, %s)
"""
READ = """
SELECT party_ref, display_name, high_assurance, form_token, expires_at FROM sessions
WHERE key_hash = %s AND expires_at > %s
"""
DELETE = "DELETE FROM sessions WHERE key_hash = %s"
DELETE_EXPIRED = ("DELETE FROM sessions WHERE expires_at <= %s", "DELETE FROM login_attempts WHERE expires_at <= %s")
INSERT_ATTEMPT = """
INSERT INTO login_attempts (key_hash, state, nonce, code_verifier, return_to, expires_at)
VALUES (%s, %s, %s, %s, %s, %s)
"""
TAKE_ATTEMPT = """
DELETE FROM login_attempts WHERE key_hash = %s AND expires_at > %s RETURNING state, nonce, code_verifier, return_to
"""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is logged in to the page. ``form_token`` proves that a form came from a page of theirs."""

    identity: Identity
    display_name: str
    form_token: str


class Sessions:
    """The tables ``sessions`` and ``login_attempts``. All methods raise ``StoreUnavailableError``.

    A key is 256 random bits for the browser's cookie; the tables have its SHA-256, so who reads them can log in as
    nobody.
    """

    def __init__(self, database: ProfileDatabase, *, lifetime: timedelta) -> None:
        self._database = database
        self.lifetime = lifetime

    async def begin(self, login: Login, *, now: datetime) -> str:
        """A new session; its key."""
        key, identity = secrets.token_urlsafe(32), login.identity
        row = [_hash(key), identity.party_ref, login.display_name, identity.high_assurance, secrets.token_urlsafe(32)]
        async with self._database.transaction() as cursor:
            await cursor.execute(INSERT, [*row, now + self.lifetime])
        return key

    async def find(self, key: str, *, now: datetime) -> Session | None:
        """The session with this key, None when there is none or it has expired."""
        async with self._database.transaction() as cursor:
            await cursor.execute(READ, [_hash(key), now])
            row = await cursor.fetchone()
        if row is None:
            return None
        party_ref, display_name, high_assurance, form_token, expires_at = row
        identity = Identity(party_ref, high_assurance, expires_at.timestamp(), client=PAGE_CLIENT)
        return Session(identity, display_name, form_token)

    async def end(self, key: str) -> None:
        """End a session; one that does not exist is ended already."""
        async with self._database.transaction() as cursor:
            await cursor.execute(DELETE, [_hash(key)])

    async def begin_attempt(self, attempt: Attempt, *, now: datetime) -> str:
        """Keep an attempt for some minutes; its key. Forgets whatever has expired."""
        key = secrets.token_urlsafe(32)
        values = [attempt.state, attempt.nonce, attempt.code_verifier, attempt.return_to]
        async with self._database.transaction() as cursor:
            for statement in DELETE_EXPIRED:
                await cursor.execute(statement, [now])
            await cursor.execute(INSERT_ATTEMPT, [_hash(key), *values, now + ATTEMPT_LIFETIME])
        return key

    async def take_attempt(self, key: str, *, now: datetime) -> Attempt | None:
        """The attempt with this key, once: nobody gets it again."""
        async with self._database.transaction() as cursor:
            await cursor.execute(TAKE_ATTEMPT, [_hash(key), now])
            row = await cursor.fetchone()
        return None if row is None else Attempt(*row)


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
