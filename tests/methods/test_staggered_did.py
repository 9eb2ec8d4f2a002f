"""Staggered difference-in-differences on counts: plain cases, options, growing effects, few units."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vru.errors import MethodError
from vru.methods import METHODS
from vru.methods.staggered_did import METHOD
from vru.panel import Panel
from vru.results import Estimate

MakePanel = Callable[..., Panel]
GOLDEN = Path(__file__).parents[1] / "golden" / "staggered"


def fit(panel: Panel, **options: object) -> Estimate:
    return METHOD.fit(panel, "violence", METHOD.options(**options), np.random.default_rng(1))


@pytest.fixture
def golden_panel() -> Panel:
    data = pd.read_csv(GOLDEN / "panel.csv")
    counts = data.pivot(index="unit", columns="t", values="y").to_numpy(float)
    first = data.groupby("unit")["first"].first().to_numpy()
    months = tuple(f"2021-{m:02d}" for m in range(1, 13))
    return Panel(
        units=tuple(f"U{i}" for i in range(len(first))),
        periods=months,
        counts={"violence": counts},
        role=tuple("treated" if f else "comparison" for f in first),
        starts=tuple(months[f - 1] if f else None for f in first),
        missing=np.zeros(counts.shape, dtype=bool),
    )


def growing(seed: int, treated: int = 12, comparison: int = 20, mean: float = 20.0) -> tuple[Panel, float]:
    """Starts in months 13, 19 and 25 of 36; 4% more effect each month; and the true total."""
    rng = np.random.default_rng(seed)
    n, first = treated + comparison, np.append(np.array([12, 18, 24])[np.arange(treated) % 3], np.full(comparison, 36))
    rate = mean * np.exp(rng.normal(0, 0.3, (n, 1))) * (1 + 0.1 * np.sin(np.arange(36) / 2))
    since = np.arange(36)[None, :] - first[:, None]
    with_it = rate * np.exp(np.where(since >= 0, -0.04 * (since + 1), 0.0))
    months = tuple(f"{2019 + j // 12}-{j % 12 + 1:02d}" for j in range(36))
    panel = Panel(
        units=tuple(f"U{i:02d}" for i in range(n)),
        periods=months,
        counts={"violence": rng.poisson(with_it).astype(float)},
        role=("treated",) * treated + ("comparison",) * comparison,
        starts=tuple(months[f] if f < 36 else None for f in first),
        missing=np.zeros((n, 36), dtype=bool),
    )
    return panel, float((with_it - rate)[since >= 0].sum())


@pytest.mark.parametrize(("control", "theirs"), [("never", "never_treated"), ("not_yet", "not_yet_treated")])
def test_last_month_as_reference_equals_the_published_estimator(control: str, theirs: str, golden_panel: Panel) -> None:
    import json

    golden = json.loads((GOLDEN / "values.json").read_text())[theirs]
    found = fit(golden_panel, control=control, reference="last_before")
    assert found.counts["per_unit_month"] == pytest.approx(golden["overall"], abs=1e-10)
    assert found.value == pytest.approx(golden["overall"] * found.counts["treated_unit_months"])
    late = {p.event_time: p.value for p in found.event_study}
    for e in range(8):
        assert late[e] == pytest.approx(golden["event"][str(e)], abs=1e-10)
    dynamic = fit(golden_panel, control=control, reference="last_before", aggregation="dynamic")
    mean = np.mean([golden["event"][str(e)] for e in range(8)])
    assert dynamic.counts["per_unit_month"] == pytest.approx(mean, abs=1e-10)
    assert dynamic.events_prevented == found.events_prevented


def test_one_start_is_plain_difference_in_differences(make_panel: MakePanel) -> None:
    panel = make_panel(ratio=0.7, treated=5, comparison=9)
    y, t, post = panel.counts["violence"], panel.is_role("treated"), panel.post()
    change = y[:, post].mean(axis=1) - y[:, ~post].mean(axis=1)
    expected = (change[t].mean() - change[~t].mean()) * 5 * 12
    for control in ("never", "not_yet"):
        found = fit(panel, control=control)
        assert found.value == pytest.approx(expected)
        assert found.components == {}
        assert "plain difference-in-differences" in " ".join(found.notes)


def test_parts_path_weights_and_counts_add_up() -> None:
    panel, _ = growing(1)
    for control in ("never", "not_yet"):
        found = fit(panel, control=control)
        assert sum(c.value for c in found.components.values()) == pytest.approx(found.value)
        assert list(found.components) == ["start 2020-01", "start 2020-07", "start 2021-01"]
        assert found.events_prevented is not None
        assert found.events_prevented.value == pytest.approx(-found.value)
        assert found.counts["T1"] - found.counts["expected"] == pytest.approx(found.value)
        assert sum(found.weights.values()) == pytest.approx(1)
        assert (len(found.weights) > 20) == (control == "not_yet")
        assert found.counts["treated_unit_months"] == 4 * (24 + 18 + 12)
        assert all(p.low < p.value < p.high for p in found.event_study)


def test_growing_effects_are_found_without_bias_and_covered() -> None:
    errors, inside = [], []
    for seed in range(60):
        panel, truth = growing(seed)
        found = fit(panel, draws=199)
        errors.append(found.value / truth - 1)
        inside.append(found.low <= truth <= found.high)
    assert abs(np.mean(errors)) < 3 * np.std(errors) / np.sqrt(60)
    assert np.mean(inside) > 0.85


@pytest.mark.parametrize("inference", ["cluster", "bootstrap", "randomisation"])
def test_three_inferences_agree_where_there_are_many_units(inference: str) -> None:
    panel, _ = growing(3, 30, 40)
    reference, found = fit(panel, inference="cluster"), fit(panel, inference=inference)
    width = reference.high - reference.low
    assert found.low == pytest.approx(reference.low, abs=0.12 * width)
    assert found.high == pytest.approx(reference.high, abs=0.12 * width)


def test_auto_exchanges_start_dates_where_units_are_few(make_panel: MakePanel) -> None:
    assert fit(make_panel(treated=3, comparison=12)).inference.startswith("randomisation inference on start dates")
    assert fit(make_panel(treated=20, comparison=20)).inference.startswith("influence functions")
    few = fit(make_panel(treated=1, comparison=12, ratio=0.2))
    assert (few.low, few.high, few.se) == (None, None, None)
    assert few.p == pytest.approx(1 / 13)
    assert "all 13 assignments" in few.inference
    assert all(p.low is None for p in few.event_study)


def test_false_alarms_with_three_cohorts_of_one_unit() -> None:
    alarms = []
    for seed in range(80):
        panel, _ = growing(seed, 3, 12)
        calm = np.random.default_rng(seed).poisson(10, panel.shape).astype(float)
        alarms.append(fit(replace(panel, counts={"violence": calm}), draws=199).p <= 0.05)
    assert np.mean(alarms) < 0.13


def test_without_comparison_units_the_last_cohort_serves() -> None:
    panel, _ = growing(2)
    only = panel.subset(panel.is_role("treated"))
    with pytest.raises(MethodError, match="comparison units and there are none"):
        fit(only)
    found = fit(only, control="not_yet")
    late = np.array([s == "2021-01" for s in only.starts])
    moved = replace(only.between(np.arange(36) < 24), role=tuple("comparison" if x else "treated" for x in late))
    assert found.value == pytest.approx(fit(moved, control="not_yet").value)
    assert (found.n_treated, found.n_comparison) == (8, 4)
    assert any("start last" in n for n in found.notes)


def test_a_cohort_without_a_common_month_is_refused_by_name() -> None:
    panel, _ = growing(2)
    gone = panel.missing.copy()
    gone[0, :12] = np.arange(12) != 3
    gone[-1, 3] = True
    counts = np.where(gone, np.nan, panel.counts["violence"])
    with pytest.raises(MethodError, match="from 2020-01 on"):
        fit(replace(panel, counts={"violence": counts}, missing=gone))


def test_two_way_model_is_biased_where_this_is_not() -> None:
    errors = []
    for seed in range(12):
        panel, truth = growing(seed, 30, 15)
        options = METHODS["poisson_did"].options(inference="cluster")
        other = METHODS["poisson_did"].fit(panel, "violence", options, np.random.default_rng(1))
        ours = fit(panel, inference="cluster")
        assert other.events_prevented is not None
        errors.append((ours.value / truth - 1, -other.events_prevented.value / truth - 1))
    own, two_way = np.mean(errors, axis=0)
    assert abs(own) < 0.08
    assert two_way < -0.1


def test_two_periods_without_any_variation_warn_of_nothing() -> None:
    """One treated unit, the same count everywhere: the band has nothing to multiply (warnings are errors here)."""
    units = tuple(f"u{i}" for i in range(12))
    role = ("treated", *["comparison"] * 11)
    still = Panel(
        units=units,
        periods=("2021-01", "2021-02"),
        counts={"violence": np.full((12, 2), 3.0)},
        role=role,  # type: ignore[arg-type]
        starts=("2021-02", *[None] * 11),
        missing=np.zeros((12, 2), dtype=bool),
    )
    found = fit(still, inference="cluster")
    assert found.value == pytest.approx(0, abs=1e-12)
    assert found.event_study
    assert all(np.isfinite(point.value) for point in found.event_study)
