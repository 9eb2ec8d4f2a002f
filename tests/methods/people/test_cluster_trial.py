"""Trials of clusters and stepped wedges: R, a published trial, few clusters, and what is refused."""

import csv
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vru.cohort import Cohort
from vru.errors import MethodError
from vru.methods.cluster_trial import METHOD
from vru.results import Estimate

GOLDEN = Path(__file__).parents[2] / "golden" / "trials"
MakeCohort = Callable[..., Cohort]


def fit(cohort: Cohort, outcome: str = "offending", seed: int = 1, **options: object) -> Estimate:
    return METHOD.fit(cohort, outcome, METHOD.options.model_validate(options), np.random.default_rng(seed))


@pytest.fixture(scope="module")
def r() -> dict[str, float]:
    with (GOLDEN / "values.csv").open() as f:
        return {row["name"]: float(row["value"]) for row in csv.DictReader(f)}


def read(name: str) -> tuple[pd.DataFrame, Cohort]:
    data = pd.read_csv(GOLDEN / f"{name}.csv")
    kinds = {"score": "continuous", "binary": "binary", "count": "count"}
    there = [k for k in kinds if k in data]
    return data, Cohort(
        ids=tuple(f"p{i}" for i in range(len(data))),
        outcomes={k: data[k].to_numpy(float) for k in there},
        kinds={k: kinds[k] for k in there},  # type: ignore[misc]
        assigned=data["treated"].to_numpy(float),
        covariates=data[["age"]] if "age" in data else pd.DataFrame(),
        cluster=tuple(f"c{c:02d}" for c in data["cluster"]),
        stratum=tuple(map(str, data["stratum"])) if "stratum" in data else None,
        period=tuple(map(str, data["period"])) if "period" in data else None,
        exposure=data["exposure"].to_numpy(float) if "exposure" in data else None,
    )


def mwanza() -> Cohort:
    """Communities in matched pairs, people who became infected of those followed: treated, comparison."""
    pairs = [
        ((5, 568), (10, 702)),
        ((4, 766), (7, 833)),
        ((17, 650), (20, 630)),
        ((13, 734), (23, 760)),
        ((4, 732), (12, 782)),
        ((5, 699), (10, 693)),
    ]
    y, arm, cluster, stratum = [], [], [], []
    for k, pair in enumerate(pairs):
        for a, (events, n) in zip((1, 0), pair, strict=True):
            y += [1.0] * events + [0.0] * (n - events)
            arm += [float(a)] * n
            cluster += [f"{k}-{a}"] * n
            stratum += [str(k)] * n
    return Cohort(
        ids=tuple(f"p{i}" for i in range(len(y))),
        outcomes={"infected": np.array(y)},
        kinds={"infected": "binary"},
        assigned=np.array(arm),
        cluster=tuple(cluster),
        stratum=tuple(stratum),
    )


def test_grosskurth_1995_mwanza_trial_of_six_pairs() -> None:
    """48 of 4,149 (1.2%) against 82 of 4,400 (1.9%), about 40% lower, as printed in the Lancet."""
    found = fit(mwanza(), "infected")
    assert (found.counts["events_treated"], found.counts["events_comparison"]) == (48, 82)
    assert (found.n_treated, found.n_comparison) == (4149, 4400)
    assert (found.counts["clusters_treated"], found.counts["clusters_comparison"]) == (6, 6)
    assert [round(100 * (a.mean or 0), 1) for a in found.arms] == [1.2, 1.9]
    assert math.exp(found.value) == pytest.approx(0.6, abs=0.03)
    # All six pairs point one way, so of 2^6 allocations only this one and its mirror are as extreme.
    assert "all 64 allocations" in found.inference
    assert found.p == pytest.approx(2 / 64)


def test_matched_pairs_of_logs_are_the_paired_t_test() -> None:
    ratios = np.log([5 / 568 / (10 / 702), 4 / 766 / (7 / 833), 17 / 650 / (20 / 630), 13 / 734 / (23 / 760)])
    ratios = np.append(ratios, np.log([4 / 732 / (12 / 782), 5 / 699 / (10 / 693)]))
    found = fit(mwanza(), "infected", summary="logs", inference="cluster_t")
    assert found.value == pytest.approx(ratios.mean())
    assert found.se == pytest.approx(ratios.std(ddof=1) / math.sqrt(6))
    assert "5.0 degrees of freedom" in found.inference


