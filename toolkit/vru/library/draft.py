"""Draft a learning record: everything in it comes from the protocol and the result."""

import json
from typing import Any

from pydantic import ValidationError

from vru.errors import LibraryError, Problem
from vru.library.summary import plain_summary
from vru.library.vocabulary import design_codes
from vru.protocol import Protocol
from vru.record import LearningRecord
from vru.results import Estimate, EvaluationResult, to_json
from vru.version import __version__

_LINE, _BODY = 300, 6000
_TIDIER = (
    "why",
    "materials",
    "procedures",
    "who_provided",
    "how",
    "where",
    "when_and_how_much",
    "tailoring",
    "modifications",
    "fidelity_planned",
    "fidelity_actual",
)


def draft_record(protocol: Protocol, result: EvaluationResult) -> LearningRecord:
    """The record of this result as version 1.0. Raises LibraryError naming what cannot be published as it is.

    ``learning.lessons`` is left "not reported" for people to write.
    """
    if not result.estimates:
        raise LibraryError(Problem("has no estimate, so there is nothing to publish", where=protocol.id))
    content = {
        "id": protocol.id,
        "version": "1.0",
        "organisation": protocol.organisation,
        "title": _line(protocol.title),
        "disclaimer": " ".join(protocol.disclaimer.split()),
        "summary": plain_summary(protocol, result),
        "audience": protocol.audience,
        "licence": protocol.licence,
        "template": protocol.template,
        "intervention": _intervention(protocol),
        "setting": _setting(protocol, result.primary),
        "design": list(design_codes(protocol, result)),
        "outcomes": [o.model_dump(include={"id", "measure", "direction", "primary"}) for o in protocol.outcomes],
        # A record speaks of offences only; sums by harm stay in its result.
        "effects": [_effect(e) for e in result.estimates if e.unit == "offences"],
        "ratings": _ratings(result),
        "findings": _findings(result),
        "learning": _learning(protocol),
        "preregistered": result.preregistered,
        "deviations": _deviations(protocol, result),
        "protocol_digest": result.protocol_digest,
        "data_digests": dict(result.provenance.data),
        "toolkit_version": result.provenance.versions.get("vru-toolkit", __version__),
        "protocol": protocol.model_dump(mode="json"),
        "result": json.loads(to_json(result)),
    }
    return _validated(content, protocol.id)


def _validated(content: dict[str, Any], where: str) -> LearningRecord:
    try:
        return LearningRecord.model_validate(content)
    except ValidationError as error:
        raise LibraryError(
            *(
                Problem(
                    str(e["msg"]),
                    where=f"record of {where}: {'.'.join(map(str, e['loc']))}",
                    hint="shorten or mend this in protocol.yaml and run again",
                )
                for e in error.errors()
            )
        ) from None


def _intervention(protocol: Protocol) -> dict[str, Any]:
    plan = protocol.intervention
    items = {name: getattr(plan, name) for name in _TIDIER}
    return {"type": plan.type, "name": _line(plan.name), "items": items, "start": plan.start, "end": plan.end}


def _setting(protocol: Protocol, primary: Estimate) -> dict[str, Any]:
    return {
        "population": protocol.question.population,
        "comparator": protocol.question.comparator,
        "unit_kind": protocol.units.kind,
        "n_treated": primary.n_treated,
        "n_comparison": primary.n_comparison,
        "first": protocol.window.first,
        "last": protocol.window.last,
    }


def _effect(e: Estimate) -> dict[str, Any]:
    prevented = e.events_prevented
    return {
        "outcome": e.outcome,
        "analysis": e.analysis,
        "role": e.role,
        "method": e.method,
        "estimand": _line(e.estimand),
        "scale": e.scale,
        "estimate": e.value,
        "se": e.se,
        "ci_low": e.low,
        "ci_high": e.high,
        "ci_level": e.level,
        "p": e.p,
        "events_prevented": None if prevented is None else prevented.value,
        "events_prevented_low": None if prevented is None else prevented.low,
        "events_prevented_high": None if prevented is None else prevented.high,
        "n_treated": e.n_treated,
        "n_comparison": e.n_comparison,
        "n_pre": e.n_pre,
        "n_post": e.n_post,
    }


def _ratings(result: EvaluationResult) -> list[dict[str, Any]]:
    return [
        {
            "instrument": _line(r.instrument),
            "outcome": r.outcome,
            "level": r.level,
            "label": _line(r.label),
            "reasons": [_body(reason) for reason in r.reasons],
        }
        for r in result.ratings
    ]


def _findings(result: EvaluationResult) -> list[dict[str, Any]]:
    return [
        {"check": f.check, "analysis": f.analysis, "verdict": f.verdict, "text": _body(f.text)} for f in result.findings
    ]


def _learning(protocol: Protocol) -> dict[str, str]:
    theory, plan, costs = protocol.theory_of_change, protocol.intervention, protocol.costs
    steps = " → ".join("; ".join(part) for part in (theory.inputs, theory.activities, theory.outputs, theory.outcomes))
    assumed = f" Assumes: {'; '.join(theory.assumptions)}" if theory.assumptions else ""
    delivered = [
        f"{label}: {text}"
        for label, text in (("Planned", plan.fidelity_planned), ("Delivered", plan.fidelity_actual))
        if text != "not reported"
    ]
    spent = (
        None
        if costs is None
        else f"£{costs.amount:,.0f} ({costs.price_year} prices), {costs.covers}. Source: {costs.source}"
    )
    return {
        "mechanism": _body(f"As assumed before the evaluation: {steps}.{assumed}"),
        "implementation": _body(" ".join(delivered)) or "not reported",
        "cost": "not reported" if spent is None else _body(spent),
        "equity": _body(protocol.equity.plan),
    }


def _deviations(protocol: Protocol, result: EvaluationResult) -> list[str]:
    told = [_body(f"{d.on}: {d.what} Why: {d.why}") for d in protocol.deviations]
    return [*told, *(_body(f"Differs from the registered plan: {change}") for change in result.changes)]


def _line(text: str) -> str:
    return _clipped(" ".join(text.split()), _LINE)


def _body(text: str) -> str:
    return _clipped(text.strip(), _BODY)


def _clipped(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
