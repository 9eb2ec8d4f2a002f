"""The differential trend before the start, against statsmodels and known truth."""

import numpy as np
import pytest

from vru.stats.pretrend import pretrend, slopes


def test_slope_and_cluster_se_match_poisson_regression_with_both_effects() -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(1)
    counts = rng.poisson(5, (8, 12)).astype(float)
    treated = np.arange(8) < 3
    found = slopes(counts, treated[None])
    unit, time = np.repeat(np.arange(8), 12), np.tile(np.arange(12), 8)
    dummies = [np.eye(8)[unit], np.eye(12)[time][:, 1:], (treated[unit] * time)[:, None]]
    model = sm.GLM(counts.ravel(), np.hstack(dummies), family=sm.families.Poisson())
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": unit, "use_correction": False})
    assert found.slope[0] == pytest.approx(fit.params[-1], rel=1e-7)
    assert found.se[0] * np.sqrt(7 / 8) == pytest.approx(fit.bse[-1], rel=1e-6)


def test_a_known_trend_is_recovered() -> None:
    rng = np.random.default_rng(2)
    rate = np.full((20, 24), 200.0)
    rate[:10] *= np.exp(0.02 * np.arange(24))
    found = pretrend(rng.poisson(rate).astype(float), np.arange(20) < 10, rng)
    assert found.slope == pytest.approx(0.02, abs=3 * found.se)
    assert found.p_linear < 0.01


def test_the_joint_test_sees_what_a_line_cannot() -> None:
    rng = np.random.default_rng(3)
    rate = np.full((20, 25), 50.0)
    rate[:10] *= np.exp(0.4 * np.cos(np.linspace(0, 2 * np.pi, 25)))  # symmetric: no slope
    found = pretrend(rng.poisson(rate).astype(float), np.arange(20) < 10, rng)
    assert found.p_linear > 0.05
    assert found.p_joint < 0.01


@pytest.mark.parametrize("groups", [(10, 10), (4, 12)])
def test_p_values_keep_their_word_when_areas_drift_and_treated_areas_are_larger(groups: tuple[int, int]) -> None:
    rng = np.random.default_rng(sum(groups))
    n = sum(groups)
    treated = np.arange(n) < groups[0]
    linear, joint = [], []
    for _ in range(250):
        drift = rng.normal(0, 0.02, (n, 1)) * np.arange(24)
        rate = np.where(treated, 20, 8)[:, None] * np.exp(drift)
        counts = rng.poisson(rate * rng.gamma(5, 1 / 5, (n, 24))).astype(float)
        found = pretrend(counts, treated, rng, reassignments=199)
        linear.append(found.p_linear < 0.05)
        joint.append(found.p_joint < 0.05)
    assert 0.01 <= np.mean(linear) <= 0.095
    if groups[0] == groups[1]:
        assert np.mean(joint) <= 0.12


def test_same_seed_same_answer_and_order_does_not_matter() -> None:
    counts = np.random.default_rng(5).poisson(6, (12, 18)).astype(float)
    treated = np.arange(12) < 6
    one, two = (pretrend(counts, treated, np.random.default_rng(9)) for _ in range(2))
    assert one == two
    flip = np.arange(12)[::-1]
    other = pretrend(counts[flip], treated[flip], np.random.default_rng(9))
    assert other.slope == pytest.approx(one.slope, rel=1e-9)
    assert other.p_linear == pytest.approx(one.p_linear, abs=0.06)
