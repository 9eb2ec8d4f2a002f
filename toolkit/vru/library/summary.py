"""The plain summary of a record: at most 120 words, estimate with interval, in the words that the design licenses."""

import math

from vru.protocol import Protocol
from vru.results import Estimate, EvaluationResult
from vru.words.evidence import is_exercise, strength
from vru.words.terms import noun_of

MAX_WORDS = 120
DIFFERENCES = ("mean_difference", "risk_difference")


def plain_summary(protocol: Protocol, result: EvaluationResult) -> str:
    """The disclaimer as first line, then what was done, found, how strongly, and what was promised.

    Sentences are written in order of need and the last ones are left out where 120 words are
    reached; disclaimer and effect are never left out.
    """
    first = " ".join(protocol.disclaimer.split())
    must = [_effect(protocol, result, result.primary)]
    may = [_done(protocol, result.primary), _rated(result), _planned(result), _checked(result)]
    kept = list(may)
    while kept and _words(" ".join([first, *must, *kept])) > MAX_WORDS:
        kept.pop()
    # What was done reads first; the effect keeps its place however short the room is.
    opening = kept[:1] if may[0] in kept else []
    body = " ".join(s for s in [*opening, *must, *kept[len(opening) :]] if s)
    return f"{first}\n{body}" if first else body


def _effect(protocol: Protocol, result: EvaluationResult, estimate: Estimate) -> str:
    name = _short(protocol.intervention.name, 12)
    size = f"{_size(estimate, estimate.value)} than expected without it ({_interval(estimate)})"
    what = _what(protocol, estimate)
    if estimate.low is not None and estimate.high is not None and estimate.low <= 0 <= estimate.high:
        both = "lower and higher" if estimate.scale in DIFFERENCES else "fewer and more"
        return f"The best estimate for {name} is, for {what}, {size}; these data fit with both {both}."
    if is_exercise(protocol, result):
        return f"This is an exercise in which the truth is known; the analysis finds, for {what}, {size}."
    verb = strength(result, estimate.outcome)
    if verb == "caused":
        return f"The estimated effect of {name} on {what}: {size}."
    if verb == "associated":
        return f"{name} was associated with this difference in {what}: {size}."
    doubt = "This evaluation cannot say that the intervention made the difference."
    return f"After {name} began, {what} changed: {size}. {doubt}"


def _what(protocol: Protocol, estimate: Estimate) -> str:
    name = estimate.outcome.replace("_", " ")
    found = next((o for o in protocol.outcomes if o.id == estimate.outcome), None)
    kind = None if found is None else found.kind
    if kind is None:
        return f"{name} {noun_of(found)[1] if found else 'offences'}"
    return {"binary": f"{protocol.units.noun} with the outcome ({name})", "count": f"events ({name})"}.get(kind, name)


def _size(estimate: Estimate, value: float) -> str:
    way = "lower" if value < 0 else "higher"
    if "mean days" in estimate.estimand:
        return f"{abs(value):,.3g} days {'fewer' if value < 0 else 'more'}"
    if estimate.scale == "mean_difference":
        return f"{abs(value):,.3g} {way}"
    if estimate.scale == "risk_difference":
        return f"{100 * abs(value):,.1f} percentage points {way}"
    if estimate.scale == "count_difference":
        return f"{abs(value):,.0f} {'fewer' if value < 0 else 'more'}"
    ratio = math.exp(min(value, 50.0))
    if ratio >= 2:
        return f"{ratio:,.1f} times as many"
    change = 100 * abs(ratio - 1)
    size = f"{change:.0f}" if change >= 9.95 else f"{change:.1f}"
    return f"{size}% {'fewer' if ratio < 1 else 'more'}"


def _interval(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return "no interval available"
    low, high = _size(estimate, estimate.low), _size(estimate, estimate.high)
    return f"{100 * estimate.level:g}% interval from {low} to {high}"


def _done(protocol: Protocol, estimate: Estimate) -> str:
    plan = protocol.intervention
    until = f" to {plan.end}" if plan.end else ""
    noun = protocol.units.noun
    areas = f"{estimate.n_treated} treated and {estimate.n_comparison} comparison {noun}"
    if protocol.units.shape == "days":
        areas = f"{estimate.n_treated} areas, each on days with and days without"
    window = f"{protocol.window.first} to {protocol.window.last}"
    return f"{_short(plan.name, 12)}, from {plan.start}{until}; {areas}, {window}."


def _rated(result: EvaluationResult) -> str:
    ratings = [r for r in result.ratings if r.outcome == result.primary.outcome]
    if not ratings:
        return "The strength of this evidence was not rated."
    return (
        "Strength of evidence: " + "; ".join(f"{r.instrument} {r.level} ({_short(r.label, 10)})" for r in ratings) + "."
    )


def _planned(result: EvaluationResult) -> str:
    return {
        "yes": "The plan was registered before the analysis and kept.",
        "changed": "The plan was registered and changed afterwards; the record lists how.",
        "no": "The plan was not registered before the analysis.",
    }[result.preregistered]


def _checked(result: EvaluationResult) -> str:
    found = [f.verdict for f in result.findings]
    if not found:
        return "No checks were run."
    return (
        f"Of {len(found)} checks, {found.count('fail')} failed, {found.count('concern')} raised a concern "
        f"and {found.count('not_run')} could not be run."
    )


def _short(text: str, words: int) -> str:
    parts = text.rstrip(". ").split()
    return " ".join(parts) if len(parts) <= words else " ".join(parts[:words]) + " …"


def _words(text: str) -> int:
    return len(text.split())
