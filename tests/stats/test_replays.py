"""What many replays say together: against arithmetic by hand and worlds in which the answer is known."""

import math

import numpy as np
import pytest

from vru.stats.replays import effective_number, exceeded, reach, rising, share, smallest_seen


def test_replays_that_share_nothing_count_in_full_and_copies_once() -> None:
    apart = np.eye(5)
    assert effective_number(apart, np.ones((5, 1))) == pytest.approx(5)
    assert effective_number(np.ones((5, 1)), np.ones((5, 1))) == pytest.approx(1)


def test_two_half_shared_replays_by_hand() -> None:
    # Correlation 1/2: 2^2 / (1 + 1 + 2 * 1/4) = 1.6.
    units = np.array([[1.0, 0.0], [0.5, math.sqrt(0.75)]])
    assert effective_number(units, np.ones((2, 1))) == pytest.approx(1.6)


def test_endless_lots_of_n_areas_are_worth_n_less_one() -> None:
    """Contrasts of 20 areas have 19 dimensions: that many independent replays at one date and no more."""
    rng = np.random.default_rng(1)
    lots = np.array([rng.permutation(np.repeat([0.1, -0.1], 10)) for _ in range(2000)])
    assert effective_number(lots, np.ones((2000, 1))) == pytest.approx(19, rel=0.03)


def test_the_effective_number_is_that_of_the_mean_square() -> None:
    """Simulated: the mean of squared contrasts varies as that of as many independent squares."""
    rng = np.random.default_rng(2)
    lots = np.array([rng.permutation(np.repeat([1.0, -1.0], 6)) for _ in range(300)]) / math.sqrt(12)
    means = np.array([((lots @ rng.normal(size=12)) ** 2).mean() for _ in range(4000)])
    assert 2 / means.var() == pytest.approx(effective_number(lots, np.ones((300, 1))), rel=0.1)


def test_a_share_has_wilsons_interval() -> None:
    # Wilson (1927), 10 of 100 at 95%: 0.0552 to 0.1744 (Newcombe 1998, table of examples by arithmetic).
    found = share(10, 100)
    assert (found.low, found.high) == pytest.approx((0.0552, 0.1744), abs=1e-4)
    wider = share(10, 100, effective=20)
    assert wider.low < found.low
    assert wider.high > found.high
    assert share(10, 100, effective=500) == found


def test_a_calibrated_p_counts_the_analysis_itself_and_has_a_floor() -> None:
    placebo = np.array([-3.0, -1.0, 0.5, 2.0])
    assert exceeded(placebo, 2.0, 99) == pytest.approx(3 / 5)
    assert exceeded(np.zeros(999), 5.0, 1e9) == pytest.approx(1 / 1000)
    assert exceeded(np.zeros(999), 5.0, 24) == pytest.approx(1 / 25)
    assert exceeded(placebo, 0.0, 3) == 1.0


def test_an_interval_reaches_the_order_statistic_that_split_conformal_asks_for() -> None:
    assert reach(np.arange(1, 100, dtype=float), 0.95) == 95
    assert reach(-np.arange(1, 20, dtype=float), 0.95) == 19
    assert reach(np.arange(1, 19, dtype=float), 0.95) is None


def test_power_is_made_to_rise_and_read_off_between_effects() -> None:
    assert rising(np.array([0.2, 0.6, 0.4, 0.9])).tolist() == pytest.approx([0.2, 0.5, 0.5, 0.9])
    logs = np.log(np.array([0.9, 0.8, 0.7]))
    found = smallest_seen(logs, np.array([0.3, 0.7, 0.9]))
    assert found == pytest.approx((math.log(0.8) + math.log(0.7)) / 2)
    assert smallest_seen(logs, np.array([0.1, 0.2, 0.79])) is None
    assert smallest_seen(logs[::-1], np.array([0.9, 0.7, 0.3])) == pytest.approx(found)
    assert smallest_seen(-logs, np.array([0.9, 0.95, 1.0])) == pytest.approx(-math.log(0.9))
