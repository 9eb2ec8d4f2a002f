"""The ratio of two estimates whose divisor may be close to zero: a Wald ratio, and a set that stays valid then."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from vru.stats.intervals import Bounds, quantile, two_sided_p

Shape = Literal["interval", "everything", "outside"]


@dataclass(frozen=True, slots=True)
class WeakRatio:
    """``top / bottom`` with its Anderson-Rubin set.

    se : delta-method standard error. bounds : the set; both None where it has no end.
    shape : "interval"; "everything" (nothing excluded); "outside" (all but ``gap``, the values excluded).
    p : two-sided p-value of "the ratio is zero", which is that of "top is zero".
    strength : square of bottom over its standard error: the first-stage F.
    """

    value: float
    se: float
    bounds: Bounds
    shape: Shape
    gap: Bounds
    p: float
    strength: float


def weak_ratio(estimates: np.ndarray, cov: np.ndarray, level: float, df: float | None = None) -> WeakRatio:
    """The ratio of ``estimates[0]`` to ``estimates[1]``, ``(2,)``, with covariance ``cov``, ``(2, 2)``.

    The set holds every t with ``(top - t bottom)^2 <= c^2 var(top - t bottom)``: no division, so nothing fails
    where bottom is weak. It is an interval exactly where bottom differs from zero at ``level``.

    Source: Anderson & Rubin (1949) Annals of Mathematical Statistics 20; Fieller (1954) JRSS B 16; Andrews, Stock
    & Sun (2019) Annual Review of Economics 11, section 5. Reference implementation: R ``ivmodel::AR.test``.
    """
    top, bottom = float(estimates[0]), float(estimates[1])
    vt, vc, vb = float(cov[0, 0]), float(cov[0, 1]), float(cov[1, 1])
    value = top / bottom
    se = math.sqrt(max(vt - 2 * value * vc + value**2 * vb, 0.0)) / abs(bottom)
    bounds, gap, shape = _ends(top, bottom, (vt, vc, vb), quantile(level, df) ** 2)
    strength = bottom**2 / vb if vb > 0 else math.inf
    return WeakRatio(value, se, bounds, shape, gap, two_sided_p(top, math.sqrt(vt), df), strength)


def _ends(top: float, bottom: float, v: tuple[float, float, float], c2: float) -> tuple[Bounds, Bounds, Shape]:
    none = Bounds(None, None)
    square, cross, free = bottom**2 - c2 * v[2], top * bottom - c2 * v[1], top**2 - c2 * v[0]
    inside = cross**2 - square * free
    if square <= 0 and inside <= 0:
        return none, none, "everything"
    if square == 0:
        return none, none, "everything"
    roots = sorted((cross + sign * math.sqrt(max(inside, 0.0))) / square for sign in (-1, 1))
    found = Bounds(roots[0], roots[1])
    return (found, none, "interval") if square > 0 else (none, found, "outside")
