"""Days in custody, which are no time at risk."""

from dataclasses import dataclass, replace

import numpy as np

from vru.errors import DataError, Problem, Question
from vru.events import DataNote, Table
from vru.intake import columns as read
from vru.intake.linked.events import near, positions
from vru.intake.linked.follow import Follow, days_of
from vru.protocol.linked import Custody


@dataclass(frozen=True, slots=True)
class Spells:
    """Spells of people of the plan that do not overlap, days after each one's start. at, since, until : ``(m,)``; until is the
    day of release, which is at risk again. notes, questions : what came up."""

    at: np.ndarray
    since: np.ndarray
    until: np.ndarray
    notes: tuple[DataNote, ...] = ()
    questions: tuple[Question, ...] = ()

    def days(self, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Days in custody from each person's ``first`` to ``last``, both included, ``(n,)``."""
        inside = np.minimum(self.until, last[self.at] + 1) - np.maximum(self.since, first[self.at])
        return np.bincount(self.at, np.clip(inside, 0, None), minlength=len(first))


def read_custody(plan: Custody | None, table: Table | None, found: Follow) -> Spells:
    """Spells of everybody in the list. Raises DataError: columns, dates, a spell that ends before it begins."""
    if plan is None or table is None:
        none = np.zeros(0)
        return Spells(none.astype(int), none, none)
    if problems := read.missing_columns(table, [plan.id, plan.since, plan.until]):
        raise DataError(*problems)
    reading = read.Reading(table)
    ids = read.ids(reading, plan.id)
    at, mine = positions(found.ids, ids)
    since = days_of(read.dates(reading, plan.since))
    until = days_of(read.dates(reading, plan.until, gaps=True))
    if wrong := int((until < since).sum()):
        reading.problems.append(Problem(f"{wrong:,} spells end before they begin", reading.at(plan.until)))
    if reading.problems:
        raise DataError(*reading.problems)
    until = np.where(np.isnan(until), np.inf, until)
    at, since, until = at[mine], since[mine], until[mine]
    _ask_match(reading, plan, found, ids, mine)
    spells = _merged(at, since - found.start[at], until - found.start[at])
    notes = (*table.log, *reading.notes, *_account(plan, ids, mine))
    return replace(spells, notes=notes, questions=tuple(reading.questions))


def _account(plan: Custody, ids: np.ndarray, mine: np.ndarray) -> list[DataNote]:
    rows = {"of people who are not in the list": int((~mine).sum()), "of the list and used": int(mine.sum())}
    return [DataNote("link", f"{plan.data}: rows {what}", n) for what, n in rows.items() if n]


def _ask_match(reading: read.Reading, plan: Custody, found: Follow, ids: np.ndarray, mine: np.ndarray) -> None:
    """Whoever is not matched counts as never held, so a list of other people, or of other spellings, is asked about."""
    hint = "write each id in one way in both files"
    if len(ids) and not mine.any():
        said = (
            f"{plan.data}: no spell is anybody's of {len(found.ids):,} people. Is it the same reference in both files?"
        )
        reading.questions.append(Question(f"nobody_{plan.data}", said, hint))
    there = np.isin(found.ids, ids)
    if alike := int(near(found.ids, there, np.unique(ids[ids != ""])).sum()):
        said = f"{plan.data}: {alike:,} ids without a spell are in it but for case, signs or zeros. Are they others'?"
        reading.questions.append(Question(f"near_{plan.data}", said, hint))


def _merged(at: np.ndarray, since: np.ndarray, until: np.ndarray) -> Spells:
    """Spells of one person that touch or overlap as one, so that no day counts twice."""
    spells: list[list[float]] = []
    for i in np.lexsort((since, at)):
        one = [float(at[i]), float(since[i]), float(until[i])]
        if spells and spells[-1][0] == one[0] and one[1] <= spells[-1][2]:
            spells[-1][2] = max(spells[-1][2], one[2])
        else:
            spells.append(one)
    held = np.array(spells).reshape(-1, 3)
    return Spells(held[:, 0].astype(int), held[:, 1], held[:, 2])
