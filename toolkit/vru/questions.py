"""What a plan must answer before it is run: nothing is wrong with it, and yet a reader would ask.

A question is printed by ``vru check``, which then ends with exit code 1; ``vru register`` and ``vru run`` go on once the plan has
an answer under ``answers``, and the report shows it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from vru.binding import Plan
from vru.errors import Problem, Question, RefusedError
from vru.methods.measured import IN_WORDS, Way, false_alarms
from vru.protocol import Protocol
from vru.resources import template_text, templates_dir

TOLD = ("intervention", "theory_of_change")
"""Sections whose sentences are published as what was done and why."""
A_SENTENCE = 12
"""Shorter texts are names and dates."""
TOO_MANY = 10.0
"""False alarms in 100 over all runs, with 5 promised, above which a primary method has to be justified."""


def questions(plan: Plan) -> tuple[Question, ...]:
    """Everything that a reader would ask of this plan, answered or not."""
    return tuple(q for q in (_primary_in_its_case(plan),) if q is not None)


def unanswered(protocol: Protocol, asked: Iterable[Question]) -> tuple[Question, ...]:
    """The questions that the plan has no answer to."""
    return tuple(q for q in asked if not protocol.answers.get(q.id, "").strip())


def require_answers(protocol: Protocol, asked: Iterable[Question]) -> None:
    """Raises RefusedError naming every question that the plan has no answer to, and where one goes."""
    if open_ones := unanswered(protocol, asked):
        raise RefusedError(*(Problem(q.what, f"question {q.id}", hint=how_to_answer(q)) for q in open_ones))


def how_to_answer(question: Question) -> str:
    """The two ways on: change the plan, or say why not."""
    return f'{question.hint}; or answer in protocol.yaml: answers: {{{question.id}: "why"}}, which the report shows'


def _primary_in_its_case(plan: Plan) -> Question | None:
    """A primary method that was measured to fail where areas are chosen as this plan chooses them."""
    way = _way(plan.protocol)
    primary = next((a for a in plan.analyses if a.plan.role == "primary"), None)
    rate = None if way is None or primary is None else false_alarms(primary.method.name, way)
    if primary is None or way is None or rate is None or rate.overall <= TOO_MANY:
        return None
    kept = [m for m in ("level_adjusted_did", "poisson_did") if (r := false_alarms(m, way)) and r.overall <= TOO_MANY]
    use = f"make {' or '.join(kept)} the primary method" if kept else "choose another design"
    lot = "" if way == "hot_lot" else ", or draw lots among the hottest areas (units.selection: rule: top with assign)"
    what = (
        f"{primary.method.name} is the primary method; {IN_WORDS[way]}, as in this plan, and nothing done, it found an effect in "
        f"{rate.words} of 100 evaluations of real violence instead of 5. Why is it chosen all the same?"
    )
    return Question("primary_method", what, use + lot)


def template_words(plan: Plan) -> str:
    """Which lines about what was done nobody wrote, "" if none: they would be published as facts.

    ``vru check`` says so, and ``vru assure`` wants them written or accepted. An exercise, or data that the plan itself makes
    up, has nothing done in it to be told otherwise.
    """
    protocol = plan.protocol
    if protocol.artificial_effect is not None or all(s.makes_own for s in plan.sources):
        return ""
    theirs = _lines(_template(protocol.template))
    kept = [where for where, text in _lines(protocol.model_dump(mode="json")).items() if theirs.get(where) == text]
    if not kept:
        return ""
    named = f"{', '.join(kept[:6])}{f' and {len(kept) - 6} more' if len(kept) > 6 else ''}"
    return f"{len(kept)} lines about what was done are still the template's own words: {named}"


def _template(name: str) -> Mapping[str, Any]:
    there = (templates_dir() / name / "protocol.yaml").is_file()
    return dict(yaml.safe_load(template_text(name))) if there else {}


def _lines(plan: Mapping[str, Any]) -> dict[str, str]:
    """Where a plan tells what was done -> the words, spaces alike; what is not reported is nobody's words."""
    found: dict[str, str] = {}
    for section in TOLD:
        part = plan.get(section)
        for field, said in (part if isinstance(part, dict) else {}).items():
            text = " / ".join(said) if isinstance(said, list) and all(isinstance(t, str) for t in said) else said
            if isinstance(text, str) and len(text) >= A_SENTENCE and " " in text and text != "not reported":
                found[f"{section}.{field}"] = " ".join(text.split())
    return found


def _way(protocol: Protocol) -> Way | None:
    """How the plan says that its areas were chosen; None where it does not say, or units are no areas over months."""
    selection = protocol.units.selection
    if protocol.units.shape != "areas" or selection is None:
        return None
    return "rank" if selection.assign is None else "hot_lot"
