"""Interval of an effect that allows departures after the start in proportion to the largest seen before.

The set of departures is a union: for each step between neighbouring points before the start, and for either
sign, departures whose steps after the start are at most ``mbar`` times that step. For one such
set the test is a linear programme over the weights of the moments. With only moments that involve points
after the start, its cone of weights has extreme rays that can be written down: one for each point, where the
two bounds of a step are added, and two that combine all steps into the target. So every programme is
a maximum over ``n_post + 2`` numbers, and these depend on two normal variables only.
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize
from scipy.special import ndtr, ndtri

from vru.stats.intervals import Bounds

ANGLES = 720
GRID = 401


@dataclass(frozen=True, slots=True)
class EventStudy:
    """Coefficients before and after the start against the last point before it, which is left out.

    value ``(n_pre + n_post,)``, oldest first; covariance, square of that size; n_pre : how many are before.
    """

    value: np.ndarray
    covariance: np.ndarray
    n_pre: int

    @property
    def n_post(self) -> int:
        """Number of points from the start on."""
        return len(self.value) - self.n_pre


@dataclass(frozen=True, slots=True)
class _Branch:
    """One step before the start, with a sign: means ``(2,)`` of step and target, covariance, rays ``(r, 2)``."""

    mean: np.ndarray
    covariance: np.ndarray
    rays: np.ndarray
    least_favourable: float


def relative_magnitudes(study: EventStudy, target: np.ndarray, mbar: float, level: float) -> Bounds:
    """Interval of ``target @ effects`` if steps after the start are at most ``mbar`` times the largest before.

    target ``(n_post,)``; mbar above 0. None on a side where the search finds no end.

    Source: Rambachan & Roth (2023) Rev. Econ. Stud. 90, section 2.4.1 (set) and 3 (inference); Andrews, Roth &
    Pakes (2023) Rev. Econ. Stud. 90, section 5 (least favourable and conditional test, first stage a tenth of
    alpha). Reference implementation: R ``HonestDiD``, method C-LF.
    """
    branches = _branches(study, target, mbar, level)
    centre = float(target @ study.value[study.n_pre :])
    sd = max(float(np.sqrt(b.covariance[1, 1])) for b in branches)
    steps = max(abs(b.mean[0]) + 5 * float(np.sqrt(b.covariance[0, 0])) for b in branches)
    reach = 8 * sd + mbar * float(np.abs(_path_weights(target)).sum()) * steps
    grid = centre + np.linspace(-reach, reach, GRID)
    inside = _accepted(branches, grid, level)
    if not inside.any():
        return Bounds(None, None)
    first, last = int(np.argmax(inside)), GRID - 1 - int(np.argmax(inside[::-1]))
    low = None if first == 0 else _edge(branches, grid[first], grid[first - 1], level)
    high = None if last == GRID - 1 else _edge(branches, grid[last], grid[last + 1], level)
    return Bounds(low, high)


def breakdown(study: EventStudy, target: np.ndarray, level: float, most: float = 10.0) -> float | None:
    """The smallest ``mbar`` at which the interval takes in zero; None if it does not up to ``most``."""

    def holds_zero(mbar: float) -> bool:
        return bool(_accepted(_branches(study, target, mbar, level), np.zeros(1), level)[0])

    ladder = np.concatenate([np.linspace(0.01, 2, 41), np.linspace(2.25, most, 32)])
    reached = next((i for i, m in enumerate(ladder) if holds_zero(float(m))), None)
    if reached is None:
        return None
    if reached == 0:
        return 0.0
    low, high = float(ladder[reached - 1]), float(ladder[reached])
    for _ in range(7):
        middle = (low + high) / 2
        low, high = (low, middle) if holds_zero(middle) else (middle, high)
    return high


def _path_weights(target: np.ndarray) -> np.ndarray:
    """Weight of each step after the start in the target: the sum of the target's weights from there on."""
    return np.asarray(target[::-1].cumsum()[::-1])


