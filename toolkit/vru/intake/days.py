"""From a patrol schedule and a table of events to a panel of areas by day."""

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import pandas as pd

from vru.errors import DataError, Problem, Question
from vru.events import DataNote, Table
from vru.intake import columns as read
from vru.intake.made import Made
from vru.keys import fold, near, skeleton, slug
from vru.panel import Panel, Schedule
from vru.protocol.fields import Outcome, Protocol
from vru.protocol.rows import DayEvents, Days, ScheduleTable

MIN_DAYS = 14
_ENOUGH = 5
"""Rows of a name before its end or beginning says anything."""
_SEVERAL = 3
"""A name of fewer rows is not shown: it may be an address."""


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
    planned, happened = read.Reading(schedule), read.Reading(events)
    units, missing, drawn = _schedule(planned, plan.schedule, periods)
    counts = _counts(protocol, plan, happened, units, periods)
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
    log = (*schedule.log, *events.log, *planned.notes, *happened.notes, *_clock_notes(periods))
    account, asked = (*planned.account, *happened.account), (*planned.questions, *happened.questions)
    return Made(panel, log, {**schedule.truth, **events.truth}, account, asked)


def days_between(first: str, last: str) -> tuple[str, ...]:
    """Every day from ``first`` to ``last``, both included, as YYYY-MM-DD."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return tuple((start + timedelta(i)).isoformat() for i in range((end - start).days + 1))


def _columns_there(plan: Days, outcomes: list[Outcome], events: Table, schedule: Table) -> None:
    filters = [c for o in outcomes for c in o.filter]
    own = [plan.events.unit, plan.events.when, *([plan.events.counted_by] if plan.events.counted_by else [])]
    problems = read.missing_columns(events, [*own, *filters])
    wanted = [plan.schedule.unit, plan.schedule.date, plan.schedule.assigned.column, *plan.schedule.delivered.values()]
    problems += read.missing_columns(schedule, wanted)
    if problems:
        raise DataError(*problems)


def _schedule(
    reading: read.Reading, plan: ScheduleTable, periods: tuple[str, ...]
) -> tuple[tuple[str, ...], np.ndarray, Schedule]:
    name, problems = reading.table.name, reading.problems
    unit = read.keys(reading, plan.unit, "area")
    day = read.dates(reading, plan.date).dt.strftime("%Y-%m-%d").to_numpy(dtype=object)
    assigned = read.arm(reading, plan.assigned)
    delivered = {k: read.numbers(reading, c, gaps=True) for k, c in plan.delivered.items()}
    if (unit == "").any():
        problems.append(Problem(f"{int((unit == '').sum()):,} rows name no area", f"{name}: {plan.unit}"))
    inside = np.isin(day.astype(str), periods)
    twice = int(pd.DataFrame({"unit": unit, "day": day})[inside].duplicated().sum())
    if twice:
        problems.append(Problem(f"{twice:,} rows repeat an area and day", name, hint="one row per area and day"))
    if not problems and not inside.any():
        problems.append(Problem("no row lies inside the window", f"{name}: {plan.date}"))
    if problems:
        raise DataError(*problems)
    units = tuple(sorted(np.unique(unit[inside]).tolist()))
    at = (np.searchsorted(units, unit[inside]), np.searchsorted(periods, day[inside].astype(str)))
    shape = (len(units), len(periods))
    missing, on = np.ones(shape, dtype=bool), np.zeros(shape, dtype=bool)
    missing[at], on[at] = False, assigned[inside] == 1
    given: dict[str, np.ndarray] = {}
    for what, values in delivered.items():
        given[what] = np.full(shape, np.nan)
        given[what][at] = values[inside]
    reading.notes += [
        DataNote("schedule", f"area-days drawn for patrol, of {int((~missing).sum()):,}", int(on.sum())),
        DataNote("schedule", "rows outside the window, left out", int((~inside).sum())),
        DataNote("schedule", "area-days of the window without a row, taken as missing", int(missing.sum())),
    ]
    return units, missing, Schedule(on, given)


def _counts(
    protocol: Protocol, plan: Days, reading: read.Reading, units: tuple[str, ...], periods: tuple[str, ...]
) -> dict[str, np.ndarray]:
    own, problems = plan.events, reading.problems
    when = read.dates(reading, own.when)
    if not problems and own.day_starts != "00:00" and (when == when.dt.normalize()).mean() > 0.5:
        hint = "give a column with the time, or leave out day_starts"
        what = f"the day starts at {own.day_starts}, and most events have no time"
        problems.append(Problem(what, reading.at(own.when), hint=hint))
    unit = _areas(reading, plan, units)
    if problems:
        raise DataError(*problems)
    hours, minutes = map(int, own.day_starts.split(":"))
    shifted = when - pd.Timedelta(hours=hours, minutes=minutes)
    day = shifted.dt.strftime("%Y-%m-%d").to_numpy(dtype=str)
    here, now = np.isin(unit, units), np.isin(day, periods)
    _ask_swapped(reading, own.when, shifted, now, periods)
    counts = {}
    for o in protocol.outcomes:
        kept = here & now
        for column, values in o.filter.items():
            kept &= _matches(reading, column, values, o.id)
        kept = _once(reading, own.counted_by, kept, unit, shifted, o.id)
        counts[o.id] = np.zeros((len(units), len(periods)))
        np.add.at(counts[o.id], (np.searchsorted(units, unit[kept]), np.searchsorted(periods, day[kept])), 1.0)
        if not kept.any():
            raise DataError(Problem("not a single event in the patrolled areas and days", f"outcome {o.id}"))
    reading.notes += [
        DataNote("events", "rows outside the window, left out", int((~now).sum())),
        DataNote("events", "rows of the window in no patrolled area, left out", int((now & ~here).sum())),
    ]
    _left_over(reading, own, unit, here, now)
    _ask_successors(reading, own.unit, unit, shifted, units)
    return counts


def _ask_successors(
    reading: read.Reading, column: str, unit: np.ndarray, when: pd.Series, units: tuple[str, ...]
) -> None:
    """Names of no scheduled area that begin after the last event of a scheduled one: one area under a new name?"""
    spans = (
        pd.DataFrame({"unit": unit, "when": when}).groupby("unit")["when"].agg(["min", "max", "count"]).reset_index()
    )
    rows = [r for r in spans.itertuples(index=False, name=None) if r[0] and r[3] >= _ENOUGH]
    first, last = when.min(), when.max()
    ended = [r for r in rows if r[0] in units and r[2] < last - (last - first) / 5]
    for new, begins, _, n_new in (r for r in rows if r[0] not in units):
        for old, _, ends, n_old in ended:
            if not begins - (last - first) / 10 < ends < begins:
                continue
            said = (
                f"{column}: {old!r} ({n_old:,} rows) ends on {ends:%Y-%m-%d} and {new!r} ({n_new:,} rows), which is not in the "
                f"schedule, begins on {begins:%Y-%m-%d}. One area under two names?"
            )
            reading.questions.append(Question(f"successor_{slug(new)}", said, "write the area in one way in all rows"))


def _once(
    reading: read.Reading, column: str | None, kept: np.ndarray, unit: np.ndarray, when: pd.Series, outcome: str
) -> np.ndarray:
    """One row for each value of ``column``, the earliest; rows without one count each. How many differ is said."""
    if column is None:
        return kept
    ref = read.ids(reading, column)
    if reading.problems:
        raise DataError(*reading.problems)
    rows = pd.DataFrame({"ref": ref, "unit": unit, "day": when.dt.normalize(), "when": when})[kept & (ref != "")]
    rows = rows.sort_values(["ref", "when", "unit"], kind="stable")
    extra = rows.index[rows["ref"].duplicated()]
    several = rows[rows["ref"].isin(rows.loc[extra, "ref"])].groupby("ref")[["unit", "day"]].nunique()
    for what, n in (
        (f"rows that repeat a {column}, counted once", len(extra)),
        (f"{column} whose rows differ in area", int((several["unit"] > 1).sum())),
        (f"{column} whose rows differ in day, counted on the first", int((several["day"] > 1).sum())),
        (f"rows without a {column}, counted each", int((kept & (ref == "")).sum())),
    ):
        if n:
            reading.notes.append(DataNote("events", f"{outcome}: {what}", n))
    once = kept.copy()
    once[extra.to_numpy()] = False
    return once


def _left_over(reading: read.Reading, own: DayEvents, unit: np.ndarray, here: np.ndarray, now: np.ndarray) -> None:
    """Which names of the events are in no area of the schedule, and whether more than the plan allows."""
    names, n = np.unique(unit[now & ~here], return_counts=True)
    whole = int(now.sum())
    share = float(n.sum()) / whole if whole else 0.0
    if len(names):
        most = sorted(zip(names.tolist(), n.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))
        shown = [f"{name or 'without a name'} ({k:,})" for name, k in most[:5] if k >= _SEVERAL or not name]
        listed = f": {', '.join(shown)}" if shown else ""
        reading.account.append(f"{own.unit}: {share:.1%} of the window's events lie in no area of the schedule{listed}")
    if own.left_over is not None and share > own.left_over:
        what = f"{share:.1%} of the window's events lie in no area of the schedule"
        hint = "mend the names, or allow more under days.events.left_over and say why"
        raise DataError(Problem(what, reading.at(own.unit), f"up to {own.left_over:.1%}", hint))


def _areas(reading: read.Reading, plan: Days, units: tuple[str, ...]) -> np.ndarray:
    """The area of each event in the schedule's spelling; areas without any event and names that nearly match are problems."""
    named = read.keys(reading, plan.events.unit, "area")
    of_schedule = {fold(u): u for u in units}
    kinds, at = np.unique(named, return_inverse=True)
    found = np.array([of_schedule.get(fold(k), str(k)) for k in kinds], dtype=str)[at]
    respelt = {str(k): of_schedule[fold(k)] for k in kinds if fold(k) in of_schedule and k not in units}
    if respelt:
        listed = ", ".join(f"{k!r} for {u!r}" for k, u in list(respelt.items())[:10])
        n = int(np.isin(named, list(respelt)).sum())
        reading.notes.append(
            DataNote("events", f"areas spelt otherwise than in the schedule, taken as one: {listed}", n)
        )
    bare = {skeleton(u): u for u in units}
    near = {str(k): bare[skeleton(k)] for k in np.unique(found) if k and k not in units and skeleton(k) in bare}
    where = reading.at(plan.events.unit)
    if near:
        listed = ", ".join(f"{k!r} ({int((found == k).sum()):,} rows) for {u!r}" for k, u in list(near.items())[:5])
        what = f"{len(near)} names nearly match areas of the schedule: {listed}"
        reading.problems.append(Problem(what, where, hint="write areas in one way in both tables"))
    known_empty = {fold(u) for u in plan.schedule.empty_units}
    silent = sorted(set(units) - set(found.tolist()) - {u for u in units if fold(u) in known_empty})
    if silent and not near:
        what = f"{len(silent)} areas of the schedule have no event of any kind: {', '.join(silent[:5])}"
        hint = "check their names; if truly nothing happened there, list them under days.schedule.empty_units"
        reading.problems.append(Problem(what, where, hint=hint))
    return found


