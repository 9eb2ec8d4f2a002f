"""LSOA codes of two censuses in one archive: an area that ends when another of its neighbourhood begins."""

from collections.abc import Collection, Sequence
from contextlib import closing

import pandas as pd

from vru.errors import Problem
from vru.events import Events
from vru.geography.areas import some
from vru.geography.tally import connect

APART = 2
"""Months at least for which a code must be absent, at the beginning or end of the data, to count as changed."""


def changed_codes(events: Events, units: Collection[str], periods: Sequence[str]) -> list[Problem]:
    """Units of the plan whose code ends where others of the same name begin, or begins where they end.

    The name of an LSOA is its neighbourhood and a letter ("Upton 001A"): where 2011 codes became 2021 codes, an area
    that was split or merged goes on under another code and the same neighbourhood.
    """
    table = _spans(events)
    months = sorted({m for own in events.present.values() for m in own} & set(periods))
    if len(months) <= 2 * APART or table.empty:
        return []
    first, last = months[0], months[-1]
    own = table[table["code"].isin(list(units))]
    found, at = [], set()
    for unit, stem, begins, ends in own[["code", "stem", "first", "last"]].itertuples(index=False):
        near = table[(table["stem"] == stem) & (table["code"] != unit)]
        if ends <= months[-1 - APART] and ends >= first:
            heirs = near[near["first"] > ends]["code"]
            at.add(f"window.last: {ends}")
        elif months[APART] <= begins <= last:
            heirs = near[near["last"] < begins]["code"]
            at.add(f"window.first: {begins}")
        else:
            continue
        if len(heirs):
            found.append(f"{unit} ({begins} to {ends}), then or before {', '.join(sorted(heirs))}")
    if not found:
        return []
    hint = (
        "codes of 2011 and 2021 in one archive: get the official look-up with vru fetch lookups and name it under "
        f"units.lookup; or analyse months of one kind of code ({' or '.join(sorted(at)[:2])})"
    )
    return [Problem(f"LSOA codes change within the window: {some(found)}", "units", hint=hint)]


def _spans(events: Events) -> pd.DataFrame:
    """Code, neighbourhood, first and last month of every LSOA with five rows or more."""
    sql = """SELECT lsoa_code AS code, regexp_replace(trim(min(lsoa_name)), '[A-Z]$', '') AS stem,
                    min(month) AS first, max(month) AS last
             FROM read_parquet(?) WHERE lsoa_code IS NOT NULL AND lsoa_name IS NOT NULL
             GROUP BY 1 HAVING count(*) >= 5 AND stem <> ''"""
    with closing(connect()) as con:
        spans: pd.DataFrame = con.execute(sql, [str(events.path)]).df()
    return spans
