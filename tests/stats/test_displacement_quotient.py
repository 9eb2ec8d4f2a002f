"""The displacement quotient: by hand, against R, and how often its intervals hold the truth."""

import csv
from pathlib import Path

import numpy as np
import pytest

from vru.stats.displacement_quotient import Cells, change, gross_effect, net_effect, quotient

VALUES = Path(__file__).parents[1] / "golden" / "displacement" / "displacement_values.csv"
CLEAR = Cells(207, 110, 178, 157, 308, 318)
WIDE = Cells(180, 110, 60, 71, 250, 240, phi=1.7, df=40)


@pytest.fixture(scope="module")
def from_r() -> dict[str, float]:
    """Written by tests/golden/displacement/displacement.R."""
    with VALUES.open() as f:
        return {row["name"]: float(row["value"]) for row in csv.DictReader(f)}


def test_bowers_johnson_2003_formulas_by_hand() -> None:
    """Treated 200 to 100, buffers 100 to 90, comparison 400 to 400: round numbers that a reader can follow."""
    cells = Cells(200, 100, 100, 90, 400, 400)
    # (90/400 - 100/400) / (100/400 - 200/400) = -0.025 / -0.25: a tenth of the effect spread.
    assert quotient(cells, 0.95).value == pytest.approx(0.1)
    assert net_effect(cells) == pytest.approx(200 / 400 - 100 / 400)
    assert -gross_effect(cells, 0.95).value == pytest.approx(200 - 100)
    # [200 x 1 - 100] + [100 x 1 - 90]
    assert -change(300, 190, cells, 0.95).value == pytest.approx(110)
    # With the comparison halved there is no effect left, and no quotient.
    halved = Cells(200, 100, 100, 90, 400, 200)
    assert quotient(halved, 0.95).value is None
    assert -change(300, 190, halved, 0.95).value == pytest.approx((200 * 0.5 - 100) + (100 * 0.5 - 90))


@pytest.mark.parametrize(("label", "cells", "level"), [("clear", CLEAR, 0.95), ("wide", WIDE, 0.9)])
def test_limits_against_r(label: str, cells: Cells, level: float, from_r: dict[str, float]) -> None:
    found = quotient(cells, level)
    assert found.value == pytest.approx(from_r[f"{label}_quotient"], rel=1e-9)
    assert found.bounds.low == pytest.approx(from_r[f"{label}_quotient_low"], rel=1e-6)
    assert found.bounds.high == pytest.approx(from_r[f"{label}_quotient_high"], rel=1e-6)
    total = change(cells.r0 + cells.d0, cells.r1 + cells.d1, cells, level)
    assert total.value == pytest.approx(from_r[f"{label}_total"], rel=1e-9)
    assert total.low == pytest.approx(from_r[f"{label}_total_low"], rel=1e-6)
    assert total.high == pytest.approx(from_r[f"{label}_total_high"], rel=1e-6)


def test_quotient_is_displacement_over_local() -> None:
    local, spill = change(207, 110, CLEAR, 0.95), change(178, 157, CLEAR, 0.95)
    assert quotient(CLEAR, 0.95).value == pytest.approx(spill.value / local.value)


def test_quotient_has_no_interval_where_the_effect_is_not_clear() -> None:
    found = quotient(Cells(30, 27, 20, 22, 100, 100), 0.95)
    assert found.value == pytest.approx(-2 / 3)
    assert (found.bounds.low, found.bounds.high) == (None, None)


@pytest.mark.parametrize("cells", [CLEAR, WIDE, Cells(3, 0, 2, 1, 40, 41), Cells(0, 6, 1, 2, 30, 29)])
def test_p_is_where_the_interval_reaches_zero(cells: Cells) -> None:
    """The interval at one less p ends at zero."""
    found = change(cells.r0, cells.r1, cells, 0.95)
    edge = change(cells.r0, cells.r1, cells, 1 - found.p)
    assert min(abs(edge.low), abs(edge.high)) == pytest.approx(0, abs=1e-6)
    assert change(10, 10, Cells(10, 10, 1, 1, 50, 50), 0.95).p == 1.0


def test_intervals_hold_the_truth() -> None:
    """Poisson counts, true ratio 0.6 and a true quotient of a half: 95% intervals hold in 93 to 97 of 100."""
    rng = np.random.default_rng(7)
    means = np.array([200.0, 120.0, 150.0, 110.0, 300.0, 300.0])
    held, given = [], []
    for _ in range(2000):
        cells = Cells(*rng.poisson(means).astype(float))
        total = change(cells.r0 + cells.d0, cells.r1 + cells.d1, cells, 0.95)
        held.append(total.low <= -120 <= total.high)
        found = quotient(cells, 0.95)
        if found.bounds.low is not None and found.bounds.high is not None:
            given.append(found.bounds.low <= 0.5 <= found.bounds.high)
    assert 0.93 < np.mean(held) < 0.97
    assert len(given) > 1800
    assert 0.93 < np.mean(given) < 0.97
