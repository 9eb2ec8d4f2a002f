"""Trials of persons: R, published numbers, arms without events, few rows, strata, and what is said about it."""

import csv
import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vru.cohort import Cohort, Kind
from vru.errors import MethodError
from vru.methods.parallel_trial import METHOD
from vru.results import Estimate

GOLDEN = Path(__file__).parents[2] / "golden" / "trials"
MakeCohort = Callable[..., Cohort]


def fit(cohort: Cohort, outcome: str = "y", seed: int = 1, **options: object) -> Estimate:
    return METHOD.fit(cohort, outcome, METHOD.options.model_validate(options), np.random.default_rng(seed))


def cohort_of(
    y: np.ndarray,
    treated: np.ndarray,
    kind: Kind,
    stratum: np.ndarray | None = None,
    exposure: np.ndarray | None = None,
) -> Cohort:
    return Cohort(
        ids=tuple(f"p{i}" for i in range(len(y))),
        outcomes={"y": np.asarray(y, dtype=float)},
        kinds={"y": kind},
        assigned=np.asarray(treated, dtype=float),
        stratum=None if stratum is None else tuple(f"s{s}" for s in stratum),
        exposure=exposure,
    )


def table(y1: int, n1: int, y0: int, n0: int) -> Cohort:
    y = np.concatenate([np.arange(n1) < y1, np.arange(n0) < y0])
    return cohort_of(y, np.arange(n1 + n0) < n1, "binary")


@pytest.fixture(scope="module")
def r() -> dict[str, float]:
    with (GOLDEN / "values.csv").open() as f:
        return {row["name"]: float(row["value"]) for row in csv.DictReader(f)}


@pytest.fixture(scope="module")
def persons() -> Cohort:
    data = pd.read_csv(GOLDEN / "persons.csv")
    return Cohort(
        ids=tuple(map(str, data["id"])),
        outcomes={k: data[k].to_numpy(float) for k in ("binary", "count", "score")},
        kinds={"binary": "binary", "count": "count", "score": "continuous"},
        assigned=data["treated"].to_numpy(float),
        covariates=data[["age", "prior"]],
        stratum=tuple(map(str, data["stratum"])),
        exposure=data["exposure"].to_numpy(float),
    )


@pytest.fixture(scope="module")
def unstratified(persons: Cohort) -> Cohort:
    return replace(persons, stratum=None)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("plain", {}),
        ("additive", {"covariates": ["age", "prior"], "adjustment": "additive"}),
        ("lin", {"covariates": ["age", "prior"], "adjustment": "interacted"}),
    ],
)
def test_means_equal_r_lm_with_hc2_hc3_and_satterthwaite(
    name: str, options: dict[str, object], unstratified: Cohort, r: dict[str, float]
) -> None:
    found = fit(unstratified, "score", **options)
    assert found.value == pytest.approx(r[f"{name}_value"], rel=1e-9)
    assert found.se == pytest.approx(r[f"{name}_HC2"], rel=1e-9)
    assert f"t with {r[f'{name}_df']:.1f} degrees" in found.inference
    assert fit(unstratified, "score", variance="hc3", **options).se == pytest.approx(r[f"{name}_HC3"], rel=1e-9)


def test_means_within_strata_equal_r(persons: Cohort, r: dict[str, float]) -> None:
    found = fit(persons, "score")
    assert found.value == pytest.approx(r["strata_value"], rel=1e-9)
    assert found.se == pytest.approx(r["strata_HC2"], rel=1e-9)
    gaps = [
        persons.outcomes["score"][(np.array(persons.stratum) == s) & (persons.assigned == 1)].mean()
        - persons.outcomes["score"][(np.array(persons.stratum) == s) & (persons.assigned == 0)].mean()
        for s in "1234"
    ]
    assert found.value == pytest.approx(np.mean(gaps), rel=1e-9)


def test_rates_equal_r_glm_with_sandwich(persons: Cohort, unstratified: Cohort, r: dict[str, float]) -> None:
    found = fit(unstratified, "count")
    assert found.value == pytest.approx(r["rate_value"], abs=1e-9)
    assert found.se == pytest.approx(r["rate_HC2"], rel=1e-7)
    assert f"{r['rate_df']:.1f} degrees" in found.inference
    adjusted = fit(persons, "count", covariates=["age", "prior"])
    assert adjusted.value == pytest.approx(r["rate_adjusted_value"], abs=1e-8)
    assert adjusted.se == pytest.approx(r["rate_adjusted_HC2"], rel=1e-6)
    assert fit(persons, "count", covariates=["age", "prior"], variance="hc3").se == pytest.approx(
        r["rate_adjusted_HC3"], rel=1e-6
    )


