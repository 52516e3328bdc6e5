"""Refusals as text for people and as JSON for programs."""

from __future__ import annotations

from casebus_producers.tally import Refusal, RefusalTally

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
        "top_reasons": [{**reason.model_dump(), "count": count} for reason, count in refusals.top_reasons()],
    }
