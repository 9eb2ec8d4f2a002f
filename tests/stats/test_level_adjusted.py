"""The estimator at like level: R's figures, a hand calculation, invariances, and known truth under selection by rank."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vru.stats.level_adjusted import level_adjusted

GOLDEN = Path(__file__).parents[1] / "golden" / "level_adjusted"


def _case(name: str) -> pd.DataFrame:
    areas = pd.read_csv(GOLDEN / "areas.csv")
    if name == "unequal":
        return areas.iloc[[*range(4), *range(12, 24)]]
    if name == "sparse":
        # R and numpy both round halves to even.
        return areas.assign(before=(areas.before / 60).round(), after=(areas.after / 60).round())
    return areas


def _fit(d: pd.DataFrame):
    return level_adjusted(
        d.before.to_numpy(float), d.after.to_numpy(float), d.log_level.to_numpy(), d.treated.to_numpy() == 1
    )


@pytest.mark.parametrize("row", pd.read_csv(GOLDEN / "values.csv").to_dict("records"), ids=lambda r: r["case"])
def test_r_says_the_same(row):
    found = _fit(_case(row["case"]))
    assert found.value == pytest.approx(row["value"], abs=1e-7)
    assert found.value == pytest.approx(row["poisson"], abs=1e-6)
    assert found.se == pytest.approx(row["se"], rel=1e-6)
    assert found.slope == pytest.approx(row["slope"], abs=1e-7)
    assert found.slope_se == pytest.approx(row["slope_se"], rel=1e-6)
    assert found.df == pytest.approx(row["df"], rel=1e-5)


def test_with_no_difference_in_level_it_is_the_ratio_of_ratios():
    before, after = np.array([10.0, 20, 30, 40, 10, 20]), np.array([5.0, 12, 14, 39, 12, 19])
    treated = np.array([True, True, True, False, False, False])
    level = np.log([2.0, 3, 4, 2, 3, 4])
    found = level_adjusted(before, after, level, treated)
    flat = level_adjusted(before, after, level * 0 + np.array([1, -1, 1, -1, 1, -1]) * 1e-9, treated)
    by_hand = np.log((31 / 60) / (70 / 70))
    assert flat.value == pytest.approx(by_hand, abs=0.25)
    assert found.value != pytest.approx(flat.value, abs=1e-6)


def test_order_unit_of_level_and_labels_change_nothing():
    d = _case("all")
    one = _fit(d)
    again = _fit(d.sample(frac=1, random_state=3))
    rescaled = _fit(d.assign(log_level=d.log_level + np.log(1000)))
    for other in (again, rescaled):
        assert other.value == pytest.approx(one.value, abs=1e-9)
        assert other.se == pytest.approx(one.se, rel=1e-8)
        assert other.df == pytest.approx(one.df, rel=1e-6)
    turned = _fit(d.assign(treated=1 - d.treated))
    assert turned.value == pytest.approx(-one.value, abs=1e-9)
    assert turned.se == pytest.approx(one.se, rel=1e-8)


def test_areas_without_an_offence_carry_nothing():
    d = _case("all")
    more = pd.concat([d, pd.DataFrame({"before": [0, 0], "after": [0, 0], "log_level": [0.1, 0.2], "treated": [0, 1]})])
    assert _fit(more) == _fit(d)


def test_an_arm_with_one_live_area_is_refused():
    with pytest.raises(ValueError, match="fewer than two"):
        level_adjusted(np.array([3.0, 4, 5]), np.array([3.0, 4, 5]), np.zeros(3), np.array([True, False, False]))


def _ranked(rng: np.random.Generator, ratio: float):
    """The 20 of 300 areas with most offences in a year against the next 20, where busy areas fall back by themselves."""
    rate = np.exp(rng.normal(1.2, 0.6, 300))
    chosen_on = rng.poisson(12 * rate)
    order = np.argsort(-chosen_on, kind="stable")[:40]
    own = np.exp(rng.normal(0, 0.12, 40))
    later = rate[order] * (rate[order] / rate.mean()) ** -0.1 * own
    treated = np.arange(40) < 20
    before, after = rng.poisson(18 * rate[order]), rng.poisson(18 * later * np.where(treated, ratio, 1.0))
    return before.astype(float), after.astype(float), np.log(chosen_on[order] / 12), treated


@pytest.mark.parametrize("ratio", [1.0, 0.7])
def test_truth_is_covered_under_selection_by_rank_where_plain_did_is_biased(ratio):
    rng = np.random.default_rng(7)
    covered, plain, values = 0, [], []
    runs = 400
    for _ in range(runs):
        before, after, level, treated = _ranked(rng, ratio)
        found = level_adjusted(before, after, level, treated)
        from scipy import stats

        covered += abs(found.value - np.log(ratio)) < stats.t.ppf(0.975, found.df) * found.se
        values.append(found.value)
        t0, t1, c0, c1 = (x[r].sum() for r in (treated, ~treated) for x in (before, after))
        plain.append(np.log(t1 / t0 / (c1 / c0)))
    # 99% Monte Carlo range of 400 draws at 95% is 92.0 to 97.6.
    assert 0.92 <= covered / runs <= 0.976
    assert np.mean(values) == pytest.approx(np.log(ratio), abs=0.02)
    assert np.mean(plain) < np.log(ratio) - 0.04