def test_difference_in_rates_is_events_among_the_treated(unstratified: Cohort, r: dict[str, float]) -> None:
    found = fit(unstratified, "count", effect="difference")
    assert unstratified.exposure is not None
    assert unstratified.assigned is not None
    time = unstratified.exposure[unstratified.assigned == 1].sum()
    assert found.scale == "count_difference"
    assert found.value == pytest.approx(r["rate_difference_value"] * time, rel=1e-9)
    assert found.se == pytest.approx(r["rate_difference_HC2"] * time, rel=1e-9)
    assert found.events_prevented is not None
    assert found.events_prevented.value == pytest.approx(-found.value)


@pytest.mark.parametrize("name", ["risk", "risk_strata"])
def test_standardised_risks_equal_r(name: str, persons: Cohort, unstratified: Cohort, r: dict[str, float]) -> None:
    cohort = persons if name == "risk_strata" else unstratified
    found = fit(cohort, "binary", covariates=["age", "prior"])
    assert found.value == pytest.approx(r[f"{name}_log_ratio"], abs=1e-9)
    assert found.se == pytest.approx(r[f"{name}_log_ratio_se"], rel=1e-7)
    difference = fit(cohort, "binary", covariates=["age", "prior"], effect="difference")
    assert difference.value == pytest.approx(r[f"{name}_difference"], abs=1e-9)
    assert difference.se == pytest.approx(r[f"{name}_difference_se"], rel=1e-7)
    # Predictions alone with the delta method: the same value where arms are shared out evenly, an error within 6%.
    assert found.se == pytest.approx(r[f"{name}_delta_se"], rel=0.06)
    if name == "risk":
        assert found.value == pytest.approx(r["risk_delta_log_ratio"], abs=1e-9)


@pytest.mark.parametrize(("k", "counts"), [("a", (56, 70, 48, 80)), ("b", (3, 40, 9, 42)), ("c", (0, 25, 6, 27))])
def test_score_intervals_equal_r(k: str, counts: tuple[int, int, int, int], r: dict[str, float]) -> None:
    gap, ratio = fit(table(*counts), effect="difference"), fit(table(*counts))
    assert gap.low == pytest.approx(r[f"mn_{k}_low"], abs=1e-6)
    assert gap.high == pytest.approx(r[f"mn_{k}_high"], abs=1e-6)
    assert ratio.high == pytest.approx(r[f"mn_{k}_ratio_high"], abs=1e-6)
    assert ratio.low == (pytest.approx(r[f"mn_{k}_ratio_low"], abs=1e-6) if counts[0] else None)


def test_newcombe_1998_prints_this_interval_for_56_of_70_against_48_of_80() -> None:
    found = fit(table(56, 70, 48, 80), effect="difference")
    assert (found.low, found.high) == (pytest.approx(0.0528, abs=5e-5), pytest.approx(0.3382, abs=5e-5))


@pytest.mark.realdata
def test_dehejia_wahba_1999_and_lalonde_print_these_differences(data_dir: Path) -> None:
    data = pd.read_csv(data_dir / "reference" / "causaldata_nsw_mixtape.csv")
    names = ["age", "educ", "black", "hisp", "marr", "nodegree", "re74", "re75"]
    cohort = Cohort(
        ids=tuple(map(str, range(len(data)))),
        outcomes={"re78": data["re78"].to_numpy(float)},
        kinds={"re78": "continuous"},
        assigned=data["treat"].to_numpy(float),
        covariates=data[names],
    )
    plain = fit(cohort, "re78")
    assert round(plain.value, 2) == 1794.34
    adjusted = fit(cohort, "re78", covariates=names, adjustment="additive")
    assert round(adjusted.value, 2) == 1676.34
    assert plain.p is not None
    assert 0.001 < plain.p < 0.02
    assert {b.covariate for b in plain.balance} == set(names)


def test_fisher_1935_tea_tasting_is_the_exact_reallocation() -> None:
    """Eight cups, four of each kind, three told right: the one-sided 17/70 of the Design of Experiments, doubled."""
    cups = cohort_of(np.array([1, 1, 1, 0, 1, 0, 0, 0]), np.arange(8) < 4, "binary")
    found = fit(cups)
    assert "all 70 allocations" in found.inference
    assert found.p == pytest.approx(34 / 70)


def test_no_events_in_one_arm_has_a_stated_answer() -> None:
    found = fit(table(0, 40, 8, 40))
    assert found.low is None
    assert found.high is not None
    assert found.high < 0
    assert found.se is None
    assert found.p is not None
    assert found.p < 0.01
    assert any("0.5 added" in n for n in found.notes)
    assert found.components["risk_difference"].value == pytest.approx(-0.2)
    assert found.events_prevented is not None
    assert found.events_prevented.value == pytest.approx(8)
    mirrored = fit(table(8, 40, 0, 40))
    assert mirrored.high is None
    assert mirrored.low == pytest.approx(-found.high)


