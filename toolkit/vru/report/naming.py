"""What things are called in a report: methods, checks, outcomes, verdicts."""

from vru.checks import CHECKS
from vru.methods import METHODS
from vru.protocol import Protocol
from vru.report import wording as w
from vru.results import Estimate
from vru.words.terms import noun_of

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
    "randomised": "drawn by lot",
    "adjusted": "against others, adjusted for what was known beforehand",
    "instrument": "through an offer or other nudge given by lot",
    "threshold": "on either side of a threshold of eligibility",
}

SCALES = {
    "log_rate_ratio": ("log rate ratio", 4),
    "count_difference": ("offences over the whole period", 1),
    "mean_difference": ("in units of the measure", 3),
    "risk_difference": ("as a share of 1", 4),
}
"""Scale -> its unit in words, and decimals that do it justice."""


def scale(e: Estimate) -> tuple[str, int]:
    """The unit of an estimate in words, and decimals that do it justice."""
    words, digits = SCALES[e.scale]
    return (words.replace("offences", e.unit) if e.scale == "count_difference" else words), digits


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
    if name == "withheld":
        return "Analysis is published"
    return CHECKS[name].label if name in CHECKS else w.plain(name).capitalize()


def check_question(name: str) -> str:
    """What the check asks."""
    if name == "analysis":
        return "Could the data answer this registered analysis?"
    if name == "withheld":
        return "Can this analysis be published without giving few people away?"
    return CHECKS[name].question if name in CHECKS else w.MISSING


def instrument(name: str) -> str:
    """A rating instrument's name in words."""
    text = w.plain(name)
    return text[:1].upper() + text[1:]


def outcomes(protocol: Protocol) -> dict[str, str]:
    """Outcome id -> its short words."""
    return {o.id: w.plain(o.id) for o in protocol.outcomes}


def counted(protocol: Protocol, outcome: str) -> str:
    """What is counted or measured, inside a sentence: "recorded offences (violence)", "people with reoffended"."""
    found = next((o for o in protocol.outcomes if o.id == outcome), None)
    name = w.plain(outcome)
    if found is None or found.kind is None:
        return f"recorded {noun_of(found)[1] if found else 'offences'} ({name})"
    return {
        "binary": f"{protocol.units.noun} with the outcome ({name})",
        "count": f"events ({name})",
        "continuous": name,
        "time": f"days after a first event ({name})",
    }[found.kind]


def events(protocol: Protocol, outcome: str) -> str:
    """What ``events_prevented`` counts: offences, or people with the outcome."""
    found = next((o for o in protocol.outcomes if o.id == outcome), None)
    if found is None or found.kind is None:
        return noun_of(found)[1] if found else "offences"
    return "events" if found.kind == "count" else f"{protocol.units.noun} with the outcome"


def counts_events(protocol: Protocol, outcome: str) -> bool:
    """Whether it can be said how many events were fewer: of a score there are none, and a time is answered in days."""
    return all(o.kind not in ("continuous", "time") for o in protocol.outcomes if o.id == outcome)


def arms(protocol: Protocol, n_treated: int, n_comparison: int) -> str:
    """How many were compared: "20 treated, 20 comparison"; of patrol days, the areas that had both kinds.

    Of a stepped wedge each unit once for every period, as each is first without and then with.
    """
    if protocol.cohort is not None and protocol.cohort.period is not None:
        period = w.plain(protocol.cohort.period)
        return f"{n_treated:,} with and {n_comparison:,} without, each counted once for every {period}"
    if protocol.units.shape == "days":
        return f"{n_treated:,}, each on days with and days without"
    return f"{n_treated:,} treated, {n_comparison:,} comparison"


def units(protocol: Protocol) -> str:
    """The heading under which units are counted: Areas, People, Schools."""
    return protocol.units.noun.capitalize()


def analysed(protocol: Protocol) -> str:
    """From when to when: of areas, the whole periods up to the window's end or the intervention's."""
    first, last, end = protocol.window.first, protocol.window.last, protocol.intervention.end
    if protocol.units.shape == "areas":
        until = last if end is None or not protocol.intervention.start <= end < last else end
        if periods := protocol.calendar.between(first, until):
            first, last = periods[0], protocol.calendar.last_of(periods[-1])
    return f"{w.month(first)} to {w.month(last)}"


def lower_first(text: str) -> str:
    """The text as it stands inside a sentence: first letter lower, unless the first word is an abbreviation."""
    first = text.split(" ", 1)[0]
    return text if sum(c.isupper() for c in first) > 1 or len(first) == 1 else text[:1].lower() + text[1:]
