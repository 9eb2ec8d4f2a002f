"""How an interval and a p-value were obtained, in one value."""

from dataclasses import dataclass

from vru.stats.intervals import Bounds

TOO_NARROW = (
    "This interval knows totals only: it takes months as independent and areas as changing alike, and is too narrow. In "
    "placebo evaluations on real violence (hottest areas split by lot, nothing done) it raised 19 to 24 false alarms in 100 "
    "as a ratio, and 25 to 54 as a difference, instead of 5. Where counts by area are known, variance: by_area uses them."
)
"""Measured by ``benchmarks/placebo_real.py`` on 27 November 2026, before intervals by area were the default."""


@dataclass(frozen=True, slots=True)
class Inference:
    """bounds and se on the estimate's scale, p two-sided, words for the reader, notes to add."""

    bounds: Bounds
    se: float | None
    p: float | None
    words: str
    notes: tuple[str, ...] = ()
