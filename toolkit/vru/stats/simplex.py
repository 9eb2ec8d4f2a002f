"""Weights that are not negative and sum to one: exact least squares, and Frank-Wolfe as synthetic DiD defines it."""

from dataclasses import dataclass

import numpy as np
from scipy import optimize


@dataclass(frozen=True, slots=True)
class SimplexFit:
    """Weights ``(n,)`` and the value of what was minimised at them."""

    weights: np.ndarray
    loss: float


def simplex_weights(columns: np.ndarray, target: np.ndarray, penalty: float = 0.0) -> np.ndarray:
    """Weights ``w`` on the simplex that minimise ``|columns w - target|^2 + penalty |w|^2``.

    columns ``(m, n)``, target ``(m,)``, returns ``(n,)``.

    Because the weights sum to one, the first term is ``|(columns - target) w|^2``: the point of a
    convex hull nearest to the origin. Non-negative least squares on those differences with one
    more row of ones and a right-hand side of one gives a multiple of it exactly (the value is an
    increasing function of the distance), so no large penalty stands in for the constraint.

    Source: Lawson & Hanson (1974) ch. 23; Wolfe (1976) Math. Program. 11.
    """
    return nearest_to_origin(columns - target[:, None], penalty)


def nearest_to_origin(points: np.ndarray, penalty: float = 0.0) -> np.ndarray:
    """Simplex weights of the point of the hull of ``points`` (columns, ``(m, n)``) that is nearest to the origin."""
    m, n = points.shape
    size = float(np.sqrt(np.einsum("ij,ij->j", points, points).max() + penalty))
    if n == 1 or size == 0:
        return np.full(n, 1 / n)
    rows = m + 1 + (n if penalty > 0 else 0)
    design = np.zeros((rows, n))
    np.divide(points, size, out=design[:m])
    design[m] = 1
    if penalty > 0:
        design[np.arange(m + 1, rows), np.arange(n)] = np.sqrt(penalty) / size
    right = np.zeros(rows)
    right[m] = 1
    try:
        w = optimize.nnls(design, right, maxiter=30 * n)[0]
    except RuntimeError:
        # Ties between identical donors can make the active set cycle; an immaterial penalty breaks them.
        return nearest_to_origin(points, penalty + 1e-9 * size**2)
    return np.asarray(w / w.sum())


def frank_wolfe(columns: np.ndarray, target: np.ndarray, zeta: float, min_decrease: float) -> SimplexFit:
    """Simplex weights as the reference code of synthetic DiD finds them: 100 steps, drop the small, go on.

    columns ``(m, n)``, target ``(m,)``, both centred by column (the intercept); minimises
    ``zeta^2 |w|^2 + |columns w - target|^2 / m``. Weights up to a quarter of the largest are set
    to zero after 100 steps; then up to 10,000 steps, until a step gains less than ``min_decrease^2``.

    Source: Arkhangelsky et al. (2021) Algorithm 1; reference implementation R ``synthdid``.
    """
    start = np.full(columns.shape[1], 1 / columns.shape[1])
    # Differences from the target, as above: levels common to all columns then cost no precision.
    points = columns - target[:, None]
    rough = _steps(points, zeta, min_decrease, 100, start).weights
    kept = np.where(rough <= rough.max() / 4, 0.0, rough)
    return _steps(points, zeta, min_decrease, 10_000, kept / kept.sum())


def _steps(points: np.ndarray, zeta: float, min_decrease: float, limit: int, start: np.ndarray) -> SimplexFit:
    """Steps towards one corner at a time, on the Gram matrix so that a step costs ``n`` and not ``m n``."""
    m = len(points)
    gram = points.T @ points
    gram[np.diag_indices_from(gram)] += m * zeta**2
    diagonal = gram.diagonal().copy()
    w = start.copy()
    product = gram @ w
    inner, loss = float(w @ product), np.inf
    for t in range(limit):
        i = int(product.argmin())
        slope = float(product[i])
        curve = float(diagonal[i]) - 2 * slope + inner
        if curve <= 0:
            break
        step = min(1.0, max(0.0, (inner - slope) / curve))
        inner = (1 - step) ** 2 * inner + 2 * step * (1 - step) * slope + step**2 * float(diagonal[i])
        w *= 1 - step
        w[i] += step
        product *= 1 - step
        product += step * gram[i]
        last, loss = loss, inner / m
        if t >= 1 and last - loss <= min_decrease**2:
            break
    return SimplexFit(w, loss)
