"""Effects computed from numbers that others published, by named formulas only."""

import math
from dataclasses import dataclass

from vru.errors import LibraryError, Problem
from vru.parts import Derivation
from vru.stats.intervals import quantile, two_sided_p
from vru.stats.ratios import relative_rate_ratio

LEVEL = 0.95
INPUTS = {"relative_rate_ratio": ("t0", "t1", "c0", "c1")}
"""Formula -> the published numbers that it needs: treated and comparison counts, before and after."""


@dataclass(frozen=True, slots=True)
class Computed:
    """An effect on the log rate ratio scale, with a normal interval and p-value."""

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p: float


def compute(derivation: Derivation) -> Computed:
    """Apply the formula to the published numbers. Raises LibraryError where it cannot be applied to them.

    The standard error is Poisson: published totals say nothing of the variation between places, so
    the interval is at best right and often too narrow. Source: ``stats.ratios``, ``stats.intervals``.
    """
    wanted, given = INPUTS[derivation.formula], derivation.inputs
    if sorted(given) != sorted(wanted) or not all(0 <= v <= 1e9 and v == round(v) for v in given.values()):
        raise LibraryError(
            Problem("needs whole counts", where=f"derivation {derivation.analysis}", allowed=", ".join(wanted))
        )
    found = relative_rate_ratio(*(given[name] for name in wanted))
    half = quantile(LEVEL) * found.se
    p = two_sided_p(found.log_ratio, found.se)
    return Computed(found.log_ratio, found.se, found.log_ratio - half, found.log_ratio + half, p)


def agrees(a: float | None, b: float) -> bool:
    """True if a published number is the computed one, but for the last digits of another machine."""
    return a is not None and math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)
