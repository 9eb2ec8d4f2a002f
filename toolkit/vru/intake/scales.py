"""Scores of questionnaires out of their items, by a definition that stands in a table of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from vru.errors import DataError, Problem
from vru.events import DataNote, Table
from vru.intake import columns as read
from vru.keys import fold
from vru.protocol.linked import Scale
from vru.protocol.rows import CohortPlan

DEFINITION = ("item", "subscale", "reverse", "low", "high")


@dataclass(frozen=True, slots=True)
class Item:
    """One item: its subscale, whether it counts the other way round, and the lowest and highest answer."""

    name: str
    subscale: str
    reverse: bool
    low: float
    high: float


def add_scores(plan: CohortPlan, tables: Mapping[str, Table]) -> tuple[Table, tuple[DataNote, ...]]:
    """The list of people with a column for every scale of the plan, and how many scores could not be made.

    Raises DataError: a definition or items that are not there, answers outside an item's range, a column already there.
    """
    table, notes = tables[plan.data], []
    frame = table.frame.copy() if plan.scales else table.frame
    for name, scale in plan.scales.items():
        if name in frame.columns:
            hint = "give the scale another name"
            raise DataError(Problem(f"there is already a column {name!r}", table.name, hint=hint))
        definition = tables[scale.definition]
        values = score(read.Reading(table), scale, items(definition, scale))
        frame[name] = [None if np.isnan(v) else f"{v:.10g}" for v in values]
        frame[name] = frame[name].astype("str")
        by = definition.sha256.removeprefix("sha256:")[:12]
        notes.append(DataNote("cohort", f"{name}: scored by {definition.name} ({by}), {len(values):,} people"))
        gaps = int(np.isnan(values).sum())
        notes += [DataNote("cohort", f"{name}: too few items answered for a score", gaps)] if gaps else []
    return replace(table, frame=frame), tuple(notes)


def items(table: Table, scale: Scale) -> list[Item]:
    """The items of the subscales asked for. Raises DataError where the definition does not hold them."""
    if problems := read.missing_columns(table, DEFINITION):
        raise DataError(*problems)
    reading = read.Reading(table)
    low, high = (read.numbers(reading, c, gaps=False) for c in ("low", "high"))
    reverse = read.yes_no(reading, "reverse")
    texts = [read.text(table, c) for c in ("item", "subscale")]
    if not reading.problems and not (low < high).all():
        reading.problems.append(Problem("low is not below high", table.name))
    if not reading.problems and (np.isnan(reverse).any() or len({fold(t) for t in texts[0]}) < len(texts[0])):
        reading.problems.append(Problem("each item needs one row, and reverse: yes or no", table.name))
    known = {fold(s) for s in texts[1]}
    if lost := [s for s in scale.subscales if fold(s) not in known]:
        reading.problems.append(
            Problem(f"there is no subscale {', '.join(lost)}", table.name, ", ".join(sorted(set(texts[1]))))
        )
    if reading.problems:
        raise DataError(*reading.problems)
    wanted = {fold(s) for s in scale.subscales}
    rows = zip(*texts, reverse, low, high, strict=True)
    return [Item(str(i), fold(s), bool(r), float(a), float(b)) for i, s, r, a, b in rows if fold(s) in wanted]


def score(reading: read.Reading, scale: Scale, chosen: list[Item]) -> np.ndarray:
    """The score of each person, ``(n,)``, NaN where too few items of a subscale were answered."""
    named = {item: scale.columns.replace("{item}", item.name) for item in chosen}
    if problems := read.missing_columns(reading.table, named.values()):
        raise DataError(*problems)
    total = np.zeros(len(reading.table.frame))
    for subscale in dict.fromkeys(i.subscale for i in chosen):
        own = [i for i in chosen if i.subscale == subscale]
        answers = np.column_stack([_answers(reading, i, named[i]) for i in own])
        given = ~np.isnan(answers)
        enough = given.sum(axis=1) >= min(scale.needed, len(own))
        mean = np.where(given, answers, 0.0).sum(axis=1) / np.maximum(given.sum(axis=1), 1)
        part = mean * len(own)
        # Halves go up, as people round.
        part = np.floor(part + 0.5) if scale.whole else part
        total = total + np.where(enough, part, np.nan)
    if reading.problems:
        raise DataError(*reading.problems)
    return total


def _answers(reading: read.Reading, item: Item, column: str) -> np.ndarray:
    found = read.numbers(reading, column, gaps=True)
    outside = (found < item.low) | (found > item.high)
    if outside.any():
        what = f"{int(outside.sum()):,} answers are outside {item.low:g} to {item.high:g}"
        hint = "is it the item's column, and are codes for not answered declared under options.missing?"
        reading.problems.append(Problem(what, reading.at(column), hint=hint))
    return item.low + item.high - found if item.reverse else found
