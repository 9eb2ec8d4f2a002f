"""A Bayesian structural time series: a wandering level plus regression, averaged over how far the level wanders."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.random import Generator

STEPS = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)
"""Standard deviation of the level's monthly step over that of the monthly noise."""
TYPICAL_STEP = 0.04
"""Prior mean of the level's monthly step, in the units of ``y`` (4% a month for logs of counts)."""
RIDGES = (0.03, 0.3, 3.0)
"""Prior variance of all shrunk coefficients together, as a multiple of the noise variance."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the months before say about the months after, as a mixture of multivariate t laws.

    centre ``(g, n_after)``, spread ``(g, n_after, n_after)`` scale matrices, weight ``(g,)``,
    df : degrees of freedom of each; fitted ``(n_before,)``, posterior mean of level and regression;
    fixed ``(n_fixed,)`` and shrunk ``(n_shrunk,)``, posterior mean coefficients; step, posterior mean of the step ratio;
    noise, standard deviation of one month around its level (posterior mean of the variance, rooted).
    """

    centre: np.ndarray
    spread: np.ndarray
    weight: np.ndarray
    df: int
    fitted: np.ndarray
    fixed: np.ndarray
    shrunk: np.ndarray
    step: float
    noise: float

    def draw(self, size: int, rng: Generator) -> np.ndarray:
        """Simulated paths after, ``(size, n_after)``, noise of single months included."""
        picks = np.bincount(rng.choice(len(self.weight), size=size, p=self.weight), minlength=len(self.weight))
        parts = []
        for g in np.flatnonzero(picks):
            root = np.linalg.cholesky(self.spread[g])
            normal = rng.standard_normal((int(picks[g]), self.centre.shape[1]))
            stretch = np.sqrt(self.df / rng.chisquare(self.df, int(picks[g])))
            parts.append(self.centre[g] + stretch[:, None] * (normal @ root.T))
        return np.concatenate(parts)


@dataclass(frozen=True, slots=True)
class _Point:
    """One step ratio and ridge: its evidence, forecast and fit."""

    evidence: float
    centre: np.ndarray
    spread: np.ndarray
    fitted: np.ndarray
    fixed: np.ndarray
    shrunk: np.ndarray
    scale: float


@dataclass(frozen=True, slots=True)
class Regressors:
    """Known courses before and after: ``fixed`` with flat priors (the level's start among them), ``shrunk`` with ridges.

    fixed ``(n, k)``, shrunk ``(n, m)`` over all months before then after; ``m`` may be 0.
    """

    fixed: np.ndarray
    shrunk: np.ndarray


def forecast(y: np.ndarray, time: np.ndarray, regressors: Regressors, steps: tuple[float, ...] = STEPS) -> Forecast:
    """Predict the months after ``y`` from a random-walk level, regressors and independent noise.

    Parameters
    ----------
    y : ``(n_before,)``, for example log counts. time : ``(n_before + n_after,)`` month numbers in order.
    regressors : over the same months as ``time``.
    steps : step ratios considered; one only gives the exact answer of a local level model with that
        ratio of variances and diffuse start.

    ``y_t = level_t + x_t b + noise_t``, ``level_t - level_(t-1) ~ N(0, (q sigma)^2)``, ``noise ~ N(0, sigma^2)``.
    ``b`` and the first level have flat priors, ``sigma`` the prior 1/sigma, so that all three
    integrate out exactly. ``q`` has an exponential prior on a grid, with mean ``TYPICAL_STEP`` over the noise
    of the fit without steps, and shrunk coefficients a normal prior on a grid of variances.

    Source: Harvey (1989) chapter 4; Brodersen et al. (2015) Ann. Appl. Stat. 9, with the grid in
    place of Markov chains. Reference implementation: ``statsmodels`` UnobservedComponents given q.
    """
    ridges = RIDGES if regressors.shrunk.shape[1] else (0.0,)
    cells = [(q, v) for q in steps for v in ridges]
    points = [_point(y, time, regressors, q, v) for q, v in cells]
    typical = TYPICAL_STEP / float(np.sqrt(points[0].scale))
    prior = np.array([_log_prior(q, steps, typical) for q, _ in cells])
    post = prior + np.array([p.evidence for p in points])
    weight = np.exp(post - post.max())
    weight /= weight.sum()
    df = len(y) - regressors.fixed.shape[1]
    return Forecast(
        centre=np.stack([p.centre for p in points]),
        spread=np.stack([p.spread for p in points]),
        weight=weight,
        df=df,
        fitted=np.asarray(weight @ np.stack([p.fitted for p in points])),
        fixed=np.asarray(weight @ np.stack([p.fixed for p in points])),
        shrunk=np.asarray(weight @ np.stack([p.shrunk for p in points])),
        step=float(weight @ np.array([q for q, _ in cells])),
        noise=float(np.sqrt(weight @ np.array([p.scale for p in points]))),
    )


def _log_prior(q: float, steps: tuple[float, ...], typical: float) -> float:
    """Exponential density times the width of the grid cell around ``q``."""
    at = np.array(steps)
    edges = np.concatenate([at[:1], (at[1:] + at[:-1]) / 2, at[-1:]])
    i = int(np.searchsorted(at, q))
    width = float(edges[i + 1] - edges[i]) if len(at) > 1 else 1.0
    return float(np.log(width)) - q / typical


def _point(y: np.ndarray, time: np.ndarray, regressors: Regressors, q: float, ridge: float) -> _Point:
    n = len(y)
    whole = _walk(tuple(int(t) for t in time), q)
    m = regressors.shrunk.shape[1]
    if m:
        whole = whole + (ridge / m) * regressors.shrunk @ regressors.shrunk.T
    x, ahead = regressors.fixed[:n], regressors.fixed[n:]
    inverse = np.linalg.inv(whole[:n, :n])
    inner = x.T @ inverse @ x
    beta = np.linalg.solve(inner, x.T @ inverse @ y)
    rest = y - x @ beta
    df = n - x.shape[1]
    scale = max(float(rest @ inverse @ rest), 1e-12) / df
    log_det = np.linalg.slogdet(whole[:n, :n])[1] + np.linalg.slogdet(inner)[1]
    link = whole[n:, :n] @ inverse
    extra = ahead - link @ x
    spread = whole[n:, n:] - link @ whole[:n, n:] + extra @ np.linalg.solve(inner, extra.T)
    smooth = (whole[:n, :n] - np.eye(n)) @ inverse @ rest
    return _Point(
        evidence=-0.5 * float(log_det) - 0.5 * df * float(np.log(scale)),
        centre=ahead @ beta + link @ rest,
        spread=scale * (spread + spread.T) / 2,
        fitted=x @ beta + smooth,
        fixed=beta,
        shrunk=(ridge / m) * regressors.shrunk[:n].T @ inverse @ rest if m else np.zeros(0),
        scale=scale,
    )


@lru_cache(maxsize=256)
def _walk(time: tuple[int, ...], q: float) -> np.ndarray:
    """Covariance of level plus noise in units of the noise variance; the level starts at the first month."""
    at = np.array(time, dtype=float) - time[0]
    return np.asarray(np.eye(len(at)) + q**2 * np.minimum(at[:, None], at[None, :]))
