"""Dose of patrol: R, chosen doses, patrols not kept, and no plateau that the test does not support."""

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vru.errors import MethodError
from vru.methods import METHODS
from vru.methods.dose_response import METHOD
from vru.panel import Panel, Schedule
from vru.results import Estimate
from vru.stats.crossed import fit_crossed
from vru.stats.dose_bend import DoseTable, bend_test, broken_line, candidate_knots

GOLDEN = Path(__file__).parents[2] / "golden" / "days"
MakeDays = Callable[..., Panel]


def fit(panel: Panel, seed: int = 1, **options: object) -> Estimate:
    return METHOD.fit(panel, "violence", METHOD.options(**{"draws": 499} | options), np.random.default_rng(seed))


@pytest.fixture(scope="module")
def values() -> dict[str, float]:
    with (GOLDEN / "days_values.csv").open() as f:
        return {row["name"]: float(row["value"]) for row in csv.DictReader(f)}


@pytest.fixture(scope="module")
def golden() -> Panel:
    d = pd.read_csv(GOLDEN / "days_panel.csv")
    shape = (d["area"].nunique(), d["day"].nunique())
    return Panel(
        units=tuple(f"A{i:02d}" for i in range(shape[0])),
        periods=tuple((date(2021, 4, 5) + timedelta(j)).isoformat() for j in range(shape[1])),
        counts={"violence": d["y"].to_numpy(float).reshape(shape)},
        role=("treated",) * shape[0],
        starts=(None,) * shape[0],
        missing=np.zeros(shape, dtype=bool),
        schedule=Schedule(
            d["on"].to_numpy().reshape(shape) == 1, {"minutes": d["minutes"].to_numpy(float).reshape(shape)}
        ),
    )


def test_r_root_of_the_instrumented_equation(golden: Panel, values: dict[str, float]) -> None:
    """R solves the same equation by glm at every trial value; a control function in R comes close to it."""
    found = fit(golden)
    assert found.value == pytest.approx(values["dose"], abs=1e-6)
    assert found.value == pytest.approx(values["control_function"], abs=0.02)
    chosen = found.components["as delivered, per 10 minutes (association only)"]
    assert chosen.value == pytest.approx(values["delivered"], abs=1e-7)
    assert found.components["as scheduled"].value == pytest.approx(values["plain"], abs=1e-7)


def test_r_likelihood_of_broken_lines(golden: Panel, values: dict[str, float]) -> None:
    assert golden.schedule is not None
    y, dose = golden.counts["violence"], golden.schedule.delivered["minutes"] / 10
    code = np.arange(y.shape[1])
    for knot in (1.0, 1.5, 2.0):
        terms = np.stack([dose > 0, dose, np.maximum(dose - knot, 0)]).astype(float)
        model = fit_crossed(y, np.ones(y.shape), code, terms)
        live = model.fitted > 0
        # R adds log(y!), which no model changes.
        total = float((y[live] * np.log(model.fitted[live]) - model.fitted[live]).sum())
        total -= sum(np.log(np.arange(1, int(v) + 1)).sum() for v in y[live])
        assert total == pytest.approx(values[f"bend_loglik_{knot:g}"], abs=1e-5)
        if knot == 1.5:
            assert model.value[1:].sum() == pytest.approx(values["bend_slope_after_1.5"], abs=1e-6)


def test_the_same_dose_on_every_patrol_day_gives_the_crossover_estimate(make_days: MakeDays) -> None:
    panel = make_days(-0.5, 1, mean=2.0)
    assert panel.schedule is not None
    timed = replace(panel, schedule=Schedule(panel.schedule.assigned, {"minutes": 20.0 * panel.schedule.assigned}))
    plain = METHODS["crossover_trial"]
    whole = plain.fit(panel, "violence", plain.options(draws=499), np.random.default_rng(1))
    found = fit(timed)
    first = next(iter(found.components.items()))
    assert first[0] == "as scheduled"
    assert (first[1].value, first[1].low, first[1].high) == (whole.value, whole.low, whole.high)
    assert found.value == pytest.approx(whole.value / 2, abs=0.02)
    assert found.low == pytest.approx((whole.low or 0) / 2, abs=0.01)
    assert found.p == whole.p
    assert fit(timed, per=5.0).value == pytest.approx(found.value / 2, abs=1e-9)


def test_doses_that_officers_choose_mislead_the_association_and_not_the_instrument(make_days: MakeDays) -> None:
    """Officers stay longer where more happens that day: the truth is -0.2 per 10 minutes."""
    lot, chosen = [], []
    for seed in range(12):
        found = fit(make_days(-0.2, seed, areas=20, days=90, mean=1.0, per_minutes=15.0, hidden=0.4, kept=0.7))
        lot.append(found.value)
        chosen.append(found.components["as delivered, per 10 minutes (association only)"].value)
    assert np.mean(lot) == pytest.approx(-0.2, abs=0.025)
    assert np.mean(chosen) > -0.14


