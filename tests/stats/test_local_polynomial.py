"""The jump at a cutoff against rdrobust (values and script in tests/golden/rd), and its parts against plain arithmetic."""

import json
import math
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vru.stats.bandwidth import choose_bandwidth
from vru.stats.local_polynomial import Jump, Side, adjusted, jump, kernel_weights, nearest_residuals, side

GOLDEN = Path(__file__).parents[1] / "golden" / "rd"
VALUES = json.loads((GOLDEN / "values.json").read_text(encoding="utf-8"))
DATA = pd.read_csv(GOLDEN / "data.csv")


def sides(score: np.ndarray, y: np.ndarray, cluster: np.ndarray | None = None) -> tuple[Side, Side]:
    below, above = (
        side(score[m], y[m], np.ones(int(m.sum())), None if cluster is None else cluster[m])
        for m in (score < 0, score >= 0)
    )
    return below, above


CASES = {
    "sharp": ("score", 1, "triangular", "nearest"),
    "sharp_hc0": ("score", 1, "triangular", "residual"),
    "sharp_uniform": ("score", 1, "uniform", "nearest"),
    "sharp_epanechnikov": ("score", 1, "epanechnikov", "nearest"),
    "sharp_order_2": ("score", 2, "triangular", "nearest"),
    "sharp_clustered": ("score", 1, "triangular", "residual"),
    "sharp_lumpy": ("whole", 1, "triangular", "nearest"),
}


def agrees(found: Jump, wanted: dict[str, float]) -> None:
    assert found.fitted[0] == pytest.approx(wanted["uncorrected"], rel=1e-6)
    assert math.sqrt(found.fitted_cov[0, 0]) == pytest.approx(wanted["uncorrected_se"], rel=1e-6)
    assert found.corrected[0] == pytest.approx(wanted["corrected"], rel=1e-6)
    assert math.sqrt(found.robust_cov[0, 0]) == pytest.approx(wanted["robust_se"], rel=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_bandwidths_and_jump_agree_with_rdrobust(case: str) -> None:
    column, order, kernel, variance = CASES[case]
    cluster = DATA.group.to_numpy() if case == "sharp_clustered" else None
    below, above = sides(DATA[column].to_numpy(float), DATA.y.to_numpy(), cluster)
    width = choose_bandwidth(below, above, order, kernel, variance)  # type: ignore[arg-type]
    assert width.main == pytest.approx(VALUES[case]["h"], rel=1e-6)
    assert width.pilot == pytest.approx(VALUES[case]["b"], rel=1e-6)
    agrees(jump(below, above, width.main, width.pilot, order, kernel, variance), VALUES[case])  # type: ignore[arg-type]


def test_fixed_bandwidths_and_covariates_agree_with_rdrobust() -> None:
    score, age = DATA.score.to_numpy(), DATA[["age"]].to_numpy()
    below, above = sides(score, DATA.y.to_numpy())
    agrees(jump(below, above, 0.9, 1.4, 1, "triangular", "nearest"), VALUES["sharp_fixed"])
    z = tuple(age[m][np.argsort(score[m], kind="stable")] for m in (score < 0, score >= 0))
    below, above = adjusted(below, above, (z[0], z[1]), 0.9, 1, "triangular")
    agrees(jump(below, above, 0.9, 1.4, 1, "triangular", "nearest"), VALUES["covariates_fixed"])


def test_the_senate_summaries_are_the_published_ones() -> None:
    # Calonico, Cattaneo & Titiunik (2015) R Journal 7; rdrobust's illustration: 7.414 (1.459), [4.094, 10.919].
    senate = VALUES["senate"]
    assert senate["uncorrected"] == pytest.approx(7.414, abs=5e-4)
    assert senate["uncorrected_se"] == pytest.approx(1.459, abs=5e-4)
    assert (senate["robust_low"], senate["robust_high"]) == pytest.approx((4.094, 10.919), abs=5e-4)
    assert senate["h"] == pytest.approx(17.754, abs=5e-4)


@pytest.mark.skipif("VRU_SENATE" not in os.environ, reason="VRU_SENATE names no copy of rdrobust_RDsenate.csv")
@pytest.mark.parametrize("case", ["senate", "senate_clustered_by_state"])
def test_the_senate_data_give_the_published_numbers(case: str) -> None:
    frame = pd.read_csv(os.environ["VRU_SENATE"])[["margin", "vote", "state"]].dropna()
    cluster = frame.state.to_numpy() if case.endswith("state") else None
    variance = "residual" if cluster is not None else "nearest"
    below, above = sides(frame.margin.to_numpy(), frame.vote.to_numpy(), cluster)
    width = choose_bandwidth(below, above, 1, "triangular", variance)  # type: ignore[arg-type]
    assert (width.main, width.pilot) == pytest.approx((VALUES[case]["h"], VALUES[case]["b"]), rel=1e-6)
    agrees(jump(below, above, width.main, width.pilot, 1, "triangular", variance), VALUES[case])  # type: ignore[arg-type]


def test_the_uncorrected_jump_is_two_weighted_straight_lines() -> None:
    score, y = DATA.score.to_numpy(), DATA.y.to_numpy()
    ends = []
    for mask in (score < 0, score >= 0):
        w = kernel_weights(score[mask] / 0.7, "triangular")
        ends.append(np.polyfit(score[mask], y[mask], 1, w=np.sqrt(w))[1])
    found = jump(*sides(score, y), 0.7, 0.7, 1, "triangular", "nearest")
    assert found.fitted[0] == pytest.approx(ends[1] - ends[0], rel=1e-9)


def test_with_equal_bandwidths_the_correction_is_a_polynomial_one_order_higher() -> None:
    score, y = DATA.score.to_numpy(), DATA.y.to_numpy()
    found = jump(*sides(score, y), 0.7, 0.7, 1, "triangular", "residual")
    higher = jump(*sides(score, y), 0.7, 0.7, 2, "triangular", "residual")
    assert found.corrected[0] == pytest.approx(higher.fitted[0], rel=1e-9)
    assert found.robust_cov[0, 0] == pytest.approx(higher.fitted_cov[0, 0], rel=1e-9)


def test_neighbours_are_those_of_a_double_loop() -> None:
    rng = np.random.default_rng(5)
    x, y = np.sort(rng.integers(0, 25, 60) / 10), rng.normal(size=60)
    wanted = []
    for i in range(60):
        far = np.abs(x - x[i])
        third = np.sort(np.delete(far, i))[2]
        near = (far <= third + 1e-9) & (np.arange(60) != i)
        k = near.sum()
        wanted.append(math.sqrt(k / (k + 1)) * (y[i] - y[near].mean()))
    found = nearest_residuals(side(x, y, np.ones(60)))
    np.testing.assert_allclose(found[:, 0], wanted, atol=1e-12)


def test_too_few_scores_are_an_error() -> None:
    x = np.repeat([-3.0, -2.0, -1.0, 0.0, 1.0, 2.0], 20)
    with pytest.raises(np.linalg.LinAlgError):
        jump(*sides(x, x), 1.5, 1.5, 1, "triangular", "nearest")
