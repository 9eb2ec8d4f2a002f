"""What every check must do, whichever it is."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from vru.checks import CHECKS, Case, Check
from vru.errors import MethodError
from vru.panel import Panel, PoolRecord, SelectionHistory
from vru.rating import overclaims
from vru.results import Estimate, Finding, Rating

EVERY = sorted(CHECKS)
NAMES = [name for name in EVERY if "areas" in CHECKS[name].takes]
NEEDED: dict[str, dict[str, Any]] = {"placebo_outcome": {"outcomes": ("untouched",)}}
MakeCase = Callable[..., Case]
MakePanel = Callable[..., Panel]


def full(panel: Panel) -> Panel:
    """The panel with a record of how its areas were chosen, and some counts of which only a range is known."""
    rng = np.random.default_rng(4)
    pool = tuple(f"pool{i}" for i in range(60)) + panel.units
    counts = rng.poisson(rng.gamma(4, 2, (len(pool), 1)), (len(pool), 12)).astype(float)
    chosen = np.arange(len(pool)) >= 60
    months = tuple(f"2017-{m:02d}" for m in range(1, 13))
    others = rng.poisson(rng.gamma(4, 2, (60, 1)), (60, panel.shape[1])).astype(float)
    later = np.concatenate([others, panel.counts["violence"]])
    record = PoolRecord((*months, *panel.periods), np.concatenate([counts, later], axis=1))
    least = np.where(panel.counts["violence"] <= 2, 0.0, panel.counts["violence"])
    most = np.where(panel.counts["violence"] <= 2, 2.0, panel.counts["violence"])
    spans = {"violence": (np.where(panel.missing, np.nan, least), np.where(panel.missing, np.nan, most))}
    history = SelectionHistory("violence", months, pool, counts, chosen, record)
    dose = np.where(panel.treated_periods(), 60.0, 5.0)
    untouched = np.where(panel.missing, np.nan, rng.poisson(10, panel.shape).astype(float))
    counts_of = {**panel.counts, "untouched": untouched}
    return replace(panel, selection=history, spans=spans, counts=counts_of, delivered={"minutes": dose})


def run(check: Check, case: Case, seed: int = 1) -> Finding:
    return check.run(case, check.options(**NEEDED.get(check.name, {})), np.random.default_rng(seed))


@pytest.mark.parametrize("name", EVERY)
def test_registered_under_its_own_name_and_described(name: str) -> None:
    check = CHECKS[name]
    assert check.name == name
    assert check.question.endswith("?")
    assert check.source
    assert check.label


@pytest.mark.parametrize("name", NAMES)
def test_runs_on_a_good_case_repeats_and_leaves_it_alone(name: str, make_panel: MakePanel, make_case: MakeCase) -> None:
    case = make_case(full(make_panel(ratio=0.75, buffers=10, pre=24, post=12)))
    before = copy.deepcopy((case.panel.counts, case.panel.selection))
    state = np.random.get_state()[1].copy()
    first, second = run(CHECKS[name], case), run(CHECKS[name], case)
    assert first == second
    assert first.verdict in {"pass", "concern", "fail"}, first.text
    assert first.analysis == "main"
    assert first.check == name
    assert first.threshold
    assert first.numbers
    assert all(v is None or isinstance(v, int | float | str) for v in first.numbers.values())
    assert all(np.isfinite(v) for v in first.numbers.values() if isinstance(v, int | float))
    np.testing.assert_array_equal(case.panel.counts["violence"], before[0]["violence"])
    np.testing.assert_array_equal(case.panel.selection.counts, before[1].counts)
    np.testing.assert_array_equal(np.random.get_state()[1], state)


@pytest.mark.parametrize("name", NAMES)
def test_text_is_plain_and_claims_nothing(name: str, make_panel: MakePanel, make_case: MakeCase) -> None:
    found = run(CHECKS[name], make_case(full(make_panel(ratio=0.75, buffers=10))))
    assert found.text[0].isupper()
    assert found.text.endswith(".")
    assert not {"nan", "inf", "None"} & set(found.text.replace("(", " ").replace("%", " ").split())
    weakest = Rating("Maryland Scientific Methods Scale", "violence", 3, "", (), "is associated with")
    assert overclaims(found.text, weakest) == []


def zero(panel: Panel) -> Panel:
    return replace(panel, counts={"violence": np.zeros(panel.shape)})


def gone(panel: Panel) -> Panel:
    return replace(panel, counts={"violence": np.full(panel.shape, np.nan)}, missing=np.ones(panel.shape, dtype=bool))


DEGENERATE: dict[str, Callable[[MakePanel], Panel]] = {
    "no comparison": lambda make: make(comparison=0),
    "no treated": lambda make: make(treated=0),
    "one of each": lambda make: make(treated=1, comparison=1),
    "one month before": lambda make: make(pre=1, post=5),
    "no month before": lambda make: make(pre=0, post=6),
    "one month after": lambda make: make(pre=12, post=1),
    "all zero": lambda make: zero(make(buffers=3)),
    "all missing": lambda make: gone(make(buffers=3)),
    "no area treated yet": lambda make: replace(make(), starts=(None,) * 20),
    "tiny counts": lambda make: make(mean=0.02, buffers=3),
}


@pytest.mark.parametrize("kind", sorted(DEGENERATE))
@pytest.mark.parametrize("name", NAMES)
def test_never_raises_and_says_why_it_did_not_run(
    name: str, kind: str, make_panel: MakePanel, make_case: MakeCase
) -> None:
    panel = full(DEGENERATE[kind](make_panel))
    found = run(CHECKS[name], make_case(panel))
    assert found.verdict in {"pass", "concern", "fail", "not_run"}
    if found.verdict == "not_run":
        assert found.text.startswith("Not run: ")
        assert len(found.text) > 25
    assert all(np.isfinite(v) for v in found.numbers.values() if isinstance(v, int | float))


@pytest.mark.parametrize("name", NAMES)
def test_all_zero_and_all_missing_are_not_run(name: str, make_panel: MakePanel, make_case: MakeCase) -> None:
    for broken in (zero, gone):
        found = run(CHECKS[name], make_case(broken(make_panel(buffers=3))))
        assert found.verdict == "not_run", (broken.__name__, found.text)


@pytest.mark.parametrize("name", NAMES)
def test_a_method_that_refuses_is_not_run_or_not_needed(name: str, make_panel: MakePanel, make_case: MakeCase) -> None:
    def refuse(panel: Panel) -> Estimate:
        raise MethodError("this method needs at least 36 months")

    good = make_case(full(make_panel(buffers=4)))
    found = run(CHECKS[name], replace(good, refit=refuse))
    if name.startswith("placebo_"):
        assert found.verdict == "not_run"
        assert "36 months" in found.text


@pytest.mark.parametrize("name", NAMES)
def test_order_of_areas_and_missing_months_do_not_break_it(
    name: str, make_panel: MakePanel, make_case: MakeCase
) -> None:
    panel = full(make_panel(buffers=6, missing=(3, 30), ratio=0.8))
    found = run(CHECKS[name], make_case(panel))
    assert found.verdict != "not_run", found.text


@pytest.mark.parametrize("name", NAMES)
def test_a_difference_of_counts_is_checked_too(name: str, make_panel: MakePanel, make_case: MakeCase) -> None:
    panel = full(make_panel(buffers=6, ratio=0.8))
    good = make_case(panel)
    counted = replace(good.estimate, scale="count_difference", value=-40.0, se=10.0, low=-60.0, high=-20.0)
    changed: Any = replace(good, estimate=counted, refit=lambda p: counted)
    assert run(CHECKS[name], changed).verdict != "not_run"
