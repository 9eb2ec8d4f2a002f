"""CR2 and its degrees of freedom against dense matrices straight from Pustejovsky and Tipton's formulas."""

import numpy as np
import pytest

from vru.errors import MethodError
from vru.stats.cluster_robust import regress, robust_error


def dense(x: np.ndarray, e: np.ndarray, groups: np.ndarray, c: int) -> tuple[float, float]:
    """Bias-reduced variance of coefficient ``c`` with an identity target, all matrices written out."""
    n, m = len(x), np.linalg.pinv(x.T @ x)
    hat = x @ m @ x.T
    away = np.eye(n) - hat
    rows, score = [], 0.0
    for g in np.unique(groups):
        at = groups == g
        block = away[at] @ away[at].T
        values, vectors = np.linalg.eigh(block)
        root = np.where(values > 1e-9, 1 / np.sqrt(np.maximum(values, 1e-9)), 0)
        a = vectors @ np.diag(root) @ vectors.T
        score += float((m @ x[at].T @ a @ e[at])[c] ** 2)
        rows.append(away[at].T @ a @ x[at] @ m[:, c])
    p = np.stack(rows)
    omega = p @ p.T
    return float(np.sqrt(score)), float(np.trace(omega) ** 2 / (omega**2).sum())


def data(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(11), rng.integers(2, 9, 11))
    n = len(groups)
    arm = (rng.permutation(11) < 5)[groups].astype(float)
    x = np.column_stack([np.ones(n), arm, rng.normal(0, 1, n), (groups % 2).astype(float)])
    y = rng.normal(0, 1, n) + 0.5 * x[:, 2] + rng.normal(0, 0.5, 11)[groups]
    return y, x, groups, rng.uniform(0.5, 2, n)


@pytest.mark.parametrize("family", ["linear", "poisson", "logistic"])
def test_cr2_equals_dense_matrices(family: str) -> None:
    y, x, groups, weight = data()
    if family == "poisson":
        y = np.round(np.exp(y))
    elif family == "logistic":
        y = (y > 0).astype(float)
    fit = regress(y, x, family, prior=weight)  # type: ignore[arg-type]
    found = robust_error(fit, 1, groups)
    se, df = dense(fit.white, fit.residual, groups, 1)
    assert found.se == pytest.approx(se, rel=1e-8)
    assert found.df == pytest.approx(df, rel=1e-8)


def test_cluster_effects_use_up_a_direction_and_do_not_break_it() -> None:
    y, _, groups, _ = data(3)
    period = np.concatenate([np.arange(k) for k in np.bincount(groups)]) % 3
    arm = (period >= groups % 3).astype(float)
    own = (groups[:, None] == np.arange(1, 11)).astype(float)
    x = np.column_stack([np.ones(len(y)), arm, own, period == 1, period == 2]).astype(float)
    fit = regress(y, x, "linear")
    found = robust_error(fit, 1, groups)
    se, df = dense(fit.white, fit.residual, groups, 1)
    assert found.se == pytest.approx(se, rel=1e-6)
    assert found.df == pytest.approx(df, rel=1e-6)


def test_a_row_by_itself_is_a_cluster_of_one() -> None:
    y, x, _, weight = data(5)
    fit = regress(y, x, "linear", prior=weight)
    by_row, by_cluster = robust_error(fit, 1), robust_error(fit, 1, np.arange(len(y)))
    assert by_row.se == pytest.approx(by_cluster.se, rel=1e-9)
    assert by_row.df == pytest.approx(by_cluster.df, rel=1e-9)


def test_repeated_columns_are_refused() -> None:
    y, x, _, _ = data()
    with pytest.raises(MethodError, match="repeat each other"):
        regress(y, np.column_stack([x, x[:, 2]]), "linear")
