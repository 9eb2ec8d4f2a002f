"""Bind a plan to methods, checks and sources; and say where they do not fit its data or its graph."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import BaseModel, ValidationError

from vru.checks import CHECKS
from vru.checks.check import Check, CheckOptions
from vru.errors import Problem, ProtocolError
from vru.fitting import fit_problems
from vru.fitting_choices import misfit_choices
from vru.methods import METHODS
from vru.methods.method import Method, MethodOptions
from vru.protocol import Protocol
from vru.protocol.fields import Analysis, CheckPlan, DataSource
from vru.protocol.reading import nearest, plain_reason
from vru.sources import SOURCES
from vru.sources.source import Source, SourceOptions
from vru.sources.sql import refused

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

    @property
    def makes_own(self) -> bool:
        """Whether it draws its data instead of reading any."""
        return not self.source.needs_path


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
    problems = problems or choice_problems(protocol)
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
            problems += _place_problems(d, source)
    for a in analyses:
        problems += _name_problems(f"analysis {a.id}: method", a.method, METHODS)
        if a.method in METHODS:
            problems += _option_problems(f"analysis {a.id}", METHODS[a.method].options, a.options)
    for c in checks:
        problems += _name_problems("checks: name", c.name, CHECKS)
        if c.name in CHECKS:
            problems += _option_problems(f"check {c.name}", CHECKS[c.name].options, c.options)
    return problems


def _place_problems(d: DataSource, source: Source) -> list[Problem]:
    """Where the data are: a path, or of sources that read tables a connection; a query must be a SELECT."""
    where = f"data {d.id}"
    if d.connection is not None:
        if not source.asks:
            asking = ", ".join(s.name for s in SOURCES.values() if s.asks)
            return [Problem(f"source {d.source} reads no database", where, asking, "name its files with path")]
        problem = refused(d.query) if d.query is not None else None
        at = f"{where}: query"
        return [replace(problem, where=f"{at}: {problem.where}" if problem.where else at)] if problem else []
    if source.needs_path and not d.path:
        more = ", or connection with table or query" if source.asks else ""
        return [Problem(f"needs path: a zip or folder{more}", where=where)]
    return []


def choice_problems(protocol: Protocol) -> list[Problem]:
    """Choices of ``specifications`` that do not exist, or that do not fit the plan."""
    wanted = protocol.specifications
    if wanted is None:
        return []
    found: list[Problem] = []
    for i, m in enumerate(wanted.methods):
        where = f"specifications.methods.{i}"
        named = _name_problems(f"{where}: method", m.method, METHODS)
        found += named or _option_problems(where, METHODS[m.method].options, m.options)
    return found or misfit_choices(protocol)


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
