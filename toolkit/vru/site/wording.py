"""Numbers in words: effects, intervals and counts as a reader of the library meets them."""

from dataclasses import dataclass

from vru.parts import Reported
from vru.record import Effect, LearningRecord, RecordOutcome, RecordRating
from vru.words.effects import rate_change

# A log rate ratio beyond this is no finding, whatever a record says: exp(7) is a thousandfold change.

_ABBREVIATIONS = {"ae": "A&E", "cbt": "CBT", "rct": "RCT", "lsoa": "LSOA"}
_INITIALS = frozenset(("vru", "vrp", "vrn", "opcc", "uk"))

PREREGISTERED = {
    "yes": "The plan was registered before the results were seen, and kept.",
    "changed": "The plan was registered before the results were seen, and changed afterwards.",
    "no": "The plan was not registered before the results were seen.",
    "not_known": "Whether a plan was registered before the results were seen is not known here.",
}
SETTINGS = {
    "lsoa11": "Small areas (LSOA 2011)",
    "lsoa21": "Small areas (LSOA 2021)",
    "polygon": "Places drawn on a map",
    "site": "Patrolled places, by day",
    "person": "People",
    "case": "Cases",
    "family": "Families",
    "class": "Classes",
    "school": "Schools",
}
VERDICT = {"pass": "Pass", "concern": "Concern", "fail": "Fail", "not_run": "Not run"}


@dataclass(frozen=True, slots=True)
class EffectText:
    """One effect in words. ``reading`` says where the interval lies, never what caused it.

    span : the interval's two ends alone, for a place where its level is said already.
    """

    size: str
    interval: str
    reading: str
    prevented: str
    span: str


def effect_text(effect: Effect) -> EffectText:
    """Say one effect in words, on the scale that the record gives."""
    low, high = effect.ci_low, effect.ci_high
    level = f"{effect.ci_level * 100:g}%"
    if low is None or high is None:
        span = interval = "no interval reported"
        reading = "No interval, so the size is uncertain to an unknown degree"
    else:
        span = f"{change(low, effect.scale)} to {change(high, effect.scale)}"
        interval = f"{level} interval: {span}"
        if high < 0:
            reading = "The whole interval is below no change"
        elif low > 0:
            reading = "The whole interval is above no change"
        else:
            reading = "The interval includes no change"
    return EffectText(
        change(effect.estimate, effect.scale), interval, reading, _prevented(effect), _spoken(span, effect)
    )


def reported_text(reported: Reported) -> EffectText:
    """Say one published figure in words, as its source gives it; a percentage as lower or higher."""
    low, high = reported.low, reported.high
    interval = "no interval reported" if low is None or high is None else f"published interval {low:g} to {high:g}"
    reading = f"p as published: {reported.p}" + ("; computed from published figures" if reported.formula else "")
    if reported.value is None:
        # A null or missing result is told in its own sentence, not left as a blank.
        reading = reported.statement.rstrip(".")
    return EffectText(_published(reported), interval, reading, "not reported", interval)


def _published(reported: Reported) -> str:
    value, unit = reported.value, reported.unit
    if value is None:
        return "no single figure"
    if unit == "percent change":
        return f"{abs(value):g}% {'lower' if value < 0 else 'higher'}" if value else "no change"
    # Thousands of offences must not become 4.1e+04; a ratio is named before it is given.
    shown = f"{value:,.10g}".replace("-", "−")
    return f"{unit} {shown}" if unit.endswith("ratio") else f"{shown} {unit}".strip()


def outcome_of(record: LearningRecord, outcome_id: str) -> RecordOutcome | None:
    """The record's outcome of that id, or None where an effect names one that the record does not describe."""
    return next((o for o in record.outcomes if o.id == outcome_id), None)


def measure_of(record: LearningRecord, outcome_id: str) -> str:
    """What was measured, in the record's words; the bare id where the record does not say."""
    found = outcome_of(record, outcome_id)
    return found.measure if found else outcome_id


def rating_of(record: LearningRecord, outcome_id: str) -> RecordRating | None:
    """The first rating of an outcome, or None."""
    return next((r for r in record.ratings if r.outcome == outcome_id), None)


def plain(code: str) -> str:
    """A code such as ``hot_spot_policing`` as words."""
    words = " ".join(_ABBREVIATIONS.get(w, w) for w in code.replace("_", " ").replace("-", " ").strip().split(" "))
    return words[:1].upper() + words[1:]


def organisation_name(slug: str) -> str:
    """An organisation's slug as a name: ``north-east-vru`` as North East VRU."""
    return " ".join(w.upper() if w in _INITIALS else w.capitalize() for w in slug.split("-"))


def change(value: float, scale: str) -> str:
    """One value on an effect's scale as a change in words: "25% fewer", "42 fewer", "no change"."""
    if scale in ("mean_difference", "risk_difference"):
        points = scale == "risk_difference"
        shown = f"{100 * abs(value):.1f}" if points else f"{abs(value):,.3g}"
        if float(shown.replace(",", "")) == 0:
            return "no change"
        return f"{shown}{' percentage points' if points else ''} {'lower' if value < 0 else 'higher'}"
    if scale == "count_difference":
        size = abs(value)
        shown = f"{size:,.0f}" if size >= 9.5 else f"{size:.1f}".removesuffix(".0")
        if shown == "0":
            return "no change"
        return f"{shown} {'fewer' if value < 0 else 'more'}"
    return rate_change(value)


def _spoken(span: str, effect: Effect) -> str:
    # Beside other results, an interval of another level must say so.
    return span if effect.ci_level == 0.95 or effect.ci_low is None else f"{span} ({effect.ci_level * 100:g}%)"


def _prevented(effect: Effect) -> str:
    if effect.events_prevented is None:
        return "not reported"
    text = _count(effect.events_prevented)
    if effect.events_prevented_low is not None and effect.events_prevented_high is not None:
        text += f" ({_count(effect.events_prevented_low)} to {_count(effect.events_prevented_high)})"
    return text


def _count(value: float) -> str:
    if abs(value) >= 1e12:
        return f"{value:.3g}"
    return f"{round(value):,}".replace("-", "−")
