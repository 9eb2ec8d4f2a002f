"""The jump of a regression at a cutoff: local polynomials, their bias correction, and its robust variance.

Everything is linear in the outcome, so each estimate is a vector of row weights, and a variance is the weights
squared times squared residuals. Several outcomes at once share the weights; their covariance comes with them.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Kernel = Literal["triangular", "epanechnikov", "uniform"]
Variance = Literal["nearest", "residual"]
NEIGHBOURS = 3


@dataclass(frozen=True, slots=True)
class Side:
    """Rows on one side of the cutoff, sorted by score.

    x : ``(n,)``, score less cutoff. y : ``(n, d)``, ``d`` outcomes. w : ``(n,)``, weights, above 0.
    cluster : int ``(n,)`` or None.
    """

    x: np.ndarray
    y: np.ndarray
    w: np.ndarray
    cluster: np.ndarray | None = None

    def within(self, reach: float) -> "Side":
        """The rows closer to the cutoff than ``reach``."""
        keep = np.abs(self.x) < reach
        return Side(self.x[keep], self.y[keep], self.w[keep], None if self.cluster is None else self.cluster[keep])


@dataclass(frozen=True, slots=True)
class Limit:
    """The outcome's limit at the cutoff from one side: as fitted, and with its bias taken off; ``(d,)``, ``(d, d)``."""

    fitted: np.ndarray
    corrected: np.ndarray
    fitted_cov: np.ndarray
    robust_cov: np.ndarray
    n_main: int
    n_bias: int
    n_clusters: int


@dataclass(frozen=True, slots=True)
class Jump:
    """Limit from above less limit from below, of each outcome.

    fitted, corrected : ``(d,)``, without and with bias correction. fitted_cov, robust_cov : ``(d, d)``.
    """

    fitted: np.ndarray
    corrected: np.ndarray
    fitted_cov: np.ndarray
    robust_cov: np.ndarray
    below: Limit
    above: Limit


def side(x: np.ndarray, y: np.ndarray, w: np.ndarray, cluster: np.ndarray | None = None) -> Side:
    """Rows ``x`` (score less cutoff) sorted; ``y`` is ``(n,)`` or ``(n, d)``."""
    order = np.argsort(x, kind="stable")
    y = y[:, None] if y.ndim == 1 else y
    return Side(x[order], y[order], w[order], None if cluster is None else cluster[order])


def jump(below: Side, above: Side, main: float, pilot: float, order: int, kernel: Kernel, variance: Variance) -> Jump:
    """Jump at the cutoff with bandwidth ``main``; bias from a polynomial one order higher within ``pilot``.

    Raises numpy.linalg.LinAlgError where a side has too few distinct scores for its polynomial.

    Source: Calonico, Cattaneo & Titiunik (2014) Econometrica 82, 2295-2326, eq. (2) to theorem 1; reference
    implementation R and Python ``rdrobust``.
    """
    a, b = (limit(s, main, pilot, order, kernel, variance) for s in (above, below))
    return Jump(
        a.fitted - b.fitted,
        a.corrected - b.corrected,
        a.fitted_cov + b.fitted_cov,
        a.robust_cov + b.robust_cov,
        b,
        a,
    )


def limit(rows: Side, main: float, pilot: float, order: int, kernel: Kernel, variance: Variance) -> Limit:
    """One side's limit; arguments as for ``jump``."""
    s = rows.within(max(main, pilot))
    plain = coefficient(s, main, order, 0, kernel)
    curve = coefficient(s, pilot, order + 1, order + 1, kernel)
    corrected = plain - (plain @ s.x ** (order + 1)) * curve
    if variance == "nearest":
        of_main = of_pilot = nearest_residuals(s)
    else:
        of_main, of_pilot = (fit_residuals(s, reach, p, kernel) for reach, p in ((main, order), (pilot, order + 1)))
    return Limit(
        plain @ s.y,
        corrected @ s.y,
        covariance(plain, of_main, s.cluster, order + 1),
        covariance(corrected, of_pilot, s.cluster, order + 2),
        int((np.abs(s.x) < main).sum()),
        int((np.abs(s.x) < pilot).sum()),
        0 if s.cluster is None else len(np.unique(s.cluster)),
    )


def kernel_weights(u: np.ndarray, kernel: Kernel) -> np.ndarray:
    """The kernel at ``u`` = distance over bandwidth; 0 outside (-1, 1)."""
    inside = np.abs(u) < 1
    if kernel == "triangular":
        return np.where(inside, 1 - np.abs(u), 0.0)
    if kernel == "epanechnikov":
        return np.where(inside, 0.75 * (1 - u**2), 0.0)
    return np.where(inside, 0.5, 0.0)


