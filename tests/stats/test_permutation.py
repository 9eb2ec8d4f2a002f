"""Randomisation inference as matrix work equals a plain loop, and covers."""

import itertools

import numpy as np
import pytest

from vru.stats.permutation import (
    Assignments,
    arrangements,
    draw_assignments,
    exchange,
    invert,
    p_of_ratio,
    randomisation_test,
    smallest_p,
)
from vru.stats.schedules import Schedule, p_by_schedule, p_by_sign


def pairs(seed: int, n: int = 8) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.poisson(40, n).astype(float), rng.poisson(20, n).astype(float)


def by_loop(before: np.ndarray, after: np.ndarray, treated: np.ndarray, ratio: float) -> float:
    """The studentised share difference, one assignment at a time."""
    after = np.where(treated, after / ratio, after)

    def statistic(chosen: np.ndarray) -> float:
        shares, variance = [], 0.0
        for arm in (chosen, ~chosen):
            b, a = before[arm], after[arm]
            total = (a + b).sum()
            share = a.sum() / total
            shares.append(share)
            variance += len(a) / (len(a) - 1) * ((a - (a + b) * share) ** 2).sum() / total**2
        return abs(shares[0] - shares[1]) / variance**0.5

    own, n, extreme, count = statistic(treated), len(before), 0, 0
    for rows in itertools.combinations(range(n), int(treated.sum())):
        chosen = np.isin(np.arange(n), rows)
        extreme += statistic(chosen) >= own * (1 - 1e-9)
        count += 1
    return extreme / count


@pytest.mark.parametrize("ratio", [1.0, 0.7, 1.6])
def test_matrix_equals_loop(ratio: float) -> None:
    before, after = pairs(3)
    treated = np.arange(8) < 3
    assignments = draw_assignments(treated, 1000, np.random.default_rng(0))
    assert assignments.exact
    assert len(assignments.chosen) == 56
    found = p_of_ratio(before, after, treated, assignments)(float(np.log(ratio)))
    assert found == pytest.approx(by_loop(before, after, treated, ratio))


@pytest.mark.parametrize("group", [(0, 1, 1, 1, 1), (2, 0, 2, 1, 2, 0), (5, 3, 3, 9, 9, 9)])
def test_few_exchanges_of_groups_are_all_listed_once(group: tuple[int, ...]) -> None:
    own = np.array(group)
    listed = exchange(own, 999, np.random.default_rng(0))
    every = set(itertools.permutations(group))
    assert tuple(listed[0]) == group
    assert {tuple(row) for row in listed} == every
    assert len(listed) == len(every) == round(arrangements(own))


def test_many_exchanges_of_groups_are_drawn() -> None:
    own = np.repeat([0, 1, 2], [3, 4, 20])
    drawn = exchange(own, 300, np.random.default_rng(0))
    assert drawn.shape == (300, 27)
    assert (drawn[0] == own).all()
    assert (np.sort(drawn, axis=1) == own).all()
    assert (drawn != own).any(axis=1).sum() > 290


def test_row_zero_is_what_happened_and_rows_are_distinct() -> None:
    treated = np.array([False, True, False, True, False, False])
    listed = draw_assignments(treated, 100, np.random.default_rng(0)).chosen
    assert (listed[0] == treated).all()
    assert len({tuple(r) for r in listed}) == 15
    drawn = draw_assignments(np.arange(40) < 20, 500, np.random.default_rng(0))
    assert not drawn.exact
    assert (drawn.chosen.sum(axis=1) == 20).all()


def test_interval_holds_exactly_the_ratios_not_rejected() -> None:
    rng = np.random.default_rng(2)
    before, after = rng.poisson(60, 14).astype(float), rng.poisson(30, 14).astype(float)
    treated = np.arange(14) < 7
    test = randomisation_test(before, after, treated, 0.95, 5000, np.random.default_rng(1))
    p = p_of_ratio(before, after, treated, draw_assignments(treated, 5000, np.random.default_rng(1)))
    low, high = test.log_bounds.low, test.log_bounds.high
    assert low is not None
    assert high is not None
    assert p(low + 1e-4) > 0.05 >= p(low - 1e-3)
    assert p(high - 1e-4) > 0.05 >= p(high + 1e-3)


def test_inversion_passes_over_a_dip() -> None:
    def p(x: float) -> float:
        return 0.01 if 0.9 < x < 1.1 or abs(x) > 2 else 0.5

    found = invert(p, 0.0, 0.6, 0.05)
    assert found.low == pytest.approx(-2, abs=1e-3)
    assert found.high == pytest.approx(2, abs=1e-3)


def test_no_edge_gives_none() -> None:
    assert invert(lambda x: 0.5, 0.0, 1.0, 0.05).low is None


def test_smallest_p() -> None:
    assert smallest_p(np.arange(20) < 1) == 1 / 20
    assert smallest_p(np.arange(6) < 3) == 2 / 20


def test_one_treated_unit_takes_the_larger_of_two_p_values() -> None:
    before, after = pairs(4, 21)
    treated = np.arange(21) < 1
    found = p_of_ratio(before, after, treated, Assignments(np.eye(21), True))(0.0)
    log = np.array([abs(_log_difference(before, after, i)) for i in range(21)])
    assert found >= (log >= log[0] - 1e-12).mean() - 1e-12


def _log_difference(before: np.ndarray, after: np.ndarray, i: int) -> float:
    rest = np.arange(len(before)) != i
    own = np.log((after[i] + 0.5) / (before[i] + 0.5))
    return float(own - np.log((after[rest].sum() + 0.5) / (before[rest].sum() + 0.5)))


def schedule(seed: int, ratio: float) -> Schedule:
    rng = np.random.default_rng(seed)
    first = np.array([10, 10, 14, 14] + [20] * 8)
    treated = np.arange(20)[None, :] >= first[:, None]
    counts = rng.poisson(9 * np.where(treated, ratio, 1.0)).astype(float)
    return Schedule(counts, np.ones_like(treated), treated, np.ones(treated.shape))


@pytest.mark.parametrize("make", [p_by_schedule, p_by_sign])
def test_schedule_tests_are_right_under_no_effect_and_see_a_large_one(make: object) -> None:
    assert callable(make)
    rng = np.random.default_rng(7)
    p = [make(schedule(s, 1.0), 199, rng)(0.0) for s in range(150)]
    assert 0.01 <= np.mean(np.array(p) <= 0.05) <= 0.11
    assert make(schedule(0, 0.4), 999, rng)(0.0) < 0.02
    assert make(schedule(0, 0.4), 999, rng)(float(np.log(0.4))) > 0.05


def test_sign_changes_equal_a_loop() -> None:
    data = schedule(1, 0.8)
    from vru.stats.schedules import fit_two_way, residualise

    mean = fit_two_way(data.counts, data.exposure).mean(data.exposure)
    score = (residualise(data.treated, mean) * (data.counts - mean)).sum(axis=1)
    every = [
        abs(sum(s * x for s, x in zip(signs, score, strict=True))) for signs in itertools.product([1, -1], repeat=12)
    ]
    want = np.mean(np.array(every) >= abs(score.sum()) * (1 - 1e-9))
    assert p_by_sign(data, 5000, np.random.default_rng(0))(0.0) == pytest.approx(want)
