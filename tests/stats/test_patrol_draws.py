"""Schedules drawn again keep what their scheme keeps, and come up as often as they should."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest

from vru.stats.patrol_draws import faults, lines, redraw_both, redraw_independent, redraw_lines
from vru.stats.patrol_test import followers


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(8)


def drawn_days(rng: np.random.Generator, areas: int, days: int, k: int) -> np.ndarray:
    return rng.random((areas, days)).argsort(axis=0).argsort(axis=0) < k


def test_totals_of_lines_are_kept_and_hidden_cells_stay(rng: np.random.Generator) -> None:
    on = drawn_days(rng, 7, 15, 3)
    seen = rng.random(on.shape) < 0.8
    for scheme, axis in (("within_day", 1), ("within_area", 2)):
        found = redraw_lines(on, seen, lines(scheme, on.shape, np.arange(15) // 7), 300, rng)
        np.testing.assert_array_equal(found.assigned[0], on)
        assert (found.assigned[:, ~seen] == on[~seen]).all()
        np.testing.assert_array_equal(
            found.assigned.sum(axis=axis), np.broadcast_to(on.sum(axis=axis - 1), found.assigned.sum(axis=axis).shape)
        )
    blocks = redraw_lines(on, seen, lines("within_area_block", on.shape, np.arange(15) // 7), 300, rng).assigned
    for first in (0, 7, 14):
        np.testing.assert_array_equal(
            blocks[:, :, first : first + 7].sum(axis=2)[5], on[:, first : first + 7].sum(axis=1)
        )


def test_each_cell_is_drawn_as_often_as_expected(rng: np.random.Generator) -> None:
    on = drawn_days(rng, 7, 15, 3)
    found = redraw_lines(on, np.ones_like(on), lines("within_day", on.shape, np.zeros(15, dtype=int)), 20_000, rng)
    np.testing.assert_allclose(found.expected, 3 / 7)
    assert np.abs(found.assigned.mean(axis=0) - 3 / 7).max() < 5 * math.sqrt(0.25 / 20_000)
    alone = redraw_independent(on, np.ones_like(on), 0.3, 20_000, rng)
    assert np.abs(alone.assigned.mean(axis=0) - 0.3).max() < 5 * math.sqrt(0.21 / 20_000)


def test_all_schedules_are_listed_once_where_they_are_few(rng: np.random.Generator) -> None:
    on = drawn_days(rng, 4, 3, 2)
    found = redraw_lines(on, np.ones_like(on), lines("within_day", on.shape, np.zeros(3, dtype=int)), 300, rng)
    assert found.exact
    assert len(found.assigned) == 6**3
    assert len({s.tobytes() for s in found.assigned}) == 6**3
    assert found.possible == pytest.approx(math.log(216))
    assert (found.assigned.sum(axis=1) == 2).all()
    np.testing.assert_array_equal(found.assigned[0], on)


@pytest.mark.parametrize("shape", [(3, 4), (4, 3)])
def test_trades_reach_every_table_of_the_same_totals_equally_often(
    shape: tuple[int, int], rng: np.random.Generator
) -> None:
    on = np.zeros(shape, dtype=bool)
    on.ravel()[[0, 1, 5, 6, 10, 11]] = True
    rows, columns = on.sum(axis=1), on.sum(axis=0)
    tables = [
        t
        for bits in itertools.product([False, True], repeat=12)
        if ((t := np.array(bits).reshape(shape)).sum(axis=1) == rows).all() and (t.sum(axis=0) == columns).all()
    ]
    # Many walks from hubs of their own: one hub alone leaves its mark on short walks.
    seen: Counter[bytes] = Counter()
    for _ in range(300):
        found = redraw_both(on, np.ones_like(on), 21, rng).assigned
        assert (found.sum(axis=2) == rows).all()
        assert (found.sum(axis=1) == columns).all()
        seen.update(s.tobytes() for s in found[1:])
    assert len(seen) == len(tables)
    share = np.array([seen[t.tobytes()] for t in tables]) / 6000
    assert np.abs(share - 1 / len(tables)).max() < 0.35 / len(tables)


def test_trades_leave_hidden_cells_alone(rng: np.random.Generator) -> None:
    on = drawn_days(rng, 6, 20, 2)
    seen = rng.random(on.shape) < 0.8
    found = redraw_both(on, seen, 200, rng).assigned
    assert (found[:, ~seen] == on[~seen]).all()
    assert (found.sum(axis=1) == on.sum(axis=0)).all()
    assert (found.sum(axis=2) == on.sum(axis=1)).all()
    assert len({s.tobytes() for s in found}) == 200


def test_faults_name_lines_of_another_number_and_spare_gaps_and_short_weeks(rng: np.random.Generator) -> None:
    on, seen = drawn_days(rng, 8, 10, 3), np.ones((8, 10), dtype=bool)
    line = lines("within_day", on.shape, np.zeros(10, dtype=int))
    assert faults(on, seen, line) == []
    more = on.copy()
    more[np.flatnonzero(~on[:, 4])[0], 4] = True
    assert [(f.line, f.found, f.wanted) for f in faults(more, seen, line)] == [(4, 4, 3)]
    hidden = seen.copy()
    hidden[np.flatnonzero(on[:, 2])[:2], 2] = False
    assert faults(on & hidden, hidden, line) == []
    weekly = np.zeros((3, 17), dtype=bool)
    weekly[:, [0, 1, 7, 9, 14]] = True
    assert faults(weekly, np.ones_like(weekly), lines("within_area_block", weekly.shape, np.arange(17) // 7)) == []


def test_followers_are_other_days_soon_after_a_patrol_day() -> None:
    on = np.array([[1, 0, 0, 1, 1, 0, 0, 0]], dtype=bool)
    np.testing.assert_array_equal(followers(on, 1), [[0, 1, 0, 0, 0, 1, 0, 0]])
    np.testing.assert_array_equal(followers(on, 2), [[0, 1, 1, 0, 0, 1, 1, 0]])
    np.testing.assert_array_equal(followers(np.stack([on, ~on]), 1)[0], followers(on, 1))
