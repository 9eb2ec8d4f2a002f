"""Exact comparison of counts against R, scipy and brute force."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from vru.stats.counts import conditional_ratio, e_test_p, exact_ratio
from vru.stats.ratios import relative_rate_ratio

GOLDEN = Path(__file__).parents[1] / "golden"


def golden() -> dict[str, float]:
    with (GOLDEN / "poisson_values.csv").open() as f:
        return {r["name"]: float(r["value"]) for r in csv.DictReader(f)}


def test_exact_ratio_equals_r_poisson_test() -> None:
    with (GOLDEN / "poisson_panel.csv").open() as f:
        rows = [r for r in csv.DictReader(f) if r["treated"] == "TRUE"]
    before = sum(float(r["y"]) for r in rows if int(r["period"]) < 19)
    after = sum(float(r["y"]) for r in rows if int(r["period"]) >= 19)
    found = exact_ratio(np.array([before]), np.array([after]), np.array([12 / 18]), 0.95)
    want = golden()
    assert found.ratio == pytest.approx(want["exact_ratio"], rel=1e-10)
    assert found.low == pytest.approx(want["exact_low"], rel=1e-8)
    assert found.high == pytest.approx(want["exact_high"], rel=1e-8)
    assert found.p == pytest.approx(want["exact_p_central"], rel=1e-8)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(before=st.integers(1, 60), after=st.integers(0, 60), odds=st.floats(0.2, 5))
def test_interval_is_clopper_pearson_and_agrees_with_p(before: int, after: int, odds: float) -> None:
    found = exact_ratio(np.array([float(before)]), np.array([float(after)]), np.array([odds]), 0.95)
    share = stats.binomtest(after, before + after).proportion_ci(0.95, method="exact")
    if after:
        assert found.low == pytest.approx(share.low / (1 - share.low) / odds, rel=1e-6)
    else:
        assert found.low is None
    assert found.high == pytest.approx(share.high / (1 - share.high) / odds, rel=1e-6)
    inside = (found.low is None or found.low <= 1) and found.high is not None and found.high >= 1
    if abs(found.p - 0.05) > 1e-6:
        assert inside == (found.p > 0.05)


def test_unequal_odds_by_listing_every_outcome() -> None:
    before, after, odds = np.array([4.0, 3, 5]), np.array([1.0, 2, 0]), np.array([0.5, 1, 2])
    total = (before + after).astype(int)
    found = exact_ratio(before, after, odds, 0.9)

    def upper(ratio: float) -> float:
        p = ratio * odds / (1 + ratio * odds)
        mass = 0.0
        for i in range(total[0] + 1):
            for j in range(total[1] + 1):
                for k in range(total[2] + 1):
                    if i + j + k >= 3:
                        mass += float(np.prod(stats.binom.pmf([i, j, k], total, p)))
        return mass

    assert found.low is not None
    assert upper(found.low) == pytest.approx(0.05, abs=1e-6)
    x = found.ratio * odds
    assert float((total * x / (1 + x)).sum()) == pytest.approx(3, abs=1e-8)


def test_pooled_rates_when_odds_are_equal() -> None:
    found = conditional_ratio(np.array([10.0, 30]), np.array([6.0, 6]), np.array([0.5, 0.5]))
    assert found == pytest.approx((12 / 0.5) / 40)


def test_nothing_after_is_limited_from_above_only() -> None:
    found = exact_ratio(np.array([12.0]), np.array([0.0]), np.array([1.0]), 0.95)
    assert (found.ratio, found.low) == (0.0, None)
    assert found.high == pytest.approx(1 / 0.025 ** (1 / 12) - 1, rel=1e-6)


def test_e_test_against_direct_summation() -> None:
    after, before, odds = 3, 9, 0.5
    pooled = (after + before) / (1 + odds)

    def statistic(a: int, b: int) -> float:
        spread = a / odds**2 + b
        return abs(a / odds - b) / spread**0.5 if spread else 0.0

    p = sum(
        stats.poisson.pmf(a, pooled * odds) * stats.poisson.pmf(b, pooled)
        for a in range(60)
        for b in range(60)
        if statistic(a, b) >= statistic(after, before) - 1e-12
    )
    assert e_test_p(before, after, odds) == pytest.approx(p, rel=1e-6)


def test_wilson_2022_as_in_wheelers_comparison() -> None:
    found = relative_rate_ratio(50, 30, 60, 55)
    assert round(found.log_ratio, 7) == -0.4238142
    assert round(np.exp(found.log_ratio), 7) == 0.6545455
    assert round(found.se, 5) == 0.29695
    assert round(found.log_ratio / found.se, 3) == -1.427
    assert found.added == 0
    assert relative_rate_ratio(50, 30, 60, 55, phi=4).se == pytest.approx(2 * found.se)


def test_half_is_added_only_when_a_cell_is_zero() -> None:
    found = relative_rate_ratio(5, 0, 6, 7)
    assert found.added == 0.5
    assert found.log_ratio == pytest.approx(np.log(0.5 / 5.5) - np.log(7.5 / 6.5))
