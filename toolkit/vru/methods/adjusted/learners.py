"""Models that say what to expect of a row from its covariates, fitted on other rows."""

from typing import Any, Literal

import numpy as np

from vru.cohort import Kind
from vru.stats.canonical_glm import Family, fit_glm

Learner = Literal["linear", "forest", "boosting"]
FAMILY: dict[Kind, Family] = {"binary": "binomial", "count": "poisson", "continuous": "gaussian"}
PENALTY = 0.5
"""Of the squared standardised coefficients: keeps a regression on a small fold finite, and moves a large one hardly."""


def expected(
    learner: Learner, kind: Kind, x: np.ndarray, y: np.ndarray, new: np.ndarray, weights: np.ndarray, seed: int
) -> np.ndarray:
    """Mean of ``y`` (of ``kind``) at the rows ``new``, from a model fitted on ``x`` ``(n, k)`` and ``y``.

    linear : regression with the canonical link. forest, boosting : scikit-learn's, with Poisson loss for counts.
    """
    if np.ptp(y) == 0:
        return np.full(len(new), float(y[0]))
    if learner == "linear":
        return _regressed(FAMILY[kind], x, y, new, weights)
    model = _forest(kind, seed) if learner == "forest" else _boosting(kind, len(y), seed)
    model.fit(x, y, sample_weight=weights)
    if kind == "binary":
        return np.asarray(model.predict_proba(new)[:, 1])
    return np.asarray(model.predict(new))


def _regressed(family: Family, x: np.ndarray, y: np.ndarray, new: np.ndarray, weights: np.ndarray) -> np.ndarray:
    design, at = (np.column_stack([np.ones(len(m)), m]) for m in (x, new))
    fit = fit_glm(family, y, design, weights=weights, penalty=PENALTY)
    if family != "poisson":
        return fit.mean(at)
    # An exponential runs away beyond the covariates it was fitted on, so predictions stay within what was fitted.
    fitted = fit.mean(design)
    return np.asarray(np.clip(fit.mean(at), fitted.min(), fitted.max()))


def _forest(kind: Kind, seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    build = RandomForestClassifier if kind == "binary" else RandomForestRegressor
    return build(n_estimators=100, min_samples_leaf=10, max_features="sqrt", n_jobs=1, random_state=seed)


def _boosting(kind: Kind, n: int, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    settings: dict[str, Any] = {
        "max_iter": 100,
        "learning_rate": 0.05,
        "max_leaf_nodes": 8,
        "min_samples_leaf": max(5, min(20, n // 10)),
        "l2_regularization": 1.0,
        "early_stopping": False,
        "random_state": seed,
    }
    if kind == "binary":
        return HistGradientBoostingClassifier(**settings)
    return HistGradientBoostingRegressor(loss="poisson" if kind == "count" else "squared_error", **settings)
