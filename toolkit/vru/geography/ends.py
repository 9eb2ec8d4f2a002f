"""The first and last period of a table of counts: perhaps not whole, where all areas together fall far at once."""

from collections.abc import Mapping, Sequence

import pandas as pd

from vru.errors import Question
from vru.events import Events
from vru.geography.feeds import ENOUGH, Kinds
from vru.keys import slug
from vru.protocol.fields import Protocol

_BESIDE = 8
_FAR = 0.5
"""Share of what the periods beside it have under which a first or last one is asked about."""


def end_questions(protocol: Protocol, sources: Mapping[str, Events], kinds: Mapping[str, Kinds]) -> list[Question]:
    """Ends of the window in which forces, or areas that stand for themselves, too small to be judged each fell together."""
    periods = protocol.periods
    ends = ((periods[-1:], periods[-1 - _BESIDE : -1]), (periods[:1], periods[1 : 1 + _BESIDE])) if periods else ()
    found: dict[str, Question] = {}
    for data, events in sources.items():
        rows = kinds[data].frame.groupby(["force", "period"])["rows"].sum().unstack(fill_value=0)
        for (own,), beside in ends:
            if (asked := _asked(rows, events.present, own, beside)) is not None:
                found[asked.id] = asked
    return list(found.values())


def _asked(
    rows: pd.DataFrame, present: Mapping[str, Sequence[str]], own: str, beside: Sequence[str]
) -> Question | None:
    there = [f for f, known in present.items() if own in known and f in rows.index]
    table = rows.loc[there].reindex(columns=[own, *beside], fill_value=0.0)
    table = table[table[list(beside)].median(axis=1) < ENOUGH]
    usual, n = float(table[list(beside)].sum().median()) if len(beside) else 0.0, float(table[own].sum())
    if usual < ENOUGH or n >= _FAR * usual:
        return None
    said = f"{own}: {n:,.0f} in all areas together, where those beside it have about {usual:,.0f}. Is it whole?"
    return Question(f"whole_{slug(own)}", said, "let the window leave it out, or have it supplied whole")
