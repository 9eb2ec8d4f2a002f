"""Weighted displacement difference against the authors' published and tested numbers."""

import numpy as np
import pytest

from vru.stats.displacement import BeforeAfter, Difference, harm_weighted, net_change, weighted_displacement
from vru.stats.intervals import two_sided_p, wald

TREATED, CONTROL = BeforeAfter(207, 110), BeforeAfter(308, 318)
BUFFER, BUFFER_CONTROL = BeforeAfter(178, 157), BeforeAfter(150, 140)


def test_wheeler_ratcliffe_2018_example() -> None:
    total = weighted_displacement(TREATED, CONTROL, BUFFER, BUFFER_CONTROL).total
    assert total.value == -118
    assert total.se == pytest.approx(np.sqrt(1568), rel=1e-12)
    assert round(total.value / total.se, 2) == -2.98
    bounds = wald(total.value, total.se, 0.95)
    assert (round(bounds.low or 0), round(bounds.high or 0)) == (-196, -40)


def test_wheeler_ratcliffe_2018_local_only() -> None:
    found = weighted_displacement(TREATED, CONTROL)
    assert found.displacement is None
    assert found.local == found.total
    assert found.total.value == -107
    assert round(found.total.se, 3) == 30.708
    assert round(found.total.value / found.total.se, 3) == -3.484


def test_ptools_time_weights_two_years_before_one_after() -> None:
    weighted = net_change(BeforeAfter(80, 20), BeforeAfter(100, 50), time=2)
    assert weighted.value == -20
    assert weighted.se == pytest.approx(np.sqrt(115), rel=1e-12)
    plain = net_change(BeforeAfter(80, 20), BeforeAfter(100, 50))
    assert plain == Difference(-10, pytest.approx(np.sqrt(250)))


def test_ptools_area_weights() -> None:
    total = weighted_displacement(
        BeforeAfter(207, 110, 1.2),
        BeforeAfter(308, 318, 0.9),
        BeforeAfter(178, 157, 1.5),
        BeforeAfter(150, 140, 1.6),
    ).total
    assert round(total.value, 3) == -99.694
    assert round(total.se, 3) == 35.428


def test_ptools_harm_weighted() -> None:
    cells = [
        ((130, 74), (133, 91)),
        ((327, 202), (388, 305)),
        ((398, 190), (148, 97)),
        ((144, 92), (86, 64)),
        ((183, 96), (94, 67)),
    ]
    parts = tuple(net_change(BeforeAfter(*t), BeforeAfter(*c)) for t, c in cells)
    found = harm_weighted(np.array([3.0, 2, 5, 7, 10]), parts)
    assert found.value == -1721
    assert round(found.se, 5) == 304.10360
    assert round(found.value / found.se, 5) == -5.65926
    bounds = wald(found.value, found.se, 0.95)
    assert (round(bounds.low or 0, 2), round(bounds.high or 0, 2)) == (-2317.03, -1124.97)
    assert two_sided_p(found.value, found.se) < 1e-7
