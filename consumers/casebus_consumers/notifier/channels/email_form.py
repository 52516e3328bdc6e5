"""A message as an e-mail: text and HTML in one, with the headers that mail programs understand. Pure."""

from __future__ import annotations

from binascii import b2a_qp
from email.errors import HeaderParseError
from email.header import Header
from email.headerregistry import Address
from email.message import Message as Part
from email.policy import compat32
from email.utils import format_datetime, formataddr
from typing import Final

from casebus_consumers.notifier.errors import RefusedError
from casebus_consumers.notifier.message import Message

# The newer policies parse every header that they write: 1.9 ms a mail, where this takes a fifth of that.
_POLICY: Final = compat32.clone(linesep="\r\n")


def email_form(message: Message, *, sender: Address, address: str, unsubscribe_url: str) -> bytes:
    """The bytes to send, the same in every attempt: ``Message-ID``, ``Date`` and boundary included.

    Seven bits and CRLF throughout, so that no server has to change it. ``Auto-Submitted`` keeps out-of-office
    answers away (RFC 3834), ``Traceparent`` leads back to the agency's trace. Raises ``RefusedError`` when
    ``address`` is not exactly one.
    """
    form = Part(_POLICY)
    form["MIME-Version"] = "1.0"
    form["Content-Type"] = f'multipart/alternative; boundary="=_{message.id.hex}"'
    form["From"] = formataddr((sender.display_name, sender.addr_spec))
    form["To"] = _checked(address)
    form["Subject"] = Header(message.subject, "utf-8", header_name="Subject").encode()
    form["Date"] = format_datetime(message.created_at)
    form["Message-ID"] = f"<{message.id}@{sender.domain}>"
    form["List-Unsubscribe"] = f"<{unsubscribe_url}>"
    form["Auto-Submitted"] = "auto-generated"
    form["Content-Language"] = message.language
    if message.is_urgent:
        form["Importance"] = "high"
    if message.traceparent is not None:
        form["Traceparent"] = message.traceparent
    form.attach(_part("plain", message.text))
    form.attach(_part("html", message.html))
    return form.as_bytes()


def _part(subtype: str, text: str) -> Part:
    part = Part(_POLICY)
    part["Content-Type"] = f'text/{subtype}; charset="utf-8"'
    part["Content-Transfer-Encoding"] = "quoted-printable"
    part.set_payload(b2a_qp(text.encode()).decode("ascii"))
    return part


def _checked(address: str) -> str:
    try:
        return Address(addr_spec=address).addr_spec
    except (ValueError, IndexError, HeaderParseError):
        raise RefusedError("address") from None  # the original holds it
