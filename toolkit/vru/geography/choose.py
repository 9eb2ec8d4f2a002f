"""Which units are treated and which compared: as listed, or as a selection rule and its lot chose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from vru.errors import DataError, Problem
from vru.events import DataNote
from vru.geography.coverage import matrix, missing_months, modal_forces
from vru.geography.tally import Tally
from vru.panel import PoolRecord, Role, SelectionHistory
from vru.protocol.fields import Protocol, Selection
from vru.stats.selection import split_top

OWN_DISTRICT = 0.1
"""A district is a force's own when its LSOAs average at least this share of the rows the force's LSOAs average."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Roles by unit, the counts they were chosen on (None without a selection), and what was decided."""

    roles: Mapping[str, Role]
    history: SelectionHistory | None
    notes: tuple[DataNote, ...]


def listed_roles(protocol: Protocol) -> dict[str, Role]:
    """Unit -> role, as the protocol lists them."""
    units = protocol.units
    roles: dict[str, Role] = dict.fromkeys(units.treated, "treated")
    roles |= dict.fromkeys(units.comparison, "comparison")
    roles |= dict.fromkeys(units.buffers.treated, "buffer")
    roles |= dict.fromkeys(units.buffers.comparison, "buffer_comparison")
    return roles


def choose(protocol: Protocol, counted: Tally, candidates: Sequence[str] | None, names: Mapping[str, str]) -> Chosen:
    """Apply ``units.selection``.

    Parameters
    ----------
    counted
        Counts of the source of the selection outcome, over all candidates.
    candidates
        The units that could have been chosen, or None for every LSOA of the forces' own districts.
    names
        LSOA code -> LSOA name, for ``within`` and for telling a force's own districts.

    Raises
    ------
    DataError
        No month of the selection window is in the data; fewer candidates than ``top``; a unit
        chosen by the rule that is listed as a buffer.
    """
    selection = protocol.units.selection
    roles = listed_roles(protocol)
    if selection is None:
        raise TypeError("choose is for protocols with a selection")
    forces = modal_forces(counted.frame)
    pool, notes = _pool(counted, selection, candidates, names, forces)
    pool, periods = _observed(counted, protocol, pool, forces, notes)
    counts = matrix(counted.frame, pool, periods, selection.outcome)
    if selection.rule == "top":
        drawn = _draw(protocol, selection, pool, counts)
        if clash := sorted(set(drawn) & set(roles)):
            hint = "a unit plays one role: take it off the buffer list"
            raise DataError(Problem(f"chosen by the rule and listed as buffers: {', '.join(clash)}", hint=hint))
        roles |= drawn
        notes.append(DataNote("panel", _rule_text(selection, len(pool), periods), len(drawn)))
    entered = {u for u, r in roles.items() if r in ("treated", "comparison")}
    record = _record(protocol, counted, pool, forces)
    history = SelectionHistory(selection.outcome, periods, tuple(pool), counts, np.isin(pool, list(entered)), record)
    return Chosen(roles, history, tuple(notes))


def _pool(
    counted: Tally,
    selection: Selection,
    candidates: Sequence[str] | None,
    names: Mapping[str, str],
    forces: Mapping[str, str],
) -> tuple[list[str], list[DataNote]]:
    if candidates is not None:
        return sorted(candidates), []
    seen = sorted(forces)
    own = own_units(counted.frame, names, forces)
    notes = []
    strangers = len(seen) - len(own)
    if strangers:
        text = (
            "LSOAs left out of the selection pool: a force recorded events there, but their district averages under "
            f"{OWN_DISTRICT:.0%} of the force's usual rows, so it is another force's area"
        )
        notes.append(DataNote("panel", text, strangers))
    if selection.within:
        own = {u for u in own if names.get(u, "").startswith(tuple(selection.within))}
        if not own:
            there = ", ".join(sorted({_district(n) for n in names.values() if n}))
            raise DataError(Problem("no LSOA name starts like that", "units.selection.within", there[:400]))
    return sorted(own), notes


