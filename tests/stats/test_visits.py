"""Runs of pings, overlaps, and minutes cut at the edges of periods: by hand, and against loops."""

import numpy as np
import pytest

from vru.stats.visits import (
    SPAN,
    ZERO,
    Visits,
    by_period,
    distinct,
    in_places,
    pack,
    runs,
    shares_of_time,
    together,
    unpack,
)


def keys(*pairs: tuple[int, int]) -> np.ndarray:
    return np.sort(np.array([g * int(SPAN) + s for g, s in pairs], dtype=np.int64))


def test_a_run_ends_where_no_ping_comes_for_longer_than_the_gap():
    found = runs(keys((1, 0), (1, 30), (1, 60), (1, 300), (2, 60), (2, 90)), 180.0)
    assert found.group.tolist() == [1, 1, 2]
    # Half the mean time between pings is added at either end; a lone ping lasts no time.
    assert found.start.tolist() == [-15, 300, 45]
    assert found.end.tolist() == [75, 300, 105]
    assert len(runs(np.zeros(0, dtype=np.int64), 180.0).group) == 0


def test_overlapping_visits_of_one_area_are_one():
    visits = Visits(np.array([1, 1, 1, 2, 2]), np.array([0.0, 50, 200, 10, 20]), np.array([100.0, 120, 250, 60, 30]))
    found = together(visits)
    assert found.group.tolist() == [1, 1, 2]
    assert found.start.tolist() == [0, 200, 10]
    assert found.end.tolist() == [120, 250, 60]


def test_together_is_the_union_whatever_the_order():
    rng = np.random.default_rng(1)
    group, start = rng.integers(0, 5, 300), rng.uniform(0, 10_000, 300)
    visits = Visits(group, start, start + rng.exponential(60, 300))
    found = together(visits.take(rng.permutation(300)))
    for g in range(5):
        line = np.zeros(1_100_000, dtype=bool)
        for a, b in zip(visits.start[group == g], visits.end[group == g], strict=True):
            line[int(a * 100) : int(b * 100)] = True
        own = found.group == g
        assert (found.end - found.start)[own].sum() == pytest.approx(line.sum() / 100, abs=2)
        assert (found.start[own][1:] > found.end[own][:-1]).all()


def test_minutes_over_an_edge_belong_to_both_sides_and_none_is_lost():
    edges = np.array([0.0, 100, 200, 300])
    visits = Visits(np.arange(5), np.array([10.0, 90, 50, -50, 290]), np.array([20.0, 110, 260, 30, 400]))
    found = by_period(visits, edges)
    assert list(zip(found.row.tolist(), found.period.tolist(), found.seconds.tolist(), strict=True)) == [
        (0, 0, 10),
        (1, 0, 10),
        (1, 1, 10),
        (2, 0, 50),
        (2, 1, 100),
        (2, 2, 60),
        (3, 0, 30),
        (4, 2, 10),
    ]
    exact = by_period(Visits(np.zeros(1, int), np.array([100.0]), np.array([200.0])), edges)
    assert (exact.period.tolist(), exact.seconds.tolist()) == ([1], [100])


def test_time_goes_to_the_place_of_the_ping_before_and_gaps_to_nobody():
    who, second = np.array([1, 1, 1, 1, 2, 2]), ZERO + np.array([0, 30, 60, 1000, 0, 10])
    packed = pack(who, second, np.array([0, 0, -1, 1, 1, -1]))
    assert (np.diff(packed) > 0).all()
    assert shares_of_time(packed, 180.0, 2).tolist() == [60, 10, 0]
    key, place = unpack(packed)
    assert place.tolist() == [0, 0, -1, 1, 1, -1]
    assert key.tolist() == (who * SPAN + second).tolist()
    moments = second[[0, 1, 3, 4]]
    assert in_places(packed, 2).tolist() == (np.array([2, 2, 3, 5]) * SPAN + moments).tolist()
    twice = np.sort(np.concatenate([packed, pack(who[:1], second[:1], np.array([1]))]))
    assert len(distinct(twice)) == len(packed)
