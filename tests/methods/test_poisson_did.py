"""The two-way Poisson model: closed form, staggered, gaps, inference and refusals."""

import csv
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vru.errors import MethodError
from vru.methods.poisson_did import METHOD
from vru.panel import Panel
from vru.results import Estimate

MakePanel = Callable[..., Panel]
GOLDEN = Path(__file__).parents[1] / "golden"


def fit(panel: Panel, seed: int = 1, **options: object) -> Estimate:
    return METHOD.fit(panel, "violence", METHOD.options.model_validate(options), np.random.default_rng(seed))


@pytest.fixture(scope="module")
def r() -> dict[str, float]:
    with (GOLDEN / "poisson_values.csv").open() as f:
        return {row["name"]: float(row["value"]) for row in csv.DictReader(f)}


def golden_panel(first: str, *, gaps: bool) -> Panel:
    data = pd.read_csv(GOLDEN / "poisson_panel.csv")
    y = data["y"].to_numpy(float).reshape(8, 30)
    gone = data["gap"].to_numpy(bool).reshape(8, 30) & gaps
    start = data[first].to_numpy().reshape(8, 30)[:, 0]
    treated = data["treated"].to_numpy(bool).reshape(8, 30)[:, 0]
    periods = tuple(f"{2019 + j // 12}-{j % 12 + 1:02d}" for j in range(30))
    return Panel(
        units=tuple("ABCDEFGH"),
        periods=periods,
        counts={"violence": np.where(gone, np.nan, y)},
        role=tuple("treated" if t else "comparison" for t in treated),
        starts=tuple(periods[s - 1] if t else None for s, t in zip(start, treated, strict=True)),
        missing=gone,
    )


def test_block_equals_r(r: dict[str, float]) -> None:
    found = fit(golden_panel("first", gaps=False), inference="cluster")
    assert found.value == pytest.approx(r["block_coef"], abs=1e-9)
    assert found.se == pytest.approx(r["block_se_cl"], rel=1e-8)
    assert found.counts["phi"] == pytest.approx(r["block_phi"], rel=1e-8)


def test_staggered_with_gaps_equals_r(r: dict[str, float]) -> None:
    found = fit(golden_panel("late", gaps=True), inference="cluster")
    assert found.value == pytest.approx(r["staggered_gap_coef"], abs=1e-7)
    assert found.se == pytest.approx(r["staggered_gap_se_cl"], rel=1e-5)
    assert found.counts["phi"] == pytest.approx(r["staggered_gap_phi"], rel=1e-5)
    assert any("biased if the effect grows" in n for n in found.notes)


def test_closed_form_equals_fepois_and_statsmodels(make_panel: MakePanel) -> None:
    panel = make_panel(ratio=0.8, treated=4, comparison=6, pre=8, post=5, mean=4, dispersion=0.3)
    data = panel.frame()
    data["d"] = data["treated"].astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pyfixest
        import statsmodels.api as sm

        model = pyfixest.fepois(
            "violence ~ d | unit + period",
            data,
            vcov={"CRV1": "unit"},
            ssc=pyfixest.ssc(k_fixef="full"),
            iwls_tol=1e-12,
        )
        dummies = pd.get_dummies(data[["unit", "period"]], drop_first=True, dtype=float)
        design = np.column_stack([np.ones(len(data)), data["d"], dummies])
        glm = sm.GLM(data["violence"].to_numpy(), design, family=sm.families.Poisson()).fit(tol=1e-12)
    found = fit(panel, inference="cluster")
    assert found.value == pytest.approx(float(model.coef()["d"]), abs=1e-7)
    assert found.value == pytest.approx(float(glm.params[1]), abs=1e-9)
    assert found.se == pytest.approx(float(model.se()["d"]), rel=1e-5)


def test_exposure_that_moves_enters_as_offset(make_panel: MakePanel) -> None:
    panel = make_panel(ratio=1.0, mean=30)
    grown = np.ones(panel.shape)
    grown[np.ix_(panel.is_role("treated"), panel.post())] = 2.0
    doubled = {"violence": panel.counts["violence"] * grown}
    found = fit(replace(panel, counts=doubled, exposure=grown), inference="cluster")
    assert abs(found.value) < 0.1
    assert fit(replace(panel, counts=doubled, exposure=grown), inference="cluster", exposure=False).value > 0.6


def test_exposure_that_only_differs_between_units_changes_nothing(make_panel: MakePanel) -> None:
    panel = make_panel(ratio=0.7)
    size = np.repeat(np.linspace(1, 3, 20)[:, None], 36, axis=1)
    assert fit(replace(panel, exposure=size)).value == pytest.approx(fit(panel).value)


@pytest.mark.parametrize(
    ("treated", "comparison", "words"),
    [(3, 12, "randomisation"), (10, 19, "randomisation"), (39, 60, "randomisation"), (40, 40, "cluster")],
)
def test_auto_chooses_by_number_of_units(treated: int, comparison: int, words: str, make_panel: MakePanel) -> None:
    found = fit(make_panel(treated=treated, comparison=comparison), draws=199)
    assert found.inference.startswith(words)


