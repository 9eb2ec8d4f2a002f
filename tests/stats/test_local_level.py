"""The structural forecast against a Kalman filter written here, statsmodels and R."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from vru.stats import local_level
from vru.stats.local_level import STEPS, Regressors, forecast

GOLDEN = Path(__file__).parents[1] / "golden" / "series"


def level_only(n: int) -> Regressors:
    return Regressors(np.ones((n, 1)), np.zeros((n, 0)))


def kalman(y: np.ndarray, q: float, ahead: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Forecast means, variances per unit noise variance, and noise variance, of a local level with diffuse start."""
    level, variance, sum_of_squares = y[0], 1.0, 0.0
    for value in y[1:]:
        prior = variance + q**2
        sum_of_squares += (value - level) ** 2 / (prior + 1)
        gain = prior / (prior + 1)
        level, variance = level + gain * (value - level), prior * (1 - gain)
    steps = np.arange(1, ahead + 1)
    return np.full(ahead, level), variance + steps * q**2 + 1, sum_of_squares / (len(y) - 1)


@pytest.mark.parametrize("q", [0.0, 0.1, 0.7])
def test_is_a_kalman_filter(q: float) -> None:
    y = np.cumsum(np.random.default_rng(1).normal(0, 0.2, 30)) + np.random.default_rng(2).normal(0, 0.5, 30)
    found = forecast(y, np.arange(36), level_only(36), steps=(q,))
    mean, variance, noise = kalman(y, q, 6)
    np.testing.assert_allclose(found.centre[0], mean, atol=1e-9)
    np.testing.assert_allclose(np.diag(found.spread[0]), noise * variance, rtol=1e-9)
    assert found.noise == pytest.approx(math.sqrt(noise))
    assert found.df == 29


def test_is_rs_struct_ts() -> None:
    with (GOLDEN / "series_values.csv").open() as f:
        r = {row["name"]: float(row["value"]) for row in csv.DictReader(f)}
    with (GOLDEN / "series_panel.csv").open() as f:
        y = np.array([float(row["walk"]) for row in csv.DictReader(f) if row["post"] == "0"])
    q = math.sqrt(r["level_variance"] / r["noise_variance"])
    found = forecast(y, np.arange(len(y) + 3), level_only(len(y) + 3), steps=(q,))
    assert found.centre[0, 0] == pytest.approx(r["level_forecast"], abs=1e-5)
    ratio = found.spread[0, 2, 2] / found.spread[0, 0, 0]
    assert ratio == pytest.approx((r["level_se3"] / r["level_se1"]) ** 2, rel=1e-4)
    assert found.noise**2 == pytest.approx(r["noise_variance"], rel=0.03)


@pytest.mark.parametrize("q", [0.0, 0.3])
def test_is_statsmodels_unobserved_components(q: float) -> None:
    """With season and a control as regressors with flat priors, and a month missing before the start."""
    import statsmodels.api as sm

    rng = np.random.default_rng(4)
    x = np.column_stack([np.sin(np.arange(46) / 2), rng.normal(0, 1, 46)])
    y = 2 + x @ np.array([0.3, -0.2]) + np.cumsum(rng.normal(0, 0.1, 46)) + rng.normal(0, 0.3, 46)
    with_gap = y[:40].copy()
    with_gap[17] = np.nan
    model = sm.tsa.UnobservedComponents(with_gap, "llevel", exog=x[:40], mle_regression=False)
    seen = np.r_[np.arange(17), np.arange(18, 46)]
    regressors = Regressors(np.column_stack([np.ones(45), x[seen]]), np.zeros((45, 0)))
    found = forecast(y[seen[:39]], seen, regressors, steps=(q,))
    noise = found.noise**2
    ahead = model.smooth(np.array([noise, noise * q**2])).get_forecast(6, exog=x[40:])
    np.testing.assert_allclose(found.centre[0], ahead.predicted_mean, atol=2e-4)
    np.testing.assert_allclose(np.sqrt(np.diag(found.spread[0])), ahead.se_mean, rtol=2e-3)


def test_the_weight_of_each_step_ratio_is_prior_times_evidence() -> None:
    """Evidence by the chain rule of one-step forecasts, from the Kalman filter above."""
    y = np.cumsum(np.random.default_rng(7).normal(0, 0.1, 40)) + np.random.default_rng(8).normal(0, 0.2, 40)
    logs = []
    for q in (0.1, 0.5):
        variance, log_det = 1.0, 0.0
        for _ in y[1:]:
            prior = variance + q**2
            log_det += math.log(prior + 1)
            variance = prior / (prior + 1)
        logs.append(-0.5 * log_det - 0.5 * 39 * math.log(kalman(y, q, 1)[2]))
    found = forecast(y, np.arange(41), level_only(41), steps=(0.1, 0.5))
    typical = 0.04 / math.sqrt(kalman(y, 0.1, 1)[2])
    odds = logs[1] - logs[0] - 0.4 / typical
    assert math.log(found.weight[1] / found.weight[0]) == pytest.approx(odds, abs=1e-8)


def test_maximum_likelihood_would_often_hold_a_drifting_level_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Why the step is averaged over: with 24 months the likelihood alone often peaks at a step of zero."""
    monkeypatch.setattr(local_level, "_log_prior", lambda q, steps, typical: 0.0)
    rng, still = np.random.default_rng(1), 0
    for _ in range(100):
        y = np.cumsum(rng.normal(0, 0.03, 24)) + rng.normal(0, 0.2, 24)
        still += int(np.argmax(forecast(y, np.arange(25), level_only(25)).weight) == 0)
    assert 25 < still < 60


def test_draws_have_the_forecasts_mean_and_spread() -> None:
    y = np.random.default_rng(1).normal(0, 1, 40)
    found = forecast(y, np.arange(43), level_only(43), steps=(0.2,))
    draws = found.draw(200_000, np.random.default_rng(2))
    np.testing.assert_allclose(draws.mean(axis=0), found.centre[0], atol=0.02)
    np.testing.assert_allclose(np.cov(draws.T), found.spread[0] * 39 / 37, rtol=0.04, atol=0.01)


def test_a_wandering_level_is_noticed() -> None:
    rng = np.random.default_rng(5)
    still = forecast(rng.normal(0, 0.2, 60), np.arange(72), level_only(72))
    moving = forecast(np.cumsum(rng.normal(0, 0.2, 60)) + rng.normal(0, 0.2, 60), np.arange(72), level_only(72))
    assert len(still.weight) == len(STEPS)
    assert still.step < 0.15
    assert moving.step > 0.4
