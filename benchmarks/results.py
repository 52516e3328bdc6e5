"""What was measured against what was promised, and the files that keep it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

BOUNDS_FILE: Final = Path(__file__).parent / "bounds.json"
RESULTS: Final = Path(__file__).parent / "results"


class Measured(NamedTuple):
    """One number."""

    name: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Bound:
    """What a value must reach, at least or at most. Both ends hold."""

    at_least: float | None = None
    at_most: float | None = None

    def holds(self, value: float) -> bool:
        """Whether ``value`` is within it; a value that is no number is not."""
        if math.isnan(value):
            return False
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)

    def __str__(self) -> str:
        ends = [("≥", self.at_least), ("≤", self.at_most)]
        return " ".join(f"{sign} {end:,g}" for sign, end in ends if end is not None)


@dataclass(frozen=True, slots=True)
class Result:
    """A number beside its bound; without one, ``holds`` is None."""

    name: str
    value: float
    unit: str
    bound: str | None
    holds: bool | None

    def as_json(self) -> dict[str, Any]:
        """As it stands in ``bench.json``."""
        return {
            "name": self.name,
            "value": None if math.isnan(self.value) else self.value,
            "unit": self.unit,
            "bound": self.bound,
            "holds": self.holds,
        }


def load_bounds(path: Path = BOUNDS_FILE) -> dict[str, Bound]:
    """The bounds by the name of what they bound."""
    return {name: Bound(**ends) for name, ends in json.loads(path.read_text()).items()}


def judge(measured: Iterable[Measured], bounds: Mapping[str, Bound]) -> list[Result]:
    """Each number against its bound, if there is one."""
    results = []
    for name, value, unit in measured:
        bound = bounds.get(name)
        rounded = value if math.isnan(value) else float(f"{value:.4g}")
        holds = None if bound is None else bound.holds(value)
        results.append(Result(name, rounded, unit, None if bound is None else str(bound), holds))
    return results


def keep(results: list[Result], circumstances: dict[str, Any], *, is_complete: bool, directory: Path = RESULTS) -> None:
    """Write ``bench.json`` and ``circumstances.json``.

    Unless the run is complete, a benchmark that had no part in it keeps what it had: its own entry in the
    circumstances says from when that is.
    """
    directory.mkdir(exist_ok=True)
    bench, beside = directory / "bench.json", directory / "circumstances.json"
    kept = {entry["name"]: entry for entry in ([] if is_complete else _read(bench, default=[]))}
    kept |= {result.name: result.as_json() for result in results}
    bench.write_text(json.dumps(list(kept.values()), indent=1, ensure_ascii=False) + "\n")
    nothing: dict[str, Any] = {"benchmarks": {}}
    before = nothing if is_complete else _read(beside, default=nothing)
    benchmarks = before["benchmarks"] | circumstances["benchmarks"]
    beside.write_text(json.dumps(circumstances | {"benchmarks": benchmarks}, indent=1, ensure_ascii=False) + "\n")


def _read(path: Path, *, default: Any) -> Any:
    return json.loads(path.read_text()) if path.exists() else default
