"""``vru scope``: what came of the first conversation, written down."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from vru import resources
from vru.errors import Problem, ProtocolError
from vru.process.scope import Answers, Choice, Item, choose, evaluability, half_filled, scope_file
from vru.process.scope.filling import FILE
from vru.protocol.reading import nearest
from vru.run.workspace import place_evaluation


@dataclass(frozen=True, slots=True)
class Scoped:
    """Where it was written, what was advised, and the form; ``planned`` says whether there is a plan to fill in."""

    folder: Path
    choice: Choice
    items: tuple[Item, ...]
    planned: bool


def scope(name: str, answers: Answers, workspace: Path, now: datetime) -> Scoped:
    """Write ``evaluations/name`` with the conversation and, where one was chosen, a half-filled plan.

    Raises ProtocolError where the kind of intervention is unknown, the folder is taken, or not evaluating has no reason.
    """
    known = intervention_types()
    if answers.intervention not in known:
        what = f"{answers.intervention!r} is no kind of intervention"
        raise ProtocolError(Problem(what, "intervention", ", ".join(known), nearest(answers.intervention, list(known))))
    if answers.decision == "not_evaluated" and len(answers.reason.strip()) < 10:
        raise ProtocolError(Problem("not evaluating needs its reason, which is kept", "reason", "a sentence"))
    choice, items = choose(answers), evaluability(answers)
    files = {FILE: scope_file(answers, choice, items, now)}
    planned = choice.template is not None and answers.decision == "as_advised"
    if planned and choice.template is not None:
        readme = resources.templates_dir() / choice.template / "README.md"
        files |= {
            "protocol.yaml": half_filled(choice.template, name, answers).encode(),
            "README.md": readme.read_bytes(),
        }
    return Scoped(place_evaluation(name, workspace, files), choice, items, planned)


def intervention_types() -> Mapping[str, str]:
    """Kind of intervention -> what it is, from the vocabulary."""
    import json

    path = resources.vocab_dir() / "intervention_types.json"
    terms = json.loads(path.read_text(encoding="utf-8"))["terms"]
    return {name: str(term["label"]) for name, term in terms.items()}


def write_page(path: Path) -> Path:
    """The questions as one page for a browser."""
    from vru.process.scope.page import page
    from vru.protocol.whole_file import write_whole

    write_whole(path, page(intervention_types()).encode())
    return path
