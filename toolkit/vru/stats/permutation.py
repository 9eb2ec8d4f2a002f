"""Randomisation inference as matrix work: which units might have been treated instead.

Dividing the treated units' later counts by a trial ratio makes "no effect" true if the trial
ratio is. Every sum the test needs is then a fixed number plus a fixed number over the ratio, so
one matrix product serves every trial ratio, and the interval costs no more draws than the test.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vru.stats.intervals import Bounds

TIE = 1e-9
FARTHEST = 12.0


@dataclass(frozen=True, slots=True)
class Assignments:
    """Ways to choose the treated units.

    chosen : float ``(n_assignments, n_units)`` of 0 and 1; row 0 is what happened.
    exact : every possible choice is listed once.
    """

    chosen: np.ndarray
    exact: bool


@dataclass(frozen=True, slots=True)
class RandomisationTest:
    """P-value of no effect and the interval of the log ratio by inverting the test."""

    p: float
    log_bounds: Bounds
    n_assignments: int
    exact: bool


def draw_assignments(treated: np.ndarray, draws: int, rng: np.random.Generator) -> Assignments:
    """All choices of as many treated units as there were, or ``draws`` random ones if there are more.

    treated : bool ``(n_units,)``.
    """
    n, k = len(treated), int(treated.sum())
    if math.comb(n, k) <= draws:
        rows = [c for c in itertools.combinations(range(n), k) if c != tuple(np.flatnonzero(treated))]
        chosen = np.zeros((len(rows) + 1, n))
        if rows:
            chosen[np.arange(1, len(rows) + 1)[:, None], np.array(rows)] = 1
    else:
        chosen = np.zeros((draws, n))
        picked = np.argpartition(rng.random((draws - 1, n), dtype=np.float32), k - 1, axis=1)[:, :k]
        chosen[np.arange(1, draws)[:, None], picked] = 1
    chosen[0] = treated
    return Assignments(chosen, math.comb(n, k) <= draws)


def arrangements(group: np.ndarray) -> float:
    """In how many distinct ways the units can exchange their groups. group : int ``(n_units,)``."""
    sizes = np.unique(group, return_counts=True)[1]
    return math.exp(math.lgamma(len(group) + 1) - sum(math.lgamma(n + 1) for n in sizes))


def exchange(group: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Groups exchanged between units, ``(n, n_units)``; the first row is what happened.

    Every distinct exchange once where there are at most ``draws``, else ``draws`` at random: drawn at
    random from few, what happened would come up too often or too seldom, and p with it.
    """
    if arrangements(group) > draws + 0.5:
        labels = rng.permuted(np.tile(group, (draws, 1)), axis=1)
        labels[0] = group
        return np.asarray(labels)
    names, sizes = np.unique(group, return_counts=True)
    order = np.argsort(sizes)
    rows = np.full((1, len(group)), names[order[-1]])
    free = np.ones((1, len(group)), dtype=bool)
    for g in order[:-1]:
        rows, free = _placed(rows, free, names[g], int(sizes[g]))
    own = int(np.flatnonzero((rows == group).all(axis=1))[0])
    rows[[0, own]] = rows[[own, 0]]
    return rows


