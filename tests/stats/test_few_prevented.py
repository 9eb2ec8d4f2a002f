import math

import numpy as np
import pytest

from vru.stats.counts import exact_ratio
from vru.stats.few_prevented import FEW, Expected, behind, prevented_interval
from vru.stats.intervals import Bounds, prevented_bounds

LEVEL = 0.95


def exact(before: float, after: float) -> Bounds:
    found = exact_ratio(np.array([before]), np.array([after]), np.ones(1), LEVEL)
    return Bounds(*(None if v is None or v <= 0 else math.log(v) for v in (found.low, found.high)))


def of(before: float, after: float, phi: float = 1.0) -> tuple[float, float]:
    got = prevented_interval(after, Expected(before, behind(before), phi), exact(before, after), LEVEL)
    assert got.low is not None
    assert got.high is not None
    return got.low, got.high


def test_ten_before_and_one_after() -> None:
    """As a ratio: 0.4 to 433. Ten counted means at most 18.4 expected, and one leaves at most 5.6."""
    low, high = of(10, 1)
    assert (round(low, 2), round(high, 2)) == (1.43, 22.14)
    assert round(prevented_bounds(1, exact(10, 1)).high or 0) == 433


def test_nothing_after_is_bounded_on_both_sides() -> None:
    """Poisson spread of the logarithm of 60 counted, and the upper limit of a count of nothing, 3.689."""
    low, high = of(60, 0)
    up = 60 * math.expm1(1.959964 / math.sqrt(60))
    down = 60 * -math.expm1(-1.959964 / math.sqrt(60))
    assert high == pytest.approx(60 + up, abs=1e-4)
    assert low == pytest.approx(60 - math.hypot(down, 3.688879), abs=1e-4)


@pytest.mark.parametrize(("before", "after"), [(10, 1), (5, 5), (2, 3), (1, 10), (20, 8), (60, 40), (30, 49), (10, 3)])
def test_nought_is_left_out_exactly_where_the_ratio_leaves_out_one(before: float, after: float) -> None:
    ratio, (low, high) = exact(before, after), of(before, after)
    excludes = (ratio.high is not None and ratio.high < 0) or (ratio.low is not None and ratio.low > 0)
    assert (low > 0 or high < 0) == excludes
    assert low <= before - after <= high


def test_many_offences_and_a_fall_keep_the_ends_of_the_ratio() -> None:
    ends = exact(80, FEW)
    got = prevented_interval(FEW, Expected(80, behind(80)), ends, LEVEL)
    assert got == prevented_bounds(FEW, ends)


def test_a_rise_carries_the_recorded_counts_own_chance() -> None:
    """400 expected for certain, 500 recorded: the rise is as uncertain as a count of 500."""
    ends = Bounds(math.log(1.25) - 1.96 / math.sqrt(500), math.log(1.25) + 1.96 / math.sqrt(500))
    got = prevented_interval(500, Expected(400, 1e-9), ends, LEVEL)
    assert got.low == pytest.approx(-100 - 45.8, abs=0.4)
    assert got.high == pytest.approx(-100 + 42.9, abs=0.4)


def test_no_interval_of_a_ratio_is_none_of_offences() -> None:
    assert prevented_interval(3, Expected(9, behind(9)), Bounds(None, None), LEVEL) == Bounds(None, None)


def test_more_variation_gives_a_wider_interval() -> None:
    narrow, wide = of(10, 0), of(10, 0, phi=3.0)
    assert wide[0] < narrow[0]
    assert wide[1] > narrow[1]


def test_coverage_where_the_ratio_was_unbounded() -> None:
    """10 expected, 3 left: 2,000 draws hold the 7 at least 94 times in 100, and no upper end passes 50."""
    rng = np.random.default_rng(5)
    held, top = 0, 0.0
    for before, after in zip(rng.poisson(10, 2000), rng.poisson(3, 2000), strict=True):
        low, high = of(max(float(before), 1.0), float(after))
        held += low <= 7 <= high
        top = max(top, high)
    assert 0.94 <= held / 2000 <= 0.995
    assert top < 50
