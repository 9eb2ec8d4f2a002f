"""The controlled form: R's interaction model with an effect for every month, and what it shields against."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from vru.errors import MethodError
from vru.methods import METHODS
from vru.methods.controlled_interrupted_series import METHOD
from vru.panel import Panel
from vru.results import Estimate

MakePanel = Callable[..., Panel]


def fit(panel: Panel, **options: object) -> Estimate:
    return METHOD.fit(panel, "violence", METHOD.options.model_validate(options), np.random.default_rng(1))


def test_is_rs_interaction_model_with_an_effect_for_every_month(
    golden_values: dict[str, float], golden_panel: MakePanel
) -> None:
    found = fit(golden_panel(comparison=True), family="poisson", errors="model", law="normal")
    assert found.value == pytest.approx(golden_values["control_coef"], abs=1e-8)
    assert found.se == pytest.approx(golden_values["control_poisson_se"], rel=1e-6)


def test_dispersion_is_rs_quasibinomial(golden_values: dict[str, float], golden_panel: MakePanel) -> None:
    found = fit(golden_panel(comparison=True), errors="model", law="normal")
    assert found.counts["phi"] == pytest.approx(golden_values["control_phi"], rel=1e-6)
    assert found.se == pytest.approx(golden_values["control_quasi_se"], rel=1e-6)


def test_without_trend_it_is_the_ratio_of_ratios(
    make_panel: MakePanel, series_panel: MakePanel, arms: MakePanel
) -> None:
    """The point estimate of relative_rate_ratio and poisson_did, by another road."""
    panel = make_panel(ratio=0.7, dispersion=0.1)
    other = METHODS["relative_rate_ratio"]
    same = other.fit(panel, "violence", other.options(), np.random.default_rng(0))
    assert fit(panel, trend=False).value == pytest.approx(same.value, abs=1e-9)


@pytest.fixture
def arms(series_panel: MakePanel) -> MakePanel:
    """A treated area and a comparison that share a log course; ``own`` is the treated area's alone."""

    def make(own: np.ndarray, shared: np.ndarray, seed: int, start: int = 48) -> Panel:
        rng = np.random.default_rng(seed)
        rate = np.exp(shared)
        return series_panel(rng.poisson(300 * rate * np.exp(own)), start, comparison=rng.poisson(900 * rate))

    return make


def test_what_both_arms_share_cancels_and_what_they_do_not_share_is_extrapolated(arms: MakePanel) -> None:
    t = np.arange(72)
    values, widths = [], []
    for seed in range(10):
        shock = np.random.default_rng(seed + 50).normal(0, 0.3, 72) + np.where(t >= 48, -0.5, 0)
        found = fit(arms(0.05 * t / 12 + np.where(t >= 48, -0.2, 0), shock, seed))
        values.append(found.value)
        widths.append(found.se)
    assert np.mean(values) == pytest.approx(-0.2, abs=3 * np.mean(widths) / math.sqrt(10))
    assert np.mean(widths) < 0.1


def test_the_path_without_treatment_follows_the_comparison(arms: MakePanel) -> None:
    t = np.arange(72)
    shock = np.where(t >= 60, 0.7, 0.0)
    found = fit(arms(np.where(t >= 48, -0.3, 0), shock, 1))
    np.testing.assert_allclose([p.expected for p in found.path[48:]], 300 * np.exp(shock[48:]), rtol=0.15)
    assert found.counts["expected"] == pytest.approx(found.counts["T1"] * math.exp(-found.value))


def test_average_of_a_slope_is_by_the_delta_method_what_simulation_says(series_panel: MakePanel) -> None:
    """Redraw the treated share from the fitted model: the average's spread is its standard error."""
    t = np.arange(60)
    rng = np.random.default_rng(5)
    rate, own = 60 * np.ones(60), np.where(t >= 42, -0.02 * (t - 41), 0)
    options = {"effect": "slope", "trend": False, "errors": "model", "family": "poisson"}
    total = rng.poisson(rate * (1 + np.exp(own)))
    p = np.exp(own) / (1 + np.exp(own))
    draws, errors = [], []
    for _ in range(400):
        y = rng.binomial(total, p)
        found = fit(series_panel(y, 42, comparison=total - y), **options)
        draws.append(found.value)
        errors.append(found.se)
    assert np.std(draws) == pytest.approx(np.mean(errors), rel=0.12)


def test_exposure_of_both_arms_is_used(arms: MakePanel) -> None:
    panel = arms(np.zeros(72), np.zeros(72), 1)
    exposure = np.ones(panel.shape)
    exposure[1, 48:] = 2
    assert fit(replace(panel, exposure=exposure)).value == pytest.approx(fit(panel).value + math.log(2))
    exposure[0, 48:] = 2
    assert fit(replace(panel, exposure=exposure)).value == pytest.approx(fit(panel).value)


def test_refuses_an_arm_that_is_silent_in_a_phase(series_panel: MakePanel) -> None:
    y, steady = np.full(48, 5.0), np.full(48, 7.0)
    for treated, other, words in (
        (np.r_[y[:36], np.zeros(12)], steady, "treated units after"),
        (y, np.r_[np.zeros(36), steady[:12]], "comparison units before"),
        (y, np.r_[steady[:36], np.zeros(12)], "comparison units after"),
    ):
        with pytest.raises(MethodError, match=words):
            fit(series_panel(treated, 36, comparison=other))


def test_months_without_any_offence_carry_nothing_and_are_said(series_panel: MakePanel) -> None:
    rng = np.random.default_rng(2)
    y, x = rng.poisson(1.0, 72), rng.poisson(1.5, 72)
    y[10], x[10] = 0, 0
    found = fit(series_panel(y, 48, comparison=x))
    silent = int((y + x == 0).sum())
    assert any(n.startswith(f"{silent} month(s) without any offence") for n in found.notes)


def test_separation_is_refused(series_panel: MakePanel) -> None:
    t = np.arange(60)
    rng = np.random.default_rng(0)
    y, x = rng.poisson(5, 60), rng.poisson(5, 60)
    y[t % 12 == 3] = 0
    x[t % 12 != 3] = 0
    with pytest.raises(MethodError, match="no finite answer"):
        fit(series_panel(y, 42, comparison=x), harmonics=3)
