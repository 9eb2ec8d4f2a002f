"""Counterfactual means and their influence functions against R, and against second implementations by loops."""

import csv
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vru.stats.canonical_glm import fit_glm, standardised_design
from vru.stats.counterfactual import (
    Pair,
    difference,
    doubly_robust,
    effective_size,
    log_ratio,
    partially_linear,
    per_exposure,
    spread,
    standardise,
    weigh,
)

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "adjusted"


@pytest.fixture(scope="module")
def r() -> dict[str, float]:
    with (GOLDEN / "values.csv").open(encoding="utf-8") as f:
        return {row["name"]: float(row["value"]) for row in csv.DictReader(f)}


@pytest.fixture(scope="module")
def cohort() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "cohort.csv")


def parts(cohort: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    return cohort.treated.to_numpy() == 1, standardised_design(cohort[["age", "prior", "need"]].to_numpy(dtype=float))


def error(influence: np.ndarray, cluster: np.ndarray | None = None) -> float:
    """R's sandwich of the stacked equations, which has no finite-sample factor."""
    sums = influence if cluster is None else np.bincount(cluster, weights=influence)
    return math.sqrt(float((sums**2).sum())) / len(influence)


def agrees(pair: Pair, name: str, r: dict[str, float], cluster: np.ndarray) -> None:
    for scale, contrast in (("difference", difference(pair)), ("log_ratio", None)):
        if f"{name}_{scale}" not in r:
            continue
        found = contrast or log_ratio(pair)
        assert found.value == pytest.approx(r[f"{name}_{scale}"], rel=1e-6)
        assert error(found.influence) == pytest.approx(r[f"{name}_{scale}_se"], rel=1e-5)
        assert error(found.influence, cluster) == pytest.approx(r[f"{name}_cl_{scale}_se"], rel=1e-5)


@pytest.mark.parametrize("target", ["att", "ate"])
def test_standardised_regressions_agree_with_r(cohort: pd.DataFrame, r: dict[str, float], target: str) -> None:
    d, design = parts(cohort)
    cluster = cohort.site.to_numpy() - 1
    binary = standardise("binomial", cohort.reoffended.to_numpy(float), d, design, None, target)
    agrees(binary, f"gcomp_binary_{target}", r, cluster)
    months = cohort.months.to_numpy(float)
    count = standardise("poisson", cohort.offences.to_numpy(float), d, design, months, target)
    agrees(count, f"gcomp_count_{target}", r, cluster)


def test_linear_regression_is_rs_with_its_sandwich(cohort: pd.DataFrame, r: dict[str, float]) -> None:
    d, design = parts(cohort)
    found = difference(standardise("gaussian", cohort.score.to_numpy(), d, design, None, "att"))
    assert found.value == pytest.approx(r["ols"], rel=1e-9)
    sizes = float(d.sum()), float((~d).sum())
    assert spread(found.influence, d, sizes, None, 5).se == pytest.approx(r["ols_hc1"], rel=1e-8)
    assert spread(found.influence, d, sizes, cohort.site.to_numpy() - 1, 5).se == pytest.approx(r["ols_cl"], rel=1e-8)


@pytest.mark.parametrize("target", ["att", "ate"])
@pytest.mark.parametrize(("kind", "column"), [("continuous", "score"), ("binary", "reoffended"), ("count", "offences")])
def test_weighting_agrees_with_r(
    cohort: pd.DataFrame, r: dict[str, float], target: str, kind: str, column: str
) -> None:
    d, design = parts(cohort)
    logit = fit_glm("binomial", d.astype(float), design)
    pair = weigh(cohort[column].to_numpy(float), d, design, logit, target)
    if kind == "count":
        pair = per_exposure(pair, weigh(cohort.months.to_numpy(float), d, design, logit, target))
    agrees(pair, f"ipw_{kind}_{target}", r, cohort.site.to_numpy() - 1)


@pytest.mark.parametrize("target", ["att", "ate"])
def test_doubly_robust_is_its_formula_row_by_row(target: str) -> None:
    rng = np.random.default_rng(3)
    n = 60
    d, p = rng.random(n) < 0.4, rng.uniform(0.1, 0.8, n)
    y, one, none = rng.normal(size=n), rng.normal(size=n), rng.normal(size=n)
    found = doubly_robust(y, d, p, one, none, target)
    shares = [0.0, 0.0]
    weights = [0.0, 0.0]
    for i in range(n):
        at = 1.0 if target == "ate" or d[i] else 0.0
        shares[0] += at
        weights[0] += (1 - d[i]) * ((p[i] if target == "att" else 1) / (1 - p[i]))
        weights[1] += d[i] / p[i]
    mean = [0.0, 0.0]
    for i in range(n):
        at = 1.0 if target == "ate" or d[i] else 0.0
        odds = (1 - d[i]) * ((p[i] if target == "att" else 1) / (1 - p[i])) * shares[0] / weights[0]
        mean[0] += (at * none[i] + odds * (y[i] - none[i])) / shares[0]
        if target == "att":
            mean[1] += d[i] * y[i] / shares[0]
        else:
            mean[1] += (one[i] + d[i] / p[i] * shares[0] / weights[1] * (y[i] - one[i])) / n
    assert found.untreated.value == pytest.approx(mean[0])
    assert found.treated.value == pytest.approx(mean[1])
    assert found.treated.influence.mean() == pytest.approx(0, abs=1e-12)
    assert found.untreated.influence.mean() == pytest.approx(0, abs=1e-12)


def test_either_model_right_is_enough() -> None:
    rng = np.random.default_rng(5)
    n = 200_000
    x = rng.normal(size=n)
    p = 1 / (1 + np.exp(-x))
    d = rng.random(n) < p
    y = x + rng.normal(size=n) - 0.5 * d
    nothing, wrong = np.zeros(n), np.full(n, float(d.mean()))
    for propensity, outcome in ((p, nothing), (wrong, x)):
        assert difference(doubly_robust(y, d, propensity, outcome, outcome, "att")).value == pytest.approx(
            -0.5, abs=0.03
        )
    assert abs(difference(doubly_robust(y, d, wrong, nothing, nothing, "att")).value + 0.5) > 0.5


def test_partially_linear_is_a_regression_of_residuals() -> None:
    rng = np.random.default_rng(1)
    d, p, y, m = rng.random(50) < 0.5, rng.uniform(0.2, 0.8, 50), rng.normal(size=50), rng.normal(size=50)
    v = d - p
    found = partially_linear(y, d, p, m, np.ones(50))
    want = float(v @ (y - m) / (v @ v))
    assert found.value == pytest.approx(want)
    by_hand = math.sqrt(float((v**2 * (y - m - want * v) ** 2).sum())) / float(v @ v)
    assert error(found.influence) == pytest.approx(by_hand)


def test_two_arms_without_covariates_give_welchs_degrees_of_freedom() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.normal(0, 3, 12), rng.normal(0, 1, 40)
    y, d = np.r_[a, b], np.arange(52) < 12
    pair = doubly_robust(y, d, np.full(52, 12 / 52), np.zeros(52), np.zeros(52), "att")
    found = spread(difference(pair).influence, d, (12.0, 40.0))
    va, vb = a.var(ddof=1) / 12, b.var(ddof=1) / 40
    assert found.se == pytest.approx(math.sqrt(va + vb))
    assert found.df == pytest.approx((va + vb) ** 2 / (va**2 / 11 + vb**2 / 39))


def test_unequal_clusters_leave_fewer_degrees_of_freedom() -> None:
    influence = np.ones(40) * np.tile([1.0, -1.0], 20)
    even, uneven = np.arange(40) % 10, np.r_[np.zeros(31, dtype=int), np.arange(1, 10)]
    d = np.arange(40) < 20
    assert spread(influence, d, (20, 20), even).df == pytest.approx(9)
    assert spread(influence, d, (20, 20), uneven).df < 3


def test_effective_size() -> None:
    assert effective_size(np.array([1.0, 1.0, 0.0])) == 2
    assert effective_size(np.zeros(3)) == 0


@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson"])
def test_regressions_agree_with_statsmodels(family: str) -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(7)
    x = np.column_stack([np.ones(80), rng.normal(size=(80, 2))])
    y = {"gaussian": rng.normal(size=80), "binomial": rng.random(80) < 0.4, "poisson": rng.poisson(2, 80)}[family]
    w = rng.uniform(0.5, 2, 80)
    link = {"gaussian": sm.families.Gaussian, "binomial": sm.families.Binomial, "poisson": sm.families.Poisson}[family]
    want = sm.GLM(np.asarray(y, float), x, family=link(), freq_weights=w).fit(tol=1e-12)
    found = fit_glm(family, np.asarray(y, float), x, weights=w)
    np.testing.assert_allclose(found.coef, want.params, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(found.inverse, want.cov_params() / want.scale, rtol=1e-5)


def test_separated_treatment_ends_and_is_said() -> None:
    x = standardised_design(np.r_[np.zeros(20), np.ones(20)][:, None])
    assert fit_glm("binomial", np.r_[np.zeros(20), np.ones(20)], x).separated


def test_columns_that_repeat_others_are_dropped() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 2))
    assert standardised_design(np.column_stack([x, x.sum(axis=1), np.ones(30)])).shape == (30, 3)
