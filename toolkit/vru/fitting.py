"""Where a plan does not fit: methods and checks its shape, options its data, outcomes each other, covariates its graph."""

from vru.checks import CHECKS
from vru.disclosure.profiles import strictest
from vru.errors import Problem
from vru.graph import after_treatment
from vru.methods import METHODS
from vru.protocol import Protocol
from vru.protocol.fields import Outcome
from vru.protocol.reading import nearest
from vru.sources import SOURCES

SHAPES = {"areas": "areas over months", "days": "patrol days of the same areas", "people": "one row per person"}


def fit_problems(protocol: Protocol) -> list[Problem]:
    """Where analyses, checks and sources do not fit the shape of the plan's data, or covariates its graph.

    The plan's names must be known to exist (``registry_problems``).
    """
    shape = protocol.units.shape
    found = _profile_problems(protocol)
    for a in protocol.analyses:
        takes = METHODS[a.method].takes
        if takes != shape:
            allowed = ", ".join(m.name for m in METHODS.values() if m.takes == shape)
            found.append(Problem(_misfit(a.method, takes, protocol), f"analysis {a.id}: method", allowed))
    found += _timed_problems(protocol)
    for c in protocol.checks:
        if shape not in CHECKS[c.name].takes:
            allowed = ", ".join(k.name for k in CHECKS.values() if shape in k.takes)
            found.append(Problem(_misfit(c.name, CHECKS[c.name].takes[0], protocol), "checks: name", allowed))
    found += _outcome_problems(protocol)
    found += _source_problems(protocol)
    found += _comparison_problems(protocol) + _selection_problems(protocol) + _described_problems(protocol)
    return found + (_covariate_problems(protocol) if protocol.cohort and not found else [])


def _timed_problems(protocol: Protocol) -> list[Problem]:
    """Times to an event and methods that follow them up go together."""
    kinds = {o.id: o.kind for o in protocol.outcomes}
    found = []
    for a in protocol.analyses if protocol.units.shape == "people" else ():
        timed = kinds.get(a.outcome) == "time"
        if METHODS[a.method].takes == "people" and METHODS[a.method].timed != timed:
            what = f"{a.outcome} is of kind {kinds.get(a.outcome)}, which {a.method} does not take"
            allowed = ", ".join(m.name for m in METHODS.values() if m.takes == "people" and m.timed == timed)
            found.append(Problem(what, f"analysis {a.id}: method", allowed))
    return found


def _source_problems(protocol: Protocol) -> list[Problem]:
    found = []
    for d in protocol.data:
        beside = {
            part.data: k for k in ("described_by", "delivered") if (part := getattr(protocol.units, k)) is not None
        }
        described = beside.get(d.id)
        wanted = "events" if protocol.units.shape == "areas" and not described else "table"
        if SOURCES[d.source].gives != wanted:
            allowed = ", ".join(s.name for s in SOURCES.values() if s.gives == wanted)
            needs = described or f"kind: {protocol.units.kind}"
            found.append(Problem(f"{d.source} does not give what units.{needs} needs", f"data {d.id}: source", allowed))
    return found


def _profile_problems(protocol: Protocol) -> list[Problem]:
    """A plan may hide more than its strictest source asks for, never less."""
    own = protocol.disclosure.profile
    least = strictest([own, *(SOURCES[d.source].profile for d in protocol.data)])
    if least == own:
        return []
    sources = ", ".join(d.id for d in protocol.data if SOURCES[d.source].profile == least)
    what = f"{own} hides less than the source of {sources} asks for"
    return [Problem(what, "disclosure.profile", f"{least} or stricter", f"disclosure: {{profile: {least}}}")]


def _described_problems(protocol: Protocol) -> list[Problem]:
    """Options that need what no data of the plan supply: residents, or covariates of areas."""
    units, found = protocol.units, []
    described, delivered = units.described_by, units.delivered
    if delivered is not None and all(d.id != delivered.data for d in protocol.data):
        listed = ", ".join(d.id for d in protocol.data)
        found.append(Problem(f"there are no data {delivered.data!r}", "units.delivered.data", listed))
    if described is not None and all(d.id != described.data for d in protocol.data):
        listed = ", ".join(d.id for d in protocol.data)
        found.append(Problem(f"there are no data {described.data!r}", "units.described_by.data", listed))
    known = set(described.covariates) if described else set()
    residents = bool(described and described.residents)
    for a in protocol.analyses if units.shape == "areas" else ():
        where = f"analysis {a.id}: options"
        wanted = a.options.get("predictors") or ()
        if lost := [n for n in wanted if n not in known] if isinstance(wanted, list | tuple) else []:
            hint = "name them under units.described_by.covariates"
            found.append(
                Problem(f"no data of the plan hold {', '.join(map(str, lost))}", where, ", ".join(known), hint)
            )
        if a.options.get("matching") == "rates" and not residents:
            hint = "name units.described_by: {data, area, residents}, or use matching: index"
            found.append(
                Problem("matching: rates needs residents, and no data of the plan hold them", where, hint=hint)
            )
    return found


