"""Checks of patrol trials: what they find where it is there, and that they leave trials without it alone."""

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from vru.checks import CHECKS, Case
from vru.errors import MethodError
from vru.panel import Panel, Schedule
from vru.results import Estimate, Finding

MakeCase = Callable[..., Case]


def trial(carry: float = 0.0, kept: float = 1.0, strayed: float = 0.0, seed: int = 1) -> Panel:
    """16 areas, 8 of them drawn each of 84 days; ``carry``: log rate ratio on other days after a patrol day."""
    rng = np.random.default_rng(seed)
    on = rng.random((16, 84)).argsort(axis=0).argsort(axis=0) < 8
    after = np.zeros_like(on)
    after[:, 1:] = on[:, :-1]
    counts = rng.poisson(1.5 * np.exp(-0.5 * on + carry * (after & ~on))).astype(float)
    went = np.where(on, rng.random(on.shape) < kept, rng.random(on.shape) < strayed)
    return Panel(
        units=tuple(f"A{i:02d}" for i in range(16)),
        periods=tuple((date(2022, 1, 3) + timedelta(j)).isoformat() for j in range(84)),
        counts={"violence": counts},
        role=("treated",) * 16,
        starts=(None,) * 16,
        missing=np.zeros(on.shape, dtype=bool),
        schedule=Schedule(on, {"minutes": 15.0 * went}),
    )


def ratio(panel: Panel) -> Estimate:
    """Log ratio of mean counts, patrol days over other days."""
    assert panel.schedule is not None
    on, y = panel.schedule.assigned, panel.counts["violence"]
    value = math.log(np.nanmean(y[on]) / np.nanmean(y[~on]))
    se = math.sqrt(1 / np.nansum(y[on]) + 1 / np.nansum(y[~on]))
    return Estimate(
        "main", "primary", "test", "violence", "", "log_rate_ratio", value, se, value - 2 * se, value + 2 * se, 0.95,
        0.01, "", None, 16, 16, 0, 84,
    )  # fmt: skip


def run(name: str, panel: Panel, make_case: MakeCase) -> Finding:
    case = make_case(panel, refit=ratio)
    return CHECKS[name].run(case, CHECKS[name].options(), np.random.default_rng(0))


def test_a_patrol_that_lasts_is_found(make_case: MakeCase) -> None:
    found = run("carry_over", trial(carry=-0.4), make_case)
    assert found.verdict == "concern"
    assert found.numbers["after"] == pytest.approx(-0.4, abs=0.15)
    assert found.numbers["without"] < ratio(trial(carry=-0.4)).value
    assert "beyond its day" in found.text


def test_a_patrol_that_does_not_last_mostly_passes(make_case: MakeCase) -> None:
    verdicts = [run("carry_over", trial(seed=s), make_case).verdict for s in range(20)]
    assert verdicts.count("pass") >= 15


def test_a_schedule_kept_half_kept_and_ignored(make_case: MakeCase) -> None:
    good, slack, ignored = (
        run("schedule_kept", trial(kept=k, strayed=s), make_case) for k, s in ((1.0, 0.0), (0.8, 0.05), (0.5, 0.4))
    )
    assert [f.verdict for f in (good, slack, ignored)] == ["pass", "concern", "fail"]
    assert good.numbers["minutes_patrol_days"] == 15
    assert slack.numbers["kept"] == pytest.approx(0.8, abs=0.05)
    assert "smaller than that of patrols delivered" in slack.text


def test_other_names_and_an_unchanged_panel(make_case: MakeCase) -> None:
    panel = trial(carry=-0.4, kept=0.8)
    order = np.random.default_rng(2).permutation(16)
    assert panel.schedule is not None
    moved = replace(
        panel,
        counts={"violence": panel.counts["violence"][order]},
        schedule=Schedule(panel.schedule.assigned[order], {"minutes": panel.schedule.delivered["minutes"][order]}),
    )
    before = panel.counts["violence"].copy()
    for name in ("carry_over", "schedule_kept"):
        first, second = run(name, panel, make_case), run(name, moved, make_case)
        assert first.verdict == second.verdict
        for k, v in first.numbers.items():
            assert v == pytest.approx(second.numbers[k])
    np.testing.assert_array_equal(panel.counts["violence"], before)


@pytest.mark.parametrize("name", ["carry_over", "schedule_kept"])
def test_what_cannot_be_asked_is_not_run_and_says_why(name: str, make_case: MakeCase) -> None:
    panel = trial()
    assert panel.schedule is not None
    bare = replace(panel, schedule=None)
    unrecorded = replace(panel, schedule=Schedule(panel.schedule.assigned))
    unknown = replace(panel, schedule=Schedule(panel.schedule.assigned, {"minutes": np.full(panel.shape, np.nan)}))
    broken = [bare] if name == "carry_over" else [bare, unrecorded, unknown]
    for bad in broken:
        case: Any = replace(make_case(panel, refit=ratio), data=bad)
        found = CHECKS[name].run(case, CHECKS[name].options(), np.random.default_rng(0))
        assert found.verdict == "not_run"
        assert found.text.startswith("Not run: ")


def test_carry_over_survives_a_method_that_refuses(make_case: MakeCase) -> None:
    def refuse(panel: Panel) -> Estimate:
        raise MethodError("too few days")

    case: Any = replace(make_case(trial(), refit=ratio), refit=refuse)
    found = CHECKS["carry_over"].run(case, CHECKS["carry_over"].options(), np.random.default_rng(0))
    assert found.verdict == "not_run"
    assert "too few days" in found.text
