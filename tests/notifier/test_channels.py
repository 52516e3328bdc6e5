"""What every channel must do, whatever it leads to; then what only some do."""

from __future__ import annotations

import asyncio
import email
import email.policy
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from email.errors import HeaderParseError
from email.headerregistry import Address
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Protocol

import pytest
from tests.notifier.certificate import self_signed, server_context
from tests.notifier.mail_server import Fault, MailServer
from tests.notifier.silent_mail_server import SilentMailServer
from tests.notifier.worlds import NOON

from casebus_consumers.notifier.attempts import Claimed, MessageState, Patience
from casebus_consumers.notifier.channels.channel import Channel
from casebus_consumers.notifier.channels.email_form import email_form
from casebus_consumers.notifier.channels.files import FileChannel
from casebus_consumers.notifier.channels.signature import is_genuine
from casebus_consumers.notifier.channels.smtp import SmtpChannel, SmtpServer
from casebus_consumers.notifier.channels.webhook import WebhookChannel, webhook_body
from casebus_consumers.notifier.circuit_breaker import CircuitBreaker
from casebus_consumers.notifier.errors import ProviderDownError, RefusedError, SendError, TemporaryError
from casebus_consumers.notifier.message import Message
from casebus_consumers.notifier.notice import notice_id
from casebus_consumers.notifier.rate_limit import RateLimit
from casebus_schemas import ChannelKind

SECRET = b"a-secret-of-the-tests-only"
PREFERENCES = "https://overzicht.example/berichten"
ADDRESS = "an@example.org"


def a_message(number: int = 0, kind: ChannelKind = ChannelKind.EMAIL) -> Message:
    return Message(
        id=notice_id(f"change-{number}", kind),
        channel=kind,
        language="nl",
        created_at=NOON,
        is_urgent=True,
        subject="Beslissing over: Premie €",
        text="Dag,\n\nEr is een beslissing.\n.\n",
        html="<p>Er is een beslissing €.</p>",
    )


class Receiver(Protocol):
    """The other end of a channel: what it got, by message id, and how to make it fail."""

    channel: Channel
    address: str

    def received(self) -> list[str]: ...

    def fail(self, *faults: Fault) -> None: ...


def smtp_channel(port: int, **more: object) -> SmtpChannel:
    sender = Address("Mijn overzicht", addr_spec="noreply@overzicht.example")
    return SmtpChannel(
        SmtpServer("127.0.0.1", port, sender, **{"tls": "none", "timeout_seconds": 0.5, **more}),  # type: ignore[arg-type]  # options of the tests
        unsubscribe_url=PREFERENCES,
        connections=2,
    )


class MailReceiver:
    def __init__(self, server: MailServer, **more: object) -> None:
        self.server = server
        self.address = ADDRESS
        self.channel: Channel = smtp_channel(server.port, **more)

    def received(self) -> list[str]:
        return [str(mail["Message-ID"]).strip("<>").partition("@")[0] for _, mail in self.server.mails()]

    def fail(self, *faults: Fault) -> None:
        self.server.faults.extend(faults)


STATUS = {Fault.BUSY: 429, Fault.CLOSING: 503, Fault.REFUSED: 410}


