"""Allocations listed and drawn, and the test that follows, against plain loops."""

import csv
import itertools
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vru.stats.allocations import Summaries, allocate, interval, p_of_effect
from vru.stats.wedge import exchange

GOLDEN = Path(__file__).parents[1] / "golden" / "trials"


def test_every_allocation_within_strata_is_listed_once() -> None:
    treated = np.array([1, 0, 0, 1, 1, 0, 0]) == 1
    stratum = np.array([0, 0, 0, 1, 1, 1, 1])
    found = allocate(treated, stratum, 999, np.random.default_rng(0))
    assert found.exact
    assert found.floor == pytest.approx(1 / 18)
    rows = {tuple(row) for row in found.chosen}
    expected = {tuple(i in (a, *b) for i in range(7)) for a in range(3) for b in itertools.combinations(range(3, 7), 2)}
    assert rows == expected
    assert len(found.chosen) == 18
    np.testing.assert_array_equal(found.chosen[0], treated)


def test_draws_keep_the_number_treated_in_each_stratum() -> None:
    rng = np.random.default_rng(1)
    stratum = np.repeat([0, 1, 2], 20)
    treated = np.concatenate([np.arange(20) < k for k in (10, 5, 0)])
    found = allocate(treated, stratum, 2000, rng)
    assert not found.exact
    for s, k in enumerate((10, 5, 0)):
        assert (found.chosen[:, stratum == s].sum(axis=1) == k).all()
    assert found.chosen[1:, :20].mean(axis=0) == pytest.approx(np.full(20, 0.5), abs=0.05)
    assert found.floor == pytest.approx(1 / 2000)


@pytest.mark.parametrize("effect", [0, -0.5, 0.7])
def test_ratio_statistic_equals_a_plain_loop_in_r(effect: float) -> None:
    with (GOLDEN / "values.csv").open() as f:
        r = {row["name"]: float(row["value"]) for row in csv.DictReader(f)}
    data = pd.read_csv(GOLDEN / "clusters.csv").query("cluster <= 8")
    top = data.groupby("cluster")["count"].sum().to_numpy(float)
    base = data.groupby("cluster")["exposure"].sum().to_numpy(float)
    arm, alike = np.arange(8) < 4, np.zeros(8, dtype=int)
    lots = allocate(arm, alike, 999, np.random.default_rng(0))

    def null(e: float) -> Summaries:
        return Summaries(np.where(arm, top * math.exp(-e), top), base)

    assert p_of_effect(null, alike, lots, ratio=True)(effect) == pytest.approx(r[f"ri_count_{effect}"])


def test_interval_of_a_ratio_has_ends_where_arms_are_told_apart() -> None:
    rng = np.random.default_rng(5)
    arm, alike = np.arange(20) < 10, np.zeros(20, dtype=int)
    y = rng.poisson(rng.gamma(1, 1.5, 20) + 0.5).astype(float)

    def null(e: float) -> Summaries:
        return Summaries(np.where(arm, y * math.exp(-e), y), np.ones(20))

    lots = allocate(arm, alike, 1999, rng)
    p = p_of_effect(null, alike, lots, ratio=True)
    value = math.log(y[arm].sum() / y[~arm].sum())
    assert p(value) == 1.0
    bounds = interval(p, value, 0.3, 0.95, lots.floor)
    assert bounds.low is not None
    assert bounds.high is not None
    assert p(bounds.low - 0.05) <= 0.05 < p(bounds.low + 0.01)
    assert interval(p, value, 0.3, 0.95, 0.1).low is None


def test_interval_is_found_from_an_estimate_that_the_test_rejects() -> None:
    rng = np.random.default_rng(8)
    arm, alike = np.arange(16) < 8, np.zeros(16, dtype=int)
    y = rng.normal(0, 1, 16)

    def null(e: float) -> Summaries:
        return Summaries(y - e * arm, np.ones(16))

    lots = allocate(arm, alike, 1999, rng)
    p = p_of_effect(null, alike, lots)
    gap = y[arm].mean() - y[~arm].mean()
    straight, aside = interval(p, gap, 0.5, 0.95, lots.floor), interval(p, gap + 1.9, 0.5, 0.95, lots.floor)
    assert p(gap + 1.9) <= 0.05
    assert aside.low == pytest.approx(straight.low, abs=1e-3)
    assert aside.high == pytest.approx(straight.high, abs=1e-3)
    assert interval(p, gap + 50, 0.5, 0.95, lots.floor).low is None


def test_pairs_are_judged_by_the_spread_between_pairs() -> None:
    rng = np.random.default_rng(2)
    pair = np.repeat(np.arange(6), 2)
    arm = np.tile([True, False], 6)
    y = rng.normal(0, 1, 12) - 1.0 * arm
    lots = allocate(arm, pair, 999, rng)
    found = p_of_effect(lambda _: Summaries(y, np.ones(12)), pair, lots)(0.0)
    gaps = y[arm] - y[~arm]
    signs = np.array(list(itertools.product([1, -1], repeat=6))) * gaps
    t = np.abs(signs.mean(axis=1)) / signs.std(axis=1, ddof=1)
    assert found == pytest.approx((t >= abs(gaps.mean()) / gaps.std(ddof=1) - 1e-9).mean())
    assert lots.floor == pytest.approx(2 / 64)


def test_sequences_are_handed_round_in_every_different_way() -> None:
    found = exchange(np.array([1, 1, 2, 2, 3]), np.zeros(5, dtype=int), 999, np.random.default_rng(0))
    assert found.exact
    assert len(found.donor) == 30
    handed = {tuple(np.array([1, 1, 2, 2, 3])[row]) for row in found.donor}
    assert handed == set(itertools.permutations([1, 1, 2, 2, 3]))
    apart = exchange(np.array([1, 2, 1, 2]), np.array([0, 0, 1, 1]), 999, np.random.default_rng(0))
    assert len(apart.donor) == 4
    assert all(set(row[:2]) == {0, 1} for row in apart.donor)
