"""What every method on patrol days must do, whatever it is. A newcomer in METHODS is picked up by itself."""

import dataclasses
import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from vru.errors import MethodError
from vru.methods import METHODS
from vru.methods.method import Method
from vru.panel import Panel, Schedule
from vru.results import Estimate

MakeDays = Callable[..., Panel]
EFFECT = -0.5

days = [m for m in METHODS.values() if m.takes == "days"]
every = pytest.mark.parametrize("method", days, ids=[m.name for m in days])


def fit(method: Method, panel: Panel, seed: int = 1, **options: object) -> Estimate:
    return method.fit(panel, "violence", method.options(**{"draws": 299} | options), np.random.default_rng(seed))


def make(make_days: MakeDays, *args: object, **settings: object) -> Panel:
    """Ten minutes on every patrol day, so that the effect of a patrol day is the effect of ten minutes."""
    panel = make_days(*args, **settings)
    assert panel.schedule is not None
    return replace(panel, schedule=Schedule(panel.schedule.assigned, {"minutes": 10.0 * panel.schedule.assigned}))


@every
def test_recovers_a_known_effect(method: Method, make_days: MakeDays) -> None:
    errors, widths = [], []
    for seed in range(10):
        found = fit(method, make(make_days, EFFECT, seed, mean=1.0))
        assert found.scale == "log_rate_ratio"
        assert found.low is not None
        assert found.high is not None
        assert found.p is not None
        assert found.p < 0.01
        errors.append(found.value - EFFECT)
        widths.append((found.high - found.low) / 3.92)
    assert abs(np.mean(errors)) < 3 * np.mean(widths) / np.sqrt(10)


@every
def test_finds_none_under_placebo(method: Method, make_days: MakeDays) -> None:
    alarms = [(fit(method, make(make_days, 0.0, seed, areas=8, days=42)).p or 0) <= 0.05 for seed in range(100, 140)]
    assert np.mean(alarms) <= 0.16


@every
def test_ignores_the_order_of_units_and_their_names(method: Method, make_days: MakeDays) -> None:
    panel = make(make_days, EFFECT)
    assert panel.schedule is not None
    order = np.random.default_rng(0).permutation(len(panel.units))
    at = panel.schedule
    moved = replace(
        panel,
        units=tuple(f"Z{i:02d}" for i in range(len(order))),
        counts={k: v[order] for k, v in panel.counts.items()},
        missing=panel.missing[order],
        schedule=Schedule(at.assigned[order], {k: v[order] for k, v in at.delivered.items()}),
    )
    first, second = fit(method, panel, draws=2999), fit(method, moved, draws=2999)
    assert first.value == pytest.approx(second.value, abs=1e-6)
    assert first.low == pytest.approx(second.low, abs=0.03)
    assert first.high == pytest.approx(second.high, abs=0.03)


@every
def test_leaves_its_input_unchanged(method: Method, make_days: MakeDays) -> None:
    panel = make(make_days, EFFECT, missing=(3, 30))
    assert panel.schedule is not None
    counts, on = panel.counts["violence"].copy(), panel.schedule.assigned.copy()
    fit(method, panel)
    np.testing.assert_array_equal(panel.counts["violence"], counts)
    np.testing.assert_array_equal(panel.schedule.assigned, on)


@every
def test_repeats_under_a_seed(method: Method, make_days: MakeDays) -> None:
    panel = make(make_days, EFFECT, dispersion=0.3)
    first, second = (json.dumps(dataclasses.asdict(fit(method, panel, 5)), allow_nan=False) for _ in range(2))
    assert first == second


@every
def test_fails_readably_on_an_empty_arm(method: Method, make_days: MakeDays) -> None:
    panel = make(make_days)
    assert panel.schedule is not None
    shape = panel.schedule.assigned.shape
    for on, words in (
        (np.zeros(shape, dtype=bool), "no area-day is treated"),
        (np.ones(shape, dtype=bool), "no compar"),
    ):
        with pytest.raises(MethodError, match=words):
            fit(method, replace(panel, schedule=Schedule(on, {"minutes": 10.0 * on})))
    with pytest.raises(MethodError, match="no unit is treated"):
        fit(method, replace(panel, role=("comparison",) * shape[0]))
    with pytest.raises(MethodError, match="no patrol schedule"):
        fit(method, replace(panel, schedule=None))


