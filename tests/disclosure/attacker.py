"""Somebody who holds what was published and bounds every number that is hidden by integer programming.

The attacker reads results as they stand in ``record.json``: courses by month and band, paths, totals of estimates, of every
version and of every record of the same areas. Unknown are the counts of each outcome by month, in every group of areas that
a record has beyond another. Attackers who run the rule itself on every table that there could be are in ``test_suppression``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

Cell = tuple[str, str, str]
"""Group of areas, outcome, month."""
Row = tuple[dict[int, float], float, float]
"""Weights of unknowns, and the least and most that their sum is."""
SECONDS = 20.0


@dataclass
class Knowledge:
    """Cells and what is known of them: sums of cells between two numbers."""

    cells: dict[Cell, int] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    alike: dict[Cell, list[Cell]] = field(default_factory=dict)

    def at(self, cell: Cell) -> dict[int, float]:
        """The cell as a sum of unknowns: a group that is made of others is their sum."""
        parts = self.alike.get(cell, [cell])
        return {self.cells.setdefault(p, len(self.cells)): 1.0 for p in parts}

    def know(self, cells: Iterable[Cell], count: float, slack: float) -> None:
        """A sum of cells, as published."""
        row: dict[int, float] = {}
        for cell in cells:
            for at, weight in self.at(cell).items():
                row[at] = row.get(at, 0.0) + weight
        self.rows.append((row, count - slack, count + slack))


def read(known: Knowledge, result: Mapping[str, Any], groups: Mapping[str, str], start: str, slack: float) -> None:
    """Take in one published result. groups : role -> its group of areas. slack : how far rounding moves a count."""
    for series in result["series"]:
        group, outcome = groups[series["role"]], series["outcome"]
        spans = {(b["first"], b["last"]): b["count"] for b in series["bands"]}
        for period, value in zip(series["periods"], series["values"], strict=True):
            if value is not None:
                known.know([(group, outcome, period)], value, slack)
        for (first, last), count in spans.items():
            months = [p for p in series["periods"] if first <= p <= last]
            known.know([(group, outcome, p) for p in months], count, slack)
        for e in (e for e in result["estimates"] if e["outcome"] == outcome and series["role"] == "treated"):
            for p in e["path"]:
                months = [m for m in series["periods"] if p["period"] <= m <= (p["through"] or p["period"])]
                known.know([(group, outcome, m) for m in months], p["observed"], slack)
        for name, before in (("0", True), ("1", False)):
            letter = {"treated": "T", "comparison": "C"}[series["role"]]
            for e in (e for e in result["estimates"] if e["outcome"] == outcome and letter + name in e["counts"]):
                months = [p for p in series["periods"] if (p < start) == before]
                total = e["counts"][letter + name]
                known.know([(group, outcome, p) for p in months], total, slack)


def hold(known: Knowledge, group: str, parts: Sequence[str], whole: str, months: Iterable[str]) -> None:
    """Parts of an outcome are together never more than it."""
    for month in months:
        row = known.at((group, whole, month))
        for part in parts:
            row |= {at: -weight for at, weight in known.at((group, part, month)).items()}
        known.rows.append((row, 0.0, np.inf))


@dataclass
class Attack:
    """The unknowns that hang together with a target, and nothing else."""

    rows: list[Row]
    order: list[int]

    def bounds(self, target: Mapping[int, float]) -> tuple[float, float] | None:
        """Least and most that the target may be; None if that is not decided in time."""
        place = {v: i for i, v in enumerate(self.order)}
        at = [(i, place[v], w) for i, (row, _, _) in enumerate(self.rows) for v, w in row.items()]
        i, j, w = (np.array(x) for x in zip(*at, strict=True)) if at else (np.zeros(0, int),) * 2 + (np.zeros(0),)
        shape = (len(self.rows), len(self.order))
        limits = (np.array([r[k] for r in self.rows]) for k in (1, 2))
        held = [LinearConstraint(csr_array((w, (i, j)), shape=shape), *limits)] if len(at) else []
        found = []
        for sign in (1.0, -1.0):
            c = np.zeros(len(self.order))
            for v, weight in target.items():
                c[place[v]] = sign * weight
            # 10,000 stands for "no limit that matters": nothing is protected by a range this wide.
            made = milp(
                c,
                constraints=held,
                integrality=np.ones(len(c)),
                bounds=Bounds(0, 10_000),
                options={"time_limit": SECONDS},
            )
            if made.status != 0:
                return None
            found.append(sign * float(made.fun))
        return found[0], found[1]


def attack(known: Knowledge, target: Mapping[int, float]) -> Attack:
    """What of the knowledge can tell anything of the target."""
    inside: set[int] = set(target)
    rows: list[Row] = []
    left = list(known.rows)
    while joined := [r for r in left if inside & set(r[0])]:
        rows += joined
        inside |= {v for r in joined for v in r[0]}
        taken = {id(r) for r in joined}
        left = [r for r in left if id(r) not in taken]
    return Attack(rows, sorted(inside))


def without_repeats(known: Knowledge) -> None:
    """Leave out totals that follow from what is shown by month and span: they tell nothing and join everything."""
    first = known.rows
    shown = {frozenset(r[0].items()): r for r in first if len(r[0]) <= 60}
    known.rows = [r for r in shown.values() if not _follows(r, list(shown.values()))]


def _follows(row: Row, rows: Sequence[Row]) -> bool:
    """Whether a sum is covered exactly by smaller sums that are known, taken greedily."""
    left = dict(row[0])
    if len(left) < 2 or row[1] != row[2]:
        return False
    total = 0.0
    for other, low, high in sorted(rows, key=lambda r: len(r[0])):
        smaller = low == high and len(other) < len(row[0]) and other.keys() <= left.keys()
        if smaller and all(left[v] == w for v, w in other.items()):
            total += low
            for v in other:
                del left[v]
    return not left and total == row[1]
