"""Relative incident rate ratio: published example through the panel, variance, warnings, refusals."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from vru.errors import MethodError
from vru.methods import METHODS
from vru.methods.inference import TOO_NARROW
from vru.methods.relative_rate_ratio import METHOD
from vru.panel import Panel
from vru.results import Estimate

MakePanel = Callable[..., Panel]
Totals = Callable[..., Panel]


def fit(panel: Panel, **options: object) -> Estimate:
    return METHOD.fit(panel, "violence", METHOD.options.model_validate(options), np.random.default_rng(1))


def test_rirr_through_the_panel(totals: Totals) -> None:
    found = fit(totals(T=(50, 30), C=(60, 55)))
    assert round(found.value, 7) == -0.4238142
    assert round(found.se or 0, 5) == 0.29695
    assert found.ratio is not None
    assert round(found.ratio.value, 7) == 0.6545455
    assert (round(found.ratio.low or 0, 3), round(found.ratio.high or 0, 3)) == (0.366, 1.171)


def test_rirr_adds_half_to_a_zero_and_says_so(totals: Totals) -> None:
    found = fit(totals(T=(9, 0), C=(60, 55)))
    assert found.value == pytest.approx(np.log(0.5 / 9.5) - np.log(55.5 / 60.5))
    assert any("0.5 was added" in n for n in found.notes)


def test_rirr_variance_grows_with_phi(make_panel: MakePanel) -> None:
    found = fit(make_panel(dispersion=0.3), variance="as_published")
    t0, t1, c0, c1 = (found.counts[k] for k in ("T0", "T1", "C0", "C1"))
    assert found.counts["phi"] > 2
    assert found.se == pytest.approx((found.counts["phi"] * (1 / t0 + 1 / t1 + 1 / c0 + 1 / c1)) ** 0.5)


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


def test_warnings_where_intervals_were_measured_to_fail(make_panel: MakePanel) -> None:
    def notes(panel: Panel) -> str:
        return " ".join(fit(panel, variance="as_published").notes)

    quiet = notes(make_panel(mean=20))
    assert "In simulation" not in quiet
    assert TOO_NARROW in quiet
    assert "resemble the month before" not in quiet
    panel = make_panel(mean=20)
    rng = np.random.default_rng(0)
    counts = panel.counts["violence"].copy()
    counts[:, 24:] = (counts[:, 24:] * np.exp(rng.normal(0, 0.3, (20, 1)))).round()
    assert "Units changed more differently" in notes(replace(panel, counts={"violence": counts}))
    wave = np.exp(0.5 * np.sin(np.arange(36) / 2 + rng.uniform(0, 6, (20, 1))))
    waved = rng.poisson(20 * wave).astype(float)
    assert "resemble the month before" in notes(replace(panel, counts={"violence": waved}))
    assert "One treated unit" in notes(make_panel(treated=1))
    assert "Only" in notes(make_panel(treated=1, mean=0.3))


@pytest.mark.parametrize("treated", [6, 10])
def test_the_interval_is_that_of_the_areas_where_counts_by_area_are_known(make_panel: MakePanel, treated: int) -> None:
    panel = make_panel(treated=treated)
    found = fit(panel, draws=999)
    method = METHODS["poisson_did"]
    same = method.fit(panel, "violence", method.options.model_validate({"draws": 999}), np.random.default_rng(1))
    assert (found.low, found.high, found.p) == pytest.approx((same.low, same.high, same.p))
    assert found.value == pytest.approx(same.value)
    assert TOO_NARROW not in found.notes
    assert not any("poisson_did allows for it" in n for n in found.notes)


def test_one_area_against_twenty_has_no_p_under_one_in_twenty_one(make_panel: MakePanel) -> None:
    panel = make_panel(treated=1, mean=20)
    found = fit(panel)
    assert found.p is not None
    assert found.p >= 1 / len(panel.units)
    assert found.low is None or len(panel.units) > 20


def test_an_added_half_has_no_interval_by_area(make_panel: MakePanel) -> None:
    panel = make_panel(treated=2, mean=1)
    counts = panel.counts["violence"].copy()
    counts[np.ix_(panel.is_role("treated"), panel.post())] = 0
    found = fit(replace(panel, counts={"violence": counts}))
    assert (found.low, found.high, found.p) == (None, None, None)
    assert any("added half" in n for n in found.notes)


def test_a_comparison_without_offences_before_is_refused(totals: Totals) -> None:
    with pytest.raises(MethodError, match="comparison units before the start"):
        fit(totals(T=(50, 30), C=(0, 18)))


def test_a_comparison_without_offences_after_claims_nothing(totals: Totals) -> None:
    found = fit(totals(T=(50, 30), C=(18, 0)))
    assert (found.low, found.high, found.p, found.events_prevented) == (None, None, None, None)
