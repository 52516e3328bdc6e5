"""One alert."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["critical", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Fires when ``expression`` has had a result for ``holds_for``, one alert for each set of labels in it.

    ``critical``: citizens are affected or data is at stake, somebody must act now. ``warning``: it can wait for the
    next working day. ``summary`` and ``description`` are Prometheus templates; what to do stands in the runbook under
    the alert's name.
    """

    name: str
    expression: str
    holds_for: str
    severity: Severity
    summary: str
    description: str

    @property
    def anchor(self) -> str:
        """The section on this alert in the runbook."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class AlertGroup:
    """Alerts that are evaluated one after the other, at one moment."""

    name: str
    alerts: tuple[Alert, ...]


def risen(counter: str, *, by: str, window: str) -> str:
    """By how much a counter has risen within ``window``, summed over processes.

    ``increase`` alone does not see a series that appears with a value, as a counter does whose labels were never met
    before: neither the first dead letter, nor a night's batch that is refused for a new reason all at once. What was
    not there at the beginning of the window has risen by all that it is.
    """
    return f"sum by ({by}) (({counter} unless {counter} offset {window}) or increase({counter}[{window}]))"
