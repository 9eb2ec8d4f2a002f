"""Randomisation test of an effect of patrol days, and its interval, as matrix work over redrawn schedules.

Taking a trial effect out of the counts makes "no effect" true if the trial effect is. The model without treatment is
then fitted once per trial effect, whatever the number of schedules, and all trial effects share one matrix product.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vru.stats.crossed import null_means
from vru.stats.intervals import Bounds

# Sums are taken in single precision: schedules that tie with the one that happened must count as ties.
TIE = 1e-5
CHUNK = 4_000_000
FARTHEST = 240


@dataclass(frozen=True, slots=True)
class Trial:
    """Counts and the schedules that might have been.

    counts ``(n_areas, n_days)``, 0 where not observed; weight, code as in ``crossed``.
    draws : bool ``(n_schedules, n_areas, n_days)``; row 0 is what happened.
    """

    counts: np.ndarray
    weight: np.ndarray
    code: np.ndarray
    draws: np.ndarray


@dataclass(frozen=True, slots=True)
class Contrast:
    """What the statistic looks at: ``patrol * assigned + after * (not assigned, but on one of the days before)``."""

    patrol: float = 1.0
    after: float = 0.0
    days: int = 1


PofValues = Callable[[np.ndarray], np.ndarray]


def followers(assigned: np.ndarray, days: int) -> np.ndarray:
    """Bool, shape of ``assigned (..., n_days)``: not assigned, but assigned on one of the ``days`` days before."""
    before = np.zeros_like(assigned)
    for k in range(1, min(days, assigned.shape[-1] - 1) + 1):
        before[..., k:] |= assigned[..., :-k]
    return np.asarray(before & ~assigned)


def p_of_values(trial: Trial, dose: np.ndarray, other: np.ndarray, contrast: Contrast) -> PofValues:
    """P-values of many trial effects: ``values (m,) -> p (m,)``.

    dose : ``(n_areas, n_days)``, what the effect multiplies (0 and 1, or minutes). other : same shape, log effects
    to be taken out beside.

    The statistic is ``sum((z - mean z) r)`` over the root of ``sum((z - mean z)^2 r^2)``: z the contrast in a schedule,
    its mean over schedules, r what is left of the counts, less the trial effect, after area and time
    effects. Residuals that sum to zero by area make it deaf to areas of different level; studentising keeps it
    right where treated days vary more or less than others.

    Source: Fisher (1935); Hodges & Lehmann (1963); Janssen (1997); Wu & Ding (2021) J. Am. Stat. Assoc. 116.
    """
    mean, binary = _mean(trial.draws, contrast), contrast.after == 0 and contrast.patrol == 1

    def p(values: np.ndarray) -> np.ndarray:
        left = trial.counts * np.exp(-np.clip(values[:, None, None] * dose + other, -50, 50))
        r = (left - null_means(left, trial.weight, trial.code)).reshape(len(values), -1)
        square = r**2
        parts = (_contrast(part, contrast) for part in _chunks(trial.draws))
        statistic = np.concatenate([_statistic(z, mean, r, square, binary=binary) for z in parts])
        return np.asarray((statistic >= statistic[0] * (1 - TIE)).mean(axis=0))

    return p


def balance(trial: Trial, dose: np.ndarray, expected: np.ndarray) -> Callable[[float], float]:
    """``sum((assigned - expected) r)`` in the schedule that happened, as a function of the dose effect taken out.

    expected : ``(n_areas, n_days)``, how often each cell is drawn. Others as in :func:`p_of_values`. The dose effect at
    which it is 0 leaves counts unrelated to the schedule.

    Source: Robins (1994) Commun. Stat. 23 (structural mean models); Mullahy (1997) Rev. Econ. Stat. 79.
    """
    z = trial.draws[0] - expected

    def at(value: float) -> float:
        left = trial.counts * np.exp(-np.clip(value * dose, -50, 50))
        return float((z * (left - null_means(left[None], trial.weight, trial.code)[0])).sum())

    return at


def invert_in_grids(p: PofValues, middle: float, scale: float, alpha: float) -> Bounds:
    """The outermost trial effects that the test does not reject; None on a side without an end.

    Walks outwards in quarter steps of ``scale`` until eight rejections in a row, because p need not fall steadily;
    the last edge is then refined twice, in 16 steps.
    """
    return Bounds(_edge(p, middle, -scale / 4, alpha), _edge(p, middle, scale / 4, alpha))


def _edge(p: PofValues, middle: float, step: float, alpha: float) -> float | None:
    steps = np.arange(25.0)
    kept = p(middle + step * steps) > alpha + 1e-12
    while kept[-8:].any():
        if steps[-1] >= FARTHEST:
            return None
        more = steps[-1] * (1 + np.arange(1, 17) / 16)
        steps, kept = np.concatenate([steps, more]), np.concatenate([kept, p(middle + step * more) > alpha + 1e-12])
    last = int(np.flatnonzero(kept)[-1]) if kept.any() else 0
    inner, outer = steps[last], steps[last + 1]
    for _ in range(2):
        between = inner + (outer - inner) * np.arange(1, 17) / 16
        inside = p(middle + step * between) > alpha + 1e-12
        at = int(np.flatnonzero(inside)[-1]) + 1 if inside.any() else 0
        inner, outer = (between[at - 1] if at else inner), between[min(at, 15)]
    return float(middle + step * inner)


def _chunks(draws: np.ndarray) -> list[np.ndarray]:
    size = max(1, CHUNK // draws[0].size)
    return [draws[i : i + size] for i in range(0, len(draws), size)]


def _mean(draws: np.ndarray, contrast: Contrast) -> np.ndarray:
    total = sum(_contrast(part, contrast).sum(axis=0, dtype=float) for part in _chunks(draws))
    return np.asarray(total / len(draws))


def _contrast(draws: np.ndarray, contrast: Contrast) -> np.ndarray:
    """``(n_schedules, n_cells)``, single precision."""
    z = draws.astype(np.float32) * np.float32(contrast.patrol)
    if contrast.after:
        z += followers(draws, contrast.days) * np.float32(contrast.after)
    return z.reshape(len(draws), -1)


def _statistic(z: np.ndarray, mean: np.ndarray, r: np.ndarray, square: np.ndarray, *, binary: bool) -> np.ndarray:
    """``(n_schedules, m)``. binary : z is 0 or 1, so its square is itself."""
    single = np.float32
    total = z @ r.T.astype(single) - mean @ r.T
    if binary:
        spread = z @ (square * (1 - 2 * mean)).T.astype(single)
    else:
        spread = (z * z) @ square.T.astype(single) - 2 * (z @ (mean * square).T.astype(single))
    spread = spread + (mean**2) @ square.T
    return np.asarray(np.abs(total) / np.sqrt(np.maximum(spread, 1e-30)))
