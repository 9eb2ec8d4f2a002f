"""Data by month for a plan by quarter or year; and plans whose periods the data cannot give."""

from collections.abc import Mapping
from dataclasses import replace

from vru.errors import Problem
from vru.events import DataNote, Events
from vru.periods import Calendar
from vru.protocol.fields import Protocol


def period_problems(protocol: Protocol, events: Mapping[str, Events]) -> list[Problem]:
    """Sources that count by other periods than the plan, and cannot be added up to them."""
    calendar = protocol.calendar
    return [
        Problem(
            f"{name} counts by {e.calendar.noun}, and the plan by {calendar.noun}",
            "window.period",
            "month, quarter, year" if e.calendar.kind == "month" else e.calendar.kind,
            "shorter periods need an extract with a date in every row: source: events",
        )
        for name, e in events.items()
        if e.calendar != calendar and not (_adds_up(e.calendar, calendar))
    ]


def _adds_up(short: Calendar, long: Calendar) -> bool:
    """Whether whole periods of one kind make those of the other: months any that is made of months, quarters years."""
    if long.by_days:
        return False
    return short.kind == "month" or (short.kind == "quarter" and long.kind == "year" and short.begins(long.origin))


def by_plan(events: Events, calendar: Calendar) -> Events:
    """Events whose months, or quarters, are added up to the plan's periods: one is present where all its parts are."""
    if events.calendar == calendar or calendar.kind == "month":
        return events
    months = sorted({m for own in events.present.values() for m in own})
    wholes = calendar.between(months[0], events.calendar.last_of(months[-1])) if months else ()
    parts = {p: events.calendar.between(p, calendar.last_of(p)) for p in wholes}
    present = {f: tuple(p for p, need in parts.items() if set(need) <= set(own)) for f, own in events.present.items()}
    dropped = {f: _added(by_month, parts) for f, by_month in events.dropped.items()}
    added_up = {m: p for p, need in parts.items() for m in need}
    return replace(events, present=present, dropped=dropped, added_up=added_up)


def _added(
    by_month: Mapping[str, Mapping[str, int]], parts: Mapping[str, tuple[str, ...]]
) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for label, need in parts.items():
        for month in need:
            for reason, n in by_month.get(month, {}).items():
                own = found.setdefault(label, {})
                own[reason] = own.get(reason, 0) + n
    return found


def partial_notes(protocol: Protocol) -> list[DataNote]:
    """What of the window makes no whole period at its beginning or end."""
    calendar, periods, window = protocol.calendar, protocol.periods, protocol.window
    if not periods or not (calendar.by_days or calendar.kind in ("quarter", "year")):
        return []
    notes = []
    ends = (
        ("before the first", window.first, periods[0]),
        ("after the last", calendar.last_of(periods[-1]), window.last),
    )
    unit = Calendar("day", window.first) if calendar.by_days else Calendar("month")
    parts = "days" if calendar.by_days else "calendar months"
    for where, low, high in ends:
        n = unit.number(high) - unit.number(low)
        if n:
            text = (
                f"{parts} {where} whole {calendar.noun} ({periods[0]} to {calendar.last_of(periods[-1])}), not counted"
            )
            notes.append(DataNote("panel", text, n))
    return notes
