"""Where the choices of ``specifications`` do not fit the plan: its shape, its outcomes, its window, its areas, its buffers."""

from vru.errors import Problem
from vru.methods import METHODS
from vru.protocol import Protocol
from vru.protocol.choices import Specifications
from vru.protocol.reading import nearest


def misfit_choices(protocol: Protocol) -> list[Problem]:
    """Every choice that the plan's data could not serve. The methods named must be known to exist."""
    wanted = protocol.specifications
    if wanted is None:
        return []
    if protocol.units.shape != "areas":
        what = "specifications is for areas over time; people and patrol days have their sensitivity analyses"
        return [Problem(what, "specifications", hint="take the section out")]
    return [*_methods(wanted), *_outcomes(protocol, wanted), *_windows(protocol, wanted), *_areas(protocol, wanted)]


def _methods(wanted: Specifications) -> list[Problem]:
    allowed = ", ".join(m.name for m in METHODS.values() if m.takes == "areas")
    return [
        Problem(f"{m.method} is not for areas over time", f"specifications.methods.{i}", allowed)
        for i, m in enumerate(wanted.methods)
        if METHODS[m.method].takes != "areas"
    ]


def _outcomes(protocol: Protocol, wanted: Specifications) -> list[Problem]:
    known = {o.id: o for o in protocol.outcomes}
    own = next(known[a.outcome] for a in protocol.analyses if a.role == "primary")
    found = []
    for name in wanted.outcomes:
        if name not in known:
            hint = nearest(name, list(known))
            found.append(
                Problem(f"{name!r} is not an outcome of the plan", "specifications.outcomes", ", ".join(known), hint)
            )
        elif known[name].direction != own.direction:
            what = f"{name} is hoped to go the other way than {own.id}, so the two cannot stand on one curve"
            found.append(Problem(what, "specifications.outcomes"))
    return found


def _windows(protocol: Protocol, wanted: Specifications) -> list[Problem]:
    own, start = protocol.window, protocol.intervention.start
    return [
        Problem(
            f"{w.first} to {w.last} is not inside the plan's window, or leaves the start {start} without a period before it",
            f"specifications.windows.{i}",
            f"from {own.first} to {own.last}, before and after {start}",
        )
        for i, w in enumerate(wanted.windows)
        if not (own.first <= w.first < start <= w.last <= own.last)
    ]


def _areas(protocol: Protocol, wanted: Specifications) -> list[Problem]:
    units, found = protocol.units, []
    for i, c in enumerate(wanted.comparison):
        where = f"specifications.comparison.{i}"
        if units.comparison and (lost := [u for u in c.without if u not in units.comparison]):
            found.append(Problem(f"{', '.join(lost[:3])} is not among units.comparison", where))
        if units.comparison and c.closest is not None and c.closest >= len(units.comparison):
            what = f"the {c.closest} closest are all there are"
            found.append(Problem(what, where, f"fewer than {len(units.comparison)}"))
    for distance in wanted.buffers:
        if distance and units.kind != "polygon":
            found.append(
                Problem(
                    f"{distance:g} m needs kind: polygon", "specifications.buffers", hint="0 takes the listed areas"
                )
            )
        if not distance and not units.buffers.treated:
            found.append(Problem("0 takes units.buffers.treated, which is empty", "specifications.buffers"))
    return found
