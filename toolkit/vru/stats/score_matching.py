"""Nearest-neighbour matching on the propensity score, ties shared, with the standard error of Abadie and Imbens."""

import math
from dataclasses import dataclass

import numpy as np

from vru.stats.canonical_glm import Glm
from vru.stats.counterfactual import Spread, Target

_NEAREST = 5
"""Rows with the nearest scores, itself among them, from which a row's local variance and covariances are taken."""


@dataclass(frozen=True, slots=True)
class Partners:
    """For the rows of one arm (in their order): which distinct scores of the other arm are nearest.

    pool : int, positions of the other arm's rows. group : ``(len(pool),)``, which distinct score each has.
    first, second : per row of the arm, the nearest distinct score, and another just as near (-1 if none).
    share : per row of the arm, the share of each of its partners, so that equally near rows count alike.
    """

    pool: np.ndarray
    group: np.ndarray
    first: np.ndarray
    second: np.ndarray
    share: np.ndarray


@dataclass(frozen=True, slots=True)
class Matched:
    """weights, squared : ``(n,)``, sums of the shares in which a row stands in for others, and of their squares.

    sides : per arm that is matched, (bool ``(n,)`` of its rows, their partners). ties : some row had several partners.
    """

    target: Target
    treated: np.ndarray
    stands_in: np.ndarray
    squared: np.ndarray
    sides: tuple[tuple[np.ndarray, Partners], ...]
    ties: bool

    @property
    def weights(self) -> np.ndarray:
        """``(n,)``: how much each row counts in its arm; the target's own rows count 1 besides what they stand in for."""
        return self.stands_in + (1.0 if self.target == "ate" else self.treated.astype(float))


def find_matches(score: np.ndarray, treated: np.ndarray, target: Target) -> Matched:
    """Match every row of the target to the nearest of the other arm, with replacement; equally near rows share.

    Source: Abadie & Imbens (2006) Econometrica 74, one match, ties as in R ``Matching::Match``.
    """
    # Scores of rows with the same covariates differ by rounding only, and are ties.
    rounded = np.round(score, 12)
    n, stands_in, squared, ties = len(score), np.zeros(len(score)), np.zeros(len(score)), False
    sides = []
    for side in (treated, ~treated) if target == "ate" else (treated,):
        partners = _partners(rounded, side)
        stands_in += _given(partners, partners.share, n)
        squared += _given(partners, partners.share**2, n)
        ties = ties or bool((partners.share < 1).any())
        sides.append((side, partners))
    return Matched(target, treated, stands_in, squared, tuple(sides), ties)


def _partners(score: np.ndarray, side: np.ndarray) -> Partners:
    pool, at = np.flatnonzero(~side), score[side]
    values, group, size = np.unique(score[pool], return_inverse=True, return_counts=True)
    right = np.clip(np.searchsorted(values, at), 0, len(values) - 1)
    left = np.maximum(right - 1, 0)
    to_left, to_right = np.abs(at - values[left]), np.abs(values[right] - at)
    both = (np.abs(to_left - to_right) <= 1e-12) & (left != right)
    first = np.where(both | (to_left < to_right), left, right)
    second = np.where(both, right, -1)
    many = size[first] + np.where(both, size[right], 0)
    return Partners(pool, group, first, second, 1.0 / many)


def _given(partners: Partners, amount: np.ndarray, n: int) -> np.ndarray:
    length = int(partners.group.max()) + 1
    by_value = np.bincount(partners.first, weights=amount, minlength=length)
    twice = partners.second >= 0
    by_value = by_value + np.bincount(partners.second[twice], weights=amount[twice], minlength=length)
    out = np.zeros(n)
    out[partners.pool] = by_value[partners.group]
    return out


def imputed(partners: Partners, u: np.ndarray) -> np.ndarray:
    """Mean of ``u`` ``(n,)`` over the partners of each row of the matched arm."""
    sums = np.bincount(partners.group, weights=u[partners.pool])
    second = np.where(partners.second >= 0, sums[partners.second], 0.0)
    return np.asarray(partners.share * (sums[partners.first] + second))


