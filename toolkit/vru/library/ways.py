"""Which way a figure with an interval points: one rule for every scale whose null is known, here and on every page."""

from typing import Literal

from vru.parts import Reported
from vru.record import Effect, LearningRecord

Way = Literal["better", "unclear", "worse", "unknown"]


def way_of(low: float | None, high: float | None, null: float, hoped: str | None) -> Way:
    """Better or worse where the whole interval lies on one side of no effect, unclear across it, unknown without one."""
    if low is None or high is None or hoped is None:
        return "unknown"
    if low <= null <= high:
        return "unclear"
    return "better" if (high < null) == (hoped == "decrease") else "worse"


def null_of(unit: str) -> float:
    """What no effect is in a published unit: 1 for ratios (odds, risk, rate, hazard), 0 for differences and changes."""
    return 1.0 if unit.strip().lower().endswith("ratio") else 0.0


def of_effect(record: LearningRecord, effect: Effect | None) -> Way:
    """An effect of a record; its scales are logs of ratios and differences, whose null is 0."""
    if effect is None:
        return "unknown"
    return way_of(effect.ci_low, effect.ci_high, 0.0, hoped_of(record, effect.outcome))


def of_reported(record: LearningRecord, figure: Reported) -> Way:
    """A figure as a publication prints it."""
    return way_of(figure.low, figure.high, null_of(figure.unit), hoped_of(record, figure.outcome))


def of_published(record: LearningRecord, outcome: str) -> Way:
    """What a literature record retells of one outcome: its first figure with an interval; unknown where none has one."""
    told = record.literature.reported if record.literature else ()
    ways = (of_reported(record, r) for r in told if r.outcome == outcome)
    return next((way for way in ways if way != "unknown"), "unknown")


def of_record(record: LearningRecord, effect: Effect | None) -> Way:
    """What a list says of a record: its leading effect, else the first published figure with an interval."""
    way = of_effect(record, effect)
    if way != "unknown":
        return way
    return next((w for o in record.outcomes if (w := of_published(record, o.id)) != "unknown"), "unknown")


def hoped_of(record: LearningRecord, outcome: str) -> str | None:
    """Which change of an outcome is good; None where the record does not say."""
    return next((o.direction for o in record.outcomes if o.id == outcome), None)
