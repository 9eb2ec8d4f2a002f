"""Draft a learning record: everything in it comes from the protocol and the result."""

import json
from typing import Any

from pydantic import ValidationError

from vru.errors import LibraryError, Problem
from vru.library.derived import body, derived, line
from vru.library.summary import plain_summary
from vru.library.vocabulary import design_codes
from vru.protocol import Protocol
from vru.record import LearningRecord
from vru.results import Estimate, EvaluationResult, to_json
from vru.version import __version__

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
    raw = json.loads(to_json(result))
    content = {
        "id": protocol.id,
        "version": "1.0",
        "organisation": protocol.organisation,
        "title": line(protocol.title),
        "disclaimer": " ".join(protocol.disclaimer.split()),
        "summary": plain_summary(protocol, result),
        "audience": protocol.audience,
        "licence": protocol.licence,
        "template": protocol.template,
        "intervention": _intervention(protocol),
        "setting": _setting(protocol, result.primary),
        "design": list(design_codes(protocol, result)),
        "outcomes": [o.model_dump(include={"id", "measure", "direction", "primary"}) for o in protocol.outcomes],
        "learning": _learning(protocol),
        "deviations": _deviations(protocol, result),
        "toolkit_version": result.provenance.versions.get("vru-toolkit", __version__),
        "protocol": protocol.model_dump(mode="json"),
        "result": raw,
        **derived(raw),
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
    return {"type": plan.type, "name": line(plan.name), "items": items, "start": plan.start, "end": plan.end}


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
        "mechanism": body(f"As assumed before the evaluation: {steps}.{assumed}"),
        "implementation": body(" ".join(delivered)) or "not reported",
        "cost": "not reported" if spent is None else body(spent),
        "equity": body(protocol.equity.plan),
    }


def _deviations(protocol: Protocol, result: EvaluationResult) -> list[str]:
    told = [body(f"{d.on}: {d.what} Why: {d.why}") for d in protocol.deviations]
    return [*told, *(body(f"Differs from the registered plan: {change}") for change in result.changes)]
