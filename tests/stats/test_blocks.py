"""Closed forms of the two-way Poisson model, and variation around it, against R."""

import csv
from pathlib import Path

import numpy as np
import pytest

from vru.stats.blocks import cluster_se, fit_blocks
from vru.stats.dispersion import dispersion, fit_poisson, series_dispersion
from vru.stats.schedules import fit_two_way, residualise

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture(scope="module")
def r() -> dict[str, float]:
    with (GOLDEN / "poisson_values.csv").open() as f:
        return {row["name"]: float(row["value"]) for row in csv.DictReader(f)}


@pytest.fixture(scope="module")
def counts() -> np.ndarray:
    with (GOLDEN / "poisson_panel.csv").open() as f:
        return np.array([float(row["y"]) for row in csv.DictReader(f)]).reshape(8, 30)


POST = np.arange(30) >= 18
TREATED = np.arange(8) < 3


def test_ratio_of_totals_is_rs_coefficient(counts: np.ndarray, r: dict[str, float]) -> None:
    t0, t1 = counts[TREATED][:, ~POST].sum(), counts[TREATED][:, POST].sum()
    c0, c1 = counts[~TREATED][:, ~POST].sum(), counts[~TREATED][:, POST].sum()
    assert np.log(t1 / t0) - np.log(c1 / c0) == pytest.approx(r["block_coef"], abs=1e-9)


def test_cluster_se_is_sandwich_vcovcl(counts: np.ndarray, r: dict[str, float]) -> None:
    found = cluster_se(counts[:, ~POST].sum(axis=1), counts[:, POST].sum(axis=1), TREATED, 30)
    assert found == pytest.approx(r["block_se_cl"], rel=1e-8)


def test_phi_is_rs_pearson_over_df(counts: np.ndarray, r: dict[str, float]) -> None:
    found = fit_blocks(counts, TREATED.astype(int), POST).dispersion
    assert found.df == r["block_df"]
    assert found.phi == pytest.approx(r["block_phi"], rel=1e-9)


def test_monthly_series_with_season_is_rs_phi(counts: np.ndarray, r: dict[str, float]) -> None:
    series = counts[TREATED].sum(axis=0)
    level = np.where(POST, series[POST].mean(), series[~POST].mean())
    found = series_dispersion(series, level, POST, 2 * np.pi * (np.arange(30) % 12 + 1) / 12)
    assert found.df == r["series_df"]
    assert found.phi == pytest.approx(r["series_phi"], rel=1e-8)


def test_block_means_keep_every_margin(counts: np.ndarray) -> None:
    fitted = fit_blocks(counts, TREATED.astype(int), POST).fitted
    assert fitted.sum(axis=0) == pytest.approx(counts.sum(axis=0))
    assert fitted.sum(axis=1) == pytest.approx(counts.sum(axis=1))


def test_two_way_fit_equals_irls_with_gaps(counts: np.ndarray) -> None:
    weight = np.ones_like(counts)
    weight[4, 3] = weight[0, 20] = 0
    y = counts * weight
    mean = fit_two_way(y, weight).mean(weight)
    rows, columns = np.indices(y.shape)
    design = np.column_stack(
        [(rows.ravel() == i) for i in range(8)] + [(columns.ravel() == j) for j in range(1, 30)]
    ).astype(float)
    keep = weight.ravel() > 0
    want = fit_poisson(design[keep], y.ravel()[keep], np.zeros(keep.sum())).fitted
    assert mean.ravel()[keep] == pytest.approx(want, rel=1e-6)


def test_residual_is_orthogonal_to_units_and_periods(counts: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    weight = rng.random(counts.shape)
    x = residualise(TREATED[:, None] & POST[None, :], weight)
    assert np.abs((weight * x).sum(axis=0)).max() < 1e-8
    assert np.abs((weight * x).sum(axis=1)).max() < 1e-8


def test_dispersion_recovers_what_was_simulated() -> None:
    rng = np.random.default_rng(5)
    mean = np.full(20_000, 8.0)
    y = rng.poisson(mean * rng.gamma(1 / 0.4, 0.4, mean.shape)).astype(float)
    found = dispersion(y, mean, len(y))
    assert found.phi == pytest.approx(1 + 0.4 * 8, rel=0.05)
    assert found.alpha == pytest.approx(0.4, rel=0.05)


def test_no_degrees_of_freedom_means_no_phi() -> None:
    found = dispersion(np.array([1.0, 2]), np.array([1.5, 1.5]), 0)
    assert (found.phi, found.inflation) == (None, 1.0)
