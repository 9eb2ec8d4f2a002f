"""The Bayesian structural series: statsmodels' state space model, a Kalman filter, R, and known truth."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from vru.errors import MethodError
from vru.methods.structural_series import METHOD
from vru.panel import Panel
from vru.results import Estimate

MakePanel = Callable[..., Panel]


def fit(panel: Panel, seed: int = 1, **options: object) -> Estimate:
    return METHOD.fit(panel, "violence", METHOD.options.model_validate(options), np.random.default_rng(seed))


@pytest.fixture
def arms(series_panel: MakePanel) -> MakePanel:
    """A treated area and four comparison areas that share season and monthly shocks; 48 months before, 12 after."""

    def make(seed: int, effect: float = 0.0, *, mean: float = 80.0, noise: float = 0.2, own: float = 0.03) -> Panel:
        rng = np.random.default_rng(seed)
        shared = 0.2 * np.sin(2 * np.pi * np.arange(60) / 12) + rng.normal(0, noise, 60)
        post = np.arange(60) >= 48
        treated = rng.poisson(mean * np.exp(shared + rng.normal(0, own, 60) + effect * post))
        return series_panel(treated, 48, comparison=rng.poisson(mean * np.exp(shared), (4, 60)))

    return make


def test_recovers_a_known_effect_and_covers_it(arms: MakePanel) -> None:
    found = [fit(arms(seed, math.log(0.7))) for seed in range(30)]
    assert np.mean([e.value for e in found]) == pytest.approx(math.log(0.7), abs=0.03)
    assert np.mean([e.low < math.log(0.7) < e.high for e in found]) > 0.86
    assert np.mean([e.events_prevented.low > 0 for e in found]) > 0.8


def test_controls_sharpen_the_forecast_and_are_needed(arms: MakePanel) -> None:
    panel = arms(1)
    with_, without = fit(panel), fit(panel, controls="none")
    assert with_.high - with_.low < 0.7 * (without.high - without.low)
    pulls = [fit(arms(seed)).counts["comparison_coefficient"] for seed in range(12)]
    assert np.mean(pulls) == pytest.approx(0.95, abs=0.1)
    assert (with_.n_comparison, without.n_comparison) == (4, 0)
    assert any("There is no comparison" in n for n in without.notes)
    with pytest.raises(MethodError, match="comparison units and there are none"):
        fit(panel.subset(panel.is_role("treated")))
    assert fit(panel.subset(panel.is_role("treated")), controls="none").value == without.value


def test_each_control_is_weighed_and_one_that_goes_its_own_way_is_not(arms: MakePanel) -> None:
    panel = arms(3, mean=1500.0)
    counts = panel.counts["violence"].copy()
    counts[1] = np.random.default_rng(9).poisson(1500 * np.exp(np.random.default_rng(8).normal(0, 0.4, 60)))
    found = fit(replace(panel, counts={"violence": counts}), controls="each")
    assert set(found.weights) == {"U1", "U2", "U3", "U4"}
    assert abs(found.weights["U1"]) < 0.3 * min(found.weights[u] for u in ("U2", "U3", "U4"))
    assert found.low < 0 < found.high


def test_a_forecast_is_what_statsmodels_says_of_the_same_variances(arms: MakePanel) -> None:
    """The whole road of one panel: the averaged forecast lies among statsmodels' forecasts at single step ratios."""
    import statsmodels.api as sm

    panel = arms(5, noise=0.3)
    y = panel.counts["violence"]
    t = np.arange(60)
    a = 2 * np.pi * (t % 12 + 1) / 12
    control = np.log((y[1:].sum(axis=0) + 0.5) / 4)
    x = np.column_stack([*(f(k * a) for k in (1, 2) for f in (np.sin, np.cos)), control - control[:48].mean()])
    model = sm.tsa.UnobservedComponents(np.log(y[0, :48] + 0.5), "llevel", exog=x[:48], mle_regression=False)
    totals = []
    for q in (0.0, 1.0):
        found = model.smooth(np.array([0.01, 0.01 * q**2]))
        totals.append(np.exp(found.get_forecast(12, exog=x[48:]).predicted_mean).sum())
    expected = fit(panel).counts["expected"]
    assert 0.98 * min(totals) < expected < 1.02 * max(totals)


