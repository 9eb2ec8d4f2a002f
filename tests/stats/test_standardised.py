"""Standardised risks hold under randomisation even where the model is wrong."""

import numpy as np
import pytest

from vru.stats.score_risks import TwoRisks, difference_bounds, log_ratio_bounds, score_p
from vru.stats.standardised import standardised_risks


def test_uneven_shares_in_strata_and_a_wrong_model_do_not_bias() -> None:
    rng = np.random.default_rng(1)
    found = []
    for _ in range(300):
        stratum = np.repeat([0, 1], 100)
        treated = np.concatenate([np.arange(100) < k for k in (75, 25)])
        # The effect differs by stratum and there is no column for strata: the model alone would be wrong.
        risk = np.where(stratum == 0, 0.2 + 0.2 * treated, 0.5 - 0.1 * treated)
        y = (rng.random(200) < risk).astype(float)
        found.append(standardised_risks(y, treated, rng.normal(0, 1, (200, 1)), stratum))
    gap = np.array([f.treated - f.comparison for f in found])
    assert gap.mean() == pytest.approx(0.05, abs=0.015)
    assert np.mean([f.difference_se for f in found]) == pytest.approx(gap.std(), rel=0.15)


def test_score_interval_and_test_agree() -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        n1, n0 = rng.integers(5, 60, 2)
        data = TwoRisks(float(rng.integers(1, n1)), float(n1), float(rng.integers(1, n0)), float(n0))
        significant = score_p(data) < 0.05
        for bounds in (difference_bounds(data, 0.95), log_ratio_bounds(data, 0.95)):
            assert bounds.low is not None
            assert bounds.high is not None
            assert (bounds.low > 0 or bounds.high < 0) == significant


def test_koopman_1984_prints_this_interval_for_36_of_40_against_16_of_80() -> None:
    """2.94 to 7.15, without the N/(N-1) that makes ours a little wider."""
    found = log_ratio_bounds(TwoRisks(36, 40, 16, 80), 0.95)
    assert found.low is not None
    assert found.high is not None
    assert np.exp(found.low) == pytest.approx(2.94, abs=0.02)
    assert np.exp(found.high) == pytest.approx(7.15, abs=0.05)


def test_all_or_none_have_the_limits_of_a_share() -> None:
    none = difference_bounds(TwoRisks(0, 10, 10, 10), 0.95)
    assert none.low == -1.0
    assert none.high is not None
    assert -1 < none.high < -0.4
    every = log_ratio_bounds(TwoRisks(10, 10, 12, 12), 0.95)
    assert every.low is not None
    assert every.high is not None
    assert every.low < 0 < every.high
