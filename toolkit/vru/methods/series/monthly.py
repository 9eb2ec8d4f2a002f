"""The treated units as one monthly series (beside the comparison units as another), and its calendar."""

from dataclasses import dataclass

import numpy as np

from vru.errors import MethodError, Problem
from vru.methods.arms import Arms, common_window, take_arms
from vru.panel import Panel, Role

FEWEST_BEFORE = 12
ENOUGH_BEFORE = 24


@dataclass(frozen=True, slots=True)
class MonthlySeries:
    """Totals over units, in the months that every unit has.

    treated, comparison : ``(n,)`` offences; comparison is 0 throughout where there are no such units.
    exposure, comparison_exposure : ``(n,)``, summed over units (unit-months where the panel has none).
    time : ``(n,)`` month numbers, 0 in the first month of treatment; a missing month leaves a gap.
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


def take_series(panel: Panel, outcome: str, roles: tuple[Role, ...], *, exposure: bool) -> MonthlySeries:
    """Add up the units of each role.

    Raises MethodError where the arms cannot be compared, starts differ, fewer than 12 months come
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
    series = MonthlySeries(
        arms=arms,
        treated=arms.counts[t].sum(axis=0),
        comparison=arms.counts[~t].sum(axis=0),
        exposure=size[t].sum(axis=0),
        comparison_exposure=size[~t].sum(axis=0),
        time=np.array([_month(p) for p in arms.periods]) - _month(start),
    )
    _refuse(series, outcome)
    return series


def _month(period: str) -> int:
    return int(period[:4]) * 12 + int(period[5:7])


def _refuse(series: MonthlySeries, outcome: str) -> None:
    before = int((~series.post).sum())
    if before < FEWEST_BEFORE:
        raise MethodError(
            Problem(
                f"only {before} months are observed before the start, and a course needs {FEWEST_BEFORE}",
                where=f"outcome {outcome}",
                hint=f"widen the window to {ENOUGH_BEFORE} months or more, or use poisson_did with comparison units",
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


def refuse_silence_after(series: MonthlySeries, kept: np.ndarray, outcome: str, *, controlled: bool) -> None:
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


def length_notes(series: MonthlySeries) -> tuple[str, ...]:
    """What a short series means for the reader."""
    before, after = int((~series.post).sum()), int(series.post.sum())
    notes = []
    if before < ENOUGH_BEFORE:
        notes.append(
            f"Only {before} months before the start: season and trend are hardly told apart from each other. "
            f"{ENOUGH_BEFORE} or more are advised."
        )
    if after < 3:
        notes.append(f"Only {after} month(s) after the start: the effect rests on very few counts.")
    return tuple(notes)
