"""Leave-one-out, anticipation and negative controls: each sees what is there, and rarely what is not."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from vru.checks import CHECKS, Case
from vru.panel import Panel
from vru.results import Finding

MakePanel = Callable[..., Panel]
MakeCase = Callable[..., Case]


def run(name: str, case: Case, **options: Any) -> Finding:
    check = CHECKS[name]
    return check.run(case, check.options(**options), np.random.default_rng(5))


def one_area_alone(panel: Panel, size: float) -> Panel:
    """The last comparison area, ``size`` times as busy as others, doubles after the start; nothing else changes."""
    counts = panel.counts["violence"].copy()
    counts[-1] = np.random.default_rng(9).poisson(np.where(panel.post(), 2.0, 1.0) * size)
    return replace(panel, counts={"violence": counts})


def test_a_finding_that_hangs_on_one_area_fails_and_names_it(make_panel: MakePanel, make_case: MakeCase) -> None:
    def poisson(panel: Panel) -> Any:
        from .conftest import log_ratio

        return log_ratio(panel, cluster=False)

    panel = one_area_alone(make_panel(mean=20), 400)
    found = run("leave_one_out", make_case(panel, refit=poisson))
    assert found.verdict == "fail"
    assert f"Without comparison area {panel.units[-1]} no effect is seen" in found.text


def test_a_period_that_carries_the_finding_is_named(make_panel: MakePanel, make_case: MakeCase) -> None:
    panel = make_panel(mean=20, seed=3)
    counts = panel.counts["violence"].copy()
    counts[panel.is_role("treated"), 30] += 300.0
    found = run("leave_one_out", make_case(replace(panel, counts={"violence": counts})))
    assert found.verdict == "fail"
    assert "Without period 2021-07 no effect is seen" in found.text


def test_an_effect_shared_by_all_passes(make_panel: MakePanel, make_case: MakeCase) -> None:
    found = run("leave_one_out", make_case(make_panel(ratio=0.7, mean=30)))
    assert found.verdict == "pass"
    assert found.numbers["tried"] == 10 + 10 + 15 + 12


def test_an_effect_begun_early_fails(make_panel: MakePanel, make_case: MakeCase) -> None:
    panel = make_panel(ratio=0.6, mean=40)
    counts = panel.counts["violence"].copy()
    rows = np.flatnonzero(panel.is_role("treated"))
    counts[np.ix_(rows, [21, 22, 23])] = np.random.default_rng(2).binomial(
        counts[np.ix_(rows, [21, 22, 23])].astype(int), 0.6
    )
    found = run("anticipation", make_case(replace(panel, counts={"violence": counts})))
    assert found.verdict == "fail"
    assert "was there before the start" in found.text


def test_an_effect_that_begins_at_the_start_passes_with_power(make_panel: MakePanel, make_case: MakeCase) -> None:
    found = run("anticipation", make_case(make_panel(ratio=0.6, mean=40)))
    assert found.verdict == "pass"
    assert found.powered
    few = run("anticipation", make_case(make_panel(pre=5)))
    assert few.verdict == "not_run"
    assert "at least 7 are needed" in few.text


def test_a_change_in_what_could_not_be_touched_fails(make_panel: MakePanel, make_case: MakeCase) -> None:
    panel, other = make_panel(ratio=0.7, mean=40), make_panel(ratio=0.7, mean=40, seed=8)
    calm = make_panel(mean=40, seed=9)
    counts = {**panel.counts, "shoplifting": other.counts["violence"], "fraud": calm.counts["violence"]}
    case = make_case(replace(panel, counts=counts))
    both = run("placebo_outcome", case, outcomes=("shoplifting", "fraud"))
    assert both.verdict == "fail"
    assert "shoplifting changed as well and as much" in both.text
    one = run("placebo_outcome", case, outcomes=("fraud",))
    assert (one.verdict, one.powered) == ("pass", True)
    assert both.numbers["p_fraud"] == pytest.approx(one.numbers["p_fraud"])  # the last of two p-values keeps its size


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "names no outcome"),
        ({"outcomes": ("arson",)}, "arson is not an outcome"),
        ({"outcomes": ("violence",)}, "no negative control"),
    ],
)
def test_controls_that_are_none_are_said(
    options: dict[str, Any], words: str, make_panel: MakePanel, make_case: MakeCase
) -> None:
    found = run("placebo_outcome", make_case(make_panel()), **options)
    assert found.verdict == "not_run"
    assert words in found.text


def test_error_rates_over_200_draws_where_nothing_is_wrong(make_panel: MakePanel, make_case: MakeCase) -> None:
    """A true effect of 25% and nothing else: anticipation and controls alarm in about 5, influence in fewer still."""
    alarms = dict.fromkeys(("leave_one_out", "anticipation", "placebo_outcome"), 0)
    for seed in range(200):
        panel = make_panel(ratio=0.75, mean=20, seed=seed, dispersion=0.05)
        calm = make_panel(mean=20, seed=1000 + seed)
        case = make_case(replace(panel, counts={**panel.counts, "fraud": calm.counts["violence"]}))
        for name, options in (
            ("leave_one_out", {"most": 3}),
            ("anticipation", {}),
            ("placebo_outcome", {"outcomes": ("fraud",)}),
        ):
            alarms[name] += run(name, case, **options).verdict in ("concern", "fail")
    assert alarms["leave_one_out"] <= 10
    assert alarms["anticipation"] <= 20
    assert alarms["placebo_outcome"] <= 18
