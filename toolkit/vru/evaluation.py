"""The pure middle: turn a bound plan and its data into a result.

No clock, disk or network: everything from outside arrives as an argument.
"""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from vru.binding import BoundAnalysis, BoundCheck, Plan
from vru.by_area import changes_by_area
from vru.checks import CHECKS
from vru.checks.check import Case
from vru.cohort import Cohort
from vru.errors import MethodError, VruError
from vru.events import DataNote
from vru.graph import Identification
from vru.panel import Panel
from vru.periods import MONTHS
from vru.protocol import Protocol, Registration, digest
from vru.protocol.fields import CheckPlan
from vru.rating import Carried, rate
from vru.results import Estimate, EvaluationResult, Finding, Provenance, Series
from vru.words.terms import terms_of

Step = Callable[[str, int, int], None]


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


def evaluate(plan: Plan, data: Panel | Cohort, inputs: Inputs, step: Step | None = None) -> EvaluationResult:
    """Estimates, then findings about them, then how strong the evidence is.

    Raises MethodError where a primary analysis cannot answer; any other analysis that cannot
    is kept as a finding with the reason, so that nothing registered disappears.
    """
    tell = step or (lambda what, done, total: None)
    total = len(plan.analyses) + sum(max(1, len(c.plan.analyses)) for c in checks_of(plan, data))
    estimates: list[Estimate] = []
    findings: list[Finding] = []
    for i, bound in enumerate(plan.analyses):
        tell(f"analysis {bound.plan.id}", i, total)
        try:
            estimates.append(fit(plan.protocol, bound, data))
        except MethodError as error:
            if bound.plan.role == "primary":
                raise
            findings.append(Finding("analysis", bound.plan.id, "not_run", str(error)))
    for name, bound_check, estimate in _rounds(plan, data, estimates):
        tell(f"check {name}", len(estimates) + len(findings), total)
        findings.append(_run_check(plan, bound_check, estimate, data, inputs))
    tell("done", total, total)
    return _result(plan, data, inputs, tuple(estimates), tuple(findings))


def fit(protocol: Protocol, bound: BoundAnalysis, data: Panel | Cohort) -> Estimate:
    """Run one registered analysis on a panel or cohort. Raises MethodError where the data cannot answer."""
    terms = terms_of(protocol, bound.plan.outcome)
    try:
        estimate = bound.method.fit(data, bound.plan.outcome, bound.options, stream(protocol.seed, bound.plan.id))
    except MethodError as error:
        raise MethodError(*map(terms.problem, error.problems)) from None
    return replace(terms.estimate(estimate), analysis=bound.plan.id, role=bound.plan.role)


def stream(seed: int, name: str) -> Generator:
    """A random stream of its own for one analysis or check, whatever order they run in."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def _rounds(plan: Plan, data: Panel | Cohort, estimates: list[Estimate]) -> list[tuple[str, BoundCheck, Estimate]]:
    by_id = {e.analysis: e for e in estimates}
    primary = next(e.analysis for e in estimates if e.role == "primary")
    return [
        (c.plan.name, c, by_id[a]) for c in checks_of(plan, data) for a in (c.plan.analyses or [primary]) if a in by_id
    ]


def checks_of(plan: Plan, data: Panel | Cohort | None = None) -> tuple[BoundCheck, ...]:
    """The registered checks; how the data were recorded, which is asked of every evaluation of areas; and how far suppressed
    counts reach, where there are any."""
    if plan.protocol.units.shape == "people":
        return (*plan.checks, *_of_people(plan, data))
    if plan.protocol.units.shape != "areas":
        return plan.checks
    always = ["recording", *(["suppressed_cells"] if isinstance(data, Panel) and data.spans else [])]
    always += ["delivery"] if isinstance(data, Panel) and data.delivered else []
    missing = [name for name in always if all(c.plan.name != name for c in plan.checks)]
    return (*plan.checks, *(BoundCheck(CheckPlan(name=n), CHECKS[n], CHECKS[n].options()) for n in missing))


def _of_people(plan: Plan, data: Panel | Cohort | None) -> tuple[BoundCheck, ...]:
    """How the people were linked, where they were; whether a ratio of hazards is constant, where one is estimated."""
    named = {c.plan.name for c in plan.checks}
    hazards = [
        a.plan.id for a in plan.analyses if a.method.timed and getattr(a.options, "effect", "") == "hazard_ratio"
    ]
    wanted = [CheckPlan(name="linkage")] if isinstance(data, Cohort) and data.linkage else []
    wanted += [CheckPlan(name="constant_ratio", analyses=hazards)] if hazards else []
    return tuple(BoundCheck(c, CHECKS[c.name], CHECKS[c.name].options()) for c in wanted if c.name not in named)


def _run_check(plan: Plan, bound: BoundCheck, estimate: Estimate, data: Panel | Cohort, inputs: Inputs) -> Finding:
    analysis = next(a for a in plan.analyses if a.plan.id == estimate.analysis)
    case = Case(
        protocol=plan.protocol,
        data=data,
        estimate=estimate,
        identification=inputs.identification,
        refit=lambda changed: fit(plan.protocol, analysis, changed),
    )
    rng = stream(plan.protocol.seed, f"{bound.plan.name}/{estimate.analysis}")
    terms = terms_of(plan.protocol, estimate.outcome)
    try:
        return terms.finding(bound.check.run(case, bound.options, rng))
    except VruError as error:
        return Finding(bound.plan.name, estimate.analysis, "not_run", str(error))


def _result(
    plan: Plan, data: Panel | Cohort, inputs: Inputs, estimates: tuple[Estimate, ...], findings: tuple[Finding, ...]
) -> EvaluationResult:
    protocol = plan.protocol
    carried = {a.plan.id: Carried(a.method.design, a.method.adjusts_for) for a in plan.analyses}
    bears_on = {c.plan.name: c.check.bears_on for c in checks_of(plan, data)}
    terms = terms_of(protocol)
    rated = rate(protocol, estimates, findings, inputs.registration.status, carried, bears_on)
    ratings = tuple(replace(r, reasons=tuple(map(terms.say, r.reasons))) for r in rated)
    return EvaluationResult(
        protocol_id=protocol.id,
        protocol_digest=digest(protocol),
        preregistered=inputs.registration.status,
        changes=(*inputs.registration.changes, *inputs.data_changes),
        identification=inputs.identification,
        estimates=estimates,
        findings=findings,
        ratings=ratings,
        series=_all_series(protocol, data),
        data_log=inputs.data_log,
        provenance=Provenance(dict(inputs.data), dict(inputs.versions), protocol.seed, dict(inputs.truth)),
        calendar=data.calendar if isinstance(data, Panel) else MONTHS,
        map=changes_by_area(protocol, data) if isinstance(data, Panel) else None,
    )


def _all_series(protocol: Protocol, data: Panel | Cohort) -> tuple[Series, ...]:
    # People have no course over months, and on patrol days the same areas are in both arms.
    if isinstance(data, Cohort) or data.schedule is not None:
        return ()
    return tuple(_series(data, o.id, role) for o in protocol.outcomes for role in dict.fromkeys(data.role))


def _series(panel: Panel, outcome: str, role: str) -> Series:
    rows = np.asarray(panel.role) == role
    counts, gone = panel.counts[outcome][rows], panel.missing[rows]
    # A month missing for some units of a role has no total: a partial one would look like a fall.
    values = tuple(None if gone[:, j].any() else float(counts[:, j].sum()) for j in range(len(panel.periods)))
    return Series(outcome, role, int(rows.sum()), panel.periods, values)
