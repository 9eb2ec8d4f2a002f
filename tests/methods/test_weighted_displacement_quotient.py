"""Weighted displacement quotient through a panel: what is the value, what is said, what is refused."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from vru.errors import MethodError
from vru.methods.inference import TOO_NARROW
from vru.methods.weighted_displacement_quotient import METHOD
from vru.panel import Panel
from vru.results import Estimate

MakePanel = Callable[..., Panel]
Totals = Callable[..., Panel]


def fit(panel: Panel, **options: object) -> Estimate:
    return METHOD.fit(panel, "violence", METHOD.options.model_validate(options), np.random.default_rng(1))


def said(estimate: Estimate) -> str:
    return next(n for n in estimate.notes if "isplacement quotient" in n)


def test_bowers_johnson_2003_on_the_wheeler_ratcliffe_counts(totals: Totals) -> None:
    """By hand: 318/308 of the counts before is what was expected after."""
    found = fit(totals(T=(207, 110), C=(308, 318), D=(178, 157), E=(150, 140)))
    course = 318 / 308
    local, spill = 110 - 207 * course, 157 - 178 * course
    assert found.value == pytest.approx(local + spill)
    assert {k: v.value for k, v in found.components.items()} == pytest.approx(
        {"local": local, "displacement": spill, "total": local + spill, "gross": 110 - 207}
    )
    assert found.counts["quotient"] == pytest.approx((157 / 318 - 178 / 308) / (110 / 318 - 207 / 308))
    assert found.counts["net_effect"] == pytest.approx(207 / 308 - 110 / 318)
    assert found.events_prevented is not None
    assert found.events_prevented.value == pytest.approx(-local)
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high < 0
    assert "displacement of the whole effect is ruled out" in said(found)


def test_months_before_and_after_need_not_be_as_many(totals: Totals) -> None:
    """A second month before, like the first, leaves the value and doubles only what is divided again."""
    one = fit(totals(T=(200, 100), C=(400, 380), D=(100, 80)))
    two = fit(totals(T=(200, 200, 100), C=(400, 400, 380), D=(100, 100, 80)))
    assert two.value == pytest.approx(one.value)
    assert two.components["gross"].value == pytest.approx(one.components["gross"].value)
    assert any("2 months before and 1 after" in n for n in two.notes)


@pytest.mark.parametrize(
    ("buffers", "words"),
    [
        ((4000, 1000), "the benefit to the buffers exceeds"),
        ((2000, 1700), "the benefit spread to the buffers, by less"),
        ((2000, 2300), "offences moved to the buffers, fewer than were prevented"),
        ((2000, 5000), "displacement exceeds the effect"),
        ((20, 19), "displacement of the whole effect is ruled out"),
        ((90000, 90000), "does not tell displacement from diffusion"),
    ],
)
def test_classes_only_where_the_interval_lies_in_one(totals: Totals, buffers: tuple[float, float], words: str) -> None:
    assert words in said(fit(totals(T=(2000, 1000), C=(20000, 20000), D=buffers)))


def test_no_quotient_where_treated_units_did_no_better(totals: Totals) -> None:
    found = fit(totals(T=(100, 110), C=(200, 190), D=(80, 90)))
    assert "quotient" not in found.counts
    assert "no meaning" in said(found)


def test_no_class_where_the_effect_is_not_clear(totals: Totals) -> None:
    found = fit(totals(T=(100, 95), C=(200, 200), D=(80, 60)))
    assert found.counts["quotient"] == pytest.approx(4.0)
    assert "quotient_low" not in found.counts
    assert "Nothing can be said of displacement" in said(found)


def test_refuses_without_buffers_and_with_a_silent_comparison(totals: Totals) -> None:
    with pytest.raises(MethodError, match=r"needs buffers[\s\S]*weighted_displacement"):
        fit(totals(T=(100, 95), C=(200, 200)))
    for comparison, side in (((0, 9), "before"), ((9, 0), "after")):
        with pytest.raises(MethodError, match=f"comparison units {side} the start"):
            fit(totals(T=(100, 95), C=comparison, D=(80, 60)))


def test_overdispersion_widens(make_panel: MakePanel) -> None:
    calm, loud = (fit(make_panel(buffers=10, dispersion=d, ratio=0.7)) for d in (0.0, 0.5))
    assert loud.counts["phi"] > 3 > calm.counts["phi"]
    assert (loud.se or 0) > 1.5 * (calm.se or 0)


def test_level_reaches_value_and_quotient(totals: Totals) -> None:
    panel = totals(T=(207, 110), C=(308, 318), D=(178, 157))
    narrow, wide = fit(panel, level=0.8), fit(panel, level=0.99)
    assert wide.counts["quotient_low"] < narrow.counts["quotient_low"]
    assert (wide.low or 0) < (narrow.low or 0)
    assert "80% interval" in said(narrow)


def test_areas_that_change_differently_widen_the_interval(make_panel: MakePanel) -> None:
    panel = make_panel(buffers=6, mean=20)
    counts = panel.counts["violence"].copy()
    course = np.exp(np.random.default_rng(2).normal(0, 0.4, (len(panel.units), 1)))
    counts[:, panel.post()] = (counts[:, panel.post()] * course).round()
    uneven = replace(panel, counts={"violence": counts})
    plain, areas = fit(uneven, variance="as_published"), fit(uneven)
    assert areas.value == plain.value
    assert (areas.high or 0) - (areas.low or 0) > 1.5 * ((plain.high or 0) - (plain.low or 0))
    assert "the areas' changes" in areas.inference
    assert TOO_NARROW in plain.notes
    assert TOO_NARROW not in areas.notes
