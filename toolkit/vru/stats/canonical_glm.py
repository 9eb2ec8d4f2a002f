"""Regressions with their canonical link (linear, logistic, Poisson) by Newton steps, for use inside an estimator."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Family = Literal["gaussian", "binomial", "poisson"]
_FURTHEST = 35.0
"""Linear predictors are held within this, so that a separated fit ends instead of overflowing."""


@dataclass(frozen=True, slots=True)
class Glm:
    """A fitted regression. coef : ``(k,)``. inverse : ``(k, k)``, inverse of the penalised information.

    separated : the fit ran off to infinity, so that some fitted probabilities or rates are 0 or 1.
    """

    family: Family
    coef: np.ndarray
    inverse: np.ndarray
    separated: bool

    def mean(self, design: np.ndarray, offset: np.ndarray | float = 0.0) -> np.ndarray:
        """Fitted means ``(n,)`` at the rows of ``design``."""
        return _mean(self.family, design @ self.coef + offset)

    def slope(self, mean: np.ndarray) -> np.ndarray:
        """Derivative of the mean by the linear predictor, ``(n,)``."""
        return _slope(self.family, mean)


def standardised_design(x: np.ndarray) -> np.ndarray:
    """An intercept and the columns of ``x`` centred and scaled, ``(n, 1 + k)``; columns that repeat others are dropped."""
    n = len(x)
    columns = [np.ones(n)]
    basis = [np.ones(n) / np.sqrt(n)]
    for column in x.T:
        spread = column.std()
        if spread <= 0:
            continue
        z = (column - column.mean()) / spread
        rest = z - np.column_stack(basis) @ (np.array(basis) @ z)
        rest = rest - np.column_stack(basis) @ (np.array(basis) @ rest)
        size = float(np.linalg.norm(rest))
        if size < 1e-7 * np.sqrt(n):
            continue
        columns.append(z)
        basis.append(rest / size)
    return np.column_stack(columns)


def fit_glm(
    family: Family,
    y: np.ndarray,
    design: np.ndarray,
    *,
    offset: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    penalty: float = 0.0,
) -> Glm:
    """Maximum (penalised) likelihood.

    Parameters
    ----------
    y : ``(n,)``. design : ``(n, k)``, first column the intercept. offset, weights : ``(n,)``.
    penalty : half of it times the squared coefficients, all but the intercept, is taken off the log likelihood.

    Source: McCullagh & Nelder (1989) *Generalized Linear Models*, section 2.5.
    """
    n, k = design.shape
    shift = np.zeros(n) if offset is None else offset
    w = np.ones(n) if weights is None else weights
    ridge = np.diag(np.r_[0.0, np.full(k - 1, penalty)]) if k else np.zeros((0, 0))
    coef = np.zeros(k)
    coef[0] = _start(family, y, shift, w)
    reached = _objective(family, y, design @ coef + shift, w, coef, ridge)
    for _ in range(100):
        mean = _mean(family, design @ coef + shift)
        score = design.T @ (w * (y - mean)) - ridge @ coef
        information = (design * (w * _slope(family, mean))[:, None]).T @ design + ridge
        step = np.linalg.lstsq(information, score, rcond=1e-12)[0]
        size = 1.0
        while size > 1e-6:
            tried = coef + size * step
            value = _objective(family, y, design @ tried + shift, w, tried, ridge)
            if value >= reached - 1e-10 * (1 + abs(reached)):
                break
            size /= 2
        else:
            break
        gained, coef, reached = value - reached, tried, value
        if gained < 1e-11 * (1 + abs(reached)) and np.abs(size * step).max() < 1e-8:
            break
    eta = design @ coef + shift
    mean = _mean(family, eta)
    information = (design * (w * _slope(family, mean))[:, None]).T @ design + ridge
    separated = family != "gaussian" and bool(np.abs(design @ coef).max() > 25)
    return Glm(family, coef, np.linalg.pinv(information, rcond=1e-13, hermitian=True), separated)


def _start(family: Family, y: np.ndarray, offset: np.ndarray, w: np.ndarray) -> float:
    middle = float(w @ y / w.sum())
    if family == "gaussian":
        return middle - float(w @ offset / w.sum())
    if family == "binomial":
        middle = min(max(middle, 1e-4), 1 - 1e-4)
        return float(np.log(middle / (1 - middle)))
    return float(np.log(max(float(w @ y), 0.1) / float(w @ np.exp(offset))))


def _mean(family: Family, eta: np.ndarray) -> np.ndarray:
    if family == "gaussian":
        return eta
    held = np.clip(eta, -_FURTHEST, _FURTHEST)
    return np.asarray(1 / (1 + np.exp(-held)) if family == "binomial" else np.exp(held))


def _slope(family: Family, mean: np.ndarray) -> np.ndarray:
    if family == "gaussian":
        return np.ones_like(mean)
    return mean * (1 - mean) if family == "binomial" else mean


def _objective(
    family: Family, y: np.ndarray, eta: np.ndarray, w: np.ndarray, coef: np.ndarray, ridge: np.ndarray
) -> float:
    if family == "gaussian":
        fit = -0.5 * (y - eta) ** 2
    else:
        held = np.clip(eta, -_FURTHEST, _FURTHEST)
        fit = y * held - (np.logaddexp(0, held) if family == "binomial" else np.exp(held))
    return float(w @ fit - 0.5 * coef @ ridge @ coef)
