"""The rights and credentials of a cluster: read and changed, without a decision of its own.

Every call blocks for a request, and raises ``AccessError`` for what the cluster or its policy refuses and
``KafkaException`` when nobody answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._scram import (
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

from casebus_streams.access.acl_bindings import binding_of, everything_of, grant_of
from casebus_streams.access.errors import AccessError
from casebus_streams.access.grants import Grant

_TIMEOUT_SECONDS = 30.0
_PRINCIPAL_TYPE = "User:"
_MECHANISM = ScramMechanism.SCRAM_SHA_512
# What NIST asks of PBKDF2 with SHA-512 is more; passwords here are random, so guessing is hopeless at any count.
_ITERATIONS = 8192
_REFUSALS = {
    KafkaError.SECURITY_DISABLED: "the brokers have no authorizer, so they refuse nobody anything",
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: "this principal may not change rights: an administrator may",
}


class BrokerAccess:
    """Users are named without ``User:``."""

    def __init__(self, admin: AdminClient) -> None:
        self._admin = admin

    def users(self) -> frozenset[str]:
        """Who has a SCRAM-SHA-512 credential."""
        with _explaining():
            asked = self._admin.describe_user_scram_credentials(request_timeout=_TIMEOUT_SECONDS)
            if not isinstance(asked, Future):
                raise TypeError("the client answers a question about all users with one future")
            answer: dict[str, Any] = asked.result()
        return frozenset(
            user
            for user, description in answer.items()
            if any(info.mechanism is _MECHANISM for info in description.scram_credential_infos)
        )

    def grants(self) -> dict[str, frozenset[Grant]]:
        """The rights of everyone; an ACL that no grant can express is left out."""
        with _explaining():
            bindings = self._admin.describe_acls(everything_of(None), request_timeout=_TIMEOUT_SECONDS).result()
        found: dict[str, set[Grant]] = {}
        for binding in bindings:
            grant = grant_of(binding)
            if grant is not None:
                found.setdefault(binding.principal.removeprefix(_PRINCIPAL_TYPE), set()).add(grant)
        return {user: frozenset(each) for user, each in found.items()}

    def give(self, user: str, grants: Iterable[Grant]) -> None:
        """Give ``user`` these rights; those it has already are no error."""
        bindings = [binding_of(_PRINCIPAL_TYPE + user, grant) for grant in sorted(grants)]
        if bindings:
            _results(self._admin.create_acls(bindings, request_timeout=_TIMEOUT_SECONDS).values())

    def take_all(self, user: str) -> None:
        """Remove every ACL of ``user``. What it has open is refused from now on."""
        everything = everything_of(_PRINCIPAL_TYPE + user)
        _results(self._admin.delete_acls([everything], request_timeout=_TIMEOUT_SECONDS).values())

    def set_password(self, user: str, password: str) -> None:
        """Give ``user`` this password instead of any earlier one. Open connections stay until they log in again."""
        info = ScramCredentialInfo(_MECHANISM, _ITERATIONS)
        change = UserScramCredentialUpsertion(user, info, password.encode())
        _results(self._admin.alter_user_scram_credentials([change], request_timeout=_TIMEOUT_SECONDS).values())

    def remove_password(self, user: str) -> None:
        """Let ``user`` log in no more; it must have a credential."""
        change = UserScramCredentialDeletion(user, _MECHANISM)
        _results(self._admin.alter_user_scram_credentials([change], request_timeout=_TIMEOUT_SECONDS).values())


def _results(answers: Iterable[Future[Any]]) -> None:
    with _explaining():
        for answer in answers:
            answer.result()


@contextmanager
def _explaining() -> Iterator[None]:
    try:
        yield
    except KafkaException as error:
        refusal = _REFUSALS.get(error.args[0].code())
        if refusal is None:
            raise
        raise AccessError(refusal) from error
