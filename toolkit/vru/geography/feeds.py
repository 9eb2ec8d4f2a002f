"""Which periods of which force can be believed: stubs, partial months, crime types that stop, feeds that end."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from vru.events import DataNote, Events
from vru.geography.areas import some
from vru.geography.tally import connect, has_column
from vru.keys import fold

PARTIAL = 0.75
"""A month under this share of what its neighbours suggest, in most crime types at once, is taken as incomplete."""
AT_ONCE = 0.85
"""How far at least three of four crime types (by rows) must have fallen for that: loss of rows spares none."""
ENOUGH = 20.0
"""Rows a month of a crime type, by its neighbours, before its fall says anything."""
GONE = 0.1
"""A crime type of an outcome under this share of what its neighbours suggest was not recorded."""
NEIGHBOURS = 10
STUB = 0.25
"""A month under this share of what its neighbours suggest is a stub, whatever its crime types."""
CHANCE, SPREAD = 3.0, 1.5
"""A fall counts from this many standard errors on, of counts this many times as spread as Poisson's."""
USUAL_SPREAD = 3.0
"""And from this many times the spread (of logs, by the median deviation) that the force's months have about their neighbours."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """Rows of a source by force, period and crime type: ``force``, ``period``, ``kind``, ``rows``, ``unplaced``, ``alone`` (of no
    crime that has rows of another type too), ``nameless``."""

    frame: pd.DataFrame

    def of(self, force: str, months: Sequence[str]) -> tuple[tuple[str, ...], np.ndarray]:
        """Crime types, and rows of one force ``(n_kinds, n_months)``."""
        own = self.frame[self.frame["force"] == force]
        table = own.pivot_table(index="kind", columns="period", values="rows", aggfunc="sum", fill_value=0.0)
        table = table.reindex(columns=list(months), fill_value=0.0)
        return tuple(map(str, table.index)), table.to_numpy(dtype=float)


def kinds_of(events: Events, by_code: bool) -> Kinds:
    """Count a source by force, period and crime type; unplaced means without a code, or without coordinates."""
    place = "lsoa_code" if by_code else "longitude"
    with closing(connect()) as con:
        rows = "sum(n)::DOUBLE" if has_column(con, str(events.path), "n") else "count(*)::DOUBLE"
        nameless, alone = "0::DOUBLE", rows
        if has_column(con, str(events.path), "has_id"):
            alone = "count(*) FILTER (WHERE shared_id IS NULL)::DOUBLE"
            nameless = "count(*) FILTER (WHERE NOT has_id)::DOUBLE"
    sql = f"""SELECT force, {events.column} AS period, coalesce(crime_type, '') AS kind, {rows} AS rows,
                     count(*) FILTER (WHERE {place} IS NULL)::DOUBLE AS unplaced,
                     {alone} AS alone,
                     {nameless} AS nameless
              FROM read_parquet(?) GROUP BY ALL ORDER BY ALL"""
    with closing(connect()) as con:
        frame = con.execute(sql, [str(events.path)]).df()
    # Spellings of one crime type are one: a drift from one to the other is no type that stops.
    frame["kind"] = frame["kind"].map({k: fold(str(k)) for k in set(frame["kind"])})
    return Kinds(frame.groupby(["force", "period", "kind"], as_index=False).sum())


def believed(
    events: Events, kinds: Kinds, counted: Collection[str], answers: Collection[str]
) -> tuple[Events, list[DataNote]]:
    """The events without the months that cannot be whole, and a line for each.

    counted : folded crime types that outcomes count. answers : ids of questions that the plan answers: these months
        are kept.
    """
    present, notes = {}, []
    for force, months in events.present.items():
        doubted = doubtful(kinds, force, months, counted)
        kept = {m for m in doubted if f"month:{force}:{m}" in answers}
        notes += [_note(force, m, why, m in kept) for m, why in doubted.items()]
        present[force] = tuple(m for m in months if m not in doubted or m in kept)
    return replace(events, present=present), notes


def _note(force: str, month: str, why: str, kept: bool) -> DataNote:
    what = "kept, as the plan says" if kept else f"taken as missing (month:{force}:{month})"
    return DataNote("panel", f"{force} {month}: {why}; {what}", None, "info" if kept else "question")


def doubtful(kinds: Kinds, force: str, months: Sequence[str], counted: Collection[str]) -> dict[str, str]:
    """Months of one force that cannot be whole, and why."""
    months = tuple(sorted(months))
    names, rows = kinds.of(force, months)
    if len(months) < 4:
        return {}
    found: dict[str, str] = {}
    left_out = np.zeros(len(months), dtype=bool)
    # A second look, without the first one's months among the neighbours.
    for _ in range(2):
        expected = usual(rows, left_out)
        least = _least(rows.sum(axis=0), expected.sum(axis=0))
        for j, month in enumerate(months):
            why = _why(names, rows[:, j], expected[:, j], counted, least)
            if why:
                found[month], left_out[j] = why, True
    return found


def usual(rows: np.ndarray, left_out: np.ndarray) -> np.ndarray:
    """What each month's neighbours suggest: the median of the nearest ``NEIGHBOURS`` months, itself apart."""
    n = rows.shape[1]
    at = np.arange(n)
    expected = np.empty_like(rows)
    for j in range(n):
        near = sorted((i for i in at if i != j and not left_out[i]), key=lambda i: (abs(i - j), i))[:NEIGHBOURS]
        expected[:, j] = np.median(rows[:, near], axis=1) if len(near) else rows[:, j]
    return expected


