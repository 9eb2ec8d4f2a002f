"""Randomised patrol days: R, plain loops, schedules of every kind, carry-over, displacement, refusals."""

import csv
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vru.errors import MethodError
from vru.methods.crossover_trial import METHOD
from vru.methods.days.rows import clocks_change
from vru.panel import Panel, Schedule
from vru.results import Estimate
from vru.stats.crossed import null_means
from vru.stats.patrol_draws import redraw_lines
from vru.stats.patrol_test import Contrast, Trial, p_of_values

GOLDEN = Path(__file__).parents[2] / "golden" / "days"
MakeDays = Callable[..., Panel]


def fit(panel: Panel, seed: int = 1, **options: object) -> Estimate:
    return METHOD.fit(panel, "violence", METHOD.options(**{"draws": 499} | options), np.random.default_rng(seed))


@pytest.fixture(scope="module")
def values() -> dict[str, float]:
    with (GOLDEN / "days_values.csv").open() as f:
        return {row["name"]: float(row["value"]) for row in csv.DictReader(f)}


@pytest.fixture(scope="module")
def golden() -> Callable[..., Panel]:
    """The trial that R was given, with or without the three days that one area lacks."""
    d = pd.read_csv(GOLDEN / "days_panel.csv")
    shape = (d["area"].nunique(), d["day"].nunique())

    def make(*, gap: bool = False) -> Panel:
        missing = d["gap"].to_numpy().reshape(shape) & gap
        return Panel(
            units=tuple(f"A{i:02d}" for i in range(shape[0])),
            # R's day 1 is the first of its weekdays, and 5 April 2021 a Monday.
            periods=tuple((date(2021, 4, 5) + timedelta(j)).isoformat() for j in range(shape[1])),
            counts={"violence": np.where(missing, np.nan, d["y"].to_numpy().reshape(shape))},
            role=("treated",) * shape[0],
            starts=(None,) * shape[0],
            missing=missing,
            schedule=Schedule(
                d["on"].to_numpy().reshape(shape) == 1, {"minutes": d["minutes"].to_numpy(float).reshape(shape)}
            ),
        )

    return make


def test_r_glm_and_sandwich(golden: Callable[..., Panel], values: dict[str, float]) -> None:
    """R: glm(poisson) with dummies for areas and days, sandwich::vcovCL by area (tests/golden/days/days.R)."""
    for name, panel, options in (
        ("plain", golden(), {}),
        ("gap", golden(gap=True), {}),
        ("weekday", golden(), {"time": "weekday"}),
    ):
        found = fit(panel, inference="cluster", **options)
        assert found.value == pytest.approx(values[name], abs=1e-7)
        assert found.se == pytest.approx(values[f"{name}_se"], rel=1e-5)
    assert fit(golden()).counts["phi"] == pytest.approx(values["plain_phi"], rel=1e-6)


def test_r_carry_over_and_washout(golden: Callable[..., Panel], values: dict[str, float]) -> None:
    adjusted, washed = fit(golden(), carry_over="adjust"), fit(golden(), carry_over="washout")
    assert adjusted.value == pytest.approx(values["adjusted"], abs=1e-7)
    assert adjusted.components["day after a patrol day"].value == pytest.approx(values["late"], abs=1e-7)
    assert washed.value == pytest.approx(values["washed"], abs=1e-7)


def test_r_lme4_agrees_where_areas_are_drawn_from_one_law(
    golden: Callable[..., Panel], values: dict[str, float]
) -> None:
    """A random effect of areas is another model: with areas crossed by days the estimates come close."""
    found = fit(golden())
    assert found.value == pytest.approx(values["mixed"], abs=0.15 * values["mixed_se"])
    assert found.se == pytest.approx(values["mixed_se"], rel=0.25)


def test_p_and_interval_against_a_plain_loop(make_days: MakeDays) -> None:
    """The same statistic, one schedule and one trial effect at a time, with sums written out."""
    panel = make_days(-0.3, 3, areas=6, days=28)
    y, on = panel.counts["violence"], panel.schedule.assigned
    line = np.indices(on.shape)[1]
    drawn = redraw_lines(on, np.ones_like(on), line, 199, np.random.default_rng(5)).assigned
    trial = Trial(y, np.ones(y.shape), np.arange(28), drawn)
    p = p_of_values(trial, on.astype(float), np.zeros(y.shape), Contrast())
    tried = np.array([-1.0, -0.3, 0.0, 0.4])
    share = drawn.mean(axis=0)
    for value, found in zip(tried, p(tried), strict=True):
        left = np.where(on, y * math.exp(-value), y)
        expected = np.outer(left.sum(axis=1), left.sum(axis=0)) / left.sum()
        statistics = []
        for schedule in drawn:
            top = bottom = 0.0
            for i in range(6):
                for j in range(28):
                    z = schedule[i, j] - share[i, j]
                    top += z * (left[i, j] - expected[i, j])
                    bottom += z**2 * (left[i, j] - expected[i, j]) ** 2
            statistics.append(abs(top) / math.sqrt(bottom))
        plain = np.mean([s >= statistics[0] * (1 - 1e-5) for s in statistics])
        assert found == pytest.approx(plain, abs=1e-9)


