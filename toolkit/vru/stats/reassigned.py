"""Placebo inference for weighted comparisons: other units taken for treated, weights found anew for each.

Weights depend on the months before the start alone. Dividing the treated units' later counts by a
trial ratio, which makes "no effect" true if that ratio is, therefore leaves all weights as they are: they are
found once, and every trial ratio is answered by matrix products.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

Statistic = Literal["ratio", "rmspe"]
WeighRows = Callable[[np.ndarray], np.ndarray]
"""``bool (n_units,)`` of units taken for treated -> ``(n_units,)``, zero for them: counts times these sum to
what is expected of them."""
TIE = 1e-9


@dataclass(frozen=True, slots=True)
class Reassigned:
    """Choices of treated units and what is expected of each; row 0 is what happened.

    chosen : float ``(n_assignments, n_units)`` of 0 and 1. expected : same shape, so that
    ``expected @ counts`` are the synthetic totals by period.
    """

    chosen: np.ndarray
    expected: np.ndarray


@dataclass(frozen=True, slots=True)
class _Sums:
    """Per assignment: later totals as ``fixed + moved / ratio``, observed and synthetic, each ``(n_assignments,)``."""

    observed_fixed: np.ndarray
    observed_moved: np.ndarray
    due_fixed: np.ndarray
    due_moved: np.ndarray


def reassign(chosen: np.ndarray, weigh: WeighRows) -> Reassigned:
    """Find the weights of every choice in ``chosen (n_assignments, n_units)``."""
    return Reassigned(chosen, np.array([weigh(row > 0) for row in chosen]))


def fit_before(data: Reassigned, counts: np.ndarray, n_pre: int) -> np.ndarray:
    """Root mean squared gap before the start over the mean level, ``(n_assignments,)``.

    counts : ``(n_units, n_periods)``.
    """
    gap = (data.chosen - data.expected) @ counts[:, :n_pre]
    level = (data.chosen @ counts[:, :n_pre]).mean(axis=1)
    return np.asarray(np.sqrt((gap**2).mean(axis=1)) / np.maximum(level, 1e-300))


def closest_fit(data: Reassigned, counts: np.ndarray, n_pre: int) -> np.ndarray:
    """Half of a month's own scatter around its neighbours, over the mean level, ``(n_assignments,)``.

    More donors than months can meet every month before the start. Such a fit says nothing of how far apart
    the months after it may be, and over it any gap would look enormous.
    """
    before = data.chosen @ counts[:, :n_pre]
    if n_pre < 3:
        return np.zeros(len(before))
    scatter = np.diff(before, axis=1).std(axis=1) / math.sqrt(2)
    return np.asarray(scatter / 2 / np.maximum(before.mean(axis=1), 1e-300))


def p_of_log_ratio(data: Reassigned, counts: np.ndarray, n_pre: int, statistic: Statistic) -> Callable[[float], float]:
    """Placebo p-value as a function of the log ratio that is tested.

    counts : ``(n_units, n_periods)``.

    - ``ratio``: |log of observed over synthetic total after the start| (0.5 added to both), plain
      and over the fit before the start as in :func:`fit_before`, taken to be no closer than
      :func:`closest_fit`; the larger of the two p-values.
      Plain, placebos that fit worse than the treated units widen the interval for nothing or hide
      a treated unit that fits worse; over the fit, units busier than the donors look too certain.
    - ``rmspe``: root mean squared gap after over before the start.

    Source: Abadie, Diamond & Hainmueller (2010) for both placebos and RMSPE ratio; Firpo & Possebom
    (2018) J. Causal Inference 6 for testing other effects than none.
    """
    treated = data.chosen[0] > 0
    after = counts[:, n_pre:]
    fixed, moved = np.where(treated[:, None], 0.0, after), np.where(treated[:, None], after, 0.0)
    if statistic == "rmspe":
        return _p_of_rmspe(data, counts[:, :n_pre], fixed, moved)
    sums = _Sums(*(a @ b.sum(axis=1) for a in (data.chosen, data.expected) for b in (fixed, moved)))
    closest = np.maximum(closest_fit(data, counts, n_pre), 1e-12)
    spread = np.maximum(fit_before(data, counts, n_pre), closest)

    def p(log_ratio: float) -> float:
        u = math.exp(-log_ratio)
        observed = np.maximum(sums.observed_fixed + u * sums.observed_moved, 0) + 0.5
        due = np.maximum(sums.due_fixed + u * sums.due_moved, 0) + 0.5
        size = np.abs(np.log(observed / due))
        return max(_rank(size), _rank(size / spread))

    return p


def _p_of_rmspe(data: Reassigned, before: np.ndarray, fixed: np.ndarray, moved: np.ndarray) -> Callable[[float], float]:
    signed = data.chosen - data.expected
    base = np.maximum(((signed @ before) ** 2).mean(axis=1), 1e-300)
    a, b = signed @ fixed, signed @ moved
    square, cross, last = (a**2).mean(axis=1), (a * b).mean(axis=1), (b**2).mean(axis=1)

    def p(log_ratio: float) -> float:
        u = math.exp(-log_ratio)
        return _rank(np.sqrt(np.maximum(square + 2 * u * cross + u**2 * last, 0) / base))

    return p


def _rank(statistic: np.ndarray) -> float:
    return float((statistic >= statistic[0] * (1 - TIE)).mean())
