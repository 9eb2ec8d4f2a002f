"""The arms of a cohort described: means with intervals, and how alike they are in what was known beforehand."""

import math

import numpy as np
from scipy import stats

from vru.methods.people.rows import Rows
from vru.results import Arm, Balance

LARGE = 0.1
"""A standardised difference above this is worth adjusting for (Austin 2009, Statistics in Medicine 28)."""


def arms(rows: Rows, level: float, names: tuple[str, str] = ("treated", "comparison")) -> tuple[Arm, Arm]:
    """Each arm's mean outcome: share with Wilson's interval, events per row or exposure (exact Poisson), or mean (t)."""
    made = [
        _arm(rows, side, name, lost, level)
        for side, name, lost in ((rows.treated, names[0], rows.lost[0]), (~rows.treated, names[1], rows.lost[1]))
    ]
    return made[0], made[1]


def _arm(rows: Rows, side: np.ndarray, name: str, lost: int, level: float) -> Arm:
    y, n = rows.y[side], int(side.sum())
    tail = (1 - level) / 2
    if rows.kind == "binary":
        z2 = stats.norm.ppf(1 - tail) ** 2
        share = float(y.mean())
        centre, half = share + z2 / (2 * n), math.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n * n)))
        return Arm(name, n + lost, n, share, (centre - half) / (1 + z2 / n), (centre + half) / (1 + z2 / n))
    if rows.kind == "count":
        time = float(n if rows.exposure is None else rows.exposure[side].sum())
        events = float(y.sum())
        low = stats.chi2.ppf(tail, 2 * events) / 2 / time if events else 0.0
        return Arm(name, n + lost, n, events / time, float(low), float(stats.chi2.isf(tail, 2 * events + 2) / 2 / time))
    mean = float(y.mean())
    if n < 2:
        return Arm(name, n + lost, n, mean)
    half = float(stats.t.isf(tail, n - 1) * y.std(ddof=1) / math.sqrt(n))
    return Arm(name, n + lost, n, mean, mean - half, mean + half)


def balance(rows: Rows, weights: np.ndarray | None = None) -> tuple[Balance, ...]:
    """Standardised mean differences, treated less comparison, over the pooled standard deviation as found.

    weights : ``(n,)``, what the method gives each row; None leaves ``after`` empty.
    """
    before = _differences(rows, np.ones(len(rows)))
    after = None if weights is None else _differences(rows, weights)
    return tuple(
        Balance(name, float(before[j]), None if after is None else float(after[j])) for j, name in enumerate(rows.names)
    )


def _differences(rows: Rows, w: np.ndarray) -> np.ndarray:
    if not rows.names:
        return np.zeros(0)
    a, b = rows.x[rows.treated], rows.x[~rows.treated]
    spread = np.sqrt((a.var(axis=0, ddof=1 if len(a) > 1 else 0) + b.var(axis=0, ddof=1 if len(b) > 1 else 0)) / 2)
    wa, wb = w[rows.treated], w[~rows.treated]
    if wa.sum() <= 0 or wb.sum() <= 0:
        return np.zeros(rows.x.shape[1])
    gap = wa @ a / wa.sum() - wb @ b / wb.sum()
    return np.asarray(np.divide(gap, spread, out=np.zeros_like(gap), where=spread > 0))
