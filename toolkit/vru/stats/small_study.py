"""Whether small studies tell another story than large ones, asked only where there are enough of them."""

from dataclasses import dataclass

import numpy as np

from vru.stats.meta_regression import Coefficient, regress

FEWEST = 10


@dataclass(frozen=True, slots=True)
class SmallStudies:
    """Regression test for funnel asymmetry.

    slope : change of the effect per unit of its standard error.
    limit : the effect that the regression puts at a standard error of 0.
    """

    slope: Coefficient
    limit: Coefficient
    k: int


def small_studies(y: np.ndarray, v: np.ndarray, level: float = 0.95) -> SmallStudies | None:
    """Regress effects on their standard errors (Egger's test as mixed-effects meta-regression, t(k-2)).

    None with fewer than ten studies, or where all standard errors are alike: then the test has
    almost no power and its answer would mislead. y, v : shape ``(k,)``.

    Source: Egger et al. (1997) BMJ 315, 629-634; the rule of ten: Sterne et al. (2011) BMJ 343, d4002.
    Reference implementation: R ``metafor::regtest`` of ``rma(method = "REML", test = "knha")``.
    """
    se = np.sqrt(v)
    if len(y) < FEWEST or np.ptp(se) <= 1e-9 * se.max():
        return None
    x = np.column_stack([np.ones(len(y)), se])
    limit, slope = regress(y, v, x, ("limit", "standard error"), level=level).coefficients
    return SmallStudies(slope, limit, len(y))
