"""From an extract with one row per person (case, class, school) to a cohort."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from vru.cohort import EPOCH, Cohort, Kind
from vru.errors import DataError, Problem
from vru.events import DataNote, Table
from vru.intake import columns as read
from vru.intake.linked import Linked, follow, link
from vru.intake.linked.follow import columns
from vru.intake.made import Made
from vru.intake.scales import add_scores
from vru.intake.values import parse_dates
from vru.protocol.fields import Outcome, Protocol
from vru.protocol.rows import CohortPlan, CovariateColumn


def build_cohort(protocol: Protocol, tables: Mapping[str, Table]) -> Made:
    """Read the plan's columns out of its extract.

    Raises
    ------
    DataError
        Listing every column that is not there, value that is not what the plan says, and id that repeats.
    """
    plan = protocol.cohort
    if plan is None:
        raise TypeError("the plan has no cohort")
    table, scored = add_scores(plan, tables)
    outcomes = [o for o in protocol.outcomes if o.column]
    if problems := read.missing_columns(table, _wanted(plan, outcomes)):
        raise DataError(*problems)
    reading = read.Reading(table)
    _refuse_repeated(reading, plan)
    cohort = _cohort(protocol, plan, reading, outcomes)
    definitions = {s.definition: tables[s.definition].sha256 for s in plan.scales.values()}
    cohort = replace(cohort, provenance={**cohort.provenance, **definitions})
    more = Linked()
    if plan.follow_up is not None:
        cohort, more = _linked(protocol, plan, reading, tables, cohort)
    log = (*table.log, *scored, *reading.notes, *more.notes, *_notes(cohort, plan))
    account, asked = (*reading.account, *more.lines), (*reading.questions, *more.questions)
    return Made(cohort, log, dict(table.truth), account, asked)


def _linked(
    protocol: Protocol, plan: CohortPlan, reading: read.Reading, tables: Mapping[str, Table], cohort: Cohort
) -> tuple[Cohort, Linked]:
    """The cohort with what other extracts say of its people."""
    arm = cohort.assigned if cohort.received is None else cohort.received
    if arm is None or plan.follow_up is None or plan.period is not None:
        hint = "name assigned or received, and leave out period"
        raise DataError(Problem("follow-up needs one row per person in one of two arms", "cohort", hint=hint))
    found = follow(protocol, plan.follow_up, reading, np.array(cohort.ids, dtype=str), arm)
    if reading.problems:
        raise DataError(*reading.problems)
    more = link(protocol, plan.follow_up, tables, reading, found)
    frames = [cohort.covariates] if len(cohort.covariates.columns) else []
    covariates = pd.concat([*frames, pd.DataFrame(more.covariates)], axis=1)
    kinds: dict[str, Kind] = {o.id: o.kind for o in protocol.outcomes if o.kind}
    whole = replace(
        cohort,
        outcomes={o.id: {**cohort.outcomes, **more.outcomes}[o.id] for o in protocol.outcomes},
        kinds=kinds,
        covariates=covariates,
        times={**cohort.times, **more.times},
        linkage=tuple(more.linkage),
        provenance={**cohort.provenance, **more.provenance},
    )
    return whole, more


def _wanted(plan: CohortPlan, outcomes: list[Outcome]) -> list[str]:
    arms = [a.column for a in (plan.assigned, plan.received) if a is not None]
    single = [c for c in (plan.cluster, plan.stratum, plan.period, plan.exposure) if c is not None]
    score = [] if plan.running is None else [_column(plan.running)]
    return [
        plan.id,
        *arms,
        *single,
        *score,
        *map(_column, plan.covariates.values()),
        *(o.column for o in outcomes if o.column),
        *(o.time for o in outcomes if o.time),
        *(columns(plan.follow_up) if plan.follow_up else ()),
    ]


def _column(plan: str | CovariateColumn) -> str:
    return plan if isinstance(plan, str) else plan.column


def _refuse_repeated(reading: read.Reading, plan: CohortPlan) -> None:
    ids, where = read.ids(reading, plan.id), reading.at(plan.id)
    if (ids == "").any():
        reading.problems.append(Problem(f"{int((ids == '').sum()):,} rows have no id", where))
    twice = len(ids) - len(np.unique(ids))
    if twice and plan.period is None:
        hint = "one row per person: the first referral, say"
        reading.problems.append(Problem(f"{twice:,} rows repeat an id", where, hint=hint))


def _cohort(protocol: Protocol, plan: CohortPlan, reading: read.Reading, outcomes: list[Outcome]) -> Cohort:
    def filled(column: str | None) -> np.ndarray | None:
        return None if column is None else read.numbers(reading, column, gaps=False)

    groups = {what: _names(reading, what, getattr(plan, what)) for what in ("cluster", "stratum", "period")}
    values = {o.id: _outcome(reading, o) for o in outcomes}
    arms = [None if a is None else read.arm(reading, a) for a in (plan.assigned, plan.received)]
    exposure = filled(plan.exposure)
    running, dated = (None, False) if plan.running is None else _score(reading, plan.running)
    covariates = pd.DataFrame({name: read.covariate(reading, c) for name, c in plan.covariates.items()})
    if reading.problems:
        raise DataError(*reading.problems)
    ids = read.ids(reading, plan.id).tolist()
    if groups["period"] is not None:
        ids = [f"{i}, {p}" for i, p in zip(ids, groups["period"], strict=True)]
    kinds: dict[str, Kind] = {o.id: o.kind for o in outcomes if o.kind}
    return Cohort(
        ids=tuple(ids),
        outcomes=values,
        kinds=kinds,
        assigned=arms[0],
        received=arms[1],
        covariates=covariates,
        cluster=groups["cluster"],
        stratum=groups["stratum"],
        period=groups["period"],
        exposure=exposure,
        running=running,
        dated=dated,
        times={o.id: _time(reading, o.time, values[o.id]) for o in outcomes if o.time},
        noun=protocol.units.noun,
        provenance={plan.data: reading.table.sha256},
    )


def _score(reading: read.Reading, plan: str | CovariateColumn) -> tuple[np.ndarray, bool]:
    """The score, and whether it is a date: as declared, or in the short form where every cell is one."""
    column = _column(plan)
    cells = reading.cells(column)
    dated = parse_dates(cells.text, reading.marks.dates).notna().all() if isinstance(plan, str) else plan.kind == "date"
    if not dated:
        return read.numbers(reading, column, gaps=False, unit=None if isinstance(plan, str) else plan.unit), False
    days = (read.dates(reading, column) - pd.Timestamp(EPOCH)).dt.total_seconds() / 86_400
    reading.account.append(f"{column}: date, {days.notna().sum():,} values")
    return days.to_numpy(dtype=float), True


def _names(reading: read.Reading, what: str, column: str | None) -> tuple[str, ...] | None:
    if column is None:
        return None
    found = read.keys(reading, column, what)
    if gaps := int((found == "").sum()):
        reading.problems.append(Problem(f"{gaps:,} rows have no {what}", reading.at(column)))
    return tuple(found.tolist())


def _time(reading: read.Reading, column: str, happened: np.ndarray) -> np.ndarray:
    found = read.numbers(reading, column, gaps=True)
    wrong = int((~np.isnan(happened) & ~(found > 0)).sum())
    if wrong:
        what = f"{wrong:,} rows have an outcome and no follow-up above 0"
        reading.problems.append(Problem(what, reading.at(column)))
    return np.where(found > 0, found, np.nan)


def _outcome(reading: read.Reading, outcome: Outcome) -> np.ndarray:
    column = outcome.column or ""
    if outcome.kind in ("binary", "time"):
        return read.yes_no(reading, column)
    found = read.numbers(reading, column, gaps=True)
    known = found[~np.isnan(found)]
    if outcome.kind == "count" and not ((known >= 0) & (known == np.round(known))).all():
        wrong = int((~((known >= 0) & (known == np.round(known)))).sum())
        reading.problems.append(Problem(f"{wrong:,} rows are no whole number from 0 up", reading.at(column)))
    return found


def _notes(cohort: Cohort, plan: CohortPlan) -> list[DataNote]:
    notes = []
    for name, arm in (("allocated to treatment", cohort.assigned), ("received treatment", cohort.received)):
        if arm is not None:
            notes.append(DataNote("cohort", f"{cohort.noun} {name}", int(arm.sum())))
    if cohort.assigned is not None and cohort.received is not None:
        notes.append(
            DataNote(
                "cohort", "allocated and not treated", int(((cohort.assigned == 1) & (cohort.received == 0)).sum())
            )
        )
        notes.append(
            DataNote(
                "cohort", "treated and not allocated", int(((cohort.assigned == 0) & (cohort.received == 1)).sum())
            )
        )
    for name, values in cohort.outcomes.items():
        notes.append(DataNote("cohort", f"{name}: not observed, taken as missing", int(np.isnan(values).sum())))
    for name in plan.known_before:
        gaps = int(cohort.covariates[name].isna().sum())
        if gaps:
            notes.append(DataNote("cohort", f"{name}: not recorded", gaps))
    return notes
