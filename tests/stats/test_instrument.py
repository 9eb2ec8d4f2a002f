"""Offers: against AER and sandwich in R (tests/golden/iv), Card (1995), and a grid of assumed effects."""

import math
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from vru.stats.drawn_offers import drawn_offers
from vru.stats.instrument import Reduced, complier_effect, reduced_form
from vru.stats.weak_ratio import weak_ratio

GOLDEN = Path(__file__).parents[1] / "golden" / "iv"
VALUES = pd.read_csv(GOLDEN / "values.csv").set_index("case")
DATA = pd.read_csv(GOLDEN / "data.csv")
N = len(DATA)
STRATA = np.eye(4)[DATA.stratum][:, 1:]
RICH = np.column_stack([np.ones(N), DATA.age, STRATA])


def form(y: str, fixed: np.ndarray, cluster: bool = False, errors: str = "robust") -> Reduced:
    codes = np.unique(DATA.site, return_inverse=True)[1] if cluster else None
    columns = DATA[[y, "received"]].to_numpy(float)
    return reduced_form(columns, DATA.offered.to_numpy(float), fixed, np.ones(N), codes, errors)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("case", "y", "rich", "cluster", "errors"),
    [
        ("plain_hc1", "score", False, False, "robust"),
        ("plain_classical", "score", False, False, "classical"),
        ("rich_hc1", "score", True, False, "robust"),
        ("rich_clustered", "score", True, True, "robust"),
        ("binary_hc1", "arrest", False, False, "robust"),
    ],
)
def test_two_stage_least_squares_agrees_with_aer(case: str, y: str, rich: bool, cluster: bool, errors: str) -> None:
    found = complier_effect(form(y, RICH if rich else np.ones((N, 1)), cluster, errors), 0.95)
    assert found.value == pytest.approx(VALUES.value[case], rel=1e-8)
    assert found.se == pytest.approx(VALUES.se[case], rel=1e-8)


@pytest.mark.parametrize("kind", ["hc1", "clustered"])
def test_both_stages_and_the_anderson_rubin_ends_agree_with_r(kind: str) -> None:
    found = form("score", RICH, kind == "clustered")
    for j, name in enumerate(("score", "received")):
        assert found.effects[j] == pytest.approx(VALUES.value[f"{name}_on_offer_{kind}"], rel=1e-8)
        assert math.sqrt(found.cov[j, j]) == pytest.approx(VALUES.se[f"{name}_on_offer_{kind}"], rel=1e-8)
    bounds = complier_effect(found, 0.95).bounds
    assert bounds.low == pytest.approx(VALUES.value[f"ar_low_{kind}"], abs=1e-8)
    assert bounds.high == pytest.approx(VALUES.value[f"ar_high_{kind}"], abs=1e-8)


def test_card_1995_from_its_cross_products() -> None:
    """Returns to schooling .132 (.055), college nearby as the instrument; Anderson-Rubin [0.0248, 0.2848].

    Card (1995) table 3 and Wooldridge, Econometric Analysis, example 5.4; interval: Kang, Jiang, Zhao & Small (2021),
    Observational Studies 7 (R ivmodel). Least squares sees the data through their cross-products alone, so any
    rows that have Card's give his numbers.
    """
    v = VALUES.value
    cross = np.array(
        [[v[f"card_cross_{''.join(sorted(a + b, key='ydz'.index))}"] for b in "ydz"] for a in "ydz"], dtype=float
    )
    n, k = int(v["card_n"]), int(v["card_fixed"])
    q = np.linalg.qr(np.random.default_rng(0).normal(size=(n, k + 3)))[0]
    made = q[:, k:] @ np.linalg.cholesky(cross).T
    found = complier_effect(reduced_form(made[:, :2], made[:, 2], q[:, :k], np.ones(n), None, "classical"), 0.95)
    assert found.value == pytest.approx(0.132, abs=5e-4)
    assert found.se == pytest.approx(0.055, abs=5e-4)
    assert found.value == pytest.approx(v["card_2sls"], rel=1e-8)
    assert found.se == pytest.approx(VALUES.se["card_2sls"], rel=1e-8)
    assert (found.bounds.low, found.bounds.high) == pytest.approx((0.0248, 0.2848), abs=1e-4)


