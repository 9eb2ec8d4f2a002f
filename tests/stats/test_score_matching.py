"""Matching against R's Matching, by loops, and its standard error against simulation."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vru.stats.canonical_glm import fit_glm, standardised_design
from vru.stats.counterfactual import Target
from vru.stats.score_matching import Matched, find_matches, imputed, matching_spread

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "adjusted"


@pytest.fixture(scope="module")
def r() -> dict[str, float]:
    with (GOLDEN / "values.csv").open(encoding="utf-8") as f:
        return {row["name"]: float(row["value"]) for row in csv.DictReader(f)}


def effect(y: np.ndarray, found: Matched) -> tuple[float, np.ndarray]:
    d, w = found.treated, found.weights
    one, none = (float(w[s] @ y[s] / w[s].sum()) for s in (d, ~d))
    return one - none, np.where(d, y - one, y - none)


@pytest.mark.parametrize("target", ["att", "ate"])
def test_agrees_with_r(r: dict[str, float], target: Target) -> None:
    cohort = pd.read_csv(GOLDEN / "cohort.csv")
    d, y = cohort.treated.to_numpy() == 1, cohort.score.to_numpy()
    design = standardised_design(cohort[["age", "prior", "need"]].to_numpy(float))
    p = fit_glm("binomial", d.astype(float), design).mean(design)
    found = find_matches(p, d, target)
    value, u = effect(y, found)
    assert not found.ties
    assert value == pytest.approx(r[f"match_{target}"], rel=1e-8)
    # R takes a row's variance from itself and its four nearest too, but by distance rather than order.
    assert matching_spread(u, found, p).se == pytest.approx(r[f"match_{target}_se"], rel=0.06)


def test_ties_are_shared_as_in_r(r: dict[str, float]) -> None:
    cohort = pd.read_csv(GOLDEN / "cohort.csv")
    d, y = cohort.treated.to_numpy() == 1, cohort.score.to_numpy()
    few = np.column_stack([cohort.age > 0, np.minimum(cohort.prior, 2)]).astype(float)
    design = standardised_design(few)
    found = find_matches(fit_glm("binomial", d.astype(float), design).mean(design), d, "att")
    assert found.ties
    assert effect(y, found)[0] == pytest.approx(r["match_tied_att"], rel=1e-8)
    order = np.random.default_rng(0).permutation(len(d))
    moved = find_matches(
        fit_glm("binomial", d[order].astype(float), design[order]).mean(design[order]), d[order], "att"
    )
    assert effect(y[order], moved)[0] == pytest.approx(effect(y, found)[0])


def test_matches_are_the_nearest_by_loops() -> None:
    rng = np.random.default_rng(4)
    score, d, y = rng.integers(0, 12, 40) / 10, rng.random(40) < 0.4, rng.normal(size=40)
    found = find_matches(score, d, "ate")
    stands, squared = np.zeros(40), np.zeros(40)
    for i in range(40):
        others = [j for j in range(40) if d[j] != d[i]]
        best = min(abs(score[i] - score[j]) for j in others)
        near = [j for j in others if abs(score[i] - score[j]) <= best + 1e-12]
        for j in near:
            stands[j] += 1 / len(near)
            squared[j] += 1 / len(near) ** 2
        side, partners = found.sides[0 if d[i] else 1]
        at = int(np.flatnonzero(np.flatnonzero(side) == i)[0])
        assert imputed(partners, y)[at] == pytest.approx(np.mean([y[j] for j in near]))
    np.testing.assert_allclose(found.stands_in, stands)
    np.testing.assert_allclose(found.squared, squared)


@pytest.mark.parametrize("target", ["att", "ate"])
def test_standard_error_is_the_spread_over_repetitions(target: Target) -> None:
    rng = np.random.default_rng(0)
    values, errors, ignoring = [], [], []
    for _ in range(250):
        x = rng.normal(size=(300, 2))
        d = rng.random(300) < 1 / (1 + np.exp(-(0.8 * x[:, 0] - 0.5 * x[:, 1] - 0.5)))
        y = x.sum(axis=1) + 0.5 * x[:, 1] * d + rng.normal(size=300)
        design = standardised_design(x)
        logit = fit_glm("binomial", d.astype(float), design)
        p = logit.mean(design)
        found = find_matches(p, d, target)
        value, u = effect(y, found)
        values.append(value)
        errors.append(matching_spread(u, found, p, design, logit).se ** 2)
        ignoring.append(matching_spread(u, found, p).se ** 2)
    spread = np.std(values)
    assert np.sqrt(np.mean(errors)) == pytest.approx(spread, rel=0.12)
    # Taking the estimated propensity as known is far off here (Abadie & Imbens 2016).
    assert np.sqrt(np.mean(ignoring)) > 1.15 * spread
