"""The half-filled plan, and the file that keeps the conversation."""

import re
from collections.abc import Sequence
from datetime import datetime

import yaml

from vru.process.scope.answers import Answers
from vru.process.scope.choosing import Choice
from vru.process.scope.evaluability import Item, verdict
from vru.resources import template_text

FILE = "scope.yaml"
_MONTH = re.compile(r"(?<![\d-])(20\d\d)-(0[1-9]|1[0-2])(-\d\d)?(?!\d)")
PROCESS_MEASURES = {
    "reach": "of those it was meant for, how many came; by ethnicity, age and sex",
    "dose": "how much each got: sessions, minutes, visits, against what was planned",
    "fidelity": "which of its parts were delivered as planned",
    "compliance": "who got what although it was not meant for them, and who did not although it was",
}
PROGRESS_RULE = {
    "green": "80% or more of planned reach and dose: go on to an evaluation of effect",
    "amber": "50 to 80%: mend what fell short, then look again",
    "red": "less than 50%: stop or change it; nothing about effect can be learned yet",
}


def half_filled(template: str, name: str, a: Answers) -> str:
    """The template's plan with what the answers say: id, organisation, kind, name, and every month moved to the real start."""
    text = template_text(template).replace("id: my-evaluation", f"id: {name}", 1)
    text = text.replace("organisation: my-vru ", f"organisation: {a.organisation} ", 1)
    head, mark, rest = text.partition("intervention:")
    rest = re.sub(r"(?m)^  type: \S+", f"  type: {a.intervention}", rest, count=1)
    if a.name != "not reported":
        rest = re.sub(r"(?m)^  name: .*$", lambda found: f"  name: {_quoted(a.name)}", rest, count=1)
    text = head + mark + rest
    return text if a.start is None else _moved(text, a.start)


def scope_file(a: Answers, choice: Choice, items: Sequence[Item], now: datetime) -> bytes:
    """The conversation as YAML: answers, score with what would raise it, what was advised and decided, and why."""
    decided = (
        "not evaluated" if a.decision == "not_evaluated" else choice.template or "process evaluation, no effect claimed"
    )
    content = {
        "scoped_at": now.isoformat(timespec="seconds"),
        "decision": decided,
        "reason": a.reason or choice.why,
        "advised": {"template": choice.template, "why": choice.why, "would_make_it_better": list(choice.raise_it)},
        "evaluability": {
            "score": verdict(tuple(items)),
            "items": [{"item": i.name, "points": i.points, "why": i.why, "would_raise_it": i.raise_it} for i in items],
        },
        "answers": a.model_dump(mode="json"),
    }
    if choice.template is None:
        content |= {"process_measures": PROCESS_MEASURES, "progress_rule": PROGRESS_RULE}
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110).encode()


def _quoted(text: str) -> str:
    return yaml.safe_dump(text, allow_unicode=True, width=10_000).splitlines()[0]


def _moved(text: str, start: str) -> str:
    """Every month of the plan moved alike, so that what lies before and after the start goes on doing so."""
    found = re.search(r"(?m)^  start: (20\d\d)-(\d\d)", text)
    if found is None:
        return text
    by = _number(start[:4], start[5:7]) - _number(found[1], found[2])
    return _MONTH.sub(lambda m: _month(_number(m[1], m[2]) + by) + _day(m[3]), text)


def _day(day: str | None) -> str:
    # The 29th to 31st are not in every month.
    return "" if day is None else f"-{min(int(day[1:]), 28):02d}"


def _number(year: str, month: str) -> int:
    return int(year) * 12 + int(month) - 1


def _month(number: int) -> str:
    return f"{number // 12}-{number % 12 + 1:02d}"
