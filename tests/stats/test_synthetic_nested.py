"""The nested synthetic control: the same donors in every unit of measure, and nearly the same from every seed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vru.stats.synthetic_nested import NestedFit, Stretch, nested_weights, validated_weights


def made(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Predictors ``(31, 7)`` and outcomes ``(31, 20)`` that share three factors; the first row is the treated one."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(31, 3))
    outcomes = 20 + 3 * factors @ rng.normal(size=(3, 20)) + rng.normal(size=(31, 20))
    return factors @ rng.normal(size=(3, 7)) + rng.normal(size=(31, 7)) / 2, outcomes


def fit(predictors: np.ndarray, outcomes: np.ndarray, seed: int = 1) -> NestedFit:
    return nested_weights(predictors[1:], predictors[0], outcomes[1:], outcomes[0], np.random.default_rng(seed))


@pytest.mark.parametrize("scale", [1e-6, 1e-3, 0.6, 1e3, 1e6])
def test_the_unit_of_the_outcome_changes_nothing(scale: float) -> None:
    predictors, outcomes = made(3)
    plain, other = fit(predictors, outcomes), fit(predictors, outcomes * scale)
    assert other.loss == pytest.approx(plain.loss * scale**2, rel=1e-6)
    np.testing.assert_allclose(other.weights, plain.weights, atol=1e-6)


def test_an_affine_change_of_predictors_and_the_order_of_donors_change_nothing() -> None:
    predictors, outcomes = made(4)
    plain = fit(predictors, outcomes)
    changed = fit(predictors * np.arange(1, 8) * 100 - 5, outcomes + 7)
    np.testing.assert_allclose(changed.weights, plain.weights, atol=1e-5)
    order = np.random.default_rng(5).permutation(30)
    moved = fit(predictors[np.append(0, order + 1)], outcomes[np.append(0, order + 1)])
    np.testing.assert_allclose(moved.weights, plain.weights[order], atol=1e-5)


@pytest.mark.parametrize("problem", range(3))
def test_seeds_end_near_the_same_loss_and_more_starts_nearer(problem: int) -> None:
    predictors, outcomes = made(10 + problem)
    losses = [fit(predictors, outcomes, seed).loss for seed in range(5)]
    assert max(losses) / min(losses) < 1.02
    rng = np.random.default_rng(1)
    many = nested_weights(predictors[1:], predictors[0], outcomes[1:], outcomes[0], rng, 48).loss
    assert many <= min(losses) * 1.001


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_german_reunification_by_cross_validation(seed: int) -> None:
    """Abadie, Diamond & Hainmueller (2015) table 1: Austria 0.42, USA 0.22, Japan 0.16, Switzerland 0.11, Netherlands 0.09."""
    table = pd.read_csv(Path(__file__).parents[1] / "golden" / "synthetic" / "germany.csv", index_col=0)

    def stretch(prefix: str, years: range) -> Stretch:
        x = table[[c for c in table.columns if c.startswith(prefix)]].to_numpy()
        y = table[[f"gdp_{year}" for year in years]].to_numpy(dtype=float)
        return Stretch(x[1:], x[0], y[1:], y[0])

    training, late = stretch("train_", range(1971, 1981)), stretch("late_", range(1981, 1991))
    found = validated_weights(training, stretch("late_", range(1981, 1991)), np.random.default_rng(seed))
    weight = dict(zip(table.index[1:], found.weights, strict=True))
    published = {"Austria": 0.42, "USA": 0.22, "Japan": 0.16, "Switzerland": 0.11, "Netherlands": 0.09}
    assert {c for c, w in weight.items() if w > 0.005} == set(published)
    assert all(weight[c] == pytest.approx(w, abs=0.011) for c, w in published.items())
    assert found.loss**0.5 == pytest.approx(67.68, rel=0.005)
    in_units = Stretch(training.predictors * 1e3, training.target * 1e3, training.outcomes, training.outcome_target)
    scaled = Stretch(late.predictors * 1e3, late.target * 1e3, late.outcomes * 1e-3, late.outcome_target * 1e-3)
    assert validated_weights(in_units, scaled, np.random.default_rng(seed)).weights == pytest.approx(
        found.weights, abs=0.01
    )
