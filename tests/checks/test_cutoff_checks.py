"""Checks at a threshold: silent where nothing is wrong, loud where scores are steered, covariates jump or the line bends."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vru.checks import CHECKS, Case
from vru.checks.continuity_at_cutoff import holm
from vru.cohort import Cohort
from vru.errors import MethodError
from vru.methods import METHODS
from vru.panel import Panel
from vru.protocol.fields import Protocol
from vru.results import Estimate, Finding

NAMES = ("density_at_cutoff", "continuity_at_cutoff", "placebo_cutoffs")
METHOD = METHODS["regression_discontinuity"]


def refit(data: Panel | Cohort) -> Estimate:
    found = METHOD.fit(data, "y", METHOD.options(cutoff=50.0, covariates=("age",)), np.random.default_rng(0))
    return replace(found, analysis="main", role="primary")


def cohort(seed: int = 0, steered: bool = False, older: bool = False, steps: bool = False) -> Cohort:
    rng = np.random.default_rng(seed)
    n = 900
    score = rng.normal(48, 12, n)
    score = np.round(score) if steps else score
    if steered:
        move = (score >= 46) & (score < 50) & (rng.random(n) < 0.7)
        score = np.where(move, 100 - score - (1 if steps else 0), score)
    age = rng.normal(16, 2, n) + (3 if older else 0) * (score >= 50)
    return Cohort(
        ids=tuple(map(str, range(n))),
        outcomes={"y": 0.02 * score - 0.5 * (score >= 50) + rng.normal(0, 0.5, n)},
        kinds={"y": "continuous"},
        received=(score >= 50).astype(float),
        covariates=pd.DataFrame({"age": age, "sex": rng.choice(["f", "m"], n)}),
        running=score,
    )


def case(data: Cohort, again: Callable[[Any], Estimate] = refit) -> Case:
    protocol: Any = Protocol.model_construct()
    return Case(protocol, data, refit(data), None, again)


def run(name: str, of: Case) -> Finding:
    return CHECKS[name].run(of, CHECKS[name].options(), np.random.default_rng(1))


@pytest.mark.parametrize("name", NAMES)
def test_passes_where_nothing_is_wrong_and_leaves_the_cohort_alone(name: str) -> None:
    data = cohort(1)
    before, frame = data.running.copy(), data.covariates.copy()  # type: ignore[union-attr]
    found = run(name, case(data))
    assert found.verdict == "pass", found.text
    assert found.threshold
    assert (found.check, found.analysis) == (name, "main")
    assert all(v is None or np.isfinite(v) for v in found.numbers.values() if not isinstance(v, str))
    np.testing.assert_array_equal(before, data.running)
    assert frame.equals(data.covariates)


@pytest.mark.parametrize("steps", [False, True])
def test_steered_scores_are_seen(steps: bool) -> None:
    found = run("density_at_cutoff", case(cohort(2, steered=True, steps=steps)))
    assert found.verdict == "fail", found.text
    assert found.numbers["density_ratio"] is None or float(found.numbers["density_ratio"]) > 1.5
    assert ("counts at" in found.text) == steps


def test_a_covariate_that_jumps_is_named() -> None:
    found = run("continuity_at_cutoff", case(cohort(3, older=True)))
    assert found.verdict == "fail"
    assert "(age)" in found.text


def test_a_break_elsewhere_is_found_by_made_up_cutoffs() -> None:
    data = cohort(4)
    assert data.running is not None
    broken = data.outcomes["y"] + 3.0 * np.floor((data.running - 50) / 4.0)
    found = run("placebo_cutoffs", case(replace(data, outcomes={"y": broken})))
    assert found.verdict in {"concern", "fail"}
    assert found.numbers["cutoffs"] == 6


def test_made_up_cutoffs_never_see_the_real_jump() -> None:
    seen: list[Cohort] = []

    def watch(data: Any) -> Estimate:
        seen.append(data)
        return refit(data)

    data = cohort(5)
    run("placebo_cutoffs", case(data, watch))
    of = dict(zip(data.ids, np.asarray(data.running), strict=True))
    for moved in seen:
        true = np.array([of[i] for i in moved.ids])
        assert (true >= 50).all() or (true < 50).all()
        assert moved.received is None


@pytest.mark.parametrize("name", NAMES)
def test_says_why_it_did_not_run(name: str) -> None:
    def refuse(data: Any) -> Estimate:
        raise MethodError("this method needs more rows")

    good = case(cohort(6))
    for broken in (
        replace(good, estimate=replace(good.estimate, counts={})),
        replace(good, data=replace(cohort(6), running=None)),
    ):
        assert run(name, broken).verdict == "not_run"
    if name != "density_at_cutoff":
        found = run(name, replace(good, refit=refuse))
        assert found.verdict == "not_run"
        assert "more rows" in found.text


def test_holm_by_hand() -> None:
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03}) == pytest.approx({"a": 0.03, "c": 0.06, "b": 0.06})


def test_the_score_itself_among_the_covariates_is_no_jump() -> None:
    plain = cohort(3)
    same = replace(plain, covariates=plain.covariates.assign(score=2 * np.asarray(plain.running) + 7))
    found = run("continuity_at_cutoff", case(same))
    assert found.numbers["covariates"] == run("continuity_at_cutoff", case(plain)).numbers["covariates"]
    assert "score" not in found.text
