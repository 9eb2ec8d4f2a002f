"""Few clusters offered by lot: the exact test of an assumed effect, and the values it does not reject."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.random import Generator

from vru.stats.intervals import Bounds

ENUMERATE = 20_000


@dataclass(frozen=True, slots=True)
class Drawn:
    """p : of "no effect". bounds : effects not rejected, None on a side without end. exact : all draws enumerated."""

    p: float
    bounds: Bounds
    draws: int
    exact: bool


def drawn_offers(
    offered: np.ndarray, totals: np.ndarray, stratum: np.ndarray, start: float, level: float, draws: int, rng: Generator
) -> Drawn:
    """Offers redrawn between clusters, within strata.

    Parameters
    ----------
    offered : 0/1 ``(G,)``. totals : ``(G, 2)``, each cluster's sum of outcome and of receipt, less what fixed
        columns explain. stratum : int ``(G,)``. start : the estimated effect, from which the set is searched.

    The statistic is the sum of ``outcome - t receipt`` over clusters, weighted by the offer: linear in ``t``, so
    that 10,000 draws at any ``t`` cost one vector. The set is the stretch round ``start`` that is not rejected.

    Source: Imbens & Rosenbaum (2005) JRSS A 168, 109-126; Small, Ten Have & Rosenbaum (2008) JASA 103.
    """
    drawn, exact = _assignments(offered, stratum, draws, rng)
    centred = drawn - _means(offered, stratum)
    stat, seen = centred @ totals, (offered - _means(offered, stratum)) @ totals

    alpha = 1 - level + 1e-12

    def p(t: float) -> float:
        gap, now = np.abs(stat[:, 0] - t * stat[:, 1]), abs(float(seen[0] - t * seen[1]))
        reached = float((gap >= now * (1 - 1e-9) - 1e-12).sum())
        return reached / len(drawn) if exact else (1 + reached) / (1 + len(drawn))

    far = float((np.abs(stat[:, 1]) >= abs(float(seen[1])) * (1 - 1e-9)).sum()) / len(drawn)
    ends = (None, None) if far > alpha else tuple(_edge(p, start, sign, alpha) for sign in (-1.0, 1.0))
    return Drawn(p(0.0), Bounds(ends[0], ends[1]), len(drawn), exact)


def _means(offered: np.ndarray, stratum: np.ndarray) -> np.ndarray:
    share = np.bincount(stratum, offered) / np.bincount(stratum)
    centred: np.ndarray = share[stratum]
    return centred


def _assignments(offered: np.ndarray, stratum: np.ndarray, draws: int, rng: Generator) -> tuple[np.ndarray, bool]:
    members = [np.flatnonzero(stratum == s) for s in np.unique(stratum)]
    ways = math.prod(math.comb(len(m), int(offered[m].sum())) for m in members)
    if ways > ENUMERATE:
        drawn = np.tile(offered, (draws, 1)).astype(float)
        for m in members:
            drawn[:, m] = rng.permuted(drawn[:, m], axis=1)
        return drawn, False
    made = np.zeros((1, len(offered)))
    for m in members:
        picks = list(combinations(m.tolist(), int(offered[m].sum())))
        block = np.zeros((len(picks), len(offered)))
        for row, pick in enumerate(picks):
            block[row, list(pick)] = 1.0
        made = (made[:, None, :] + block[None, :, :]).reshape(-1, len(offered))
    return made, True


def _edge(p: Callable[[float], float], start: float, sign: float, alpha: float) -> float | None:
    """Where p falls below alpha going from ``start``: doubling, then halving."""
    inside, step = start, max(abs(start), 1e-3) * 0.1
    for _ in range(60):
        if p(start + sign * step) <= alpha:
            break
        inside, step = start + sign * step, 2 * step
    else:
        return None
    outside = start + sign * step
    for _ in range(50):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if p(middle) > alpha else (inside, middle)
    return outside
