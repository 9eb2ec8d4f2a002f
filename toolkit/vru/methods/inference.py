"""How an interval and a p-value were obtained, in one value."""

from dataclasses import dataclass

from vru.stats.intervals import Bounds


@dataclass(frozen=True, slots=True)
class Inference:
    """bounds and se on the estimate's scale, p two-sided, words for the reader, notes to add."""

    bounds: Bounds
    se: float | None
    p: float | None
    words: str
    notes: tuple[str, ...] = ()