def test_growth_that_the_level_forecast_ignores_is_said(series_panel: MakePanel) -> None:
    rng = np.random.default_rng(2)
    t = np.arange(60)
    panel = series_panel(rng.poisson(100 * np.exp(0.15 * t / 12)), 48, comparison=rng.poisson(100, (4, 60)))
    plain, trended = fit(panel), fit(panel, trend=True)
    assert any("grew by" in n and "against comparison units" in n for n in plain.notes)
    assert not any("against comparison units" in n for n in trended.notes)
    assert abs(trended.value) < abs(plain.value)


def test_a_comparison_that_says_little_is_said(series_panel: MakePanel) -> None:
    rng = np.random.default_rng(4)
    panel = series_panel(rng.poisson(60, 60), 48, comparison=rng.poisson(60, (2, 60)))
    assert any("moves the forecast by" in n for n in fit(panel).notes)


def test_nothing_after_the_start_has_a_point_but_no_interval(series_panel: MakePanel) -> None:
    y = np.r_[np.random.default_rng(1).poisson(6, 48), np.zeros(12)]
    found = fit(series_panel(y, 48, comparison=np.random.default_rng(2).poisson(20, 60)))
    assert (found.low, found.high, found.se) == (None, None, None)
    assert found.value < -3
    assert found.p is not None
    assert found.p < 0.01
    assert found.events_prevented is not None
    assert found.events_prevented.low > 20
    assert any("0.5 added and has no interval" in n for n in found.notes)


@pytest.mark.parametrize("mean", [0.1, 0.3, 1.0])
def test_hardly_any_offences_give_finite_bands_and_a_warning(mean: float, series_panel: MakePanel) -> None:
    rng = np.random.default_rng(3)
    y = rng.poisson(mean, 60)
    y[50] = 1
    found = fit(series_panel(y, 48, comparison=rng.poisson(4 * mean, (2, 60))))
    assert all(p.low <= p.expected <= p.high < 60 * max(mean, 0.3) for p in found.path[48:])
    assert any("counts this small" in n for n in found.notes)
    assert found.high is None or found.high > found.value


def test_refusals(series_panel: MakePanel) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(MethodError, match="before the start, so there is no course"):
        fit(series_panel(np.r_[np.zeros(36), np.full(12, 5.0)], 36), controls="none")
    with pytest.raises(MethodError, match="only 10 months are observed before the start"):
        fit(series_panel(rng.poisson(9, 24), 10), controls="none")
    with pytest.raises(MethodError, match="cannot carry level, season, trend and controls"):
        fit(series_panel(rng.poisson(9, 60), 48, comparison=np.full(60, 7.0)))
    with pytest.raises(MethodError, match="cannot carry"):
        fit(series_panel(rng.poisson(9, 24), 12, comparison=rng.poisson(9, 24)), harmonics=3, trend=True)


def test_exposure_turns_counts_into_rates(arms: MakePanel) -> None:
    panel = arms(2)
    exposure = np.ones(panel.shape) * 500
    exposure[0, 48:] = 1000
    doubled = fit(replace(panel, exposure=exposure))
    assert doubled.value == pytest.approx(fit(panel).value - math.log(2), abs=0.02)


def test_intervals_by_month_and_in_total_belong_together(arms: MakePanel) -> None:
    found = fit(arms(6, -0.3))
    late = found.path[48:]
    assert all(p.low < p.expected < p.high for p in late)
    assert all(p.low is None for p in found.path[:48])
    assert sum(p.expected for p in late) == pytest.approx(found.counts["expected"])
    saved = found.events_prevented
    assert saved.low < saved.value < saved.high
    assert math.log(found.counts["T1"] / (found.counts["T1"] + saved.high)) == pytest.approx(found.low)


def test_draws_agree_between_seeds(arms: MakePanel) -> None:
    one, two = fit(arms(7), 1, draws=20_000), fit(arms(7), 2, draws=20_000)
    assert one.value == two.value
    assert one.low == pytest.approx(two.low, abs=0.01)
    assert one.p == pytest.approx(two.p, abs=0.02)
