"""How many people there are in each group: residents by area from a census table, or any benchmark that somebody names."""

import math
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from vru.equity.asked import Asked
from vru.equity.groups import Group, groups_at, own_groups, read_group
from vru.equity.reading import written
from vru.errors import DataError, Problem
from vru.events import DataNote
from vru.keys import fold
from vru.sources import extract
from vru.sources.extract import ExtractOptions
from vru.sources.source import Request

TOTALS = frozenset({"total", "all", "all usual residents", "all ethnic groups", "all groups"})


def read_population(asked: Asked, cache: Path, notes: list[DataNote]) -> dict[str, float]:
    """Residents of the areas asked for, by group. Raises DataError: areas or groups that the table lacks."""
    assert asked.population is not None  # the caller looked
    frame = _table(asked.population, asked, cache)
    column = asked.people.get("area")
    if asked.area or asked.areas:
        frame = _of_areas(frame, asked, cache, notes)
    elif column in frame.columns and (n := frame[column].nunique()) > 1:
        text = f"residents of all {n:,} areas of {asked.population.name} are counted: --area or --areas names those of the force"
        notes.append(DataNote("equity", text, severity="question"))
    return _summed(frame, asked.population.name, asked, notes)


def read_benchmark(path: Path, asked: Asked, cache: Path, notes: list[DataNote]) -> dict[str, float]:
    """Numbers by group of another denominator, of the whole table."""
    return _summed(_table(path, asked, cache), path.name, asked, notes)


def _table(path: Path, asked: Asked, cache: Path) -> pd.DataFrame:
    how = {k: v for k, v in asked.people.items() if k in ("separator", "sheet") and path == asked.population}
    frame = extract.read(Request(path, cache, 0, lambda *_: None), written(how, "--people")).frame
    lost = [c for k, c in asked.people.items() if k in ("group", "count") and c not in frame.columns]
    if lost:
        raise DataError(
            Problem(f"has no column {', '.join(map(repr, lost))}", path.name, ", ".join(map(str, frame.columns))[:600])
        )
    return frame


def _of_areas(frame: pd.DataFrame, asked: Asked, cache: Path, notes: list[DataNote]) -> pd.DataFrame:
    column = asked.people["area"]
    assert asked.population is not None
    if column not in frame.columns:
        raise DataError(
            Problem(f"has no column {column!r}", asked.population.name, ", ".join(map(str, frame.columns))[:600])
        )
    wanted = {fold(a): a for a in (asked.area or _looked_up(asked, cache))}
    keys = frame[column].map(lambda v: fold(str(v or "")))
    if lost := [name for key, name in wanted.items() if key not in set(keys)]:
        hint = "areas change their codes: use a look-up of the same year as the population"
        raise DataError(
            Problem(f"has no area {', '.join(sorted(lost)[:10])}", asked.population.name, f"values of {column!r}", hint)
        )
    notes.append(
        DataNote("equity", f"areas whose residents are counted: {', '.join(sorted(wanted.values()))}", len(wanted))
    )
    return frame[keys.isin(list(wanted))]


def _looked_up(asked: Asked, cache: Path) -> list[str]:
    assert asked.areas is not None  # the caller looked
    assert asked.areas_code is not None  # and the options were checked
    assert asked.areas_where is not None
    frame = extract.read(Request(asked.areas, cache, 0, lambda *_: None), ExtractOptions()).frame
    column, value = asked.areas_where
    if lost := [c for c in (asked.areas_code, column) if c not in frame.columns]:
        raise DataError(
            Problem(
                f"has no column {', '.join(map(repr, lost))}",
                asked.areas.name,
                ", ".join(map(str, frame.columns))[:600],
            )
        )
    found = frame.loc[frame[column].map(lambda v: fold(str(v or ""))) == fold(value), asked.areas_code]
    if found.empty:
        raise DataError(
            Problem(f"has no area where {column} is {value!r}", asked.areas.name, "--areas-where COLUMN=VALUE")
        )
    return sorted(set(found.dropna().astype(str)))


def _summed(frame: pd.DataFrame, name: str, asked: Asked, notes: list[DataNote]) -> dict[str, float]:
    """Numbers by group at the level asked for; rows of percentages and totals left out and said."""
    own = own_groups(asked.groups)[0]
    column = asked.people.get("area")
    areas = frame[column].tolist() if column in frame.columns else [""] * len(frame)
    read: list[tuple[str, Group, float]] = []
    left = dict.fromkeys(("rows of percentages", "rows of totals", "rows without a group of this level"), 0)
    strange: set[str] = set()
    seen: set[tuple[str, str]] = set()
    cells = zip(frame[asked.people["group"]], frame[asked.people["count"]], areas, strict=True)
    for line, (text, cell, area) in enumerate(cells, 2):
        key = fold(str(text or ""))
        group = read_group(str(text or ""), own)
        if key.endswith("(percent)") or key in TOTALS:
            left["rows of totals" if key in TOTALS else "rows of percentages"] += 1
        elif group is None:
            strange.add(str(text))
        elif (key, str(area)) in seen:
            hint = "name the column of areas with --people area=COLUMN"
            raise DataError(
                Problem("the same group of the same area again", f"{name}, row {line}", "one row for each", hint)
            )
        else:
            seen.add((key, str(area)))
            read.append((str(area), group, _number(cell, name, line)))
    if strange:
        what = f"groups that are not known: {'; '.join(sorted(strange)[:10])}"
        raise DataError(Problem(what, name, hint="--group 'TEXT=Asian' says what a text means"))
    sums = _by_group(read, name, asked, left)
    notes += [DataNote("equity", f"{name}: {what}, left out", n) for what, n in left.items() if n]
    return _complete(sums, name, asked)


def _by_group(read: list[tuple[str, Group, float]], name: str, asked: Asked, left: dict[str, int]) -> dict[str, float]:
    """Sums over areas. Raises DataError: one of the five both whole and in parts in one area."""
    kinds: dict[tuple[str, str], set[bool]] = {}
    sums: dict[str, float] = {}
    for area, group, n in read:
        if group.five is not None:
            kinds.setdefault((area, group.five), set()).add(group.detailed is None)
        at = group.five if asked.detail == "5+1" else group.detailed
        if at is None:
            left["rows without a group of this level"] += 1
        else:
            sums[at] = sums.get(at, 0.0) + n
    if double := sorted({five for (_, five), found in kinds.items() if len(found) > 1}):
        what = f"has {', '.join(double)} both whole and in parts: people would count twice"
        raise DataError(Problem(what, name, hint="leave the whole or the parts out of the table"))
    return sums


def _number(cell: object, name: str, line: int) -> float:
    try:
        value = float(str(cell).replace(",", ""))
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise DataError(Problem("is not a number of people", f"{name}, row {line}", "0 or more"))
    return value


def _complete(sums: Mapping[str, float], name: str, asked: Asked) -> dict[str, float]:
    order = [g for g in groups_at(asked.detail) if g in sums]
    if asked.against not in order or not sums[asked.against]:
        raise DataError(
            Problem(
                f"has nobody in the reference group {asked.against!r}", name, hint="--reference, --group or --detail"
            )
        )
    return {g: sums[g] for g in order}
