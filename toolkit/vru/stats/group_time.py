"""Effects of cohorts that start at different times, on counts, as one weight per unit-period.

Each ATT(g, t) is a difference of two differences of means. So is every average of them. Written
as weights on the unit-periods of a cohort, an average, its variance between units, its
bootstrap and its re-assignments are matrix products.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Control = Literal["never", "not_yet"]
Base = Literal["all", "last", "varying"]


@dataclass(frozen=True, slots=True)
class Cohorts:
    """Who starts when.

    starts : int ``(n_cohorts,)`` start columns, ascending. group : int ``(n_units,)``, position in
    ``starts``, or ``n_cohorts`` for units never treated. n_periods : columns of the counts.
    """

    starts: np.ndarray
    group: np.ndarray
    n_periods: int

    @property
    def size(self) -> np.ndarray:
        """Units per cohort, the never treated last, ``(n_cohorts + 1,)``."""
        return np.bincount(self.group, minlength=len(self.starts) + 1)

    @property
    def after(self) -> np.ndarray:
        """Bool ``(n_cohorts + 1, n_periods)``: from the cohort's start on; nowhere for the never treated."""
        first = np.append(self.starts, self.n_periods)
        return np.asarray(np.arange(self.n_periods)[None, :] >= first[:, None])


@dataclass(frozen=True, slots=True)
class EventTargets:
    """Which average of cells each event time is: times ``(m,)`` and cell weights ``(m, n_cohorts, n_periods)``."""

    times: np.ndarray
    cells: np.ndarray


def find_cohorts(first: np.ndarray, n_periods: int) -> Cohorts:
    """Cohorts from start columns ``(n_units,)``; ``n_periods`` marks units never treated."""
    starts = np.unique(first[first < n_periods])
    return Cohorts(starts, np.searchsorted(starts, first), n_periods)


def total_cells(cohorts: Cohorts) -> np.ndarray:
    """Weights that add ATT(g, t) up to all treated unit-periods, one row per cohort ``(n_cohorts, n_cohorts, T)``."""
    k = len(cohorts.starts)
    each = np.zeros((k, k, cohorts.n_periods))
    for g in range(k):
        each[g, g] = cohorts.size[g] * cohorts.after[g]
    return each


def period_cells(cohorts: Cohorts) -> np.ndarray:
    """Weights that add all cohorts' effects up by period, before the start too, ``(T, n_cohorts, T)``."""
    sizes = cohorts.size[:-1].astype(float)
    return np.asarray(np.eye(cohorts.n_periods)[:, None, :] * sizes[None, :, None])


def event_cells(cohorts: Cohorts) -> EventTargets:
    """Average effect by periods since the start, over the units that have that event time.

    Source: Callaway & Sant'Anna (2021) equation 3.4 (theta_es), event times before the start alike.
    """
    k, t = len(cohorts.starts), cohorts.n_periods
    times = np.arange(-int(cohorts.starts.max()), t - int(cohorts.starts.min()))
    cells = np.zeros((len(times), k, t))
    for row, e in enumerate(times):
        at = cohorts.starts + e
        has = np.flatnonzero((at >= 0) & (at < t))
        cells[row, has, at[has]] = cohorts.size[has] / cohorts.size[has].sum()
    return EventTargets(times, cells)


def contrast_weights(cohorts: Cohorts, cells: np.ndarray, control: Control, base: Base) -> np.ndarray:
    """Weight of one unit-period of each group in each average, ``(m, n_cohorts + 1, n_periods)``.

    Parameters
    ----------
    cells : ``(m, n_cohorts, n_periods)``, weight of ATT(g, t) in each of ``m`` averages.
    control : units never treated, or also those not yet treated in any period that the cell uses.
    base : what a cell is compared with: "all" periods before the cohort's start, the "last" one
        (universal base), or "varying" (the last one after the start, the period before each earlier one).

    Source: Callaway & Sant'Anna (2021) J. Econometrics 225, equations 2.8 and 2.9 without covariates;
    base "all": Lee & Wooldridge (2021), rolling differences. Reference implementation: R ``did::att_gt``.
    """
    size, first = cohorts.size, np.append(cohorts.starts, cohorts.n_periods)
    weights = np.zeros((len(cells), len(first), cohorts.n_periods))
    for g, t in np.argwhere((cells != 0).any(axis=0)):
        used = _base(base, int(cohorts.starts[g]), int(t))
        if not used:
            continue
        step = np.zeros(cohorts.n_periods)
        step[t] = 1.0
        step[used] -= 1 / len(used)
        rows = np.flatnonzero(cells[:, g, t])
        cell = cells[rows, g, t][:, None] * step[None, :]
        weights[rows, g] += cell / size[g]
        free = first > max(int(t), used[-1]) if control == "not_yet" else first == cohorts.n_periods
        free[g] = False
        weights[np.ix_(rows, np.flatnonzero(free))] -= (cell / size[free].sum())[:, None, :]
    return weights


def contributions(values: np.ndarray, cohorts: Cohorts, weights: np.ndarray) -> np.ndarray:
    """Each unit's part in each average, ``(n_units, m)``; the averages are the column sums.

    values ``(n_units, n_periods)``; weights from :func:`contrast_weights`.
    """
    parts = np.zeros((len(values), len(weights)))
    for g in range(weights.shape[1]):
        rows = cohorts.group == g
        parts[rows] = values[rows] @ weights[:, g].T
    return parts


def unit_influence(values: np.ndarray, cohorts: Cohorts, weights: np.ndarray, *, correct: bool = True) -> np.ndarray:
    """Influence of each unit on each average, given the cohorts' sizes, ``(n_units, m)``.

    The covariance of the averages is ``influence.T @ influence``. ``correct`` gives each cohort the
    factor n/(n-1). Where a cohort has one unit its own mean says nothing about spread: all treated
    units are then centred on one common effect per treated unit-period, which is conservative if
    effects differ between cohorts.
    """
    treated, size = cohorts.group < len(cohorts.starts), cohorts.size
    parts = contributions(values - values[~treated].mean(axis=0), cohorts, weights)
    influence = np.empty_like(parts)
    lone = bool((size[:-1] == 1).any())
    groups = np.where(treated, 0, 1) if lone else cohorts.group
    count = np.bincount(groups)
    for c in np.unique(groups):
        rows = groups == c
        centre = parts[rows].mean(axis=0)
        influence[rows] = parts[rows] - centre
        if lone and c == 0:
            share = contributions(cohorts.after[cohorts.group].astype(float), cohorts, weights)[rows]
            effect = parts[rows].sum(axis=0) / np.where(share.sum(axis=0) > 1e-12, share.sum(axis=0), np.inf)
            influence[rows] = parts[rows] - share * effect
        if correct and count[c] > 1:
            influence[rows] *= np.sqrt(count[c] / (count[c] - 1))
    return influence


def _base(base: Base, start: int, t: int) -> list[int]:
    if base == "all":
        return list(range(start))
    if base == "varying" and t < start:
        return [t - 1] if t else []
    return [start - 1]
