"""How much alike rows of one cluster are, and what that costs."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from vru.stats.allocations import Summaries
from vru.stats.intervals import Bounds


@dataclass(frozen=True, slots=True)
class Likeness:
    """icc : intracluster correlation (can be below 0 by chance); design_effect : 1 where icc is not above 0."""

    icc: float
    design_effect: float


@dataclass(frozen=True, slots=True)
class Contrast:
    """A comparison of cluster summaries: value, its standard error and degrees of freedom (None where none exist)."""

    value: float
    se: float | None
    df: float | None


def likeness(y: np.ndarray, cluster: np.ndarray, group: np.ndarray) -> Likeness | None:
    """Intracluster correlation by analysis of variance about group means, and the design effect for unequal clusters.

    y ``(n,)``; cluster, group : int codes ``(n,)``; a group is an arm, or an arm in a period. None where clusters
    cannot be told from rows.

    Source: Donner & Klar (2000), chapter 1; Kish (1965) for the design effect, 1 + (sum m^2 / sum m - 1) icc.
    """
    at = np.unique(cluster, return_inverse=True)[1]
    of = np.unique(group, return_inverse=True)[1]
    size, n = np.bincount(at).astype(float), len(y)
    k = len(size)
    centred = y - (np.bincount(of, y) / np.bincount(of))[of]
    # Where a cluster lies in one group, as in a parallel trial, each group costs one cluster's freedom; else one in all.
    nested = len(np.unique(at * (of.max() + 1) + of)) == k
    lost = int(of.max()) + 1 if nested else 1
    if k <= lost or n <= k:
        return None
    mean = np.bincount(at, centred) / size
    sizes = [size[np.unique(at[of == g])] for g in range(lost)] if nested else [size]
    m0 = (n - sum(float((s**2).sum() / s.sum()) for s in sizes)) / (k - lost)
    between = float((size * mean**2).sum()) / (k - lost)
    within = float(((centred - mean[at]) ** 2).sum()) / (n - k)
    total = between + (m0 - 1) * within
    if total <= 0:
        return None
    icc = (between - within) / total
    return Likeness(icc, 1 + (float((size**2).sum()) / n - 1) * max(icc, 0.0))


def compare(data: Summaries, treated: np.ndarray, stratum: np.ndarray, *, ratio: bool) -> Contrast:
    """Difference, or log of the ratio, of the arms' weighted means of clusters, strata weighted by their weight.

    Parameters
    ----------
    data : one numerator and weight per cluster. treated : bool ``(n_clusters,)``. stratum : int codes ``(n_clusters,)``.

    The error is that of a ratio of sums, linearised, k/(k-1) per arm and stratum, with Welch's degrees of freedom; where an
    arm has one cluster in some stratum it comes from the spread between strata (strata less one), as in a paired
    t-test. A log ratio needs both means above 0.

    Source: Hayes & Moulton (2017) Cluster Randomised Trials, chapters 10 to 12.
    """
    a, w = data.numerator, data.weight
    codes = [s for s in np.unique(stratum) if 0 < treated[stratum == s].sum() < (stratum == s).sum()]
    share = np.array([w[stratum == s].sum() for s in codes])
    share = share / share.sum()
    cells = [[(stratum == s) & (treated == t) for t in (True, False)] for s in codes]
    mean = np.array([[a[c].sum() / w[c].sum() for c in pair] for pair in cells])
    k = np.array([[int(c.sum()) for c in pair] for pair in cells])
    level = share @ mean
    slope = 1 / level if ratio else np.ones(2)
    value = math.log(level[0]) - math.log(level[1]) if ratio else float(level[0] - level[1])
    if (k > 1).all():
        spread = [
            [((a[c] - m * w[c]) ** 2).sum() / w[c].sum() ** 2 for c, m in zip(pair, row, strict=True)]
            for pair, row in zip(cells, mean, strict=True)
        ]
        parts = np.array(spread) * k / (k - 1) * (share[:, None] * slope[None, :]) ** 2
        total = float(parts.sum())
        if total <= 0:
            return Contrast(value, None, None)
        return Contrast(value, math.sqrt(total), total**2 / float((parts**2 / (k - 1)).sum()))
    s = len(codes)
    if s < 2:
        return Contrast(value, None, None)
    gap = share * (mean[:, 0] * slope[0] - mean[:, 1] * slope[1])
    # Each stratum's part less its share of the whole: the parts of a ratio sum to 0 by construction.
    spread_of = gap - share * gap.sum()
    total = float((spread_of**2).sum()) * s / (s - 1)
    return Contrast(value, math.sqrt(total) if total > 0 else None, float(s - 1))


def t_bounds(found: Contrast, level: float) -> Bounds:
    """``value`` plus and minus Student's t times the standard error; empty without one."""
    if found.se is None or found.df is None:
        return Bounds(None, None)
    half = float(stats.t.ppf(0.5 + level / 2, found.df)) * found.se
    return Bounds(found.value - half, found.value + half)