def test_a_straight_line_is_seldom_called_bent_and_never_a_plateau_then(make_days: MakeDays) -> None:
    alarms = 0
    for seed in range(30):
        found = fit(make_days(-0.2, seed, mean=1.0, per_minutes=15.0), draws=199)
        bent = found.counts["bend_p"] < 0.05
        alarms += bent
        says = " ".join(found.notes)
        assert bent == ("bend_at_minutes" in found.counts)
        if not bent:
            assert "no plateau is reported" in says
            assert "plateau is possible" not in says
            assert not any("bend" in name for name in found.components)
    assert alarms <= 6


def test_a_real_plateau_is_found_with_enough_data(make_days: MakeDays) -> None:
    found = fit(make_days(-0.6, 4, areas=20, days=90, mean=8.0, per_minutes=15.0, plateau=14.0))
    assert found.counts["bend_p"] < 0.05
    assert found.counts["bend_at_minutes"] == pytest.approx(14, abs=4)
    assert any("plateau is possible" in n and "association" in n for n in found.notes)


def test_few_doses_to_tell_apart_are_said_not_guessed(make_days: MakeDays) -> None:
    panel = make_days(-0.5, 1, mean=2.0)
    assert panel.schedule is not None
    timed = replace(panel, schedule=Schedule(panel.schedule.assigned, {"minutes": 15.0 * panel.schedule.assigned}))
    found = fit(timed)
    assert "bend_p" not in found.counts
    assert any("was not tested" in n for n in found.notes)


def test_visits_are_a_dose_too(make_days: MakeDays) -> None:
    panel = make_days(-0.5, 1, mean=2.0, per_minutes=15.0)
    assert panel.schedule is not None
    on = panel.schedule.assigned
    visits = np.where(on, 1.0 + (np.arange(on.size).reshape(on.shape) % 3), 0.0)
    found = fit(replace(panel, schedule=Schedule(on, {"visits": visits})), dose="visits", per=1)
    assert "per 1 visit of patrol" in found.estimand
    assert found.counts["mean_visits_treated_days"] == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (None, r"what was delivered \(minutes\) is not in the panel"),
        ("unknown", "is not known for 100% of other days"),
        ("backwards", "patrol days had no more minutes"),
    ],
)
def test_doses_that_cannot_be_used_are_refused(given: str | None, words: str, make_days: MakeDays) -> None:
    panel = make_days(-0.5, 1)
    assert panel.schedule is not None
    on = panel.schedule.assigned
    minutes = {"unknown": np.where(on, 15.0, np.nan), "backwards": np.where(on, 0.0, 15.0)}
    delivered = {} if given is None else {"minutes": minutes[given]}
    with pytest.raises(MethodError, match=words):
        fit(replace(panel, schedule=Schedule(on, delivered)))


def test_a_few_unknown_doses_are_left_out_and_said(make_days: MakeDays) -> None:
    panel = make_days(-0.2, 1, mean=2.0, per_minutes=15.0)
    assert panel.schedule is not None
    minutes = panel.schedule.delivered["minutes"].copy()
    minutes[0, :9] = np.nan
    found = fit(replace(panel, schedule=Schedule(panel.schedule.assigned, {"minutes": minutes})))
    assert any("minutes is not known for 9 area-days" in n for n in found.notes)


def test_nothing_on_patrol_days_is_refused(make_days: MakeDays) -> None:
    panel = make_days(-0.2, 1, per_minutes=15.0)
    assert panel.schedule is not None
    silent = np.where(panel.schedule.assigned, 0.0, panel.counts["violence"])
    with pytest.raises(MethodError, match="no effect of a dose to estimate"):
        fit(replace(panel, counts={"violence": silent}))


def test_the_bend_test_is_the_largest_score_by_plain_sums() -> None:
    """All 2^6 sign patterns, scores from weighted least squares on dummies."""
    rng = np.random.default_rng(3)
    n, t = 6, 20
    dose = np.where(rng.random((n, t)) < 0.6, rng.integers(1, 6, (n, t)), 0).astype(float)
    y = rng.poisson(2.0, (n, t)).astype(float)
    table = DoseTable(y, np.ones((n, t)), np.arange(t), dose)
    found = bend_test(table, 499, rng)
    assert found is not None
    assert found.n_signs == 64
    line = fit_crossed(y, table.weight, table.code, np.stack([dose > 0, dose]).astype(float))
    area, day = (np.eye(k)[i.ravel()] for i, k in zip(np.indices((n, t)), (n, t), strict=True))
    x = np.column_stack([area, day[:, 1:], (dose > 0).ravel(), dose.ravel()])
    root = np.sqrt(line.fitted.ravel())
    scores = []
    for knot in candidate_knots(dose):
        bend = np.maximum(dose - knot, 0).ravel()
        free = bend - x @ np.linalg.lstsq(root[:, None] * x, root * bend, rcond=None)[0]
        scores.append((free.reshape(n, t) * (y - line.fitted)).sum(axis=1))
    s = np.array(scores)
    signs = 1 - 2.0 * ((np.arange(64)[:, None] >> np.arange(6)) & 1)
    largest = np.abs(signs @ s.T / np.sqrt((s**2).sum(axis=1))).max(axis=1)
    assert found.p == pytest.approx((largest >= largest[0] - 1e-9).mean())
    best = broken_line(table, found.knots)
    assert best is not None
    assert best.likely[0] <= best.knot <= best.likely[1]
