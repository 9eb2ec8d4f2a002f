"""The generator at the level of arrays: each promised truth is measured over many seeds, or against theory."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from vru.sources.simulated import (
    Simulated,
    SimulatedOptions,
    comparison_buffer_codes,
    comparison_codes,
    pool_codes,
    simulate,
    treated_buffer_codes,
    treated_codes,
)

PLAIN: dict[str, Any] = {"seasonality": 0.0, "trend": 0.0, "overdispersion": 0.0}


def draw(seed: int, **changed: Any) -> Simulated:
    return simulate(SimulatedOptions(**changed), np.random.default_rng(seed))


def total(s: Simulated, role: str, first: str, last: str, kind: str = "violence") -> float:
    return float(s.counts[kind][np.ix_(s.is_role(role), s.between(first, last))].sum())


def log_ratio(s: Simulated, role: str, against: str) -> float:
    """Difference in differences of log totals: the year of treatment against the two years before it."""
    after, before = ("2024-01", "2024-12"), ("2022-01", "2023-12")
    change = total(s, role, *after) / total(s, role, *before)
    return float(np.log(change / (total(s, against, *after) / total(s, against, *before))))


def assert_mean(values: list[float], expected: float) -> None:
    """Mean within four Monte Carlo standard errors, which must themselves be small enough to notice a slip."""
    got = np.asarray(values)
    error = got.std(ddof=1) / np.sqrt(got.size)
    assert abs(got.mean() - expected) < 4 * error, (got.mean(), expected, error)


@pytest.mark.parametrize("ratio", [0.8, 1.0, 1.3])
def test_difference_in_differences_recovers_the_ratio(ratio: float) -> None:
    found = [log_ratio(draw(i, rate_ratio=ratio), "treated", "comparison") for i in range(250)]
    assert np.std(found) / np.sqrt(len(found)) < 0.005
    assert_mean(found, float(np.log(ratio)))


def test_other_crimes_are_not_affected() -> None:
    s = [draw(i, rate_ratio=0.5, overdispersion=0.0) for i in range(60)]
    after = [total(x, "treated", "2024-01", "2024-12", "other") for x in s]
    expected = [x.rate[np.ix_(x.is_role("treated"), x.between("2024-01", "2024-12"))].sum() * 0.5 * 0.6 for x in s]
    assert_mean([a - b for a, b in zip(after, expected, strict=True)], 0.0)


def test_prevented_and_displaced_offences_are_what_truth_says() -> None:
    draws = [draw(i, rate_ratio=0.7, displacement_share=0.3) for i in range(250)]
    assert_mean([s.truth["events_prevented"] - s.truth["events_prevented_expected"] for s in draws], 0.0)
    assert_mean([s.truth["events_displaced"] - s.truth["events_displaced_expected"] for s in draws], 0.0)
    assert_mean([s.truth["events_displaced"] - 0.3 * s.truth["events_prevented"] for s in draws], 0.0)
    gaps = [log_ratio(s, "buffer", "buffer_comparison") - np.log(s.truth["buffer_rate_ratio"]) for s in draws]
    assert_mean(gaps, 0.0)
    assert np.mean([s.truth["buffer_rate_ratio"] for s in draws]) > 1.08


def test_counts_add_up_and_displacement_goes_to_the_own_buffer() -> None:
    s = draw(4, rate_ratio=0.5, displacement_share=1.0, treated=3, comparison=5)
    assert (s.counts["violence"] == s.untreated - s.prevented + s.displaced).all()
    assert s.prevented.sum() > 0
    before = np.array([p < "2024-01" for p in s.periods])
    assert s.prevented[:, before].sum() == 0
    assert s.prevented[~s.is_role("treated")].sum() == 0
    assert (s.displaced[s.is_role("buffer")] == s.prevented[s.is_role("treated")]).all()
    assert s.displaced[~s.is_role("buffer")].sum() == 0
    assert (s.slot[s.is_role("buffer")] == s.slot[s.is_role("treated")]).all()
    assert (s.slot[s.is_role("buffer_comparison")] == s.slot[s.is_role("comparison")]).all()


@pytest.mark.parametrize(
    ("dispersion", "autocorrelation"), [(0.0, 0.0), (0.1, 0.0), (0.5, 0.0), (0.1, 0.6), (0.5, 0.6)]
)
def test_overdispersion_measured_is_the_option(dispersion: float, autocorrelation: float) -> None:
    options = PLAIN | {"overdispersion": dispersion, "autocorrelation": autocorrelation}
    found = []
    for seed in range(40):
        s = draw(seed, level_spread=0, rate_ratio=1, pool=0, **options)
        y = s.counts["violence"]
        # Var = m + d m^2; the mean is known, so the moment estimate is unbiased.
        found.append(float((((y - 8.0) ** 2).mean() - 8.0) / 64))
    assert_mean(found, dispersion)
    assert np.std(found) / np.sqrt(len(found)) < 0.01


def test_noise_follows_its_autoregression() -> None:
    s = draw(3, treated=200, comparison=200, pool=0, overdispersion=0.3, autocorrelation=0.5, level_spread=0)
    z = np.log(s.rate / np.outer(s.level, s.calendar))
    for lag in (1, 2):
        assert np.corrcoef(z[:, lag:].ravel(), z[:, :-lag].ravel())[0, 1] == pytest.approx(0.5**lag, abs=0.02)
    assert (s.rate / np.outer(s.level, s.calendar)).mean() == pytest.approx(1, abs=0.02)


def test_levels_season_and_trend() -> None:
    s = draw(5, treated=400, comparison=400, pool=999, level_spread=0.5, seasonality=0.2, trend=0.1, mean_monthly=2)
    assert s.level.mean() == pytest.approx(2, rel=0.03)
    assert s.level.std() / s.level.mean() == pytest.approx(0.5, abs=0.03)
    year = s.calendar[:12] / 1.1 ** (np.arange(12) / 12)
    assert s.periods[int(year.argmax())] == "2021-07"
    assert year.max() == pytest.approx(1.2)
    assert year.mean() == pytest.approx(1)
    assert (s.calendar[12:] / s.calendar[:-12]) == pytest.approx(1.1)


def test_regression_to_the_mean_is_what_gamma_poisson_theory_predicts() -> None:
    mean, spread, months = 4.0, 0.3, 6
    k = 1 / spread**2
    gaps, drops = [], []
    for seed in range(250):
        s = draw(seed, mean_monthly=mean, level_spread=spread, rate_ratio=1, selection_last="2021-06", **PLAIN)
        chosen = s.is_role("treated", "comparison")
        in_window = s.untreated[np.ix_(chosen, s.between("2021-01", "2021-06"))].sum(axis=1)
        later = s.untreated[np.ix_(chosen, s.between("2021-07", "2024-12"))].mean()
        predicted = ((k + in_window) / (k / mean + months)).mean()
        gaps.append(float(later - predicted))
        drops.append(float(in_window.mean() / months - later))
    assert_mean(gaps, 0.0)
    assert np.mean(drops) > 0.3
    assert np.std(gaps) / np.sqrt(len(gaps)) < 0.02


def test_selection_excess_and_its_absence_without_a_pool() -> None:
    chosen = [draw(i, mean_monthly=3, level_spread=0.2).truth["selection_excess"] for i in range(100)]
    everyone = [draw(i, mean_monthly=3, level_spread=0.2, pool=0).truth["selection_excess"] for i in range(100)]
    assert np.mean(chosen) > 1.08
    assert_mean(everyone, 1.0)


def test_chosen_areas_are_the_top_of_the_window_split_by_lot() -> None:
    leads = []
    for seed in range(200):
        s = draw(seed, treated=10, comparison=10, pool=20)
        recorded = s.untreated[:, s.between("2021-01", "2021-12")].sum(axis=1)
        chosen = s.is_role("treated", "comparison")
        assert recorded[chosen].min() >= recorded[s.is_role("pool")].max()
        leads.append(float(recorded[s.is_role("treated")].mean() - recorded[s.is_role("comparison")].mean()))
    assert_mean(leads, 0.0)


def test_selection_sees_only_months_that_are_in_the_archive() -> None:
    s = draw(8, missing_months=["2021-03"], pool=100)
    seen = s.untreated[:, s.between("2021-01", "2021-12")]
    assert seen.shape[1] == 11
    chosen = seen[s.is_role("treated", "comparison")].sum(axis=1)
    assert chosen.min() >= seen[s.is_role("pool")].sum(axis=1).max()


def test_truth_counts_only_months_that_are_in_the_archive() -> None:
    whole, gap = draw(2), draw(2, missing_months=["2024-06"])
    june = whole.periods.index("2024-06")
    assert gap.truth["events_prevented"] == whole.truth["events_prevented"] - whole.prevented[:, june].sum()
    lost = 0.2 * whole.rate[whole.is_role("treated"), june].sum()
    assert gap.truth["events_prevented_expected"] == pytest.approx(
        whole.truth["events_prevented_expected"] - lost, rel=1e-12
    )


def test_changing_the_effect_changes_nothing_else() -> None:
    a, b = draw(11, rate_ratio=1.0), draw(11, rate_ratio=0.6, displacement_share=0.5)
    assert (a.untreated == b.untreated).all()
    assert (a.counts["other"] == b.counts["other"]).all()
    assert (a.slot == b.slot).all()
    assert a.prevented.sum() == 0
    assert a.truth["events_prevented_expected"] == 0


def test_share_of_rows_without_a_place() -> None:
    s = draw(6, missing_coordinates=0.1)
    located, unlocated = (sum(int(c.sum()) for c in part.values()) for part in (s.counts, s.unlocated))
    assert unlocated / (located + unlocated) == pytest.approx(0.1, abs=0.005)
    assert sum(int(c.sum()) for c in draw(6, missing_coordinates=0).unlocated.values()) == 0


def test_repeats_under_a_seed() -> None:
    a, b, c = draw(1), draw(1), draw(2)
    assert (a.counts["violence"] == b.counts["violence"]).all()
    assert a.truth == b.truth
    assert a.row_seed == b.row_seed
    assert (a.counts["violence"] != c.counts["violence"]).any()


def test_codes_name_every_area_in_advance() -> None:
    s = draw(1, treated=2, comparison=3, pool=4)
    by_role = {r: tuple(u for u, x in zip(s.units, s.role, strict=True) if x == r) for r in s.role}
    assert by_role == {
        "treated": treated_codes(2),
        "comparison": comparison_codes(3),
        "buffer": treated_buffer_codes(2),
        "buffer_comparison": comparison_buffer_codes(3),
        "pool": pool_codes(4),
    }
    assert treated_codes(2) == ("E01990001", "E01990002")
    assert comparison_codes(1) + treated_buffer_codes(1) == ("E01991001", "E01992001")
    assert comparison_buffer_codes(1) + pool_codes(1) == ("E01993001", "E01994001")
    assert len(set(s.units)) == len(s.units) == s.rate.shape[0]


def test_without_buffers() -> None:
    s = draw(1, treated=2, comparison=3, pool=4, buffers=False)
    assert s.rate.shape == (9, 48)
    assert "buffer_rate_ratio" not in s.truth


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"treated": 0}, "greater than or equal to 1"),
        ({"pool": 1000}, "less than or equal to 999"),
        ({"rate_ratio": 0}, "greater than 0"),
        ({"rate_ratio": float("nan")}, "rate_ratio"),
        ({"mean_monthly": float("inf")}, "mean_monthly"),
        ({"rate_ration": 0.8}, "Extra inputs"),
        ({"force": "merseyside"}, "must not pass for a real force"),
        ({"force": "sim/../x"}, "must not pass for a real force"),
        ({"first": "2021-13"}, "YYYY-MM"),
        ({"first": "2025-01"}, "must come before last"),
        ({"last": "2099-12"}, "allowed: at most 600"),
        ({"start": "2021-01"}, "must be after first"),
        ({"start": "2025-01"}, "no later than last"),
        ({"selection_last": "2024-01"}, "the month before start"),
        ({"selection_first": "2020-12"}, "must lie between"),
        ({"missing_months": ["2020-01"]}, "outside 2021-01 to 2024-12: 2020-01"),
        ({"missing_months": ["2022-01", "2022-01"]}, "twice"),
        ({"missing_months": [f"2024-{m:02d}" for m in range(1, 13)]}, "no month from start on"),
        ({"missing_months": [f"2021-{m:02d}" for m in range(1, 13)]}, "no month of the selection window"),
        ({"displacement_share": 0.1, "buffers": False}, "needs buffers"),
        ({"displacement_share": 0.1, "rate_ratio": 1.2}, "rate_ratio of 1 or less"),
        ({"autocorrelation": 0.3, "overdispersion": 0}, "needs overdispersion"),
        ({"treated": 999, "mean_monthly": 900}, "rows; allowed"),
    ],
)
def test_options_that_cannot_be_are_refused_readably(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SimulatedOptions(**changed)
    assert said in str(caught.value)


def test_several_contradictions_are_named_at_once() -> None:
    with pytest.raises(ValidationError) as caught:
        SimulatedOptions(start="2025-01", displacement_share=0.2, buffers=False)
    assert "start (2025-01)" in str(caught.value)
    assert "needs buffers" in str(caught.value)