def _placed(rows: np.ndarray, free: np.ndarray, name: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Each row once for every choice of ``size`` of its free units, which then carry ``name``."""
    places = np.array([np.flatnonzero(f) for f in free])
    picks = np.array(list(itertools.combinations(range(places.shape[1]), size)))
    at = places[:, picks].reshape(-1, size)
    rows, free = np.repeat(rows, len(picks), axis=0), np.repeat(free, len(picks), axis=0)
    line = np.arange(len(rows))[:, None]
    rows[line, at], free[line, at] = name, False
    return rows, free


def smallest_p(treated: np.ndarray) -> float:
    """The smallest p-value that re-assignment of these arms can give.

    With arms of equal size an assignment and its mirror image are equally extreme.
    """
    n, k = len(treated), int(treated.sum())
    return (2 if 2 * k == n else 1) / math.comb(n, k)


def p_of_ratio(
    before: np.ndarray, after: np.ndarray, treated: np.ndarray, assignments: Assignments
) -> Callable[[float], float]:
    """The randomisation p-value as a function of the log ratio that is tested.

    Parameters
    ----------
    before, after : ``(n_units,)``, offences before and after the start. treated : bool ``(n_units,)``.

    The statistic is the difference between arms in the later share of offences, over its standard
    error between units within arms (n/(n-1) per arm): studentising keeps the test right when the
    arms differ in size or spread, and shares need no correction for zero counts. With one unit in
    an arm there is no spread within it; then the larger of two p-values is used, from the
    difference in log ratio (0.5 added) and from the share difference over its Poisson error.

    Source: Janssen (1997) Stat. Probab. Lett. 36; Chung & Romano (2013) Ann. Statist. 41.
    """
    fixed, moved = np.where(treated, 0.0, after), np.where(treated, after, 0.0)
    columns = np.stack([fixed, moved, before, fixed**2, moved**2, fixed * before, moved * before, before**2], axis=1)
    inside = assignments.chosen @ columns
    outside = columns.sum(axis=0) - inside
    size = int(treated.sum())
    lone = min(size, len(treated) - size) == 1

    def p(log_ratio: float) -> float:
        u = math.exp(-log_ratio)
        arms = (_moments(inside, u), _moments(outside, u))
        if lone:
            return max(_share_as_extreme(_log_difference(arms)), _share_as_extreme(_poisson_studentised(arms)))
        return _share_as_extreme(_studentised(arms, size, len(treated) - size))

    return p


def randomisation_test(
    before: np.ndarray,
    after: np.ndarray,
    treated: np.ndarray,
    level: float,
    draws: int,
    rng: np.random.Generator,
) -> RandomisationTest:
    """Test of no effect and interval of the log ratio; shapes as in :func:`p_of_ratio`.

    Source: Hodges & Lehmann (1963) for the inversion; Phipson & Smyth (2010) for counting the
    assignment that happened among the draws.
    """
    assignments = draw_assignments(treated, draws, rng)
    p = p_of_ratio(before, after, treated, assignments)
    t1, t0 = after[treated].sum() + 0.5, before[treated].sum() + 0.5
    c1, c0 = after[~treated].sum() + 0.5, before[~treated].sum() + 0.5
    centre = math.log(t1 / t0) - math.log(c1 / c0)
    bounds = invert(p, centre, math.sqrt(1 / t1 + 1 / t0 + 1 / c1 + 1 / c0), 1 - level)
    return RandomisationTest(p(0.0), bounds, len(assignments.chosen), assignments.exact)


def invert(p: Callable[[float], float], centre: float, scale: float, alpha: float) -> Bounds:
    """The outermost log ratios that a test does not reject.

    p-values by re-assignment need not fall steadily, so the search walks outwards in quarter
    steps of ``scale`` and stops only after eight rejections in a row; the last edge is then
    refined by bisection. None where the walk finds no edge. Zero is inside whenever it is not rejected,
    even where it stands alone: with ties a p-value may be higher there than on either side.
    """
    low, high = _edge(p, centre, -scale / 4, alpha), _edge(p, centre, scale / 4, alpha)
    if p(0.0) > alpha + TIE:
        low, high = None if low is None else min(low, 0.0), None if high is None else max(high, 0.0)
    return Bounds(low, high)


def _edge(p: Callable[[float], float], centre: float, step: float, alpha: float) -> float | None:
    inner = outer = centre
    rejected, k = 0, 0
    while rejected < 8:
        k += 1
        x = centre + k * step * (1 + k / 40)
        if abs(x - centre) > FARTHEST:
            return None
        if p(x) > alpha + TIE:
            inner, rejected = x, 0
        else:
            rejected += 1
            outer = x if rejected == 1 else outer
    for _ in range(16):
        middle = (inner + outer) / 2
        inner, outer = (middle, outer) if p(middle) > alpha + TIE else (inner, middle)
    return inner


@dataclass(frozen=True, slots=True)
class _Arm:
    after: np.ndarray
    before: np.ndarray
    share: np.ndarray
    spread: np.ndarray


def _moments(sums: np.ndarray, u: float) -> _Arm:
    """Totals, later share and squared residuals of one arm under each assignment, each ``(n_assignments,)``."""
    after = sums[:, 0] + u * sums[:, 1]
    before = sums[:, 2]
    share = after / np.maximum(after + before, 1e-300)
    squares = sums[:, 3] + u**2 * sums[:, 4]
    cross = sums[:, 5] + u * sums[:, 6]
    spread = (1 - share) ** 2 * squares - 2 * share * (1 - share) * cross + share**2 * sums[:, 7]
    return _Arm(after, before, share, np.maximum(spread, 0))


def _studentised(arms: tuple[_Arm, _Arm], n_in: int, n_out: int) -> np.ndarray:
    variance = sum(
        n / (n - 1) * a.spread / np.maximum(a.after + a.before, 1e-300) ** 2
        for a, n in zip(arms, (n_in, n_out), strict=True)
    )
    return np.asarray(np.abs(arms[0].share - arms[1].share) / np.sqrt(np.maximum(variance, 1e-300)))


def _poisson_studentised(arms: tuple[_Arm, _Arm]) -> np.ndarray:
    variance = sum(1 / np.maximum(a.after + a.before, 1e-300) for a in arms)
    return np.asarray(np.abs(arms[0].share - arms[1].share) / np.sqrt(variance))


def _log_difference(arms: tuple[_Arm, _Arm]) -> np.ndarray:
    first, second = (np.log((a.after + 0.5) / (a.before + 0.5)) for a in arms)
    return np.asarray(np.abs(first - second))


def _share_as_extreme(statistic: np.ndarray) -> float:
    return float((statistic >= statistic[0] * (1 - TIE)).mean())
