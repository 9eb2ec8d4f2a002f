"""What a protocol says about units and months that is wrong before any data are read."""

from collections import Counter
from collections.abc import Collection

from vru.errors import Problem
from vru.geography.areas import some
from vru.protocol.fields import Protocol

MIN_PRE = 3
"""Fewer periods before the start than this show neither level nor trend."""


def plan_problems(protocol: Protocol, data: Collection[str]) -> list[Problem]:
    """Everything wrong with outcomes, units, selection and calendar; ``data`` names the sources read."""
    return [
        *_outcome_problems(protocol, data),
        *_unit_problems(protocol),
        *_selection_problems(protocol),
        *_calendar_problems(protocol),
    ]


def _outcome_problems(protocol: Protocol, data: Collection[str]) -> list[Problem]:
    found = [
        Problem("the same outcome id is used twice", f"outcomes[{name}]", hint="ids name columns: make each different")
        for name, n in Counter(o.id for o in protocol.outcomes).items()
        if n > 1
    ]
    for o in protocol.outcomes:
        if o.data not in data:
            found.append(Problem(f"there are no data '{o.data}'", f"outcomes[{o.id}].data", ", ".join(sorted(data))))
        for column, values in o.filter.items():
            if not values:
                found.append(Problem("no value is allowed, so nothing counts", f"outcomes[{o.id}].filter.{column}"))
    return found


def _unit_problems(protocol: Protocol) -> list[Problem]:
    units = protocol.units
    lists = {
        "units.treated": units.treated,
        "units.comparison": units.comparison,
        "units.buffers.treated": units.buffers.treated,
        "units.buffers.comparison": units.buffers.comparison,
    }
    found = []
    for where, names in lists.items():
        if twice := sorted(n for n, k in Counter(names).items() if k > 1):
            found.append(Problem(f"listed twice: {some(twice)}", where))
    seen: dict[str, str] = {}
    for where, names in lists.items():
        both = sorted({n for n in names if n in seen and seen[n] != where})
        if both:
            found.append(Problem(f"also in {seen[both[0]]}: {some(both)}", where, hint="a unit plays one role"))
        seen |= dict.fromkeys(names, where)
    return found


def _selection_problems(protocol: Protocol) -> list[Problem]:
    selection = protocol.units.selection
    if selection is None:
        return []
    found = []
    outcomes = [o.id for o in protocol.outcomes]
    if selection.outcome not in outcomes:
        what = f"there is no outcome '{selection.outcome}'"
        found.append(Problem(what, "units.selection.outcome", ", ".join(outcomes)))
    if selection.first > selection.last:
        found.append(Problem(f"{selection.first} comes after {selection.last}", "units.selection.first"))
    if selection.assign == "random_pairs" and (selection.top or 0) % 2:
        hint = "choose an even number or random_half"
        found.append(Problem(f"{selection.top} units cannot be paired", "units.selection.top", "even numbers", hint))
    if selection.within and protocol.units.kind == "polygon":
        hint = "leave it out and keep only the candidates in the boundaries file"
        found.append(Problem("matches LSOA names, and polygons have none", "units.selection.within", hint=hint))
    return found


def _calendar_problems(protocol: Protocol) -> list[Problem]:
    window, calendar = protocol.window, protocol.calendar
    starts = {"intervention.start": protocol.intervention.start}
    starts |= {f"units.starts[{unit}]": at for unit, at in protocol.units.starts.items()}
    found = []
    for where, start in starts.items():
        before = sum(p < start for p in protocol.periods)
        if not window.first <= start <= window.last:
            what = f"{start} lies outside the window {window.first} to {window.last}"
            found.append(Problem(what, where, hint="move window.first or window.last so that the start lies inside"))
        elif not calendar.begins(start):
            own = calendar.holding(start)
            what = f"{start} lies within the {calendar.noun} from {own}, so that this is neither before nor after"
            later = calendar.label(calendar.number(start) + 1)
            hint = f"window.counted_from: start counts periods from the start; or write {own} or {later}"
            found.append(Problem(what, where, f"the beginning of a {calendar.noun}", hint))
        elif before < MIN_PRE:
            what = f"{start} leaves {before} {calendar.plural} before it in the window"
            found.append(Problem(what, where, f"at least {MIN_PRE}", "let window.first be earlier"))
    return found
