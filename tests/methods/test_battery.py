"""What every method must do, whatever it is. A newcomer in METHODS is picked up by itself."""

import dataclasses
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from vru.errors import MethodError
from vru.methods import METHODS
from vru.methods.method import Method
from vru.panel import Panel, SelectionHistory
from vru.results import Estimate

MakePanel = Callable[..., Panel]
RATIO = 0.7
LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99)
ROUGH = 0.02
"""How near p may come to the level's own before which of them is right is a matter of draws and rounding."""
NEED_BUFFERS = ("weighted_displacement_quotient",)
NEED_SELECTION = ("level_adjusted_did",)
CARDS = Path(__file__).parents[2] / "toolkit" / "METHODS.md"

areas = [m for m in METHODS.values() if m.takes == "areas"]
every = pytest.mark.parametrize("method", areas, ids=[m.name for m in areas])
with_card = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS.keys())


@pytest.fixture
def make_panel(
    make_panel: MakePanel, with_selection: Callable[[Panel], Panel], request: pytest.FixtureRequest
) -> MakePanel:
    """The shared factory; with what a method refuses without: buffers, or how areas were chosen."""
    call = getattr(request.node, "callspec", None)
    name = call.params["method"].name if call else ""
    if name in NEED_SELECTION:
        return lambda **asked: with_selection(make_panel(**asked))
    return (lambda **asked: make_panel(**{"buffers": 6} | asked)) if name in NEED_BUFFERS else make_panel


def fit(method: Method, panel: Panel, seed: int = 1) -> Estimate:
    return method.fit(panel, "violence", method.options(), np.random.default_rng(seed))


def truth(method: Method, estimate: Estimate, panel: Panel, ratio: float) -> float:
    """The true effect on the estimate's scale; for counts from the expected number without treatment."""
    if estimate.scale == "log_rate_ratio":
        return math.log(ratio)
    treated = panel.counts["violence"][panel.is_role("treated")]
    return float((ratio - 1) * np.nansum(treated[:, panel.post()]) / ratio)


def flat(estimate: Estimate) -> str:
    return json.dumps(dataclasses.asdict(estimate), sort_keys=True, allow_nan=False)


def _renamed(panel: Panel, names: dict[str, str]) -> SelectionHistory | None:
    chosen = panel.selection
    return None if chosen is None else replace(chosen, pool=tuple(names.get(u, u) for u in chosen.pool))


@every
def test_recovers_a_known_effect(method: Method, make_panel: MakePanel) -> None:
    errors, widths = [], []
    for seed in range(12):
        panel = make_panel(ratio=RATIO, seed=seed, mean=20, treated=12, comparison=12)
        found = fit(method, panel)
        errors.append(found.value - truth(method, found, panel, RATIO))
        assert found.low is not None
        assert found.high is not None
        widths.append((found.high - found.low) / 4)
        assert found.p is not None
        assert found.p < 0.01
    assert abs(np.mean(errors)) < 3 * np.mean(widths) / math.sqrt(12)


@every
def test_finds_none_under_placebo(method: Method, make_panel: MakePanel) -> None:
    alarms = []
    for seed in range(100, 140):
        p = fit(method, make_panel(seed=seed)).p
        assert p is not None
        alarms.append(p <= 0.05)
    assert np.mean(alarms) <= 0.16


@every
def test_ignores_row_order_and_unit_labels(method: Method, make_panel: MakePanel) -> None:
    panel = make_panel(ratio=RATIO)
    order = np.random.default_rng(0).permutation(len(panel.units))
    names = tuple(f"Z{i}" for i in range(len(order)))
    moved = replace(
        panel,
        units=names,
        selection=_renamed(panel, {panel.units[int(i)]: n for i, n in zip(order, names, strict=True)}),
        counts={k: v[order] for k, v in panel.counts.items()},
        role=tuple(panel.role[i] for i in order),
        starts=tuple(panel.starts[i] for i in order),
        missing=panel.missing[order],
    )
    first, second = fit(method, panel), fit(method, moved)
    assert first.value == pytest.approx(second.value, abs=1e-9)
    assert first.low == pytest.approx(second.low, rel=0.05)
    assert first.p == pytest.approx(second.p, abs=0.01)


@every
def test_leaves_its_input_unchanged(method: Method, make_panel: MakePanel) -> None:
    panel = make_panel(ratio=RATIO, missing=(3, 30))
    before = {k: v.copy() for k, v in panel.counts.items()}
    fit(method, panel)
    for k, v in before.items():
        np.testing.assert_array_equal(panel.counts[k], v)


@every
def test_repeats_under_a_seed(method: Method, make_panel: MakePanel) -> None:
    panel = make_panel(ratio=RATIO, dispersion=0.2)
    assert flat(fit(method, panel, 5)) == flat(fit(method, panel, 5))


@every
def test_fails_readably_on_an_empty_arm(method: Method, make_panel: MakePanel) -> None:
    panel = make_panel()
    with pytest.raises(MethodError, match="no unit is treated"):
        fit(method, panel.subset(~panel.is_role("treated")))
    if method.family == "causal":
        with pytest.raises(MethodError, match="comparison units and there are none"):
            fit(method, panel.subset(panel.is_role("treated")))


