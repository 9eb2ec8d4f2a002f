"""DoWhy's refuters on one row per area, the guards round them, and the defects those guard against."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from vru.checks import CHECKS, Case
from vru.checks.area_table import area_table
from vru.checks.dowhy_data_subset import _chance_of_losing_a_group
from vru.checks.dowhy_model import quiet, row_model, table_frame
from vru.errors import MethodError
from vru.panel import Panel
from vru.results import Finding
from vru.stats.sensitivity import robustness_value

NAMES = sorted(n for n in CHECKS if n.startswith("dowhy_"))


def run(name: str, case: Case, **options: Any) -> Finding:
    return CHECKS[name].run(case, CHECKS[name].options(**options), np.random.default_rng(5))


@pytest.fixture
def case(make_panel: Callable[..., Panel], make_case: Callable[..., Case]) -> Case:
    return make_case(make_panel(ratio=0.7, mean=30.0))


def test_rows_are_areas_and_their_change(case: Case) -> None:
    table = area_table(case)
    counts = case.panel.counts["violence"]
    before, after = counts[:, :24], counts[:, 24:]
    want = np.log((after.sum(1) + 0.5) / 12) - np.log((before.sum(1) + 0.5) / 24)
    np.testing.assert_allclose(table.values, want)
    assert table.treated == (1,) * 10 + (0,) * 10
    assert table.adjustment == ()
    assert not {"area", "period"} & {n for e in table.edges for n in e}


def test_staggered_starts_and_missing_months_are_each_areas_own(
    make_panel: Callable[..., Panel], make_case: Callable[..., Case]
) -> None:
    panel = make_panel(missing=(2, 30))
    starts = (panel.periods[28], *panel.starts[1:])
    table = area_table(make_case(replace(panel, starts=starts)))
    own = panel.counts["violence"][0]
    before, after = own[:28], own[28:]
    want = np.log((np.nansum(after) + 0.5) / 7) - np.log((np.nansum(before) + 0.5) / 27)
    assert table.values[0] == pytest.approx(want)


def test_estimate_is_the_difference_of_mean_changes_and_recovers_the_truth(case: Case) -> None:
    built = row_model(area_table(case))
    change = np.array(built.table.values)
    assert built.effect == pytest.approx(change[:10].mean() - change[10:].mean())
    pooled = (change[:10].var(ddof=1) + change[10:].var(ddof=1)) / 2
    assert built.se == pytest.approx(np.sqrt(pooled * 2 / 10))
    assert built.df == 18
    assert built.effect == pytest.approx(np.log(0.7), abs=0.12)


def test_the_model_is_built_once_for_all_four(case: Case) -> None:
    row_model.cache_clear()
    for name in NAMES:
        run(name, case)
    assert row_model.cache_info().misses == 1
    assert row_model.cache_info().hits == 3


def test_all_four_pass_on_a_clear_effect(case: Case) -> None:
    found = {name: run(name, case) for name in NAMES}
    assert {f.verdict for f in found.values()} == {"pass"}, {n: f.text for n, f in found.items()}
    assert found["dowhy_placebo_treatment"].numbers["placebo_effect"] == pytest.approx(0, abs=0.05)
    truth = row_model(area_table(case)).effect
    assert found["dowhy_random_common_cause"].numbers["new_effect"] == pytest.approx(truth, abs=0.02)
    assert found["dowhy_data_subset"].numbers["subset_effect"] == pytest.approx(truth, abs=0.02)


def test_the_registered_set_is_what_is_adjusted_for(
    make_panel: Callable[..., Panel], make_case: Callable[..., Case]
) -> None:
    panel = make_panel(mean=30.0)
    rng = np.random.default_rng(1)
    need = np.where(panel.is_role("treated"), 1.0, 0.0) + rng.normal(0, 0.5, 20)
    covariates = pd.DataFrame({"need": need, "ignored": rng.normal(size=20)}, index=list(panel.units))
    edges = (("need", "patrol"), ("need", "violence"), ("ignored", "violence"))
    case = make_case(replace(panel, covariates=covariates), adjustment=("area", "period", "need"), extra_edges=edges)
    built = row_model(area_table(case))
    assert list(built.estimate.estimator._observed_common_causes.columns) == ["need"]
    design = np.column_stack([np.ones(20), np.array(built.table.treated), need])
    want = np.linalg.lstsq(design, np.array(built.table.values), rcond=None)[0][1]
    assert built.effect == pytest.approx(want)
    assert built.df == 17
    assert run("dowhy_unobserved_common_cause", case).verdict != "not_run"


def test_an_adjusted_node_without_a_column_is_not_run(
    make_panel: Callable[..., Panel], make_case: Callable[..., Case]
) -> None:
    edges = (("need", "patrol"), ("need", "violence"))
    case = make_case(make_panel(), adjustment=("area", "period", "need"), extra_edges=edges)
    for name in NAMES:
        found = run(name, case)
        assert found.verdict == "not_run"
        assert "no column need" in found.text
    panel = make_panel()
    text = replace(panel, covariates=pd.DataFrame({"need": ["high"] * 20}, index=list(panel.units)))
    case = make_case(text, adjustment=("area", "period", "need"), extra_edges=edges)
    assert "not a number" in run(NAMES[0], case).text


def test_without_identification_none_of_them_runs(case: Case) -> None:
    for name in NAMES:
        assert run(name, replace(case, identification=None)).verdict == "not_run"


def test_subsets_that_could_lose_a_group_are_not_run(
    make_panel: Callable[..., Panel], make_case: Callable[..., Case]
) -> None:
    few = make_case(make_panel(treated=2, comparison=30))
    assert _chance_of_losing_a_group(area_table(few), 0.8) > 0.3
    found = run("dowhy_data_subset", few)
    assert found.verdict == "not_run"
    assert "leave a whole group out" in found.text


def test_hidden_cause_numbers(case: Case) -> None:
    found = run("dowhy_unobserved_common_cause", case)
    built = row_model(area_table(case))
    assert found.numbers["robustness_value"] == pytest.approx(robustness_value(built.effect / built.se, 18))
    ratio = np.exp(-case.estimate.value)
    assert found.numbers["e_value"] == pytest.approx(ratio + np.sqrt(ratio * (ratio - 1)))
    assert abs(found.numbers["effect_left"]) < abs(built.effect)
    assert found.numbers["effect_simulated"] == pytest.approx(found.numbers["effect_left"], abs=0.06)


def test_a_known_cause_as_strong_as_the_effect_fails(
    make_panel: Callable[..., Panel], make_case: Callable[..., Case]
) -> None:
    # Treated areas are those that were rising, and areas that were rising fell: selection, not patrols.
    panel = make_panel(mean=60.0, treated=12, comparison=12)
    rng = np.random.default_rng(2)
    surge = rng.normal(0, 0.5, 24) + np.where(panel.is_role("treated"), 0.6, -0.6)
    rate = np.full(panel.shape, 60.0)
    rate[:, 12:24] *= np.exp(surge)[:, None]
    rate[:, 24:] *= np.exp(-0.5 * surge)[:, None]
    case = make_case(replace(panel, counts={"violence": rng.poisson(rate).astype(float)}))
    found = run("dowhy_unobserved_common_cause", case)
    assert found.verdict == "fail", found.text
    assert found.numbers["benchmark"] == "trend before the start"


def test_no_effect_is_a_concern_and_says_there_is_nothing_to_explain(
    make_panel: Callable[..., Panel], make_case: Callable[..., Case]
) -> None:
    found = run("dowhy_unobserved_common_cause", make_case(make_panel(ratio=1.0, seed=3)))
    assert found.verdict == "concern"
    assert "little to explain away" in found.text
    assert found.numbers["e_value_limit"] == 1


def test_the_frame_and_its_treatment_stay_as_they_were(case: Case) -> None:
    built = row_model(area_table(case))
    before = table_frame(built.table)
    for name in NAMES:
        run(name, case)
    pd.testing.assert_frame_equal(built.model._data, before)
    assert before["patrol"].dtype.kind == "i"


def test_robustness_value_agrees_with_dowhys_analyser() -> None:
    from dowhy import CausalModel

    rng = np.random.default_rng(4)
    w = rng.normal(size=80)
    frame = pd.DataFrame({"w": w, "t": (w + rng.normal(size=80) > 0).astype(int)})
    frame["y"] = frame.t + w + rng.normal(size=80)
    with quiet():
        model = CausalModel(frame, "t", "y", graph=nx.DiGraph([("w", "t"), ("w", "y"), ("t", "y")]))
        estimand = model.identify_effect()
        estimate = model.estimate_effect(estimand, method_name="backdoor.linear_regression", effect_modifiers=[])
        said = model.refute_estimate(
            estimand,
            estimate,
            method_name="add_unobserved_common_cause",
            simulation_method="linear-partial-R2",
            benchmark_common_causes=["w"],
            effect_fraction_on_treatment=[1],  # a bare number breaks the analyser
            plot_estimate=False,
        )
    fit = estimate.estimator.model
    assert robustness_value(fit.tvalues.iloc[1], int(fit.df_resid)) == pytest.approx(said.stats["robustness_value"])


def test_too_few_areas_refuse_in_words(make_panel: Callable[..., Panel], make_case: Callable[..., Case]) -> None:
    with pytest.raises(MethodError, match="too few"):
        area_table(make_case(make_panel(treated=1, comparison=10)))
