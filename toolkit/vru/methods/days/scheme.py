"""The schedule as the plan says it was drawn: held against what is there, and drawn again."""

from datetime import date
from typing import Literal, Protocol

import numpy as np
from numpy.random import Generator
from scipy import stats

from vru.errors import MethodError, Problem
from vru.methods.days.rows import AreaDays, Time, named
from vru.stats.patrol_draws import Redrawn, Scheme, faults, lines, redraw_both, redraw_independent, redraw_lines

Block = Literal["week", "month"] | int
LARGEST = 1_500_000_000
SCHEMES: dict[str, str] = {
    "within_day": "the same number of areas each day",
    "within_area": "the same number of days in each area",
    "within_area_block": "the same number of days in each area in each block of days",
    "within_both": "the totals of every area and every day kept",
    "independent": "each area-day by itself, with a known probability",
}


class ScheduleOptions(Protocol):
    """What the options of every method on patrol days say of the schedule and of time."""

    @property
    def level(self) -> float:
        """Of the interval."""

    @property
    def scheme(self) -> Scheme:
        """How the schedule was drawn."""

    @property
    def probability(self) -> float | None:
        """Of each area-day, where each was drawn by itself."""

    @property
    def block(self) -> Block:
        """What days make a block."""

    @property
    def time(self) -> Time:
        """What days share an effect."""

    @property
    def draws(self) -> int:
        """Schedules to draw."""

    @property
    def exposure(self) -> bool:
        """Whether to use the panel's exposure."""


def consistent(scheme: Scheme, probability: float | None, block: Block) -> None:
    """Raise ValueError where options of the schedule contradict each other."""
    if (scheme == "independent") != (probability is not None):
        raise ValueError("probability goes with scheme: independent, and is needed there")
    if isinstance(block, int) and block < 2:
        raise ValueError("block: at least 2 days")


def redraw(rows: AreaDays, opts: ScheduleOptions, rng: Generator) -> Redrawn:
    """Schedules that might have been drawn. Raises MethodError where the schedule does not obey the scheme."""
    if rows.assigned.size * opts.draws > LARGEST:
        most = LARGEST // rows.assigned.size
        raise MethodError(Problem("too many draws for a schedule of this size", "draws", f"at most {most:,}"))
    if opts.scheme == "within_both":
        return redraw_both(rows.assigned, rows.observed, opts.draws, rng)
    if opts.scheme == "independent":
        if opts.probability is None:
            raise TypeError("options demand a probability")
        _likely(rows, opts.probability)
        return redraw_independent(rows.assigned, rows.observed, opts.probability, opts.draws, rng)
    block = _blocks(rows.days, opts.block)
    line = lines(opts.scheme, rows.assigned.shape, block)
    _obeys(rows, opts.scheme, line, block)
    return redraw_lines(rows.assigned, rows.observed, line, opts.draws, rng)


def scheme_words(opts: ScheduleOptions, drawn: Redrawn) -> str:
    """How p and interval came about, in words."""
    number = f"all {len(drawn.assigned):,} schedules" if drawn.exact else f"{len(drawn.assigned):,} schedules drawn"
    return f"randomisation inference, studentised, {number} ({opts.scheme}: {SCHEMES[opts.scheme]})"


def _obeys(rows: AreaDays, scheme: Scheme, line: np.ndarray, block: np.ndarray) -> None:
    wrong = faults(rows.assigned, rows.observed, line)
    if not wrong:
        return
    told = [f"{_place(rows, scheme, f.line, block)} has {f.found}, not {f.wanted}" for f in wrong]
    raise MethodError(
        Problem(
            f"the schedule was not drawn with {SCHEMES[scheme]}: {named(told)}",
            where=f"scheme: {scheme}",
            allowed=", ".join(s for s in SCHEMES if s != scheme),
            hint="name the scheme that was used; if none fits, the days were not drawn as the plan says",
        )
    )


def _place(rows: AreaDays, scheme: Scheme, line: int, block: np.ndarray) -> str:
    if scheme == "within_day":
        return rows.days[line]
    if scheme == "within_area":
        return rows.units[line]
    area, part = divmod(line, int(block.max()) + 1)
    return f"{rows.units[area]} from {rows.days[int(np.argmax(block == part))]}"


def _likely(rows: AreaDays, probability: float) -> None:
    on, n = int(rows.on.sum()), int(rows.observed.sum())
    if stats.binomtest(on, n, probability).pvalue < 0.001:
        raise MethodError(
            Problem(
                f"{on:,} of {n:,} area-days are treated ({on / n:.1%}), which a probability of {probability:g} would "
                "hardly ever give",
                where="probability",
                hint="give the probability that was used; if the number was fixed, use the scheme that fixed it",
            )
        )


def _blocks(days: tuple[str, ...], block: Block) -> np.ndarray:
    if isinstance(block, int):
        return np.arange(len(days)) // block
    if block == "month":
        return np.asarray(np.unique([d[:7] for d in days], return_inverse=True)[1])
    number = [date.fromisoformat(d).toordinal() for d in days]
    return np.asarray(np.unique([(n - 1) // 7 for n in number], return_inverse=True)[1])
