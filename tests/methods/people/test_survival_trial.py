"""Times to an event: published trials, a known truth, what may not matter, and what is refused."""

import dataclasses
import math
import warnings

import numpy as np
import pandas as pd
import pytest

from vru.cohort import Cohort
from vru.errors import MethodError
from vru.methods import METHODS
from vru.results import Estimate

TRIAL, COMPARISON = METHODS["survival_trial"], METHODS["survival_comparison"]
ROSSI = ("age", "race", "wexp", "mar", "paro", "prio")


def published(name: str) -> pd.DataFrame:
    from lifelines import datasets

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(datasets, f"load_{name}")()


def cohort(time, event, arm, frame=None, *, received=False, **more) -> Cohort:
    side = {"received" if received else "assigned": np.asarray(arm, dtype=float)}
    return Cohort(
        ids=tuple(f"p{i}" for i in range(len(time))),
        outcomes={"again": np.asarray(event, dtype=float)},
        kinds={"again": "time"},
        times={"again": np.asarray(time, dtype=float)},
        covariates=pd.DataFrame() if frame is None else frame.reset_index(drop=True),
        **side,
        **more,
    )


def fit(method, data: Cohort, seed: int = 1, **options) -> Estimate:
    return method.fit(data, "again", method.options(**options), np.random.default_rng(seed))