def test_few_events_are_said_to_make_it_wide(unstratified: Cohort) -> None:
    assert any("Only 8 events in both arms" in n for n in fit(table(0, 40, 8, 40)).notes)
    assert not any("events in both arms" in n for n in fit(unstratified, "binary").notes)


def test_no_events_at_all_refuses_a_ratio_and_gives_a_difference() -> None:
    with pytest.raises(MethodError, match="effect: difference"):
        fit(table(0, 30, 0, 30))
    found = fit(table(0, 30, 0, 30), effect="difference")
    assert (found.value, found.p) == (0.0, 1.0)
    assert found.low is not None
    assert found.low < 0


def test_no_counts_in_one_arm_has_a_p_value_and_no_interval(make_cohort: MakeCohort) -> None:
    rng = np.random.default_rng(4)
    treated = np.arange(40) < 20
    found = fit(cohort_of(np.where(treated, 0, rng.poisson(1.5, 40)), treated, "count"))
    assert (found.low, found.high, found.se) == (None, None, None)
    assert found.p is not None
    assert found.p < 0.01
    assert any("could be ruled out" in n for n in found.notes)
    with pytest.raises(MethodError, match="no rate ratio"):
        fit(cohort_of(np.zeros(40), treated, "count"))


def test_everybody_in_an_arm_is_not_a_certainty() -> None:
    cohort = table(30, 30, 20, 30)
    covariates = pd.DataFrame({"age": np.random.default_rng(0).normal(0, 1, 60)})
    found = fit(replace(cohort, covariates=covariates), covariates=["age"])
    plain = fit(cohort)
    assert (found.value, found.low, found.high) == (plain.value, plain.low, plain.high)
    assert any("leave out covariates" in n for n in found.notes)


def test_a_single_row_of_an_arm_in_a_stratum_has_no_slope_of_its_own(make_cohort: MakeCohort) -> None:
    pair = np.repeat(np.arange(30), 2)
    y = np.random.default_rng(0).normal(0, 1, 60)
    with pytest.raises(MethodError, match="adjustment: additive"):
        fit(cohort_of(y, np.arange(60) % 2 == 0, "continuous", pair), adjustment="interacted")


def test_few_rows_are_reallocated_by_the_plain_loop() -> None:
    rng = np.random.default_rng(7)
    treated = np.array([1, 0, 1, 0, 1, 0, 1, 0]) == 1
    y = rng.normal(0, 1, 8) + 1.5 * treated

    def statistic(z: tuple[int, ...]) -> float:
        a, b = y[list(z)], np.delete(y, list(z))
        return abs(a.mean() - b.mean()) / math.sqrt(a.var(ddof=1) / 4 + b.var(ddof=1) / 4)

    every = [statistic(z) for z in itertools.combinations(range(8), 4)]
    observed = statistic(tuple(np.flatnonzero(treated)))
    found = fit(cohort_of(y, treated, "continuous"))
    assert found.p == pytest.approx(np.mean(np.array(every) >= observed - 1e-9))
    assert found.low is not None
    assert found.high is not None
    shifted = fit(cohort_of(y - found.low * treated, treated, "continuous"))
    assert shifted.p is not None
    assert shifted.p > 0.05
    beyond = fit(cohort_of(y - (found.low - 0.05) * treated, treated, "continuous"))
    assert beyond.p is not None
    assert beyond.p <= 0.05


def test_three_against_three_have_no_interval_at_95() -> None:
    found = fit(cohort_of(np.array([1.0, 2, 3, 7, 8, 9.5]), np.arange(6) < 3, "continuous"))
    assert found.p == pytest.approx(0.1)
    assert (found.low, found.high, found.se) == (None, None, None)
    assert any("smallest p-value that re-allocation can give here is 0.1" in n for n in found.notes)


def test_matched_pairs_are_the_paired_t_test() -> None:
    rng = np.random.default_rng(3)
    pair = np.repeat(np.arange(30), 2)
    treated = np.arange(60) % 2 == 0
    y = np.repeat(rng.normal(0, 2, 30), 2) + rng.normal(0, 1, 60) - 0.8 * treated
    found = fit(cohort_of(y, treated, "continuous", pair), inference="robust")
    gap = y[treated] - y[~treated]
    assert found.value == pytest.approx(gap.mean())
    assert found.se == pytest.approx(gap.std(ddof=1) / math.sqrt(30))
    assert "t with 29.0 degrees" in found.inference


