"""What the lot might have drawn instead: every allocation within strata, or a sample, and the test that follows."""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vru.stats.intervals import Bounds
from vru.stats.permutation import TIE, invert

CHUNK = 500


@dataclass(frozen=True, slots=True)
class Allocations:
    """Ways to choose the treated units.

    chosen : bool ``(n_allocations, n_units)``; row 0 is what happened.
    exact : every possible allocation is listed once. floor : the smallest p-value that they can give.
    """

    chosen: np.ndarray
    exact: bool
    floor: float


@dataclass(frozen=True, slots=True)
class Summaries:
    """One numerator and one positive weight per unit, each ``(n_units,)``: an arm's mean is their ratio of sums."""

    numerator: np.ndarray
    weight: np.ndarray


def allocate(treated: np.ndarray, stratum: np.ndarray, draws: int, rng: np.random.Generator) -> Allocations:
    """All allocations with as many treated in each stratum as there were, or ``draws`` of them if there are more.

    treated : bool ``(n_units,)``. stratum : int codes ``(n_units,)``.
    """
    groups = [np.flatnonzero(stratum == s) for s in np.unique(stratum)]
    sizes = [(len(g), int(treated[g].sum())) for g in groups]
    possible = math.prod(math.comb(n, k) for n, k in sizes)
    # Where all strata have arms of equal size, an allocation and its mirror image are equally extreme.
    ties = 2 if all(2 * k == n for n, k in sizes if 0 < k < n) else 1
    if possible <= draws:
        chosen = _all(treated, groups, possible)
        return Allocations(chosen, True, min(ties / possible, 1.0))
    chosen = np.zeros((draws, len(treated)), dtype=bool)
    for group, (n, k) in zip(groups, sizes, strict=True):
        if 0 < k < n:
            for i in range(0, draws, CHUNK):
                some = min(CHUNK, draws - i)
                picked = np.argpartition(rng.random((some, n)), k - 1, axis=1)[:, :k]
                chosen[np.arange(i, i + some)[:, None], group[picked]] = True
        elif k:
            chosen[:, group] = True
    chosen[0] = treated
    return Allocations(chosen, False, max(ties / possible, 1 / draws))


def _all(treated: np.ndarray, groups: list[np.ndarray], possible: int) -> np.ndarray:
    choices = [itertools.combinations(g, int(treated[g].sum())) for g in groups]
    chosen = np.zeros((possible, len(treated)), dtype=bool)
    for row, picks in enumerate(itertools.product(*choices)):
        chosen[row, [i for pick in picks for i in pick]] = True
    same = int(np.flatnonzero((chosen == treated).all(axis=1))[0])
    chosen[[0, same]] = chosen[[same, 0]]
    return chosen


def p_of_effect(
    null: Callable[[float], Summaries], stratum: np.ndarray, allocations: Allocations, *, ratio: bool = False
) -> Callable[[float], float]:
    """Randomisation p-value as a function of the effect that is tested.

    Parameters
    ----------
    null : what the units would have shown untreated if the effect were the one given. stratum : int codes ``(n_units,)``.

    The statistic is the difference between arms of weighted means, strata weighted by their weight, over its
    standard error between units (k/(k-1) per arm and stratum). ``ratio``: the difference of the logs of these means
    instead, because a difference that cannot fall below minus the comparison's mean never rules out a ratio near 0; half
    a unit at the common mean is added to each arm, so that a mean of 0 has a log. Where an arm has one unit in some
    stratum, the error comes from the spread between strata; with a single stratum the difference stands by itself.

    Source: Rosenbaum (2002) Statistical Science 17; Wu & Ding (2021) JASA 116 (why studentise).
    """
    groups = [np.flatnonzero(stratum == s) for s in np.unique(stratum)]

    def p(effect: float) -> float:
        statistic = _statistic(null(effect), groups, allocations.chosen, ratio)
        return float((statistic >= statistic[0] * (1 - TIE) - 1e-12).mean())

    return p


