"""From a panel to the arms that a method compares: who, when, observed or not; and what to refuse."""

from dataclasses import dataclass

import numpy as np

from vru.errors import MethodError, Problem
from vru.panel import Panel, Role
from vru.periods import MONTHS, Calendar
from vru.results import PathPoint


@dataclass(frozen=True, slots=True)
class Arms:
    """Units of the roles asked for, all-zero units left out.

    counts : ``(n_units, n_periods)``, 0 where not observed. observed : bool, same shape.
    first : int ``(n_units,)``, start column; ``n_periods`` for units never treated.
    exposure : same shape as counts, or None. notes : what was left out, in plain words.
    """

    units: tuple[str, ...]
    periods: tuple[str, ...]
    role: np.ndarray
    counts: np.ndarray
    observed: np.ndarray
    first: np.ndarray
    exposure: np.ndarray | None
    notes: tuple[str, ...]
    calendar: Calendar = MONTHS

    @property
    def treated(self) -> np.ndarray:
        """Bool ``(n_units,)``."""
        return np.asarray(self.role == "treated")

    @property
    def after(self) -> np.ndarray:
        """Bool ``(n_units, n_periods)``: from each unit's own start."""
        return np.arange(len(self.periods))[None, :] >= self.first[:, None]

    @property
    def post(self) -> np.ndarray:
        """Bool ``(n_periods,)``: from the earliest start."""
        return np.arange(len(self.periods)) >= int(self.first.min())

    @property
    def staggered(self) -> bool:
        """Whether treated units start in different periods."""
        return len(np.unique(self.first[self.treated])) > 1

    @property
    def angle(self) -> np.ndarray:
        """Time of year per period, 0 to 2 pi and on, ``(n_periods,)``."""
        return self.calendar.angle(self.periods)

    @property
    def n_pre(self) -> int:
        """Periods before the earliest start that any unit has data for."""
        return int((self.observed.any(axis=0) & ~self.post).sum())

    @property
    def n_post(self) -> int:
        """Periods from the earliest start that any unit has data for."""
        return int((self.observed.any(axis=0) & self.post).sum())


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts of one role before and after, over the periods used, and in how many units."""

    before: float
    after: float
    units: int


def take_arms(panel: Panel, outcome: str, roles: tuple[Role, ...], *, keep_empty: bool = False) -> Arms:
    """The units of these roles, without those that never recorded an offence unless ``keep_empty``.

    Raises MethodError naming everything that makes a comparison impossible.
    """
    problems = _problems(panel, outcome, roles)
    if problems:
        raise MethodError(*problems)
    kept = panel.subset(panel.is_role(*roles))
    counts = np.nan_to_num(kept.counts[outcome])
    empty = counts.sum(axis=1) == 0
    role = np.asarray(kept.role)
    lone = [r for r in ("treated", "comparison") if r in roles and empty[role == r].all()]
    if lone and (empty.all() or not keep_empty):
        raise MethodError(
            Problem(
                f"no offences were recorded in any {' or '.join(lone)} unit",
                where=f"outcome {outcome}",
                hint="a ratio or difference needs some offences: use a broader outcome or more units",
            )
        )
    arms = _assemble(kept, counts, role, ~empty | keep_empty)
    _need_both_phases(arms, outcome)
    return arms


def common_window(arms: Arms) -> Arms:
    """The same arms in the periods that every unit has, for methods that compare totals.

    Raises MethodError where starts differ between units or no such period is left.
    """
    if arms.staggered:
        raise MethodError(
            Problem(
                "treated units start in different months; this method compares totals before and after one date",
                where="units.starts",
                hint="use poisson_did, staggered_poisson or staggered_did, or evaluate each start separately",
            )
        )
    full = np.asarray(arms.observed.all(axis=0))
    if full.all():
        return arms
    return _keep_periods(arms, full)


def totals(arms: Arms, role: str) -> Totals | None:
    """Offences of one role before and after the common start, or None where no unit has the role."""
    rows = arms.role == role
    if not rows.any():
        return None
    by_period = arms.counts[rows].sum(axis=0)
    return Totals(float(by_period[~arms.post].sum()), float(by_period[arms.post].sum()), int(rows.sum()))


def path(arms: Arms, observed: np.ndarray, expected: np.ndarray) -> tuple[PathPoint, ...]:
    """Observed and expected offences of all treated units, by period that any of them has data for."""
    seen = arms.observed[arms.treated].any(axis=0)
    return tuple(
        PathPoint(p, float(o), float(e)) for p, o, e, s in zip(arms.periods, observed, expected, seen, strict=True) if s
    )


def _problems(panel: Panel, outcome: str, roles: tuple[Role, ...]) -> list[Problem]:
    if outcome not in panel.counts:
        return [Problem(f"there is no outcome {outcome}", where="panel", allowed=", ".join(sorted(panel.counts)))]
    found = []
    started = np.array([s is not None for s in panel.starts])
    is_treated = panel.is_role("treated")
    if not is_treated.any():
        found.append(Problem("no unit is treated", where="units.treated", hint="list at least one treated unit"))
    if "comparison" in roles and not panel.is_role("comparison").any():
        found.append(
            Problem(
                "this method needs comparison units and there are none",
                where="units.comparison",
                hint="list comparison units, or use before_after, which can only describe change",
            )
        )
    if (is_treated & ~started).any():
        lost = ", ".join(panel.units[i] for i in np.flatnonzero(is_treated & ~started)[:5])
        found.append(Problem(f"treated units without a start in the window: {lost}", where="units.starts"))
    if (panel.is_role(*(r for r in roles if r != "treated")) & started).any():
        found.append(Problem("a unit that is not treated has a start", where="units.starts"))
    return found


def _need_both_phases(arms: Arms, outcome: str) -> None:
    after = arms.after if not (~arms.treated).any() else np.where(arms.treated[:, None], arms.after, arms.post)
    gone = [
        Problem(
            f"{arms.units[i]} has no observed month {side} the start",
            where=f"outcome {outcome}",
            hint="widen the window, leave the unit out, or wait until more months are published",
        )
        for side, cells in (("before", ~after), ("after", after))
        for i in np.flatnonzero(~(arms.observed & cells).any(axis=1))
    ]
    if gone:
        raise MethodError(*gone[:5])


def _assemble(kept: Panel, counts: np.ndarray, role: np.ndarray, live: np.ndarray) -> Arms:
    at = {p: i for i, p in enumerate(kept.periods)}
    first = np.array([at[s] if s is not None else len(kept.periods) for s in kept.starts])
    notes = []
    for r in sorted(set(role[~live])):
        notes.append(f"{int((~live & (role == r)).sum())} {r} unit(s) without a single offence were left out.")
    if kept.missing.any():
        notes.append(
            f"{int(kept.missing.sum())} of {kept.missing.size} unit-months are missing from the data; "
            "they were left out, not counted as zero."
        )
    return Arms(
        units=tuple(u for u, k in zip(kept.units, live, strict=True) if k),
        periods=kept.periods,
        role=role[live],
        counts=counts[live],
        observed=~kept.missing[live],
        first=first[live],
        exposure=None if kept.exposure is None else kept.exposure[live],
        notes=tuple(notes),
        calendar=kept.calendar,
    )


def _keep_periods(arms: Arms, keep: np.ndarray) -> Arms:
    start = int(arms.first.min())
    if not keep[:start].any() or not keep[start:].any():
        raise MethodError(
            Problem(
                "no month before or no month after the start is observed in every unit",
                where="missing months",
                hint="leave out the units with gaps, or use poisson_did, which uses every observed unit-month",
            )
        )
    uneven = int((~keep & arms.observed.any(axis=0)).sum())
    notes = arms.notes
    if uneven:
        notes += (f"{uneven} month(s) that some units lack were left out for all, so that totals are comparable.",)
    moved = np.array([int(keep[:f].sum()) for f in arms.first])
    return Arms(
        arms.units,
        tuple(p for p, k in zip(arms.periods, keep, strict=True) if k),
        arms.role,
        arms.counts[:, keep],
        arms.observed[:, keep],
        moved,
        None if arms.exposure is None else arms.exposure[:, keep],
        notes,
        arms.calendar,
    )
