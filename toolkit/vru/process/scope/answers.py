"""What is asked before there is a plan, and the answers as a file."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import ConfigDict, Field, StringConstraints, ValidationError, field_validator

from vru.errors import Problem, ProtocolError
from vru.protocol.reading import nearest, plain_reason
from vru.protocol.section import Name, Section, Slug, Text

YesNo = Literal["yes", "no"]
Start = Annotated[str, StringConstraints(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")]
_AREAS = ("places", "areas", "schools", "staff")


class Answers(Section):
    """What a unit knows at the first conversation. Later questions are left out where an earlier answer makes them idle."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    intervention: Name
    name: Text = "not reported"
    organisation: Slug = "my-vru"
    start: Start | None = None
    unit: Literal["places", "areas", "days", "people", "cases", "schools", "staff"]
    treated: Annotated[int, Field(ge=0, le=10_000_000)]
    others: Annotated[int, Field(ge=0, le=10_000_000)]
    lot: Literal["done", "possible", "no"]
    staggered: YesNo = "no"
    outcome: Literal["both", "treated", "no"]
    months_before: Annotated[int, Field(ge=0, le=600)] = 0
    known_before: YesNo = "no"
    theory: Literal["yes", "partly", "no"]
    settled: YesNo
    access: Literal["agreed", "asked", "no"]
    assurer: YesNo
    purpose: YesNo
    decision: Literal["as_advised", "not_evaluated"] = "as_advised"
    reason: str = ""

    @field_validator("*", mode="before")
    @classmethod
    def _plain(cls, value: object) -> object:
        # YAML reads an unquoted yes or no as a truth value, and a month may be read as a date.
        if isinstance(value, bool):
            return "yes" if value else "no"
        return value.isoformat()[:7] if isinstance(value, datetime.date) else value


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the interview. ``allowed``: answer -> what it means; empty for free text and numbers."""

    field: str
    asks: str
    allowed: Mapping[str, str]
    optional: bool = False


_YES_NO = {"yes": "yes", "no": "no"}
QUESTIONS = (
    Question("intervention", "What kind of intervention is it? (a type of shared_learning/vocab, or other)", {}),
    Question("name", "What is it called?", {}, optional=True),
    Question("start", "In which month does it start, or did it (YYYY-MM)?", {}, optional=True),
    Question(
        "unit",
        "Who or what gets it?",
        {
            "places": "streets, venues, hot spots", "areas": "wards, beats, districts, forces",
            "days": "the same hot spots on some days and not on others", "people": "people one by one",
            "cases": "cases or decisions", "schools": "schools or classes", "staff": "teams of staff",
        },
    ),
    Question("treated", "How many of these get it?", {}),
    Question("others", "How many like them do not, or not yet, and could be compared with?", {}),
    Question(
        "lot",
        "Can a lot decide who gets it, or who gets it first?",
        {"done": "it did", "possible": "it could", "no": "no"},
    ),
    Question("staggered", "Does it start in some before others?", _YES_NO),
    Question(
        "outcome",
        "Is what should change recorded, in the same way for those who get it and those who do not?",
        {"both": "for both", "treated": "only for those who get it", "no": "for nobody"},
    ),
    Question("months_before", "For how many months before the start is it recorded?", {}),
    Question("known_before", "Is what led people to it recorded (age, what they did before, need)?", _YES_NO),
    Question("theory", "Is it written down how it should work?", {"yes": "yes", "partly": "partly", "no": "no"}),
    Question("settled", "Is it delivered in a settled form that will not change for a year?", _YES_NO),
    Question(
        "access", "May you have the data?", {"agreed": "agreed", "asked": "asked for", "no": "not yet asked, or refused"}
    ),
    Question("assurer", "Is there somebody other than the analyst to check the work?", _YES_NO),
    Question("purpose", "Is there a decision that waits for the answer?", _YES_NO),
)  # fmt: skip


def asked(question: Question, given: Mapping[str, str]) -> bool:
    """Whether earlier answers leave the question anything to ask."""
    unit = given.get("unit", "")
    if question.field == "months_before":
        return unit in _AREAS
    if question.field == "known_before":
        return unit in ("people", "cases")
    return question.field != "staggered" or unit in ("places", "areas")


def unfit(question: Question, said: str) -> str | None:
    """Why one answer cannot be taken, before the others are known; None where it can."""
    try:
        Answers.model_validate({question.field: said})
    except ValidationError as error:
        for e in error.errors():
            if e["loc"][:1] == (question.field,):
                return _reason(question.field, e["type"], e["msg"])
    return None


def _reason(field: str, kind: str, message: str) -> str:
    patterned = field == "start" and kind == "string_pattern_mismatch"
    return "is no month from 2000 to 2099, written as 2021-05" if patterned else plain_reason(kind, message)


def read_answers(content: Mapping[str, Any], where: str) -> Answers:
    """Validated answers. Raises ProtocolError with every problem at once."""
    try:
        return Answers.model_validate(dict(content))
    except ValidationError as error:
        problems = []
        for e in error.errors():
            field = str(e["loc"][0]) if e["loc"] else ""
            if e["type"] == "extra_forbidden":
                problems.append(
                    Problem(f"{field!r} is no question", where, hint=nearest(field, list(Answers.model_fields)))
                )
                continue
            question = next((q for q in QUESTIONS if q.field == field), None)
            allowed = ", ".join(question.allowed) if question else ""
            what = "has no answer" if e["type"] == "missing" else _reason(field, e["type"], e["msg"])
            problems.append(Problem(f"{field}: {what}", where, allowed, question.asks if question else ""))
        raise ProtocolError(*problems) from None


def answers_in(path: Path) -> Answers:
    """The answers in a YAML file. Raises ProtocolError."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProtocolError(Problem(f"cannot be read: {error.strerror}", str(path))) from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ProtocolError(Problem("is not YAML", str(path), "question: answer, one a line")) from None
    if not isinstance(content, dict):
        raise ProtocolError(Problem("holds no answers", str(path), "question: answer, one a line"))
    # The file that vru scope wrote holds the answers beside what came of them.
    return read_answers(content.get("answers", content), path.name)
