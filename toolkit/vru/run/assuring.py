"""``vru assure``: somebody other than the analyst goes through the run and signs it off, or not."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from vru.binding import resolve
from vru.disclosure import enforce, enforce_texts, review
from vru.errors import Problem, RefusedError, VruError
from vru.keys import post
from vru.protocol import Protocol, digest, load, registration
from vru.protocol.reading import nearest
from vru.protocol.whole_file import write_whole
from vru.questions import template_words
from vru.rating import overclaims
from vru.results import EvaluationResult, Finding
from vru.run.outputs import read_learning, read_outputs, read_result, sha256

FILE = "assurance.json"


@dataclass(frozen=True, slots=True)
class Assured:
    """The log that was written, and in what it is bound to."""

    path: Path
    log: dict[str, Any]


def assure(folder: Path, by: str, accepted: Mapping[str, str], now: datetime) -> Assured:
    """Write the quality-assurance log. Raises RefusedError naming everything that stands against it.

    accepted : check name -> why its failure is acceptable; every failed check needs one.
    """
    protocol = load(folder)
    enforce_texts({"--by": by, **{f"--accept {name}": why for name, why in accepted.items()}}, now)
    files, bound = read_outputs(folder)
    result = read_result(files)
    disclosure = review(protocol, result, {**publishable(files), **plan_file(protocol)})
    against = [
        *_role_problems(protocol, by),
        *_stale_problems(protocol, result, files),
        *_check_problems(result, (*disclosure, *_unwritten(protocol)), accepted),
        *_wording_problems(folder, protocol, result),
    ]
    if against:
        raise RefusedError(*against)
    enforce(disclosure)
    state = registration(folder, protocol)
    log = {
        "assurer": by,
        "assured_at": now.isoformat(timespec="seconds"),
        "outputs_manifest": bound,
        "record_draft": sha256(files["record.yaml"]),
        "preregistered": state.status,
        "changes": list(result.changes),
        "deviations": [d.model_dump(mode="json") for d in protocol.deviations],
        "checks": [{"check": f.check, "analysis": f.analysis, "verdict": f.verdict} for f in result.findings],
        "accepted": dict(accepted),
        "disclosure": [{"check": f.check, "verdict": f.verdict, "text": f.text} for f in disclosure],
        "ratings": [{"instrument": r.instrument, "outcome": r.outcome, "label": r.label} for r in result.ratings],
    }
    path = folder / FILE
    write_whole(path, (json.dumps(log, indent=1, ensure_ascii=False) + "\n").encode())
    return Assured(path, log)


def require_assurance(folder: Path) -> dict[str, Any]:
    """The log, if it is of exactly these outputs. Raises RefusedError if there is none or anything changed since."""
    files, bound = read_outputs(folder)
    try:
        log = dict(json.loads((folder / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        raise RefusedError(
            Problem("has not been assured", str(folder), hint=f'vru assure {folder} --by "assurer\'s post"')
        ) from None
    if log.get("outputs_manifest") != bound or log.get("record_draft") != sha256(files["record.yaml"]):
        raise RefusedError(
            Problem("the outputs or the draft record changed after they were assured", str(folder), hint="assure again")
        )
    return log


def publishable(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Those of a run's files that may leave; the notebook and the disclosure log stay."""
    return {k: v for k, v in files.items() if k not in ("notebook.ipynb", "disclosure.json")}


def _unwritten(protocol: Protocol) -> tuple[Finding, ...]:
    """What the template says and nobody wrote: whoever assures says that it was so, or has it written."""
    said = template_words(resolve(protocol))
    return (Finding("template_words", "", "concern", f"{said}."),) if said else ()


def plan_file(protocol: Protocol) -> dict[str, bytes]:
    """The plan as the record will hold it: it leaves too, so it is looked through with the rest."""
    return {"plan.json": protocol.model_dump_json().encode()}


def _role_problems(protocol: Protocol, by: str) -> list[Problem]:
    if post(by) == post(protocol.roles.analyst):
        return [
            Problem("the analyst cannot assure their own work", "--by", hint=f"roles.assurer: {protocol.roles.assurer}")
        ]
    return []


def _stale_problems(protocol: Protocol, result: EvaluationResult, files: Mapping[str, bytes]) -> list[Problem]:
    if result.protocol_digest != digest(protocol):
        return [Problem("protocol.yaml changed after the run", "outputs/result.json", hint="run it again")]
    drafted = _drafted_deviations(files)
    missing = [d.what for d in protocol.deviations if not any(d.what in told for told in drafted)]
    return [
        Problem(
            "a deviation was written after the run, and the report does not show it", "deviations", hint="run it again"
        )
        for _ in missing[:1]
    ]


def _drafted_deviations(files: Mapping[str, bytes]) -> list[str]:
    import yaml

    content = yaml.safe_load(files["record.yaml"].decode("utf-8"))
    return (
        [" ".join(str(told).split()) for told in (content.get("deviations") or [])] if isinstance(content, dict) else []
    )


def _check_problems(
    result: EvaluationResult, disclosure: Sequence[Finding], accepted: Mapping[str, str]
) -> list[Problem]:
    """Failed checks, and what software leaves to a person's judgement before anything leaves, each without a reason."""
    asked = {f.check: f"the check {f.check} failed" for f in result.findings if f.verdict == "fail"}
    asked |= {f.check: f.text.rstrip(".") for f in disclosure if f.verdict == "concern"}
    failed = sorted(asked)
    problems = [
        Problem(f"{asked[name]}: nobody has said why that is acceptable", hint=f'--accept "{name}=reason"')
        for name in failed
        if not accepted.get(name, "").strip()
    ]
    unknown = sorted(set(accepted) - set(failed))
    if unknown:
        listed = ", ".join(failed) or "none: no check failed"
        problems += [Problem(f"{n!r} is not a failed check", "--accept", listed, nearest(n, failed)) for n in unknown]
    return problems


def _wording_problems(folder: Path, protocol: Protocol, result: EvaluationResult) -> list[Problem]:
    outcome = result.primary.outcome
    rating = next((r for r in result.ratings if r.outcome == outcome), None)
    if rating is None:
        raise VruError(Problem("has no rating of its primary outcome", "outputs/result.json", hint="run it again"))
    learning = read_learning(folder)
    written = learning.model_dump() if learning else {}
    texts = {"protocol.yaml: title": protocol.title}
    texts |= {f"outputs/record.yaml: learning.{field}": text for field, text in written.items()}
    return [
        Problem(said, where=where)
        for where, text in texts.items()
        if text != "not reported"
        for said in overclaims(text, rating)
    ]
