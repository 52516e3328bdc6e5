"""The mail server, as the notifier uses it: reachable, encrypted, willing to let us in."""

from __future__ import annotations

import os
import smtplib
import ssl
import time
from collections.abc import Iterator
from typing import Final

from pydantic import ValidationError

from casebus_consumers.notifier.settings import NotifierSettings, SmtpOptions
from casebus_producers.operator_reports import Finding, Verdict
from casebus_schemas.reasons import explain

AREA: Final = "mail server"
EXPIRES_SOON_DAYS: Final = 14

_NAMED_BY: Final = "CASEBUS_NOTIFIER__SMTP__HOST"
_TIMEOUT_SECONDS = 10.0


def mail_findings() -> Iterator[Finding]:
    """Logs in and sends nothing. Nothing when this environment names no mail server. Blocks; raises nothing."""
    if _NAMED_BY not in os.environ:
        return
    try:
        smtp = NotifierSettings().notifier.smtp
    except ValidationError as error:
        for reason in explain(error):
            yield Finding(AREA, "settings", Verdict.PROBLEM, str(reason), "mend the setting: docs/notifications.md")
        return
    if smtp is None:
        return
    place = f"{smtp.host}:{smtp.port}"
    try:
        yield from _session(smtp, place)
    except smtplib.SMTPAuthenticationError as error:
        yield Finding(AREA, place, Verdict.PROBLEM, f"refuses the login: {error.smtp_code}", "mend user or password")
    except ssl.SSLError as error:
        yield Finding(AREA, place, Verdict.PROBLEM, f"TLS: {error.reason}", "mend its certificate, or CA_FILE")
    except (smtplib.SMTPException, OSError) as error:
        says = f"does not take us: {type(error).__name__}"
        yield Finding(AREA, place, Verdict.PROBLEM, says, "mails wait meanwhile; mend the address, network, or server")


def _session(smtp: SmtpOptions, place: str) -> Iterator[Finding]:
    context = ssl.create_default_context(cafile=None if smtp.ca_file is None else str(smtp.ca_file))
    if smtp.tls == "implicit":
        client: smtplib.SMTP = smtplib.SMTP_SSL(smtp.host, smtp.port, timeout=_TIMEOUT_SECONDS, context=context)
    else:
        client = smtplib.SMTP(smtp.host, smtp.port, timeout=_TIMEOUT_SECONDS)
    with client:
        client.ehlo_or_helo_if_needed()
        if smtp.tls == "starttls":
            client.starttls(context=context)
            client.ehlo()
        if smtp.username is not None and smtp.password_file is not None:
            client.login(smtp.username, smtp.password_file.read_text().strip())
        client.noop()
        yield Finding(
            AREA, place, Verdict.WELL, "takes our mail" if smtp.tls != "none" else "takes our mail, in the clear"
        )
        if isinstance(client.sock, ssl.SSLSocket):
            yield from _certificate(client.sock)


def _certificate(connection: ssl.SSLSocket) -> Iterator[Finding]:
    expires = str((connection.getpeercert() or {}).get("notAfter", ""))
    if expires:
        days = (ssl.cert_time_to_seconds(expires) - time.time()) / 86_400
        if days < EXPIRES_SOON_DAYS:
            yield Finding(AREA, "certificate", Verdict.WARNING, f"expires in {days:.0f} days", "have it renewed")
