"""From a patrol schedule and a table of events to a panel of areas by day."""

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import pandas as pd

from vru.errors import DataError, Problem
from vru.events import DataNote, Table
from vru.intake import columns as read
from vru.intake.made import Made
from vru.panel import Panel, Schedule
from vru.protocol.fields import Outcome, Protocol
from vru.protocol.rows import DayEvents, Days, ScheduleTable

MIN_DAYS = 14


def build_days(protocol: Protocol, tables: Mapping[str, Table]) -> Made:
    """Count events by area and patrol day beside what the schedule drew and what was delivered.

    An area-day that is not in the schedule is missing, not a day without patrol.

    Raises
    ------
    DataError
        Listing columns that are not there, dates that cannot be read, area-days that repeat.
    """
    plan = protocol.days
    if plan is None:
        raise TypeError("the plan has no days")
    periods = days_between(protocol.window.first, protocol.window.last)
    if len(periods) < MIN_DAYS:
        raise DataError(Problem(f"the window has {len(periods)} days", "window", f"at least {MIN_DAYS}"))
    events, schedule = tables[plan.events.data], tables[plan.schedule.data]
    _columns_there(plan, protocol.outcomes, events, schedule)
    units, missing, drawn, notes = _schedule(schedule, plan.schedule, periods)
    counts, more = _counts(protocol, plan.events, events, units, periods)
    counts = {k: np.where(missing, np.nan, v) for k, v in counts.items()}
    panel = Panel(
        units=units,
        periods=periods,
        counts=counts,
        role=tuple("treated" for _ in units),
        starts=(None,) * len(units),
        missing=missing,
        schedule=drawn,
        provenance={plan.events.data: events.sha256, plan.schedule.data: schedule.sha256},
    )
    log = (*schedule.log, *events.log, *notes, *more, *_clock_notes(periods))
    return Made(panel, log, {**schedule.truth, **events.truth})


def days_between(first: str, last: str) -> tuple[str, ...]:
    """Every day from ``first`` to ``last``, both included, as YYYY-MM-DD."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return tuple((start + timedelta(i)).isoformat() for i in range((end - start).days + 1))


def _columns_there(plan: Days, outcomes: list[Outcome], events: Table, schedule: Table) -> None:
    filters = [c for o in outcomes for c in o.filter]
    problems = read.missing_columns(events, [plan.events.unit, plan.events.when, *filters])
    wanted = [plan.schedule.unit, plan.schedule.date, plan.schedule.assigned.column, *plan.schedule.delivered.values()]
    problems += read.missing_columns(schedule, wanted)
    if problems:
        raise DataError(*problems)


def _schedule(
    table: Table, plan: ScheduleTable, periods: tuple[str, ...]
) -> tuple[tuple[str, ...], np.ndarray, Schedule, list[DataNote]]:
    problems: list[Problem] = []
    unit = read.text(table, plan.unit)
    day = read.dates(table, plan.date, problems).dt.strftime("%Y-%m-%d").to_numpy(dtype=object)
    assigned = read.arm(table, plan.assigned, problems)
    delivered = {k: read.numbers(table, c, problems, gaps=True) for k, c in plan.delivered.items()}
    if (unit == "").any():
        problems.append(Problem(f"{int((unit == '').sum()):,} rows name no area", f"{table.name}: {plan.unit}"))
    inside = np.isin(day.astype(str), periods)
    twice = int(pd.DataFrame({"unit": unit, "day": day})[inside].duplicated().sum())
    if twice:
        problems.append(Problem(f"{twice:,} rows repeat an area and day", table.name, hint="one row per area and day"))
    if not problems and not inside.any():
        problems.append(Problem("no row lies inside the window", f"{table.name}: {plan.date}"))
    if problems:
        raise DataError(*problems)
    units = tuple(sorted(np.unique(unit[inside]).tolist()))
    at = (np.searchsorted(units, unit[inside]), np.searchsorted(periods, day[inside].astype(str)))
    shape = (len(units), len(periods))
    missing, on = np.ones(shape, dtype=bool), np.zeros(shape, dtype=bool)
    missing[at], on[at] = False, assigned[inside] == 1
    given: dict[str, np.ndarray] = {}
    for name, values in delivered.items():
        given[name] = np.full(shape, np.nan)
        given[name][at] = values[inside]
    notes = [
        DataNote("schedule", f"area-days drawn for patrol, of {int((~missing).sum()):,}", int(on.sum())),
        DataNote("schedule", "rows outside the window, left out", int((~inside).sum())),
        DataNote("schedule", "area-days of the window without a row, taken as missing", int(missing.sum())),
    ]
    return units, missing, Schedule(on, given), notes


def _counts(
    protocol: Protocol, plan: DayEvents, table: Table, units: tuple[str, ...], periods: tuple[str, ...]
) -> tuple[dict[str, np.ndarray], list[DataNote]]:
    problems: list[Problem] = []
    when = read.dates(table, plan.when, problems)
    if not problems and plan.day_starts != "00:00" and (when == when.dt.normalize()).mean() > 0.5:
        hint = "give a column with the time, or leave out day_starts"
        what = f"the day starts at {plan.day_starts}, and most events have no time"
        problems.append(Problem(what, f"{table.name}: {plan.when}", hint=hint))
    if problems:
        raise DataError(*problems)
    hours, minutes = map(int, plan.day_starts.split(":"))
    day = (when - pd.Timedelta(hours=hours, minutes=minutes)).dt.strftime("%Y-%m-%d").to_numpy(dtype=str)
    unit = read.text(table, plan.unit)
    here, now = np.isin(unit, units), np.isin(day, periods)
    counts = {}
    for o in protocol.outcomes:
        kept = here & now
        for column, values in o.filter.items():
            kept &= _matches(table, column, values, o.id)
        counts[o.id] = np.zeros((len(units), len(periods)))
        np.add.at(counts[o.id], (np.searchsorted(units, unit[kept]), np.searchsorted(periods, day[kept])), 1.0)
        if not kept.any():
            raise DataError(Problem("not a single event in the patrolled areas and days", f"outcome {o.id}"))
    return counts, [
        DataNote("events", "rows outside the window, left out", int((~now).sum())),
        DataNote("events", "rows of the window in no patrolled area, left out", int((now & ~here).sum())),
    ]


def _matches(table: Table, column: str, values: list[str], outcome: str) -> np.ndarray:
    given = read.text(table, column)
    lost = sorted(set(values) - set(np.unique(given).tolist()))
    if lost:
        raise DataError(Problem(f"no row has {column} {', '.join(lost)}", f"outcome {outcome}: filter"))
    return np.isin(given, values)


def _clock_notes(periods: tuple[str, ...]) -> list[DataNote]:
    """Days of 23 or 25 hours: the last Sundays of March and October."""
    changes = [
        p for p in periods if p[5:7] in ("03", "10") and int(p[8:]) >= 25 and date.fromisoformat(p).weekday() == 6
    ]
    if not changes:
        return []
    return [
        DataNote(
            "events", f"days on which the clocks change, of 23 or 25 hours, counted like others: {', '.join(changes)}"
        )
    ]