def _comparison_problems(protocol: Protocol) -> list[Problem]:
    """Methods that need comparison areas in a plan that names none; with several starts areas not yet treated serve."""
    units = protocol.units
    chosen = units.selection is not None and units.selection.rule == "top"
    starts = {units.starts.get(u, protocol.intervention.start) for u in units.treated}
    if units.shape != "areas" or units.comparison or chosen or len(starts) > 1:
        return []
    needing = [a for a in protocol.analyses if METHODS[a.method].design != "before_after"]
    hint = "list areas under units.comparison"
    alone = ", ".join(m.name for m in METHODS.values() if m.takes == "areas" and m.design == "before_after")
    return [
        Problem(f"{a.method} needs comparison areas and the plan names none", f"analysis {a.id}: method", alone, hint)
        for a in needing
    ]


def _selection_problems(protocol: Protocol) -> list[Problem]:
    """Methods that need to know how areas were chosen in a plan that does not say."""
    if protocol.units.selection is not None:
        return []
    hint = "give units.selection: rule, outcome, first and last of the time chosen on; poisson_did needs none"
    return [
        Problem(f"{a.method} needs to know how areas were chosen", f"analysis {a.id}: method", hint=hint)
        for a in protocol.analyses
        if METHODS[a.method].needs_selection
    ]


def _outcome_problems(protocol: Protocol) -> list[Problem]:
    """Outcomes that an analysis weighs together: unknown, overlapping, or standing as the main answer."""
    known = {o.id: o for o in protocol.outcomes}
    found: list[Problem] = []
    for a in protocol.analyses:
        options = METHODS[a.method].options.model_validate(a.options)
        where = f"analysis {a.id}: options"
        for name in [o for o in options.outcomes if o not in known]:
            found.append(
                Problem(f"{name!r} is not an outcome of the plan", where, ", ".join(known), nearest(name, list(known)))
            )
        if options.outcomes and a.outcome not in options.outcomes:
            found.append(Problem(f"the analysis is of {a.outcome}, which is not among them", where))
        there = [known[o] for o in options.outcomes if o in known]
        for i, one in enumerate(there):
            for other in there[i + 1 :]:
                if _overlap(one, other):
                    hint = "weigh outcomes whose filters leave each offence in one of them"
                    found.append(Problem(f"{one.id} and {other.id} may count the same offences", where, hint=hint))
        if options.unit != "offences" and a.role == "primary":
            hint = "register the count of offences as primary and this as secondary"
            found.append(Problem("a sum weighted by harm cannot be the primary analysis", where, hint=hint))
    return found


def _overlap(one: Outcome, other: Outcome) -> bool:
    """Whether a row of the events could pass both filters: no column on which they ask for different values."""
    shared = set(one.filter) & set(other.filter)
    return one.data == other.data and all(set(one.filter[c]) & set(other.filter[c]) for c in shared)


def _misfit(name: str, takes: str, protocol: Protocol) -> str:
    kind = protocol.units.kind
    return f"{name} is for {SHAPES[takes]}, and units.kind is {kind} ({SHAPES[protocol.units.shape]})"


def _covariate_problems(protocol: Protocol) -> list[Problem]:
    """Covariates that the cohort lacks, that come after treatment, or that the graph does not license."""
    known = list(protocol.cohort.known_before) if protocol.cohort else []
    licensed = set(protocol.graph.adjustment)
    found = after_treatment(protocol.graph, known, "cohort.covariates")
    for a in protocol.analyses:
        method = METHODS[a.method]
        chosen = getattr(method.options.model_validate(a.options), "covariates", None)
        where = f"analysis {a.id}: options.covariates"
        for name in [c for c in chosen or () if c not in known]:
            found.append(Problem(f"{name!r} is no covariate", where, ", ".join(known), nearest(name, known)))
        if method.design != "adjusted":
            continue
        used = set(known if chosen is None else chosen)
        if missing := sorted(licensed - used):
            hint = "add them under cohort.covariates, or take them out of graph.adjustment if the graph allows it"
            found.append(
                Problem(f"the graph adjusts for {', '.join(missing)}, which it would not use", where, hint=hint)
            )
        if extra := sorted((used & set(known)) - licensed):
            hint = (
                "add them to graph.adjustment (and to its edges), so that it is checked that they may be adjusted for"
            )
            found.append(
                Problem(f"{', '.join(extra)} would be adjusted for and the graph does not say so", where, hint=hint)
            )
    return found
