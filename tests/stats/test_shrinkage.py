"""Empirical Bayes shrinkage and the fall to expect in units chosen at their peak, against known truth."""

import math

import numpy as np
import pytest

from vru.stats.shrinkage import expected_fall, gamma_poisson


def test_the_arithmetic_by_hand() -> None:
    # Totals 4, 8, 12, 16 over 2 periods: unit means 2, 4, 6, 8; mean 5; variance 20/3; noise 5/2; k = 5 / (25/6) = 1.2.
    fit = gamma_poisson(np.array([4.0, 8, 12, 16]), 2)
    assert fit.k == pytest.approx(1.2)
    assert fit.reliability == pytest.approx(2 / 3.2)
    assert fit.expected == pytest.approx((1.2 * 5 + np.array([4, 8, 12, 16])) / 3.2)


def test_a_pool_no_wider_than_chance_shrinks_to_its_mean() -> None:
    fit = gamma_poisson(np.array([10.0, 10, 11, 9]), 1)
    assert math.isinf(fit.k)
    assert fit.expected == pytest.approx(np.full(4, 10.0))
    assert gamma_poisson(np.zeros(5), 3).expected == pytest.approx(np.zeros(5))


def test_k_and_mean_are_recovered_in_a_large_pool() -> None:
    rng = np.random.default_rng(1)
    rates = rng.gamma(3.0, 2.0, 20_000)  # mean 6, k = 1 / scale = 0.5
    fit = gamma_poisson(rng.poisson(rates * 4).astype(float), 4)
    assert fit.mean == pytest.approx(6, rel=0.02)
    assert fit.k == pytest.approx(0.5, rel=0.05)


def test_more_noise_means_more_shrinkage() -> None:
    totals = np.random.default_rng(2).negative_binomial(3, 0.1, 100).astype(float)
    assert gamma_poisson(totals, 6, 2.0).k > gamma_poisson(totals, 6).k


@pytest.mark.parametrize(("shape", "top", "dispersion"), [(4.0, 20, 1.0), (20.0, 30, 1.0), (4.0, 20, 3.0)])
def test_expected_fall_is_the_true_fall_of_the_top_of_a_pool_where_nothing_happens(
    shape: float, top: int, dispersion: float
) -> None:
    rng = np.random.default_rng(int(shape * 10 + dispersion))
    n, periods, mean = 300, 12, 1.5
    truth, said, covered = [], [], []
    for _ in range(120):
        rates = rng.gamma(shape, mean / shape, n)
        noise = 1.0 if dispersion == 1 else rng.gamma(periods * rates / (dispersion - 1), (dispersion - 1), n)
        totals = rng.poisson(rates * periods if dispersion == 1 else noise).astype(float)
        chosen = np.zeros(n, dtype=bool)
        chosen[np.argsort(-totals, kind="stable")[:top]] = True
        fall = 1 - rates[chosen].sum() * periods / totals[chosen].sum()
        found = expected_fall(totals, chosen, periods, dispersion, rng, draws=100)
        truth.append(fall)
        said.append(found.value)
        covered.append(found.low <= fall <= found.high)
    assert np.mean(truth) > 0.08
    assert np.mean(said) == pytest.approx(np.mean(truth), abs=0.012)
    assert np.mean(covered) >= 0.88


def test_units_taken_at_random_have_no_fall_to_expect() -> None:
    rng = np.random.default_rng(8)
    falls = []
    for _ in range(100):
        totals = rng.poisson(rng.gamma(4, 3, 200)).astype(float)
        falls.append(expected_fall(totals, np.arange(200) < 40, 1, 1.0, rng, draws=100).value)
    assert np.mean(falls) == pytest.approx(0, abs=0.01)
