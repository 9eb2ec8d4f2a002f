"""Values of filters and codes of areas are compared by what they say, not by how they are typed."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from difflib import SequenceMatcher

import pandas as pd

from vru.events import DataNote, Events
from vru.geography.areas import some
from vru.geography.tally import connect, quoted
from vru.keys import fold
from vru.protocol.fields import Outcome

NEAR = 0.85
"""Two values this alike (0 to 1) may be one in two spellings; nobody but the planner can say."""


def respelt(events: Events, outcomes: Sequence[Outcome]) -> tuple[list[Outcome], list[DataNote]]:
    """The outcomes with every spelling that their filters' values have in the data; and what was found.

    A column that the events lack is left for ``check_filters`` to refuse.
    """
    seen = {c: table for c, table in _values(events, {c for o in outcomes for c in o.filter}).items()}
    said: dict[str, DataNote] = {}
    wide = []
    for o in outcomes:
        chosen = {}
        for column, values in o.filter.items():
            table = seen.get(column)
            chosen[column] = values if table is None else _widened(o, column, values, table, said)
        wide.append(o.model_copy(update={"filter": chosen}))
    return wide, list(said.values())


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
    o: Outcome, column: str, values: Sequence[str], table: pd.DataFrame, said: dict[str, DataNote]
) -> list[str]:
    folded = {fold(v): v for v in values}
    total = {str(v): int(n) for v, n in table.groupby("value")["rows"].sum().items()}
    alike = {v: folded[fold(v)] for v in total if fold(v) in folded}
    for value, meant in alike.items():
        if value != meant:
            text = f"{column}: '{value}' is read as '{meant}' ({_spells(table, value)})"
            said[f"{column}/{value}"] = DataNote("panel", text, int(total[value]))
    for value, n in _near(total, folded).items():
        text = (
            f"outcomes[{o.id}].filter.{column}: '{value}' is in the data ({_spells(table, value)}) and not in the "
            f"filter, which holds the like of it: one in two spellings?"
        )
        said[f"{o.id}/{value}"] = DataNote("panel", text, n, "question")
    return list(dict.fromkeys([*values, *alike]))


def _near(total: Mapping[str, int], folded: Mapping[str, str]) -> dict[str, int]:
    return {
        v: int(n) for v, n in total.items() if fold(v) not in folded and any(near(fold(v), kept) for kept in folded)
    }


def near(one: str, other: str) -> bool:
    """Whether two folded texts may be one: hardly a letter apart, or the same words but for one."""
    if SequenceMatcher(None, one, other).ratio() >= NEAR:
        return True
    a, b = set(one.split()), set(other.split())
    return len(a & b) >= 2 and len(a & b) >= min(len(a), len(b)) - 1


def _spells(table: pd.DataFrame, value: str) -> str:
    own = table[table["value"] == value]
    return some(
        [
            f"{f} {a} to {z}: {n:,}"
            for f, a, z, n in zip(own["force"], own["first"], own["last"], own["rows"], strict=True)
        ],
        4,
    )
