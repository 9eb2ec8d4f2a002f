"""Two-by-two tables pooled by Mantel and Haenszel: the odds ratio for few or sparse tables."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from vru.errors import MethodError, Problem
from vru.stats.intervals import quantile, two_sided_p


@dataclass(frozen=True, slots=True)
class OddsRatio:
    """A pooled log odds ratio (below 0 = fewer events with the intervention), and how tables differ.

    q : Cochran's Q of the tables' own log odds ratios around the pooled one, p from chi-squared with
        ``q_df``; both None where fewer than two tables have an odds ratio. i2 : percent.
    """

    value: float
    se: float
    low: float
    high: float
    p: float
    q: float | None
    q_df: int
    q_p: float | None
    i2: float | None


def mantel_haenszel(
    events_t: np.ndarray, n_t: np.ndarray, events_c: np.ndarray, n_c: np.ndarray, level: float = 0.95
) -> OddsRatio:
    """Pool odds ratios of ``k`` tables; all arguments have shape ``(k,)``: events and people, treated and comparison.

    No half is added for the pooled estimate; for Q, 0.5 is added to every cell of a table with an
    empty one. A table without events, or without anything else, in both arms adds nothing.

    Raises MethodError where no table bears on the odds ratio, or events exceed people.

    Source: Mantel & Haenszel (1959); variance of Robins, Breslow & Greenland (1986) Biometrics 42,
    311-323. Reference implementation: R ``metafor::rma.mh(measure = "OR")``.
    """
    a, c = np.asarray(events_t, dtype=float), np.asarray(events_c, dtype=float)
    b, d = np.asarray(n_t, dtype=float) - a, np.asarray(n_c, dtype=float) - c
    if min(x.min(initial=0.0) for x in (a, b, c, d)) < 0:
        raise MethodError(Problem("a table has more events than people, or fewer than none", where="Mantel-Haenszel"))
    n = np.maximum(a + b + c + d, 1e-300)
    r, s, up, down = a * d / n, b * c / n, (a + d) / n, (b + c) / n
    big_r, big_s = float(r.sum()), float(s.sum())
    if big_r == 0 or big_s == 0:
        raise MethodError(Problem("all events are in one arm: the odds ratio has no limit", where="Mantel-Haenszel"))
    value = math.log(big_r / big_s)
    cross = float((up * s + down * r).sum()) / (2 * big_r * big_s)
    variance = float((up * r).sum()) / (2 * big_r**2) + cross + float((down * s).sum()) / (2 * big_s**2)
    se = math.sqrt(variance)
    half = quantile(level) * se
    q, df = _spread(a, b, c, d, value)
    known = df > 0
    return OddsRatio(
        value=value,
        se=se,
        low=value - half,
        high=value + half,
        p=two_sided_p(value, se),
        q=q if known else None,
        q_df=df,
        q_p=float(stats.chi2.sf(q, df)) if known else None,
        i2=100 * max(0.0, (q - df) / q) if known and q > 0 else (0.0 if known else None),
    )


def _spread(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray, value: float) -> tuple[float, int]:
    cells = np.array([a, b, c, d])
    cells = cells[:, ((a + c) > 0) & ((b + d) > 0)]
    cells = cells + 0.5 * (cells.min(axis=0, initial=np.inf) == 0)
    own = np.log(cells[0] * cells[3] / (cells[1] * cells[2]))
    return float(((own - value) ** 2 / (1 / cells).sum(axis=0)).sum()), cells.shape[1] - 1
