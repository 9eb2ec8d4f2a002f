"""Evaluability as a short scored form: what stands, what is missing, what would raise it."""

from dataclasses import dataclass

from vru.process.scope.answers import Answers
from vru.process.scope.choosing import FEWEST_DONORS

READY, POSSIBLE = 13, 8
_PEOPLE = ("people", "cases")


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the form: 0, 1 or 2 points, why, and what would raise it ("" at 2)."""

    name: str
    points: int
    why: str
    raise_it: str = ""


def evaluability(a: Answers) -> tuple[Item, ...]:
    """Nine items of two points each."""
    return (
        _yes("purpose", a.purpose, "a decision waits for the answer", "name the decision, who takes it, and when"),
        _graded("theory of change", a.theory, {"yes": 2, "partly": 1}, "write down how it should work, step by step"),
        _yes("settled delivery", a.settled, "it is delivered in a settled form", "evaluate once its form has settled"),
        _numbers(a),
        _comparison(a),
        _graded("outcome data", a.outcome, {"both": 2, "treated": 1}, "record the outcome alike for both"),
        _before(a),
        _graded("access", a.access, {"agreed": 2, "asked": 1}, "agree on the data; vru look says what a file holds"),
        _yes(
            "independence", a.assurer, "somebody else checks the work", "ask a partner or a neighbouring unit's analyst"
        ),
    )


def verdict(items: tuple[Item, ...]) -> str:
    """The score in words."""
    total = sum(i.points for i in items)
    if total >= READY:
        said = "ready to be evaluated"
    else:
        said = "can be evaluated; raise the weak points first" if total >= POSSIBLE else "not ready to be evaluated"
    return f"{total} of {2 * len(items)}: {said}"


def _yes(name: str, answer: str, why: str, raise_it: str) -> Item:
    return Item(name, 2, why) if answer == "yes" else Item(name, 0, f"not yet true that {why}", raise_it)


def _graded(name: str, answer: str, points: dict[str, int], raise_it: str) -> Item:
    got = points.get(answer, 0)
    return Item(name, got, answer, "" if got == 2 else raise_it)


def _numbers(a: Answers) -> Item:
    some, many = (60, 200) if a.unit in _PEOPLE else (4, 10) if a.unit in ("schools", "staff") else (1, 8)
    got = 2 if a.treated >= many else 1 if a.treated >= some else 0
    return Item("numbers", got, f"{a.treated:,} get it", "" if got == 2 else f"{many} or more")


def _comparison(a: Answers) -> Item:
    if a.lot != "no":
        return Item("comparison", 2, "a lot decides")
    enough = a.others >= (a.treated if a.unit in _PEOPLE else min(a.treated, FEWEST_DONORS))
    got = 1 if a.others and enough else 0
    return Item(
        "comparison", got, f"{a.others:,} to compare with, not chosen by lot", "let a lot decide who starts first"
    )


def _before(a: Answers) -> Item:
    if a.unit == "days":
        return Item("baseline", 2, "days without patrol are the baseline")
    if a.unit in _PEOPLE:
        return _yes("baseline", a.known_before, "what led people to it is recorded", "record it before anybody starts")
    got = 2 if a.months_before >= 24 else 1 if a.months_before >= 12 else 0
    return Item("baseline", got, f"{a.months_before} months before the start", "" if got == 2 else "two years or more")
