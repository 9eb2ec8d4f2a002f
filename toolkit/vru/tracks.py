"""Pings of officers on their way from a reader to areas: who is a number, and nothing here says whose."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

Clock = Literal["utc", "local"]
"""What clock the times of a file are by."""


@dataclass(frozen=True, slots=True)
class Batch:
    """who : int32 running number. second : int64 since 1970 by the files' clock. x, y : as they stand. All ``(n,)``."""

    who: np.ndarray
    second: np.ndarray
    x: np.ndarray
    y: np.ndarray


@dataclass(slots=True)
class Read:
    """Rows that were left out, by reason, and how many people were seen."""

    rows: int = 0
    without: dict[str, int] = field(default_factory=dict)
    people: int = 0

    def leave(self, reason: str, n: int) -> None:
        """Count rows that are not used."""
        if n:
            self.without[reason] = self.without.get(reason, 0) + int(n)
