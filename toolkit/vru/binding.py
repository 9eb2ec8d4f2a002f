"""Bind a plan to methods, checks and sources; and say where they do not fit its data or its graph."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from vru.checks import CHECKS
from vru.checks.check import Check, CheckOptions
from vru.disclosure.profiles import strictest
from vru.errors import Problem, ProtocolError
from vru.graph import after_treatment
from vru.methods import METHODS
from vru.methods.method import Method, MethodOptions
from vru.protocol import Protocol
from vru.protocol.fields import Analysis, CheckPlan, DataSource, Outcome
from vru.protocol.reading import nearest, plain_reason
from vru.sources import SOURCES
from vru.sources.source import Source, SourceOptions

SHAPES = {"areas": "areas over months", "days": "patrol days of the same areas", "people": "one row per person"}
"""What a method or check takes, in words."""


@dataclass(frozen=True, slots=True)
class BoundAnalysis:
    """A registered analysis with its method and validated options."""

    plan: Analysis
    method: Method
    options: MethodOptions


@dataclass(frozen=True, slots=True)
class BoundCheck:
    """A registered check with its validated options."""

    plan: CheckPlan
    check: Check
    options: CheckOptions


@dataclass(frozen=True, slots=True)
class BoundSource:
    """A registered data source with its validated options."""

    plan: DataSource
    source: Source
    options: SourceOptions


@dataclass(frozen=True, slots=True)
class Plan:
    """A protocol whose every name is bound to the thing it names."""

    protocol: Protocol
    analyses: tuple[BoundAnalysis, ...]
    checks: tuple[BoundCheck, ...]
    sources: tuple[BoundSource, ...]


def resolve(protocol: Protocol) -> Plan:
    """Bind every name in the plan. Raises ProtocolError listing every unknown name and bad option."""
    problems = registry_problems(protocol.data, protocol.analyses, protocol.checks) or fit_problems(protocol)
    if problems:
        raise ProtocolError(*problems)
    return Plan(
        protocol,
        tuple(_bind_analysis(a) for a in protocol.analyses),
        tuple(_bind_check(c) for c in protocol.checks),
        tuple(_bind_source(d) for d in protocol.data),
    )


def registry_problems(
    data: Sequence[DataSource], analyses: Sequence[Analysis], checks: Sequence[CheckPlan]
) -> list[Problem]:
    """Every source, method or check that does not exist, and every option that it does not take."""
    problems: list[Problem] = []
    for d in data:
        source = SOURCES.get(d.source)
        problems += _name_problems(f"data {d.id}: source", d.source, SOURCES)
        if source is not None:
            problems += _option_problems(f"data {d.id}", source.options, d.options)
            if source.needs_path and not d.path:
                problems.append(Problem("needs path: a zip or folder", where=f"data {d.id}"))
    for a in analyses:
        problems += _name_problems(f"analysis {a.id}: method", a.method, METHODS)
        if a.method in METHODS:
            problems += _option_problems(f"analysis {a.id}", METHODS[a.method].options, a.options)
    for c in checks:
        problems += _name_problems("checks: name", c.name, CHECKS)
        if c.name in CHECKS:
            problems += _option_problems(f"check {c.name}", CHECKS[c.name].options, c.options)
    return problems


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
    for c in protocol.checks:
        if shape not in CHECKS[c.name].takes:
            allowed = ", ".join(k.name for k in CHECKS.values() if shape in k.takes)
            found.append(Problem(_misfit(c.name, CHECKS[c.name].takes[0], protocol), "checks: name", allowed))
    found += _outcome_problems(protocol)
    wanted = "events" if shape == "areas" else "table"
    for d in protocol.data:
        if SOURCES[d.source].gives != wanted:
            allowed = ", ".join(s.name for s in SOURCES.values() if s.gives == wanted)
            what = f"{d.source} does not give what units.kind: {protocol.units.kind} needs"
            found.append(Problem(what, f"data {d.id}: source", allowed))
    found += _comparison_problems(protocol) + _selection_problems(protocol)
    return found + (_covariate_problems(protocol) if protocol.cohort and not found else [])


def _profile_problems(protocol: Protocol) -> list[Problem]:
    """A plan may hide more than its strictest source asks for, never less."""
    own = protocol.disclosure.profile
    least = strictest([own, *(SOURCES[d.source].profile for d in protocol.data)])
    if least == own:
        return []
    sources = ", ".join(d.id for d in protocol.data if SOURCES[d.source].profile == least)
    what = f"{own} hides less than the source of {sources} asks for"
    return [Problem(what, "disclosure.profile", f"{least} or stricter", f"disclosure: {{profile: {least}}}")]


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
    hint = "give units.selection: rule, outcome, first and last month of the choice; poisson_did needs none"
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
    known = list(protocol.cohort.covariates) if protocol.cohort else []
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


def _bind_analysis(plan: Analysis) -> BoundAnalysis:
    method = METHODS[plan.method]
    return BoundAnalysis(plan, method, method.options.model_validate(plan.options))


def _bind_check(plan: CheckPlan) -> BoundCheck:
    check = CHECKS[plan.name]
    return BoundCheck(plan, check, check.options.model_validate(plan.options))


def _bind_source(plan: DataSource) -> BoundSource:
    source = SOURCES[plan.source]
    return BoundSource(plan, source, source.options.model_validate(plan.options))


def _name_problems(where: str, name: str, registry: Mapping[str, object]) -> list[Problem]:
    if name in registry:
        return []
    known = sorted(registry)
    return [Problem(f"{name!r} does not exist", where, ", ".join(known), nearest(name, known))]


def _option_problems(where: str, model: type[BaseModel], options: Mapping[str, object]) -> list[Problem]:
    try:
        model.model_validate(dict(options))
    except ValidationError as error:
        return [_option_problem(where, model, e["type"], e["loc"], e["msg"], e["input"]) for e in error.errors()]
    return []


def _fields_at(model: type[BaseModel], place: tuple[str | int, ...]) -> list[str]:
    """The keys that may stand where a key was found: of the options, or of a section inside them."""
    for step in place[:-1]:
        inner = model.model_fields[step].annotation if isinstance(step, str) and step in model.model_fields else None
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            model = inner
    return sorted(model.model_fields)


def _option_problem(
    where: str, model: type[BaseModel], kind: str, place: tuple[str | int, ...], message: str, given: object
) -> Problem:
    at = f"{where}: options.{'.'.join(map(str, place))}" if place else f"{where}: options"
    known = _fields_at(model, place)
    if kind == "extra_forbidden":
        return Problem("is not an option", at, ", ".join(known), nearest(str(place[-1]), known))
    shown = f"{given!r}: " if isinstance(given, str | int | float) else ""
    return Problem(f"{shown}{plain_reason(kind, message)}", at)
