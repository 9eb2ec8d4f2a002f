"""Several effects on one scale as one: fixed and random effects, prediction interval, leave-one-out."""

import math
from dataclasses import dataclass

import numpy as np

from vru.stats.heterogeneity import Estimator, Heterogeneity
from vru.stats.intervals import Bounds, quantile
from vru.stats.meta_regression import Knapp, regress


@dataclass(frozen=True, slots=True)
class Pooled:
    """A pooled effect, on the scale of the effects.

    value, se, low, high, p : the mean effect and what is known of it; df : of Student's t, None if normal.
    spread : tau2, Q, I2, H2 (of no meaning with one study: tau2 0, the rest None).
    higgins : where the true effect of one more study may lie, ``value +- t(k-2) sqrt(se^2 + tau2)``;
        None under three studies and for a fixed model, which says nothing of other studies.
    weights : share of each study, ``(k,)``, summing to 1.
    """

    k: int
    value: float
    se: float
    low: float
    high: float
    level: float
    p: float
    df: int | None
    spread: Heterogeneity
    higgins: Bounds | None
    weights: tuple[float, ...]
    method: Estimator
    knapp_hartung: Knapp


def pool(
    y: np.ndarray,
    v: np.ndarray,
    *,
    method: Estimator = "reml",
    knapp_hartung: Knapp = "yes",
    level: float = 0.95,
) -> Pooled:
    """Pool effects that estimate the same thing on the same scale.

    Parameters
    ----------
    y, v : shape ``(k,)``, effects (for example log rate ratios) and their sampling variances.
    method : how tau2 is estimated; "fixed" takes it to be 0.
    knapp_hartung : "yes" widens (or narrows) the interval by how effects scatter, with t(k-1);
        "not_narrower" only ever widens it; "no" is the normal interval.

    One study: its own effect and normal interval, whatever was asked for. Two: the formulas hold, but
    t(1) makes the interval so wide that little is said, and there is no prediction interval.

    Raises MethodError if there is no effect, or one is missing or has no variance above 0.

    Source: Knapp & Hartung (2003); prediction interval with t(k-2): Higgins, Thompson & Spiegelhalter
    (2009) J. R. Statist. Soc. A 172, equation 12 (metafor's ``predict(pi.type = "riley")``; its default
    uses the critical value of the confidence interval, see ``prediction_bounds``). Reference
    implementation: R ``metafor::rma``.
    """
    y, v = np.asarray(y, dtype=float), np.asarray(v, dtype=float)
    fit = regress(y, v, np.ones((len(y), 1)), ("mean",), method=method, knapp_hartung=knapp_hartung, level=level)
    mean, spread = fit.coefficients[0], fit.spread
    w = 1 / (v + spread.tau2)
    return Pooled(
        k=fit.k,
        value=mean.value,
        se=mean.se,
        low=mean.low,
        high=mean.high,
        level=level,
        p=mean.p,
        df=fit.df,
        spread=spread,
        higgins=None
        if method == "fixed" or fit.k < 3
        else prediction_bounds(mean.value, mean.se, spread.tau2, level, fit.k - 2),
        weights=tuple(float(x) for x in w / w.sum()),
        method=method,
        knapp_hartung=knapp_hartung,
    )


def prediction_bounds(value: float, se: float, tau2: float, level: float, df: float | None) -> Bounds:
    """Where the true effect of one more study may lie; ``df`` None gives metafor's default for a normal interval."""
    half = quantile(level, df) * math.sqrt(se**2 + tau2)
    return Bounds(value - half, value + half)


def leave_one_out(
    y: np.ndarray,
    v: np.ndarray,
    *,
    method: Estimator = "reml",
    knapp_hartung: Knapp = "yes",
    level: float = 0.95,
) -> tuple[Pooled, ...]:
    """The pooled effect without the first study, without the second, …; empty where there is only one.

    Reference implementation: R ``metafor::rma`` on all rows but one.
    """
    y, v = np.asarray(y, dtype=float), np.asarray(v, dtype=float)
    if len(y) < 2:
        return ()
    return tuple(
        pool(np.delete(y, i), np.delete(v, i), method=method, knapp_hartung=knapp_hartung, level=level)
        for i in range(len(y))
    )
