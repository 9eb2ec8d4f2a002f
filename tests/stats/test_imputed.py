"""Expected course of treated units and effects by event time."""

import numpy as np
import pytest

from vru.stats.imputed import event_effects, impute


def world(seed: int, ratio: float, n: int = 12) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    season = 1 + 0.4 * np.sin(np.arange(30) / 2)
    first = np.where(np.arange(n) < n // 2, 15, 20)
    on = np.arange(30)[None, :] >= first[:, None]
    treated = rng.poisson(12 * season[None, :] * np.where(on, ratio, 1.0)).astype(float)
    return treated, first, rng.poisson(12 * np.repeat(season[None, :], n, axis=0)).astype(float)


def test_expected_sums_to_the_closed_form() -> None:
    treated, _, comparison = world(1, 0.6)
    first = np.full(12, 15)
    expected = impute(treated, first, comparison)
    want = treated[:, :15].sum() * comparison[:, 15:].sum() / comparison[:, :15].sum()
    assert expected[:, 15:].sum() == pytest.approx(want)
    assert expected[:, :15].sum() == pytest.approx(treated[:, :15].sum())


@pytest.mark.parametrize("clustered", [True, False])
def test_pointwise_intervals_cover_with_staggered_starts(clustered: bool) -> None:
    hits = []
    for seed in range(120):
        treated, first, comparison = world(seed, 0.6)
        found = event_effects(treated, first, comparison, 1.0, clustered=clustered)
        truth = np.where(found.event_time >= 0, np.log(0.6), 0.0)
        hits.append(np.abs(found.value - truth) <= 2.07 * found.se)
    assert found.event_time.tolist() == list(range(-15, 10))
    assert 0.92 <= np.mean(hits) <= 0.975


def test_empty_months_are_counted_not_shown() -> None:
    treated, _, comparison = world(1, 1.0)
    treated[:, 25] = 0
    found = event_effects(treated, np.full(12, 15), comparison, 1.0, clustered=False)
    assert found.empty == 1
    assert 10 not in found.event_time