def interval(p: Callable[[float], float], centre: float, scale: float, level: float, floor: float) -> Bounds:
    """The effects that the test does not reject at ``1 - level``, sought in units of ``scale`` around ``centre``.

    Empty where the smallest possible p-value could never reject.
    """
    if floor > 1 - level + TIE:
        return Bounds(None, None)
    if p(centre) <= 1 - level:
        # An estimate from another argument than the test: start where the test is most at ease.
        near = centre + scale * np.linspace(-4, 4, 65)
        centre = float(near[np.argmax([p(float(v)) for v in near])])
        if p(centre) <= 1 - level:
            return Bounds(None, None)
    found = invert(lambda u: p(centre + scale * u), 0.0, 1.0, 1 - level)
    low, high = (None if v is None else centre + scale * v for v in (found.low, found.high))
    return Bounds(low, high)


@dataclass(frozen=True, slots=True)
class _Cells:
    """Means by allocation and stratum ``(n_allocations, n_strata)``, their squared errors, and the strata's weights."""

    mean: tuple[np.ndarray, np.ndarray]
    error: tuple[np.ndarray, np.ndarray]
    share: np.ndarray
    pooled: float
    units: tuple[int, int]
    lone: bool


def _statistic(data: Summaries, groups: list[np.ndarray], chosen: np.ndarray, ratio: bool) -> np.ndarray:
    """Absolute statistic under each allocation, ``(n_allocations,)``."""
    cells = _cells(data, groups, chosen)
    level = [m @ cells.share for m in cells.mean]
    gap, slope = level[0] - level[1], [np.ones(len(chosen))] * 2
    if ratio:
        level = [(n * m + cells.pooled / 2) / (n + 0.5) for n, m in zip(cells.units, level, strict=True)]
        gap, slope = np.log(level[0] / level[1]), [1 / m for m in level]
    if not cells.lone:
        variance = sum(s**2 * (e @ cells.share**2) for s, e in zip(slope, cells.error, strict=True))
    elif len(cells.share) > 1:
        part = cells.share * (cells.mean[0] * slope[0][:, None] - cells.mean[1] * slope[1][:, None])
        apart = part - cells.share * part.sum(axis=1, keepdims=True)
        variance = len(cells.share) / (len(cells.share) - 1) * (apart**2).sum(axis=1)
    else:
        variance = np.ones(len(gap))
    size = 1.0 if ratio else float(np.abs(data.numerator).max()) / max(float(data.weight.max()), 1e-300)
    return np.asarray(np.abs(gap) / np.sqrt(np.maximum(variance, 1e-20 * max(size, 1e-30) ** 2)))


def _cells(data: Summaries, groups: list[np.ndarray], chosen: np.ndarray) -> _Cells:
    a, w = data.numerator, data.weight
    columns = np.stack([a, w, a * a, a * w, w * w], axis=1)
    treated = [int(chosen[0, g].sum()) for g in groups]
    used = [(g, k) for g, k in zip(groups, treated, strict=True) if 0 < k < len(g)]
    share = np.array([w[g].sum() for g, _ in used])
    share = share / share.sum()
    pooled = float(sum(s * a[g].sum() / w[g].sum() for s, (g, _) in zip(share, used, strict=True)))
    found: list[list[np.ndarray]] = [[], [], [], []]
    for g, k in used:
        inside = _inside(chosen[:, g], columns[g])
        for j, (sums, n) in enumerate(((inside, k), (columns[g].sum(axis=0)[None, :] - inside, len(g) - k))):
            mean, error = _mean(sums, n, 1e-9 * float(w[g].sum()))
            found[j].append(mean)
            found[2 + j].append(error)
    one, other, error_one, error_other = (np.stack(f, axis=1) for f in found)
    units = sum(k for _, k in used), sum(len(g) - k for g, k in used)
    lone = any(min(k, len(g) - k) == 1 for g, k in used)
    return _Cells((one, other), (error_one, error_other), share, pooled, units, lone)


def _inside(chosen: np.ndarray, columns: np.ndarray) -> np.ndarray:
    parts = [chosen[i : i + CHUNK].astype(float) @ columns for i in range(0, len(chosen), CHUNK)]
    return np.concatenate(parts)


def _mean(sums: np.ndarray, n: int, least: float) -> tuple[np.ndarray, np.ndarray]:
    """Weighted mean of ``n`` units and its squared standard error under each allocation; ``least`` : weight of an arm."""
    a, w = sums[:, 0], np.maximum(sums[:, 1], least)
    mean = a / w
    spread = np.maximum(sums[:, 2] - 2 * mean * sums[:, 3] + mean**2 * sums[:, 4], 0)
    return mean, spread / w**2 * n / max(n - 1, 1)