@every
def test_fails_readably_without_months_before(method: Method, make_panel: MakePanel) -> None:
    panel = make_panel()
    late = panel.between(panel.post())
    starts = tuple(late.periods[0] if r == "treated" else None for r in late.role)
    with pytest.raises(MethodError, match="no observed month before the start"):
        fit(method, replace(late, starts=starts))


@every
def test_fails_readably_on_an_unknown_outcome(method: Method, make_panel: MakePanel) -> None:
    with pytest.raises(MethodError, match="allowed: violence"):
        method.fit(make_panel(), "burglary", method.options(), np.random.default_rng(0))


@every
def test_fails_readably_when_nothing_was_recorded(method: Method, make_panel: MakePanel) -> None:
    panel = make_panel()
    silent = replace(panel, counts={"violence": np.zeros(panel.shape)})
    with pytest.raises(MethodError, match="no offences"):
        fit(method, silent)


@every
def test_estimate_is_complete(method: Method, make_panel: MakePanel) -> None:
    found = fit(method, make_panel(ratio=RATIO, buffers=3, missing=(4, 27)))
    flat(found)
    assert (found.analysis, found.role, found.method) == ("", "exploratory", method.name)
    assert (found.n_treated, found.n_pre, found.n_post) == (10, 23, 11)
    assert found.n_comparison == (0 if method.family == "before_after" else 10)
    assert len(found.path) == 34
    assert found.events_prevented is not None
    assert found.events_prevented.low is not None
    assert found.events_prevented.high is not None
    assert found.events_prevented.low < found.events_prevented.value < found.events_prevented.high
    assert {"T0", "T1"} <= set(found.counts)
    assert found.notes
    late = [p for p in found.path if p.period >= "2021-01"]
    assert sum(p.expected - p.observed for p in late) == pytest.approx(found.events_prevented.value, rel=1e-6)


@every
def test_a_missing_month_is_not_a_zero(method: Method, make_panel: MakePanel) -> None:
    whole, gappy = fit(method, make_panel(mean=50)), fit(method, make_panel(mean=50, missing=(25, 26, 27, 28)))
    if whole.scale == "log_rate_ratio":
        assert abs(whole.value - gappy.value) < 0.15


@every
def test_buffers_do_not_enter_the_treated_comparison(method: Method, make_panel: MakePanel) -> None:
    panel = make_panel(ratio=RATIO, buffers=3, displacement=3.0)
    alone = panel.subset(panel.is_role("treated", "comparison"))
    if method.name in NEED_BUFFERS:
        with pytest.raises(MethodError, match="needs buffers"):
            fit(method, alone)
        # The rows of treated and comparison units come first, so the same seed gives them the same counts.
        alone = make_panel(ratio=RATIO, buffers=3)
    with_, without = fit(method, panel), fit(method, alone)
    first, second = (e.components["local"].value if "local" in e.components else e.value for e in (with_, without))
    assert first == pytest.approx(second)


@every
def test_level_widens_the_interval_and_is_validated(method: Method, make_panel: MakePanel) -> None:
    panel = make_panel(ratio=RATIO)
    narrow = method.fit(panel, "violence", method.options(level=0.8), np.random.default_rng(1))
    wide = method.fit(panel, "violence", method.options(level=0.99), np.random.default_rng(1))
    assert wide.level == 0.99
    assert (wide.low or 0) < (narrow.low or 0) < narrow.value < (narrow.high or 0) < (wide.high or 0)
    for bad in ({"level": 0.4}, {"level": 1.0}, {"levle": 0.9}):
        with pytest.raises(ValidationError):
            method.options.model_validate(bad)


@every
def test_p_and_interval_agree_at_every_level(method: Method, make_panel: MakePanel) -> None:
    """An interval half as wide as it claims leaves out no effect where p does not, one twice as wide the other way."""
    asked = 0
    for seed in range(8):
        panel = make_panel(ratio=0.94, seed=seed, mean=5, treated=12, comparison=12)
        for level in LEVELS:
            found = method.fit(
                panel, "violence", method.options.model_validate({"level": level}), np.random.default_rng(1)
            )
            if found.p is None or (found.low is None and found.high is None) or abs(found.p - (1 - level)) < ROUGH:
                continue
            asked += 1
            outside = (found.low is not None and found.low > 0) or (found.high is not None and found.high < 0)
            assert outside == (found.p < 1 - level), (seed, level, found.low, found.high, found.p)
    assert asked >= 20


@every
def test_intervals_cover_as_often_as_they_claim(method: Method, make_panel: MakePanel) -> None:
    """At 80%, where one half as wide would hold the truth in half of the cases."""
    held = []
    for seed in range(40):
        panel = make_panel(ratio=1.0, seed=100 + seed, mean=10, treated=12, comparison=12)
        found = method.fit(panel, "violence", method.options.model_validate({"level": 0.8}), np.random.default_rng(1))
        low = -np.inf if found.low is None else found.low
        held.append(low <= 0 <= (np.inf if found.high is None else found.high))
    assert sum(held) > 24


@with_card
def test_has_a_card(method: Method) -> None:
    card = CARDS.read_text().split(f"\n## {method.name}\n")[1].split("\n## ")[0]
    for part in (
        "Estimand",
        "Formula as implemented",
        "Assumptions",
        "When not to use",
        "Source",
        "Reference implementation",
        "Validation figures",
    ):
        assert f"\n### {part}\n" in card
