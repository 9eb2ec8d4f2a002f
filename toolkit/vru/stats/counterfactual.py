"""Counterfactual means by adjustment, each with its influence function, so that any contrast has a standard error.

A mean here is over a target: the treated (``att``) or all rows (``ate``). An influence function says what each row adds
to the error of the estimate: the variance is the sum of squares over ``n`` squared, or of sums within clusters.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from vru.stats.canonical_glm import Family, Glm, fit_glm

Target = Literal["att", "ate"]


@dataclass(frozen=True, slots=True)
class Mean:
    """value, and influence ``(n,)`` of each row on it."""

    value: float
    influence: np.ndarray


@dataclass(frozen=True, slots=True)
class Pair:
    """The target's mean outcome with treatment and without it; weights ``(n,)`` that each row carries in its arm."""

    treated: Mean
    untreated: Mean
    weights: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class Contrast:
    """value on an additive scale, with its influence ``(n,)``."""

    value: float
    influence: np.ndarray


@dataclass(frozen=True, slots=True)
class Spread:
    """Standard error, and degrees of freedom of Student's t."""

    se: float
    df: float


def difference(pair: Pair) -> Contrast:
    """Mean with treatment less mean without."""
    return Contrast(pair.treated.value - pair.untreated.value, pair.treated.influence - pair.untreated.influence)


def log_ratio(pair: Pair) -> Contrast:
    """Log of the ratio of the two means, by the delta method; both must be above 0."""
    a, b = pair.treated, pair.untreated
    return Contrast(math.log(a.value / b.value), a.influence / a.value - b.influence / b.value)


def per_exposure(events: Pair, exposure: Pair) -> Pair:
    """Rates: mean events over mean exposure in each arm, by the delta method."""
    return Pair(
        _over(events.treated, exposure.treated), _over(events.untreated, exposure.untreated), weights=events.weights
    )


def _over(top: Mean, bottom: Mean) -> Mean:
    rate = top.value / bottom.value
    return Mean(rate, (top.influence - rate * bottom.influence) / bottom.value)


def standardise(
    family: Family, y: np.ndarray, treated: np.ndarray, design: np.ndarray, exposure: np.ndarray | None, target: Target
) -> Pair:
    """Regression of ``y`` on treatment and ``design``, averaged over the target with treatment set to 1 and to 0.

    With ``exposure``, means are events per unit of exposure. The influence functions stack the averages on the
    regression's score equations, so misspecified variance (overdispersion) is allowed for.

    Source: Robins (1986); Stefanski & Boos (2002) American Statistician 56, for the stacking. Linear: Huber-White.
    """
    d = treated.astype(float)
    full = np.column_stack([design[:, :1], d, design[:, 1:]])
    time = np.ones(len(y)) if exposure is None else exposure
    offset = np.log(time)
    fit = fit_glm(family, y, full, offset=None if family == "gaussian" else offset)
    used = offset if family != "gaussian" else np.zeros(len(y))
    score = full * (y - fit.mean(full, used))[:, None]
    on_coef = len(y) * score @ fit.inverse
    share = d if target == "att" else np.ones(len(y))
    arms = []
    for setting in (1.0, 0.0):
        at = full.copy()
        at[:, 1] = setting
        arms.append(_averaged(fit, at, used, share, time, on_coef))
    return Pair(arms[0], arms[1])


def _averaged(
    fit: Glm, at: np.ndarray, offset: np.ndarray, share: np.ndarray, time: np.ndarray, on_coef: np.ndarray
) -> Mean:
    events = fit.mean(at, offset)
    total = float((share * time).mean())
    value = float((share * events).mean()) / total
    gradient = (share * fit.slope(events)) @ at / len(at) / total
    return Mean(value, share * (events - value * time) / total + on_coef @ gradient)


def weigh(y: np.ndarray, treated: np.ndarray, design: np.ndarray, fit: Glm, target: Target) -> Pair:
    """Inverse probability weighting with weights normalised in each arm, and the propensity's own uncertainty.

    fit : logistic regression of treatment on ``design``, unpenalised.

    Source: Lunceford & Davidian (2004) Statistics in Medicine 23, with the score stacked; Hirano, Imbens & Ridder (2003).
    """
    d = treated.astype(float)
    p = fit.mean(design)
    on_coef = len(y) * (design * (d - p)[:, None]) @ fit.inverse
    w1, slope1 = (d, np.zeros(len(y))) if target == "att" else (d / p, -d * (1 - p) / p)
    # The odds are their own derivative; the derivative of 1/(1 - p) is the odds.
    odds = (1 - d) * p / (1 - p)
    w0 = odds if target == "att" else (1 - d) / (1 - p)
    return Pair(_weighted(y, w1, slope1, design, on_coef), _weighted(y, w0, odds, design, on_coef), weights=w1 + w0)


