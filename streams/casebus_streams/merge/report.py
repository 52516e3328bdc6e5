"""What a merge did, for a person and for a program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class MergeReport:
    """``into``: the party that holds everything now. ``is_merged``: it had been marked before.

    ``to_move``: events under the old party that had not been deleted yet; ``moved`` were copied, ``deleted`` got a
    tombstone. ``preferences``: *kept* under the old party for now, *moved*, or *none*.
    """

    into: str
    is_merged: bool
    to_move: int
    moved: int = 0
    deleted: int = 0
    preferences: str = "kept"

    @property
    def is_settled(self) -> bool:
        """Whether there was nothing to move any more: an earlier run has moved it all."""
        return self.is_merged and not self.moved

    def as_json(self) -> dict[str, Any]:
        """As ``--json`` prints it."""
        return {
            "into": self.into,
            "was_merged": self.is_merged,
            "to_move": self.to_move,
            "moved": self.moved,
            "deleted": self.deleted,
            "preferences": self.preferences,
        }
