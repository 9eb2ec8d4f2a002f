"""The adjusted comparison: published and R values, DoWhy where it is right, overlap, refusals, clusters, exposure."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from vru.cohort import Cohort
from vru.errors import MethodError
from vru.methods import METHODS
from vru.methods.adjusted.sample import take_sample
from vru.methods.adjusted.served import agreed, dowhy_difference
from vru.methods.people.rows import take_rows
from vru.results import Estimate

METHOD = METHODS["adjusted_comparison"]
GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "adjusted"
X = ["age", "prior", "need"]


@pytest.fixture(scope="module")
def r() -> dict[str, float]:
    with (GOLDEN / "values.csv").open(encoding="utf-8") as f:
        return {row["name"]: float(row["value"]) for row in csv.DictReader(f)}


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    d = pd.read_csv(GOLDEN / "cohort.csv")
    return Cohort(
        ids=tuple(f"p{i}" for i in range(len(d))),
        outcomes={name: d[name].to_numpy(float) for name in ("score", "reoffended", "offences")},
        kinds={"score": "continuous", "reoffended": "binary", "offences": "count"},
        received=d.treated.to_numpy(float),
        covariates=d[X],
        exposure=d.months.to_numpy(float),
    )


def fit(cohort: Cohort, outcome: str, seed: int = 1, **options: object) -> Estimate:
    return METHOD.fit(cohort, outcome, METHOD.options.model_validate(options), np.random.default_rng(seed))


@pytest.mark.parametrize("target", ["att", "ate"])
def test_regression_and_weighting_give_rs_ratios_and_differences(
    cohort: Cohort, r: dict[str, float], target: str
) -> None:
    for estimator, name in (("regression", "gcomp"), ("weighting", "ipw")):
        for outcome, kind in (("reoffended", "binary"), ("offences", "count")):
            found = fit(cohort, outcome, estimator=estimator, estimand=target)
            assert found.scale == "log_rate_ratio"
            assert found.value == pytest.approx(r[f"{name}_{kind}_{target}_log_ratio"], rel=1e-6)
            # Finite-sample factors only: a few parts in a hundred at most.
            assert found.se == pytest.approx(r[f"{name}_{kind}_{target}_log_ratio_se"], rel=0.02)
            part = found.components["risk_difference" if kind == "binary" else "rate_difference"]
            assert part.value == pytest.approx(r[f"{name}_{kind}_{target}_difference"], rel=1e-6)


def test_clusters_widen_as_in_r(cohort: Cohort, r: dict[str, float]) -> None:
    site = tuple(str(s) for s in pd.read_csv(GOLDEN / "cohort.csv").site)
    grouped = replace(cohort, cluster=site)
    found = fit(grouped, "score", estimator="regression")
    assert found.value == pytest.approx(r["ols"])
    assert found.se == pytest.approx(r["ols_cl"], rel=1e-6)
    weighted = fit(grouped, "reoffended", estimator="weighting")
    assert weighted.se == pytest.approx(r["ipw_binary_att_cl_log_ratio_se"] * np.sqrt(25 / 24), rel=1e-5)
    assert weighted.counts["clusters_treated"] == 25
    assert any("25 clusters" in note for note in weighted.notes)
    with pytest.raises(MethodError, match="share clusters"):
        fit(grouped, "score", estimator="matching")
    assert fit(grouped, "score").se != fit(cohort, "score").se


@pytest.mark.parametrize("target", ["att", "ate"])
@pytest.mark.parametrize(
    ("estimator", "method"),
    [
        ("regression", "linear_regression"),
        ("weighting", "propensity_score_weighting"),
        ("matching", "propensity_score_matching"),
    ],
)
def test_dowhy_gives_the_same_where_it_is_right(cohort: Cohort, estimator: str, method: str, target: str) -> None:
    sample = take_sample(take_rows(cohort, "score", "received"), 0.0, target)  # type: ignore[arg-type]
    theirs = dowhy_difference(sample, method, target)  # type: ignore[arg-type]
    found = fit(cohort, "score", estimator=estimator, estimand=target)
    assert found.value == pytest.approx(theirs, rel=1e-9)
    assert any("DoWhy's back-door estimate" in note for note in found.notes)
    with pytest.raises(MethodError, match="differ"):
        agreed(found.value + 1, theirs, found.se or 0)


def test_matching_agrees_with_r(cohort: Cohort, r: dict[str, float]) -> None:
    assert fit(cohort, "score", estimator="matching").value == pytest.approx(r["match_att"], rel=1e-8)
    assert fit(cohort, "score", estimator="matching", estimand="ate").value == pytest.approx(r["match_ate"], rel=1e-8)


@pytest.fixture(scope="module")
def lalonde(data_dir: Path) -> Cohort:
    nsw = pd.read_csv(data_dir / "reference" / "causaldata_nsw_mixtape.csv")
    cps = pd.read_csv(data_dir / "reference" / "causaldata_cps_mixtape.csv")
    return people(pd.concat([nsw[nsw.treat == 1], cps], ignore_index=True))


def people(d: pd.DataFrame) -> Cohort:
    return Cohort(
        ids=tuple(str(i) for i in range(len(d))),
        outcomes={"earnings": d.re78.to_numpy(float)},
        kinds={"earnings": "continuous"},
        received=d.treat.to_numpy(float),
        covariates=d[["age", "educ", "black", "hisp", "marr", "nodegree", "re74", "re75"]],
    )


@pytest.mark.realdata
def test_dehejia_and_wahba(lalonde: Cohort, data_dir: Path, r: dict[str, float]) -> None:
    nsw = people(pd.read_csv(data_dir / "reference" / "causaldata_nsw_mixtape.csv"))
    rows = take_rows(nsw, "earnings", "received")
    assert rows.y[rows.treated].mean() - rows.y[~rows.treated].mean() == pytest.approx(1794.34, abs=0.005)
    assert fit(nsw, "earnings", estimator="regression").value == pytest.approx(1676.34, abs=0.005)
    assert fit(lalonde, "earnings", estimator="regression").value == pytest.approx(r["cps_ols"], rel=1e-6)
    unadjusted = take_rows(lalonde, "earnings", "received")
    assert unadjusted.y[unadjusted.treated].mean() - unadjusted.y[~unadjusted.treated].mean() < -8000
    weighted = fit(lalonde, "earnings", estimator="weighting")
    assert weighted.value == pytest.approx(r["cps_ipw_att"], rel=1e-6)
    assert weighted.value == pytest.approx(1173.4, abs=8)
    for estimator in ("weighting", "matching", "doubly_robust", "double_ml"):
        found = fit(lalonde, "earnings", estimator=estimator, splits=1)
        assert found.low is not None
        assert found.high is not None
        assert found.low < 1794.34 < found.high


@pytest.mark.realdata
def test_the_published_weighting_is_the_logistic_stopped_early(lalonde: Cohort) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    x = StandardScaler().fit_transform(lalonde.covariates.to_numpy(float))
    assert lalonde.received is not None
    d, y = lalonde.received == 1, lalonde.outcomes["earnings"]

    def att(tolerance: float) -> float:
        p = LogisticRegression(C=np.inf, tol=tolerance, max_iter=5000).fit(x, d).predict_proba(x)[:, 1]
        odds = (p / (1 - p))[~d]
        return float(y[d].mean() - odds @ y[~d] / odds.sum())

    assert att(1e-4) == pytest.approx(1173.4, abs=0.5)
    assert att(1e-9) == pytest.approx(1180.41, abs=0.01)


def confounded(n: int = 600, pull: float = 0.8, seed: int = 1) -> Cohort:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2))
    d = rng.random(n) < 1 / (1 + np.exp(-pull * x.sum(axis=1)))
    return Cohort(
        ids=tuple(f"p{i}" for i in range(n)),
        outcomes={"y": x.sum(axis=1) - 0.5 * d + rng.normal(size=n)},
        kinds={"y": "continuous"},
        received=d.astype(float),
        covariates=pd.DataFrame(x, columns=["a", "b"]),
    )


@pytest.mark.parametrize("learner", ["forest", "boosting"])
def test_other_learners_serve_the_cross_fitted_estimators_only(learner: str) -> None:
    cohort = confounded()
    for estimator in ("doubly_robust", "double_ml"):
        found = fit(cohort, "y", estimator=estimator, learner=learner, splits=1)
        assert found.value == pytest.approx(-0.5, abs=3.5 * (found.se or 0))
    for estimator in ("regression", "weighting", "matching"):
        with pytest.raises(ValidationError, match="linear only"):
            fit(cohort, "y", estimator=estimator, learner=learner)


def test_every_option_changes_what_it_says(cohort: Cohort) -> None:
    base = fit(cohort, "reoffended")
    difference = fit(cohort, "reoffended", effect="difference")
    assert difference.scale == "risk_difference"
    assert difference.value == pytest.approx(base.components["risk_difference"].value)
    events = fit(cohort, "offences", effect="difference")
    assert events.scale == "count_difference"
    assert cohort.exposure is not None
    assert cohort.received is not None
    time = float(cohort.exposure @ cohort.received)
    assert events.value == pytest.approx(events.components["rate_difference"].value * time)
    assert events.events_prevented is not None
    assert events.events_prevented.value == pytest.approx(-events.value)
    assert fit(cohort, "reoffended", estimator="double_ml").scale == "risk_difference"
    assert "all rows" in fit(cohort, "reoffended", estimand="ate").estimand
    fewer = fit(cohort, "reoffended", covariates=["age"])
    assert [b.covariate for b in fewer.balance] == ["age"]
    saved = difference.events_prevented
    assert saved is not None
    assert saved.value == pytest.approx(-difference.value * difference.n_treated)
    assert saved.low is not None
    assert saved.high is not None
    assert saved.low < saved.value < saved.high


def test_trimming_counts_who_is_left_out_and_balance_is_shown() -> None:
    cohort = confounded(pull=1.6)
    whole, cut = fit(cohort, "y", estimator="weighting"), fit(cohort, "y", estimator="weighting", trim=0.1)
    gone = cut.counts["trimmed_treated"] + cut.counts["trimmed_comparison"]
    assert gone > 0
    assert cut.n_treated + cut.n_comparison + gone == whole.n_treated + whole.n_comparison
    assert any("were left out" in note for note in cut.notes)
    assert cut.counts["largest_weight_share"] < whole.counts["largest_weight_share"]
    assert all(abs(b.before) > 0.3 for b in whole.balance)
    assert all(b.after is not None and abs(b.after) < 0.15 for b in cut.balance)


def test_poor_overlap_is_said_and_none_is_refused() -> None:
    poor = fit(confounded(pull=4.0), "y")
    assert any("Poor overlap" in note for note in poor.notes)
    cohort = confounded()
    assert cohort.received is not None
    apart = replace(cohort, covariates=pd.DataFrame({"a": cohort.received * 10 + cohort.covariates["a"]}))
    with pytest.raises(MethodError, match="do not overlap"):
        fit(apart, "y")


def test_refusals_name_a_way_on(cohort: Cohort) -> None:
    with pytest.raises(MethodError, match="nothing to adjust for"):
        fit(replace(cohort, covariates=pd.DataFrame()), "score")
    assert cohort.received is not None
    few = cohort.take(np.r_[np.flatnonzero(cohort.received == 1)[:4], np.flatnonzero(cohort.received == 0)])
    with pytest.raises(MethodError, match="needs 5 of each"):
        fit(few, "score")
    quiet = replace(
        cohort,
        outcomes=dict(cohort.outcomes) | {"reoffended": cohort.outcomes["reoffended"] * (1 - cohort.received)},
    )
    with pytest.raises(MethodError, match="no event was recorded among treated"):
        fit(quiet, "reoffended")
    assert fit(quiet, "reoffended", effect="difference").value < 0
    with pytest.raises(MethodError, match="is no covariate"):
        fit(cohort, "score", covariates=["wealth"])


def test_a_small_or_few_event_sample_is_said(cohort: Cohort) -> None:
    assert cohort.received is not None
    rows = np.r_[np.flatnonzero(cohort.received == 1)[:20], np.flatnonzero(cohort.received == 0)]
    assert any("Only 20 treated" in note for note in fit(cohort.take(rows), "score").notes)


def test_hedges_g_is_the_difference_in_standard_deviations(cohort: Cohort) -> None:
    found = fit(cohort, "score")
    assert cohort.received is not None
    y, d = cohort.outcomes["score"], cohort.received == 1
    pooled = np.sqrt(((d.sum() - 1) * y[d].var(ddof=1) + ((~d).sum() - 1) * y[~d].var(ddof=1)) / (len(y) - 2))
    g = found.components["hedges_g"]
    assert g.value == pytest.approx(found.value / pooled * (1 - 3 / (4 * (len(y) - 2) - 1)))


def test_averaging_over_splits_steadies_the_answer(cohort: Cohort) -> None:
    once = [fit(cohort, "score", s, splits=1).value for s in range(12)]
    often = [fit(cohort, "score", s, splits=10).value for s in range(12)]
    assert np.std(often) < 0.6 * np.std(once)


def test_bends_are_seen_and_said() -> None:
    straight = confounded()
    rng = np.random.default_rng(4)
    x = rng.normal(size=(600, 2))
    d = rng.random(600) < 1 / (1 + np.exp(-(x[:, 0] ** 2 - 1)))
    bent = replace(
        straight,
        outcomes={"y": x[:, 0] ** 2 + rng.normal(size=600)},
        received=d.astype(float),
        covariates=pd.DataFrame(x, columns=["a", "b"]),
    )
    assert not any("bend" in note for note in fit(straight, "y").notes)
    assert any("bend" in note for note in fit(bent, "y").notes)
    boosted = fit(bent, "y", learner="boosting", splits=1)
    assert not any("bend" in note for note in boosted.notes)
    assert abs(boosted.value) < 0.5 * abs(fit(bent, "y").value)
