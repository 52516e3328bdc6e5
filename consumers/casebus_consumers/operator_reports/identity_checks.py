"""The identity provider, as the profile service uses it: its keys, its clock, its addresses."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

import httpx
from pydantic import ValidationError

from casebus_consumers.profile.settings import ProfileOptions, ProfileSettings
from casebus_consumers.profile.signing_keys import fetch_from, read_key_set
from casebus_producers.operator_reports import Finding, Verdict
from casebus_schemas.reasons import explain

AREA: Final = "identity provider"
TOLERATED_SECONDS: Final = 5.0

_NAMED_BY: Final = "CASEBUS_PROFILE__ISSUER"
_TIMEOUT_SECONDS = 5.0


def identity_findings() -> Iterator[Finding]:
    """Nothing when this environment is not the profile service's. Blocks; raises nothing."""
    if _NAMED_BY not in os.environ:
        return
    try:
        options = ProfileSettings().profile
    except ValidationError as error:
        for reason in explain(error):
            yield Finding(AREA, "settings", Verdict.PROBLEM, str(reason), "mend the setting: docs/operating.md#profile")
        return
    yield _keys(options)
    addresses = {"keys": options.jwks_url, "login": options.login.authorization_endpoint}
    addresses["tokens"] = options.login.token_endpoint
    for what, address in addresses.items():
        if address is not None:
            yield from _answering(what, address)


def _keys(options: ProfileOptions) -> Finding:
    place = options.jwks_file or options.jwks_url
    try:
        keys = read_key_set(fetch_from(place)()) if place is not None else {}
    except (OSError, ValueError) as error:
        return Finding(
            AREA,
            "keys",
            Verdict.PROBLEM,
            f"cannot be read: {error}",
            "nobody can log in without them: ask the provider",
        )
    if not keys:
        return Finding(AREA, "keys", Verdict.PROBLEM, "no RSA or EC signing key with a kid", "ask the provider")
    return Finding(AREA, "keys", Verdict.WELL, f"{len(keys)} signing keys")


def _answering(what: str, address: str) -> Iterator[Finding]:
    """Any answer will do, be it a refusal: its head tells the provider's clock."""
    host = urlsplit(address).hostname or ""
    try:
        answer = httpx.head(address, timeout=_TIMEOUT_SECONDS, follow_redirects=False)
    except httpx.HTTPError as error:
        says = f"{host} does not answer: {type(error).__name__}"
        yield Finding(AREA, what, Verdict.PROBLEM, says, "mend the address, the network policy, or the provider")
        return
    if answer.status_code >= 500:
        yield Finding(AREA, what, Verdict.WARNING, f"{host} answers {answer.status_code}", "ask the provider")
    else:
        yield Finding(AREA, what, Verdict.WELL, f"{host} answers")
    if "date" in answer.headers:
        yield from _clock(what, answer.headers["date"])


def _clock(what: str, date: str) -> Iterator[Finding]:
    apart = parsedate_to_datetime(date).timestamp() - time.time()
    if abs(apart) > TOLERATED_SECONDS:
        yield Finding(
            AREA,
            f"{what} clock",
            Verdict.PROBLEM,
            f"{apart:+.0f} s from this machine's",
            "synchronise the clocks (NTP): fresh tokens are refused, or expired ones taken",
        )
