"""What makes a panel senseless: units that are not there, too few months, nothing to count."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

import numpy as np

from vru.errors import Problem
from vru.geography.areas import some
from vru.geography.plan import MIN_PRE
from vru.geography.tally import Tally
from vru.panel import Role
from vru.protocol.fields import Protocol

_WHERE: dict[Role, str] = {
    "treated": "units.treated",
    "comparison": "units.comparison",
    "buffer": "units.buffers.treated",
    "buffer_comparison": "units.buffers.comparison",
}


def absent_problems(roles: Mapping[str, Role], known: Sequence[str], place: str, lsoas: bool = True) -> list[Problem]:
    """Units of the protocol that are not among ``known``, by role, with the nearest names there are."""
    have = set(known)
    found = []
    for role, where in _WHERE.items():
        absent = sorted(u for u, r in roles.items() if r == role and u not in have)
        if not absent:
            continue
        near = [f"{n} for {u}" for u in absent[:3] for n in get_close_matches(u, known, n=1)]
        hint = f"did you mean {', '.join(near)}? " if near else ""
        if place == "data":
            codes = "LSOA codes of 2011 and 2021 differ: compare with the codes in the data"
            hint += codes if lsoas else "write the plan's areas as the data do"
        what = f"not in the {place}: {some(absent)}" + (", not once in any month" if place == "data" else "")
        found.append(Problem(what, where, some(list(known), 3), hint.strip()))
    return found


def silent_problems(roles: Mapping[str, Role], tallies: Sequence[Tally], known_empty: Sequence[str]) -> list[Problem]:
    """Areas of either arm in which no event of any kind lies: a polygon in the wrong place, rather than a quiet one."""
    seen = {u for t in tallies for u in t.frame.loc[t.frame["rows"] > 0, "unit"]} | set(known_empty)
    found = []
    for role in ("treated", "comparison"):
        silent = sorted(u for u, r in roles.items() if r == role and u not in seen)
        if silent:
            hint = "look at them on a map; if nothing ever happens there, list them under units.empty_units"
            found.append(Problem(f"no event of any kind lies in {some(silent)}", f"units.{role}", hint=hint))
    return found


def series_problems(
    protocol: Protocol,
    units: Sequence[str],
    roles: Sequence[Role],
    starts: Sequence[str | None],
    counts: Mapping[str, np.ndarray],
) -> list[Problem]:
    """Too few observed months before or after a start, units never observed, outcomes that never happened."""
    window = f"{protocol.window.first} to {protocol.window.last}"
    observed = ~np.isnan(next(iter(counts.values())))
    periods = np.asarray(protocol.periods)
    main = np.isin(np.asarray(roles), ["treated", "comparison"])
    never = [u for u, seen, m in zip(units, observed.any(axis=1), main, strict=True) if m and not seen]
    found = []
    if never:
        hint = "their force has no file in the window: read more months, or other units"
        found.append(Problem(f"no month of the window has data for {some(never)}", f"window {window}", hint=hint))
    short, unseen = [], []
    for u, start, seen in zip(units, starts, observed, strict=True):
        if start is None or u in never:
            continue
        before = int((seen & (periods < start)).sum())
        if before < MIN_PRE:
            short.append(f"{u} ({before})")
        if not (seen & (periods >= start)).any():
            unseen.append(u)
    if short:
        what = f"too few months with data before the start: {some(short)}"
        hint = "let window.first be earlier, or read more months"
        found.append(Problem(what, f"window {window}", f"at least {MIN_PRE}", hint))
    if unseen:
        found.append(Problem(f"no month with data from the start on: {some(unseen)}", f"window {window}"))
    for outcome, values in counts.items():
        if not np.nansum(values[main]) and not never:
            what = "not one event in any treated or comparison unit in the window"
            found.append(Problem(what, f"outcomes[{outcome}]", hint="check the filter, the units and the window"))
    return found
