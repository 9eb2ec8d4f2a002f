"""An archive of data.police.uk looked at: forces, crime types, places and codes, month by month."""

from contextlib import closing
from typing import Any

from vru.events import Events
from vru.geography.tally import connect
from vru.keys import fold
from vru.look.looked import Coverage, Looked, Part
from vru.look.proposal import quoted
from vru.periods import months_between

_SHIFT = 0.05
"""A change between halves of the months, in the share of rows without a place, that a reader should hear of."""


def look_at_archive(events: Events, path: str) -> Looked:
    """What ``events``, read from ``path``, hold: rows and share without an LSOA by force, crime types, coverage in months."""
    with closing(connect()) as con:
        forces = _forces(con, events)
        types = con.execute(
            "SELECT crime_type, count(*) FROM read_parquet($1) GROUP BY 1 ORDER BY 2 DESC, 1", [str(events.path)]
        ).fetchall()
        monthly = con.execute(
            "SELECT force, month, count(*) FROM read_parquet($1) GROUP BY 1, 2", [str(events.path)]
        ).fetchall()
    covered = _coverage(monthly)
    parts = [*forces[0], *(Part(str(name or "(no crime type)"), f"{n:,} rows") for name, n in types)]
    questions = [*forces[1], *_twins([str(t) for t, _ in types if t])]
    log = [Part("note", n.text + (f" ({n.count:,})" if n.count is not None else "")) for n in events.log]
    total = sum(sum(c.rows) for c in covered)
    months = sorted({m for own in events.present.values() for m in own})
    n = len(events.present)
    head = f"{total:,} crimes, {n:,} {'force' if n == 1 else 'forces'}, {months[0]} to {months[-1]}"
    plan = _plan(path, [str(t) for t, _ in types if t], months)
    return Looked(path, head, tuple([*parts, *log]), covered, tuple(questions), plan)


def _forces(con: Any, events: Events) -> tuple[list[Part], list[str]]:
    """Rows and places of every force, and whether the share without a place changed from the first to the second half."""
    sql = """WITH rows AS (SELECT force, month, lsoa_code IS NULL AS blank FROM read_parquet($1)),
                  middle AS (SELECT force, quantile_disc(month, 0.5) AS half FROM rows GROUP BY 1)
             SELECT force, count(*), avg(blank::INT), avg(blank::INT) FILTER (WHERE month < half),
                    avg(blank::INT) FILTER (WHERE month >= half), any_value(half)
             FROM rows JOIN middle USING (force) GROUP BY 1 ORDER BY 1"""
    parts, questions = [], []
    for force, n, blank, early, late, half in con.execute(sql, [str(events.path)]).fetchall():
        parts.append(Part(force, f"{n:,} rows, {len(events.present[force])} months, {blank:.1%} without an LSOA"))
        if early is not None and late is not None and abs(late - early) > _SHIFT:
            questions.append(
                f"{force}: {early:.1%} of rows without an LSOA before {half} and {late:.1%} from then on. Why did it change?"
            )
    return parts, questions


def _twins(types: list[str]) -> list[str]:
    seen: dict[str, str] = {}
    found = []
    for t in types:
        if (first := seen.setdefault(fold(t), t)) != t:
            found.append(f"crime type {t!r} differs from {first!r} only in case or spaces; the two are counted as one")
    return found


def _coverage(monthly: list[tuple[str, str, int]]) -> tuple[Coverage, ...]:
    by_force: dict[str, dict[str, int]] = {}
    for force, month, n in monthly:
        by_force.setdefault(force, {})[month] = int(n)
    first, last = min(m for _, m, _ in monthly), max(m for _, m, _ in monthly)
    every = months_between(first, last)
    return tuple(Coverage(f, every, tuple(n.get(m, 0) for m in every)) for f, n in sorted(by_force.items()))


def _plan(path: str, types: list[str], months: list[str]) -> str:
    chosen = next((t for t in types if fold(t).startswith("violen")), types[0] if types else "CRIME TYPE")
    return "\n".join(
        [
            "data:",
            f"  - {{id: crimes, source: police_uk, path: {quoted(path)}}}",
            f"window: {{first: {months[0]}, last: {months[-1]}}}",
            "outcomes:",
            "  - id: violence",
            f"    measure: {quoted(f'{chosen} recorded by the police, by month and LSOA')}",
            "    data: crimes",
            f"    filter: {{crime_type: [{quoted(chosen)}]}}",
            "    direction: decrease",
            "    primary: true",
        ]
    )
