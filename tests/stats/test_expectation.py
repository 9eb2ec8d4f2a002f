"""The prediction for one more area: its coverage, events prevented against drawing at random, power by simulation."""

import math

import numpy as np
import pytest

from vru.errors import MethodError
from vru.stats.expectation import chance, prevented, sample_needed
from vru.stats.intervals import Bounds
from vru.stats.pool import pool
from vru.stats.prediction import Law, below, prediction_interval, predictive
from vru.stats.ratios import relative_rate_ratio

Y = np.array([-0.31, -0.12, 0.05, -0.22, -0.4, -0.08])
V = np.array([0.01, 0.02, 0.015, 0.008, 0.05, 0.012])


def draw(law: Law, rng: np.random.Generator, n: int) -> np.ndarray:
    at = rng.integers(0, len(law.centres), n)
    return np.asarray(law.centres[at] + law.scales[at] * rng.standard_normal(n))


@pytest.mark.parametrize(("k", "tau2"), [(8, 0.02), (15, 0.005)])
def test_prediction_holds_the_effect_of_one_more_area(k: int, tau2: float) -> None:
    """400 synthetic libraries each: the usual interval holds fewer than 92 in 100 here, ours about 95."""
    rng, n, ours, usual = np.random.default_rng(11 * k), 400, 0, 0
    for _ in range(n):
        v = rng.uniform(0.002, 0.06, k)
        y = rng.normal(0, math.sqrt(tau2), k) + rng.normal(0, np.sqrt(v))
        new = rng.normal(0, math.sqrt(tau2))
        ours += 0.025 <= below(predictive(y, v), new) <= 0.975
        bounds = pool(y, v, method="dl", knapp_hartung="not_narrower").higgins
        assert bounds is not None
        usual += (bounds.low or 0) <= new <= (bounds.high or 0)
    assert 0.92 <= ours / n <= 0.99
    assert usual / n < 0.92


def test_prediction_interval_cuts_the_law_where_it_says() -> None:
    law = predictive(Y, V)
    bounds = prediction_interval(law, 0.9)
    assert below(law, bounds.low or 0) == pytest.approx(0.05, abs=1e-6)
    assert below(law, bounds.high or 0) == pytest.approx(0.95, abs=1e-6)
    low, high = np.quantile(draw(law, np.random.default_rng(1), 400_000), [0.05, 0.95])
    assert (bounds.low, bounds.high) == pytest.approx((low, high), abs=0.01)


def test_prediction_ignores_order_and_mirrors_the_sign() -> None:
    one, two = prediction_interval(predictive(Y, V), 0.95), prediction_interval(predictive(-Y[::-1], V[::-1]), 0.95)
    assert (two.low, two.high) == pytest.approx((-(one.high or 0), -(one.low or 0)), abs=1e-8)


def test_prediction_with_many_studies_is_normal() -> None:
    rng = np.random.default_rng(2)
    y, v = rng.normal(0, 1, 4000), np.full(4000, 1e-6)
    bounds = prediction_interval(predictive(y, v), 0.95)
    assert (bounds.low, bounds.high) == pytest.approx((-1.96, 1.96), abs=0.06)


def test_two_studies_predict_nothing() -> None:
    with pytest.raises(MethodError, match="2 studies predict nothing"):
        predictive(Y[:2], V[:2])


@pytest.mark.parametrize(("baseline", "share", "phi"), [(240.0, 1.0, 1.0), (12.0, 0.5, 2.0)])
def test_events_prevented_agree_with_drawing_at_random(baseline: float, share: float, phi: float) -> None:
    law, rng, n = predictive(Y, V), np.random.default_rng(3), 400_000
    means = share * rng.gamma((baseline + 0.5) / phi, phi, n)
    drawn = means * -np.expm1(draw(law, rng, n))
    found = prevented(law, baseline, share, phi, 0.95)
    low, middle, high = np.quantile(drawn, [0.025, 0.5, 0.975])
    assert (found.low, found.middle, found.high) == pytest.approx((low, middle, high), abs=0.02 * baseline * share)


def test_chances_are_shares_of_the_law() -> None:
    law = predictive(Y, V)
    drawn = draw(law, np.random.default_rng(5), 400_000)
    assert chance(law, Bounds(None, 0.0)) == pytest.approx((drawn < 0).mean(), abs=0.004)
    assert chance(law, Bounds(0.0, None)) == pytest.approx((drawn > 0).mean(), abs=0.004)
    assert chance(law, Bounds(None, 0.0)) + chance(law, Bounds(0.0, None)) == pytest.approx(1)


@pytest.mark.parametrize(("ratio", "monthly", "phi"), [(0.8, 6.0, 1.0), (0.7, 4.0, 2.5), (1.25, 8.0, 1.5)])
def test_the_sample_has_the_power_that_it_promises(ratio: float, monthly: float, phi: float) -> None:
    """4,000 trials with negative binomial months: 80 in 100 find it, 5 in 100 find what is not there."""
    need = sample_needed(ratio, monthly, phi)
    assert need is not None
    n, rng = need.area_months // 4, np.random.default_rng(6)

    def found(truth: float) -> float:
        hits, times = 0, 4000
        cells = np.stack([_total(rng, m, n, phi, times) for m in (monthly, monthly * truth, monthly, monthly)])
        for t0, t1, c0, c1 in cells.T:
            answer = relative_rate_ratio(t0, t1, c0, c1, phi)
            hits += abs(answer.log_ratio) > 1.959964 * answer.se
        return hits / times

    assert found(ratio) == pytest.approx(0.80, abs=0.03)
    assert found(1.0) == pytest.approx(0.05, abs=0.012)


def _total(rng: np.random.Generator, mean: float, n: int, phi: float, times: int) -> np.ndarray:
    """Sum of ``n`` months with variance ``phi * mean`` each, drawn ``times`` times."""
    if phi == 1:
        return rng.poisson(mean * n, times).astype(float)
    return rng.poisson(rng.gamma(n * mean / (phi - 1), phi - 1, times)).astype(float)


def test_sample_by_hand_and_its_limits() -> None:
    need = sample_needed(0.8, 5.0, 1.0, months=12)
    assert need is not None
    cell = math.ceil((3 + 1 / 0.8) * (1.959964 + 0.841621) ** 2 / (5 * math.log(0.8) ** 2))
    assert (need.area_months, need.areas) == (4 * cell, math.ceil(cell / 12))
    assert sample_needed(1.0, 5.0, 1.0) is None
    with pytest.raises(MethodError, match="above 0"):
        sample_needed(0.8, 0.0, 1.0)