@pytest.mark.parametrize(
    ("name", "outcome", "covariates"),
    [
        ("cl_score", "score", []),
        ("cl_score_adjusted", "score", ["age"]),
        ("cl_binary", "binary", []),
        ("cl_count", "count", []),
        ("cl_count_adjusted", "count", ["age"]),
    ],
)
def test_rows_with_cr2_equal_r_clubsandwich(
    name: str, outcome: str, covariates: list[str], r: dict[str, float]
) -> None:
    cohort = read("clusters")[1]
    if not covariates:
        cohort = replace(cohort, stratum=None)
    found = fit(cohort, outcome, covariates=covariates, inference="cr2")
    assert found.value == pytest.approx(r[f"{name}_value"], abs=1e-8)
    # Where fitted values differ within a cluster, whitened coordinates are not R's: another root of the same matrix.
    close = 1e-6 if name != "cl_count_adjusted" and name != "cl_count" else 0.01
    assert found.se == pytest.approx(r[f"{name}_se"], rel=close)
    df = float(found.inference.split("t with ")[1].split(" ")[0])
    assert df == pytest.approx(r[f"{name}_df"], abs=0.051 if close < 0.01 else 0.5)


def test_mixed_models_in_r_say_much_the_same(r: dict[str, float]) -> None:
    plain = replace(read("clusters")[1], stratum=None)
    for outcome, name in (("score", "cl_lmer"), ("count", "cl_glmer")):
        found = fit(plain, outcome, inference="cr2")
        assert found.value == pytest.approx(r[f"{name}_value"], abs=0.35 * r[f"{name}_se"])
        assert found.se == pytest.approx(r[f"{name}_se"], rel=0.15)
    assert fit(plain, "score").counts["icc"] == pytest.approx(r["cl_icc"], rel=1e-8)
    assert r["cl_icc"] == pytest.approx(r["cl_lmer_icc"], abs=0.02)


def test_t_test_on_cluster_means_equals_r(r: dict[str, float]) -> None:
    plain = replace(read("clusters")[1], stratum=None)
    found = fit(plain, "score", inference="cluster_t", summary="clusters")
    assert found.value == pytest.approx(r["cl_t_value"])
    assert found.low == pytest.approx(r["cl_t_low"])
    assert found.p == pytest.approx(r["cl_t_p"])


@pytest.mark.parametrize(("outcome", "effect"), [("count", 0), ("score", 0), ("score", -0.5), ("score", 0.7)])
def test_reallocation_equals_a_plain_loop_in_r(outcome: str, effect: float, r: dict[str, float]) -> None:
    data, cohort = read("clusters")
    first = (data["cluster"] <= 8).to_numpy()
    small = replace(cohort.subset(first), stratum=None)
    treated = (data["cluster"][first] <= 4).to_numpy()
    y = small.outcomes[outcome] - effect * treated
    found = fit(replace(small, assigned=treated.astype(float), outcomes={outcome: y}), outcome)
    assert found.p == pytest.approx(r[f"ri_{outcome}_{effect}"])
    assert "all 70 allocations" in found.inference


@pytest.mark.parametrize(("per_arm", "floor"), [(2, 1 / 3), (3, 0.1)])
def test_few_clusters_have_a_smallest_p_and_no_interval(per_arm: int, floor: float, make_cohort: MakeCohort) -> None:
    found = fit(make_cohort("clusters", -3.0, clusters=2 * per_arm))
    assert found.p == pytest.approx(floor)
    assert (found.low, found.high, found.se) == (None, None, None)
    assert any("smallest p-value" in n for n in found.notes)
    assert any("inference: cr2" in n for n in found.notes)
    for inference in ("cluster_t", "cr2"):
        other = fit(make_cohort("clusters", -3.0, clusters=2 * per_arm), inference=inference)
        assert other.low is not None
        assert any("In simulation with" in n for n in other.notes)


def test_one_treated_cluster_is_compared_and_warned_of(make_cohort: MakeCohort) -> None:
    cohort = make_cohort("clusters", clusters=24)
    alone = np.array([c == "c003" for c in cohort.cluster or ()], dtype=float)
    y = cohort.outcomes["offending"] - 4 * alone
    found = fit(replace(cohort, assigned=alone, outcomes={"offending": y}))
    assert found.p == pytest.approx(1 / 24)
    assert any("single cluster" in n for n in found.notes)
    assert found.high is not None
    assert found.high < 0


