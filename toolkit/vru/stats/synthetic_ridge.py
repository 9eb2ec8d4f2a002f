"""Ridge-augmented synthetic control: what the donors' own histories say about the imbalance that is left."""

from dataclasses import dataclass

import numpy as np

from vru.stats.simplex import simplex_weights

N_PENALTIES, SMALLEST = 20, 1e-8


@dataclass(frozen=True, slots=True)
class RidgeWeights:
    """Weights ``(n_donors,)``, which sum to one and may be negative; the simplex weights; the penalty used."""

    weights: np.ndarray
    simplex: np.ndarray
    penalty: float


def ridge_weights(donors: np.ndarray, target: np.ndarray, penalty: float | None = None) -> RidgeWeights:
    """Simplex weights plus the ridge regression's correction for what they leave unbalanced.

    Parameters
    ----------
    donors : ``(n_donors, n_pre)``, target : ``(n_pre,)``, outcomes before the start.
    penalty : lambda, in squared units of the outcome; None chooses it by :func:`choose_penalty`.

    With outcomes centred on the donors' mean of each period,
    ``w = w_simplex + X (X'X + lambda I)^-1 (x_treated - X' w_simplex)``.

    Source: Ben-Michael, Feller & Rothstein (2021) J. Am. Stat. Assoc. 116, equation (13) and
    Lemma 1; reference implementation R ``augsynth``.
    """
    chosen = choose_penalty(donors, target) if penalty is None else penalty
    simplex = simplex_weights(donors.T, target)
    return RidgeWeights(_augment(donors, target, simplex, np.array([chosen]))[0], simplex, chosen)


def choose_penalty(donors: np.ndarray, target: np.ndarray) -> float:
    """The largest lambda whose error is within one standard error of the smallest.

    Shapes as in :func:`ridge_weights`, at least three periods. Each period before the start is
    left out in turn and predicted for the treated unit from weights found on the others; 21
    lambdas run down from the largest squared singular value by a factor of 1e-8 in all.

    Source: Ben-Michael, Feller & Rothstein (2021), section 5.3; R ``augsynth``, ``min_1se``.
    """
    largest = float(np.linalg.svd(donors - donors.mean(axis=0), compute_uv=False)[0]) ** 2
    if largest == 0:
        return 1.0
    grid = largest * SMALLEST ** (np.arange(N_PENALTIES + 1) / N_PENALTIES)
    n_pre = donors.shape[1]
    errors = np.empty((n_pre, len(grid)))
    for t in range(n_pre):
        rest = np.arange(n_pre) != t
        known, aim = donors[:, rest], target[rest]
        weights = _augment(known, aim, simplex_weights(known.T, aim), grid)
        errors[t] = (target[t] - weights @ donors[:, t]) ** 2
    mean, se = errors.mean(axis=0), errors.std(axis=0, ddof=1) / np.sqrt(n_pre)
    best = int(mean.argmin())
    return float(grid[mean <= mean[best] + se[best]].max())


def _augment(donors: np.ndarray, target: np.ndarray, simplex: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Weights ``(n_penalties, n_donors)`` for every lambda from one singular value decomposition."""
    centre = donors.mean(axis=0)
    left, size, right = np.linalg.svd(donors - centre, full_matrices=False)
    missed = right @ (target - simplex @ donors)
    shrunk = size[None, :] / (size[None, :] ** 2 + grid[:, None])
    return np.asarray(simplex[None, :] + (shrunk * missed[None, :]) @ left.T)
