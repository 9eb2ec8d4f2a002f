"""Before-after: exact and overdispersed intervals, options, refusals and warnings."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from vru.errors import MethodError
from vru.methods.before_after import METHOD
from vru.panel import Panel
from vru.results import Estimate

MakePanel = Callable[..., Panel]
Totals = Callable[..., Panel]


def fit(panel: Panel, **options: object) -> Estimate:
    return METHOD.fit(panel, "violence", METHOD.options.model_validate(options), np.random.default_rng(1))


def test_before_after_exact_is_poisson_test_and_e_test_is_less_strict(totals: Totals) -> None:
    panel = totals(T=(10, 12, 14, 3))
    exact = fit(panel, interval="exact")
    assert exact.value == pytest.approx(np.log(3 / 12))
    e_test = fit(panel, interval="exact", test="e_test")
    assert e_test.low == exact.low
    assert (e_test.p or 1) < (exact.p or 0)


def test_before_after_options_that_contradict_are_refused() -> None:
    for bad in ({"test": "e_test"}, {"interval": "exact", "variance": "negative_binomial"}):
        with pytest.raises(ValidationError, match="goes with"):
            METHOD.options.model_validate(bad)


def test_before_after_negative_binomial_and_quasi_poisson_agree_on_even_series(make_panel: MakePanel) -> None:
    panel = make_panel(dispersion=1.0, mean=20, treated=1, comparison=1, seed=3)
    quasi, binomial = fit(panel), fit(panel, variance="negative_binomial")
    assert binomial.value == quasi.value
    assert (binomial.se or 0) == pytest.approx(quasi.se or 1, rel=0.25)


def test_before_after_nothing_after_is_one_sided(totals: Totals) -> None:
    found = fit(totals(T=(9, 8, 7, 0)), interval="exact")
    assert found.low is None
    assert found.high is not None
    assert found.events_prevented is not None
    assert found.events_prevented.value == 8


def test_before_after_nothing_before_is_refused(totals: Totals) -> None:
    with pytest.raises(MethodError, match="a rate ratio does not exist"):
        fit(totals(T=(0, 0, 5)))


def test_before_after_staggered_compares_each_unit_with_its_own_past(make_panel: MakePanel) -> None:
    panel = make_panel(mean=200, ratio=0.5)
    starts = tuple(panel.periods[24 if i % 2 else 12] if s else None for i, s in enumerate(panel.starts))
    counts = panel.counts["violence"].copy()
    counts[0:10:2, 12:24] /= 2
    found = fit(replace(panel, starts=starts, counts={"violence": counts.round()}))
    assert found.value == pytest.approx(np.log(0.5), abs=0.03)


def test_before_after_warns_of_unequal_calendar_months(make_panel: MakePanel) -> None:
    def warned(panel: Panel) -> bool:
        return any("calendar year" in n for n in fit(panel).notes)

    assert warned(make_panel(post=6))
    assert not warned(make_panel())