@every
def test_fails_readably_on_an_unknown_outcome(method: Method, make_days: MakeDays) -> None:
    with pytest.raises(MethodError, match="allowed: violence"):
        method.fit(make(make_days), "burglary", method.options(), np.random.default_rng(0))


@every
def test_fails_readably_when_nothing_was_recorded(method: Method, make_days: MakeDays) -> None:
    panel = make(make_days)
    assert panel.schedule is not None
    for lost in (np.ones(panel.shape, dtype=bool), ~panel.schedule.assigned):
        with pytest.raises(MethodError, match="no offences were recorded"):
            fit(method, replace(panel, counts={"violence": np.where(lost, 0.0, panel.counts["violence"])}))


@every
def test_estimate_is_complete(method: Method, make_days: MakeDays) -> None:
    found = fit(method, make(make_days, EFFECT, mean=1.0, buffers=True, missing=(4, 27)))
    json.dumps(dataclasses.asdict(found), allow_nan=False)
    assert (found.analysis, found.role, found.method) == ("", "exploratory", method.name)
    assert (found.n_treated, found.n_comparison, found.n_pre, found.n_post) == (12, 12, 0, 70)
    assert found.se is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high
    assert len(found.path) == 10
    assert found.events_prevented is not None
    assert found.events_prevented.low is not None
    assert found.events_prevented.high is not None
    assert found.events_prevented.low < found.events_prevented.value < found.events_prevented.high
    assert sum(p.expected - p.observed for p in found.path) == pytest.approx(found.events_prevented.value, rel=0.02)
    assert found.counts["treated_days"] + found.counts["comparison_days"] == 12 * 70 - 2
    assert [a.name for a in found.arms] == ["patrol days", "other days"]
    assert all(a.mean is not None and a.low is not None and a.low < a.mean for a in found.arms)
    assert found.notes


@every
def test_a_missing_day_is_not_a_zero(method: Method, make_days: MakeDays) -> None:
    panel = make(make_days, EFFECT, mean=3.0)
    assert panel.schedule is not None
    gone = np.zeros(panel.shape, dtype=bool)
    gone[2, panel.schedule.assigned[2]] = np.arange(panel.schedule.assigned[2].sum()) < 8
    gappy = replace(panel, counts={"violence": np.where(gone, np.nan, panel.counts["violence"])}, missing=gone)
    whole, found = fit(method, panel), fit(method, gappy)
    assert abs(whole.value - found.value) < 0.1
    assert any("missing" in note for note in found.notes)


@every
def test_level_widens_the_interval_and_is_validated(method: Method, make_days: MakeDays) -> None:
    panel = make(make_days, EFFECT)
    narrow, wide = fit(method, panel, level=0.8), fit(method, panel, level=0.99)
    assert (wide.low or 0) < (narrow.low or 0) < (narrow.high or 0) < (wide.high or 0)
    for bad in ({"level": 0.4}, {"levle": 0.9}, {"scheme": "independent"}, {"probability": 0.5}, {"block": 1}):
        with pytest.raises(ValidationError):
            method.options.model_validate(bad)


@every
def test_areas_without_an_event_change_nothing_and_are_named(method: Method, make_days: MakeDays) -> None:
    panel = make(make_days, EFFECT, scheme="within_area")
    assert panel.schedule is not None
    zero = np.zeros((1, panel.shape[1]))
    more = replace(
        panel,
        units=(*panel.units, "Quiet corner"),
        counts={"violence": np.vstack([panel.counts["violence"], zero])},
        role=(*panel.role, "treated"),
        starts=(*panel.starts, None),
        missing=np.vstack([panel.missing, zero > 0]),
        schedule=Schedule(
            np.vstack([panel.schedule.assigned, panel.schedule.assigned[:1]]),
            {"minutes": np.vstack([panel.schedule.delivered["minutes"], panel.schedule.delivered["minutes"][:1]])},
        ),
    )
    first, second = (fit(method, p, scheme="within_area") for p in (panel, more))
    assert first.value == pytest.approx(second.value, abs=1e-7)
    assert any("Quiet corner" in note for note in second.notes)