def made(seed: int, n: int = 400, ratio: float = 0.6, *, received: bool = False, clusters: int = 0) -> Cohort:
    rng = np.random.default_rng(seed)
    need = rng.normal(0, 1, n)
    shock = np.repeat(rng.normal(0, 0.5, clusters), n // clusters) if clusters else np.zeros(n)
    if clusters:
        arm = np.repeat(rng.permutation(np.arange(clusters) % 2), n // clusters)
    else:
        arm = (rng.random(n) < (1 / (1 + np.exp(-need)) if received else 0.5)).astype(int)
    slope = 0.5 if received else 0.0
    days = rng.exponential(1 / (0.002 * np.exp(slope * need + shock) * np.where(arm == 1, ratio, 1.0)))
    end = np.minimum(365.0, rng.exponential(1500, n))
    named = {"cluster": tuple(f"c{i // (n // clusters)}" for i in range(n))} if clusters else {}
    return cohort(np.minimum(days, end), days <= end, arm, pd.DataFrame({"need": need}), received=received, **named)


def test_recidivism_of_432_as_published():
    """Rossi, Berk & Lenihan (1980), as fitted by R's coxph in Fox & Weisberg (2018), Cox regression, appendix."""
    r = published("rossi")
    found = fit(TRIAL, cohort(r.week, r.arrest, r.fin, r[list(ROSSI)]), covariates=ROSSI)
    assert (found.value, found.se) == pytest.approx((-0.37942, 0.19138), abs=6e-6)
    assert found.p == pytest.approx(0.0474, abs=5e-5)
    assert (found.n_treated, found.n_comparison) == (216, 216)
    assert (found.counts["events_treated"], found.counts["events_comparison"]) == (48, 66)


def test_remission_of_42_as_published():
    """Freireich et al. (1963) by R's coxph with Efron's ties: 1.5721 (0.4124)."""
    found = fit(TRIAL, cohort(*(published("leukemia")[c] for c in ("t", "status", "Rx"))))
    assert (found.value, found.se) == pytest.approx((1.5721, 0.4124), abs=5e-5)


def test_lung_cancer_as_published():
    """R's survival package: coxph(Surv(time, status) ~ age + sex, lung): sex -0.513219 (0.167458)."""
    r = published("lung").dropna(subset=["age", "sex"])
    found = fit(TRIAL, cohort(r.time, r.status, r.sex == 2, r[["age"]]), covariates=("age",))
    assert (found.value, found.se) == pytest.approx((-0.513219, 0.167458), abs=5e-6)


@pytest.mark.parametrize("effect", ["hazard_ratio", "restricted_mean"])
@pytest.mark.parametrize("received", [False, True])
def test_holds_the_truth(effect, received):
    held, errors, widths = 0, [], []
    for seed in range(60):
        data = made(seed, received=received)
        found = fit(
            COMPARISON if received else TRIAL,
            data,
            effect=effect,
            **({"draws": 100} if received and effect != "hazard_ratio" else {}),
        )
        truth = math.log(0.6) if effect == "hazard_ratio" else lost(data, received, found)
        held += found.low <= truth <= found.high
        errors.append(found.value - truth)
        widths.append(found.se)
    assert held >= 52
    assert abs(np.mean(errors)) < 3.5 * np.mean(widths) / math.sqrt(60)


def lost(data: Cohort, received: bool, found: Estimate) -> float:
    """True difference in mean time lost among those treated, up to the day that the estimate goes to."""
    until = found.courses[0].points[-1].day
    need = data.covariates["need"].to_numpy()[(data.received if received else data.assigned) == 1]
    rate = 0.002 * np.exp((0.5 if received else 0.0) * need)
    free = [float(np.mean((1 - np.exp(-rate * r * until)) / (rate * r))) for r in (0.6, 1.0)]
    return free[1] - free[0]


def test_finds_none_where_there_is_none_and_clusters_widen():
    alarms = [
        fit(TRIAL, made(s, ratio=1.0), effect=e).p < 0.05
        for s in range(50)
        for e in ("hazard_ratio", "restricted_mean")
    ]
    assert np.mean(alarms) <= 0.13
    for effect in ("hazard_ratio", "restricted_mean"):
        found = [fit(TRIAL, made(s, n=600, ratio=1.0, clusters=30), effect=effect) for s in range(40)]
        bare = fit(TRIAL, dataclasses.replace(made(1, n=600, ratio=1.0, clusters=30), cluster=None), effect=effect)
        assert np.mean([f.p < 0.05 for f in found]) <= 0.2
        assert found[1].se > bare.se


@pytest.mark.parametrize("effect", ["hazard_ratio", "restricted_mean"])
def test_order_labels_and_units_do_not_matter(effect):
    data = made(3)
    order = np.random.default_rng(0).permutation(len(data))
    moved = dataclasses.replace(data.take(order), ids=tuple(f"z{i}" for i in range(len(data))))
    first, second = fit(TRIAL, data, effect=effect), fit(TRIAL, moved, effect=effect)
    assert (first.value, first.se) == pytest.approx((second.value, second.se), rel=1e-7)
    weeks = dataclasses.replace(data, times={"again": data.times["again"] / 7})
    third = fit(TRIAL, weeks, effect=effect)
    scale = 1.0 if effect == "hazard_ratio" else 7.0
    assert third.value * scale == pytest.approx(first.value, rel=1e-6)


def test_a_change_over_time_is_seen():
    rng = np.random.default_rng(2)
    arm = np.arange(1200) % 2
    early = rng.exponential(1 / np.where(arm == 1, 0.001, 0.004))
    late = 120 + rng.exponential(1 / np.where(arm == 1, 0.006, 0.002))
    days = np.where(early < 120, early, late)
    found = fit(TRIAL, cohort(np.minimum(days, 365), days <= 365, arm))
    assert found.counts["constant_ratio_p"] < 0.001


def test_courses_add_up():
    found = fit(TRIAL, made(4))
    for course, arm in zip(found.courses, found.arms, strict=True):
        gone = np.cumsum([p.events + p.lost for p in course.points])
        assert [course.n - g for g in gone] == [p.at_risk for p in course.points]
        assert 1 - course.points[-1].free == pytest.approx(arm.mean)
        assert (arm.n, arm.observed) == (course.n, course.n)


def test_what_is_refused():
    data = made(5)
    nobody = dataclasses.replace(data, outcomes={"again": np.where(data.assigned == 1, 0.0, data.outcomes["again"])})
    with pytest.raises(MethodError, match="no event was recorded among the treated"):
        fit(TRIAL, nobody)
    assert fit(TRIAL, nobody, effect="restricted_mean").value < 0
    with pytest.raises(MethodError, match="one arm is followed up for"):
        fit(TRIAL, data, until=9999)
    few = dataclasses.replace(data, cluster=tuple(str(i % 4) for i in range(len(data))))
    with pytest.raises(MethodError, match="4 clusters are too few"):
        fit(TRIAL, few)
    with pytest.raises(MethodError, match="time to an event"):
        METHODS["parallel_trial"].fit(data, "again", METHODS["parallel_trial"].options(), np.random.default_rng(1))
    with pytest.raises(MethodError, match="nothing to adjust for"):
        fit(COMPARISON, cohort(data.times["again"], data.outcomes["again"], data.assigned, received=True))