def test_one_cluster_in_an_arm_has_no_cluster_robust_error(make_cohort: MakeCohort) -> None:
    cohort = make_cohort("clusters", clusters=24)
    alone = np.array([c == "c003" for c in cohort.cluster or ()], dtype=float)
    with pytest.raises(MethodError, match="an arm has one cluster"):
        fit(replace(cohort, assigned=alone), inference="cr2")
    found = fit(replace(cohort, assigned=alone), inference="cluster_t")
    assert (found.low, found.p) == (None, None)
    assert any("no standard error" in n for n in found.notes)


def test_clusters_that_vanish_are_said(make_cohort: MakeCohort) -> None:
    cohort = make_cohort("clusters", clusters=24)
    gone = np.array([c == "c003" for c in cohort.cluster or ()])
    found = fit(replace(cohort, outcomes={"offending": np.where(gone, np.nan, cohort.outcomes["offending"])}))
    assert any("1 cluster(s) that were allocated" in n for n in found.notes)


def test_cluster_interval_holds_the_effects_not_rejected(make_cohort: MakeCohort) -> None:
    cohort = make_cohort("clusters", -0.6, clusters=12)
    found = fit(cohort)
    assert "all 924 allocations" in found.inference
    assert found.low is not None
    assert found.high is not None
    assert found.low < -0.6 < found.high
    for effect, kept in ((found.low + 0.02, True), (found.low - 0.02, False)):
        y = cohort.outcomes["offending"] - effect * (cohort.assigned if cohort.assigned is not None else 0)
        p = fit(replace(cohort, outcomes={"offending": y})).p
        assert p is not None
        assert (p > 0.05) is kept


@pytest.mark.parametrize("outcome", ["score", "count"])
def test_stepped_wedge_equals_r(outcome: str, r: dict[str, float]) -> None:
    cohort = read("wedge")[1]
    found = fit(cohort, outcome, inference="cr2")
    name = f"sw_{outcome}"
    assert found.value == pytest.approx(r[f"{name}_value"], abs=1e-7)
    assert found.se == pytest.approx(r[f"{name}_se"], rel=1e-5 if outcome == "score" else 0.02)
    assert float(found.inference.split("t with ")[1].split(" ")[0]) == pytest.approx(r[f"{name}_df"], abs=0.3)
    mixed = "sw_lmer" if outcome == "score" else "sw_glmer"
    assert found.value == pytest.approx(r[f"{mixed}_value"], abs=r[f"{mixed}_se"])
    exchanged = fit(cohort, outcome, draws=1999)
    assert exchanged.value == pytest.approx(found.value)
    assert exchanged.low is not None
    assert exchanged.high is not None
    assert exchanged.low < found.value < exchanged.high
    assert "exchange their sequences" in exchanged.inference


@pytest.mark.parametrize("effect", [0, -1])
def test_exchange_of_sequences_equals_a_plain_loop_in_r(effect: float, r: dict[str, float]) -> None:
    data, cohort = read("wedge")
    start = data[data["treated"] == 1].groupby("cluster")["period"].min()
    four = [int(start.index[start == s][0]) for s in (2, 3, 4, 5)]
    keep = data["cluster"].isin(four).to_numpy()
    small = cohort.subset(keep)
    y = small.outcomes["score"] - effect * (small.assigned if small.assigned is not None else 0)
    found = fit(replace(small, outcomes={"score": y}), "score")
    assert "all 24" in found.inference
    assert found.p == pytest.approx(r[f"ri_wedge_{effect}"])


