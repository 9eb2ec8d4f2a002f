"""One extract of events read for the people of a plan: whose each row is, when it was, and what became of it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vru.errors import DataError, Problem, Question
from vru.events import Table
from vru.intake import columns as read
from vru.intake.linked.follow import Follow, day_of, days_of
from vru.keys import fold, skeleton, slug
from vru.protocol.linked import LinkedEvents

SPARE = 45
"""Days without an event at either end of what an extract is said to cover that are asked about."""
ARMS = {"treated": True, "comparison": False}
UNDATED = 0.02
"""Share of an arm's rows without a date from which it is asked: each counts as no event."""


@dataclass(frozen=True, slots=True)
class People:
    """Events of people of the plan. at : int ``(m,)``, positions in the list. day : days after that person's start ``(m,)``.

    key : what counts as one event, int ``(m,)``, or None where rows do. columns : name -> folded text ``(m,)``.
    known : ids in the extract at all, whoever they are. reading : what came up.
    """

    name: str
    at: np.ndarray
    day: np.ndarray
    key: np.ndarray | None
    columns: Mapping[str, np.ndarray]
    known: np.ndarray
    rows: Mapping[str, int]
    reading: read.Reading

    def pick(self, wanted: Mapping[str, list[str]]) -> tuple[np.ndarray, np.ndarray]:
        """Positions and days of the events that pass a filter, each event once, at its earliest day."""
        keep = np.ones(len(self.at), dtype=bool)
        for column, values in wanted.items():
            keep &= np.isin(self.columns[column], [fold(v) for v in values])
        at, day = self.at[keep], self.day[keep]
        if self.key is None:
            return at, day
        key = self.key[keep]
        order = np.lexsort((day, key, at))
        at, day, key = at[order], day[order], key[order]
        first = np.ones(len(at), dtype=bool)
        first[1:] = (at[1:] != at[:-1]) | (key[1:] != key[:-1])
        return at[first], day[first]


def read_events(name: str, plan: LinkedEvents, table: Table, found: Follow, filters: Mapping[str, list[str]]) -> People:
    """The extract's rows by person. Raises DataError: columns that are not there, cells that are no date.

    filters : column -> every value that an outcome or covariate asks of it.
    """
    wanted = [plan.id, plan.when, *filters, *([plan.counted_by] if plan.counted_by else [])]
    if problems := read.missing_columns(table, wanted):
        raise DataError(*problems)
    reading = read.Reading(table)
    ids = read.ids(reading, plan.id)
    day = days_of(read.dates(reading, plan.when, gaps=True))
    texts = {c: _folded(reading.cells(c).text) for c in filters}
    if reading.problems:
        raise DataError(*reading.problems)
    _ask_filters(reading, filters, texts)
    at, mine = positions(found.ids, ids)
    inside = (day >= day_of(plan.covers.first)) & (day <= day_of(plan.covers.last))
    keep = mine & inside
    _ask_repeats(reading, name, plan)
    _ask_ends(reading, name, plan, day)
    _ask_undated(reading, name, plan, {w: mine & (found.treated[at] == t) for w, t in ARMS.items()}, np.isnan(day))
    key = None if plan.counted_by is None else _codes(reading, plan.counted_by)[keep]
    after = day - found.start[at]
    return People(
        name=name,
        at=at[keep],
        day=after[keep],
        key=key,
        columns={c: t[keep] for c, t in texts.items()},
        known=np.unique(ids[ids != ""]),
        rows=_account(ids, day, mine, plan),
        reading=reading,
    )


def _folded(text: np.ndarray) -> np.ndarray:
    kinds, at = np.unique(text, return_inverse=True)
    return np.array([fold(str(k)) for k in kinds], dtype=str)[at] if len(kinds) else text