def matching_spread(
    u: np.ndarray, matched: Matched, score: np.ndarray, design: np.ndarray | None = None, fit: Glm | None = None
) -> Spread:
    """Standard error of ``mean of u over treated less mean over untreated`` (weighted by the matches).

    Parameters
    ----------
    u : ``(n,)``, outcomes centred on their arm's matched mean, in units of the contrast, so that the contrast is 0.
    score : ``(n,)``, what was matched on. design, fit : the logistic regression behind it; given, its own uncertainty
        is allowed for.

    Source: Abadie & Imbens (2006) Econometrica 74, theorems 6 and 7 (heteroskedastic, one match); Abadie & Imbens
    (2016) Econometrica 84, theorems 1 and 2 (estimated propensity).
    """
    d = matched.treated
    size = float(d.sum() if matched.target == "att" else len(u))
    own = np.zeros(len(u))
    for side, partners in matched.sides:
        gap = u[side] - imputed(partners, u)
        own[side] = gap if d[side][0] else -gap
    lone = _local_variance(u, score, d)
    extra = matched.stands_in**2 - matched.squared
    if matched.target == "ate":
        # A row's own error and those in which it stands in for others add up before they are squared.
        extra = extra + 2 * matched.stands_in
    parts = [float((own[side] ** 2).sum() + (extra * lone)[side].sum()) / size**2 for side in (d, ~d)]
    total = sum(parts)
    if fit is not None and design is not None:
        corrected = total + _propensity_part(u, matched, design, fit) / len(u)
        # The correction is itself an estimate; a variance is never let below a quarter of the uncorrected one.
        total = max(corrected, total / 4)
    sizes = [float(matched.weights[s].sum() ** 2 / (matched.weights[s] ** 2).sum()) for s in (d, ~d)]
    shares = sum(p * p / max(s - 1, 1.0) for p, s in zip(parts, sizes, strict=True))
    df = sum(parts) ** 2 / shares if shares > 0 else float(len(u) - 2)
    return Spread(math.sqrt(total), df)


def _local_variance(u: np.ndarray, score: np.ndarray, treated: np.ndarray) -> np.ndarray:
    """Variance of ``u`` among each row's nearest of its own arm, itself included, ``(n,)``."""
    out = np.zeros(len(u))
    for side in (treated, ~treated):
        near = _nearest(score, side, score[side])
        out[side] = u[near].var(axis=1, ddof=1) if near.shape[1] > 1 else 0.0
    return out


def _nearest(score: np.ndarray, side: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Positions ``(len(at), m)`` of the rows of ``side`` whose scores stand nearest in order to each of ``at``."""
    rows = np.flatnonzero(side)
    rows = rows[np.argsort(score[rows], kind="stable")]
    m = min(_NEAREST, len(rows))
    start = np.clip(np.searchsorted(score[rows], at) - m // 2, 0, len(rows) - m)
    return np.asarray(rows[start[:, None] + np.arange(m)])


def _propensity_part(u: np.ndarray, matched: Matched, design: np.ndarray, fit: Glm) -> float:
    """What estimating the propensity adds to ``n`` times the variance (often below 0)."""
    p = fit.mean(design)
    f = p * (1 - p)
    one, none = (_near(p, side, u, design) for side in (matched.treated, ~matched.treated))
    inverse = len(u) * fit.inverse
    if matched.target == "ate":
        c = (f[:, None] * (one.covariance / p[:, None] + none.covariance / (1 - p)[:, None])).mean(axis=0)
        return -float(c @ inverse @ c)
    gap = (f * (one.mean - none.mean))[:, None] * design
    share = float(matched.treated.mean())
    odds = (p / (1 - p))[:, None]
    c = (gap + f[:, None] * (one.covariance + odds * none.covariance)).mean(axis=0) / share
    slope = (gap + f[:, None] * (one.covariance - none.covariance)).mean(axis=0) / share
    return float(slope @ inverse @ slope - c @ inverse @ c)


@dataclass(frozen=True, slots=True)
class _Near:
    """Mean of ``u`` ``(n,)`` and its covariances with the design's columns ``(n, k)`` among nearest rows of one arm."""

    mean: np.ndarray
    covariance: np.ndarray


def _near(p: np.ndarray, side: np.ndarray, u: np.ndarray, design: np.ndarray) -> _Near:
    near = _nearest(p, side, p)
    mean = u[near].mean(axis=1)
    apart = (u[near] - mean[:, None]) / max(near.shape[1] - 1, 1)
    return _Near(mean, np.einsum("im,imk->ik", apart, design[near]))