def coefficient(rows: Side, reach: float, order: int, which: int, kernel: Kernel) -> np.ndarray:
    """Row weights ``(n,)`` whose product with an outcome is coefficient ``which`` of its local polynomial."""
    root, basis = _design(rows, reach, order, kernel)
    # Through QR of the weighted powers of x / reach: normal equations lose digits at high orders.
    q, r = np.linalg.qr(root[:, None] * basis)
    if len(r) <= order or np.abs(np.diag(r)).min() <= 1e-10 * np.abs(np.diag(r)).max():
        raise np.linalg.LinAlgError("too few distinct scores near the cutoff")
    unit = np.zeros(order + 1)
    unit[which] = 1.0
    weights: np.ndarray = root * (q @ np.linalg.solve(r.T, unit)) / reach**which
    return weights


def fit_residuals(rows: Side, reach: float, order: int, kernel: Kernel) -> np.ndarray:
    """Outcome less its local polynomial, ``(n, d)``."""
    root, basis = _design(rows, reach, order, kernel)
    beta = np.linalg.lstsq(root[:, None] * basis, root[:, None] * rows.y, rcond=None)[0]
    residuals: np.ndarray = rows.y - basis @ beta
    return residuals


def _design(rows: Side, reach: float, order: int, kernel: Kernel) -> tuple[np.ndarray, np.ndarray]:
    u = rows.x / reach
    return np.sqrt(kernel_weights(u, kernel) * rows.w), np.vander(u, order + 1, increasing=True)


def nearest_residuals(rows: Side) -> np.ndarray:
    """Outcome less the mean of its nearest neighbours in score, scaled to the row's own variance; ``(n, d)``.

    Every row as near as the third nearest counts, so that rows with one score are treated alike.
    Source: Abadie & Imbens (2006) Econometrica 74; Calonico, Cattaneo & Titiunik (2014) section 5.2.
    """
    x, n = rows.x, len(rows.x)
    if n <= NEIGHBOURS:
        raise np.linalg.LinAlgError("too few rows near the cutoff")
    padded = np.concatenate([np.full(NEIGHBOURS, -np.inf), x, np.full(NEIGHBOURS, np.inf)])
    steps = [k for k in range(-NEIGHBOURS, NEIGHBOURS + 1) if k]
    gaps = np.abs(np.column_stack([padded[NEIGHBOURS + k : NEIGHBOURS + k + n] for k in steps]) - x[:, None])
    reach = np.sort(gaps, axis=1)[:, NEIGHBOURS - 1] + 1e-10 * np.abs(x).max()
    first, last = np.searchsorted(x, x - reach, "left"), np.searchsorted(x, x + reach, "right")
    total = np.vstack([np.zeros(rows.y.shape[1]), np.cumsum(rows.y - rows.y.mean(axis=0), axis=0)])
    centred = rows.y - rows.y.mean(axis=0)
    others = (last - first - 1)[:, None]
    residuals: np.ndarray = np.sqrt(others / (others + 1)) * (centred - (total[last] - total[first] - centred) / others)
    return residuals


def covariance(weights: np.ndarray, residuals: np.ndarray, cluster: np.ndarray | None, used: int) -> np.ndarray:
    """Covariance ``(d, d)`` of ``weights @ y``; ``used`` coefficients are allowed for where rows are clustered."""
    scores = weights[:, None] * residuals
    if cluster is None:
        cov: np.ndarray = scores.T @ scores
        return cov
    codes, n = np.unique(cluster, return_inverse=True)[1], len(weights)
    groups = int(codes.max()) + 1
    sums = np.zeros((groups, residuals.shape[1]))
    np.add.at(sums, codes, scores)
    clustered: np.ndarray = sums.T @ sums * (n - 1) / (n - used) * groups / max(groups - 1, 1)
    return clustered


def adjusted(
    below: Side, above: Side, covariates: tuple[np.ndarray, np.ndarray], main: float, order: int, kernel: Kernel
) -> tuple[Side, Side]:
    """Outcomes less what covariates explain, with one slope on both sides; ``covariates`` sorted as the sides are.

    Source: Calonico, Cattaneo, Farrell & Titiunik (2019) Review of Economics and Statistics 101, eq. (2).
    """
    k = covariates[0].shape[1]
    cross, with_y = np.zeros((k, k)), np.zeros((k, below.y.shape[1]))
    for s, z in zip((below, above), covariates, strict=True):
        root, basis = _design(s, main, order, kernel)
        q = np.linalg.qr(root[:, None] * basis)[0]
        free = root[:, None] * z
        free = free - q @ (q.T @ free)
        cross += free.T @ free
        with_y += free.T @ (root[:, None] * s.y)
    slope = np.linalg.pinv(cross) @ with_y
    made = [Side(s.x, s.y - z @ slope, s.w, s.cluster) for s, z in zip((below, above), covariates, strict=True)]
    return made[0], made[1]
