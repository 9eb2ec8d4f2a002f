"""The coarse event study: plain formulas, and its covariance against repetition."""

import numpy as np
import pytest
from scipy import stats

from vru.stats import event_blocks
from vru.stats.event_blocks import Arms, cut_blocks, study_blocks


def arms(seed: int = 1, dispersion: float = 0.0, staggered: bool = False) -> Arms:
    rng = np.random.default_rng(seed)
    level = np.exp(np.random.default_rng(0).normal(2.0, 0.4, (30, 1)))
    rate = level * (1 + 0.2 * np.sin(np.arange(24)))
    if dispersion:
        rate = rate * rng.gamma(1 / dispersion, dispersion, rate.shape)
    y = rng.poisson(rate).astype(float)
    first = np.full(12, 15) + (np.arange(12) % 2 * 3 if staggered else 0)
    return Arms(y[:12], first, y[12:], 1.0)


def test_points_are_whole_and_common_to_all() -> None:
    blocks = cut_blocks(np.array([14, 17]), 24, 3)
    assert blocks is not None
    assert [c.tolist() for c in blocks.columns][:2] == [[-12, -11, -10], [-9, -8, -7]]
    assert (len(blocks.columns), blocks.n_pre) == (6, 3)
    assert cut_blocks(np.array([5]), 24, 3) is None
    assert cut_blocks(np.array([12]), 14, 3) is None


def test_log_scale_with_one_start_is_the_log_of_ratios_of_totals() -> None:
    data = arms()
    found = study_blocks(data, cut_blocks(data.first, 24, 3), "log_rate_ratio", between=True)
    t = data.treated.reshape(12, 8, 3).sum(axis=(0, 2))
    c = data.comparison.reshape(18, 8, 3).sum(axis=(0, 2))
    ratio = np.log(t / t[4]) - np.log(c / c[4])
    assert found.value == pytest.approx(np.delete(ratio, 4))
    assert (found.n_pre, found.n_post) == (4, 3)


def test_poisson_covariance_with_one_start_is_the_sum_of_reciprocals() -> None:
    data = arms()
    found = study_blocks(data, cut_blocks(data.first, 24, 3), "log_rate_ratio", between=False)
    t = data.treated.reshape(12, 8, 3).sum(axis=(0, 2))
    c = data.comparison.reshape(18, 8, 3).sum(axis=(0, 2))
    own = np.delete(1 / t + 1 / c, 4)
    assert found.covariance == pytest.approx(np.diag(own) + 1 / t[4] + 1 / c[4])


def test_count_scale_is_the_difference_of_mean_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_blocks, "STEADY", 0.0)
    data = arms()
    found = study_blocks(data, cut_blocks(data.first, 24, 3), "count_difference", between=True)
    t, c = (x.reshape(len(x), 8, 3).mean(axis=2) for x in (data.treated, data.comparison))
    change = (t - t[:, [4]]).mean(axis=0) - (c - c[:, [4]]).mean(axis=0)
    assert found.value == pytest.approx(np.delete(change, 4))
    spread = np.cov(np.delete(t - t[:, [4]], 4, axis=1).T) / 12 + np.cov(np.delete(c - c[:, [4]], 4, axis=1).T) / 18
    widen = (stats.t.ppf(0.975, 28) / stats.norm.ppf(0.975)) ** 2
    assert found.covariance == pytest.approx(widen * spread)


@pytest.mark.parametrize("scale", ["log_rate_ratio", "count_difference"])
@pytest.mark.parametrize("between", [True, False])
@pytest.mark.parametrize("staggered", [True, False])
def test_covariance_matches_repetition(scale: str, between: bool, staggered: bool) -> None:
    values, claimed = [], []
    for seed in range(300):
        data = arms(seed, 0.0 if not between else 0.3, staggered)
        found = study_blocks(data, cut_blocks(data.first, 24, 3), scale, between=between)
        values.append(found.value)
        claimed.append(found.covariance)
    seen, mean = np.cov(np.array(values).T), np.mean(claimed, axis=0)
    assert np.diag(mean) == pytest.approx(np.diag(seen), rel=0.4)
    # Widened for few units: 28 degrees of freedom cost 9%.
    assert 0.85 < np.trace(mean) / np.trace(seen) < 1.3


def test_an_empty_point_has_no_logarithm() -> None:
    data = arms()
    data.comparison[:, 3:6] = 0
    assert study_blocks(data, cut_blocks(data.first, 24, 3), "log_rate_ratio", between=True) is None
    assert study_blocks(data, cut_blocks(data.first, 24, 3), "count_difference", between=True) is not None
