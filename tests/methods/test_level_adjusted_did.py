"""The method round the estimator: what it needs to know, what it refuses, and that its numbers agree with one another."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from vru.errors import MethodError
from vru.methods import METHODS
from vru.panel import Panel
from vru.results import Estimate

MakePanel = Callable[..., Panel]
WithSelection = Callable[[Panel], Panel]
METHOD = METHODS["level_adjusted_did"]


def fit(panel: Panel) -> Estimate:
    return METHOD.fit(panel, "violence", METHOD.options(), np.random.default_rng(1))


def test_numbers_agree_with_one_another(make_panel: MakePanel, with_selection: WithSelection) -> None:
    found = fit(with_selection(make_panel(ratio=0.7, missing=(4, 30))))
    c = found.counts
    assert c["expected"] == pytest.approx(c["T1"] * math.exp(-found.value))
    assert found.events_prevented is not None
    assert found.events_prevented.value == pytest.approx(c["expected"] - c["T1"])
    before = [p for p in found.path if p.period < "2021-01"]
    assert sum(p.expected for p in before) == pytest.approx(c["T0"])
    assert "CR2" in found.inference
    assert found.p == pytest.approx(0.05, abs=0.05) or (found.low is not None and (found.low > 0) == (found.value > 0))


def test_p_and_interval_agree_at_every_level(make_panel: MakePanel, with_selection: WithSelection) -> None:
    panel = with_selection(make_panel(ratio=0.9))
    p = fit(panel).p
    assert p is not None
    for level, outside in ((1 - p * 1.01, True), (1 - p * 0.99, False)):
        found = METHOD.fit(panel, "violence", METHOD.options(level=level), np.random.default_rng(1))
        assert found.low is not None
        assert found.high is not None
        assert (found.low > 0 or found.high < 0) == outside


def test_a_bigger_unit_of_selection_changes_nothing(make_panel: MakePanel, with_selection: WithSelection) -> None:
    """Half an offence over the selection is added before the logarithm, so agreement is to a hair, not to the last digit."""
    panel = with_selection(make_panel(ratio=0.8, mean=40))
    assert panel.selection is not None
    twice = replace(panel, selection=replace(panel.selection, counts=2 * panel.selection.counts))
    assert fit(twice).value == pytest.approx(fit(panel).value, abs=1e-3)


def test_it_needs_to_know_how_areas_were_chosen(make_panel: MakePanel, with_selection: WithSelection) -> None:
    with pytest.raises(MethodError, match="on which months areas were chosen"):
        fit(make_panel())
    panel = with_selection(make_panel())
    assert panel.selection is not None
    other = replace(panel, selection=replace(panel.selection, pool=tuple(f"x{i}" for i in range(40))))
    with pytest.raises(MethodError, match="not in the pool"):
        fit(other)


def test_two_areas_in_an_arm_and_starts_that_differ_are_refused(
    make_panel: MakePanel, with_selection: WithSelection
) -> None:
    with pytest.raises(MethodError, match="fewer than 3 treated areas"):
        fit(with_selection(make_panel(treated=2, comparison=10)))
    panel = with_selection(make_panel())
    starts = tuple("2021-03" if i == 0 else s for i, s in enumerate(panel.starts))
    with pytest.raises(MethodError, match="start in different months"):
        fit(replace(panel, starts=starts))
    counts = panel.counts["violence"].copy()
    counts[panel.is_role("treated")[:, None] & panel.post()[None, :]] = 0
    with pytest.raises(MethodError, match="treated areas after the start"):
        fit(replace(panel, counts={"violence": counts}))


def test_notes_say_how_far_the_gradient_is_carried(make_panel: MakePanel, with_selection: WithSelection) -> None:
    notes = " ".join(fit(with_selection(make_panel())).notes)
    assert "times as many offences as comparison areas" in notes
    assert "that is taken out" in notes
