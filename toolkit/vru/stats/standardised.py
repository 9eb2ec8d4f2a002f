"""Risks that the rows would have had if all had been in one arm, from a logistic model that need not be right."""

import math
from dataclasses import dataclass

import numpy as np

from vru.stats.cluster_robust import regress


@dataclass(frozen=True, slots=True)
class StandardisedRisks:
    """Risks if all rows were treated, and if none were, with their variances and covariance; df left for spread."""

    treated: float
    comparison: float
    var_treated: float
    var_comparison: float
    covariance: float
    df: float
    converged: bool

    @property
    def difference_se(self) -> float:
        """Standard error of the difference."""
        return math.sqrt(max(self.var_treated + self.var_comparison - 2 * self.covariance, 0.0))

    @property
    def log_ratio_se(self) -> float:
        """Standard error of the log ratio, by the delta method."""
        a, b = self.treated, self.comparison
        return math.sqrt(max(self.var_treated / a**2 + self.var_comparison / b**2 - 2 * self.covariance / (a * b), 0.0))


def standardised_risks(y: np.ndarray, treated: np.ndarray, x: np.ndarray, stratum: np.ndarray) -> StandardisedRisks:
    """Average the predictions of one logistic model over all rows, once as treated and once not.

    Parameters
    ----------
    y : 0 or 1 ``(n,)``. treated : bool ``(n,)``. x : covariates and strata as numbers ``(n, k)``, no constant.
    stratum : int codes ``(n,)``; both arms in each.

    The mean residual of the arm's own rows, each weighted by one over the share allocated to that arm in its stratum, is
    added: it is 0 where the share is the same everywhere, and makes the answer right under randomisation whatever
    the model where it is not. The variance is that of the influence function, times n/(n - k - 2).

    Source: Tsiatis, Davidian, Zhang & Lu (2008) Statistics in Medicine 27; Ye, Bannick, Yi & Shao (2023) Stat. Theory
    Relat. Fields 7.
    """
    n = len(y)
    fit = regress(y, np.column_stack([np.ones(n), treated.astype(float), x]), "logistic")
    eta = np.column_stack([np.ones(n), np.zeros(n), x]) @ fit.beta
    counts = np.bincount(stratum)
    share = (np.bincount(stratum, treated.astype(float)) / counts)[stratum]
    part = []
    for side, level, chance in ((treated, eta + fit.beta[1], share), (~treated, eta, 1 - share)):
        guess = 1 / (1 + np.exp(-np.clip(level, -30, 30)))
        part.append(guess + np.where(side, (y - guess) / chance, 0.0))
    risks = [float(p.mean()) for p in part]
    spare = max(n - x.shape[1] - 2, 1)
    cover = np.cov(np.stack(part)) * (n - 1) / n * n / spare / n
    return StandardisedRisks(
        risks[0], risks[1], float(cover[0, 0]), float(cover[1, 1]), float(cover[0, 1]), float(spare), fit.converged
    )
