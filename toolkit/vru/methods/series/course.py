"""The treated units as one series (beside the comparison units as another), and its calendar."""

from dataclasses import dataclass

import numpy as np

from vru.errors import MethodError, Problem
from vru.methods.arms import Arms, common_window, take_arms
from vru.panel import Panel, Role

FEWEST_BEFORE, ENOUGH_BEFORE = 12, 24
"""Periods before the start; and as many months."""


@dataclass(frozen=True, slots=True)
class PeriodSeries:
    """Totals over units, in the periods that every unit has.

    treated, comparison : ``(n,)`` offences; comparison is 0 throughout where there are no such units.
    exposure, comparison_exposure : ``(n,)``, summed over units (unit-periods where the panel has none).
    time : ``(n,)`` numbers of periods, 0 in the first of treatment; a missing one leaves a gap.
    """

    arms: Arms
    treated: np.ndarray
    comparison: np.ndarray
    exposure: np.ndarray
    comparison_exposure: np.ndarray
    time: np.ndarray

    @property
    def post(self) -> np.ndarray:
        """Bool ``(n,)``: from the start."""
        return np.asarray(self.time >= 0)


def take_series(panel: Panel, outcome: str, roles: tuple[Role, ...], *, exposure: bool) -> PeriodSeries:
    """Add up the units of each role.

    Raises MethodError where the arms cannot be compared, starts differ, fewer than 12 periods, or than a year of them, come
    before the start, or an arm recorded nothing on one side of it.
    """
    arms = take_arms(panel, outcome, roles)
    if arms.staggered:
        raise MethodError(
            Problem(
                "treated units start in different months; a series has one start",
                where="units.starts",
                hint="evaluate each start separately, or use poisson_did with comparison units",
            )
        )
    start = arms.periods[int(arms.first.min())]
    arms = common_window(arms)
    size = arms.exposure if exposure and arms.exposure is not None else np.ones_like(arms.counts)
    t = arms.treated
    series = PeriodSeries(
        arms=arms,
        treated=arms.counts[t].sum(axis=0),
        comparison=arms.counts[~t].sum(axis=0),
        exposure=size[t].sum(axis=0),
        comparison_exposure=size[~t].sum(axis=0),
        time=arms.calendar.steps(arms.periods, start),
    )
    _refuse(series, outcome)
    return series


def _refuse(series: PeriodSeries, outcome: str) -> None:
    before = int((~series.post).sum())
    fewest, enough = (max(n, series.arms.calendar.months(n)) for n in (FEWEST_BEFORE, ENOUGH_BEFORE))
    if before < fewest:
        raise MethodError(
            Problem(
                f"only {before} months are observed before the start, and a course needs {fewest}",
                where=f"outcome {outcome}",
                hint=f"widen the window to {enough} months or more, or use poisson_did with comparison units",
            )
        )
    if series.treated[~series.post].sum() == 0:
        raise MethodError(
            Problem(
                "no offences were recorded in treated units before the start, so there is no course to continue",
                where=f"outcome {outcome}",
                hint="use a broader outcome or a longer window",
            )
        )


def refuse_silence_after(series: PeriodSeries, kept: np.ndarray, outcome: str, *, controlled: bool) -> None:
    """Refuse where a ratio is zero or infinite because an arm recorded nothing in a phase.

    kept : bool ``(n,)``, months that enter the model.
    """
    sides = [("treated", series.treated, "after", series.post)]
    if controlled:
        sides += [("comparison", series.comparison, "before", ~series.post)]
        sides += [("comparison", series.comparison, "after", series.post)]
    empty = [f"{arm} units {when} the start" for arm, y, when, phase in sides if y[phase & kept].sum() == 0]
    if empty:
        raise MethodError(
            Problem(
                f"no offences were recorded in {' and in '.join(empty)}, so the ratio cannot be estimated",
                where=f"outcome {outcome}",
                hint="use a broader outcome or a longer window; before_after with interval exact, and "
                "relative_rate_ratio, answer with 0.5 added and say so",
            )
        )


def length_notes(series: PeriodSeries) -> tuple[str, ...]:
    """What a short series means for the reader."""
    before, after = int((~series.post).sum()), int(series.post.sum())
    notes = []
    enough = max(ENOUGH_BEFORE, series.arms.calendar.months(ENOUGH_BEFORE))
    if before < enough:
        notes.append(
            f"Only {before} months before the start: season and trend are hardly told apart from each other. "
            f"{enough} or more are advised."
        )
    if after < 3:
        notes.append(f"Only {after} month(s) after the start: the effect rests on very few counts.")
    return tuple(notes)
