"""Were treated and comparison units already moving apart before the start? Exact for totals, randomised over units.

With unit and period effects, the Poisson likelihood of ``treated x time`` depends on the data only
through the treated share of each period's total, so the model is a logistic regression of that
share on time. This makes thousands of reassignments one matrix product.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class SlopeFit:
    """One slope per assignment (log rate ratio per period, treated against comparison) and its cluster SE; ``(r,)``."""

    slope: np.ndarray
    se: np.ndarray


@dataclass(frozen=True, slots=True)
class Pretrend:
    """The differential trend before the start.

    slope, se : log rate ratio per period; ``se`` is clustered by unit.
    p_linear : randomisation p of the slope; p_joint : of any differing movement, of whatever shape.
    null_sd : spread of the slope over reassignments: what chance alone gives.
    """

    slope: float
    se: float
    p_linear: float
    p_joint: float
    null_sd: float
    reassignments: int


def slopes(counts: np.ndarray, treated: np.ndarray) -> SlopeFit:
    """Differential log-linear slopes for many assignments at once.

    Parameters
    ----------
    counts : ``(n_units, n_periods)`` events.
    treated : bool ``(r, n_units)``, one assignment per row; both groups need events.

    Source: Poisson regression with unit and period effects, profiled to its binomial form; cluster
    variance of Liang & Zeger (1986) with the factor G / (G - 1).
    """
    n, periods = counts.shape
    time = np.arange(periods) - (periods - 1) / 2
    total = counts.sum(axis=0)
    mine = treated.astype(float) @ counts
    a, b = np.zeros(len(treated)), np.zeros(len(treated))
    a += np.log(np.maximum(mine.sum(1), 0.5) / np.maximum(total.sum() - mine.sum(1), 0.5))
    for _ in range(25):
        p = 1 / (1 + np.exp(-(a[:, None] + b[:, None] * time)))
        w = total * p * (1 - p)
        miss = mine - total * p
        s0, s1, s2 = w.sum(1), w @ time, w @ time**2
        g0, g1 = miss.sum(1), miss @ time
        det = np.maximum(s0 * s2 - s1**2, 1e-12)
        da, db = (s2 * g0 - s1 * g1) / det, (s0 * g1 - s1 * g0) / det
        a, b = a + np.clip(da, -2, 2), b + np.clip(db, -2, 2)
        if max(np.abs(da).max(), np.abs(db).max()) < 1e-10:
            break
    centred = time - (s1 / s0)[:, None]
    info = (w * centred**2).sum(1)
    return SlopeFit(b, _cluster_se(counts, treated, centred, p, total) / info * np.sqrt(n / (n - 1)))


def _cluster_se(
    counts: np.ndarray, treated: np.ndarray, centred: np.ndarray, p: np.ndarray, total: np.ndarray
) -> np.ndarray:
    """Root of the summed squared unit scores; a unit is expected to follow its group, scaled to its total."""
    own = counts.sum(axis=1)
    square = np.zeros(len(treated))
    for weight, path, member in (
        (centred * (1 - p), total * p, treated),
        (-centred * p, total * (1 - p), ~treated),
    ):
        expected = (weight * path).sum(1) / np.maximum(path.sum(1), 1e-12)
        score = weight @ counts.T - expected[:, None] * own
        square += np.where(member, score**2, 0.0).sum(1)
    root: np.ndarray = np.sqrt(square)
    return root


def joint_statistic(counts: np.ndarray, treated: np.ndarray) -> np.ndarray:
    """Pearson statistic of the treated share of each period's total about one constant share; ``(r,)``."""
    total = counts.sum(axis=0)
    mine = treated.astype(float) @ counts
    share = (mine.sum(1) / total.sum())[:, None]
    spread = np.where(total > 0, total * share * (1 - share), 1.0)
    statistic: np.ndarray = ((mine - total * share) ** 2 / np.maximum(spread, 1e-12)).sum(1)
    return statistic


def pretrend(counts: np.ndarray, treated: np.ndarray, rng: np.random.Generator, reassignments: int = 999) -> Pretrend:
    """Test for differing movement before the start, by reassigning which units count as treated.

    Parameters
    ----------
    counts : ``(n_units, n_periods)`` events before the start, no missing cells.
    treated : bool ``(n_units,)``; at least two units in each group and events in both.

    The slope is compared in units of its cluster standard error, which keeps the test honest where
    treated units are larger or noisier than the comparison.

    Source: Canay, Romano & Shaikh (2017) for studentised randomisation tests; Roth (2022) AER:Insights
    4:305-322 on what such a test cannot see.
    """
    draws = rng.permuted(np.tile(treated, (reassignments, 1)), axis=1)
    # A reassignment that leaves a group without one event has no slope.
    own = counts.sum(axis=1)
    held = draws @ own
    draws = draws[(held > 0) & (held < own.sum())]
    everyone = np.vstack([treated[None, :], draws])
    fit = slopes(counts, everyone)
    t = np.abs(fit.slope) / np.maximum(fit.se, 1e-12)
    joint = joint_statistic(counts, everyone)
    return Pretrend(
        slope=float(fit.slope[0]),
        se=float(fit.se[0]),
        p_linear=float((t >= t[0] * (1 - 1e-9)).mean()),
        p_joint=float((joint >= joint[0] * (1 - 1e-9)).mean()),
        null_sd=float(fit.slope[1:].std()) if len(draws) else float(fit.se[0]),
        reassignments=len(draws),
    )