def test_a_cell_in_both_arms_and_crossing_back_are_refused() -> None:
    cohort = read("wedge")[1]
    assert cohort.assigned is not None
    mixed = cohort.assigned.copy()
    mixed[0] = 1 - mixed[0]
    with pytest.raises(MethodError, match="in one period are in both arms"):
        fit(replace(cohort, assigned=mixed), "score")
    with pytest.raises(MethodError, match="goes back"):
        fit(replace(cohort, assigned=1 - cohort.assigned), "score")
    at_once = np.array([float(p >= "3") for p in cohort.period or ()])
    with pytest.raises(MethodError, match="at the same time"):
        fit(replace(cohort, assigned=at_once), "score")
    with pytest.raises(MethodError, match="rows of one cluster are in both arms"):
        fit(replace(cohort, period=None), "score")
    with pytest.raises(MethodError, match="cohort: cluster"):
        fit(replace(cohort, cluster=None, period=None), "score")
    with pytest.raises(MethodError, match="fitted to rows"):
        fit(cohort, "score", summary="clusters")


def test_an_arm_without_events_is_refused_for_a_ratio_and_answered_for_a_difference(make_cohort: MakeCohort) -> None:
    cohort = make_cohort("clusters", kind="binary", clusters=12)
    y = np.where(cohort.assigned == 1, 0.0, cohort.outcomes["offending"])
    none = replace(cohort, outcomes={"offending": y})
    with pytest.raises(MethodError, match="effect: difference"):
        fit(none)
    found = fit(none, effect="difference")
    assert found.scale == "risk_difference"
    assert found.value < 0
    assert found.p == pytest.approx(2 / 924)


def test_covariates_sharpen_a_re_allocated_comparison(make_cohort: MakeCohort) -> None:
    for kind in ("continuous", "count"):
        cohort = make_cohort("clusters", -0.5, 2, kind=kind, clusters=16, n=800)
        plain, adjusted = fit(cohort), fit(cohort, covariates=["age", "prior"])
        assert plain.se is not None
        assert adjusted.se is not None
        assert adjusted.low is not None
        assert adjusted.high is not None
        assert adjusted.low < adjusted.value < adjusted.high
        assert adjusted.se < 1.1 * plain.se


def test_design_effect_follows_the_likeness_of_rows(make_cohort: MakeCohort) -> None:
    found = fit(make_cohort("clusters", n=2000))
    assert found.counts["icc"] == pytest.approx(0.09 / (0.09 + 1 + 0.16 + 0.04), abs=0.06)
    assert found.counts["design_effect"] == pytest.approx(1 + 49 * found.counts["icc"])
    assert found.counts["effective_rows"] == pytest.approx(2000 / found.counts["design_effect"])


@pytest.mark.parametrize("outcome", ["score", "binary", "count"])
def test_two_stages_on_cluster_summaries_agree_with_the_model_of_rows(outcome: str) -> None:
    cohort = read("clusters")[1]
    staged = fit(cohort, outcome, covariates=["age"], inference="cluster_t")
    model = fit(cohort, outcome, covariates=["age"], inference="cr2")
    assert staged.se is not None
    assert model.se is not None
    assert staged.value == pytest.approx(model.value, abs=0.25 * model.se)
    assert staged.se == pytest.approx(model.se, rel=0.15)


@pytest.mark.parametrize("kind", ["continuous", "count"])
def test_naming_the_arms_the_other_way_turns_the_sign_round(kind: str, make_cohort: MakeCohort) -> None:
    cohort = make_cohort("clusters", -0.5, 4, kind=kind, clusters=10)
    assert cohort.assigned is not None
    found, turned = fit(cohort), fit(replace(cohort, assigned=1 - cohort.assigned))
    assert found.low is not None
    assert found.high is not None
    assert turned.value == pytest.approx(-found.value)
    assert turned.p == pytest.approx(found.p)
    assert turned.low == pytest.approx(-found.high, abs=1e-3)
    assert turned.high == pytest.approx(-found.low, abs=1e-3)


def test_units_of_measure_and_of_follow_up_do_not_matter(make_cohort: MakeCohort) -> None:
    cohort = make_cohort("clusters", -0.5, 4, clusters=10)
    stretched = replace(cohort, outcomes={"offending": 1000 * cohort.outcomes["offending"]})
    found, large = fit(cohort), fit(stretched)
    assert found.low is not None
    assert large.low == pytest.approx(1000 * found.low, rel=1e-6)
    counts = make_cohort("clusters", -0.5, 4, kind="count", clusters=10)
    years, days = (fit(replace(counts, exposure=np.full(600, time))) for time in (2.0, 730.0))
    assert (days.value, days.low) == (pytest.approx(years.value), pytest.approx(years.low, abs=1e-6))
