"""``vru patrols``: what was delivered where and when, out of pings, check-ins or timesheets, beside what was planned."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from vru.errors import DataError, Problem
from vru.geography.areas import Areas, overlaps, read_areas, some
from vru.geography.circles import read_circles
from vru.geography.raster import raster
from vru.intake.patrols import Delivery, Rules, deliver, place, read_signed
from vru.intake.patrols.delivered import of_visits
from vru.intake.patrols.signed import Signed
from vru.intake.patrols.wall import Periods, periods
from vru.periods import Kind
from vru.protocol.whole_file import write_whole
from vru.sources import extract, pings
from vru.sources.extract import ExtractOptions
from vru.sources.pings import PingColumns
from vru.sources.source import Progress, Request
from vru.stats.visits import somewhere
from vru.tracks import Clock, Read

PLANNED = ("planned_visits", "planned_minutes")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed. first, last : days; comparison : ids of areas that were to get no patrols."""

    files: tuple[Path, ...]
    areas: Path
    first: str
    last: str
    id_field: str = "id"
    radius: float | None = None
    comparison: tuple[str, ...] = ()
    period: Kind = "day"
    day_starts: str = "00:00"
    clock: Clock = "utc"
    rules: Rules = field(default_factory=Rules)
    worst: float | None = None
    pings: PingColumns | None = None
    signed: Signed | None = None
    plan: Path | None = None
    only_planned: bool = False


@dataclass(frozen=True, slots=True)
class Patrolled:
    """table : area, role, period, visits, minutes, officer_minutes, and what was planned. lines, numbers : the same, added up."""

    table: pd.DataFrame
    lines: tuple[str, ...]
    numbers: dict[str, float | int | None]


def patrolled(asked: Asked, progress: Progress) -> Patrolled:
    """Read everything and add it up. Raises DataError: files, columns, dates, areas that overlap or are not there."""
    areas = _areas(asked)
    spans = _periods(asked)
    seen = Read()
    done = (
        _from_pings(asked, areas, spans, seen, progress)
        if asked.pings
        else _from_signed(asked, areas, spans, seen, progress)
    )
    table = done.table.assign(role=np.where(done.table["area"].isin(asked.comparison), "comparison", "treated"))
    table = table[["area", "role", "period", "visits", "minutes", "officer_minutes"]]
    if asked.plan is not None:
        table = _with_plan(asked, table, areas, spans, progress)
    numbers = _numbers(table, done, seen)
    return Patrolled(table, tuple(_lines(asked, table, done, seen, numbers)), numbers)


def write_table(table: pd.DataFrame, to: Path) -> None:
    """The table as CSV, whole or not at all; minutes to a tenth."""
    rounded = table.copy()
    for name in [c for c in table.columns if c.endswith("minutes")]:
        rounded[name] = rounded[name].round(1)
    write_whole(to, rounded.to_csv(index=False).encode())


def _areas(asked: Asked) -> Areas:
    found = (
        read_areas(asked.areas, asked.id_field)
        if asked.radius is None
        else read_circles(asked.areas, asked.id_field, asked.radius)
    )
    if shared := overlaps(found):
        named = "; ".join(f"{a} and {b}" for a, b in shared[:5])
        raise DataError(Problem(f"areas overlap: {named}", asked.areas.name, hint="a minute must belong to one area"))
    if lost := [c for c in asked.comparison if c not in found.ids]:
        raise DataError(Problem(f"not on the map: {some(lost)}", "--comparison", some(list(found.ids), 12)))
    return found


def _periods(asked: Asked) -> Periods:
    try:
        first, last = date.fromisoformat(asked.first), date.fromisoformat(asked.last)
    except ValueError:
        raise DataError(Problem("is no day", "--first, --last", "YYYY-MM-DD")) from None
    if first > last:
        raise DataError(Problem(f"{first} comes after {last}", "--first, --last"))
    found = periods(first, last, asked.period, asked.day_starts)
    if not found.labels:
        raise DataError(Problem(f"no whole {asked.period} lies between {first} and {last}", "--first, --last"))
    return found


def _from_pings(asked: Asked, areas: Areas, spans: Periods, seen: Read, progress: Progress) -> Delivery:
    assert asked.pings is not None
    found = pings.batches(asked.files, asked.pings, asked.worst, seen, progress)
    placed = place(found, raster(areas), asked.clock, seen)
    if not somewhere(placed.packed):
        hint = "are the times, the map and the coordinates of one force? vru look shows what a map holds"
        raise DataError(Problem("not one ping lies in an area of the map", "pings", hint=hint))
    return deliver(placed, areas.ids, spans, asked.rules)


def _from_signed(asked: Asked, areas: Areas, spans: Periods, seen: Read, progress: Progress) -> Delivery:
    assert asked.signed is not None
    parts = []
    for path in asked.files:
        table = extract.read(Request(path, path.parent, 0, progress), ExtractOptions())
        mine = Read()
        parts.append(read_signed(table, asked.signed, list(areas.ids), asked.clock, mine))
        seen.rows += mine.rows
        for reason, n in mine.without.items():
            seen.leave(reason, n)
    whole = parts[0]
    for more in parts[1:]:
        whole = type(whole)(*(np.concatenate([getattr(whole, f), getattr(more, f)]) for f in ("group", "start", "end")))
    return of_visits(whole, areas.ids, spans, asked.rules, {}, 0.0)


