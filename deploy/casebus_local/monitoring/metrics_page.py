"""The page that lists every metric, made from what the processes declare."""

from __future__ import annotations

from collections.abc import Iterator

from casebus_local.monitoring.catalogue import LABELS, PARTS, Part
from casebus_producers.metric_declaration import MetricDeclaration

_TOP = """\
<!-- Generated: python -m casebus_local.monitoring write . -->
# Metrics

Every metric of every process, made from its declaration in the code. Prometheus reads them at `/metrics`, on a port
that [settings](operating.md#settings) choose. What to do when one is not as it should be stands in the
[runbook](operations/alerts.md); the dashboards are in `deploy/grafana`.

Beside these, each process of the bus exports what the Python client does: `process_resident_memory_bytes`,
`process_cpu_seconds_total`, `process_open_fds`, `process_start_time_seconds`, `python_gc_…`.

A counter only rises, and begins at 0 again with its process: look at `rate` or `increase`. A histogram `x` is exported
as `x_bucket` (with the label `le`), `x_sum` and `x_count`.
"""

_LABELS_TOP = """\
## Labels

Each has few values, and none is ever a party, a case or anything that a citizen or an agency writes.

| label | is |
|---|---|
"""


def metrics_page() -> str:
    """The whole page, in Markdown."""
    labels = "".join(f"| `{label}` | {meaning} |\n" for label, meaning in LABELS.items())
    return "\n".join([_TOP, *map(_section, PARTS), _LABELS_TOP + labels])


def name_on_the_page(declaration: MetricDeclaration) -> str:
    """As Prometheus shows it."""
    return f"{declaration.name}_total" if declaration.kind == "counter" else declaration.name


def _section(part: Part) -> str:
    return f"## {part.title}\n\n{part.where}\n\n" + "".join(_table(part))


def _table(part: Part) -> Iterator[str]:
    yield "| metric | type | unit | labels | meaning |\n|---|---|---|---|---|\n"
    for declaration in part.declarations:
        labels = ", ".join(f"`{label}`" for label in declaration.labels)
        cells = (
            f"`{name_on_the_page(declaration)}`",
            declaration.kind,
            declaration.unit,
            labels,
            declaration.meaning,
        )
        yield f"| {' | '.join(cells)} |\n"
