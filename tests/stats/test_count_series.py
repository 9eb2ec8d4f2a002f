"""Regression of a count series: likelihoods at their maximum, shares, gaps and non-convergence."""

import numpy as np
import pytest
from scipy import optimize, special, stats

from vru.stats.count_series import fit_log_linear, fit_negative_binomial, fit_share, newey_west
from vru.stats.dispersion import fit_poisson


def design(n: int) -> np.ndarray:
    t = np.arange(n)
    return np.column_stack([np.ones(n), t / 12, np.sin(t / 2), t >= 2 * n // 3])


def test_poisson_is_the_toolkits_other_poisson() -> None:
    x, y, o = design(48), np.random.default_rng(1).poisson(9, 48).astype(float), np.linspace(0, 1, 48)
    ours, other = fit_log_linear(x, y, o), fit_poisson(x, y, o)
    np.testing.assert_allclose(ours.coefficients, other.coefficients, atol=1e-9)
    np.testing.assert_allclose(ours.bread, other.covariance, rtol=1e-7)


def test_negative_binomial_is_at_the_maximum_of_the_whole_likelihood() -> None:
    rng = np.random.default_rng(2)
    x, y = design(60), rng.poisson(20 * rng.gamma(5, 0.2, 60)).astype(float)

    def loss(theta: np.ndarray) -> float:
        mean, size = np.exp(x @ theta[:4]), np.exp(-theta[4])
        return -float(stats.nbinom.logpmf(y, size, size / (size + mean)).sum())

    start = np.r_[np.log(20), 0, 0, 0, np.log(0.2)]
    best = optimize.minimize(loss, start, method="BFGS", options={"gtol": 1e-7})
    found = fit_negative_binomial(x, y, np.zeros(60))
    np.testing.assert_allclose(found.coefficients, best.x[:4], atol=1e-4)
    assert found.alpha == pytest.approx(np.exp(best.x[4]), rel=1e-3)


def test_negative_binomial_without_extra_variation_is_poisson() -> None:
    x, y = design(48), np.full(48, 10.0)
    assert fit_negative_binomial(x, y, np.zeros(48)).alpha == 0


def test_share_is_logistic_regression_and_ignores_empty_months() -> None:
    rng = np.random.default_rng(3)
    x, y, other = design(60), rng.poisson(4, 60).astype(float), rng.poisson(6, 60).astype(float)
    offset = np.linspace(-0.5, 0.5, 60)

    def loss(beta: np.ndarray) -> float:
        eta = x @ beta + offset
        return float(((y + other) * np.log1p(np.exp(eta)) - y * eta).sum())

    best = optimize.minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-9})
    found = fit_share(x, y, other, offset)
    np.testing.assert_allclose(found.coefficients, best.x, atol=1e-5)
    np.testing.assert_allclose(found.mean, (y + other) * special.expit(x @ best.x + offset), rtol=1e-4)
    empty = [*range(60), 10, 20]
    y2, other2 = y[empty], other[empty]
    y2[60:], other2[60:] = 0, 0
    more = fit_share(x[empty], y2, other2, offset[empty])
    np.testing.assert_allclose(more.coefficients, found.coefficients, atol=1e-9)


def test_separation_does_not_count_as_an_answer() -> None:
    x, y = design(48), np.where(design(48)[:, 3] > 0, 0.0, 6.0)
    assert not fit_log_linear(x, y, np.zeros(48)).converged
    assert not fit_share(x, y, np.full(48, 6.0), np.zeros(48)).converged
    assert fit_log_linear(x, y + 1, np.zeros(48)).converged


def test_newey_west_by_hand_does_not_bridge_a_gap() -> None:
    rng = np.random.default_rng(4)
    fit = fit_log_linear(design(30), rng.poisson(9, 30).astype(float), np.zeros(30))
    time = np.r_[np.arange(15), np.arange(20, 35)]
    score = fit.design * (fit.residual * np.sqrt(fit.mean))[:, None]
    meat = score.T @ score
    for lag, weight in ((1, 2 / 3), (2, 1 / 3)):
        for i in range(30):
            for j in range(30):
                if time[i] - time[j] == lag:
                    meat += weight * (np.outer(score[i], score[j]) + np.outer(score[j], score[i]))
    np.testing.assert_allclose(newey_west(fit, time, 2), fit.bread @ meat @ fit.bread * 30 / 26, rtol=1e-9)
