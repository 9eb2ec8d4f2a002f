"""The same analysis where nothing was done: panels with another start, or with other areas called treated.

Checks, design and calibration all replay a registered analysis; what a replay is stands here once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.random import Generator

from vru.errors import DataError
from vru.panel import Panel, Role, SelectionHistory


def moved_start(panel: Panel, start: int, end: int) -> Panel:
    """The panel up to period ``end`` (excluded), with every treated unit starting in period ``start``."""
    cut = panel.between(np.arange(len(panel.periods)) < end)
    fake = panel.periods[start]
    return replace(cut, starts=tuple(fake if r == "treated" else None for r in panel.role))


def called_treated(panel: Panel, starts: Mapping[int, str]) -> Panel:
    """The panel with the units at these positions called treated from the given periods, all others comparison."""
    everyone = range(len(panel.units))
    return replace(
        panel,
        role=tuple("treated" if i in starts else "comparison" for i in everyone),
        starts=tuple(starts.get(i) for i in everyone),
    )


def from_record(
    history: SelectionHistory, arms: tuple[Sequence[int], Sequence[int]], months: Sequence[str], start: str
) -> Panel:
    """A panel of areas of the pool that plays an evaluation of areas at these positions (treated, comparison).

    months : of the record, in order; start : one of them. Areas keep the level on which ``history`` says that they
    were chosen. Raises DataError where the record is not known or a month is not in it.
    """
    record = history.record
    if record is None or not set(months) <= set(record.periods):
        raise DataError("the areas that could have been chosen are not known over these months")
    rows = [*arms[0], *arms[1]]
    order = sorted(range(len(rows)), key=lambda i: history.pool[rows[i]])
    counts = record.counts[np.ix_([rows[i] for i in order], [record.periods.index(m) for m in months])]
    roles: list[Role] = ["treated" if i < len(arms[0]) else "comparison" for i in order]
    chosen = np.isin(np.arange(len(history.pool)), rows)
    return Panel(
        units=tuple(history.pool[rows[i]] for i in order),
        periods=tuple(months),
        counts={history.outcome: counts},
        role=tuple(roles),
        starts=tuple(start if r == "treated" else None for r in roles),
        missing=np.isnan(counts),
        selection=replace(history, chosen=chosen),
        calendar=record.calendar,
    )


def chosen_on(history: SelectionHistory, months: Sequence[str]) -> SelectionHistory | None:
    """The history as if areas had been chosen on these months of the record; None where a month is missing for any area."""
    record = history.record
    if record is None:
        return None
    counts = record.counts[:, [record.periods.index(m) for m in months]]
    return None if np.isnan(counts).any() else replace(history, periods=tuple(months), counts=counts)


def ranking(history: SelectionHistory) -> np.ndarray:
    """Positions of the pool from most to fewest offences in the selection, ties by name, ``(n_pool,)``."""
    return np.lexsort((np.asarray(history.pool), -history.counts.sum(axis=1)))


def with_effect(panel: Panel, ratio: float, rng: Generator) -> Panel:
    """The panel with a known effect: treated unit-periods from the start on have ``ratio`` times the offences they had.

    Below 1 each real event is kept with probability ``ratio``. Above 1 real events are added: events of other periods of
    the same area after its start, each with probability ``ratio - 1`` (and once for every whole multiple), so that added
    counts vary as counts do and not as copies of the ones already there. Every outcome is changed by itself.
    """
    cells = panel.treated_periods() & ~panel.missing
    changed = {}
    for outcome, values in panel.counts.items():
        changed[outcome] = values.copy()
        for i in np.flatnonzero(cells.any(axis=1)):
            at = np.flatnonzero(cells[i])
            changed[outcome][i, at] = _changed(values[i, at], ratio, rng)
    return replace(panel, counts=changed)


def _changed(counts: np.ndarray, ratio: float, rng: Generator) -> np.ndarray:
    whole = np.rint(counts).astype(np.int64)
    if ratio <= 1:
        return np.asarray(rng.binomial(whole, ratio), dtype=float)
    more, times = whole, ratio - 1
    while times > 0:
        more = more + rng.binomial(rng.permutation(whole), min(times, 1.0))
        times -= 1
    return np.asarray(more, dtype=float)
