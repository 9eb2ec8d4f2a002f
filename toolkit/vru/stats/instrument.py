"""One instrument, one treatment: what the offer did to receipt and to the outcome, with robust covariance."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from vru.stats.weak_ratio import WeakRatio, weak_ratio

Errors = Literal["robust", "classical"]


@dataclass(frozen=True, slots=True)
class Reduced:
    """Differences by the instrument, other columns held fixed.

    effects : ``(d,)``, one for each outcome column. cov : ``(d, d)``. df : of Student's t.
    z : ``(n,)``, the instrument less what other columns explain. residuals : ``(n, d)``.
    """

    effects: np.ndarray
    cov: np.ndarray
    df: int
    z: np.ndarray
    residuals: np.ndarray
    n_clusters: int


def reduced_form(
    y: np.ndarray,
    instrument: np.ndarray,
    fixed: np.ndarray,
    w: np.ndarray,
    cluster: np.ndarray | None = None,
    errors: Errors = "robust",
) -> Reduced:
    """Least squares of every column of ``y``, ``(n, d)``, on the instrument and ``fixed``, ``(n, k)`` with a constant.

    Covariance: HC1; with ``cluster``, its sum over clusters, ``G/(G-1) (n-1)/(n-k-1)``; or classical.
    ``w``: weights, above 0. Raises numpy.linalg.LinAlgError where the other columns explain the instrument.

    Source: White (1980), MacKinnon & White (1985) HC1, Liang & Zeger (1986). Reference implementation: R
    ``sandwich::vcovHC(type = "HC1")``, ``vcovCL(type = "HC1")``.
    """
    root = np.sqrt(w)[:, None]
    q = _basis(root * fixed)
    ry, rz = root * y, root[:, 0] * instrument
    z, left = rz - q @ (q.T @ rz), ry - q @ (q.T @ ry)
    size = float(z @ z)
    if size <= 1e-10 * float(rz @ rz):
        raise np.linalg.LinAlgError("other columns explain the instrument")
    effects = z @ left / size
    residuals = left - np.outer(z, effects)
    n, used = len(instrument), q.shape[1] + 1
    scores, groups = z[:, None] * residuals, 0
    if errors == "classical":
        cov = residuals.T @ residuals / (n - used) / size
    elif cluster is None:
        cov = scores.T @ scores / size**2 * n / (n - used)
    else:
        groups = int(cluster.max()) + 1
        sums = np.zeros((groups, y.shape[1]))
        np.add.at(sums, cluster, scores)
        cov = sums.T @ sums / size**2 * groups / (groups - 1) * (n - 1) / (n - used)
    df = n - used if cluster is None or errors == "classical" else groups - 1
    return Reduced(effects, cov, df, z / root[:, 0], residuals / root, groups)


def _basis(columns: np.ndarray) -> np.ndarray:
    """Orthonormal columns that span ``columns``; those that others explain are dropped."""
    u, s, _ = np.linalg.svd(columns / np.sqrt((columns**2).sum(axis=0)), full_matrices=False)
    kept: np.ndarray = u[:, s > 1e-9 * s[0]]
    return kept


def complier_effect(found: Reduced, level: float) -> WeakRatio:
    """Two-stage least squares (the Wald ratio with one instrument) of outcome 0 on receipt, outcome 1.

    Source: Imbens & Angrist (1994) Econometrica 62; Angrist, Imbens & Rubin (1996) JASA 91. Reference
    implementation: R ``AER::ivreg``.
    """
    return weak_ratio(found.effects[:2], found.cov[:2, :2], level, found.df)
