"""Ratio of ratios from four counts."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RelativeRatio:
    """A log relative incident rate ratio and its standard error; ``added`` was added to every cell."""

    log_ratio: float
    se: float
    added: float


def relative_rate_ratio(t0: float, t1: float, c0: float, c1: float, phi: float = 1.0) -> RelativeRatio:
    """``ln(T1/T0) - ln(C1/C0)`` with variance ``phi (1/T0 + 1/T1 + 1/C0 + 1/C1)``.

    0.5 is added to all four counts only where one of them is zero. The relative effect size of
    Farrington and Welsh is ``exp(-log_ratio)``.

    Source: Wilson (2022) J. Quantitative Criminology 38, equations 5-7.
    """
    cells = (t0, t1, c0, c1)
    added = 0.5 if min(cells) == 0 else 0.0
    a, b, c, d = (x + added for x in cells)
    se = math.sqrt(phi * (1 / a + 1 / b + 1 / c + 1 / d))
    return RelativeRatio(math.log(b / a) - math.log(d / c), se, added)
