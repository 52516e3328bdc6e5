"""The channels and the agencies' names that the settings ask for."""

from __future__ import annotations

import orjson

from casebus_consumers.notifier.channels.channel import Channel
from casebus_consumers.notifier.channels.files import FileChannel
from casebus_consumers.notifier.channels.smtp import SmtpChannel, SmtpServer
from casebus_consumers.notifier.channels.webhook import WebhookChannel
from casebus_consumers.notifier.settings import NotifierOptions, SmtpOptions
from casebus_schemas import ChannelKind, ShortText

UNBOUNDED = 10_000.0
"""More than a process can send: what a directory takes."""


def configured_channels(options: NotifierOptions) -> dict[ChannelKind, Channel]:
    """The channels by what they are to citizens. Reads secrets; raises ``OSError`` or ``ValueError``."""
    channels: dict[ChannelKind, Channel] = {}
    if options.smtp is not None:
        channels[ChannelKind.EMAIL] = SmtpChannel(
            smtp_server(options.smtp), unsubscribe_url=options.preferences_url, connections=options.smtp.connections
        )
    if options.directory is not None:
        channels[ChannelKind.EMAIL] = FileChannel(
            options.directory, ChannelKind.EMAIL, unsubscribe_url=options.preferences_url
        )
    if options.webhook is not None:
        ca_file = None if options.webhook.ca_file is None else str(options.webhook.ca_file)
        channels[ChannelKind.WEBHOOK] = WebhookChannel(
            secret=options.webhook.read_secret(), hosts=options.webhook.hosts, ca_file=ca_file
        )
    return channels


def rate_of(channel: ChannelKind, options: NotifierOptions) -> float:
    """Messages a second."""
    limits = options.smtp if channel is ChannelKind.EMAIL else options.webhook
    return UNBOUNDED if limits is None else limits.per_second


def smtp_server(smtp: SmtpOptions) -> SmtpServer:
    """Where mail goes. Reads the password; raises ``OSError``."""
    return SmtpServer(
        host=smtp.host,
        port=smtp.port,
        sender=smtp.sender,
        tls=smtp.tls,
        username=smtp.username,
        password=None if smtp.password_file is None else smtp.password_file.read_text().strip(),
        ca_file=None if smtp.ca_file is None else str(smtp.ca_file),
    )


def agency_names(options: NotifierOptions) -> dict[str, ShortText]:
    """How citizens know the agencies. Raises ``OSError`` or ``ValueError``."""
    if options.agency_names_file is None:
        return {}
    names = orjson.loads(options.agency_names_file.read_bytes())
    return {agency: ShortText.model_validate(name) for agency, name in names.items()}
