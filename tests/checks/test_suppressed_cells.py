"""How far suppressed counts reach: bounds hold the truth, do not depend on the unit, and decide the verdict."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from vru.checks import CHECKS, Case
from vru.panel import Panel
from vru.results import Finding

MakeCase = Callable[..., Case]
MakePanel = Callable[..., Panel]
CHECK = CHECKS["suppressed_cells"]


def look(case: Case) -> Finding:
    return CHECK.run(case, CHECK.options(), np.random.default_rng(1))


def hidden(panel: Panel, largest: float) -> Panel:
    """The panel as it comes when counts from 1 to ``largest`` are hidden and the middle stands for them."""
    true = panel.counts["violence"]
    gone = (true >= 1) & (true <= largest)
    spans = {"violence": (np.where(gone, 1.0, true), np.where(gone, largest, true))}
    return replace(panel, counts={"violence": np.where(gone, np.floor((1 + largest) / 2), true)}, spans=spans)


@pytest.mark.parametrize("seed", range(4))
def test_the_bounds_hold_the_answer_of_the_true_counts(make_panel: MakePanel, make_case: MakeCase, seed: int) -> None:
    panel = make_panel(ratio=0.7, seed=seed)
    true = make_case(panel).estimate.value
    numbers = look(make_case(hidden(panel, 4))).numbers
    assert float(numbers["effect_lower"]) < true < float(numbers["effect_upper"])
    assert float(numbers["effect_lower"]) <= float(numbers["effect_lowest"]) <= float(numbers["effect_upper"])


def test_few_hidden_counts_pass_and_many_fail(make_panel: MakePanel, make_case: MakeCase) -> None:
    panel = make_panel(ratio=0.75)
    assert look(make_case(panel)).verdict == "not_run"
    few = replace(panel, spans={"violence": (panel.counts["violence"], panel.counts["violence"] + 0.01)})
    assert look(make_case(few)).verdict == "pass"
    middle = float(np.nanmedian(panel.counts["violence"]))
    wide = look(make_case(hidden(panel, max(4.0, 2 * middle))))
    assert wide.verdict == "fail"
    assert "knows nothing of this" in wide.text