def positions(people: np.ndarray, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each row, the position of its person (0 where there is none), and whether there is one."""
    order = np.argsort(people, kind="stable")
    at = np.minimum(np.searchsorted(people[order], ids), len(people) - 1)
    mine = people[order][at] == ids
    return np.where(mine, order[at], 0), mine


def near(people: np.ndarray, there: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Whose id is in the extract but for case, signs, spaces or leading zeros, and is nobody else's in the list."""
    others = {skeleton(k) for k in np.setdiff1d(known, people).tolist()}
    return np.array(
        [not t and skeleton(p) in others for p, t in zip(people.tolist(), there.tolist(), strict=True)], bool
    )


def _account(ids: np.ndarray, day: np.ndarray, mine: np.ndarray, plan: LinkedEvents) -> dict[str, int]:
    undated = np.isnan(day)
    early, late = day < day_of(plan.covers.first), day > day_of(plan.covers.last)
    return {
        "rows": len(ids),
        "without an id": int((ids == "").sum()),
        "of people who are not in the list": int((~mine & (ids != "")).sum()),
        "of the list, without a date": int((mine & undated).sum()),
        "of the list, before the days that the extract covers": int((mine & early).sum()),
        "of the list, after the days that the extract covers": int((mine & late).sum()),
        "of the list and used": int((mine & ~undated & ~early & ~late).sum()),
    }


def _codes(reading: read.Reading, column: str) -> np.ndarray:
    text = read.ids(reading, column)
    codes: np.ndarray = np.unique(text, return_inverse=True)[1].astype("int64")
    # A row without a number of its own is an event by itself.
    return np.where(text == "", -1 - np.arange(len(text)), codes)


def _ask_filters(reading: read.Reading, filters: Mapping[str, list[str]], texts: Mapping[str, np.ndarray]) -> None:
    for column, values in filters.items():
        there = set(np.unique(texts[column]).tolist())
        if lost := [v for v in dict.fromkeys(values) if fold(v) not in there]:
            said = (
                f"{column}: not once in {reading.table.name}: {', '.join(lost)}. Is it spelt as the extract spells it?"
            )
            reading.questions.append(Question(f"filter_{slug(column)}", said, "mend the filter"))


def _ask_repeats(reading: read.Reading, name: str, plan: LinkedEvents) -> None:
    if plan.counted_by is not None:
        return
    frame = reading.table.frame
    twice = int(frame.duplicated().sum())
    if twice:
        said = f"{name}: {twice:,} rows repeat another in every column. Are they events of their own?"
        hint = "count: distinct COLUMN, the event's own number"
        reading.questions.append(Question(f"repeats_{name}", said, hint))


def _ask_ends(reading: read.Reading, name: str, plan: LinkedEvents, day: np.ndarray) -> None:
    known = day[~np.isnan(day)]
    if not len(known):
        reading.problems.append(Problem("no row has a date", reading.at(plan.when)))
        raise DataError(*reading.problems)
    gaps = (known.min() - day_of(plan.covers.first), day_of(plan.covers.last) - known.max())
    ends = (("first", plan.covers.first, known.min()), ("last", plan.covers.last, known.max()))
    for gap, (which, said_day, is_day) in zip(gaps, ends, strict=True):
        if gap > SPARE:
            month = str(np.datetime64(int(is_day), "D").astype("datetime64[M]"))
            said = (
                f"{name}: covers.{which} is {said_day}, and the {which} event of anybody is of {month}. Nothing in "
                "between counts as no event. Does the extract reach so far?"
            )
            reading.questions.append(Question(f"{which}_day_{name}", said, f"mend covers.{which}"))


def _ask_undated(
    reading: read.Reading, name: str, plan: LinkedEvents, arms: Mapping[str, np.ndarray], undated: np.ndarray
) -> None:
    """arms : name -> which rows are of its people ``(m,)``."""
    shares = {arm: float(undated[rows].mean()) for arm, rows in arms.items() if rows.any()}
    if any(share >= UNDATED for share in shares.values()):
        listed = ", ".join(f"{share:.0%} of the {arm}'s" for arm, share in shares.items())
        said = f"{name}: rows without a date, which count as no event: {listed}. Why have they none?"
        hint = f"fill {plan.when} in, or leave those rows out in both arms alike"
        reading.questions.append(Question(f"undated_{name}", said, hint))


def reasons(rows: Mapping[str, int]) -> Counter[str]:
    """What became of the rows, those that occur."""
    return Counter({k: v for k, v in rows.items() if v})
