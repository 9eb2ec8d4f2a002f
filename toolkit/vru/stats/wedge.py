"""Clusters that cross over to the intervention at different times: the effect, and whose sequence might have been whose."""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vru.stats.permutation import TIE
from vru.stats.schedules import fit_two_way, residualise


@dataclass(frozen=True, slots=True)
class Wedge:
    """Clusters by periods, each ``(n_clusters, n_periods)``.

    total : events, or the sum of the measure. weight : rows, or exposure; 0 where nobody was seen.
    treated : bool, also where nobody was seen. ratio : effects multiply and the model is Poisson, else they add.
    """

    total: np.ndarray
    weight: np.ndarray
    treated: np.ndarray
    ratio: bool


@dataclass(frozen=True, slots=True)
class Orders:
    """Whose sequence each cluster gets: int ``(n_orders, n_clusters)``; row 0 is what happened."""

    donor: np.ndarray
    exact: bool
    floor: float


def exchange(sequence: np.ndarray, stratum: np.ndarray, draws: int, rng: np.random.Generator) -> Orders:
    """All different ways to hand the sequences round within strata, or ``draws`` of them if there are more.

    sequence, stratum : int codes ``(n_clusters,)``.
    """
    groups = [np.flatnonzero(stratum == s) for s in np.unique(stratum)]
    possible = math.prod(_ways(sequence[g]) for g in groups)
    n = len(sequence)
    if possible <= draws and all(math.factorial(len(g)) <= 50_000 for g in groups):
        lists = [_different(sequence, g) for g in groups]
        donor = np.tile(np.arange(n), (possible, 1))
        for row, picks in enumerate(itertools.product(*lists)):
            for group, pick in zip(groups, picks, strict=True):
                donor[row, group] = pick
        same = int(np.flatnonzero((sequence[donor] == sequence).all(axis=1))[0])
        donor[[0, same]] = donor[[same, 0]]
        return Orders(donor, True, 1 / possible)
    donor = np.tile(np.arange(n), (draws, 1))
    for group in groups:
        donor[:, group] = rng.permuted(np.tile(group, (draws, 1)), axis=1)
    donor[0] = np.arange(n)
    return Orders(donor, False, max(1 / possible, 1 / draws))


def _ways(sequence: np.ndarray) -> int:
    counts = np.unique(sequence, return_counts=True)[1]
    return math.factorial(len(sequence)) // math.prod(math.factorial(int(c)) for c in counts)


def _different(sequence: np.ndarray, group: np.ndarray) -> list[tuple[int, ...]]:
    seen: dict[tuple[int, ...], tuple[int, ...]] = {}
    for order in itertools.permutations(group.tolist()):
        seen.setdefault(tuple(int(sequence[i]) for i in order), order)
    return list(seen.values())


def p_of_wedge(data: Wedge, orders: Orders) -> Callable[[float], float]:
    """Randomisation p-value as a function of the effect that is tested (a log ratio, or a difference per unit of weight).

    Treated cells are first freed of the effect, then cluster and period effects are fitted. The statistic
    is the score of the intervention over the root of its summed squares by cluster.

    Source: Ji, Fink, Robyn & Small (2017) Ann. Appl. Stat. 11; Wang & De Gruttola (2017) Statistics in Medicine 36.
    """
    plan = data.treated.astype(float)
    rows = np.arange(len(plan))[None, :]

    def p(effect: float) -> float:
        residual, weight = _null(data, effect)
        period = weight.sum(axis=0)
        # What every sequence shares in a period, weighted by the work that cluster effects leave to it, tells nothing.
        centred = plan - (plan @ period / max(float(period.sum()), 1e-300))[:, None]
        centred = centred - centred.mean(axis=0)[None, :]
        each = (residual @ centred.T)[rows, orders.donor]
        spread = np.sqrt((each**2).sum(axis=1))
        statistic = np.abs(each.sum(axis=1)) / np.maximum(spread, 1e-12 * max(float(spread.max()), 1e-300))
        return float((statistic >= statistic[0] * (1 - TIE) - 1e-12).mean())

    return p


def _null(data: Wedge, effect: float) -> tuple[np.ndarray, np.ndarray]:
    """Residuals of cells under the effect, summing to 0 over each cluster and period, and the cells' working weights."""
    if data.ratio:
        counts = np.where(data.treated, data.total * math.exp(-effect), data.total)
        fitted = fit_two_way(counts, data.weight).mean(data.weight)
        return counts - fitted, fitted
    total = np.where(data.treated, data.total - effect * data.weight, data.total)
    mean = np.divide(total, data.weight, out=np.zeros_like(total), where=data.weight > 0)
    return data.weight * residualise(mean, data.weight), data.weight


def dummies(codes: np.ndarray) -> np.ndarray:
    """One column for each code but the first, ``(n, n_codes - 1)``."""
    return np.asarray(codes[:, None] == np.unique(codes)[None, 1:], dtype=float)
