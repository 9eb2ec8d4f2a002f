"""From an extract with one row per person (case, class, school) to a cohort."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from vru.cohort import Cohort, Kind
from vru.errors import DataError, Problem
from vru.events import DataNote, Table
from vru.intake import columns as read
from vru.intake.made import Made
from vru.protocol.fields import Outcome, Protocol
from vru.protocol.rows import CohortPlan


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
    table = tables[plan.data]
    outcomes = [o for o in protocol.outcomes if o.column]
    if problems := read.missing_columns(table, _wanted(plan, outcomes)):
        raise DataError(*problems)
    problems = _repeated(table, plan)
    cohort = _cohort(protocol, plan, table, outcomes, problems)
    return Made(cohort, (*table.log, *_notes(cohort, plan)), dict(table.truth))


def _wanted(plan: CohortPlan, outcomes: list[Outcome]) -> list[str]:
    arms = [a.column for a in (plan.assigned, plan.received) if a is not None]
    single = [c for c in (plan.cluster, plan.stratum, plan.period, plan.exposure, plan.running) if c is not None]
    return [plan.id, *arms, *single, *plan.covariates.values(), *(o.column for o in outcomes if o.column)]


def _repeated(table: Table, plan: CohortPlan) -> list[Problem]:
    ids = read.text(table, plan.id)
    found = []
    where = f"{table.name}: {plan.id}"
    if (ids == "").any():
        found.append(Problem(f"{int((ids == '').sum()):,} rows have no id", where))
    twice = len(ids) - len(np.unique(ids))
    if twice and plan.period is None:
        found.append(Problem(f"{twice:,} rows repeat an id", where, hint="one row per person: the first referral, say"))
    return found


def _cohort(
    protocol: Protocol, plan: CohortPlan, table: Table, outcomes: list[Outcome], problems: list[Problem]
) -> Cohort:
    def texts(column: str | None) -> tuple[str, ...] | None:
        return None if column is None else tuple(read.text(table, column).tolist())

    def filled(column: str | None) -> np.ndarray | None:
        return None if column is None else read.numbers(table, column, problems, gaps=False)

    for name, column in (("cluster", plan.cluster), ("stratum", plan.stratum), ("period", plan.period)):
        gaps = 0 if column is None else int((read.text(table, column) == "").sum())
        if gaps:
            problems.append(Problem(f"{gaps:,} rows have no {name}", f"{table.name}: {column}"))
    values = {o.id: _outcome(table, o, problems) for o in outcomes}
    arms = [None if a is None else read.arm(table, a, problems) for a in (plan.assigned, plan.received)]
    exposure, running = filled(plan.exposure), filled(plan.running)
    if problems:
        raise DataError(*problems)
    ids = read.text(table, plan.id).tolist()
    if plan.period is not None:
        ids = [f"{i}, {p}" for i, p in zip(ids, read.text(table, plan.period), strict=True)]
    kinds: dict[str, Kind] = {o.id: o.kind for o in outcomes if o.kind}
    return Cohort(
        ids=tuple(ids),
        outcomes=values,
        kinds=kinds,
        assigned=arms[0],
        received=arms[1],
        covariates=pd.DataFrame({name: read.covariate(table, c) for name, c in plan.covariates.items()}),
        cluster=texts(plan.cluster),
        stratum=texts(plan.stratum),
        period=texts(plan.period),
        exposure=exposure,
        running=running,
        noun=protocol.units.noun,
        provenance={plan.data: table.sha256},
    )


def _outcome(table: Table, outcome: Outcome, problems: list[Problem]) -> np.ndarray:
    column = outcome.column or ""
    if outcome.kind == "binary":
        return read.yes_no(table, column, problems)
    found = read.numbers(table, column, problems, gaps=True)
    known = found[~np.isnan(found)]
    if outcome.kind == "count" and not ((known >= 0) & (known == np.round(known))).all():
        wrong = int((~((known >= 0) & (known == np.round(known)))).sum())
        problems.append(Problem(f"{wrong:,} rows are no whole number from 0 up", f"{table.name}: {column}"))
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
    for name in plan.covariates:
        gaps = int(cohort.covariates[name].isna().sum())
        if gaps:
            notes.append(DataNote("cohort", f"{name}: not recorded", gaps))
    return notes