def _weighted(y: np.ndarray, w: np.ndarray, slope: np.ndarray, design: np.ndarray, on_coef: np.ndarray) -> Mean:
    value = float(w @ y / w.sum())
    gradient = (slope * (y - value)) @ design / w.sum()
    return Mean(value, w * (y - value) / w.mean() + on_coef @ gradient)


def doubly_robust(
    y: np.ndarray, treated: np.ndarray, propensity: np.ndarray, with_it: np.ndarray, without: np.ndarray, target: Target
) -> Pair:
    """Augmented inverse probability weighting with normalised weights.

    propensity, with_it, without : ``(n,)``, predicted for each row by models that did not see it: its probability of
        treatment, its mean outcome if treated (not used for ``att``) and if not.

    Source: Robins, Rotnitzky & Zhao (1994) JASA 89; Chernozhukov et al. (2018) Econometrics Journal 21, equation 5.3
    (all rows) and 5.4 (treated).
    """
    d = treated.astype(float)
    odds = (1 - d) * propensity / (1 - propensity)
    if target == "att":
        untreated = _augmented(y, without, d, odds)
        value = float(y[treated].mean())
        return Pair(Mean(value, d * (y - value) / d.mean()), untreated, weights=d + odds)
    every, w1, w0 = np.ones(len(y)), d / propensity, (1 - d) / (1 - propensity)
    return Pair(_augmented(y, with_it, every, w1), _augmented(y, without, every, w0), weights=w1 + w0)


def _augmented(y: np.ndarray, predicted: np.ndarray, share: np.ndarray, w: np.ndarray) -> Mean:
    scaled = w * share.sum() / w.sum()
    residual = scaled * (y - predicted)
    value = float((share * predicted + residual).sum() / share.sum())
    return Mean(value, (share * (predicted - value) + residual) / share.mean())


def partially_linear(
    y: np.ndarray, treated: np.ndarray, propensity: np.ndarray, predicted: np.ndarray, time: np.ndarray
) -> Contrast:
    """Difference in means from residuals on residuals: double machine learning in the partially linear model.

    predicted : ``(n,)``, mean outcome given covariates only, by models that did not see the row. time : ``(n,)``, weight
    of each row (exposure, or ones). Where effects differ, rows whose treatment was least certain count most.

    Source: Robinson (1988) Econometrica 56; Chernozhukov et al. (2018) Econometrics Journal 21, equation 4.4.
    """
    v = treated - propensity
    scale = float((time * v * v).mean())
    value = float((time * v * (y - predicted)).mean()) / scale
    return Contrast(value, time * v * (y - predicted - value * v) / scale)


def spread(
    influence: np.ndarray,
    treated: np.ndarray,
    sizes: tuple[float, float],
    cluster: np.ndarray | None = None,
    coefficients: int = 0,
) -> Spread:
    """Standard error and degrees of freedom from influence.

    sizes : rows that each arm is worth (its effective sample size). coefficients : those of a regression behind the
    estimate, which then sets the finite-sample factor ``n / (n - k)``; without, each arm's part is multiplied by its
    size over size less one. Rows: Welch's degrees of freedom from the two arms' parts. Clusters: sums within
    clusters, ``G / (G - 1)``, and the degrees of freedom that their unequal sizes leave, at most ``G - 1``.

    Source: Welch (1938) Biometrika 29; Liang & Zeger (1986); Satterthwaite (1946) Biometrics Bulletin 2.
    """
    n = len(influence)
    if cluster is not None:
        sums = np.bincount(cluster, weights=influence)
        # What clusters would add if their rows were unlinked: steadier than their squared sums, and as unequal.
        parts_of = np.bincount(cluster, weights=influence**2)
        groups = len(sums)
        factor = groups / (groups - 1) * ((n - 1) / (n - coefficients) if coefficients else 1.0)
        df = min(float(parts_of.sum() ** 2 / max(float((parts_of**2).sum()), 1e-300)), groups - 1.0)
        return Spread(math.sqrt(factor * float((sums**2).sum())) / n, max(df, 1.0))
    parts = []
    for side, size in ((treated, sizes[0]), (~treated, sizes[1])):
        factor = n / (n - coefficients) if coefficients else size / max(size - 1, 0.5)
        parts.append(factor * float((influence[side] ** 2).sum()) / n**2)
    total = sum(parts)
    shares = sum(part**2 / max(size - 1, 1.0) for part, size in zip(parts, sizes, strict=True))
    return Spread(math.sqrt(total), total**2 / shares if shares > 0 else float(n - 2))


def effective_size(weights: np.ndarray) -> float:
    """Kish's effective sample size: how many equally weighted rows the weighted ones are worth."""
    squares = float((weights**2).sum())
    return float(weights.sum() ** 2 / squares) if squares > 0 else 0.0
