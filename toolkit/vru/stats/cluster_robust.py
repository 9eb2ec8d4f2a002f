"""Linear and log-linear regressions whose standard error allows for unequal spread and for rows that come in clusters."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from vru.errors import MethodError, Problem

Family = Literal["linear", "poisson", "logistic"]
SINGULAR = 1e-9


@dataclass(frozen=True, slots=True)
class Regression:
    """A fit. beta ``(p,)``; mean ``(n,)``; white ``(n, p)`` and residual ``(n,)``: design and residuals over the
    working standard deviation; converged False where the data push a coefficient without end.
    """

    beta: np.ndarray
    mean: np.ndarray
    white: np.ndarray
    residual: np.ndarray
    converged: bool


@dataclass(frozen=True, slots=True)
class Robust:
    """Standard error of one coefficient and the degrees of freedom of Student's t."""

    se: float
    df: float


def regress(
    y: np.ndarray,
    x: np.ndarray,
    family: Family,
    *,
    offset: np.ndarray | None = None,
    prior: np.ndarray | None = None,
    start: np.ndarray | None = None,
) -> Regression:
    """Fit by least squares, or by iterated least squares with a log or logit link.

    y ``(n,)``; x ``(n, p)``; offset ``(n,)`` on the link's scale; prior : weights ``(n,)``; start : coefficients of an
    earlier fit with the same ``x``, whose columns are then known not to repeat each other.
    Raises MethodError where columns of ``x`` repeat each other.
    """
    shift = np.zeros(len(y)) if offset is None else offset
    weight = np.ones(len(y)) if prior is None else prior
    if start is None and np.linalg.matrix_rank(x * np.sqrt(weight)[:, None]) < x.shape[1]:
        raise MethodError(
            Problem(
                "the covariates, strata and the arm repeat each other, so no adjusted difference exists",
                where="covariates",
                hint="list fewer covariates, and none that is constant within the strata or in one arm",
            )
        )
    if family == "linear":
        root = np.sqrt(weight)
        beta = np.linalg.lstsq(x * root[:, None], (y - shift) * root, rcond=None)[0]
        mean = x @ beta + shift
        return Regression(beta, mean, x * root[:, None], (y - mean) * root, True)
    return _iterate(y, x, family, shift, weight, start)


def _iterate(
    y: np.ndarray, x: np.ndarray, family: Family, offset: np.ndarray, prior: np.ndarray, start: np.ndarray | None
) -> Regression:
    level = np.log(max(float((prior * y).sum() / (prior * np.exp(offset)).sum()), 1e-8)) if family == "poisson" else 0.0
    beta = np.linalg.lstsq(x, np.full(len(y), level), rcond=None)[0] if start is None else start
    done = False
    for _ in range(60):
        mean, variance = _mean(np.clip(x @ beta + offset, -30, 30), family)
        w = prior * variance
        step = _solve((x * w[:, None]).T @ x, x.T @ (prior * (y - mean)))
        largest = float(np.abs(x @ step).max())
        step = step / max(1.0, largest / 3)
        beta = beta + step
        if largest < 1e-10:
            done = True
            break
    mean, variance = _mean(np.clip(x @ beta + offset, -30, 30), family)
    root = np.sqrt(prior * variance)
    residual = prior * (y - mean) / np.maximum(root, 1e-150)
    return Regression(beta, mean, x * root[:, None], residual, done and bool(np.abs(x @ beta + offset).max() < 20))


def _solve(information: np.ndarray, score: np.ndarray) -> np.ndarray:
    try:
        return np.linalg.solve(information, score)
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.pinv(information, hermitian=True) @ score)


def _mean(eta: np.ndarray, family: Family) -> tuple[np.ndarray, np.ndarray]:
    if family == "poisson":
        mean = np.exp(eta)
        return mean, mean
    mean = 1 / (1 + np.exp(-eta))
    return mean, mean * (1 - mean)


def robust_error(
    fit: Regression, coefficient: int, groups: np.ndarray | None = None, *, jackknife: bool = False
) -> Robust:
    """Bias-reduced standard error (HC2 by row, CR2 by cluster) with Satterthwaite's degrees of freedom.

    groups : int codes ``(n,)``, or None for rows by themselves. jackknife : HC3 instead (rows only; df = n - p).

    Rows are taken as independent and as spread as the working model says when the correction and the degrees of
    freedom are found; the error itself does not need that. Log-linear fits are corrected in the whitened
    coordinates of the last step.

    Source: Bell & McCaffrey (2002) Survey Methodology 28; Pustejovsky & Tipton (2018) J. Bus. Econ. Stat. 36.
    """
    x, e = fit.white, fit.residual
    bread = np.linalg.pinv(x.T @ x, hermitian=True)
    contrast = bread[:, coefficient]
    if groups is None:
        return _by_row(x, e, bread, contrast, jackknife)
    codes = np.unique(groups)
    root = _root(bread)
    scores, own, pulled = np.zeros(len(codes)), np.zeros(len(codes)), np.zeros((len(codes), x.shape[1]))
    for j, code in enumerate(codes):
        at = groups == code
        g = _corrected(x[at], root, x[at] @ contrast)
        scores[j], own[j], pulled[j] = g @ e[at], g @ g, x[at].T @ g
    omega = np.diag(own) - pulled @ bread @ pulled.T
    return Robust(math.sqrt(float(scores @ scores)), float(np.trace(omega) ** 2 / (omega**2).sum()))


def _root(bread: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(bread)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0))[None, :])


def _corrected(x: np.ndarray, root: np.ndarray, target: np.ndarray) -> np.ndarray:
    """``(I - H)^(-1/2) target`` for one cluster, through the few directions that ``H`` has (pseudo-inverse where it is 1)."""
    vectors, s, _ = np.linalg.svd(x @ root, full_matrices=False)
    left = np.maximum(1 - s**2, 0)
    factor = np.where(left > SINGULAR, 1 / np.sqrt(np.maximum(left, SINGULAR)), 0.0) - 1
    return np.asarray(target + vectors @ (factor * (vectors.T @ target)))


def _by_row(x: np.ndarray, e: np.ndarray, bread: np.ndarray, contrast: np.ndarray, jackknife: bool) -> Robust:
    leverage = np.einsum("ij,jk,ik->i", x, bread, x)
    left = np.maximum(1 - leverage, 0)
    pull = x @ contrast
    keep = left > SINGULAR
    safe = np.where(keep, left, 1.0)
    if jackknife:
        se = math.sqrt(float(((pull * e)[keep] ** 2 / safe[keep] ** 2).sum()))
        return Robust(se, float(len(x) - x.shape[1]))
    b = np.where(keep, pull**2 / safe, 0.0)
    cross = (x * b[:, None]).T @ x @ bread
    spread = float((b**2 * (1 - 2 * leverage)).sum() + np.trace(cross @ cross))
    return Robust(math.sqrt(float((b * e**2).sum())), float((b * left).sum() ** 2 / spread))
