"""Change in treated areas against what areas of their level would have done, where areas were chosen by that level."""

import math
from dataclasses import dataclass

import numpy as np

from vru.stats.canonical_glm import fit_glm


@dataclass(frozen=True, slots=True)
class LevelAdjusted:
    """A log rate ratio at like level.

    value, se : log rate ratio and its standard error; df : of Student's t (Bell and McCaffrey).
    slope, slope_se : change of the log after-to-before ratio for each unit of log level.
    separated : the data push a coefficient without end, so that nothing above can be used.
    """

    value: float
    se: float
    df: float
    slope: float
    slope_se: float
    separated: bool


def level_adjusted(before: np.ndarray, after: np.ndarray, log_level: np.ndarray, treated: np.ndarray) -> LevelAdjusted:
    """Poisson regression with area and phase effects, phase by log level, and phase by treatment.

    Area effects are conditioned out: an area's later count given its total is binomial with
    ``logit p = a + b log_level + value treated``. Areas may vary more than that, each by its own amount: the variance
    is the sandwich with squared residuals over one less their leverage (CR2 with one row an area), and its degrees of
    freedom come from a working variance fitted to the residuals.

    Parameters
    ----------
    before, after : counts ``(n_units,)``, both phases of the same months in every unit.
    log_level : ``(n_units,)`` log of the level that areas were chosen on, measured on other months.
    treated : bool ``(n_units,)``.

    Raises ValueError where fewer than two areas of an arm have any count.

    Source: Rubin (1977) J. Educ. Stat. 2, 1-26, for treatment assigned by a covariate; Wooldridge (1999) J.
    Econometrics 90, 77-97, for the conditional Poisson fit; Bell & McCaffrey (2002) Survey Methodology 28, 169-181, for
    the variance and its degrees of freedom. Reference implementation: R ``glm`` with ``sandwich::vcovHC(type = "HC2")``.
    """
    total = before + after
    live = total > 0
    if min(int((treated & live).sum()), int((~treated & live).sum())) < 2:
        raise ValueError("fewer than two areas of an arm have any offence")
    n, y, t = total[live], after[live], treated[live].astype(float)
    x = log_level[live] - float(log_level[live][t > 0].mean())
    design = np.column_stack([np.ones(len(n)), x, t])
    fitted = fit_glm("binomial", y / n, design, weights=n)
    p = fitted.mean(design)
    weight = n * p * (1 - p)
    effect = fitted.inverse @ design.T
    leverage = np.clip(weight * np.einsum("ij,ji->i", design, effect), 0.0, 1 - 1e-9)
    residual = (y - n * p) / np.sqrt(1 - leverage)
    se = np.sqrt((effect**2 * residual**2).sum(axis=1))
    spread = _working_variance(weight, residual**2)
    df = _degrees_of_freedom(design, effect, weight, effect[2] / np.sqrt(1 - leverage), spread)
    value, slope = float(fitted.coef[2]), float(fitted.coef[1])
    lost = fitted.separated or not math.isfinite(float(se[2])) or float(se[2]) <= 0
    return LevelAdjusted(value, float(se[2]), df, slope, float(se[1]), lost)


def _working_variance(weight: np.ndarray, squared: np.ndarray) -> np.ndarray:
    """Non-negative ``phi w + tau w^2`` nearest to the squared residuals, each over its ``w``."""
    from scipy.optimize import nnls

    (phi, tau), _ = nnls(np.column_stack([np.ones_like(weight), weight]), squared / weight)
    return np.asarray(phi * weight + tau * weight**2)


def _degrees_of_freedom(
    design: np.ndarray, effect: np.ndarray, weight: np.ndarray, multiplier: np.ndarray, spread: np.ndarray
) -> float:
    """Satterthwaite's df of ``sum (multiplier_i e_i)^2``; ``e`` residuals of independent errors of variance ``spread``."""
    left = np.eye(len(weight)) - (weight[:, None] * design) @ effect
    form = (left.T * multiplier**2) @ left * spread[None, :]
    both = float((form * form.T).sum())
    return max(float(np.trace(form)) ** 2 / both, 1.0) if both > 0 else 1.0