class HookReceiver:
    """An HTTPS server that checks signatures, as a provider would."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self.faults: list[Fault] = []
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.released = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                fault = receiver.faults.pop(0) if receiver.faults else Fault.NONE
                if fault.accepts:
                    receiver.calls.append(({name.lower(): value for name, value in self.headers.items()}, body))
                if fault in (Fault.SILENT_BEFORE, Fault.SILENT_AFTER):
                    receiver.released.wait(10)
                if fault in (Fault.GONE_BEFORE, Fault.GONE_AFTER, Fault.SILENT_BEFORE, Fault.SILENT_AFTER):
                    self.close_connection = True
                    return
                self.send_response(200 if fault.accepts else STATUS[fault])
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = server_context(certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        host = f"localhost:{self._server.server_port}"
        self.address = f"https://{host}/citizen/42"
        self.channel: Channel = WebhookChannel(
            secret=SECRET, hosts=[host], timeout_seconds=0.5, ca_file=str(certificate)
        )

    def received(self) -> list[str]:
        for headers, body in self.calls:
            timestamp, id_ = int(headers["webhook-timestamp"]), headers["webhook-id"]
            assert is_genuine(SECRET, id_, timestamp, body, headers["webhook-signature"], now=time.time())
            assert headers["idempotency-key"] == id_
        return [headers["webhook-id"] for headers, _ in self.calls]

    def fail(self, *faults: Fault) -> None:
        self.faults.extend(faults)

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def mail_receiver(_directory: Path) -> Iterator[Receiver]:
    with MailServer() as server:
        yield MailReceiver(server)


@contextmanager
def secure_mail_receiver(directory: Path) -> Iterator[Receiver]:
    certificate, key = self_signed(directory)
    with MailServer(tls=server_context(certificate, key)) as server:
        receiver = MailReceiver(server, tls="starttls", ca_file=str(certificate))
        yield receiver


@contextmanager
def hook_receiver(directory: Path) -> Iterator[Receiver]:
    receiver = HookReceiver(*self_signed(directory))
    try:
        yield receiver
    finally:
        receiver.close()


RECEIVERS: dict[str, Callable[[Path], object]] = {
    "smtp": mail_receiver,
    "smtp-starttls": secure_mail_receiver,
    "webhook": hook_receiver,
}


@pytest.fixture(params=RECEIVERS)
def receiver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Receiver]:
    with RECEIVERS[request.param](tmp_path) as made:  # type: ignore[attr-defined]  # each is a context manager
        yield made


def send(receiver: Receiver, *messages: Message) -> list[SendError | None]:
    """One after the other over the one channel; what each came to."""

    async def go() -> list[SendError | None]:
        results: list[SendError | None] = []
        for message in messages:
            try:
                await receiver.channel.send(message, receiver.address)
                results.append(None)
            except SendError as error:
                results.append(error)
        await receiver.channel.close()
        return results

    return asyncio.run(go())


def ids(*messages: Message) -> list[str]:
    return [str(message.id) for message in messages]


def test_messages_arrive_in_order_over_kept_connections(receiver: Receiver) -> None:
    messages = [a_message(number) for number in range(5)]
    assert send(receiver, *messages) == [None] * 5
    assert receiver.received() == ids(*messages)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.BUSY, TemporaryError),
        (Fault.CLOSING, ProviderDownError),
        (Fault.REFUSED, RefusedError),
        (Fault.SILENT_BEFORE, ProviderDownError),
        (Fault.SILENT_AFTER, ProviderDownError),
        (Fault.GONE_BEFORE, ProviderDownError),
        (Fault.GONE_AFTER, ProviderDownError),
    ],
)
def test_each_failure_says_what_to_do_and_the_next_message_goes_through(
    receiver: Receiver, fault: Fault, expected: type[SendError]
) -> None:
    receiver.fail(fault)
    failed, good = a_message(1), a_message(2)
    error, nothing = send(receiver, failed, good)
    assert type(error) is expected
    assert nothing is None
    assert receiver.received() == (ids(failed, good) if fault.accepts else ids(good))
    assert ADDRESS not in f"{error!r} {error.__context__!r}"


def test_a_repetition_can_be_told_by_its_id(receiver: Receiver) -> None:
    receiver.fail(Fault.GONE_AFTER)
    send(receiver, a_message(), a_message())
    assert len(receiver.received()) == 2
    assert len(set(receiver.received())) == 1


def test_nobody_there_is_a_matter_of_the_provider(tmp_path: Path) -> None:
    with MailServer() as server:
        receiver = MailReceiver(server)
    (error,) = send(receiver, a_message())
    assert isinstance(error, ProviderDownError)
    assert error.reason == "smtp-connect"


def test_a_server_without_starttls_gets_no_mail(tmp_path: Path) -> None:
    with MailServer() as server:
        (error,) = send(MailReceiver(server, tls="starttls"), a_message())
        assert isinstance(error, ProviderDownError)
        assert server.mails() == []


@pytest.mark.parametrize("falls_silent_after", ["STARTTLS", "EHLO", "DATA"])
def test_a_server_that_falls_silent_over_tls_is_hung_up_on_at_once(tmp_path: Path, falls_silent_after: str) -> None:
    certificate, key = self_signed(tmp_path)
    with SilentMailServer(server_context(certificate, key), falls_silent_after) as server:
        channel = smtp_channel(server.port, tls="starttls", ca_file=str(certificate))

        async def go() -> None:
            with pytest.raises(ProviderDownError):
                await channel.send(a_message(), ADDRESS)
            await asyncio.to_thread(server.wait_until_hung_up_on)

        asyncio.run(go())


def test_a_mail_has_text_and_html_and_the_headers_that_matter(tmp_path: Path) -> None:
    with MailServer() as server:
        send(MailReceiver(server), a_message())
        ((to, mail),) = server.mails()
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert to == mail["To"] == ADDRESS
    assert text.get_content().replace("\r\n", "\n") == "Dag,\n\nEr is een beslissing.\n.\n"
    assert "beslissing €" in html.get_content()
    assert mail["Subject"] == "Beslissing over: Premie €"
    assert mail["List-Unsubscribe"] == f"<{PREFERENCES}>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == NOON


def test_long_headers_are_folded_and_read_as_they_were_meant() -> None:
    name, subject = "Het overzicht van één overheid", "Beslissing over één premie " * 9 + "."
    where = f"https://overzicht.example/{'y' * 90}"
    form = email_form(
        replace(a_message(), subject=subject),
        sender=Address(name, "noreply", "overzicht.example"),
        address=ADDRESS,
        unsubscribe_url=where,
    )
    read = email.message_from_bytes(form, policy=email.policy.default)
    assert (read["Subject"], read["From"].addresses[0].display_name) == (subject, name)
    assert read["List-Unsubscribe"].strip() == f"<{where}>"
    assert form.isascii()
    assert b"\n" not in form.replace(b"\r\n", b"")
    assert [line for line in form.split(b"\r\n") if len(line) > 78 and where.encode() not in line] == []


@pytest.mark.parametrize("newline", ["\r\n", "\n"])
def test_no_header_can_hold_another_one(newline: str) -> None:
    message = replace(a_message(), traceparent=f"00{newline}Bcc: bob@example.org")
    with pytest.raises(HeaderParseError):
        email_form(
            message,
            sender=Address("M", "noreply", "overzicht.example"),
            address=ADDRESS,
            unsubscribe_url=PREFERENCES,
        )


@pytest.mark.parametrize(
    "address", ["a,bob@example.org", "an@example.org,bob@example.org", "bob@", "@", "x y@z.be", "an@één.be"]
)
def test_what_is_not_exactly_one_address_gets_nothing(address: str) -> None:
    with MailServer() as server:
        receiver = MailReceiver(server)
        receiver.address = address
        (error,) = send(receiver, a_message())
        assert isinstance(error, RefusedError)
        assert server.mails() == []


def test_a_webhook_is_only_called_where_we_know_who_answers(tmp_path: Path) -> None:
    with hook_receiver(tmp_path) as receiver:
        receiver.address = "https://169.254.169.254/latest"
        (error,) = send(receiver, a_message())
    assert isinstance(error, RefusedError)
    assert error.reason == "webhook-host"


def test_an_old_or_changed_webhook_call_is_not_genuine() -> None:
    from casebus_consumers.notifier.channels.signature import sign

    body = webhook_body(a_message())
    signature = sign(SECRET, "id", 1000, body)
    assert is_genuine(SECRET, "id", 1000, body, f"v1,other {signature}", now=1200)
    assert not is_genuine(SECRET, "id", 1000, body, signature, now=1301)
    assert not is_genuine(SECRET, "id", 1001, body, signature, now=1200)
    assert not is_genuine(SECRET, "id2", 1000, body, signature, now=1200)
    assert not is_genuine(SECRET, "id", 1000, body + b" ", signature, now=1200)


def test_a_file_is_a_mail_that_can_be_opened(tmp_path: Path) -> None:
    channel = FileChannel(tmp_path, ChannelKind.EMAIL, unsubscribe_url=PREFERENCES)
    asyncio.run(channel.send(a_message(), ADDRESS))
    asyncio.run(channel.send(a_message(), ADDRESS))
    (file,) = tmp_path.iterdir()
    assert file.name == f"{a_message().id}.eml"
    assert email.message_from_bytes(file.read_bytes(), policy=email.policy.default)["To"] == ADDRESS
    with pytest.raises(ProviderDownError):
        asyncio.run(FileChannel(tmp_path / "absent", ChannelKind.EMAIL, unsubscribe_url="").send(a_message(), ADDRESS))


def test_waits_grow_until_the_time_is_up() -> None:
    patience = Patience(timedelta(minutes=1), timedelta(hours=2), timedelta(hours=24))
    now, failures, waits = NOON, 0, []
    while True:
        claimed = Claimed(
            notice_id("c", None), ChannelKind.EMAIL, ADDRESS, "nl", NOON, NOON + patience.give_up_after, 1, failures, ()
        )
        result = patience.after(claimed, TemporaryError("smtp-451"), now)
        if result.state is MessageState.FAILED:
            break
        waits.append(result.at - now)
        now, failures = result.at, failures + 1
    assert waits == sorted(waits)
    assert waits[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert timedelta(hours=22) < now - NOON <= timedelta(hours=24)
    assert result.reason == "gave-up.smtp-451"
    assert patience.after(claimed, RefusedError("smtp-550"), NOON).state is MessageState.FAILED


def test_a_provider_that_fails_is_left_alone_and_tried_once_after_each_pause() -> None:
    breaker = CircuitBreaker()
    for _ in range(5):
        assert breaker.wait_seconds(0) == 0
        breaker.failed(0)
    assert breaker.wait_seconds(0) == 2
    assert breaker.wait_seconds(2) == 0, "one attempt"
    assert breaker.wait_seconds(2) > 0, "only one"
    breaker.failed(2)
    assert breaker.wait_seconds(3) == 3, "the pause has doubled"
    assert breaker.wait_seconds(6) == 0
    breaker.succeeded()
    assert breaker.wait_seconds(6) == breaker.wait_seconds(6) == 0


def test_a_rate_is_kept_without_bursts() -> None:
    limit = RateLimit(per_second=10)
    waits = [limit.take(100.0) for _ in range(21)]
    assert waits[0] == 0
    assert waits[-1] == pytest.approx(1.9, abs=0.01)
    assert limit.take(200.0) == 0