def _branches(study: EventStudy, target: np.ndarray, mbar: float, level: float) -> list[_Branch]:
    n, pre = len(study.value), study.n_pre
    # The reference point stands between the last coefficient before and the first after, and is zero.
    step_before = np.diff(np.vstack([np.eye(n)[:pre], np.zeros(n)]), axis=0)
    step_after = np.diff(np.vstack([np.zeros(n), np.eye(n)[pre:]]), axis=0)
    aim = np.concatenate([np.zeros(pre), target])
    weight = _path_weights(target)
    found = []
    for row in step_before:
        for sign in (1.0, -1.0):
            largest = sign * row
            up, down = (_sd(study.covariance, side * step_after - mbar * largest) for side in (1, -1))
            plus, minus = np.maximum(weight, 0), np.maximum(-weight, 0)
            ahead, back = plus @ up + minus @ down, plus @ down + minus @ up
            pairs = np.column_stack([-2 * mbar / (up + down), np.zeros(len(up))])
            bound = mbar * np.abs(weight).sum()
            rays = np.vstack([pairs, [-bound / ahead, 1 / ahead], [-bound / back, -1 / back]])
            two = np.vstack([largest, aim])
            covariance = two @ study.covariance @ two.T
            cut = _least_favourable(rays, covariance, 1 - (1 - level) / 10)
            found.append(_Branch(two @ study.value, covariance, rays, cut))
    return found


def _sd(covariance: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return np.asarray(np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", rows, covariance, rows), 1e-300)))


def _least_favourable(rays: np.ndarray, covariance: np.ndarray, share: float) -> float:
    """Quantile of the largest moment when all are zero on average, by integrating over directions."""
    angle = (np.arange(ANGLES) + 0.5) * 2 * np.pi / ANGLES
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0))
    height = (rays @ root @ np.vstack([np.cos(angle), np.sin(angle)])).max(axis=0)
    height = height[height > 1e-12]

    def excess(cut: float) -> float:
        return float(np.exp(-((cut / height) ** 2) / 2).sum()) / ANGLES - (1 - share)

    if not len(height) or excess(0.0) <= 0:
        return 0.0
    return float(optimize.brentq(excess, 0.0, 40 * float(height.max()), xtol=1e-10))


def _accepted(branches: list[_Branch], effects: np.ndarray, level: float) -> np.ndarray:
    """Which effects at least one branch does not reject, bool ``(n_effects,)``."""
    inside = np.zeros(len(effects), dtype=bool)
    for branch in branches:
        inside |= ~_rejected(branch, effects, level)
    return inside


def _rejected(branch: _Branch, effects: np.ndarray, level: float) -> np.ndarray:
    first = (1 - level) / 10
    left = (1 - level - first) / (1 - first)
    point = np.vstack([np.full(len(effects), branch.mean[0]), branch.mean[1] - effects])
    moment = branch.rays @ point
    at = moment.argmax(axis=0)
    top = moment[at, np.arange(len(effects))]
    between = branch.rays @ branch.covariance @ branch.rays.T
    sd = np.sqrt(np.maximum(between[at, at], 0.0))
    live = sd > 1e-12
    slope = between[:, at] / np.where(live, sd**2, 1.0)
    rest = moment - slope * top
    gap = 1 - slope
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = np.where(np.abs(gap) > 1e-9, rest / gap, np.nan)
    low = np.where(gap > 1e-9, ends, -np.inf).max(axis=0)
    high = np.minimum(np.where(gap < -1e-9, ends, np.inf).min(axis=0), branch.least_favourable)
    scale = np.where(live, sd, 1.0)
    critical = np.maximum(_truncated_quantile(1 - left, low / scale, high / scale), 0.0)
    conditional = np.where(live, top / scale > critical, top > 0)
    return np.asarray((top > branch.least_favourable) | conditional)


def _truncated_quantile(share: float, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Quantile of a standard normal between ``low`` and ``high``; the nearer tail keeps the digits."""
    below = ndtri(ndtr(low) + share * (ndtr(high) - ndtr(low)))
    above = -ndtri(ndtr(-high) + (1 - share) * (ndtr(-low) - ndtr(-high)))
    return np.asarray(np.clip(np.where(low > 0, above, below), low, np.maximum(high, low)))


def _edge(branches: list[_Branch], inside: float, outside: float, level: float) -> float:
    for _ in range(30):
        middle = (inside + outside) / 2
        if _accepted(branches, np.array([middle]), level)[0]:
            inside = middle
        else:
            outside = middle
    return float(inside)