def test_a_ratio_is_re_allocated_by_dividing_counts() -> None:
    rng = np.random.default_rng(12)
    treated = rng.permutation(24) < 12
    exposure = rng.uniform(0.5, 2, 24)
    y = rng.poisson(6 * exposure * np.where(treated, 0.5, 1.0)).astype(float)
    found = fit(cohort_of(y, treated, "count", exposure=exposure))
    rate = [y[a].sum() / exposure[a].sum() for a in (treated, ~treated)]
    assert found.value == pytest.approx(math.log(rate[0] / rate[1]))
    assert found.low is not None
    assert found.high is not None
    assert found.low < math.log(0.5) < found.high
    assert "re-allocation" in found.inference


def test_counts_in_few_rows_fall_back_on_the_robust_interval() -> None:
    y = np.zeros(30)
    y[[0, 1, 15, 16, 17]] = [2, 1, 4, 3, 5]
    cohort = cohort_of(y, np.arange(30) < 15, "count")
    found, robust = fit(cohort), fit(cohort, inference="robust")
    assert (found.value, found.low, found.high, found.se) == (robust.value, robust.low, robust.high, robust.se)
    assert found.p != robust.p
    assert "p-value by re-allocation" in found.inference
    assert any("does not limit the ratio" in n for n in found.notes)


def test_hedges_g_is_the_textbook_number(unstratified: Cohort) -> None:
    found = fit(unstratified, "score")
    y, t = unstratified.outcomes["score"], unstratified.assigned == 1
    pooled = math.sqrt(((t.sum() - 1) * y[t].var(ddof=1) + ((~t).sum() - 1) * y[~t].var(ddof=1)) / (len(y) - 2))
    approx = (1 - 3 / (4 * (len(y) - 2) - 1)) * found.value / pooled
    assert found.components["hedges_g"].value == pytest.approx(approx, rel=1e-4)


def test_attrition_is_counted_and_tested(make_cohort: MakeCohort) -> None:
    cohort = make_cohort("lot")
    y = cohort.outcomes["offending"].copy()
    y[np.flatnonzero(cohort.assigned == 1)[:60]] = np.nan
    found = fit(replace(cohort, outcomes={"offending": y}), "offending")
    assert (found.counts["lost_treated"], found.counts["lost_comparison"]) == (60, 0)
    assert found.counts["attrition_p"] < 1e-6
    assert any("share lost differs" in n for n in found.notes)


def test_strata_with_one_arm_are_left_out_and_said() -> None:
    rng = np.random.default_rng(1)
    stratum = np.arange(90) // 30
    treated = np.where(stratum == 2, True, np.arange(90) % 2 == 0)
    found = fit(cohort_of(rng.normal(0, 1, 90), treated, "continuous", stratum))
    assert found.n_treated == 30
    assert any("30 people in strata" in n for n in found.notes)
    with pytest.raises(MethodError, match="no stratum has"):
        fit(cohort_of(rng.normal(0, 1, 90), stratum > 0, "continuous", stratum))


def test_whole_clusters_in_one_arm_are_sent_to_the_cluster_trial(make_cohort: MakeCohort) -> None:
    with pytest.raises(MethodError, match="use cluster_trial"):
        fit(make_cohort("clusters"), "offending")


def test_covariates_are_used_only_when_listed(make_cohort: MakeCohort) -> None:
    cohort = make_cohort("lot", -0.6)
    plain, adjusted = fit(cohort, "offending"), fit(cohort, "offending", covariates=["age", "prior", "sex"])
    assert plain.se is not None
    assert adjusted.se is not None
    assert adjusted.se < plain.se
    assert any("No covariate was listed" in n for n in plain.notes)
    with pytest.raises(MethodError, match="allowed: age, prior, sex"):
        fit(cohort, "offending", covariates=["shoe size"])
    twice = replace(cohort, covariates=cohort.covariates.assign(again=cohort.covariates["age"] * 2))
    with pytest.raises(MethodError, match="repeat each other"):
        fit(twice, "offending", covariates=["age", "again"])


def test_one_row_in_an_arm_is_compared_by_re_allocation_alone() -> None:
    y = np.append(-5.0, np.linspace(-1, 1, 24))
    cohort = cohort_of(y, np.arange(25) == 0, "continuous")
    with pytest.raises(MethodError, match="an arm has one row"):
        fit(cohort, inference="robust")
    found = fit(cohort)
    assert found.p == pytest.approx(1 / 25)
    assert found.low is not None


def test_follow_up_is_said_to_bear_on_counts_only(unstratified: Cohort) -> None:
    assert any("Follow-up time is not used" in n for n in fit(unstratified, "binary").notes)
    assert not any("Follow-up time is not used" in n for n in fit(unstratified, "count").notes)
