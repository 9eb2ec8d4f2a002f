"""Effects of several studies explained by what the studies have: mixed-effects regression and subgroups."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from vru.errors import MethodError, Problem
from vru.stats.heterogeneity import Estimator, Heterogeneity, heterogeneity
from vru.stats.intervals import quantile, two_sided_p

Knapp = Literal["no", "yes", "not_narrower"]


@dataclass(frozen=True, slots=True)
class Coefficient:
    """One coefficient: change of the effect per unit of ``name``, on the scale of the effects."""

    name: str
    value: float
    se: float
    low: float
    high: float
    p: float


@dataclass(frozen=True, slots=True)
class Fit:
    """Weighted least squares with weights ``1 / (v + tau2)``.

    coefficients : one per column of the design. df : of Student's t, None where the interval is normal.
    covariance : shape ``(p, p)``; factor : what Knapp and Hartung multiply the variance by (1 without them).
    """

    coefficients: tuple[Coefficient, ...]
    spread: Heterogeneity
    covariance: np.ndarray
    factor: float
    df: int | None
    k: int


@dataclass(frozen=True, slots=True)
class Moderation:
    """Whether all coefficients but the first are zero: chi-squared, or F where ``df2`` is given."""

    statistic: float
    df1: int
    df2: int | None
    p: float


def regress(
    y: np.ndarray,
    v: np.ndarray,
    x: np.ndarray,
    names: Sequence[str],
    *,
    method: Estimator = "reml",
    knapp_hartung: Knapp = "yes",
    level: float = 0.95,
) -> Fit:
    """Mixed-effects meta-regression of ``y`` on the columns of ``x``.

    Parameters
    ----------
    y, v : shape ``(k,)``, effects and their sampling variances.
    x : shape ``(k, p)``, with a column of ones first; names : one per column.
    knapp_hartung : "not_narrower" never lets the factor fall below 1 (metafor's ``test="adhoc"``).

    Raises MethodError where a variance is not positive and finite, or ``x`` has not full rank or as
    many columns as there are studies (unless there is one study and one column, which has no spread).

    Source: Knapp & Hartung (2003) Statistics in Medicine 22, 2693-2710. Reference implementation:
    R ``metafor::rma(y ~ x, v, method, test)``.
    """
    check_effects(y, v, x)
    k, p = x.shape
    spread = heterogeneity(y, v, x, method, level)
    w = 1 / (v + spread.tau2)
    bread = np.linalg.inv((x * w[:, None]).T @ x)
    beta = bread @ (x.T @ (w * y))
    factor, df = 1.0, None
    if knapp_hartung != "no" and k > p:
        factor = float((w * (y - x @ beta) ** 2).sum()) / (k - p)
        factor, df = max(1.0, factor) if knapp_hartung == "not_narrower" else factor, k - p
    covariance = factor * bread
    return Fit(_coefficients(names, beta, covariance, level, df), spread, covariance, factor, df, k)


def moderation(fit: Fit) -> Moderation:
    """Test all coefficients but the first at once. Raises MethodError where there is only one."""
    m = len(fit.coefficients) - 1
    if m < 1:
        raise MethodError(Problem("has nothing to test: the only coefficient is the mean", where="meta-regression"))
    b = np.array([c.value for c in fit.coefficients[1:]])
    wald = float(b @ np.linalg.solve(fit.covariance[1:, 1:], b))
    if fit.df is None:
        return Moderation(wald, m, None, float(stats.chi2.sf(wald, m)))
    return Moderation(wald / m, m, fit.df, float(stats.f.sf(wald / m, m, fit.df)))


def between_groups(values: np.ndarray, ses: np.ndarray) -> Moderation:
    """Whether pooled effects of subgroups, each with its own spread, differ; shapes ``(n_groups,)``, two or more.

    Source: Borenstein & Higgins (2013) Prevention Science 14, 134-143 (separate tau2 per subgroup).
    Reference implementation: R ``metafor::rma(values, sei = ses, method = "FE")$QE``.
    """
    if len(values) < 2:
        raise MethodError(Problem(f"{len(values)} group cannot be compared", where="subgroups", allowed="2 or more"))
    w = 1 / ses**2
    q = float((w * (values - (w * values).sum() / w.sum()) ** 2).sum())
    return Moderation(q, len(values) - 1, None, float(stats.chi2.sf(q, len(values) - 1)))


def check_effects(y: np.ndarray, v: np.ndarray, x: np.ndarray) -> None:
    """Refuse what cannot be weighted: nothing, a missing number, a variance that is not positive, a redundant column."""
    if len(y) == 0:
        raise MethodError(Problem("there is no effect to pool", where="synthesis"))
    if len(y) != len(v) or len(y) != len(x):
        raise MethodError(Problem(f"{len(y)} effects, {len(v)} variances, {len(x)} rows of the design", "synthesis"))
    bad = [i + 1 for i in range(len(y)) if not (math.isfinite(y[i]) and math.isfinite(v[i]) and v[i] > 0)]
    if bad:
        raise MethodError(
            Problem(
                f"effect {', '.join(map(str, bad[:10]))} is missing or has no variance above 0",
                where="synthesis",
                allowed="finite effects with a standard error above 0",
                hint="an effect without a standard error has no weight: list it, do not pool it",
            )
        )
    k, p = x.shape
    if not np.isfinite(x).all() or np.linalg.matrix_rank(x) < p or (p > 1 and k <= p):
        raise MethodError(
            Problem(
                f"{k} studies cannot carry {p} coefficients",
                where="meta-regression",
                allowed="more studies than coefficients, and a moderator that varies",
            )
        )


def _coefficients(
    names: Sequence[str], beta: np.ndarray, covariance: np.ndarray, level: float, df: int | None
) -> tuple[Coefficient, ...]:
    found = []
    for name, b, variance in zip(names, beta, np.diag(covariance), strict=True):
        value, se = float(b), math.sqrt(max(0.0, float(variance)))
        half = quantile(level, df) * se
        found.append(Coefficient(name, value, se, value - half, value + half, two_sided_p(value, se, df)))
    return tuple(found)
