"""Accuracy by hand; the fall that comes by itself against a simulated truth."""

import numpy as np
import pytest

from vru.stats.foresight import by_year, enough, foresee, rolled
from vru.stats.hot_spots import first_by


def test_accuracy_by_hand() -> None:
    # Of 40 events before, 25 in the chosen two; of 50 after, 20; on 2 of 10 km2. The best two after have 30.
    before = np.array([15.0, 10, 9, 4, 2])
    after = np.array([12.0, 8, 18, 7, 5])
    ground = np.array([1.5, 0.5, 3, 4, 1])
    found = foresee(before, after, np.array([0, 1]), ground)
    assert found is not None
    assert found.share_before == pytest.approx(25 / 40)
    assert found.share_after == pytest.approx(20 / 50)
    assert found.accuracy == pytest.approx((20 / 50) / (2 / 10))  # 2.0, Chainey and others
    assert found.efficiency == pytest.approx(20 / 30)
    assert found.fall == pytest.approx(1 - (20 / 50) / (25 / 40))


def test_nothing_before_or_after_is_no_answer() -> None:
    none = np.zeros(4)
    assert foresee(none, np.ones(4), np.array([0]), None) is None
    assert foresee(np.ones(4), none, np.array([0]), None) is None


@pytest.mark.parametrize("length", [3, 12])
def test_the_fall_by_itself_is_recovered(length: int) -> None:
    """Areas of steady, unlike rates: what the chosen lose is what chance had given them, known from the rates."""
    rng = np.random.default_rng(8)
    rate = rng.gamma(1.2, 1.5, 400)
    measured, true = [], []
    for _ in range(40):
        counts = rng.poisson(rate[:, None], (400, 48)).astype(float)
        trial = rolled(counts, np.ones(48, dtype=bool), lambda on, c=counts: c[:, on].sum(axis=1), 20, (length, 12))
        measured.append(trial.mean(lambda f: f.fall))
        for first in range(0, 48 - length - 12 + 1):
            seen = counts[:, first : first + length].sum(axis=1)
            chosen = first_by(seen, 20)
            true.append(1 - rate[chosen].sum() / rate.sum() / (seen[chosen].sum() / seen.sum()))
    assert np.mean(measured) == pytest.approx(np.mean(true), abs=0.01)
    assert np.mean(measured) > 0.02


def test_where_everything_falls_alike_nothing_is_the_chosens_own() -> None:
    level = np.arange(1.0, 31)
    counts = np.tile(level[:, None], (1, 36)) * np.linspace(2, 0.5, 36)
    trial = rolled(counts, np.ones(36, dtype=bool), lambda on: counts[:, on].sum(axis=1), 5, (12, 6))
    assert trial.mean(lambda f: f.fall) == pytest.approx(0, abs=1e-12)


def test_windows_leave_out_what_is_missing_and_never_look_too_far() -> None:
    counts = np.random.default_rng(2).poisson(3.0, (30, 40)).astype(float)
    seen = np.ones(40, dtype=bool)
    seen[20:23] = False
    counts[:, ~seen] = np.nan
    trial = rolled(counts, seen, lambda on: counts[:, on].sum(axis=1), 5, (6, 6), last=35)
    assert trial.firsts
    assert all(np.isfinite(f.fall) for f in trial.each)
    for first in trial.firsts:
        assert first + 12 <= 36
        assert (~seen[first : first + 6]).sum() <= 1
    assert trial.apart == 2
    assert not enough(np.array([True, False, True]))


def test_every_length_may_be_judged_on_the_same_months() -> None:
    counts = np.random.default_rng(2).poisson(3.0, (30, 48)).astype(float)
    seen = np.ones(48, dtype=bool)
    looked = [
        {f + n for f in rolled(counts, seen, lambda on: counts[:, on].sum(axis=1), 5, (n, 12), begin=24).firsts}
        for n in (3, 12, 24)
    ]
    assert looked[0] == looked[1] == looked[2] == set(range(24, 37))


def test_years_by_hand() -> None:
    counts = np.zeros((4, 30))
    counts[0, :] = 5
    counts[1, 6:18] = 4
    counts[2, 18:] = 4
    counts[3, :] = 1
    years = by_year(counts, np.ones(30, dtype=bool), lambda on: counts[:, on].sum(axis=1), 2, 29)
    assert [(y.first, y.last, y.chosen.tolist()) for y in years] == [(6, 17, [0, 1]), (18, 29, [0, 2])]
    assert years[1].kept == 0.5
    assert years[1].share == pytest.approx(0.9)
    assert years[1].rank_correlation == pytest.approx(0.2)