def own_units(frame: pd.DataFrame, names: Mapping[str, str], forces: Mapping[str, str]) -> set[str]:
    """LSOAs of the forces' own districts, by the rows that each force recorded there."""
    rows = frame[frame["unit"] != ""].groupby("unit", as_index=False)["rows"].sum()
    rows["force"] = rows["unit"].map(forces)
    # An LSOA without a name cannot be placed in a district: it stays.
    rows["district"] = rows["unit"].map(lambda u: _district(names.get(u, "")))
    usual = rows.groupby("force")["rows"].transform("mean")
    here = rows.groupby(["force", "district"])["rows"].transform("mean")
    return set(rows.loc[(here >= OWN_DISTRICT * usual) | (rows["district"] == ""), "unit"])


def _district(name: str) -> str:
    """ "Liverpool 012A" -> "Liverpool"."""
    return name[:-5] if len(name) > 5 and name[-5] == " " else name


def _observed(
    counted: Tally, plan: Protocol, pool: Sequence[str], forces: Mapping[str, str], notes: list[DataNote]
) -> tuple[list[str], tuple[str, ...]]:
    """The pool units whose force has data in the selection window, and the months all of them have."""
    selection = plan.units.selection
    assert selection is not None
    months = plan.calendar.between(selection.first, selection.last)
    # A candidate without a single event is covered by whichever force recorded most.
    usual = str(counted.frame.groupby("force")["rows"].sum().idxmax()) if len(counted.frame) else ""
    by_unit = {u: forces.get(u, usual) for u in pool}
    missing = missing_months(pool, months, by_unit, counted.events.present)
    rows = np.flatnonzero(~missing.all(axis=1))
    seen = [pool[i] for i in rows.tolist()]
    periods = tuple(months[j] for j in np.flatnonzero(~missing[rows].any(axis=0)).tolist())
    if not seen or not periods:
        there = ", ".join(f"{f} {min(m)} to {max(m)}" for f, m in counted.events.present.items() if m)
        what = f"no month from {selection.first} to {selection.last} has data for every force"
        raise DataError(Problem(what, "units.selection", there))
    if len(periods) < len(months):
        text = (
            f"months of the selection window without data, not counted: {', '.join(sorted(set(months) - set(periods)))}"
        )
        notes.append(DataNote("panel", text, len(months) - len(periods)))
    if len(seen) < len(pool):
        text = "candidates left out of the selection pool: their force has no month in the selection window"
        notes.append(DataNote("panel", text, len(pool) - len(seen)))
    return seen, periods


def _record(protocol: Protocol, counted: Tally, pool: Sequence[str], forces: Mapping[str, str]) -> PoolRecord:
    """The selection outcome in the pool over every month of the data up to the end of the window."""
    selection = protocol.units.selection
    assert selection is not None
    calendar = protocol.calendar
    first = min(m for months in counted.events.present.values() for m in months)
    months = calendar.between(min(first, selection.first, protocol.window.first), protocol.window.last)
    usual = str(counted.frame.groupby("force")["rows"].sum().idxmax())
    missing = missing_months(pool, months, {u: forces.get(u, usual) for u in pool}, counted.events.present)
    counts = matrix(counted.frame, pool, months, selection.outcome)
    return PoolRecord(months, np.where(missing, np.nan, counts), calendar)


def _draw(protocol: Protocol, selection: Selection, pool: Sequence[str], counts: np.ndarray) -> dict[str, Role]:
    top, assign = selection.top, selection.assign
    if top is None or assign is None:
        raise TypeError("rule: top without top or assign passed validation")
    if len(pool) < top:
        hint = "lower top, widen within, or read more forces"
        raise DataError(Problem(f"there are {len(pool)} units to choose {top} from", "units.selection.top", hint=hint))
    split = split_top(counts.sum(axis=1), top, assign, np.random.default_rng([protocol.seed, 1]))
    return {
        pool[int(i)]: "treated" if treated else "comparison"
        for i, treated in zip(split.chosen, split.treated, strict=True)
    }


def _rule_text(selection: Selection, n: int, periods: Sequence[str]) -> str:
    how = (
        "half of them treated by lot"
        if selection.assign == "random_half"
        else "one of each pair of ranks treated by lot"
    )
    return (
        f"units chosen: the {selection.top} of {n} with most {selection.outcome} in {len(periods)} months from "
        f"{periods[0]} to {periods[-1]}, ties by id; {how}"
    )