def accepted(y: np.ndarray, d: np.ndarray, z: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """A second implementation: HC1 test of equal ``y - t d`` in both arms, on a grid of t."""
    n = len(y)
    left = y[None, :] - grid[:, None] * d[None, :]
    a, b = left[:, z == 1], left[:, z == 0]
    var = (a.var(axis=1) / a.shape[1] + b.var(axis=1) / b.shape[1]) * n / (n - 2)
    kept: np.ndarray = (a.mean(axis=1) - b.mean(axis=1)) ** 2 / var <= stats.t.ppf(0.975, n - 2) ** 2
    return kept


@pytest.mark.parametrize(("uptake", "shape"), [(0.6, "interval"), (0.08, "outside"), (0.0, "everything")])
def test_the_set_is_that_of_a_grid_of_tests_however_weak_the_offer(uptake: float, shape: str) -> None:
    grid = np.linspace(-60, 60, 4001)
    for seed in range(60):
        rng = np.random.default_rng(seed)
        z = np.arange(200) % 2
        d = (rng.random(200) < 0.3 + uptake * z).astype(float)
        y = rng.normal(size=200) + d * 0.5 + (0.9 * z if shape == "outside" else 0)
        found = complier_effect(
            reduced_form(np.column_stack([y, d]), z.astype(float), np.ones((200, 1)), np.ones(200)), 0.95
        )
        if found.shape == shape:
            break
    assert found.shape == shape
    kept = accepted(y, d, z, grid)
    if shape == "everything":
        assert kept.all()
        assert found.bounds.low is None
    elif shape == "interval":
        assert (grid[kept].min(), grid[kept].max()) == pytest.approx((found.bounds.low, found.bounds.high), abs=0.031)
    else:
        assert found.bounds.low is None
        assert (grid[~kept].min(), grid[~kept].max()) == pytest.approx((found.gap.low, found.gap.high), abs=0.031)


def test_fieller_by_hand() -> None:
    # t = 2 / 1, independent, variances 0.04 and 0.01, c = 1.96: ends solve (2 - t)^2 = c^2 (0.04 + 0.01 t^2).
    found = weak_ratio(np.array([2.0, 1.0]), np.diag([0.04, 0.01]), 0.95)
    c2 = stats.norm.ppf(0.975) ** 2
    for end in (found.bounds.low, found.bounds.high):
        assert end is not None
        assert (2 - end) ** 2 == pytest.approx(c2 * (0.04 + 0.01 * end**2), rel=1e-9)
    assert found.strength == pytest.approx(100.0)


def test_redrawn_offers_are_those_of_a_loop_over_all_draws() -> None:
    rng = np.random.default_rng(8)
    offered = np.array([1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0], dtype=float)
    stratum = np.array([0] * 8 + [1] * 4)
    totals = np.column_stack([rng.normal(size=12) - 6 * offered, 8 * offered + rng.normal(size=12)])
    found = drawn_offers(offered, totals, stratum, -0.7, 0.9, 999, rng)
    assert found.exact
    assert found.draws == 70 * 6

    ways = [
        np.isin(np.arange(12), first + second) - 0.5
        for first in combinations(range(8), 4)
        for second in combinations(range(8, 12), 2)
    ]

    def p(t: float) -> float:
        left = totals[:, 0] - t * totals[:, 1]
        return float(np.mean([abs(w @ left) for w in ways] >= abs((offered - 0.5) @ left) - 1e-9))

    assert found.p == pytest.approx(p(0.0))
    low, high = found.bounds.low, found.bounds.high
    assert low is not None
    assert high is not None
    grid = np.linspace(low - 1, high + 1, 201)
    kept = grid[[p(t) > 0.1 for t in grid]]
    assert (kept.min(), kept.max()) == pytest.approx((low, high), abs=0.013)


def test_too_few_draws_to_reject_give_no_interval() -> None:
    offered = np.array([1.0, 1, 1, 0, 0, 0])
    totals = np.column_stack([offered * -3, offered * 5])
    found = drawn_offers(offered, totals, np.zeros(6, dtype=int), -0.6, 0.95, 999, np.random.default_rng(0))
    assert found.p == pytest.approx(0.1)
    assert (found.bounds.low, found.bounds.high) == (None, None)


def test_an_instrument_that_covariates_explain_is_an_error() -> None:
    z = np.arange(50) % 2.0
    with pytest.raises(np.linalg.LinAlgError):
        reduced_form(np.ones((50, 2)), z, np.column_stack([np.ones(50), z]), np.ones(50))
