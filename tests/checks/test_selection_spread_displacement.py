"""Regression to the mean, spread of counts and displacement, each against known truth."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from vru.checks import CHECKS, Case
from vru.panel import Panel, SelectionHistory
from vru.protocol.fields import Selection
from vru.results import Finding, Interval


def run(name: str, case: Case) -> Finding:
    return CHECKS[name].run(case, CHECKS[name].options(), np.random.default_rng(5))


def hot_spots(seed: int, *, overlap: bool = False, shape: float = 8.0) -> Panel:
    """Poisson-gamma areas; the 20 with most offences in a year are chosen, half of them called treated; no effect."""
    rng = np.random.default_rng(seed)
    rates = rng.gamma(shape, 1.0 / shape, 200)[:, None]
    counts = rng.poisson(np.repeat(rates, 36, axis=1)).astype(float)
    periods = tuple(f"{2018 + i // 12}-{i % 12 + 1:02d}" for i in range(36))
    top = np.argsort(-counts[:, :12].sum(axis=1), kind="stable")[:20]
    pool = tuple(f"a{i:03d}" for i in range(200))
    chosen = np.isin(np.arange(200), top)
    first = 0 if overlap else 12
    rows = np.sort(top)
    return Panel(
        units=tuple(pool[i] for i in rows),
        periods=periods[first:],
        counts={"violence": counts[rows, first:]},
        role=("treated", "comparison") * 10,
        starts=(periods[24], None) * 10,
        missing=np.zeros((20, 36 - first), dtype=bool),
        selection=SelectionHistory("violence", periods[:12], pool, counts[:, :12], chosen),
    )


def test_selection_explains_the_fall_where_nothing_was_done(make_case: Callable[..., Case]) -> None:
    found = [run("regression_to_mean", make_case(hot_spots(s))).numbers for s in range(60)]
    naive = np.mean([f["naive_fall"] for f in found])
    expected = np.mean([f["expected_fall"] for f in found])
    assert naive > 0.15
    assert expected == pytest.approx(naive, abs=0.025)
    early = np.mean([f["fall_before_start"] for f in found])
    assert expected == pytest.approx(early, abs=0.025)
    inside = [f["expected_fall_low"] - 0.12 <= f["naive_fall"] <= f["expected_fall_high"] + 0.12 for f in found]
    assert np.mean(inside) > 0.9


def test_selection_outside_the_window_passes_and_says_the_numbers(make_case: Callable[..., Case]) -> None:
    found = run("regression_to_mean", make_case(hot_spots(1)))
    assert found.verdict == "pass"
    assert "a fall of" in found.text
    assert "does not use the selection months" in found.text


def test_selection_inside_the_window_fails_unless_by_lot(make_case: Callable[..., Case]) -> None:
    panel = hot_spots(1, overlap=True)
    found = run("regression_to_mean", make_case(panel))
    assert found.verdict == "fail"
    assert found.numbers["months_overlapping"] == 12
    lot = Selection(rule="top", outcome="violence", first="2018-01", last="2018-12", top=20, assign="random_half")
    assert run("regression_to_mean", make_case(panel, selection=lot)).verdict == "concern"


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"pool": tuple(f"z{i}" for i in range(200))}, "no treated area is in the pool"),
        ({"chosen": np.ones(200, dtype=bool)}, "0 not chosen"),
        ({"counts": np.full((200, 12), np.nan)}, "no complete month"),
    ],
)
def test_selection_that_says_nothing_is_not_run(
    change: dict[str, Any], part: str, make_case: Callable[..., Case]
) -> None:
    panel = hot_spots(1)
    broken = replace(panel, selection=replace(panel.selection, **change))
    found = run("regression_to_mean", make_case(broken))
    assert found.verdict == "not_run"
    assert part in found.text
    assert run("regression_to_mean", make_case(replace(panel, selection=None))).verdict == "not_run"


def test_selection_on_an_outcome_that_is_not_in_the_panel_still_gives_the_expected_fall(
    make_case: Callable[..., Case],
) -> None:
    panel = hot_spots(1)
    found = run("regression_to_mean", make_case(replace(panel, selection=replace(panel.selection, outcome="asb"))))
    assert found.numbers["naive_fall"] is None
    assert found.numbers["expected_fall"] > 0.05


def test_spread_is_measured_and_named(make_panel: Callable[..., Panel], make_case: Callable[..., Case]) -> None:
    calm = run("overdispersion", make_case(make_panel()))
    assert calm.verdict == "pass"
    assert calm.numbers["dispersion"] == pytest.approx(1, abs=0.2)
    wide = run("overdispersion", make_case(make_panel(dispersion=0.3)))
    assert wide.verdict == "concern"
    assert wide.numbers["widen_intervals_by"] == pytest.approx(wide.numbers["dispersion"] ** 0.5)
    small = run("overdispersion", make_case(make_panel(mean=0.3)))
    assert small.verdict == "concern"
    assert "so small that single incidents matter" in small.text


def test_spread_is_not_taken_for_an_effect(make_panel: Callable[..., Panel], make_case: Callable[..., Case]) -> None:
    strong = run("overdispersion", make_case(make_panel(ratio=0.2)))
    assert strong.numbers["dispersion"] == pytest.approx(1, abs=0.2)
    short = run("overdispersion", make_case(make_panel(ratio=0.2, pre=2)))
    assert "in comparison areas" in short.text
    assert short.numbers["dispersion"] == pytest.approx(1, abs=0.3)


def test_displacement_is_seen(make_panel: Callable[..., Panel], make_case: Callable[..., Case]) -> None:
    moved = run("displacement", make_case(make_panel(ratio=0.7, buffers=10, displacement=1.3, mean=30.0)))
    assert moved.verdict == "fail"
    assert moved.numbers["rate_ratio"] == pytest.approx(1.3, abs=0.1)
    assert moved.numbers["share_of_prevented"] > 0.3
    spread = run("displacement", make_case(make_panel(ratio=0.7, buffers=10, displacement=0.8, mean=30.0)))
    assert spread.verdict == "pass"
    assert spread.numbers["share_of_prevented"] < 0


def test_displacement_that_cannot_be_ruled_out_is_a_concern(
    make_panel: Callable[..., Panel], make_case: Callable[..., Case]
) -> None:
    case = make_case(make_panel(treated=4, comparison=4, buffers=4, mean=4.0))
    prevented = Interval(20.0, -10.0, 50.0)
    found = run("displacement", replace(case, estimate=replace(case.estimate, events_prevented=prevented)))
    assert found.verdict == "concern"
    assert "cannot be ruled out" in found.text
    assert found.numbers["share_of_prevented"] is None


def test_displacement_share_by_hand(make_panel: Callable[..., Panel], make_case: Callable[..., Case]) -> None:
    panel = make_panel(ratio=0.7, buffers=6, mean=40.0)
    case = make_case(panel)
    prevented = Interval(500.0, 400.0, 600.0)
    found = run("displacement", replace(case, estimate=replace(case.estimate, events_prevented=prevented)))
    counts, post = panel.counts["violence"], panel.post()
    near, far = panel.is_role("buffer"), panel.is_role("buffer_comparison")
    d0, d1, e0, e1 = (counts[r][:, c].sum() for r in (near, far) for c in (~post, post))
    assert found.numbers["rate_ratio"] == pytest.approx((d1 / d0) / (e1 / e0))
    assert found.numbers["offences_moved"] == pytest.approx(d1 - d0 * e1 / e0)
    assert found.numbers["share_of_prevented"] == pytest.approx((d1 - d0 * e1 / e0) / 500)
    assert found.numbers["share_low"] < found.numbers["share_of_prevented"] < found.numbers["share_high"]


@pytest.mark.parametrize("dispersion", [0.0, 0.3])
def test_displacement_intervals_cover_and_false_alarms_are_few(
    dispersion: float, make_panel: Callable[..., Panel], make_case: Callable[..., Case]
) -> None:
    inside, alarms = [], []
    for seed in range(200):
        found = run("displacement", make_case(make_panel(buffers=8, dispersion=dispersion, seed=seed)))
        inside.append(found.numbers["rate_ratio_low"] <= 1 <= found.numbers["rate_ratio_high"])
        alarms.append(found.verdict == "fail")
    assert 0.91 <= np.mean(inside) <= 0.99
    assert np.mean(alarms) <= 0.06


def test_without_buffers_of_the_comparison_the_comparison_areas_stand_in(
    make_panel: Callable[..., Panel], make_case: Callable[..., Case]
) -> None:
    panel = make_panel(buffers=6)
    found = run("displacement", make_case(panel.subset(~panel.is_role("buffer_comparison"))))
    assert found.numbers["against"] == "comparison"
    assert "the comparison areas themselves" in found.text


def test_selection_months_kept_in_the_baseline_by_hand() -> None:
    from vru.checks.regression_to_mean import _Naive

    naive = _Naive(selection=12.0, before=10.0, after=9.0, n_selection=12, n_before=24)
    baseline = (12 * 12.0 + 24 * 10.0) / 36
    assert naive.kept == pytest.approx(1 - 9.0 / baseline)
    assert naive.peak_share == pytest.approx(12 * 12.0 / (36 * baseline))
    assert _Naive(12.0, None, 9.0).kept is None


def test_the_share_that_moved_has_one_interval_whatever_the_estimates_level(
    make_panel: Callable[..., Panel], make_case: Callable[..., Case]
) -> None:
    case = make_case(make_panel(ratio=0.7, buffers=10, displacement=1.3, mean=30.0))
    z = {0.5: 0.6745, 0.95: 1.96, 0.99: 2.5758}
    shares = []
    for level, q in z.items():
        e = case.estimate
        assert e.se is not None
        ends = {"low": e.value - q * e.se, "high": e.value + q * e.se, "level": level}
        saved = Interval(100.0, 100.0 - 30 * q, 100.0 + 30 * q)
        for scaled in (e, replace(e, scale="count_difference")):
            asked = replace(scaled, **ends, events_prevented=saved)
            shares.append((scaled.scale, run("displacement", replace(case, estimate=asked)).numbers["share_high"]))
    for scale in {s for s, _ in shares}:
        own = [v for s, v in shares if s == scale]
        assert own == pytest.approx([own[0]] * 3, rel=0.01)
