"""Effects that share an evaluation or data: standard errors that hold whatever the correlation inside a cluster."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from vru.errors import MethodError, Problem
from vru.stats.intervals import quantile, two_sided_p
from vru.stats.meta_regression import Fit, check_effects


@dataclass(frozen=True, slots=True)
class Robust:
    """One coefficient with a cluster-robust standard error; df : of Student's t."""

    value: float
    se: float
    low: float
    high: float
    p: float
    df: float
    n_clusters: int


def robust(
    fit: Fit,
    y: np.ndarray,
    v: np.ndarray,
    x: np.ndarray,
    clusters: Sequence[str],
    *,
    correction: Literal["cr1", "cr2"] = "cr2",
    level: float = 0.95,
) -> tuple[Robust, ...]:
    """Cluster-robust inference for every coefficient of ``fit``.

    Parameters
    ----------
    fit : from ``regress`` on the same y, v, x. clusters : one label per effect.
    correction : "cr1" multiplies by ``m / (m - p)`` and uses t(m - p), m clusters;
        "cr2" corrects each cluster for its leverage and uses Satterthwaite's degrees of freedom.

    The estimate is the fit's own; only its uncertainty changes. Raises MethodError where there are
    not more clusters than coefficients.

    Source: Hedges, Tipton & Johnson (2010) Research Synthesis Methods 1, 39-65; Tipton (2015)
    Psychological Methods 20, 375-393 (CR2). Reference implementations: R ``metafor::robust`` (CR1),
    ``clubSandwich::coef_test`` (CR2).
    """
    check_effects(y, v, x)
    groups = [np.flatnonzero(np.asarray(clusters) == c) for c in dict.fromkeys(clusters)]
    m, p = len(groups), x.shape[1]
    if m <= p:
        raise MethodError(
            Problem(f"{m} independent evaluations cannot carry {p} coefficients", "robust variance", f"{p + 1} or more")
        )
    total = v + fit.spread.tau2
    bread = np.linalg.inv((x / total[:, None]).T @ x)
    beta = np.array([c.value for c in fit.coefficients])
    residual = y - x @ beta
    adjust = [_adjustment(x[g], total[g], bread) if correction == "cr2" else np.eye(len(g)) for g in groups]
    # Row c of pieces[j] is what cluster j adds to coefficient c, per unit of residual: shape (p, n_j).
    pieces = [bread @ (x[g] / total[g][:, None]).T @ a for g, a in zip(groups, adjust, strict=True)]
    scores = np.array([piece @ residual[g] for piece, g in zip(pieces, groups, strict=True)])
    factor = m / (m - p) if correction == "cr1" else 1.0
    variance = factor * (scores**2).sum(axis=0)
    found = []
    for c in range(p):
        df = float(m - p) if correction == "cr1" else _satterthwaite([z[c] for z in pieces], groups, x, total, bread)
        value, se = float(beta[c]), math.sqrt(float(variance[c]))
        half = quantile(level, df) * se
        found.append(Robust(value, se, value - half, value + half, two_sided_p(value, se, df), df, m))
    return tuple(found)


def _adjustment(x: np.ndarray, total: np.ndarray, bread: np.ndarray) -> np.ndarray:
    """``D (D (V - X M X') D)^(-1/2) D`` with ``D = V^(1/2)``: undoes the shrinkage of a cluster's residuals."""
    root = np.sqrt(total)
    inner = root[:, None] * (np.diag(total) - x @ bread @ x.T) * root[None, :]
    values, vectors = np.linalg.eigh((inner + inner.T) / 2)
    # A direction in which the cluster alone fixes a coefficient has no residual: leave it out.
    power = np.where(values > 1e-12 * total.max() ** 2, np.maximum(values, 1e-300) ** -0.5, 0.0)
    return np.asarray(root[:, None] * ((vectors * power) @ vectors.T) * root[None, :])


def _satterthwaite(
    pieces: list[np.ndarray], groups: list[np.ndarray], x: np.ndarray, total: np.ndarray, bread: np.ndarray
) -> float:
    """Degrees of freedom of a sum of squares ``sum_j (g_j' e_j)^2`` under the working model.

    With weights equal to inverse working variances, ``Cov(e) = V - X M X'``.
    """
    m = len(groups)
    products = np.zeros((m, m))
    for i in range(m):
        for j in range(m):
            inner = -(pieces[i] @ x[groups[i]]) @ bread @ (x[groups[j]].T @ pieces[j])
            products[i, j] = inner + (float((pieces[i] ** 2 * total[groups[i]]).sum()) if i == j else 0.0)
    return float(np.trace(products) ** 2 / (products**2).sum())
