"""Synthetic control through the panel: published numbers, options, and what it says where it cannot answer."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from vru.errors import MethodError
from vru.methods.synthetic_control import METHOD
from vru.panel import Panel
from vru.results import Estimate

MakePanel = Callable[..., Panel]


def fit(panel: Panel, **options: object) -> Estimate:
    return METHOD.fit(panel, "violence", METHOD.options.model_validate(options), np.random.default_rng(1))


def smoking(data_dir: Path) -> Panel:
    """Proposition 99 as a panel of rates; a year stands as its January."""
    wide = pd.read_csv(data_dir / "reference" / "california_prop99.csv").set_index("Year")
    periods = tuple(f"{year}-01" for year in wide.index)
    units = tuple(wide.columns)
    return Panel(
        units=units,
        periods=periods,
        counts={"violence": wide.to_numpy().T.astype(float)},
        role=tuple("treated" if u == "California" else "comparison" for u in units),
        starts=tuple("1989-01" if u == "California" else None for u in units),
        missing=np.zeros(wide.T.shape, dtype=bool),
    )


def test_synthetic_control_of_proposition_99(data_dir: Path) -> None:
    found = fit(smoking(data_dir), statistic="rmspe")
    after = [p for p in found.path if p.period >= "1989"]
    assert np.mean([p.observed - p.expected for p in after]) == pytest.approx(-19.5136, abs=1e-3)
    assert found.p == found.counts["rmspe_rank_p"] == pytest.approx(3 / 39)
    top = sorted(found.weights, key=lambda u: -found.weights[u])[:4]
    assert top == ["Utah", "Montana", "Nevada", "Connecticut"]
    assert found.counts["leave_one_out_low"] <= found.value <= found.counts["leave_one_out_high"]
    assert abs(found.counts["in_time_placebo"]) < 0.1


def test_interval_leaves_out_no_effect_exactly_where_p_does(make_panel: MakePanel) -> None:
    for seed in range(15):
        found = fit(make_panel(treated=1, comparison=24, ratio=0.75, mean=20, seed=seed))
        assert found.low is not None
        assert found.high is not None
        assert found.p is not None
        assert (found.low > 0 or found.high < 0) == (found.p <= 0.05)


def test_fewer_than_19_donors_give_p_but_no_95_percent_interval(make_panel: MakePanel) -> None:
    for donors, answered in ((18, False), (19, True)):
        found = fit(make_panel(treated=1, comparison=donors, mean=20, ratio=0.6))
        assert (found.low is not None) == answered
        assert found.p is not None
        assert found.p >= 1 / (donors + 1) - 1e-12
        assert any("at least 19 comparison units" in n for n in found.notes) != answered
    wide = fit(make_panel(treated=1, comparison=10, mean=20, ratio=0.6), level=0.9)
    assert wide.low is not None


def test_placebos_that_fit_exactly_do_not_take_the_interval_away(make_panel: MakePanel) -> None:
    """More comparison units than months before: some placebos meet every month, and no gap compares with theirs."""
    held = []
    for seed in range(12):
        found = fit(make_panel(treated=1, comparison=24, pre=6, post=6, mean=12, ratio=0.5, seed=seed))
        assert found.low is not None or found.high is not None
        held.append(found.low is not None and found.high is not None)
    assert sum(held) >= 8


def test_conformal_answers_with_few_donors(make_panel: MakePanel) -> None:
    held = []
    for seed in range(10):
        found = fit(make_panel(treated=1, comparison=8, mean=40, ratio=0.6, seed=seed), inference="conformal")
        assert "36 cyclic shifts" in found.inference
        assert found.low is not None
        assert found.high is not None
        assert found.low < found.high
        held.append(found.low < np.log(0.6) < found.high)
    assert sum(held) >= 8


def test_index_follows_a_unit_outside_the_donors_levels(make_panel: MakePanel) -> None:
    panel = make_panel(treated=1, comparison=24, mean=20, ratio=0.75)
    counts = panel.counts["violence"].copy()
    counts[0] *= 10
    hot = replace(panel, counts={"violence": counts})
    level, course = fit(hot), fit(hot, matching="index")
    assert any("outside that of all comparison units" in n for n in level.notes)
    assert abs(course.value - np.log(0.75)) < 0.15 < abs(level.value - np.log(0.75))


def test_ridge_and_predictors_are_options(make_panel: MakePanel) -> None:
    panel = make_panel(treated=1, comparison=20, mean=20, ratio=0.75)
    ridge = fit(panel, augment="ridge")
    assert sum(ridge.weights.values()) == pytest.approx(1, abs=1e-4)
    poor = np.random.default_rng(0).normal(size=21)
    known = replace(panel, covariates=pd.DataFrame({"deprivation": poor}, index=list(panel.units)))
    nested = fit(known, predictors=("deprivation",), starts=1)
    assert nested.p is not None
    assert any("deprivation" in n for n in nested.notes)
    with pytest.raises(MethodError, match="allowed: deprivation"):
        fit(known, predictors=("wealth",))
    poor[3] = np.nan
    with pytest.raises(MethodError, match="missing or not numbers in E00000003"):
        fit(replace(known, covariates=pd.DataFrame({"d": poor}, index=list(panel.units))), predictors=("d",))
    for bad in ({"predictors": ("d",), "augment": "ridge"}, {"predictors": ("d",), "inference": "conformal"}):
        with pytest.raises(ValidationError, match="goes with matching"):
            METHOD.options.model_validate(bad)


def test_rates_need_exposure(make_panel: MakePanel) -> None:
    panel = make_panel(treated=1, comparison=20)
    with pytest.raises(MethodError, match="needs exposure"):
        fit(panel, matching="rates")
    same = replace(panel, exposure=np.full(panel.shape, 500.0))
    assert fit(same, matching="rates").value == pytest.approx(fit(panel).value, abs=1e-6)


def test_zeros_have_a_stated_answer_or_refusal(make_panel: MakePanel) -> None:
    panel = make_panel(treated=1, comparison=20)
    base = panel.counts["violence"]
    treated, after = panel.is_role("treated")[:, None], panel.post()[None, :]

    def with_zero(cells: np.ndarray) -> Panel:
        return replace(panel, counts={"violence": np.where(cells, 0.0, base)})

    nothing_after = fit(with_zero(treated & after))
    assert (nothing_after.low, nothing_after.high) == (None, None)
    assert nothing_after.p is not None
    assert any("Nothing was recorded" in n for n in nothing_after.notes)
    assert nothing_after.events_prevented is not None
    with pytest.raises(MethodError, match="before the start, so there is no course"):
        fit(with_zero(treated & ~after))
    with pytest.raises(MethodError, match="recorded nothing after the start"):
        fit(with_zero(~treated & after))
    lone = np.zeros(panel.shape, dtype=bool)
    lone[5] = True
    found = fit(with_zero(lone))
    # An area in which nothing happened is a comparison like others: leaving it out would select on what came after.
    assert found.n_comparison == 20
    assert not any("without a single offence" in n for n in found.notes)


def test_placebo_start_must_lie_before_the_start(make_panel: MakePanel) -> None:
    panel = make_panel(treated=1, comparison=20)
    assert "in_time_placebo" in fit(panel, placebo_start="2020-03").counts
    with pytest.raises(MethodError, match="2019-02 to 2020-12"):
        fit(panel, placebo_start="2021-05")


def test_staggered_starts_are_refused(make_panel: MakePanel) -> None:
    panel = make_panel()
    with pytest.raises(MethodError, match="use poisson_did"):
        fit(replace(panel, starts=(panel.periods[30], *panel.starts[1:])))


def test_leave_one_out_adds_a_half_only_where_nothing_was_recorded_and_says_so(make_panel: MakePanel) -> None:
    def still(after: float) -> Panel:
        panel = make_panel()
        counts = np.full(panel.shape, 4.0)
        counts[
            np.ix_(panel.is_role("treated"), np.arange(len(panel.periods)) >= panel.periods.index(str(panel.starts[0])))
        ] = after
        return replace(panel, counts={"violence": counts})

    some, none = fit(still(2.0)), fit(still(0.0))
    assert some.counts["leave_one_out_low"] == pytest.approx(np.log(0.5))
    assert not any("0.5 was added to both sides" in n for n in some.notes)
    assert any("0.5 was added to both sides" in n for n in none.notes)


def test_predictor_weights_by_cross_validation_through_the_panel(make_panel: MakePanel) -> None:
    panel = make_panel(treated=1, comparison=20, ratio=0.6, mean=60)
    level = np.nanmean(panel.counts["violence"][:, :24], axis=1)
    known = pd.DataFrame({"level": level, "noise": np.random.default_rng(2).normal(size=21)}, index=list(panel.units))
    panel = replace(panel, covariates=known)
    found = fit(panel, predictors=("level", "noise"), predictor_weights="validation", starts=2)
    assert found.ratio is not None
    assert 0.45 < found.ratio.value < 0.8
    assert sum(found.weights.values()) == pytest.approx(1)
    with pytest.raises(ValidationError, match="goes with predictors"):
        fit(panel, predictor_weights="validation")
    with pytest.raises(MethodError, match="too few to choose on one half"):
        fit(panel.between(np.arange(36) >= 20), predictors=("level",), predictor_weights="validation")
