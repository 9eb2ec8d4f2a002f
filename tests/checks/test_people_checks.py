"""Checks on cohorts: each says what it should of data made to deserve it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vru.checks import CHECKS, Case
from vru.checks.balance import LARGE
from vru.checks.cohort_rows import arm_of, cohort_rows
from vru.checks.dowhy_model import row_model
from vru.checks.hidden_confounding import linear
from vru.checks.overlap import overlap
from vru.checks.person_table import person_table
from vru.checks.reshuffled import shuffled, thinned
from vru.cohort import Cohort
from vru.errors import MethodError
from vru.graph import Identification
from vru.methods import METHODS
from vru.protocol.fields import Protocol
from vru.rating import overclaims
from vru.results import Balance, Estimate, Finding, Rating
from vru.stats.sensitivity import e_value, robustness_value

METHOD = METHODS["adjusted_comparison"]
AT_CUTOFF = {"density_at_cutoff", "continuity_at_cutoff", "placebo_cutoffs"}  # tested where there is a cutoff
ELSEWHERE = {"linkage", "constant_ratio"}  # tested where people are linked and times are followed up
NAMES = sorted(name for name, check in CHECKS.items() if "people" in check.takes and name not in AT_CUTOFF | ELSEWHERE)
SOME = {"dowhy_placebo_treatment": 20, "dowhy_random_common_cause": 20, "dowhy_data_subset": 20}
SOME |= {"dowhy_unobserved_common_cause": 5, "placebo_treatment": 20, "row_subset": 20}


def made(
    effect: float = -0.8, pull: float = 0.7, n: int = 400, kind: str = "continuous", clusters: int = 0, seed: int = 3
) -> Cohort:
    rng = np.random.default_rng(seed)
    age, need = rng.normal(size=n), rng.normal(size=n)
    sex = rng.choice(["female", "male"], n)
    d = (rng.random(n) < 1 / (1 + np.exp(-pull * (age + need)))).astype(float)
    group = np.arange(n) % max(clusters, 1)
    line = 0.6 * age + 0.3 * need + effect * d + 0.1 * (sex == "male")
    y = line + rng.normal(size=n)
    if kind == "binary":
        y = (rng.random(n) < 1 / (1 + np.exp(-line))).astype(float)
    if kind == "count":
        y = rng.poisson(np.exp(line)).astype(float)
    return Cohort(
        ids=tuple(f"p{i}" for i in range(n)),
        outcomes={"offending": y},
        kinds={"offending": kind},  # type: ignore[dict-item]
        received=d,
        covariates=pd.DataFrame({"age": age, "need": need, "sex": sex}),
        cluster=tuple(f"c{g}" for g in group) if clusters else None,
    )


def case_of(cohort: Cohort, refit: Callable[[Any], Estimate] | None = None, **options: object) -> Case:
    def fit(data: Any) -> Estimate:
        opts = METHOD.options.model_validate({"splits": 1, **options})
        found = METHOD.fit(data, "offending", opts, np.random.default_rng(1))
        return replace(found, analysis="main", role="primary")

    known = Identification(
        treatment="mentoring",
        outcome="offending",
        edges=(("age", "mentoring"), ("age", "offending"), ("mentoring", "offending")),
        unobserved=(),
        adjustment=("age", "need", "sex"),
        backdoor_sets=(("age", "need", "sex"),),
        estimand="",
        words="",
    )
    protocol: Any = Protocol.model_construct()
    return Case(protocol, cohort, fit(cohort), known, refit or fit)


def run(name: str, case: Case, seed: int = 5) -> Finding:
    check = CHECKS[name]
    options = check.options(simulations=SOME[name]) if name in SOME else check.options()
    return check.run(case, options, np.random.default_rng(seed))


@pytest.fixture(scope="module")
def good() -> Case:
    return case_of(made())


@pytest.mark.parametrize("name", NAMES)
def test_runs_on_a_good_case_in_plain_words_and_leaves_it_alone(name: str, good: Case) -> None:
    before, state = good.cohort.covariates.copy(), np.random.get_state()[1].copy()
    found = run(name, good)
    assert found == run(name, good)
    assert found.verdict == "pass", found.text
    assert found.check == name
    assert found.threshold
    assert found.numbers
    assert found.text[0].isupper()
    assert found.text.endswith(".")
    assert not {"nan", "inf", "None"} & set(found.text.replace("(", " ").replace("%", " ").split())
    assert "areas" not in found.text
    assert "offences" not in found.text
    assert (
        overclaims(found.text, Rating("Maryland Scientific Methods Scale", "", 3, "", (), "is associated with")) == []
    )
    pd.testing.assert_frame_equal(before, good.cohort.covariates)
    np.testing.assert_array_equal(np.random.get_state()[1], state)


@pytest.mark.parametrize("name", NAMES)
def test_says_why_it_did_not_run(name: str, good: Case) -> None:
    gone = replace(good.cohort, outcomes={"offending": np.full(400, np.nan)})
    few = good.cohort.take(
        np.r_[np.flatnonzero(good.cohort.received == 1)[:1], np.flatnonzero(good.cohort.received == 0)]
    )

    def refuse(data: Any) -> Estimate:
        raise MethodError("this needs 5 of each")

    for data in (gone, few):
        found = run(name, replace(good, data=data, refit=refuse, estimate=replace(good.estimate, balance=())))
        if name == "hidden_confounding" and data is few:
            continue
        assert found.verdict == "not_run"
        assert found.text.startswith("Not run: ")


@pytest.mark.parametrize("kind", ["binary", "count"])
def test_ratios_get_an_e_value(kind: str) -> None:
    case = case_of(made(kind=kind, n=600))
    found = run("hidden_confounding", case)
    assert case.estimate.ratio is not None
    assert found.numbers["e_value"] == pytest.approx(e_value(case.estimate.ratio.value))
    assert "E-value" in found.text


def test_robustness_and_benchmark_are_those_of_the_regression(good: Case) -> None:
    import statsmodels.api as sm

    rows = cohort_rows(good)
    fit = sm.OLS(rows.y, sm.add_constant(np.column_stack([rows.treated, rows.x]))).fit()
    found = linear(rows, rows.y)
    assert (found.value, found.se) == pytest.approx((fit.params[1], fit.bse[1]))
    said = run("hidden_confounding", good)
    assert said.numbers["robustness_value"] == pytest.approx(robustness_value(fit.tvalues[1], int(fit.df_resid)))
    assert said.numbers["benchmark"] == "age"
    left = good.refit(replace(good.cohort, covariates=good.cohort.covariates[["need", "sex"]]))
    assert said.numbers["effect_without_benchmark"] == pytest.approx(left.value, abs=0.02)


def test_an_effect_that_a_second_age_would_undo_fails() -> None:
    case = case_of(made(effect=-0.35, pull=1.6, n=800))
    rows = cohort_rows(case)
    fitted = linear(rows, rows.y)
    # Half of the effect is confounding by age alone: adjust, and a second cause like it takes the rest.
    assert fitted.value < 0
    found = run("hidden_confounding", case)
    assert found.verdict in {"fail", "concern"}
    assert (found.numbers["share_of_effect_taken"] or 0) > 0.5  # type: ignore[operator]


def test_no_overlap_fails_and_some_is_a_concern() -> None:
    assert run("overlap", case_of(made(pull=0.3))).verdict == "pass"
    assert run("overlap", case_of(made(pull=2.2, n=800))).verdict in {"concern", "fail"}
    p, d = np.array([0.2, 0.3, 0.4, 0.95]), np.array([False, False, True, True])
    found = overlap(p, d)
    assert (found.outside, found.extreme) == (1.0, 0.5)
    odds = np.array([0.25, 3 / 7])
    assert found.worth == pytest.approx(odds.sum() ** 2 / (odds**2).sum())


def test_balance_reads_the_estimates_own(good: Case) -> None:
    unlike = replace(good.estimate, balance=(Balance("age", 0.8, 0.02), Balance("need", 0.5, -0.15)))
    found = run("balance", replace(good, estimate=unlike))
    assert found.verdict == "concern"
    assert found.numbers["worst_covariate"] == "need"
    worse = replace(good.estimate, balance=(Balance("age", 0.8, LARGE + 0.01),))
    assert run("balance", replace(good, estimate=worse)).verdict == "fail"
    none = replace(good.estimate, balance=(Balance("age", 0.8),))
    assert run("balance", replace(good, estimate=none)).verdict == "not_run"


def test_an_analysis_that_cries_wolf_or_jumps_is_found(good: Case) -> None:
    rng = np.random.default_rng(0)

    def biased(data: Any) -> Estimate:
        return replace(good.estimate, value=-0.5 + 0.01 * rng.normal(), p=0.001)

    assert run("placebo_treatment", replace(good, refit=biased)).verdict == "fail"

    def jumpy(data: Any) -> Estimate:
        return replace(good.estimate, value=good.estimate.value + 3 * (good.estimate.se or 1) * rng.normal())

    assert run("row_subset", replace(good, refit=jumpy)).verdict == "fail"


def test_shuffles_and_subsets_follow_clusters_and_strata(good: Case) -> None:
    rng = np.random.default_rng(1)
    cohort = good.cohort
    stratum = tuple("ab"[i % 2] for i in range(400))
    dealt = shuffled(replace(good, data=replace(cohort, stratum=stratum)), rng).received
    assert dealt is not None
    assert cohort.received is not None
    assert (dealt != cohort.received).any()
    for s in (0, 1):
        assert dealt[s::2].sum() == cohort.received[s::2].sum()
    group = np.arange(400) % 20
    whole = replace(cohort, received=(group < 8).astype(float), cluster=tuple(f"c{g:02d}" for g in group))
    moved = shuffled(replace(good, data=whole), rng).received
    assert moved is not None
    assert {float(moved[group == g].mean()) for g in range(20)} == {0.0, 1.0}
    assert moved.sum() == 8 * 20
    mixed = replace(cohort, cluster=tuple(f"c{g:02d}" for g in group))
    inside = shuffled(replace(good, data=mixed), rng).received
    assert inside is not None
    assert [inside[group == g].sum() for g in range(20)] == [cohort.received[group == g].sum() for g in range(20)]
    kept = thinned(replace(good, data=mixed), 0.8, rng)
    assert len(set(kept.cluster or ())) == 16
    assert len(kept) == 16 * 20


def test_dowhy_leaves_clusters_to_our_own_refits() -> None:
    case = case_of(made(clusters=20))
    for name, instead in (("dowhy_placebo_treatment", "placebo_treatment"), ("dowhy_data_subset", "row_subset")):
        found = run(name, case)
        assert found.verdict == "not_run"
        assert instead in found.text
        assert run(instead, case).verdict != "not_run"


def test_dowhys_rows_are_people_and_its_estimate_the_regression(good: Case) -> None:
    table = person_table(good)
    assert table.noun == "people"
    assert table.adjustment == ("age", "need", "sex male") or table.adjustment == ("age", "need", "sex female")
    assert row_model(table).effect == pytest.approx(linear(cohort_rows(good), cohort_rows(good).y).value)
    assert good.identification is not None
    wealth = replace(good, identification=replace(good.identification, adjustment=("age", "wealth")))
    with pytest.raises(MethodError, match="no such column"):
        person_table(wealth)


def test_the_arm_is_the_one_the_estimate_counts(good: Case) -> None:
    assigned = 1 - (good.cohort.received if good.cohort.received is not None else np.zeros(400))
    assigned[:3] = 1 - assigned[:3]
    both = replace(good, data=replace(good.cohort, assigned=assigned))
    assert arm_of(both) == "received"
    other = replace(both.estimate, n_treated=int(assigned.sum()), n_comparison=int((1 - assigned).sum()))
    assert arm_of(replace(both, estimate=other)) == "assigned"
