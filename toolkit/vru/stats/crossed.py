"""Poisson counts of areas by day: an effect for each area, one for each day (or weekday), and a few terms beside."""

from dataclasses import dataclass

import numpy as np

from vru.errors import MethodError, Problem

TINY = 1e-300
LIMIT = 12.0


@dataclass(frozen=True, slots=True)
class Crossed:
    """A fitted model ``log mean = area + time + sum(value * term)``.

    value : ``(k,)``. information : ``(k, k)``, of the terms after area and time effects.
    fitted : ``(n_areas, n_days)`` means, 0 where not observed or the area or time never had an event.
    baseline : the same with all terms at 0. centred : ``(k, n_areas, n_days)``, terms less their weighted
    projection on area and time effects. phi : Pearson chi-squared over ``df``, or None where ``df`` is below 1.
    """

    value: np.ndarray
    information: np.ndarray
    fitted: np.ndarray
    baseline: np.ndarray
    centred: np.ndarray
    phi: float | None
    df: int


def null_means(counts: np.ndarray, weight: np.ndarray, code: np.ndarray) -> np.ndarray:
    """Means under area and time effects alone, for many tables of counts at once.

    counts : ``(m, n_areas, n_days)``, 0 where weight is. weight : ``(n_areas, n_days)``, exposure where
    observed, 0 where not. code : int ``(n_days,)`` from 0, which days share a time effect.

    Iterative proportional fitting; one round where every area has every day. Source: Deming & Stephan (1940).
    """
    member = (code[:, None] == np.arange(int(code.max()) + 1)).astype(float)
    size = weight @ member
    rows, columns = counts.sum(axis=2), counts.sum(axis=1) @ member
    b = np.ones(columns.shape)
    for _ in range(2000):
        a = rows / np.maximum(b @ size.T, TINY)
        new = columns / np.maximum(a @ size, TINY)
        done = np.max(np.abs(new - b)) <= 1e-11 * max(1.0, float(b.max()))
        b = new
        if done:
            break
    return np.asarray(a[:, :, None] * b[:, code][:, None, :] * weight)


def centre(terms: np.ndarray, mean: np.ndarray, code: np.ndarray) -> np.ndarray:
    """``terms (k, n_areas, n_days)`` less their projection on area and time effects, weighted by ``mean``."""
    if not len(terms):
        return terms
    member = (code[:, None] == np.arange(int(code.max()) + 1)).astype(float)
    m = mean @ member
    row, column = mean.sum(axis=1), m.sum(axis=0)
    share = m / np.maximum(row, TINY)[:, None]
    by_row = (mean * terms).sum(axis=2)
    by_column = (mean * terms).sum(axis=1) @ member
    # Effects are fixed but for a constant; the outer product fixes that, and 1 stands in for a time without weight.
    system = np.diag(np.where(column > 0, column, 1.0)) - m.T @ share
    system = system + np.outer(column, column) / max(float(column.sum()), TINY)
    beta = _solve(system, (by_column - by_row @ share).T).T
    alpha = (by_row - beta @ m.T) / np.maximum(row, TINY)
    return np.asarray(terms - alpha[:, :, None] - beta[:, code][:, None, :])


def _solve(system: np.ndarray, right: np.ndarray) -> np.ndarray:
    """A solution, also where areas and times fall into parts without a link and there are many."""
    try:
        found = np.linalg.solve(system, right)
        if np.isfinite(found).all() and np.abs(system @ found - right).max() <= 1e-8 * max(1.0, np.abs(right).max()):
            return np.asarray(found)
    except np.linalg.LinAlgError:
        pass
    return np.asarray(np.linalg.lstsq(system, right, rcond=None)[0])


def fit_crossed(counts: np.ndarray, weight: np.ndarray, code: np.ndarray, terms: np.ndarray) -> Crossed:
    """Maximum likelihood by Newton steps on the terms, area and time effects found anew at each.

    Shapes as in :func:`null_means` (counts ``(n_areas, n_days)``) and :func:`centre`. Areas and times without
    an event say nothing about a ratio and have mean 0.

    Raises
    ------
    MethodError
        Where a term does not vary beside area and time effects, or its estimate runs away.

    Reference implementation: R ``glm(family = poisson)`` with dummies for areas and days.
    """
    value = np.zeros(len(terms))
    mean = null_means(counts[None], weight, code)[0]
    for _ in range(100 if len(terms) else 0):
        x = centre(terms, mean, code)
        information = np.einsum("knt,lnt,nt->kl", x, x, mean)
        size = np.einsum("knt,nt->k", terms**2, mean)
        if (np.diag(information) <= 1e-8 * np.maximum(size, TINY)).any():
            raise MethodError(_no_contrast())
        step = np.linalg.lstsq(information, (x * (counts - mean)).sum(axis=(1, 2)), rcond=None)[0]
        scale = np.max(np.abs(step[:, None, None] * terms), initial=0.0)
        value = value + step * min(1.0, 2.0 / max(float(scale), TINY))
        if np.max(np.abs(value[:, None, None] * terms)) > LIMIT:
            raise MethodError(_runs_away())
        mean = null_means(counts[None], weight * np.exp(np.tensordot(value, terms, 1)), code)[0]
        if scale < 1e-9:
            break
    x = centre(terms, mean, code)
    information = np.einsum("knt,lnt,nt->kl", x, x, mean)
    phi, df = _spread(counts, mean, weight, code, len(terms))
    baseline = mean * np.exp(-np.tensordot(value, terms, 1))
    return Crossed(value, information, mean, baseline, x, phi, df)


def cluster_covariance(fit: Crossed, counts: np.ndarray, weight: np.ndarray, code: np.ndarray) -> np.ndarray | None:
    """Covariance of the terms, ``(k, k)``, whatever the correlation of an area's days; None under two areas.

    Factor ``G/(G-1) * (n-1)/(n-p)`` with all effects counted. Reference implementation: R
    ``sandwich::vcovCL(type = "HC1")``. Source: Liang & Zeger (1986) Biometrika 73.
    """
    live = fit.fitted.sum(axis=1) > 0
    groups = int(live.sum())
    n, p = _size(fit.fitted, weight, code, len(fit.value))
    if groups < 2 or n <= p:
        return None
    scores = (fit.centred * (counts - fit.fitted)).sum(axis=2)
    bread = np.linalg.pinv(fit.information)
    return np.asarray(groups / (groups - 1) * (n - 1) / (n - p) * bread @ (scores @ scores.T) @ bread)


def _size(mean: np.ndarray, weight: np.ndarray, code: np.ndarray, k: int) -> tuple[int, int]:
    """Cells and parameters of the part of the table that has events."""
    live = mean > 0
    times = len(np.unique(code[live.any(axis=0)]))
    return int((live & (weight > 0)).sum()), int(live.any(axis=1).sum()) + times - 1 + k


def _spread(
    counts: np.ndarray, mean: np.ndarray, weight: np.ndarray, code: np.ndarray, k: int
) -> tuple[float | None, int]:
    n, p = _size(mean, weight, code, k)
    live = mean > 0
    if n - p < 1:
        return None, 0
    return float(((counts - mean)[live] ** 2 / mean[live]).sum()) / (n - p), n - p


def _no_contrast() -> Problem:
    return Problem(
        "treatment does not vary beside the effects of areas and days",
        where="schedule",
        hint="where all areas were patrolled on the same days, use time: weekday; it needs days of both kinds",
    )


def _runs_away() -> Problem:
    return Problem(
        "so few events were recorded that the estimate has no end",
        where="counts",
        hint="use time: weekday, a broader outcome or a longer window",
    )
