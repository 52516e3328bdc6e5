"""From items to a message in the citizen's language: subject, text and HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape

from casebus_consumers.notifier.entry import AgencyNames, Entry, entries
from casebus_consumers.notifier.message import Item, Message
from casebus_consumers.notifier.wording import Wording, load_wordings
from casebus_schemas import Language

LONGEST_SUBJECT = 120
"""Characters. What is longer, no mail program shows."""


@dataclass(frozen=True, slots=True)
class Portal:
    """The place that messages lead to. Both are https addresses."""

    name: str
    overview_url: str
    preferences_url: str


@dataclass(frozen=True)
class Renderer:
    """Words and lays out messages. Reads its templates once, when made; raises ``TemplateError`` then or never."""

    portal: Portal
    agency_names: AgencyNames = field(default_factory=dict)
    _wordings: dict[Language, Wording] = field(init=False, default_factory=load_wordings)
    _text: Template = field(init=False, default_factory=lambda: _template("message.txt"))
    _html: Template = field(init=False, default_factory=lambda: _template("message.html"))

    def render(self, id: UUID, items: Sequence[Item], language: Language, created_at: datetime) -> Message:
        """The message for at least one item. Does not block; takes about half a millisecond."""
        wording = self._wordings[language]
        worded = entries(items, wording, self.agency_names)
        subject = _subject(worded, wording)
        values = {"entries": worded, "subject": subject, "say": wording, "portal": self.portal}
        return Message(
            id=id,
            channel=items[0].notice.channel,
            language=language,
            created_at=created_at,
            is_urgent=any(item.notice.is_urgent for item in items),
            subject=subject,
            text=self._text.render(values).strip() + "\n",
            html=self._html.render(values),
            traceparent=next((item.notice.traceparent for item in items if item.notice.traceparent), None),
        )


def _subject(worded: Sequence[Entry], wording: Wording) -> str:
    if len(worded) > 1:
        name = "several" if worded[0].to_do is None else "several-action"
        return wording("subjects", name, count=len(worded))
    only = worded[0]
    title = "" if only.title is None else only.title.text
    subject = wording("subjects", only.announced_as, title=title, date=only.deadline)
    return subject if len(subject) <= LONGEST_SUBJECT else subject[: LONGEST_SUBJECT - 1].rstrip() + "…"


def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("casebus_consumers.notifier"),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name)
