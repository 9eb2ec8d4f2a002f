"""Tests for staggered starts, gaps or exposure, from unit scores under a trial ratio.

The score of the treatment effect needs only the model without it, so one fit of unit and period
effects per trial ratio serves every re-assignment and every change of sign.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vru.stats.permutation import TIE, exchange


@dataclass(frozen=True, slots=True)
class Schedule:
    """Counts and who was treated when.

    counts : ``(n_units, n_periods)``, 0 where not observed. observed, treated : bool, same shape.
    exposure : positive, same shape.
    """

    counts: np.ndarray
    observed: np.ndarray
    treated: np.ndarray
    exposure: np.ndarray


@dataclass(frozen=True, slots=True)
class UnitPeriod:
    """Multiplicative effects of units ``(n_units,)`` and periods ``(n_periods,)``: mean = unit x weight x period."""

    unit: np.ndarray
    period: np.ndarray

    def mean(self, weight: np.ndarray) -> np.ndarray:
        """Means where the weight (exposure) is ``weight``, ``(n_units, n_periods)``."""
        return np.asarray(self.unit[:, None] * weight * self.period[None, :])


def fit_two_way(counts: np.ndarray, weight: np.ndarray) -> UnitPeriod:
    """Poisson model with unit and period effects.

    counts ``(n_units, n_periods)``, 0 where weight is; weight : exposure where observed, 0 where not.
    Iterative proportional fitting to unit and period totals. Source: Deming & Stephan (1940).
    """
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    a, b = np.ones(len(rows)), np.ones(len(columns))
    for _ in range(500):
        a = rows / np.maximum(weight @ b, 1e-300)
        new = columns / np.maximum(a @ weight, 1e-300)
        done = np.max(np.abs(new - b)) <= 1e-10 * max(1.0, float(b.max()))
        b = new
        if done:
            break
    return UnitPeriod(a, b)


def residualise(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """``values`` less their weighted projection on unit and period effects, ``(n_units, n_periods)``."""
    x = values.astype(float)
    row, column = np.maximum(weight.sum(axis=1), 1e-300), np.maximum(weight.sum(axis=0), 1e-300)
    for _ in range(500):
        x = x - ((weight * x).sum(axis=1) / row)[:, None]
        shift = (weight * x).sum(axis=0) / column
        x = x - shift[None, :]
        if np.max(np.abs(shift)) < 1e-10:
            break
    return x


def p_by_schedule(data: Schedule, draws: int, rng: np.random.Generator) -> Callable[[float], float]:
    """Randomisation p-value as a function of the log ratio: units exchange their start dates.

    Every distinct exchange once where there are at most ``draws``, else ``draws`` at random. The statistic
    is the score of the treatment effect over the root of its summed squares by unit.
    """
    plans, group = np.unique(data.treated, axis=0, return_inverse=True)
    labels = exchange(group.ravel(), draws, rng)
    number = np.bincount(group.ravel())
    rows = np.arange(len(data.counts))[None, :]

    def p(log_ratio: float) -> float:
        fitted, residual = _null(data, log_ratio)
        period = fitted.sum(axis=0) / max(float(fitted.sum()), 1e-300)
        centred = plans - (plans @ period)[:, None]
        centred = centred - (number @ centred)[None, :] / number.sum()
        each = (residual @ centred.T)[rows, labels]
        statistic = np.abs(each.sum(axis=1)) / np.sqrt(np.maximum((each**2).sum(axis=1), 1e-300))
        return float((statistic >= statistic[0] * (1 - TIE)).mean())

    return p


def p_by_sign(data: Schedule, draws: int, rng: np.random.Generator) -> Callable[[float], float]:
    """Wild cluster score bootstrap p-value as a function of the log ratio: unit scores change sign at random.

    All sign patterns are listed when there are at most ``draws`` of them.

    Source: Kline & Santos (2012) J. Econometric Methods 1 (score bootstrap, null imposed);
    Rademacher weights as in Cameron, Gelbach & Miller (2008).
    """
    n = len(data.counts)
    if 2**n <= draws:
        signs = 1 - 2.0 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
    else:
        signs = rng.choice(np.array([-1.0, 1.0]), size=(draws, n))
        signs[0] = 1

    def p(log_ratio: float) -> float:
        fitted, residual = _null(data, log_ratio)
        scores = (residualise(data.treated, fitted) * residual).sum(axis=1)
        statistic = np.abs(signs @ scores)
        return float((statistic >= statistic[0] * (1 - TIE)).mean())

    return p


def _null(data: Schedule, log_ratio: float) -> tuple[np.ndarray, np.ndarray]:
    counts = np.where(data.treated, data.counts * math.exp(-log_ratio), data.counts)
    weight = np.where(data.observed, data.exposure, 0.0)
    fitted = fit_two_way(counts, weight).mean(weight)
    return fitted, counts - fitted
