"""Effects of taking part from offers: what the estimate says, whom it is about, and what it refuses."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vru.cohort import Cohort
from vru.errors import MethodError
from vru.methods import METHODS
from vru.results import Estimate

GOLDEN = Path(__file__).parents[2] / "golden" / "iv"
MakeCohort = Callable[..., Cohort]
METHOD = METHODS["instrumented"]


def fit(cohort: Cohort, outcome: str = "offending", **options: object) -> Estimate:
    return METHOD.fit(cohort, outcome, METHOD.options.model_validate(options), np.random.default_rng(1))


@pytest.fixture
def golden() -> Cohort:
    d = pd.read_csv(GOLDEN / "data.csv")
    return Cohort(
        ids=tuple(map(str, d.index)),
        outcomes={"score": d.score.to_numpy(float), "arrest": d.arrest.to_numpy(float)},
        kinds={"score": "continuous", "arrest": "binary"},
        assigned=d.offered.to_numpy(float),
        received=d.received.to_numpy(float),
        covariates=d[["age"]],
        stratum=tuple(map(str, d.stratum)),
    )


def test_strata_covariates_and_the_interval_reach_r_s_numbers(golden: Cohort) -> None:
    v = pd.read_csv(GOLDEN / "values.csv").set_index("case")
    found = fit(golden, "score", covariates=("age",))
    assert found.value == pytest.approx(v.value["rich_hc1"], rel=1e-8)
    assert found.se == pytest.approx(v.se["rich_hc1"], rel=1e-8)
    assert (found.low, found.high) == pytest.approx((v.value["ar_low_hc1"], v.value["ar_high_hc1"]), abs=1e-8)
    assert found.components["intention_to_treat"].value == pytest.approx(v.value["score_on_offer_hc1"], rel=1e-8)
    first = v.value["received_on_offer_hc1"] / v.se["received_on_offer_hc1"]
    assert found.counts["first_stage_F"] == pytest.approx(first**2, rel=1e-7)
    sites = tuple(map(str, pd.read_csv(GOLDEN / "data.csv").site))
    clustered = fit(dataclasses.replace(golden, cluster=sites), "score", covariates=("age",))
    assert (clustered.low, clustered.high) == pytest.approx(
        (v.value["ar_low_clustered"], v.value["ar_high_clustered"]), abs=1e-8
    )
    assert clustered.counts["clusters_treated"] + clustered.counts["clusters_comparison"] == 40


@pytest.mark.filterwarnings("ignore")
def test_dowhy_identifies_the_instrument_and_gives_the_same_wald_number(golden: Cohort) -> None:
    from dowhy import CausalModel

    frame = pd.DataFrame({"offer": golden.assigned, "took_part": golden.received, "score": golden.outcomes["score"]})
    graph = "digraph { offer -> took_part; took_part -> score; U -> took_part; U -> score; }"
    model = CausalModel(frame.copy(), treatment="took_part", outcome="score", graph=graph)
    identified = model.identify_effect(proceed_when_unidentifiable=True)
    assert identified.estimands["iv"] is not None
    assert identified.get_instrumental_variables() == ["offer"]
    theirs = model.estimate_effect(identified, method_name="iv.instrumental_variable")
    ours = fit(golden, "score", strata=False)
    assert ours.value == pytest.approx(float(theirs.value), rel=1e-9)


def test_events_prevented_are_those_of_the_offer_and_of_compliers_alike(make_cohort: MakeCohort) -> None:
    for kind in ("binary", "count"):
        found = fit(make_cohort("encouraged", -0.6, 2, n=1500, kind=kind))
        offered = make_cohort("encouraged", -0.6, 2, n=1500, kind=kind).assigned == 1
        compliers = found.counts["share_compliers"] * offered.sum()
        assert found.events_prevented is not None
        assert found.events_prevented.value == pytest.approx(-found.value * compliers, rel=1e-9)


def test_the_complier_ratio_is_that_of_their_means() -> None:
    # 40% always untreated 0.5, 20% always treated 0.5, 40% compliers: 0.6 without, 0.3 with.
    n = 100_000
    rng = np.random.default_rng(0)
    kind, z = rng.choice(3, n, p=[0.4, 0.2, 0.4]), np.arange(n) % 2
    d = np.where(kind == 0, 0, np.where(kind == 1, 1, z))
    y = rng.random(n) < np.where(kind == 2, np.where(d == 1, 0.3, 0.6), 0.5)
    cohort = Cohort(
        ids=tuple(map(str, range(n))),
        outcomes={"y": y.astype(float)},
        kinds={"y": "binary"},
        assigned=z.astype(float),
        received=d.astype(float),
    )
    found = fit(cohort, "y")
    ratio = found.components["complier_mean_ratio"]
    assert ratio.value == pytest.approx(0.5, abs=0.03)
    assert ratio.low is not None
    assert ratio.high is not None
    assert ratio.low < 0.5 < ratio.high
    assert found.value == pytest.approx(-0.3, abs=0.03)


def test_a_count_with_exposure_is_a_rate() -> None:
    rng = np.random.default_rng(1)
    n = 40_000
    z, u = np.arange(n) % 2, rng.random(n)
    d, time = (u < 0.2 + 0.6 * z).astype(float), rng.uniform(0.5, 2, n)
    cohort = Cohort(
        ids=tuple(map(str, range(n))),
        outcomes={"y": rng.poisson(time * (1.0 - 0.4 * d)).astype(float)},
        kinds={"y": "count"},
        assigned=z.astype(float),
        received=d,
        exposure=time,
    )
    found = fit(cohort, "y")
    assert found.value == pytest.approx(-0.4, abs=0.06)
    assert found.events_prevented is not None
    assert found.events_prevented.value == pytest.approx(0.4 * 0.6 * time[z == 1].sum(), rel=0.15)


def test_a_weak_offer_has_no_interval_and_says_so(make_cohort: MakeCohort) -> None:
    cohort = make_cohort("encouraged", -0.6, 3)
    assert cohort.assigned is not None
    took = np.zeros(len(cohort))
    took[np.flatnonzero(cohort.assigned == 1)[:153]] = 1
    took[np.flatnonzero(cohort.assigned == 0)[:150]] = 1
    found = fit(dataclasses.replace(cohort, received=took))
    assert found.counts["first_stage_F"] < 3.84
    assert (found.low, found.high, found.se) == (None, None, None)
    assert any("too little" in note for note in found.notes)
    assert found.p is not None
    assert found.components["wald"].low is None
    assert found.components["intention_to_treat"].low is not None


def test_an_offer_that_moves_nobody_is_refused(make_cohort: MakeCohort) -> None:
    cohort = make_cohort("encouraged", -0.6, 3)
    for same in (np.ones(len(cohort)), np.zeros(len(cohort))):
        with pytest.raises(MethodError, match="does not move receipt"):
            fit(dataclasses.replace(cohort, received=same))
    with pytest.raises(MethodError, match="received"):
        fit(dataclasses.replace(cohort, received=None))


def test_assumptions_and_compliance_are_told(make_cohort: MakeCohort) -> None:
    cohort = make_cohort("encouraged", -0.6, 3)
    assert cohort.received is not None
    assert cohort.assigned is not None
    text = " ".join(fit(cohort).notes)
    for word in ("exclusion", "monotonicity", "took part"):
        assert word in text
    only = " ".join(fit(dataclasses.replace(cohort, received=cohort.received * cohort.assigned)).notes)
    assert "one-sided noncompliance" in only
    assert "one-sided noncompliance" not in text


def test_few_whole_clusters_have_their_offers_redrawn() -> None:
    rng = np.random.default_rng(5)
    cluster = np.arange(300) % 12
    z = (cluster % 2).astype(float)
    d = (rng.random(300) < 0.2 + 0.6 * z).astype(float)
    y = rng.normal(0, 0.3, 12)[cluster] - 0.8 * d + rng.normal(size=300)
    cohort = Cohort(
        ids=tuple(map(str, range(300))),
        outcomes={"y": y},
        kinds={"y": "continuous"},
        assigned=z,
        received=d,
        cluster=tuple(map(str, cluster)),
    )
    found = fit(cohort, "y")
    assert "redrawn" in found.inference
    assert "924 all draws" in found.inference
    assert found.low is not None
    assert "redrawn" not in fit(cohort, "y", inference="robust").inference
    mixed = dataclasses.replace(cohort, assigned=rng.permutation(z))
    with pytest.raises(MethodError, match="whole clusters"):
        fit(mixed, "y", inference="randomisation")


def test_the_wald_option_is_symmetric_and_of_the_estimate(make_cohort: MakeCohort) -> None:
    found = fit(make_cohort("encouraged", -0.6, 3), interval="wald")
    assert found.low is not None
    assert found.high is not None
    assert found.value == pytest.approx((found.low + found.high) / 2)
    assert found.low == pytest.approx(found.components["wald"].low)
