"""The pure middle: bind a plan to methods and checks, then turn a panel into a result.

No clock, disk or network: everything from outside arrives as an argument.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from pydantic import BaseModel, ValidationError

from vru.checks import CHECKS
from vru.checks.check import Case, Check, CheckOptions
from vru.cohort import Cohort
from vru.errors import MethodError, Problem, ProtocolError, VruError
from vru.events import DataNote
from vru.graph import Identification
from vru.methods import METHODS
from vru.methods.method import Method, MethodOptions
from vru.panel import Panel
from vru.protocol import Protocol, Registration, digest
from vru.protocol.fields import Analysis, CheckPlan, DataSource
from vru.protocol.reading import nearest
from vru.rating import rate
from vru.results import Estimate, EvaluationResult, Finding, Provenance, Series
from vru.sources import SOURCES
from vru.sources.source import Source, SourceOptions

Step = Callable[[str, int, int], None]


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


@dataclass(frozen=True, slots=True)
class Inputs:
    """What an evaluation is computed from, beside the plan and the panel."""

    registration: Registration
    identification: Identification | None
    data_log: tuple[DataNote, ...]
    data: Mapping[str, str]
    versions: Mapping[str, str]
    truth: Mapping[str, float]
    data_changes: tuple[str, ...] = ()


def resolve(protocol: Protocol) -> Plan:
    """Bind every name in the plan. Raises ProtocolError listing every unknown name and bad option."""
    problems = registry_problems(protocol.data, protocol.analyses, protocol.checks)
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


def evaluate(plan: Plan, panel: Panel, inputs: Inputs, step: Step | None = None) -> EvaluationResult:
    """Estimates, then findings about them, then how strong the evidence is.

    Raises MethodError where a primary analysis cannot answer; any other analysis that cannot
    is kept as a finding with the reason, so that nothing registered disappears.
    """
    tell = step or (lambda what, done, total: None)
    total = len(plan.analyses) + sum(max(1, len(c.plan.analyses)) for c in plan.checks)
    estimates: list[Estimate] = []
    findings: list[Finding] = []
    for i, bound in enumerate(plan.analyses):
        tell(f"analysis {bound.plan.id}", i, total)
        try:
            estimates.append(fit(plan.protocol, bound, panel))
        except MethodError as error:
            if bound.plan.role == "primary":
                raise
            findings.append(Finding("analysis", bound.plan.id, "not_run", str(error)))
    for name, bound_check, estimate in _rounds(plan, estimates):
        tell(f"check {name}", len(estimates) + len(findings), total)
        findings.append(_run_check(plan, bound_check, estimate, panel, inputs))
    tell("done", total, total)
    return _result(plan, panel, inputs, tuple(estimates), tuple(findings))


def fit(protocol: Protocol, bound: BoundAnalysis, data: Panel | Cohort) -> Estimate:
    """Run one registered analysis on a panel or cohort. Raises MethodError where the data cannot answer."""
    estimate = bound.method.fit(data, bound.plan.outcome, bound.options, stream(protocol.seed, bound.plan.id))
    return replace(estimate, analysis=bound.plan.id, role=bound.plan.role)


def stream(seed: int, name: str) -> Generator:
    """A random stream of its own for one analysis or check, whatever order they run in."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def _rounds(plan: Plan, estimates: list[Estimate]) -> list[tuple[str, BoundCheck, Estimate]]:
    by_id = {e.analysis: e for e in estimates}
    primary = next(e.analysis for e in estimates if e.role == "primary")
    return [(c.plan.name, c, by_id[a]) for c in plan.checks for a in (c.plan.analyses or [primary]) if a in by_id]


def _run_check(plan: Plan, bound: BoundCheck, estimate: Estimate, panel: Panel, inputs: Inputs) -> Finding:
    analysis = next(a for a in plan.analyses if a.plan.id == estimate.analysis)
    case = Case(
        protocol=plan.protocol,
        data=panel,
        estimate=estimate,
        identification=inputs.identification,
        refit=lambda changed: fit(plan.protocol, analysis, changed),
    )
    rng = stream(plan.protocol.seed, f"{bound.plan.name}/{estimate.analysis}")
    try:
        return bound.check.run(case, bound.options, rng)
    except VruError as error:
        return Finding(bound.plan.name, estimate.analysis, "not_run", str(error))


def _result(
    plan: Plan, panel: Panel, inputs: Inputs, estimates: tuple[Estimate, ...], findings: tuple[Finding, ...]
) -> EvaluationResult:
    protocol = plan.protocol
    designs = {a.plan.id: a.method.design for a in plan.analyses}
    return EvaluationResult(
        protocol_id=protocol.id,
        protocol_digest=digest(protocol),
        preregistered=inputs.registration.status,
        changes=(*inputs.registration.changes, *inputs.data_changes),
        identification=inputs.identification,
        estimates=estimates,
        findings=findings,
        ratings=rate(protocol, estimates, findings, inputs.registration.status, designs),
        series=tuple(_series(panel, o.id, role) for o in protocol.outcomes for role in dict.fromkeys(panel.role)),
        data_log=inputs.data_log,
        provenance=Provenance(dict(inputs.data), dict(inputs.versions), protocol.seed, dict(inputs.truth)),
    )


def _series(panel: Panel, outcome: str, role: str) -> Series:
    rows = np.asarray(panel.role) == role
    counts, gone = panel.counts[outcome][rows], panel.missing[rows]
    # A month missing for some units of a role has no total: a partial one would look like a fall.
    values = tuple(None if gone[:, j].any() else float(counts[:, j].sum()) for j in range(len(panel.periods)))
    return Series(outcome, role, int(rows.sum()), panel.periods, values)


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


def _option_problem(
    where: str, model: type[BaseModel], kind: str, place: tuple[str | int, ...], message: str, given: object
) -> Problem:
    at = f"{where}: options.{'.'.join(map(str, place))}" if place else f"{where}: options"
    known = sorted(model.model_fields)
    if kind == "extra_forbidden":
        return Problem("is not an option", at, ", ".join(known), nearest(str(place[-1]), known))
    shown = f"{given!r}: " if isinstance(given, str | int | float) else ""
    return Problem(f"{shown}{message[0].lower()}{message[1:]}", at)
