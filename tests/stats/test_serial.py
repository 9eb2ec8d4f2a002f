"""Standard errors averaged over unknown correlation."""

import numpy as np
import pytest
from scipy import stats

from vru.stats import serial
from vru.stats.serial import Mixture, serial_model


def design(n: int) -> np.ndarray:
    t = np.arange(n)
    return np.column_stack([np.ones(n), t / 12, np.sin(t / 2), t >= 2 * n // 3])


def residual(rho: float, n: int, seed: int) -> np.ndarray:
    """Residuals of a regression on ``design`` of a stationary autoregression of variance 2."""
    rng = np.random.default_rng(seed)
    e = np.zeros(n)
    e[0] = rng.normal()
    for j in range(1, n):
        e[j] = rho * e[j - 1] + rng.normal() * np.sqrt(1 - rho**2)
    x = design(n)
    return np.sqrt(2) * (e - x @ np.linalg.lstsq(x, e, rcond=None)[0])


def test_with_one_correlation_it_is_the_sandwich_of_generalised_least_squares(monkeypatch: pytest.MonkeyPatch) -> None:
    """Written out by brute force for a share of 0.5 and persistence 0.6."""
    monkeypatch.setattr(serial, "SHARES", (0.5,))
    monkeypatch.setattr(serial, "PERSISTENCE", (0.6,))
    monkeypatch.setattr(serial, "INDEPENDENT", 1e-300)
    serial._grid.cache_clear()
    n, x, r = 30, design(30), residual(0.5, 30, 1)
    found = serial_model(x, r, np.arange(n))
    serial._grid.cache_clear()
    R = 0.5 * np.eye(n) + 0.5 * 0.6 ** np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    P = np.linalg.inv(R) - np.linalg.inv(R) @ x @ np.linalg.inv(x.T @ np.linalg.inv(R) @ x) @ x.T @ np.linalg.inv(R)
    scale = max(1.0, float(r @ P @ r) / (n - 4))
    A = np.linalg.inv(x.T @ x)
    np.testing.assert_allclose(found.mean_covariance, scale * A @ x.T @ R @ x @ A, rtol=1e-8)


def test_independent_months_get_little_more_than_least_squares_and_linked_months_far_more() -> None:
    step = np.array([0.0, 0, 0, 1])
    for rho, low, high in ((0.0, 1.0, 1.5), (0.7, 1.6, 3.5)):
        factors = []
        for seed in range(20):
            r = residual(rho, 96, seed)
            plain = np.sqrt(max(r @ r / 92, 1) * np.linalg.inv(design(96).T @ design(96))[3, 3])
            factors.append(serial_model(design(96), r, np.arange(96)).of(step).half_width(0.95) / (plain * 1.986))
        assert low < np.mean(factors) < high


def test_underdispersed_residuals_do_not_shrink_the_errors() -> None:
    r = residual(0.0, 60, 3) * 0.1
    found = serial_model(design(60), r, np.arange(60))
    assert found.covariance[0, 3, 3] == pytest.approx(np.linalg.inv(design(60).T @ design(60))[3, 3])


def test_a_gap_in_time_is_a_longer_step() -> None:
    gap = np.r_[np.arange(30), np.arange(60, 90)]
    grid = serial._grid(tuple(gap))
    assert grid.matrix[-1][29, 30] == pytest.approx(0.9**31)
    assert grid.matrix[-1][29, 28] == pytest.approx(0.9)


def test_a_mixture_of_one_is_a_t_law_and_p_agrees_with_the_interval() -> None:
    one = Mixture(np.array([0.3]), np.array([1.0]), 20, 0.0)
    assert one.half_width(0.95) == pytest.approx(0.3 * stats.t.ppf(0.975, 20))
    assert one.p_value(0.5) == pytest.approx(2 * stats.t.sf(0.5 / 0.3, 20))
    two = Mixture(np.array([0.2, 0.8]), np.array([0.7, 0.3]), 20, 0.2)
    assert two.p_value(two.half_width(0.9)) == pytest.approx(0.1)
    bounds = two.interval(1.0, 0.9)
    assert bounds.low is not None
    assert 1.0 - bounds.low == pytest.approx(two.half_width(0.9))
