"""Sensitivity to differing trends: what it says when areas moved alike, drifted, or showed nothing."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from vru.checks.check import Case
from vru.checks.pre_trend_sensitivity import CHECK
from vru.panel import Panel
from vru.results import Finding

MakeCase = Callable[..., Case]
MakePanel = Callable[..., Panel]


def run(case: Case, **options: object) -> Finding:
    return CHECK.run(case, CHECK.options(**options), np.random.default_rng(1))


def test_a_large_effect_on_calm_areas_survives(make_panel: MakePanel, make_case: MakeCase) -> None:
    found = run(make_case(make_panel(ratio=0.5, mean=200, treated=30, comparison=30)))
    assert found.verdict == "pass"
    assert found.numbers["breakdown_multiple"] > 1
    assert "survives post-start deviations up to" in found.text
    assert found.numbers["average_effect"] == pytest.approx(np.log(0.5), abs=0.05)
    assert found.numbers["multiple_1_low"] < np.log(0.5) < found.numbers["multiple_1_high"] < 0


def test_a_small_effect_does_not_survive(make_panel: MakePanel, make_case: MakeCase) -> None:
    found = run(make_case(make_panel(ratio=0.85, mean=60, treated=20, comparison=20)))
    assert found.verdict == "concern"
    assert found.numbers["breakdown_multiple"] < 1


def test_a_drift_mistaken_for_an_effect_is_taken_back(with_trend: MakePanel, make_case: MakeCase) -> None:
    """3% a month, no effect: a straight line carried on explains it all."""
    found = run(make_case(with_trend(-0.03, treated=30, comparison=30)))
    assert found.numbers["high"] < 0
    assert found.numbers["bend_0_low"] < 0 < found.numbers["bend_0_high"]
    assert found.verdict == "concern"


def test_no_effect_is_nothing_to_overturn(make_panel: MakePanel, make_case: MakeCase) -> None:
    found = run(make_case(make_panel(mean=30, seed=3)))
    assert found.verdict == "pass"
    assert "no finding to overturn" in found.text
    assert found.numbers["breakdown_multiple"] is None


def test_coverage_of_the_average_effect(make_panel: MakePanel, make_case: MakeCase) -> None:
    """Areas move alike, so the plain and the straight-line interval should hold the truth about 95 times in 100."""
    inside = []
    for seed in range(50):
        case = make_case(make_panel(ratio=0.8, mean=20, treated=15, comparison=15, dispersion=0.2, seed=seed))
        n = run(case, multiples=[0.5], bends=[0.0]).numbers
        inside.append([n[f"{k}low"] <= np.log(0.8) <= n[f"{k}high"] for k in ("", "multiple_0.5_", "bend_0_")])
    plain, multiple, straight = np.mean(inside, axis=0)
    assert plain > 0.86
    assert multiple > 0.9
    assert straight > 0.86


def test_points_grow_with_fewer_areas_and_can_be_set(make_panel: MakePanel, make_case: MakeCase) -> None:
    many, few = (run(make_case(make_panel(ratio=0.7, treated=n, comparison=n))) for n in (30, 8))
    assert many.numbers["months_per_point"] == 3
    assert few.numbers["months_per_point"] > 3
    one = run(make_case(make_panel(ratio=0.7, mean=40, treated=60, comparison=60)), months_per_point=1)
    assert (one.numbers["points_before"], one.numbers["points_after"]) == (24, 12)
    lone = run(make_case(make_panel(ratio=0.7, treated=2, comparison=12, mean=40)))
    assert "Poisson variance" in lone.text


def test_staggered_starts_are_counted_from_each_start(make_panel: MakePanel, make_case: MakeCase) -> None:
    panel = make_panel(ratio=0.6, treated=20, comparison=20, mean=60)
    starts = tuple(None if s is None else panel.periods[24 + 3 * (i % 2)] for i, s in enumerate(panel.starts))
    counts = panel.counts["violence"].copy()
    rows = np.array([s == panel.periods[27] for s in starts])
    counts[np.ix_(rows, np.arange(24, 27))] = np.round(counts[np.ix_(rows, np.arange(24, 27))] / 0.6)
    found = run(make_case(replace(panel, starts=starts, counts={"violence": counts})))
    assert found.numbers["average_effect"] == pytest.approx(np.log(0.6), abs=0.06)


def test_counts_are_told_per_area_month(make_panel: MakePanel, make_case: MakeCase) -> None:
    case = make_case(make_panel(ratio=0.6, mean=40, treated=20, comparison=20))
    counted = replace(case.estimate, scale="count_difference", value=-40.0, se=10.0, low=-60.0, high=-20.0)
    found = run(replace(case, estimate=counted))
    assert "fewer per area-month" in found.text
    assert found.numbers["average_effect"] == pytest.approx(-0.4 * 43, rel=0.25)


def test_options_are_validated(make_panel: MakePanel, make_case: MakeCase) -> None:
    case = make_case(make_panel())
    assert run(case, multiples=[0.0]).verdict == "not_run"
    assert run(case, months_per_point=20).verdict == "not_run"
