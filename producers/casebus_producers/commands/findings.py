"""Refusals as text for people and as JSON for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebus_producers.tally import Refusal, RefusalTally

if TYPE_CHECKING:
    from casebus_producers.feedback.verdict import VerdictTally

SHOWN_AFTER_PUBLISHING = 20


def refusal_lines(refusal: Refusal) -> list[str]:
    """One line for each reason, the way compilers put it: line, field, message, rule."""
    return [f"line {refusal.place}: {reason}" for reason in refusal.reasons]


def summary_lines(refusals: RefusalTally) -> list[str]:
    """The first refusals, then the most frequent reasons when there are more refusals than shown."""
    lines = [line for refusal in refusals.first[:SHOWN_AFTER_PUBLISHING] for line in refusal_lines(refusal)]
    if refusals.count > SHOWN_AFTER_PUBLISHING:
        lines.append(f"... and {refusals.count - SHOWN_AFTER_PUBLISHING:,} more lines. Most frequent reasons:")
        lines += [f"{count:>9,} x {reason}" for reason, count in refusals.top_reasons()]
    return [f"  {line}" for line in lines]


def refusals_json(refusals: RefusalTally) -> dict[str, object]:
    """The same for programs; ``findings_left_out`` lines are counted in ``invalid`` but not listed."""
    return {
        "invalid": refusals.count,
        "findings": [
            {"line": refusal.place, **reason.model_dump()} for refusal in refusals.first for reason in refusal.reasons
        ],
        "findings_left_out": refusals.count - len(refusals.first),
        "top_reasons": _top_reasons(refusals),
    }


def verdict_lines(verdict: VerdictTally) -> list[str]:
    """What the bus made of what was published, with the most frequent reasons; nothing when it said nothing."""
    if not verdict.published or verdict.unjudged == verdict.published:
        return []
    unjudged = f", {verdict.unjudged:,} without a verdict yet" if verdict.unjudged else ""
    return [
        f"the bus: {verdict.accepted:,} accepted, {verdict.rejected.count:,} rejected{unjudged}",
        *(f"  {count:>9,} x {reason}" for reason, count in verdict.rejected.top_reasons()),
        *([f"accepted with a warning: {verdict.warnings.count:,}"] if verdict.warnings.count else []),
        *(f"  {count:>9,} x {reason}" for reason, count in verdict.warnings.top_reasons()),
    ]


def verdict_json(verdict: VerdictTally) -> dict[str, object]:
    """The same for programs."""
    return {
        "accepted": verdict.accepted,
        "rejected": verdict.rejected.count,
        "unjudged": verdict.unjudged,
        "top_reasons": _top_reasons(verdict.rejected),
        "warnings": verdict.warnings.count,
        "top_warnings": _top_reasons(verdict.warnings),
        "problem": verdict.problem,
    }


def _top_reasons(tally: RefusalTally) -> list[dict[str, object]]:
    return [{**reason.model_dump(), "count": count} for reason, count in tally.top_reasons()]
