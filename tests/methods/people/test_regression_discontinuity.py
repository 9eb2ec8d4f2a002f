"""Jumps at a threshold: what the estimate says, against rdrobust's numbers, and what it refuses."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vru.cohort import Cohort
from vru.errors import MethodError
from vru.methods import METHODS
from vru.results import Estimate

GOLDEN = Path(__file__).parents[2] / "golden" / "rd"
VALUES = json.loads((GOLDEN / "values.json").read_text(encoding="utf-8"))
MakeCohort = Callable[..., Cohort]
METHOD = METHODS["regression_discontinuity"]


def fit(cohort: Cohort, outcome: str = "offending", **options: object) -> Estimate:
    return METHOD.fit(cohort, outcome, METHOD.options.model_validate(options), np.random.default_rng(1))


@pytest.fixture
def golden() -> Cohort:
    d = pd.read_csv(GOLDEN / "data.csv")
    return Cohort(
        ids=tuple(map(str, d.index)),
        outcomes={"y": d.y.to_numpy(float)},
        kinds={"y": "continuous"},
        covariates=d[["age"]],
        running=d.score.to_numpy(float),
    )


def test_sharp_by_default_is_the_robust_bias_corrected_line_of_rdrobust(golden: Cohort) -> None:
    v, found = VALUES["sharp"], fit(golden, "y")
    assert found.value == pytest.approx(v["corrected"], rel=1e-6)
    assert found.se == pytest.approx(v["robust_se"], rel=1e-6)
    assert (found.low, found.high) == pytest.approx((v["robust_low"], v["robust_high"]), rel=1e-6)
    assert found.p == pytest.approx(v["p"], rel=1e-5)
    assert found.components["uncorrected_jump"].value == pytest.approx(v["uncorrected"], rel=1e-6)
    assert found.counts["bandwidth"] == pytest.approx(v["h"], rel=1e-6)


def test_covariates_with_fixed_bandwidths(golden: Cohort) -> None:
    v = VALUES["covariates_fixed"]
    found = fit(golden, "y", bandwidth=0.9, bias_bandwidth=1.4, covariates=("age",))
    assert (found.value, found.se) == pytest.approx((v["corrected"], v["robust_se"]), rel=1e-6)


def test_fuzzy_delta_is_that_of_rdrobust_and_anderson_rubin_agrees_where_receipt_jumps(golden: Cohort) -> None:
    received = pd.read_csv(GOLDEN / "data.csv").received.to_numpy(float)
    cohort = dataclasses.replace(golden, received=received)
    for case, options in (("fuzzy", {}), ("fuzzy_fixed", {"bandwidth": 0.9, "bias_bandwidth": 1.4})):
        found = fit(cohort, "y", interval="delta", **options)
        assert found.value == pytest.approx(VALUES[case]["corrected"], rel=1e-6)
        assert found.se == pytest.approx(VALUES[case]["robust_se"], rel=1e-6)
    found = fit(cohort, "y", bandwidth=0.9)
    top, bottom = found.components["jump_in_outcome"], found.components["jump_in_receipt"]
    assert found.value == pytest.approx(top.value / bottom.value)
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high
    assert any("fuzzy" in note for note in found.notes)


def test_a_treated_side_below_turns_the_sign_and_a_shifted_cutoff_moves_with_the_score(golden: Cohort) -> None:
    assert golden.running is not None
    above = fit(golden, "y")
    turned = fit(dataclasses.replace(golden, running=-golden.running), "y", treated_side="at_or_below")
    assert (turned.value, turned.se) == pytest.approx((above.value, above.se), rel=1e-6)
    moved = fit(dataclasses.replace(golden, running=golden.running + 18), "y", cutoff=18)
    assert moved.value == pytest.approx(above.value, rel=1e-6)
    assert "cutoff 18" in moved.estimand


def test_a_score_at_the_cutoff_counts_as_the_plan_says() -> None:
    x = np.repeat(np.arange(-30.0, 31.0), 12)
    rng = np.random.default_rng(0)
    y = 0.02 * x - (x > 0) + rng.normal(0, 0.1, len(x))
    cohort = Cohort(ids=tuple(map(str, range(len(x)))), outcomes={"y": y}, kinds={"y": "continuous"}, running=x)
    assert fit(cohort, "y", treated_side="above").value == pytest.approx(-1, abs=0.15)
    assert abs(fit(cohort, "y", treated_side="at_or_above").value) < 0.9
    assert fit(cohort, "y", treated_side="above").counts["cutoff_counts_above"] == 0


def test_lumpy_scores_are_told_and_too_few_refused() -> None:
    rng = np.random.default_rng(2)
    x = rng.integers(-8, 8, 800).astype(float)
    y = 0.1 * x + rng.normal(size=800)
    cohort = Cohort(ids=tuple(map(str, range(800))), outcomes={"y": y}, kinds={"y": "continuous"}, running=x)
    found = fit(cohort, "y")
    assert found.counts["scores_below"] >= 5
    assert any("lumpy" in note for note in found.notes)
    with pytest.raises(MethodError, match="distinct scores within it"):
        fit(cohort, "y", bandwidth=3.0)
    few = dataclasses.replace(cohort, running=np.clip(x, -3, 3))
    with pytest.raises(MethodError, match="distinct scores"):
        fit(few, "y")


def test_a_wrong_cutoff_or_side_is_refused_with_the_range(make_cohort: MakeCohort) -> None:
    cohort = make_cohort("threshold", -0.6, 1)
    with pytest.raises(MethodError, match="is the cutoff, and the treated side, right"):
        fit(cohort, cutoff=40)
    with pytest.raises(MethodError, match="receipt does not rise"):
        fit(cohort, treated_side="below")
    with pytest.raises(MethodError, match="running"):
        fit(dataclasses.replace(cohort, running=None))


def test_events_prevented_are_local(make_cohort: MakeCohort) -> None:
    found = fit(make_cohort("threshold", -0.6, 1, n=2000, kind="binary"))
    assert found.events_prevented is not None
    assert found.events_prevented.value == pytest.approx(-found.value * found.n_treated, rel=1e-9)
    assert found.scale == "risk_difference"
    ratio = found.components["mean_ratio"]
    means = found.counts["mean_at_cutoff_above"], found.counts["mean_at_cutoff_below"]
    assert ratio.value == pytest.approx(means[0] / means[1])
    assert ratio.low is not None
    assert ratio.low < ratio.value


def test_clusters_widen_and_are_counted(make_cohort: MakeCohort) -> None:
    cohort = make_cohort("threshold", -0.6, 1, n=900)
    found = fit(dataclasses.replace(cohort, cluster=tuple(f"c{i % 20}" for i in range(900))))
    assert "19 degrees of freedom" in found.inference
    assert any("clusters" in note for note in found.notes)


def test_a_bend_is_allowed_for_where_a_straight_line_is_fooled() -> None:
    rng = np.random.default_rng(9)
    missed = [0, 0]
    for _ in range(60):
        x = rng.uniform(-1, 1, 600)
        y = np.where(x < 0, 0.0, 4 * x - 4 * x**2) + rng.normal(0, 0.2, 600)
        cohort = Cohort(ids=tuple(map(str, range(600))), outcomes={"y": y}, kinds={"y": "continuous"}, running=x)
        found = fit(cohort, "y", bandwidth=0.6)
        plain = found.components["uncorrected_jump"]
        for j, i in enumerate((found, plain)):
            assert i.low is not None
            assert i.high is not None
            missed[j] += not i.low <= 0 <= i.high
    assert missed[0] <= 9
    assert missed[1] >= 40


def test_a_cutoff_that_is_a_date_gives_the_same_in_days_and_is_told_as_a_date(golden: Cohort) -> None:
    assert golden.running is not None
    days = np.round(golden.running * 100)
    dated = dataclasses.replace(golden, running=days + 12_296, dated=True)
    found, plain = fit(dated, "y", cutoff="2003-09-01"), fit(dataclasses.replace(golden, running=days), "y")
    assert (found.value, found.low, found.high) == pytest.approx((plain.value, plain.low, plain.high), rel=1e-9)
    assert found.estimand.endswith("at the cutoff 2003-09-01")
    with pytest.raises(MethodError, match="cutoff 1990-01-01"):
        fit(dated, "y", cutoff="1990-01-01")


def test_a_cutoff_that_is_no_date_and_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="valid number"):
        METHOD.options.model_validate({"cutoff": "1 September"})
