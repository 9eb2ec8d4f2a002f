"""From a panel to cohorts by start month: a full rectangle of counts, and who may serve as comparison."""

from dataclasses import dataclass, replace

import numpy as np

from vru.errors import MethodError, Problem
from vru.methods.arms import Arms, take_arms
from vru.panel import Panel
from vru.stats.group_time import Cohorts, Control, find_cohorts


@dataclass(frozen=True, slots=True)
class CohortArms:
    """Arms without gaps and their cohorts; moving_exposure : the units' exposures do not move together."""

    arms: Arms
    cohorts: Cohorts
    moving_exposure: bool


def take_cohorts(panel: Panel, outcome: str, control: Control, *, keep_empty: bool) -> CohortArms:
    """Treated and comparison units in the months that all of them have.

    With ``control`` "not_yet" and no comparison units, the cohort that starts last serves as comparison, up to
    the month before its start. Raises MethodError where no comparison is left, or a cohort has no month before
    or from its start.
    """
    alone = control == "not_yet" and not panel.is_role("comparison").any()
    starts = {s for s, r in zip(panel.starts, panel.role, strict=True) if r == "treated" and s is not None}
    if alone and len(starts) > 1:
        arms = _last_as_comparison(take_arms(panel, outcome, ("treated",), keep_empty=keep_empty))
    else:
        arms = take_arms(panel, outcome, ("treated", "comparison"), keep_empty=keep_empty)
    moving = arms.exposure is not None and _moves(arms.exposure)
    arms = _rectangle(arms)
    return CohortArms(arms, find_cohorts(arms.first, len(arms.periods)), moving)


def cohort_notes(taken: CohortArms, control: Control) -> tuple[str, ...]:
    """What the reader should know about the arms, whichever method uses them."""
    arms, cohorts = taken.arms, taken.cohorts
    notes = [*arms.notes]
    if len(cohorts.starts) == 1:
        notes.append("All treated units start in one month: this is plain difference-in-differences.")
    else:
        sizes = "; ".join(f"{arms.periods[s]}: {n}" for s, n in zip(cohorts.starts, cohorts.size[:-1], strict=True))
        notes.append(f"Treated units by start month: {sizes}.")
        served = "units never treated" if control == "never" else "units never or not yet treated"
        notes.append(f"No unit serves as comparison once it has started; comparison: {served}.")
    if taken.moving_exposure:
        notes.append("The panel's exposure changes over time and is not used here; poisson_did uses it.")
    return tuple(notes)


def _last_as_comparison(arms: Arms) -> Arms:
    last = int(arms.first.max())
    late = arms.first == last
    keep = np.arange(len(arms.periods)) < last
    note = (
        f"There are no comparison units: the {int(late.sum())} unit(s) that start last, in {arms.periods[last]}, serve "
        "as comparison, and months from then on are left out."
    )
    moved = replace(
        arms,
        role=np.where(late, "comparison", arms.role),
        first=np.where(late, last, arms.first),
        notes=(*arms.notes, note),
    )
    return _cut(moved, keep)


def _rectangle(arms: Arms) -> Arms:
    """Leave out the months that any unit lacks."""
    full = np.asarray(arms.observed.all(axis=0))
    if full.all():
        return arms
    treated = arms.first[arms.first < len(arms.periods)]
    for start in np.unique(treated):
        if not full[:start].any() or not full[start:].any():
            raise MethodError(
                Problem(
                    f"no month before or no month from {arms.periods[start]} on is observed in every unit",
                    where="missing months",
                    hint="leave out the units with gaps, or use poisson_did, which uses every observed unit-month",
                )
            )
    uneven = int((~full & arms.observed.any(axis=0)).sum())
    if uneven:
        note = f"{uneven} month(s) that some units lack were left out for all, so that months are comparable."
        arms = replace(arms, notes=(*arms.notes, note))
    return _cut(arms, full)


def _cut(arms: Arms, keep: np.ndarray) -> Arms:
    return replace(
        arms,
        periods=tuple(p for p, k in zip(arms.periods, keep, strict=True) if k),
        counts=arms.counts[:, keep],
        observed=arms.observed[:, keep],
        first=np.array([int(keep[:f].sum()) for f in arms.first]),
        exposure=None if arms.exposure is None else arms.exposure[:, keep],
    )


def _moves(exposure: np.ndarray) -> bool:
    log = np.log(exposure)
    rest = log - log.mean(axis=1, keepdims=True) - log.mean(axis=0, keepdims=True) + log.mean()
    return bool(np.abs(rest).max() > 1e-9)
