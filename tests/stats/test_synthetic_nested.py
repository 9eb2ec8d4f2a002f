"""The nested synthetic control: the same donors in every unit of measure, and nearly the same from every seed."""

import numpy as np
import pytest

from vru.stats.synthetic_nested import NestedFit, nested_weights


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
