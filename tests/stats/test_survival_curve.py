"""Curves of times to an event, against published values and against lifelines."""

import numpy as np
import pytest

from vru.stats.survival_curve import free_at, free_bounds, free_share, restricted_mean

# Freireich et al. (1963): weeks of remission of 21 patients on 6-mercaptopurine; published in Cox (1972), Kalbfleisch and
# Prentice (2002), Collett (2015).
WEEKS = np.array([6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35], dtype=float)
RELAPSE = np.array([1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0], dtype=bool)
PUBLISHED = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}


def test_remission_as_published():
    curve = free_share(WEEKS, RELAPSE)
    assert curve.time.tolist() == list(PUBLISHED)
    np.testing.assert_allclose(curve.free, list(PUBLISHED.values()), atol=5e-4)
    assert curve.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    # Greenwood's error at 23 weeks, as printed by R's survfit: 0.1346.
    assert curve.free[-1] * np.sqrt(curve.hazard_variance[-1]) == pytest.approx(0.1346, abs=5e-5)


def test_restricted_mean_is_the_area_and_its_error_greenwoods():
    from lifelines import KaplanMeierFitter
    from lifelines.utils import restricted_mean_survival_time

    found = restricted_mean(WEEKS, RELAPSE, 23.0)
    area = restricted_mean_survival_time(KaplanMeierFitter().fit(WEEKS, RELAPSE), t=23.0)
    assert found.value == pytest.approx(area, rel=1e-12)
    # By hand: sum over event times before 23 of (area beyond)^2 d / (n (n - d)).
    times = np.array([0, 6, 7, 10, 13, 16, 22, 23.0])
    free = np.array([1, 0.857143, 0.806723, 0.752941, 0.690196, 0.627451, 0.537815])
    beyond = [float((np.diff(times) * free)[i:].sum()) for i in range(1, 7)]
    d, n = np.array([3, 1, 1, 1, 1, 1]), np.array([21, 17, 15, 12, 11, 7])
    assert found.variance == pytest.approx(float((np.square(beyond) * d / (n * (n - d))).sum()), rel=1e-4)


def test_without_censoring_the_mean_and_its_error_are_the_plain_ones():
    rng = np.random.default_rng(3)
    time = rng.exponential(100, 400)
    found = restricted_mean(time, np.ones(400, dtype=bool), 80.0)
    plain = np.minimum(time, 80)
    assert found.value == pytest.approx(plain.mean(), rel=1e-12)
    np.testing.assert_allclose(found.influence, (plain - plain.mean()) / 400, atol=4e-4)
    assert found.variance == pytest.approx(plain.var() / 400, rel=5e-3)


def test_influence_adds_up_to_greenwood_in_large_samples():
    rng = np.random.default_rng(5)
    time, left = rng.exponential(300, 4000), rng.uniform(100, 900, 4000)
    seen, event = np.minimum(time, left), time <= left
    found = restricted_mean(seen, event, 365.0)
    assert abs(found.influence.sum()) < 1e-9
    assert float((found.influence**2).sum()) == pytest.approx(found.variance, rel=0.02)


def test_weights_are_repeats():
    rng = np.random.default_rng(7)
    time, event = np.round(rng.exponential(50, 60), 1) + 0.1, rng.random(60) < 0.7
    times = rng.integers(1, 4, 60)
    weighted, repeated = (
        free_share(time, event, times.astype(float)),
        free_share(np.repeat(time, times), np.repeat(event, times)),
    )
    np.testing.assert_allclose(weighted.free, repeated.free)
    assert restricted_mean(time, event, 40.0, times.astype(float)).value == pytest.approx(
        restricted_mean(np.repeat(time, times), np.repeat(event, times), 40.0).value
    )


def test_bounds_stay_from_0_to_1_and_are_absent_where_nothing_or_everything_happened():
    curve = free_share(WEEKS, RELAPSE)
    low, high = free_bounds(curve, np.array([1.0, 23.0]), 0.95)
    assert np.isnan(low[0])
    # R: survfit(..., conf.type = "log-log") at 23 weeks: 0.188 to 0.680.
    assert (low[1], high[1]) == pytest.approx((0.188, 0.680), abs=5e-4)
    gone = free_share(np.array([1.0, 2.0]), np.array([True, True]))
    assert free_at(gone, np.array([2.0]))[0] == 0
    assert np.isnan(free_bounds(gone, np.array([2.0]), 0.95)[0][0])


def test_order_and_unit_do_not_matter():
    order = np.random.default_rng(1).permutation(len(WEEKS))
    a, b = restricted_mean(WEEKS, RELAPSE, 23.0), restricted_mean(7 * WEEKS[order], RELAPSE[order], 161.0)
    assert b.value == pytest.approx(7 * a.value)
    assert b.variance == pytest.approx(49 * a.variance)