def _ask_swapped(
    reading: read.Reading, column: str, when: pd.Series, now: np.ndarray, periods: tuple[str, ...]
) -> None:
    """Whether days and months seem to have changed places up to the 12th: then many dates fall outside the window."""
    lost = when[~now]
    can = lost[lost.dt.day <= 12]
    if len(lost) < 0.1 * len(when) or len(can) < 0.9 * len(lost):
        return
    turned = can.dt.year.astype(str) + can.dt.strftime("-%d-") + can.dt.month.map("{:02d}".format)
    inside = float(np.isin(turned.to_numpy(dtype=str), periods).mean())
    if inside >= 0.8:
        what = (
            f"{column}: {len(lost):,} of {len(when):,} rows lie outside the window, nearly all on days up to the 12th, and "
            f"{inside:.0%} of these would lie inside with day and month exchanged. Were they exchanged when the file was made?"
        )
        reading.questions.append(Question("dates_swapped", what, "export the dates again, as 2021-06-03"))


def _matches(reading: read.Reading, column: str, values: list[str], outcome: str) -> np.ndarray:
    given = read.text(reading.table, column)
    kinds, at = np.unique(given, return_inverse=True)
    folded = [fold(k) for k in kinds]
    lost = sorted(v for v in set(values) if fold(v) not in folded)
    if lost:
        raise DataError(Problem(f"no row has {column} {', '.join(lost)}", f"outcome {outcome}: filter"))
    wanted = {fold(v) for v in values}
    odd = [str(k) for k, f in zip(kinds, folded, strict=True) if f in wanted and k not in values]
    if odd:
        text = f"{outcome}: spellings of {column} taken as what the filter names: {', '.join(map(repr, odd))}"
        reading.notes.append(DataNote("events", text, int(np.isin(given, odd).sum())))
    for k, f in zip(kinds.tolist(), folded, strict=True):
        if k and f not in wanted and any(near(f, w) for w in wanted):
            n = int((given == k).sum())
            what = f"outcome {outcome}: {column} {k!r} ({n:,} rows) is not in the filter, which holds the like of it"
            hint = "name it in the filter too, if it is the same in another spelling"
            reading.questions.append(Question(f"value_{slug(k)}", what, hint))
    return np.array([f in wanted for f in folded], dtype=bool)[at]


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
