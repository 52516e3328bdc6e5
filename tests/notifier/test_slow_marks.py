"""A database that is slow to write down what was sent, on the real Kafka and PostgreSQL, with a real mail server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from tests.notifier.mail_server import MailServer
from tests.notifier.notifier_bus import NotifierBus
from tests.notifier.test_notifier_service import IMMEDIATE, PATIENCE_SECONDS, first_words, mail_id, wait_for_states
from tests.notifier.worlds import wishes

from casebus_consumers.notifier.sender import AT_ONCE
from casebus_local import wait_until
from casebus_schemas import Change

pytestmark = pytest.mark.integration

# Claims go on, so that a sender would have enough to send.
HOLD_MARKS = """
CREATE FUNCTION wait_for_release() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NEW; END $$;
CREATE TRIGGER held BEFORE UPDATE ON notifier_messages FOR EACH ROW
WHEN (NEW.state = 'sent') EXECUTE FUNCTION wait_for_release();
"""
MARKS_WAIT = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 1 AND NOT granted"


@contextmanager
def no_marks(bus: NotifierBus) -> Iterator[psycopg.Connection]:
    """No message can be marked as sent until the connection that this gives is closed."""
    with psycopg.connect(bus.dsn, autocommit=True) as connection:
        connection.execute(HOLD_MARKS)
        connection.execute("SELECT pg_advisory_lock(1)")
        yield connection


def planned(bus: NotifierBus, server: MailServer, count: int) -> list[Change]:
    """So many changes, each with a mail that is due."""
    told = first_words(count)
    bus.want(*(wishes(party=party, cadences=IMMEDIATE) for party in range(count)))
    bus.change(*told)
    with bus.notifier(server.port, "--no-send"):
        wait_for_states(bus, {"pending": count})
    return told


def wait_until_marks_wait(bus: NotifierBus) -> None:
    wait_until(lambda: bus.rows(MARKS_WAIT), timeout_seconds=PATIENCE_SECONDS, describe="a mark waits")


def claimed(bus: NotifierBus) -> int:
    return int(bus.rows("SELECT count(*) FROM notifier_messages WHERE claims > 0")[0][0])


def test_no_more_than_were_under_way_are_repeated_by_a_kill(notifier_bus: NotifierBus, mail_server: MailServer) -> None:
    told = planned(notifier_bus, mail_server, 4 * AT_ONCE)
    with no_marks(notifier_bus), notifier_bus.notifier(mail_server.port, "--no-plan"):
        wait_until_marks_wait(notifier_bus)
        wait_until(
            lambda: claimed(notifier_bus) >= 2 * AT_ONCE and mail_server.message_ids().total() >= AT_ONCE,
            timeout_seconds=PATIENCE_SECONDS,
            describe="all that is claimed at once, and all that may be under way",
        )
        with pytest.raises(TimeoutError):
            wait_until(lambda: mail_server.message_ids().total() > AT_ONCE, timeout_seconds=1, describe="more mails")
    with notifier_bus.notifier(mail_server.port, "--no-plan"):
        wait_for_states(notifier_bus, {"sent": len(told)})
    accepted = mail_server.message_ids()
    assert set(accepted) == {mail_id(each) for each in told}
    assert accepted.total() <= len(told) + AT_ONCE


def test_what_has_waited_until_its_lease_ended_is_not_sent_on_the_old_claim(
    notifier_bus: NotifierBus, mail_server: MailServer
) -> None:
    told = planned(notifier_bus, mail_server, 2 * AT_ONCE)
    with notifier_bus.notifier(mail_server.port, "--no-plan", CASEBUS_NOTIFIER__LEASE_SECONDS="6"):
        with no_marks(notifier_bus) as holder:
            wait_until_marks_wait(notifier_bus)
            leases_ended = "SELECT bool_and(next_attempt_at < now()) FROM notifier_messages WHERE claims = 1"
            wait_until(
                lambda: claimed(notifier_bus) == len(told) and (holder.execute(leases_ended).fetchone() or [False])[0],
                timeout_seconds=PATIENCE_SECONDS,
                describe="the leases of all messages have ended",
            )
        wait_for_states(notifier_bus, {"sent": len(told)})
    accepted = mail_server.message_ids()
    assert set(accepted) == {mail_id(each) for each in told}
    assert sorted(accepted.values())[:AT_ONCE] == [1] * AT_ONCE, "those that were not under way: once"
