"""What things are called in a report: methods, checks, outcomes, verdicts."""

from vru.checks import CHECKS
from vru.methods import METHODS
from vru.protocol import Protocol
from vru.report import wording as w

VERDICTS = {"fail": "Failed", "concern": "Concern", "not_run": "Not run", "pass": "Passed"}
VERDICT_MEANINGS = {
    "fail": "the assumption that this check tests does not hold in these data; the wording of this report is weakened",
    "concern": "the check points to a weakness that the reader should weigh",
    "not_run": "the check could not be run, and its question is open; this is not a pass",
    "pass": "the check found nothing against the analysis; it cannot prove that the assumption holds",
}
MEASURES = {
    "before_after": "before and after, no comparison",
    "controlled_before_after": "before and after, against a comparison",
    "panel": "month by month, against a comparison",
}


def method(name: str) -> str:
    """The method's label; its own name where this toolkit does not know it."""
    return METHODS[name].label if name in METHODS else w.plain(name)


def method_source(name: str) -> str:
    """Where the method was published."""
    return METHODS[name].source if name in METHODS else w.MISSING


def design(name: str) -> str:
    """The design that the method can carry, in words."""
    return MEASURES[METHODS[name].design] if name in METHODS else w.MISSING


def check(name: str) -> str:
    """The check's label; its own name where this toolkit does not know it."""
    if name == "analysis":
        return "Analysis could be run"
    return CHECKS[name].label if name in CHECKS else w.plain(name).capitalize()


def check_question(name: str) -> str:
    """What the check asks."""
    if name == "analysis":
        return "Could the data answer this registered analysis?"
    return CHECKS[name].question if name in CHECKS else w.MISSING


def instrument(name: str) -> str:
    """A rating instrument's name in words."""
    text = w.plain(name)
    return text[:1].upper() + text[1:]


def outcomes(protocol: Protocol) -> dict[str, str]:
    """Outcome id -> its short words."""
    return {o.id: w.plain(o.id) for o in protocol.outcomes}


def lower_first(text: str) -> str:
    """The text as it stands inside a sentence: first letter lower, unless the first word is an abbreviation."""
    first = text.split(" ", 1)[0]
    return text if sum(c.isupper() for c in first) > 1 or len(first) == 1 else text[:1].lower() + text[1:]