def test_the_interval_is_where_the_test_stops_rejecting(make_days: MakeDays) -> None:
    panel = make_days(-0.4, 2)
    found = fit(panel)
    assert found.low is not None
    assert found.high is not None
    drawn = redraw_lines(
        panel.schedule.assigned,
        ~panel.missing,
        np.indices(panel.shape)[1],
        499,
        np.random.default_rng(1),
    ).assigned
    trial = Trial(panel.counts["violence"], np.ones(panel.shape), np.arange(70), drawn)
    p = p_of_values(trial, panel.schedule.assigned.astype(float), np.zeros(panel.shape), Contrast())
    just_in = p(np.array([found.low, found.high]))
    just_out = p(np.array([found.low - 0.02, found.high + 0.02]))
    assert (just_in > 0.05).all()
    assert (just_out <= 0.05).all()


SCHEMES = {
    "within_day": {},
    "within_area": {},
    "within_area_block": {},
    "within_both": {},
    "independent": {"probability": 0.5},
}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_recovers_the_effect(scheme: str, make_days: MakeDays) -> None:
    found = fit(make_days(-0.5, 4, mean=1.5, scheme=scheme), scheme=scheme, **SCHEMES[scheme])
    assert found.low is not None
    assert found.high is not None
    assert found.low < -0.5 < found.high
    assert found.p is not None
    assert found.p < 0.01
    assert scheme in found.inference


@pytest.mark.parametrize(
    ("scheme", "words"),
    [
        ("within_day", r"2021-06-09 has 7, not 6"),
        ("within_area", r"Hot spot 03 has 36, not 35"),
        ("within_area_block", r"Hot spot 03 from 2021-06-07 has 5, not 4"),
    ],
)
def test_a_schedule_that_does_not_obey_its_scheme_is_refused_with_the_place(
    scheme: str, words: str, make_days: MakeDays
) -> None:
    panel = make_days(scheme=scheme)
    on = panel.schedule.assigned.copy()
    if scheme == "within_day":
        on[np.flatnonzero(~on[:, 2])[0], 2] = True
    else:
        on[2, np.flatnonzero(~on[2, :7])[0]] = True
    with pytest.raises(MethodError, match=words):
        fit(replace(panel, schedule=Schedule(on)), scheme=scheme)


def test_a_probability_that_cannot_be_is_refused(make_days: MakeDays) -> None:
    with pytest.raises(MethodError, match=r"probability of 0\.2 would hardly ever"):
        fit(make_days(scheme="independent"), scheme="independent", probability=0.2)


def test_a_missing_day_does_not_break_the_scheme(make_days: MakeDays) -> None:
    """An area-day without a row in the schedule is missing: it may have been drawn or not."""
    panel = make_days(-0.4, 1)
    gone = np.zeros(panel.shape, dtype=bool)
    gone[0, :20] = True
    on = panel.schedule.assigned & ~gone
    counts = {"violence": np.where(gone, np.nan, panel.counts["violence"])}
    found = fit(replace(panel, counts=counts, missing=gone, schedule=Schedule(on)))
    assert found.low is not None
    assert any("20 of 840 area-days are missing" in n for n in found.notes)


def test_few_schedules_are_all_listed_and_too_few_give_no_interval(make_days: MakeDays) -> None:
    panel = make_days(-0.5, 1, areas=2, days=14, mean=4.0)
    short = fit(panel.between(np.arange(14) < 8), draws=499)
    assert "all 256 schedules" in short.inference
    assert short.low is not None
    tiny = fit(panel.between(np.arange(14) < 4), draws=499)
    assert "all 16 schedules" in tiny.inference
    assert tiny.low is None
    assert any("no p-value can be below 0.06" in n for n in tiny.notes)


def test_carry_over_is_found_and_adjusted_for(make_days: MakeDays) -> None:
    panel = make_days(-0.5, 2, areas=20, days=90, mean=2.0, carry=-0.4)
    reported, adjusted, ignored = (fit(panel, carry_over=c) for c in ("report", "adjust", "ignore"))
    after = reported.components["day after a patrol day"]
    assert after.low is not None
    assert after.high is not None
    assert after.low < -0.4 < after.high < 0
    assert reported.counts["carry_over_p"] < 0.01
    assert any("understates" in n for n in reported.notes)
    assert adjusted.low is not None
    assert adjusted.high is not None
    assert adjusted.low < -0.5 < adjusted.high
    assert reported.value > -0.4
    assert "day after a patrol day" not in ignored.components


