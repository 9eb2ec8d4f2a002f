"""Crowding at a cutoff: against rddensity (tests/golden/rd), and how often it cries wolf."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vru.stats.density_jump import density_jump
from vru.stats.lumpy_density import count_jump, step_of

GOLDEN = Path(__file__).parents[1] / "golden" / "rd"


@pytest.mark.parametrize("reach", [0.8, 1.2])
def test_agrees_with_rddensity_up_to_terms_of_order_one_over_n(reach: float) -> None:
    x = pd.read_csv(GOLDEN / "data.csv").score.to_numpy()
    wanted = json.loads((GOLDEN / "values.json").read_text(encoding="utf-8"))[f"density_{reach:g}"]
    found = density_jump(x, x >= 0, reach)
    assert found.below == pytest.approx(wanted["below"], rel=0.01)
    assert found.above == pytest.approx(wanted["above"], rel=0.01)
    assert found.se == pytest.approx(wanted["se"], rel=0.02)


def test_cries_wolf_about_one_time_in_twenty_and_sees_crowding() -> None:
    rng = np.random.default_rng(3)
    calm, crowded = [], []
    for _ in range(200):
        x = rng.normal(-0.3, 0.6, 800)
        calm.append(density_jump(x, x >= 0, 0.5).p < 0.05)
        steered = np.where((x > -0.15) & (x < 0) & (rng.random(800) < 0.7), -x, x)
        crowded.append(density_jump(steered, steered >= 0, 0.5).p < 0.05)
    assert 0.01 <= np.mean(calm) <= 0.10
    assert np.mean(crowded) > 0.8


def test_the_density_is_that_of_a_known_law() -> None:
    x = (np.arange(20000) + 0.5) / 10000 - 1
    found = density_jump(x, x >= 0, 0.4)
    assert (found.below, found.above) == pytest.approx((0.5, 0.5), rel=0.01)


def test_whole_steps_are_counted_and_crowding_among_them_is_seen() -> None:
    rng = np.random.default_rng(4)
    calm, crowded = [], []
    for _ in range(300):
        x = np.round(rng.normal(-2, 9, 1500))
        calm.append(count_jump(x, x >= 0, 10, 1.0).p < 0.05)
        steered = np.where((x >= -2) & (x < 0) & (rng.random(1500) < 0.6), -x - 1, x)
        crowded.append(count_jump(steered, steered >= 0, 10, 1.0).p < 0.05)
    assert 0.01 <= np.mean(calm) <= 0.09
    assert np.mean(crowded) > 0.6


def test_a_step_that_nobody_has_counts_as_none() -> None:
    x = np.repeat(np.arange(-8.0, 9.0), 20)
    whole = count_jump(x, x >= 0, 8, 1.0)
    assert whole.log_ratio == pytest.approx(0.0, abs=1e-9)
    assert (whole.steps_below, whole.steps_above) == (8, 9)
    gap = x[x != -1.0]
    found = count_jump(gap, gap >= 0, 8, 1.0)
    assert found.steps_below == 8
    assert found.log_ratio > 0.5


def test_the_step_between_scores() -> None:
    assert step_of(np.array([3.0, 5.0, 9.0, 5.0])) == pytest.approx(2.0)
    assert step_of(np.array([0.1, 0.2, 0.3, 0.7])) == pytest.approx(0.1)
    assert step_of(np.array([0.0, 1.0, 2.5])) is None
    assert step_of(np.array([4.0, 4.0])) is None
