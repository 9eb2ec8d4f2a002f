"""Interval of an effect if the course without treatment may bend by at most so much from point to point.

The estimate is the target's average less a weighted sum of the coefficients before the start. Any straight line
in the departures must drop out, and what is left of a departure is a sum of bends. So the weights can be
named by how much of each earlier bend they let through: the worst bias is then a plain sum of absolute values,
and the shortest interval is a convex problem in as many numbers as there are earlier bends.
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize
from scipy.special import ndtr
from scipy.stats import norm

from vru.stats.honest_magnitudes import EventStudy
from vru.stats.intervals import Bounds


@dataclass(frozen=True, slots=True)
class FixedLength:
    """The interval, and the weights of all coefficients behind its middle, ``(n_pre + n_post,)``."""

    bounds: Bounds
    weights: np.ndarray


def smoothness(study: EventStudy, target: np.ndarray, bend: float, level: float) -> FixedLength:
    """Shortest interval of fixed length of ``target @ effects`` if no bend of the departure exceeds ``bend``.

    target ``(n_post,)``; bend : largest change of slope between neighbouring points, on the scale of the
    coefficients. Needs at least one coefficient before the start.

    Source: Rambachan & Roth (2023) Rev. Econ. Stud. 90, section 4.1 (fixed-length intervals); Armstrong & Kolesar
    (2018) Econometrica 86. Reference implementation: R ``HonestDiD``, method FLCI.
    """
    pre, post = study.n_pre, study.n_post
    times = np.arange(-pre, 0)
    after = np.arange(1, post + 1)
    # bends[j, s]: how much of the bend at -(j + 1) the coefficient at time s carries.
    bends = np.maximum(-(np.arange(1, pre)[:, None]) - times[None, :], 0).astype(float)
    later = np.maximum(after[None, :] - np.arange(post)[:, None], 0) @ target
    # With the line through the reference point taken out, the remaining freedom is one number per earlier bend.
    system = np.vstack([times.astype(float), bends])
    straight = np.linalg.solve(system, np.append(-(after @ target), np.zeros(pre - 1)))
    spread = np.linalg.solve(system, np.vstack([np.zeros(pre - 1), np.eye(pre - 1)]))
    fixed = np.concatenate([straight, target])
    free = np.vstack([spread, np.zeros((post, pre - 1))])
    chosen = _shortest(study.covariance, fixed, free, bend, bend * float(np.abs(later).sum()), level)
    weights = fixed + free @ chosen
    half = _half(float(bend * (np.abs(later).sum() + np.abs(chosen).sum())), _sd(study.covariance, weights), level)
    middle = float(weights @ study.value)
    return FixedLength(Bounds(middle - half, middle + half), weights)


def breaking_bend(study: EventStudy, target: np.ndarray, level: float, most: float) -> float | None:
    """The smallest bend at which the interval takes in zero, to a hundredth of ``most``; None if none does."""

    def holds_zero(bend: float) -> bool:
        bounds = smoothness(study, target, bend, level).bounds
        return (bounds.low or 0.0) <= 0 <= (bounds.high or 0.0)

    if holds_zero(0.0):
        return 0.0
    if not holds_zero(most):
        return None
    low, high = 0.0, most
    for _ in range(7):
        middle = (low + high) / 2
        low, high = (low, middle) if holds_zero(middle) else (middle, high)
    return high


def _shortest(
    covariance: np.ndarray, fixed: np.ndarray, free: np.ndarray, bend: float, bias: float, level: float
) -> np.ndarray:
    """How much of each earlier bend to let through, ``(n_pre - 1,)``."""
    k = free.shape[1]
    inner = free.T @ covariance @ free
    start = -np.linalg.lstsq(inner, free.T @ covariance @ fixed, rcond=1e-10)[0] if k else np.zeros(0)
    if k == 0 or bend == 0:
        return np.asarray(start)
    scale = 1 / np.sqrt(np.maximum(np.diag(inner), 1e-300))
    sd = _sd(covariance, fixed + free @ start)

    def length(signed: np.ndarray) -> tuple[float, np.ndarray]:
        through = (signed[:k] - signed[k:]) * scale
        weights = fixed + free @ through
        own = _sd(covariance, weights)
        worst = bias + bend * float(((signed[:k] + signed[k:]) * scale).sum())
        value = _half(worst, own, level)
        by_bias, by_sd = _slopes(value, worst, own)
        turn = by_sd * (free.T @ covariance @ weights) / own * scale
        price = by_bias * bend * scale
        return value / sd, np.concatenate([turn + price, price - turn]) / sd

    first = np.concatenate([np.maximum(start, 0), np.maximum(-start, 0)]) / np.tile(scale, 2)
    best = np.inf
    found = first
    # Two beginnings: the least noisy weights, and those that let no earlier bend through.
    for begin in (first, np.zeros(2 * k)):
        answer = optimize.minimize(
            length,
            begin,
            jac=True,
            method="L-BFGS-B",
            bounds=[(0, None)] * (2 * k),
            options={"maxiter": 5000, "ftol": 1e-13, "gtol": 1e-9, "maxcor": 30},
        )
        if answer.fun < best:
            best, found = float(answer.fun), answer.x
    return np.asarray((found[:k] - found[k:]) * scale)


def _half(bias: float, sd: float, level: float) -> float:
    """Half-length that holds a normal with this bias and spread with probability ``level``."""
    b = bias / sd
    low, high = 0.0, b + float(norm.ppf(0.5 + level / 2)) + 1e-9
    cut = optimize.brentq(lambda c: float(ndtr(c - b) - ndtr(-c - b)) - level, low, high, xtol=1e-12)
    return float(sd * cut)


def _slopes(half: float, bias: float, sd: float) -> tuple[float, float]:
    """How the half-length moves with bias and with spread."""
    c, b = half / sd, bias / sd
    near, far = float(norm.pdf(c - b)), float(norm.pdf(c + b))
    by_bias = (near - far) / (near + far)
    return by_bias, c - b * by_bias


def _sd(covariance: np.ndarray, weights: np.ndarray) -> float:
    return float(np.sqrt(max(float(weights @ covariance @ weights), 1e-300)))
