"""Lengths of time for people."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """A length of time for people, in its two largest units at most."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    for size, unit, smaller, smaller_unit in ((86_400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if seconds >= size:
            rest = int(seconds % size // smaller)
            return f"{int(seconds // size)} {unit}" + (f" {rest} {smaller_unit}" if rest else "")
    return f"{seconds:.0f} s"
