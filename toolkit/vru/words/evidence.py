"""How strong a word the evidence licenses, and whether there is evidence at all: an exercise is none."""

from collections.abc import Iterable
from typing import Literal

from vru.protocol import Protocol
from vru.results import Estimate, EvaluationResult, Rating

Strength = Literal["change", "associated", "caused"]
ORDER: tuple[Strength, ...] = ("change", "associated", "caused")
VERBS: dict[Strength, str] = {"change": "changed", "associated": "is associated with", "caused": "caused"}
"""The verb that stands in a rating for each strength."""
_STRENGTHS = {verb: strength for strength, verb in VERBS.items()}


def of_rating(rating: Rating) -> Strength:
    """The strength of the verb that a rating licenses; a verb that is none of ``VERBS`` licenses the weakest."""
    return _STRENGTHS.get(rating.verb, "change")


def weakest(ratings: Iterable[Rating]) -> Strength:
    """The weakest strength that these ratings license; the weakest of all without a rating."""
    return min((of_rating(r) for r in ratings), key=ORDER.index, default="change")


def strength(result: EvaluationResult, outcome: str) -> Strength:
    """How strong a verb every rating of this outcome licenses."""
    return weakest(r for r in result.ratings if r.outcome == outcome)


def against(result: EvaluationResult, outcome: str) -> tuple[str, ...]:
    """What stands against a stronger word, in the order that the ratings of this outcome give it, each once."""
    return tuple(dict.fromkeys(text for r in result.ratings if r.outcome == outcome for text in r.against))


def is_exercise(protocol: Protocol, result: EvaluationResult) -> bool:
    """Whether the true effect is known because somebody made it."""
    return protocol.artificial_effect is not None or bool(result.provenance.truth)


def is_causal(protocol: Protocol, result: EvaluationResult, estimate: Estimate) -> bool:
    """Whether a causal word ("caused", "prevented") is licensed for this estimate.

    Only the estimate that its outcome's rating speaks of can carry one (the primary, else the first), and
    none where the effect was put into the data.
    """
    same = [e for e in result.estimates if e.outcome == estimate.outcome]
    rated = next((e for e in same if e.role == "primary"), same[0] if same else None)
    return not is_exercise(protocol, result) and estimate == rated and strength(result, estimate.outcome) == "caused"
