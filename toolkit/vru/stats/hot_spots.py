"""Where events cluster: Getis-Ord Gi*, kernel density, and the areas that a score puts first."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats


@dataclass(frozen=True, slots=True)
class Clusters:
    """Gi* of every area: ``z`` and one-sided ``p`` (more than elsewhere), and ``q``, p after Benjamini and Hochberg.

    Arrays ``(n_areas,)``; z is 0 and p is 1 where it is not defined (every area alike).
    """

    z: np.ndarray
    p: np.ndarray
    q: np.ndarray


def gi_star(values: np.ndarray, neighbours: Any) -> Clusters:
    """Getis-Ord Gi* in its z form, with the area itself among its neighbours.

    Parameters
    ----------
    values
        Float array ``(n_areas,)``: events per area.
    neighbours
        Sparse matrix ``(n_areas, n_areas)`` of weights of 0 and 1, with 1 on the diagonal.

    With ``W = sum_j w_ij`` and ``V = sum_j w_ij^2``: ``z = (sum_j w_ij x_j - W mean(x)) / (s sqrt((n V - W^2) / (n - 1)))``,
    ``s^2 = mean(x^2) - mean(x)^2``. The p is of the normal law; with few and rare events it is too small.

    Source: Ord and Getis (1995), Geographical Analysis 27(4), equation 14; reference implementation: esda 2.9 ``G_Local``
    (star=True, binary weights), values beside its script in ``tests/golden/hotspots``.
    """
    n = len(values)
    weight = np.asarray(neighbours.sum(axis=1), dtype=float).ravel()
    squared = np.asarray(neighbours.multiply(neighbours).sum(axis=1), dtype=float).ravel()
    spread = float(np.sqrt(max(np.mean(values**2) - np.mean(values) ** 2, 0.0)))
    below = spread * np.sqrt(np.maximum(n * squared - weight**2, 0.0) / max(n - 1, 1))
    above = np.asarray(neighbours @ values).ravel() - weight * np.mean(values)
    z = np.divide(above, below, out=np.zeros(n), where=below > 1e-12 * max(abs(float(np.mean(values))), 1e-300))
    p = np.where(z == 0, 1.0, stats.norm.sf(z))
    return Clusters(z, p, false_discovery(p))


def false_discovery(p: np.ndarray) -> np.ndarray:
    """p-values adjusted for how many there are: Benjamini and Hochberg (1995), in the order given."""
    n = len(p)
    order = np.argsort(p, kind="stable")
    scaled = p[order] * n / np.arange(1, n + 1)
    adjusted = np.empty(n)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted


def kernel_matrix(centres: np.ndarray, places: np.ndarray, bandwidth: float) -> Any:
    """Weights that turn counts at places into density at centres: sparse ``(n_centres, n_places)``, events per km2.

    centres, places : ``(n, 2)`` in metres. The quartic kernel ``3 / (pi h^2) (1 - d^2/h^2)^2`` within ``bandwidth`` h (metres).

    Source: Silverman (1986) Density Estimation, equation 4.5 (the two-dimensional biweight kernel).
    """
    from scipy.sparse import csr_matrix
    from scipy.spatial import cKDTree

    pairs = cKDTree(centres).sparse_distance_matrix(cKDTree(places), bandwidth, output_type="coo_matrix")
    share = 1 - (pairs.data / bandwidth) ** 2
    values = 3 / (np.pi * (bandwidth / 1000) ** 2) * share**2
    return csr_matrix((values, (pairs.row, pairs.col)), shape=(len(centres), len(places)))


def within_distance(centres: np.ndarray, distance: float) -> Any:
    """Neighbours within ``distance`` metres, each area its own among them: sparse ``(n, n)`` of 0 and 1."""
    from scipy.sparse import csr_matrix
    from scipy.spatial import cKDTree

    pairs = cKDTree(centres).query_pairs(distance, output_type="ndarray")
    own = np.arange(len(centres))
    rows = np.concatenate([pairs[:, 0], pairs[:, 1], own])
    columns = np.concatenate([pairs[:, 1], pairs[:, 0], own])
    return csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(centres), len(centres)))


def first_by(scores: np.ndarray, n: int) -> np.ndarray:
    """The ``n`` areas with the highest scores, highest first; of equals, the one that stands first."""
    return np.argsort(-scores, kind="stable")[:n]
