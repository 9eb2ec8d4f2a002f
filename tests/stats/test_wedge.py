"""The stepped wedge: the test is exact under its null, and a ratio is freed of the effect it is asked about."""

import numpy as np
import pytest

from vru.stats.wedge import Wedge, exchange, p_of_wedge


def wedge(seed: int, effect: float) -> Wedge:
    rng = np.random.default_rng(seed)
    start = rng.permutation([1, 1, 2, 2, 3, 3])
    treated = np.arange(4)[None, :] >= start[:, None]
    weight = rng.integers(5, 15, (6, 4)).astype(float)
    level = np.exp(rng.normal(0, 0.4, 6))[:, None] * np.exp(0.1 * np.arange(4))[None, :]
    return Wedge(rng.poisson(2 * weight * level * np.exp(effect * treated)).astype(float), weight, treated, True)


def test_p_is_one_in_twenty_at_most_one_time_in_twenty_under_the_null() -> None:
    hits = 0
    for seed in range(200):
        data = wedge(seed, 0.0)
        sequence = data.treated.argmax(axis=1)
        orders = exchange(sequence, np.zeros(6, dtype=int), 999, np.random.default_rng(0))
        hits += p_of_wedge(data, orders)(0.0) <= 0.05
    assert 2 <= hits <= 18


def test_the_true_effect_is_kept_and_others_are_not() -> None:
    data = wedge(1, -0.8)
    orders = exchange(data.treated.argmax(axis=1), np.zeros(6, dtype=int), 999, np.random.default_rng(0))
    p = p_of_wedge(data, orders)
    assert orders.exact
    assert orders.floor == pytest.approx(1 / 90)
    assert p(-0.8) > 0.05
    assert p(0.0) <= 0.05
    assert p(-1.8) <= 0.05
