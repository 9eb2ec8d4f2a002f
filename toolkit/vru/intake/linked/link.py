"""Outcomes and covariates of people out of the extracts that a plan links them with."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from vru.errors import DataError, Problem, Question
from vru.events import DataNote, Table
from vru.intake import columns as read
from vru.intake.linked import account, made
from vru.intake.linked.custody import Spells, read_custody
from vru.intake.linked.events import People, read_events
from vru.intake.linked.follow import Follow
from vru.linkage import Linkage
from vru.protocol.fields import Outcome, Protocol
from vru.protocol.linked import FollowUp, LinkedEvents

MOST_SHORT = 0.5
"""Share of people not followed up to the end from which it is asked whether a yes or no can be had of the rest."""


@dataclass(slots=True)
class Linked:
    """What came out of the links; outcome, covariate or outcome with follow-up -> ``(n,)``."""

    outcomes: dict[str, np.ndarray] = field(default_factory=dict)
    times: dict[str, np.ndarray] = field(default_factory=dict)
    covariates: dict[str, np.ndarray] = field(default_factory=dict)
    linkage: list[Linkage] = field(default_factory=list)
    notes: list[DataNote] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    provenance: dict[str, str] = field(default_factory=dict)


def link(
    protocol: Protocol, plan: FollowUp, tables: Mapping[str, Table], reading: read.Reading, found: Follow
) -> Linked:
    """Every linked extract, in the plan's order. Raises DataError with every problem of an extract."""
    out = Linked()
    held = read_custody(plan.custody, None if plan.custody is None else tables[plan.custody.data], found)
    if plan.custody is not None:
        out.provenance[plan.custody.data] = tables[plan.custody.data].sha256
        out.notes += held.notes
        out.questions += held.questions
    for name, source in plan.linked.items():
        mine = [o for o in protocol.outcomes if o.column is None and o.data == name]
        events = read_events(name, source, tables[name], found, _filters(plan, name, mine))
        on_record = _on_record(source, reading, len(found.ids))
        known = on_record if source.covers.people == "everybody" else on_record & np.isin(found.ids, events.known)
        _refuse_nobody(events, source, found)
        for o in mine:
            _add(out, o, made.outcome(o, source, events, known, found, held), source, found)
        for key, before in plan.earlier.items():
            if before.data == name:
                out.covariates[key] = made.earlier(before, source, events, known, found)
        _account(out, tables[name], events, source, on_record, found, held)
    return out


def _filters(plan: FollowUp, name: str, outcomes: list[Outcome]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in (*(o.filter for o in outcomes), *(e.filter for e in plan.earlier.values() if e.data == name)):
        for column, values in one.items():
            found.setdefault(column, []).extend(values)
    return found


def _on_record(source: LinkedEvents, reading: read.Reading, n: int) -> np.ndarray:
    if source.found is None:
        return np.ones(n, dtype=bool)
    return np.asarray(read.yes_no(reading, source.found) == 1)


def _refuse_nobody(events: People, source: LinkedEvents, found: Follow) -> None:
    if len(events.at) == 0:
        what = f"no row of the days covered is anybody's of {len(found.ids):,} people"
        hint = "is it the same reference in both files, and are covers.first and covers.last right?"
        raise DataError(Problem(what, events.reading.at(source.id), hint=hint))


def _add(out: Linked, o: Outcome, values: made.Values, source: LinkedEvents, found: Follow) -> None:
    out.outcomes[o.id] = values.values
    if values.times is not None:
        out.times[o.id] = values.times
    length = found.observed(source.covers, o.days or found.days)
    short = length < (o.days or found.days)
    end = "taken as missing" if o.kind == "binary" else "counted for the time they were"
    if short.any():
        text = f"{o.id}: not followed up for all {o.days or found.days} days, {end}"
        out.notes.append(DataNote("link", text, int(short.sum())))
    if o.kind == "binary" and short.mean() > MOST_SHORT:
        _ask_short(out, o, float(short.mean()), o.days or found.days, source)


def _ask_short(out: Linked, o: Outcome, share: float, days: int, source: LinkedEvents) -> None:
    """Raises DataError where nobody is left of whom it is known."""
    said = f"followed up for less than {days} days; the extract covers {source.covers.first} to {source.covers.last}"
    hint = "take fewer days, ask for later data, or take kind: time or count, which use the time there was"
    if share == 1:
        raise DataError(Problem(f"everybody was {said}", f"outcome {o.id}", hint=hint))
    what = f"{o.id}: {share:.0%} of the people were {said}, and are left out. Are the others like them?"
    out.questions.append(Question(f"short_{o.id}", what, hint))


def _account(
    out: Linked, table: Table, events: People, source: LinkedEvents, on_record: np.ndarray, found: Follow, held: Spells
) -> None:
    one = account.linkage(source, events, on_record, found, held)
    out.linkage.append(one)
    out.notes += [*table.log, *events.reading.notes, *account.notes(one)]
    out.lines += [*events.reading.account, *account.lines(one)]
    out.questions += [*events.reading.questions, *account.asked(one)]
    out.provenance[events.name] = table.sha256
