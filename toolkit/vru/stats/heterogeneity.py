"""How much studies differ beyond chance: tau squared by four estimators, its interval, Q, I squared and H squared."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import optimize, stats

Estimator = Literal["reml", "dl", "pm", "fixed"]
_HIGHEST = 1e12


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """Spread of true effects between studies, on the squared scale of the effects.

    tau2 : variance of true effects; 0 by definition where the model is fixed.
    tau2_low, tau2_high : Q-profile interval; None for a fixed model, or with no degrees of freedom.
        Both are 0 where the effects are more alike than chance would make them.
    q, q_df, q_p : Cochran's Q (residual Q under a meta-regression) and its p-value; p None without df.
    i2 : percent of total variation that is not chance; h2 : total over chance variation. None without df.
    """

    tau2: float
    tau2_low: float | None
    tau2_high: float | None
    q: float
    q_df: int
    q_p: float | None
    i2: float | None
    h2: float | None


def heterogeneity(y: np.ndarray, v: np.ndarray, x: np.ndarray, method: Estimator, level: float) -> Heterogeneity:
    """Estimate the spread of true effects around ``x @ b``.

    Parameters
    ----------
    y, v : shape ``(k,)``, effects and their sampling variances (above 0).
    x : shape ``(k, p)``, full column rank; a column of ones for a plain synthesis.

    For random effects ``I2 = tau2 / (tau2 + s2)`` with the typical sampling variance
    ``s2 = (k - p) / trace(P)``; for a fixed model ``(Q - df) / Q``, not below 0. With two effects
    the same formulas hold but the interval of tau2 is as wide as it should be.

    Source: Viechtbauer (2005) J. Educational and Behavioral Statistics 30, 261-293 (estimators);
    Viechtbauer (2007) Statistics in Medicine 26, 37-52 (Q-profile); Higgins & Thompson (2002)
    Statistics in Medicine 21, 1539-1558. Reference implementation: R ``metafor::rma`` and ``confint``.
    """
    k, p = x.shape
    df = k - p
    q = generalised_q(y, v, x, 0.0)
    if df < 1:
        return Heterogeneity(0.0, None, None, q, 0, None, None, None)
    q_p = float(stats.chi2.sf(q, df))
    if method == "fixed":
        return Heterogeneity(0.0, None, None, q, df, q_p, 100 * max(0.0, (q - df) / q) if q > 0 else 0.0, q / df)
    tau2 = TAU2[method](y, v, x)
    low, high = (_profile(y, v, x, float(stats.chi2.ppf(c, df))) for c in ((1 + level) / 2, (1 - level) / 2))
    typical = df / float(np.trace(_residual_maker(v, x)))
    return Heterogeneity(tau2, low, high, q, df, q_p, 100 * tau2 / (tau2 + typical), tau2 / typical + 1)


def generalised_q(y: np.ndarray, v: np.ndarray, x: np.ndarray, tau2: float) -> float:
    """Weighted squared distance of effects from their fitted mean, weights ``1 / (v + tau2)``."""
    w = 1 / (v + tau2)
    root = np.sqrt(w)
    residual = y - x @ np.linalg.lstsq(x * root[:, None], y * root, rcond=None)[0]
    return float((w * residual**2).sum())


def dersimonian_laird(y: np.ndarray, v: np.ndarray, x: np.ndarray) -> float:
    """Method of moments in one step. Source: DerSimonian & Laird (1986) Controlled Clinical Trials 7, equation 9."""
    df = x.shape[0] - x.shape[1]
    excess = generalised_q(y, v, x, 0.0) - df
    return float(max(0.0, excess / np.trace(_residual_maker(v, x))))


def paule_mandel(y: np.ndarray, v: np.ndarray, x: np.ndarray) -> float:
    """The tau2 at which Q equals its degrees of freedom. Source: Paule & Mandel (1982) J. Res. NBS 87."""
    return _profile(y, v, x, float(x.shape[0] - x.shape[1]))


def restricted_likelihood(y: np.ndarray, v: np.ndarray, x: np.ndarray) -> float:
    """The tau2 with the highest restricted likelihood.

    The likelihood can have two peaks, so it is looked at on a grid first and refined around the best point.
    Source: Viechtbauer (2005), equation 10.
    """
    scale = _scale(y, v)
    grid = np.concatenate([[0.0], scale * np.geomspace(1e-6, 1e2, 161)])
    heights = [_restricted(y, v, x, t) for t in grid]
    best = int(np.argmax(heights))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]

    def slope(tau2: float) -> float:
        return _restricted_slope(y, v, x, tau2)

    if best == 0 and slope(0.0) <= 0:
        return 0.0
    if slope(low) > 0 > slope(high):
        return float(optimize.brentq(slope, low, high, xtol=1e-15 * scale, rtol=1e-14))
    peak = optimize.minimize_scalar(lambda t: -_restricted(y, v, x, t), bounds=(low, high), method="bounded")
    return float(peak.x)


TAU2: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], float]] = {
    "reml": restricted_likelihood,
    "dl": dersimonian_laird,
    "pm": paule_mandel,
}


def _profile(y: np.ndarray, v: np.ndarray, x: np.ndarray, target: float) -> float:
    """The tau2 at which Q equals ``target``; 0 where Q is below it from the start."""

    def excess(tau2: float) -> float:
        return generalised_q(y, v, x, tau2) - target

    if excess(0.0) <= 0:
        return 0.0
    high = _scale(y, v)
    while excess(high) > 0 and high < _HIGHEST * _scale(y, v):
        high *= 4
    return float(optimize.brentq(excess, 0.0, high, xtol=1e-15 * high, rtol=1e-14))


def _scale(y: np.ndarray, v: np.ndarray) -> float:
    return float(np.ptp(y) ** 2 + v.max())


def _residual_maker(v: np.ndarray, x: np.ndarray) -> np.ndarray:
    """``P = W - W X (X'WX)^-1 X'W``, shape ``(k, k)``."""
    weighted = x / v[:, None]
    return np.asarray(np.diag(1 / v) - weighted @ np.linalg.solve(x.T @ weighted, weighted.T))


def _restricted(y: np.ndarray, v: np.ndarray, x: np.ndarray, tau2: float) -> float:
    w = 1 / (v + tau2)
    _, log_det = np.linalg.slogdet((x * w[:, None]).T @ x)
    return float(0.5 * (np.log(w).sum() - log_det - generalised_q(y, v, x, tau2)))


def _restricted_slope(y: np.ndarray, v: np.ndarray, x: np.ndarray, tau2: float) -> float:
    p = _residual_maker(v + tau2, x)
    return float(0.5 * (y @ p @ p @ y - np.trace(p)))
