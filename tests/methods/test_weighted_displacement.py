"""Weighted displacement difference: published examples through the panel, variance, refusals."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from vru.errors import MethodError
from vru.methods.weighted_displacement import METHOD
from vru.panel import Panel
from vru.results import Estimate

MakePanel = Callable[..., Panel]
Totals = Callable[..., Panel]


def fit(panel: Panel, **options: object) -> Estimate:
    return METHOD.fit(panel, "violence", METHOD.options.model_validate(options), np.random.default_rng(1))


def test_wheeler_ratcliffe_through_the_panel(totals: Totals) -> None:
    found = fit(totals(T=(207, 110), C=(308, 318), D=(178, 157), E=(150, 140)))
    assert found.value == -118
    assert found.se == pytest.approx(np.sqrt(1568))
    assert (round(found.low or 0), round(found.high or 0)) == (-196, -40)
    assert {k: v.value for k, v in found.components.items()} == {"local": -107, "displacement": -11, "total": -118}
    assert found.events_prevented is not None
    assert found.events_prevented.value == 107
    assert dict(found.counts) | {"E1": 140.0} == dict(found.counts)


def test_time_weights_through_the_panel(totals: Totals) -> None:
    found = fit(totals(T=(30, 50, 20), C=(60, 40, 50)))
    assert found.value == -20
    assert found.se == pytest.approx(np.sqrt(115))
    assert any("2 months before and 1 after" in n for n in found.notes)


def test_area_weights_through_the_panel(totals: Totals) -> None:
    panel = totals(T=(207, 110), C=(308, 318), D=(178, 157), E=(150, 140))
    weights = {"treated": 1.2, "comparison": 0.9, "buffer": 1.5, "buffer_comparison": 1.6}
    found = fit(panel, area_weights=weights)
    assert round(found.value, 3) == -99.694
    assert round(found.se or 0, 3) == 35.428
    with pytest.raises(ValidationError):
        fit(panel, area_weights={"treated": 0})


def test_overdispersed_variance_is_an_option_and_a_note(make_panel: MakePanel) -> None:
    panel = make_panel(dispersion=0.3)
    plain, wide = fit(panel), fit(panel, variance="overdispersed")
    assert (wide.se or 0) / (plain.se or 1) == pytest.approx(plain.counts["phi"] ** 0.5)
    assert any(f"{wide.low:.1f} to {wide.high:.1f}" in n for n in plain.notes)


def test_buffers_without_their_own_comparison_are_said_so(make_panel: MakePanel) -> None:
    panel = make_panel(buffers=2)
    found = fit(panel.subset(~panel.is_role("buffer_comparison")))
    assert any("no comparison of their own" in n for n in found.notes)


def test_staggered_starts_are_refused(make_panel: MakePanel) -> None:
    panel = make_panel()
    with pytest.raises(MethodError, match="use poisson_did"):
        fit(replace(panel, starts=(panel.periods[30], *panel.starts[1:])))


def test_months_that_some_units_lack_are_left_out_for_all(make_panel: MakePanel) -> None:
    panel = make_panel()
    gone = panel.missing.copy()
    gone[:10, 5] = True
    uneven = replace(panel, missing=gone, counts={"violence": np.where(gone, np.nan, panel.counts["violence"])})
    found = fit(uneven)
    even = fit(make_panel(missing=(5,)))
    assert found.value == pytest.approx(even.value)
    assert any("left out for all" in n for n in found.notes)
