"""``vru patrols``: GPS pings, check-ins and timesheets to visits and minutes."""

import argparse
from pathlib import Path
from typing import Any

from vru.cli.terminal import Bar, add, add_json, say_json
from vru.errors import DataError, Problem

_EXAMPLE = (
    "vru patrols pings.csv --areas hotspots.geojson --officer unit --when time --x lon --y lat --first 2021-06-01 "
    "--last 2021-08-31 --plan schedule.csv --out delivered.csv"
)


def add_commands(commands: Any) -> None:
    """Add this part's commands."""
    c = add(
        commands,
        "patrols",
        _patrols,
        "visits and minutes in each area, out of pings, check-ins or timesheets",
        _EXAMPLE,
    )
    c.add_argument("files", nargs="+", type=Path, metavar="FILE", help="CSV or Parquet; check-ins may be Excel too")
    c.add_argument("--areas", type=Path, required=True, metavar="MAP", help="GeoJSON, GeoPackage, or CSV of points")
    c.add_argument("--id-field", default="id", metavar="NAME", help="what names an area (default: id)")
    c.add_argument("--radius-m", type=float, metavar="M", help="areas are circles of this radius round points")
    c.add_argument("--comparison", nargs="+", default=[], metavar="AREA", help="areas that were to get no patrols")
    c.add_argument("--first", required=True, metavar="DAY", help="first day, YYYY-MM-DD")
    c.add_argument("--last", required=True, metavar="DAY", help="last day, YYYY-MM-DD")
    c.add_argument("--period", choices=["day", "week", "four_weeks", "month", "quarter"], default="day")
    c.add_argument("--day-starts", default="00:00", metavar="HH:MM", help="a patrol day may begin at 06:00")
    c.add_argument(
        "--clock", choices=["utc", "local"], required=True, help="what the times are: UTC, or British wall time"
    )
    _add_columns(c)
    _add_rules(c)
    c.add_argument(
        "--plan", type=Path, metavar="FILE", help="what was planned: area, date, planned_visits, planned_minutes"
    )
    c.add_argument("--out", type=Path, metavar="FILE", help="where the table goes, .csv")
    add_json(c)


def _add_columns(c: argparse.ArgumentParser) -> None:
    g = c.add_argument_group("columns of pings")
    g.add_argument("--officer", metavar="NAME", help="tells officers or units apart; never printed or kept")
    g.add_argument("--when", metavar="NAME")
    g.add_argument("--x", metavar="NAME", help="longitude or easting")
    g.add_argument("--y", metavar="NAME", help="latitude or northing")
    g.add_argument("--accuracy", metavar="NAME", help="metres")
    g = c.add_argument_group("columns of check-ins and timesheets")
    g.add_argument("--area", metavar="NAME")
    g.add_argument("--arrive", metavar="NAME")
    g.add_argument("--leave", metavar="NAME")
    g.add_argument("--minutes", metavar="NAME", help="instead of --leave")


def _add_rules(c: argparse.ArgumentParser) -> None:
    g = c.add_argument_group("what a visit is")
    g.add_argument("--gap-s", type=float, default=180.0, metavar="S", help="no ping inside for so long ends it (180)")
    g.add_argument("--shortest-s", type=float, default=180.0, metavar="S", help="shorter ones are none (180)")
    g.add_argument("--worst-m", type=float, metavar="M", help="pings less accurate than this are left out")
    g.add_argument("--each", action="store_true", help="officers in one area at once count one by one, not once")


def _patrols(arguments: argparse.Namespace) -> int:
    from vru.run.patrolling import patrolled, write_table

    asked = _asked(arguments)
    bar = Bar()
    done = patrolled(asked, bar)
    bar.close()
    if arguments.out is not None:
        write_table(done.table, arguments.out)
    if arguments.json:
        say_json(
            {**done.numbers, "table": done.table.to_dict("records") if arguments.out is None else str(arguments.out)}
        )
        return 0
    for line in done.lines:
        print(line)
    print(f"written to {arguments.out}" if arguments.out else "--out FILE writes the table by area and period")
    return 0


def _asked(a: argparse.Namespace) -> Any:
    from vru.intake.patrols import Rules
    from vru.intake.patrols.signed import Signed
    from vru.run.patrolling import Asked
    from vru.sources.pings import PingColumns

    _whole(a)
    tracked = PingColumns(a.officer, a.when, a.x, a.y, a.accuracy, a.clock) if a.officer else None
    signed = None if tracked else Signed(a.area, a.arrive, a.leave, a.minutes)
    return Asked(
        files=tuple(a.files),
        areas=a.areas,
        first=a.first,
        last=a.last,
        id_field=a.id_field,
        radius=a.radius_m,
        comparison=tuple(a.comparison),
        period=a.period,
        day_starts=a.day_starts,
        clock=a.clock,
        rules=Rules(a.gap_s, a.shortest_s, not a.each),
        worst=a.worst_m,
        pings=tracked,
        signed=signed,
        plan=a.plan,
    )


def _whole(a: argparse.Namespace) -> None:
    """Raises DataError where the columns typed describe neither pings nor check-ins, or numbers make no sense."""
    of_pings, of_visits = (a.officer, a.when, a.x, a.y), (a.area, a.arrive, a.leave or a.minutes)
    if bool(all(of_pings)) == bool(all(of_visits)) or (any(of_pings) and any((a.area, a.arrive, a.leave, a.minutes))):
        allowed = "--officer, --when, --x, --y of pings; or --area, --arrive and --leave (or --minutes) of check-ins"
        raise DataError(Problem("say which columns hold what", "vru patrols", allowed))
    if a.gap_s <= 0 or a.shortest_s < 0 or (a.worst_m is not None and a.worst_m <= 0):
        raise DataError(Problem("must be above 0", "--gap-s, --shortest-s, --worst-m"))
    hour, _, minute = a.day_starts.partition(":")
    if not (hour.isdigit() and minute.isdigit() and int(hour) < 24 and int(minute) < 60):
        raise DataError(Problem(f"{a.day_starts} is no time of day", "--day-starts", "HH:MM"))
    if a.out is not None and a.out.suffix.lower() != ".csv":
        raise DataError(Problem(f"{a.out.suffix or 'no ending'} is not written", "--out", ".csv"))
