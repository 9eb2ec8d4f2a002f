"""Values of filters and codes of areas are compared by what they say, not by how they are typed."""

from collections.abc import Mapping, Sequence
from contextlib import closing

import pandas as pd

from vru.errors import Question
from vru.events import DataNote, Events
from vru.geography.areas import some
from vru.geography.tally import connect, quoted
from vru.keys import fold, near, slug
from vru.protocol.fields import Outcome, Protocol


def respelt_plan(
    protocol: Protocol, sources: Mapping[str, Events]
) -> tuple[Protocol, list[DataNote], tuple[Question, ...]]:
    """The plan with every spelling in the data of the values that its outcomes count, what was found, and what is asked."""
    wide: dict[str, Outcome] = {}
    notes: list[DataNote] = []
    asked: list[Question] = []
    for data, events in sources.items():
        outcomes, said, questions = respelt(events, [o for o in protocol.outcomes if o.data == data])
        wide |= {o.id: o for o in outcomes}
        notes += said
        asked += questions
    own = [wide.get(o.id, o) for o in protocol.outcomes]
    return protocol.model_copy(update={"outcomes": own}), notes, tuple(asked)


def respelt(events: Events, outcomes: Sequence[Outcome]) -> tuple[list[Outcome], list[DataNote], list[Question]]:
    """The outcomes with every spelling that their filters' values have in the data; what was found, and what is asked.

    A column that the events lack is left for ``check_filters`` to refuse.
    """
    seen = {c: table for c, table in _values(events, {c for o in outcomes for c in o.filter}).items()}
    said: dict[str, DataNote] = {}
    asked: dict[str, Question] = {}
    wide = []
    for o in outcomes:
        chosen = {}
        for column, values in o.filter.items():
            table = seen.get(column)
            chosen[column] = values if table is None else _widened(o, column, values, table, said, asked)
        wide.append(o.model_copy(update={"filter": chosen}))
    return wide, list(said.values()), list(asked.values())


def _values(events: Events, columns: set[str]) -> dict[str, pd.DataFrame]:
    """Per column: value, force, first and last month, rows."""
    with closing(connect()) as con:
        there = {
            str(r[0]) for r in con.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(events.path)]).fetchall()
        }
        return {
            c: con.execute(
                f"""SELECT {quoted(c)}::VARCHAR AS value, force, min(month) AS first, max(month) AS last,
                           count(*) AS rows
                    FROM read_parquet(?) WHERE {quoted(c)} IS NOT NULL GROUP BY ALL ORDER BY ALL""",
                [str(events.path)],
            ).df()
            for c in sorted(columns & there)
        }


def _widened(
    o: Outcome,
    column: str,
    values: Sequence[str],
    table: pd.DataFrame,
    said: dict[str, DataNote],
    asked: dict[str, Question],
) -> list[str]:
    folded = {fold(v): v for v in values}
    total = {str(v): int(n) for v, n in table.groupby("value")["rows"].sum().items()}
    alike = {v: folded[fold(v)] for v in total if fold(v) in folded}
    for value, meant in alike.items():
        if value != meant:
            text = f"{column}: '{value}' is read as '{meant}' ({_spells(table, value)})"
            said[f"{column}/{value}"] = DataNote("panel", text, int(total[value]))
    for value, n in _near(total, folded).items():
        text = f"outcomes[{o.id}].filter.{column}: '{value}' is in the data ({_spells(table, value)}) and not in the filter"
        said[f"{o.id}/{value}"] = DataNote("panel", text, n)
        what = f"{text}, which holds the like of it: one in two spellings?"
        asked[value] = Question(f"value_{slug(value)}", what, "name it in the filter too, if it is")
    return list(dict.fromkeys([*values, *alike]))


def _near(total: Mapping[str, int], folded: Mapping[str, str]) -> dict[str, int]:
    return {
        v: int(n) for v, n in total.items() if fold(v) not in folded and any(near(fold(v), kept) for kept in folded)
    }


def _spells(table: pd.DataFrame, value: str) -> str:
    own = table[table["value"] == value]
    return some(
        [
            f"{f} {a} to {z}: {n:,}"
            for f, a, z, n in zip(own["force"], own["first"], own["last"], own["rows"], strict=True)
        ],
        4,
    )