def test_displacement_is_read_from_buffers_that_carry_the_schedule(make_days: MakeDays) -> None:
    panel = make_days(-0.5, 5, mean=2.0, buffers=True, displaced=0.3)
    found = fit(panel).components["displacement to buffers"]
    assert found.low is not None
    assert found.high is not None
    assert 0 < found.low < 0.3 < found.high
    on = panel.schedule.assigned.copy()
    on[12:] = False
    bare = fit(replace(panel, schedule=Schedule(on)))
    assert "displacement to buffers" not in bare.components
    assert any("carry no schedule" in n for n in bare.notes)


def test_buffers_of_unknown_parents_get_a_cluster_interval_and_a_note(make_days: MakeDays) -> None:
    panel = make_days(-0.5, 5, mean=2.0, buffers=True)
    on = panel.schedule.assigned.copy()
    on[12] = ~on[12]
    found = fit(replace(panel, schedule=Schedule(on)))
    assert found.components["displacement to buffers"].low is not None
    assert any("not in the panel and their schedules do not tell" in n for n in found.notes)


def test_nothing_on_patrol_days_has_a_stated_answer(make_days: MakeDays) -> None:
    panel = make_days(0.0, 1)
    silent = np.where(panel.schedule.assigned, 0.0, panel.counts["violence"])
    found = fit(replace(panel, counts={"violence": silent}))
    assert (found.low, found.high, found.se) == (None, None, None)
    assert found.p is not None
    assert found.p <= 0.01
    assert found.value < -3
    assert any("computed with 0.5 added and has no interval" in n for n in found.notes)


def test_all_areas_on_the_same_days_need_weekday_effects(make_days: MakeDays) -> None:
    panel = make_days(-0.5, 1, scheme="within_area", mean=3.0, day_shock=0.0)
    on = np.repeat(panel.schedule.assigned[:1], 12, axis=0)
    # Each area's own counts, redrawn under the common schedule.
    counts = np.random.default_rng(3).poisson(3 * np.exp(-0.5 * on)).astype(float)
    same = replace(panel, counts={"violence": counts}, schedule=Schedule(on))
    with pytest.raises(MethodError, match="does not vary beside"):
        fit(same, scheme="within_area")
    assert fit(same, scheme="within_area", time="weekday").value == pytest.approx(-0.5, abs=0.2)


def test_exposure_enters_as_offset_and_clock_changes_are_named(make_days: MakeDays) -> None:
    panel = make_days(-0.5, 1, mean=2.0)
    hours = np.full(panel.shape, 24.0)
    hours[:6, :] = 12.0
    found, plain = fit(replace(panel, exposure=hours)), fit(panel)
    # A constant exposure per area is part of the area's level.
    assert found.value == pytest.approx(plain.value, abs=1e-7)
    assert clocks_change("2021-03-28")
    assert clocks_change("2021-10-31")
    assert not clocks_change("2021-03-21")
    autumn = tuple((date(2021, 9, 6) + timedelta(j)).isoformat() for j in range(70))
    told = fit(replace(panel, periods=autumn, exposure=hours)).notes
    assert any("2021-10-31" in n for n in told)
    assert not any("2021-10-31" in n for n in fit(replace(panel, periods=autumn)).notes)


def test_few_areas_are_warned_of_and_very_few_refused(make_days: MakeDays) -> None:
    found = fit(make_days(-0.5, 1), inference="cluster")
    assert any("few for a cluster-robust" in n for n in found.notes)
    four = fit(make_days(-0.5, 1, areas=4), inference="cluster")
    assert four.low is None
    assert any("fewer than 5" in n for n in four.notes)


@pytest.mark.parametrize(
    "world", [(20, 90, 0.4, 720, 1080), (21, 90, 1 / 3, 630, 1260)], ids=["Southend", "Bedfordshire"]
)
def test_worlds_of_the_published_trials(world: tuple[int, int, float, int, int], make_days: MakeDays) -> None:
    """Basford et al. (2021): 20 hot spots, 720 and 1,080 days; Bland et al. (2021): 21 areas, 630 and 1,260."""
    areas, days, share, on, off = world
    found = fit(make_days(math.log(0.6), 7, areas=areas, days=days, share=share))
    assert (found.counts["treated_days"], found.counts["comparison_days"]) == (on, off)
    assert found.low is not None
    assert found.high is not None
    assert found.low < math.log(0.6) < found.high < 0


def test_null_means_are_the_two_way_totals() -> None:
    rng = np.random.default_rng(0)
    y = rng.poisson(1.0, (5, 9)).astype(float)
    weight = rng.uniform(0.5, 2, (5, 9))
    weight[1, 3] = 0
    y[1, 3] = 0
    fitted = null_means(y[None], weight, np.arange(9))[0]
    np.testing.assert_allclose(fitted.sum(axis=0), y.sum(axis=0), rtol=1e-8)
    np.testing.assert_allclose(fitted.sum(axis=1), y.sum(axis=1), rtol=1e-8)
    assert fitted[1, 3] == 0
