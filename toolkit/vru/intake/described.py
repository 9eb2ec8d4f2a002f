"""What is known of areas, from a table of them: residents as the base of rates, and covariates of before the start."""

from dataclasses import replace

import numpy as np
import pandas as pd

from vru.errors import DataError, Problem
from vru.events import DataNote, Table
from vru.intake import columns as read
from vru.keys import fold
from vru.panel import Panel
from vru.protocol.units import Described


def describe(panel: Panel, plan: Described, table: Table) -> tuple[Panel, tuple[DataNote, ...]]:
    """The panel with exposure (residents, ``(n_units, n_periods)``) and covariates (one row per unit).

    Raises
    ------
    DataError
        Columns that are not there; areas of the plan without a row, or with several for a year; residents of 0 or fewer;
        cells that are not numbers.
    """
    reading = read.Reading(table)
    named = [plan.area, plan.year, plan.residents, *plan.covariates.values()]
    if problems := read.missing_columns(table, [c for c in named if c]):
        raise DataError(*problems)
    area = pd.Series(read.keys(reading, plan.area, "area")).map(fold)
    year = _years(reading, plan, len(area))
    if reading.problems:
        raise DataError(*reading.problems)
    rows = _rows(reading, plan, panel, area, year)
    exposure = _residents(reading, plan, panel, rows, year) if plan.residents else None
    covariates = _covariates(reading, plan, panel, rows, year)
    if reading.problems:
        raise DataError(*reading.problems)
    notes = tuple(DataNote(table.name, n.text, n.count, n.severity) for n in reading.notes)
    return replace(panel, exposure=exposure, covariates=covariates), (*table.log, *notes)


def _years(reading: read.Reading, plan: Described, n: int) -> np.ndarray:
    if plan.year is None:
        return np.zeros(n, dtype=int)
    found = read.numbers(reading, plan.year, gaps=False)
    whole = np.isfinite(found) & (found == np.round(found)) & (found >= 1900) & (found <= 2100)
    if not whole.all() and not reading.problems:
        what = f"{int((~whole).sum()):,} rows hold no year"
        reading.problems.append(Problem(what, reading.at(plan.year), "a year such as 2021"))
    return np.asarray(np.nan_to_num(found).astype(int))


def _rows(
    reading: read.Reading, plan: Described, panel: Panel, area: pd.Series, year: np.ndarray
) -> dict[str, np.ndarray]:
    """Unit -> positions of its rows in the table, in order of year."""
    at = {key: own.index.to_numpy() for key, own in area.groupby(area)}
    found = {u: at.get(fold(u), np.zeros(0, dtype=int)) for u in panel.units}
    where = reading.at(plan.area)
    if absent := [u for u, own in found.items() if not len(own)]:
        what = f"{len(absent)} areas of the plan have no row: {', '.join(absent[:5])}"
        hint = "rings round areas have no residents: leave out buffers, or described_by" if "#" in absent[0] else ""
        reading.problems.append(Problem(what, where, hint=hint))
    if twice := [u for u, own in found.items() if len(set(year[own].tolist())) < len(own)]:
        what = f"{len(twice)} areas have several rows{' for a year' if plan.year else ''}: {', '.join(twice[:5])}"
        hint = "" if plan.year else "name the column of years as described_by.year, or keep one row for each area"
        reading.problems.append(Problem(what, where, hint=hint))
    if reading.problems:
        raise DataError(*reading.problems)
    return {u: own[np.argsort(year[own], kind="stable")] for u, own in found.items()}


def _residents(
    reading: read.Reading, plan: Described, panel: Panel, rows: dict[str, np.ndarray], year: np.ndarray
) -> np.ndarray:
    """Residents of each unit and period: of its own year, else of the nearest year that there is (the earlier of two)."""
    assert plan.residents is not None
    given = read.numbers(reading, plan.residents, gaps=True)
    of_period = np.array([int(p[:4]) for p in panel.periods])
    out = np.full(panel.shape, np.nan)
    apart = 0
    for i, unit in enumerate(panel.units):
        own = rows[unit]
        known = own[np.isfinite(given[own])]
        if not len(known):
            continue
        distance = np.abs(of_period[:, None] - year[known][None, :])
        nearest = distance.argmin(axis=1)
        apart += int((distance.min(axis=1) > 0).sum()) if plan.year else 0
        out[i] = given[known][nearest]
    bad = [u for u, row in zip(panel.units, out, strict=True) if not (row > 0).all()]
    if bad and not reading.problems:
        what = f"{len(bad)} areas have no residents: {', '.join(bad[:5])}"
        hint = "a rate needs a base above 0: choose other areas, or leave residents out"
        reading.problems.append(Problem(what, reading.at(plan.residents), hint=hint))
    if apart:
        text = f"{plan.residents}: area-{panel.calendar.plural} of a year that the table does not have take the nearest year"
        reading.notes.append(DataNote("described", text, apart))
    return out


def _covariates(
    reading: read.Reading, plan: Described, panel: Panel, rows: dict[str, np.ndarray], year: np.ndarray
) -> pd.DataFrame | None:
    """One row per unit: of the last year before the first start, or of the only one there is."""
    if not plan.covariates:
        return None
    start = min((int(s[:4]) for s in panel.starts if s is not None), default=9999)
    before = {u: own[year[own] < start] if plan.year else own for u, own in rows.items()}
    if late := [u for u, own in before.items() if not len(own)]:
        what = f"{len(late)} areas have no row of a year before the start: {', '.join(late[:5])}"
        reading.problems.append(
            Problem(what, reading.at(plan.area), hint="what treatment may have changed is no covariate")
        )
        return None
    at = np.array([before[u][-1] for u in panel.units])
    columns = {name: read.numbers(reading, column, gaps=True)[at] for name, column in plan.covariates.items()}
    for name, values in columns.items():
        if gaps := [u for u, v in zip(panel.units, values, strict=True) if not np.isfinite(v)]:
            what = f"{len(gaps)} areas have no value: {', '.join(gaps[:5])}"
            reading.problems.append(Problem(what, reading.at(plan.covariates[name])))
    return pd.DataFrame(columns, index=list(panel.units))
