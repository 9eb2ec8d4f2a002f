"""The same question where scores come in whole steps: is the count at the cutoff out of line with its neighbours?"""

import math
from dataclasses import dataclass

import numpy as np

from vru.stats.intervals import two_sided_p

MOST_GAPS = 400


@dataclass(frozen=True, slots=True)
class CountJump:
    """log_ratio : log of the count just above over that just below, as both sides' trends reach the cutoff.

    phi : variation of the counts around the trends over Poisson, not below 1 in ``se``.
    """

    log_ratio: float
    se: float
    p: float
    phi: float
    steps_below: int
    steps_above: int


def step_of(x: np.ndarray) -> float | None:
    """The step between scores if they lie on an even grid, else None."""
    values = np.unique(x)
    if len(values) < 2:
        return None
    step = float(np.diff(values).min())
    spans = np.diff(values) / step
    even = bool(np.abs(spans - np.round(spans)).max() < 1e-6)
    return step if even and spans.sum() <= MOST_GAPS else None


def count_jump(x: np.ndarray, above: np.ndarray, bandwidth: float, step: float, order: int = 2) -> CountJump:
    """Quasi-Poisson regression of the count at each score on a polynomial of it, one for each side.

    x : ``(n,)``, score less cutoff, on a grid of ``step``. above : bool ``(n,)``. Steps within range that nobody has
    count as zero. Raises numpy.linalg.LinAlgError where a side has too few steps.

    Source: McCrary (2008) Journal of Econometrics 142, with counts in place of smoothed logs; Frandsen (2017)
    Advances in Econometrics 38 for discrete scores.
    """
    grid, counts, upper = _counts(x, above, bandwidth, step)
    steps = int((~upper).sum()), int(upper.sum())
    if min(steps) < order + 2:
        raise np.linalg.LinAlgError("too few distinct scores near the cutoff")
    powers = np.vander(grid / bandwidth, order + 1, increasing=True)
    design = np.hstack([powers, powers * upper[:, None]])
    beta = np.zeros(design.shape[1])
    beta[0] = math.log(counts.mean())
    for _ in range(100):
        mean = np.exp(np.clip(design @ beta, -30, 30))
        step_to = np.linalg.solve((design * mean[:, None]).T @ design, design.T @ (counts - mean))
        beta = beta + step_to
        if np.abs(step_to).max() < 1e-10:
            break
    else:
        raise np.linalg.LinAlgError("a side has nobody at almost every score near the cutoff")
    mean = np.exp(design @ beta)
    phi = float(((counts - mean) ** 2 / mean).sum()) / (len(grid) - design.shape[1])
    spread = np.linalg.inv((design * mean[:, None]).T @ design)
    se = math.sqrt(float(spread[order + 1, order + 1]) * max(phi, 1.0))
    value = float(beta[order + 1])
    return CountJump(value, se, two_sided_p(value, se, len(grid) - design.shape[1]), phi, *steps)


def _counts(
    x: np.ndarray, above: np.ndarray, bandwidth: float, step: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    base = float(x.min())
    at = np.round((x - base) / step).astype(int)
    counts = np.bincount(at).astype(float)
    grid = base + step * np.arange(len(counts))
    edge = float(x[above].min())
    keep = np.abs(grid) <= bandwidth + 1e-9 * step
    return grid[keep], counts[keep], grid[keep] >= edge - 1e-9 * step
