"""Remembering verified tokens for a short while: checking a signature costs more than reading an overview."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from casebus_consumers.profile.identity import Identity


class TokenCache:
    """The identities of at most ``size`` tokens, the least recently used dropped first.

    An identity is kept for ``seconds``, never past its token's expiry. Tokens are kept as SHA-256 only; a token that
    was refused is not kept at all.
    """

    def __init__(
        self,
        verify: Callable[[str], Awaitable[Identity]],
        *,
        size: int,
        seconds: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._verify = verify
        self._size = size
        self._seconds = seconds
        self._clock = clock
        self._known: OrderedDict[bytes, tuple[Identity, float]] = OrderedDict()

    async def identify(self, token: str) -> Identity:
        """Who holds the token; raises what ``verify`` raises."""
        digest = hashlib.sha256(token.encode()).digest()
        now = self._clock()
        known = self._known.get(digest)
        if known is not None:
            identity, valid_until = known
            if now < valid_until:
                self._known.move_to_end(digest)
                return identity
            del self._known[digest]
        identity = await self._verify(token)
        self._known[digest] = identity, min(identity.expires_at, now + self._seconds)
        if len(self._known) > self._size:
            self._known.popitem(last=False)
        return identity
