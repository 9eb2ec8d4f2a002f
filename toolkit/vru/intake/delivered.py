"""What was done in each area and period, out of a table beside the events: minutes, visits, and what was planned."""

from dataclasses import replace

import numpy as np

from vru.errors import DataError, Problem
from vru.events import DataNote, Table
from vru.intake import columns as read
from vru.keys import fold
from vru.panel import Panel
from vru.protocol.units import Delivered

_SHOWN = 5


def add_delivered(panel: Panel, plan: Delivered, table: Table) -> tuple[Panel, tuple[DataNote, ...]]:
    """The panel with what was delivered, and the log.

    An area-period without a row is not known. Rows of periods outside the window, and of other areas, are counted and left out.

    Raises
    ------
    DataError
        Columns that are not there; an amount that is no number or below 0; treated areas, or all periods, without a row; an
        area and period with several rows.
    """
    reading = read.Reading(table)
    if problems := read.missing_columns(table, [plan.area, plan.period, *plan.amounts.values()]):
        raise DataError(*problems)
    units = {fold(u): i for i, u in enumerate(panel.units)}
    periods = {p: j for j, p in enumerate(panel.periods)}
    row = np.array([units.get(fold(t), -1) for t in read.text(table, plan.area)])
    column = np.array([periods.get(t, -1) for t in read.text(table, plan.period)])
    inside = (row >= 0) & (column >= 0)
    _refuse(reading, plan, panel, row, column, inside)
    found = {}
    for what, name in plan.amounts.items():
        values = read.numbers(reading, name, gaps=True)
        if (values < 0).any():
            reading.problems.append(Problem(f"{int((values < 0).sum()):,} rows are below 0", reading.at(name)))
        out = np.full(panel.shape, np.nan)
        out[row[inside], column[inside]] = values[inside]
        found[what] = out
    if reading.problems:
        raise DataError(*reading.problems)
    notes = [DataNote("delivered", "area-periods with what was delivered", int(inside.sum()))]
    if left := int((~inside).sum()):
        notes.append(DataNote("delivered", "rows of other areas or periods, left out", left))
    digests = {**panel.provenance, plan.data: table.sha256}
    return replace(panel, delivered=found, provenance=digests), (*table.log, *reading.notes, *notes)


def _refuse(
    reading: read.Reading, plan: Delivered, panel: Panel, row: np.ndarray, column: np.ndarray, inside: np.ndarray
) -> None:
    if not (column >= 0).any():
        what = "no row is of a period of the window"
        allowed = f"{panel.periods[0]} to {panel.periods[-1]}, written so"
        raise DataError(Problem(what, reading.at(plan.period), allowed, "vru patrols --period writes them so"))
    treated = np.flatnonzero(panel.is_role("treated"))
    if lost := [panel.units[i] for i in treated if i not in set(row[inside].tolist())]:
        what = f"{len(lost)} treated areas have no row: {', '.join(lost[:_SHOWN])}"
        raise DataError(Problem(what, reading.at(plan.area), hint="an area without a patrol has rows of 0"))
    cells = row[inside] * len(panel.periods) + column[inside]
    if twice := len(cells) - len(np.unique(cells)):
        hint = "add them up to one row for each area and period"
        raise DataError(Problem(f"{twice:,} rows repeat an area and period", reading.at(plan.area), hint=hint))