def _with_plan(asked: Asked, table: pd.DataFrame, areas: Areas, spans: Periods, progress: Progress) -> pd.DataFrame:
    """What was planned, added up by area and period: columns area, date, and visits or minutes or both.

    Of a plan by day with one row for each area and day, further columns (what was drawn, say) stay beside.
    """
    assert asked.plan is not None
    frame = extract.read(Request(asked.plan, asked.plan.parent, 0, progress), ExtractOptions()).frame
    amounts = [c for c in PLANNED if c in frame.columns]
    more = [c for c in frame.columns if c not in ("area", "date", *amounts, *table.columns)]
    if not {"area", "date"} <= set(frame.columns) or not (amounts or more):
        allowed = "area, date, and planned_visits or planned_minutes"
        raise DataError(Problem("lacks columns", asked.plan.name, allowed))
    day = pd.to_datetime(frame["date"], format="%Y-%m-%d", errors="coerce")
    numbers = {c: pd.to_numeric(frame[c], errors="coerce") for c in amounts}
    lost = [a for a in dict.fromkeys(frame["area"].tolist()) if a not in areas.ids]
    wrong = int(day.isna().sum()), int(sum(n.isna().sum() for n in numbers.values()))
    if any(wrong) or lost:
        what = f"{wrong[0]:,} rows without a date (YYYY-MM-DD), {wrong[1]:,} amounts that are no number"
        what += f", {len(lost):,} areas not on the map"
        raise DataError(
            Problem(what, asked.plan.name, hint="mend them; a day without a patrol planned is 0, or no row")
        )
    at = np.searchsorted(spans.days, day.to_numpy().astype("datetime64[D]"), side="right") - 1
    inside = (at >= 0) & (at < len(spans.labels))
    named = np.asarray(spans.labels, dtype=object)[np.clip(at, 0, len(spans.labels) - 1)]
    plan = pd.DataFrame({"area": frame["area"].astype(object), "period": named, **numbers})[inside]
    sums = plan.groupby(["area", "period"], as_index=False)[amounts].sum()
    if asked.period == "day" and len(sums) == len(plan):
        sums = pd.concat([plan, frame.loc[inside, more]], axis=1)
    how: Literal["right", "left"] = "right" if asked.only_planned else "left"
    return table.merge(sums, how=how, on=["area", "period"]).fillna(dict.fromkeys(amounts, 0.0))


def _numbers(table: pd.DataFrame, done: Delivery, seen: Read) -> dict[str, float | int | None]:
    treated = table["role"] == "treated"
    found: dict[str, float | int | None] = {
        "rows": seen.rows,
        "left_out": sum(seen.without.values()),
        "visits_treated": int(table.loc[treated, "visits"].sum()),
        "visits_comparison": int(table.loc[~treated, "visits"].sum()),
        "minutes_treated": float(table.loc[treated, "minutes"].sum()),
        "minutes_comparison": float(table.loc[~treated, "minutes"].sum()),
        "visits_too_short": done.short,
        "hours_inside": sum(done.hours_inside.values()) if done.hours_inside else None,
        "hours_outside": done.hours_outside if done.hours_inside else None,
    }
    for what in ("visits", "minutes"):
        planned = f"planned_{what}"
        if planned in table:
            whole = float(table.loc[treated, planned].sum())
            found[f"{planned}_treated"] = whole
            found[f"share_of_{planned}"] = float(table.loc[treated, what].sum()) / whole if whole else None
            on = treated & (table[planned] > 0)
            found["share_of_planned_periods_kept"] = float((table.loc[on, "visits"] > 0).mean()) if on.any() else None
            found["share_of_other_periods_patrolled"] = _share(table, treated & (table[planned] == 0))
    return found


def _share(table: pd.DataFrame, rows: pd.Series) -> float | None:
    return float((table.loc[rows, "visits"] > 0).mean()) if rows.any() else None


def _lines(
    asked: Asked, table: pd.DataFrame, done: Delivery, seen: Read, n: dict[str, float | int | None]
) -> Sequence[str]:
    periods_ = table["period"].nunique()
    lines = [f"{seen.rows:,} rows read; {table['area'].nunique():,} areas, {periods_:,} periods ({asked.period})"]
    lines += [f"  left out, {reason}: {k:,}" for reason, k in seen.without.items()]
    for role in ("treated", "comparison"):
        own = table[table["role"] == role]
        if len(own):
            a, m, v = own["area"].nunique(), own["minutes"].sum(), own["visits"].sum()
            each = f"{m / a / periods_:,.1f} minutes an area and {asked.period}"
            lines.append(f"{role}: {v:,} visits, {m:,.0f} minutes in {a:,} areas: {each}")
    lines += (
        [f"  visits shorter than {asked.rules.shortest / 60:g} minutes, not counted: {done.short:,}"]
        if done.short
        else []
    )
    lines += (
        [f"  visits before the first period or after the last, not counted: {done.outside:,}"] if done.outside else []
    )
    if done.hours_inside:
        inside, whole = sum(done.hours_inside.values()), sum(done.hours_inside.values()) + done.hours_outside
        share = f"{done.hours_outside / whole:.0%}" if whole else "none"
        lines.append(
            f"officers' time on record: {whole:,.0f} hours, {inside:,.0f} of them in areas of the map, {share} outside"
        )
    for what in ("visits", "minutes"):
        if (kept := n.get(f"share_of_planned_{what}")) is not None:
            lines.append(f"delivered of planned {what}: {kept:.0%}")
    if (kept := n.get("share_of_planned_periods_kept")) is not None:
        lines.append(f"periods with a patrol planned that had a visit: {kept:.0%}")
    if (strayed := n.get("share_of_other_periods_patrolled")) is not None:
        lines.append(f"periods without one planned that had a visit all the same: {strayed:.0%}")
    return lines
