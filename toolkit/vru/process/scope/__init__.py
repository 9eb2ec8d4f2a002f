"""From the first conversation to a template and a half-filled plan, or to a decision not to evaluate that says why."""

from vru.process.scope.answers import QUESTIONS, Answers, Question, answers_in, asked, read_answers, unfit
from vru.process.scope.choosing import Choice, choose
from vru.process.scope.evaluability import Item, evaluability
from vru.process.scope.filling import half_filled, scope_file

__all__ = [
    "QUESTIONS",
    "Answers",
    "Choice",
    "Item",
    "Question",
    "answers_in",
    "asked",
    "choose",
    "evaluability",
    "half_filled",
    "read_answers",
    "scope_file",
    "unfit",
]