def _least(total: np.ndarray, should: np.ndarray) -> float:
    """The share of what its neighbours suggest that a month of this force may have by its usual ups and downs."""
    known = (total > 0) & (should > 0)
    ratio = np.log(total[known] / should[known])
    spread = 1.4826 * float(np.median(np.abs(ratio - np.median(ratio)))) if known.sum() >= NEIGHBOURS else 0.0
    return min(PARTIAL, float(np.exp(-USUAL_SPREAD * spread)))


def _why(names: Sequence[str], rows: np.ndarray, expected: np.ndarray, counted: Collection[str], least: float) -> str:
    total, should = float(rows.sum()), float(expected.sum())
    fell = total < least * should and _fell_together(names, rows, expected, counted)
    if should >= ENOUGH and (total < STUB * should or fell):
        return f"{total:,.0f} rows where its neighbours have about {should:,.0f}, fewer in crime types of every kind"
    gone = [
        f"'{n}'"
        for n, got, want in zip(names, rows, expected, strict=True)
        if n in counted and want >= ENOUGH and got < GONE * want
    ]
    return f"next to no row of {some(gone)}, while other crime types go on" if gone else ""


def _fell_together(names: Sequence[str], rows: np.ndarray, expected: np.ndarray, counted: Collection[str]) -> bool:
    """Whether all fell far, those counted and the rest alike: an effect, or a lockdown, spares some."""
    total, should = float(rows.sum()), float(expected.sum())
    if should - total < CHANCE * np.sqrt(SPREAD * should):
        return False
    mine = np.isin(np.asarray(names), list(counted))
    for part in (mine, ~mine):
        want, got = expected[part].sum(), rows[part].sum()
        if want < ENOUGH or got >= AT_ONCE * want or want - got < 2 * np.sqrt(SPREAD * want):
            return False
    big = expected >= ENOUGH
    share = rows[big] / expected[big]
    order = np.argsort(share)
    weight = np.cumsum(expected[big][order]) / expected[big].sum()
    return bool(share[order][np.searchsorted(weight, 0.75)] < AT_ONCE)


def unsteady(
    frame: pd.DataFrame, modal: Mapping[str, str], events: Events, periods: Sequence[str]
) -> dict[str, list[str]]:
    """Further forces in units (beside the one that covers them) that lack months the covering one has: force -> units.

    frame : a tally's. Their rows come and go with their files, not with what happened.
    """
    found: dict[str, list[str]] = {}
    own = frame[frame["unit"].isin(list(modal)) & (frame["rows"] > 0)]
    for unit, force in sorted(set(zip(own["unit"], own["force"], strict=True))):
        covering = set(events.present.get(modal[unit], ())) & set(periods)
        if force != modal[unit] and covering - set(events.present.get(force, ())):
            found.setdefault(str(force), []).append(str(unit))
    return found


def without_feeds(frame: pd.DataFrame, out: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """A tally's frame without the rows of some forces in some units."""
    drop = np.zeros(len(frame), dtype=bool)
    for force, units in out.items():
        drop |= ((frame["force"] == force) & frame["unit"].isin(list(units))).to_numpy()
    return frame[~drop]


def feed_notes(
    frame: pd.DataFrame, out: Mapping[str, Sequence[str]], events: Events, periods: Sequence[str]
) -> list[DataNote]:
    """One line for every feed left out, with the rows that go with it."""
    notes = []
    for force, units in out.items():
        own = frame[(frame["force"] == force) & frame["unit"].isin(list(units)) & frame["period"].isin(list(periods))]
        share = (
            own["rows"].sum()
            / frame.loc[frame["unit"].isin(list(units)) & frame["period"].isin(list(periods)), "rows"].sum()
        )
        lacks = sorted(set(periods) - set(events.present.get(force, ())))
        text = (
            f"{force} has no file for {some(lacks, 12)}: its rows in {some(list(units))} ({share:.0%} of theirs) are left "
            "out in every month, because they come and go with its files"
        )
        notes.append(DataNote("panel", text, int(own["rows"].sum()), "question"))
    return notes
