"""Segmented regression: Bernal, Cummins and Gasparrini's published figures, R, and what it refuses."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from vru.errors import MethodError
from vru.methods.interrupted_series import METHOD
from vru.panel import Panel
from vru.periods import Calendar
from vru.results import Estimate

MakePanel = Callable[..., Panel]
PUBLISHED = {"errors": "model", "law": "normal"}


def fit(panel: Panel, **options: object) -> Estimate:
    return METHOD.fit(panel, "violence", METHOD.options.model_validate(options), np.random.default_rng(1))


def rounded(estimate: Estimate) -> tuple[float, ...]:
    assert estimate.ratio is not None
    return tuple(round(float(v), 3) for v in (estimate.ratio.value, estimate.ratio.low, estimate.ratio.high))


@pytest.mark.realdata
class TestSicily:
    """Bernal, Cummins & Gasparrini (2017) Int. J. Epidemiology 46:348, from their published data and code."""

    def test_step_model(self, sicily: Panel) -> None:
        found = fit(sicily, harmonics=0, family="poisson", **PUBLISHED)
        assert rounded(found) == (0.894, 0.865, 0.925)
        assert found.counts["phi"] == pytest.approx(3.559, abs=5e-4)
        assert (found.n_pre, found.n_post) == (36, 23)
        assert any("too narrow" in n for n in found.notes)

    def test_season_and_overdispersion(self, sicily: Panel) -> None:
        found = fit(sicily, harmonics=2, **PUBLISHED)
        assert rounded(found) == (0.885, 0.839, 0.933)
        assert found.counts["phi"] == pytest.approx(2.262, abs=5e-4)

    def test_level_and_slope(self, sicily: Panel) -> None:
        found = fit(sicily, effect="step_and_slope", **PUBLISHED)
        level, slope = found.components["level"], found.components["slope"]
        assert level.low is not None
        assert level.high is not None
        assert slope.low is not None
        assert slope.high is not None
        # R's glm on these data gives 0.8764644 (0.8267523-0.9291657), which is elsewhere quoted as 0.877.
        assert math.exp(level.value) == pytest.approx(0.8764644, abs=1e-6)
        assert [round(math.exp(v), 3) for v in (level.low, level.high)] == [0.827, 0.929]
        assert round(slope.value, 4) == 0.0015
        assert round((slope.high - slope.low) / (2 * 1.959964), 4) == 0.0019

    def test_defaults_are_wider_than_published(self, sicily: Panel) -> None:
        panel = sicily
        published, ours = fit(panel, **PUBLISHED), fit(panel)
        assert ours.value == pytest.approx(published.value)
        assert ours.se > 1.1 * published.se
        assert ours.ratio.high < 1


def test_quasi_poisson_with_harmonics_and_offset_is_rs(
    golden_values: dict[str, float], golden_panel: MakePanel
) -> None:
    found = fit(golden_panel(), **PUBLISHED)
    assert found.value == pytest.approx(golden_values["quasi_coef"], abs=1e-8)
    assert found.se == pytest.approx(golden_values["quasi_se"], rel=1e-7)
    assert found.counts["phi"] == pytest.approx(golden_values["quasi_phi"], rel=1e-7)
    assert f"phi, {golden_values['quasi_df']:.0f} df" in " ".join(found.notes)


@pytest.mark.parametrize("lags", [3, 12])
def test_newey_west_is_rs_sandwich(golden_values: dict[str, float], lags: int, golden_panel: MakePanel) -> None:
    assert fit(golden_panel(), errors="hac", lags=lags).se == pytest.approx(golden_values[f"hac{lags}_se"], rel=1e-6)


def test_negative_binomial_is_glm_nb(golden_values: dict[str, float], golden_panel: MakePanel) -> None:
    found = fit(golden_panel(), family="negative_binomial", harmonics=1, **PUBLISHED)
    assert found.counts["alpha"] == pytest.approx(golden_values["nb_alpha"], rel=1e-3)
    assert found.value == pytest.approx(golden_values["nb_coef"], abs=1e-6)
    assert found.se == pytest.approx(golden_values["nb_se"], rel=1e-4)


def test_the_average_of_level_and_slope_is_rs_by_the_delta_method(
    golden_values: dict[str, float], golden_panel: MakePanel
) -> None:
    found = fit(golden_panel(), effect="step_and_slope", harmonics=1, **PUBLISHED)
    assert found.components["level"].value == pytest.approx(golden_values["both_level"], abs=1e-8)
    assert found.components["slope"].value == pytest.approx(golden_values["both_slope"], abs=1e-9)
    assert found.value == pytest.approx(golden_values["both_average"], abs=1e-8)
    assert found.se == pytest.approx(golden_values["both_average_se"], rel=1e-6)


def test_statsmodels_agrees(golden_data: pd.DataFrame, golden_panel: MakePanel) -> None:
    """A second implementation in Python, with its own season columns."""
    import statsmodels.api as sm

    d = golden_data
    a = 2 * np.pi * d["month"] / 12
    x = np.column_stack([np.ones(60), d["years"], d["post"], *(f(k * a) for k in (1, 2) for f in (np.sin, np.cos))])
    model = sm.GLM(d["y"], x, family=sm.families.Poisson(), offset=np.log(d["residents"])).fit(scale="X2", tol=1e-12)
    found = fit(golden_panel(), **PUBLISHED)
    assert found.value == pytest.approx(model.params.iloc[2], abs=1e-8)
    assert found.se == pytest.approx(model.bse.iloc[2], rel=1e-6)


@pytest.fixture
def course(series_panel: MakePanel) -> MakePanel:
    """A busy area with season and a known log effect after the start."""

    def make(shape: np.ndarray, seed: int = 0, pre: int = 48, mean: float = 400.0) -> Panel:
        rng = np.random.default_rng(seed)
        t = pre + len(shape)
        rate = mean * np.exp(0.1 * np.sin(2 * np.pi * np.arange(t) / 12) + 0.03 * np.arange(t) / 12)
        rate[pre:] *= np.exp(shape)
        return series_panel(rng.poisson(rate), pre)

    return make


@pytest.mark.parametrize(
    ("options", "shape", "part", "coefficient"),
    [
        ({"effect": "slope"}, -0.02 * np.arange(1, 25), "slope", -0.02),
        ({"effect": "transient", "half_life": 4}, -0.5 * 2.0 ** (-np.arange(24) / 4), "initial", -0.5),
        ({"phase_in": 5, "phase_in_as": "ramped"}, -0.4 * np.minimum(np.arange(1, 25) / 6, 1), "level", -0.4),
        ({"effect": "step_and_slope"}, -0.3 + 0.01 * np.arange(1, 25), "level", -0.3),
    ],
)
def test_recovers_each_form_of_effect(
    options: dict[str, object], shape: np.ndarray, part: str, coefficient: float, course: MakePanel
) -> None:
    parts, averages, spread = [], [], []
    for seed in range(10):
        panel = course(shape, seed)
        found = fit(panel, **options)
        parts.append(found.components[part].value)
        averages.append(found.value)
        spread.append(found.se)
    rate = np.exp(0.1 * np.sin(2 * np.pi * np.arange(48, 72) / 12) + 0.03 * np.arange(48, 72) / 12)
    truth = math.log((rate * np.exp(shape)).sum() / rate.sum())
    assert np.mean(averages) == pytest.approx(truth, abs=3 * np.mean(spread) / math.sqrt(10))
    assert np.mean(parts) == pytest.approx(coefficient, abs=max(0.004, 0.15 * abs(coefficient)))


def test_phase_in_months_are_left_out(course: MakePanel) -> None:
    shape = np.full(24, -0.4)
    shape[:3] = 2.0
    found = fit(course(shape), phase_in=3)
    assert found.value == pytest.approx(-0.4, abs=3 * (found.se or 0))
    assert len(found.path) == 48 + 21
    assert "2019-01" not in {p.period for p in found.path}
    assert any("3 phase-in month(s)" in n for n in found.notes)
    assert fit(course(shape)).value > -0.2


def test_exposure_is_the_offset(course: MakePanel) -> None:
    panel = course(np.full(12, -0.2))
    grown = replace(panel, exposure=np.where(panel.post(), 2000.0, 1000.0)[None, :])
    assert fit(grown).value == pytest.approx(fit(panel).value - math.log(2))
    assert fit(grown, exposure=False).value == pytest.approx(fit(panel).value)


def test_a_missing_month_is_a_longer_step_in_time(course: MakePanel) -> None:
    panel = course(np.full(12, -0.3))
    counts = panel.counts["violence"].copy()
    counts[0, [5, 6, 7, 50]] = np.nan
    gappy = replace(panel, counts={"violence": counts}, missing=np.isnan(counts))
    found = fit(gappy)
    assert found.value == pytest.approx(-0.3, abs=3 * (found.se or 0))
    assert (found.n_pre, found.n_post) == (45, 11)


def test_linked_months_widen_the_default_interval_only(series_panel: MakePanel) -> None:
    rng = np.random.default_rng(3)
    noise = np.zeros(72)
    for j in range(1, 72):
        noise[j] = 0.7 * noise[j - 1] + rng.normal(0, 0.1)
    panel = series_panel(rng.poisson(200 * np.exp(noise)), 60)
    default, model, hac = fit(panel), fit(panel, errors="model"), fit(panel, errors="hac")
    assert default.value == model.value == hac.value
    assert default.se > 1.3 * model.se
    assert default.counts["rho"] > 0.3
    assert any("resemble the month before" in n for n in default.notes)
    assert any("Newey-West errors are too small" in n for n in hac.notes)
    assert any("taken as independent" in n for n in model.notes)


def test_the_path_without_treatment_continues_season_and_trend(course: MakePanel) -> None:
    panel = course(np.full(24, -0.5))
    found = fit(panel)
    late = found.path[48:]
    rate = 400 * np.exp(0.1 * np.sin(2 * np.pi * np.arange(48, 72) / 12) + 0.03 * np.arange(48, 72) / 12)
    np.testing.assert_allclose([p.expected for p in late], rate, rtol=0.06)
    inside = [p.low <= m <= p.high for p, m in zip(late, rate, strict=True)]
    assert np.mean(inside) > 0.8
    saved = found.events_prevented
    assert saved is not None
    assert saved.low < (rate * (1 - math.exp(-0.5))).sum() < saved.high


def test_a_short_series_is_told_or_refused(course: MakePanel) -> None:
    assert any("Only 18 months before" in n for n in fit(course(np.full(12, -0.2), pre=18)).notes)
    with pytest.raises(MethodError, match="only 11 months are observed before the start"):
        fit(course(np.full(12, -0.2), pre=11))


def test_refuses_what_has_no_finite_answer(make_panel: MakePanel, series_panel: MakePanel) -> None:
    y = np.r_[np.full(36, 5.0), np.zeros(12)]
    with pytest.raises(MethodError, match="no offences were recorded in treated units after the start"):
        fit(series_panel(y, 36))
    with pytest.raises(MethodError, match="no offences were recorded in treated units before the start"):
        fit(series_panel(np.r_[np.zeros(36), np.full(12, 5.0)], 36))
    summers = np.where(np.arange(48) % 12 == 6, 40.0, 0.0)
    with pytest.raises(MethodError, match="no finite answer"):
        fit(series_panel(summers, 36))


def test_refuses_parts_that_months_cannot_tell_apart(make_panel: MakePanel, course: MakePanel) -> None:
    with pytest.raises(MethodError, match="cannot tell 8 parts apart"):
        fit(course(np.full(1, -0.2)), effect="step_and_slope")
    with pytest.raises(MethodError, match="cannot tell"):
        fit(course(np.full(6, -0.2)), phase_in=6)
    panel = make_panel(treated=2, comparison=0)
    staggered = replace(panel, starts=(panel.periods[20], panel.periods[26]))
    with pytest.raises(MethodError, match="a series has one start"):
        fit(staggered)


def test_one_treated_unit_without_comparison_is_answered_and_said_to_be_alone(make_panel: MakePanel) -> None:
    found = fit(make_panel(treated=1, comparison=0, ratio=0.5))
    assert found.n_treated == 1
    assert found.low < math.log(0.5) < found.high
    assert any("There is no comparison" in n for n in found.notes)


def test_an_all_zero_unit_is_left_out_and_said(make_panel: MakePanel) -> None:
    panel = make_panel(treated=3, comparison=0, ratio=0.6)
    counts = panel.counts["violence"].copy()
    counts[1] = 0
    found = fit(replace(panel, counts={"violence": counts}))
    assert found.n_treated == 2
    assert any("1 treated unit(s) without a single offence" in n for n in found.notes)


def test_options_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValidationError, match="ramped goes with effect: step"):
        METHOD.options.model_validate({"effect": "slope", "phase_in": 3, "phase_in_as": "ramped"})
    for bad in ({"harmonics": 4}, {"effect": "jump"}, {"lags": 0}, {"phase_in": -1}):
        with pytest.raises(ValidationError):
            METHOD.options.model_validate(bad)


def test_the_course_of_the_week_is_no_noise_in_a_series_by_day() -> None:
    days = Calendar("day", "2000-01-01").between("2021-01-04", "2023-01-01")
    rng, start = np.random.default_rng(5), len(days) * 2 // 3
    week = np.tile([0.5, 0.5, 0.6, 0.8, 1.2, 1.8, 1.6], 104)[: len(days)]
    counts = rng.poisson(40 * week * np.where(np.arange(len(days)) >= start, 0.8, 1.0))[None, :].astype(float)
    panel = Panel(
        units=("a",),
        periods=days,
        counts={"violence": counts},
        role=("treated",),
        starts=(days[start],),
        missing=np.zeros(counts.shape, dtype=bool),
        calendar=Calendar("day", "2000-01-01"),
    )
    found = fit(panel)
    assert found.ratio is not None
    assert found.ratio.low is not None
    assert found.ratio.high is not None
    assert found.ratio.low < 0.8 < found.ratio.high
    assert found.counts["phi"] < 1.2