@pytest.mark.parametrize("inference", ["cluster", "randomisation", "wild"])
def test_three_inferences_agree_where_there_are_many_units(inference: str, make_panel: MakePanel) -> None:
    panel = make_panel(ratio=0.8, treated=30, comparison=30)
    reference, found = fit(panel, inference="cluster"), fit(panel, inference=inference)
    assert found.low == pytest.approx(reference.low, abs=0.02)
    assert found.high == pytest.approx(reference.high, abs=0.02)


def test_one_treated_unit_needs_nineteen_comparison_units(make_panel: MakePanel) -> None:
    enough = fit(make_panel(ratio=0.2, treated=1, comparison=19))
    assert enough.low is not None
    assert enough.p == pytest.approx(0.05)
    few = fit(make_panel(ratio=0.2, treated=1, comparison=12))
    assert (few.low, few.high, few.se) == (None, None, None)
    assert few.p == pytest.approx(1 / 13)
    assert any("at least 19" in n for n in few.notes)
    for inference in ("cluster", "wild"):
        refused = fit(make_panel(treated=1, comparison=19), inference=inference)
        assert refused.low is None
        assert any("at least two units in each arm" in n for n in refused.notes)


def test_nothing_recorded_after_the_start_has_a_stated_answer(make_panel: MakePanel) -> None:
    panel = make_panel(treated=3, comparison=12)
    counts = panel.counts["violence"].copy()
    counts[np.ix_(panel.is_role("treated"), panel.post())] = 0
    found = fit(replace(panel, counts={"violence": counts}))
    assert found.value < -4
    assert (found.low, found.high) == (None, None)
    assert found.p is not None
    assert found.p < 0.05
    assert found.events_prevented is not None
    assert found.events_prevented.value == pytest.approx(found.counts["expected"])
    assert any("0.5" in n for n in found.notes)
    for inference in ("cluster", "wild"):
        other = fit(replace(panel, counts={"violence": counts}), inference=inference)
        assert (other.value, other.low, other.high) == (found.value, None, None)


def test_few_units_by_cluster_or_sign_are_warned_of(make_panel: MakePanel) -> None:
    for inference in ("cluster", "wild"):
        notes = fit(make_panel(treated=3, comparison=12), inference=inference).notes
        assert any("cluster-robust test raised" in n for n in notes)
    assert any("much smaller" in n for n in fit(make_panel(treated=10, comparison=40), inference="cluster").notes)
    assert not any("cluster-robust test" in n for n in fit(make_panel(treated=20, comparison=20)).notes)


@pytest.mark.parametrize("inference", ["auto", "cluster", "wild"])
def test_tiny_panels_give_an_answer_or_a_method_error(inference: str, make_panel: MakePanel) -> None:
    for seed in range(60):
        rng = np.random.default_rng(seed)
        arms = {"treated": int(rng.integers(1, 5)), "comparison": int(rng.integers(1, 25))}
        panel = make_panel(**arms, pre=int(rng.integers(1, 6)), post=int(rng.integers(1, 5)), mean=0.3, seed=seed)
        try:
            found = fit(panel, seed, inference=inference, draws=199)
        except MethodError:
            continue
        assert np.isfinite(found.value)
        assert found.low is None or found.low <= found.value + 1e-9
        assert found.high is None or found.high >= found.value - 1e-9


def test_no_offences_in_a_cell_is_refused(make_panel: MakePanel) -> None:
    panel = make_panel()
    counts = panel.counts["violence"].copy()
    counts[np.ix_(panel.is_role("comparison"), ~panel.post())] = 0
    with pytest.raises(MethodError, match="comparison units before the start"):
        fit(replace(panel, counts={"violence": counts}))


def test_units_without_offences_are_dropped_and_counted(make_panel: MakePanel) -> None:
    panel = make_panel()
    counts = panel.counts["violence"].copy()
    counts[[0, 1, 15]] = 0
    found = fit(replace(panel, counts={"violence": counts}))
    assert (found.n_treated, found.n_comparison) == (8, 9)
    assert any(n.startswith("2 treated unit(s)") for n in found.notes)


def test_event_study_has_leads_and_lags(make_panel: MakePanel) -> None:
    found = fit(make_panel(ratio=0.6, mean=40))
    assert [e.event_time for e in found.event_study] == list(range(-24, 12))
    before = [e for e in found.event_study if e.event_time < 0]
    after = [e for e in found.event_study if e.event_time >= 0]
    assert np.mean([abs(e.value) for e in before]) < 0.1
    assert np.mean([e.value for e in after]) == pytest.approx(np.log(0.6), abs=0.05)
    assert all(e.low is not None and e.high is not None and e.low < e.value < e.high for e in found.event_study)


def test_staggered_expected_course_gives_events_prevented(make_panel: MakePanel) -> None:
    panel = make_panel(ratio=0.7)
    starts = list(panel.starts)
    starts[:5] = [panel.periods[28]] * 5
    found = fit(replace(panel, starts=tuple(starts)), draws=499)
    assert found.events_prevented is not None
    late = sum(p.expected - p.observed for p in found.path)
    assert late == pytest.approx(found.events_prevented.value, rel=0.02)
