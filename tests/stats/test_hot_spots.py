"""Gi*, the kernel and the adjusted p-values against other people's numbers, by hand, and under what may not matter."""

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from vru.stats.hot_spots import false_discovery, first_by, gi_star, kernel_matrix, within_distance

GOLDEN = Path(__file__).parents[1] / "golden" / "hotspots" / "gi_star.csv"


@pytest.fixture(scope="module")
def grid() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows = list(csv.DictReader(GOLDEN.read_text(encoding="utf-8").splitlines()))
    at = np.array([[float(r["x"]), float(r["y"])] for r in rows])
    return at, np.array([float(r["count"]) for r in rows]), np.array([float(r["z"]) for r in rows])


def test_gi_star_is_that_of_esda(grid: tuple[np.ndarray, ...]) -> None:
    at, counts, z = grid
    assert np.abs(gi_star(counts, within_distance(at, 1.5)).z - z).max() < 1e-9


def test_gi_star_knows_neither_order_nor_unit(grid: tuple[np.ndarray, ...]) -> None:
    at, counts, _ = grid
    plain = gi_star(counts, within_distance(at, 1.5))
    order = np.random.default_rng(3).permutation(len(counts))
    moved = gi_star(7.5 * counts[order], within_distance(1000 * at[order], 1500))
    assert np.allclose(moved.z, plain.z[order], atol=1e-10)
    assert np.allclose(moved.q, plain.q[order], atol=1e-12)


def test_areas_all_alike_are_no_cluster() -> None:
    at = np.column_stack([np.arange(9.0), np.zeros(9)])
    found = gi_star(np.full(9, 0.1), within_distance(at, 1.0))
    assert (found.z == 0).all()
    assert (found.p == 1).all()


def test_adjusted_p_values_are_scipys() -> None:
    p = np.random.default_rng(1).uniform(size=50) ** 2
    assert np.allclose(false_discovery(p), stats.false_discovery_control(p), atol=1e-14)


def test_kernel_by_hand_and_in_all() -> None:
    one = kernel_matrix(np.array([[0.0, 0.0]]), np.array([[0.0, 0.0], [50.0, 0.0], [100.0, 0.0], [0.0, 99.0]]), 100.0)
    height = 3 / (np.pi * 0.1**2)
    share = (1 - 0.99**2) ** 2
    assert np.allclose(one.toarray()[0], [height, height * 0.75**2, 0.0, height * share])
    x, y = np.meshgrid(np.arange(-400.0, 401, 5), np.arange(-400.0, 401, 5))
    surface = kernel_matrix(np.column_stack([x.ravel(), y.ravel()]), np.array([[1.0, 2.0]]), 300.0)
    assert surface.sum() * 0.005**2 == pytest.approx(1, abs=1e-4)  # one event is one event, however it is spread


def test_of_equals_the_first_is_taken() -> None:
    assert first_by(np.array([1.0, 3.0, 3.0, 2.0]), 3).tolist() == [1, 2, 3]
