"""What may be claimed: the sentence that the rating licenses, and never a stronger one."""

from vru.protocol import Protocol
from vru.report import naming
from vru.report import wording as w
from vru.results import Estimate, EvaluationResult, Interval
from vru.words.evidence import Strength, against, is_exercise, strength
from vru.words.terms import terms_of


def headline(protocol: Protocol, result: EvaluationResult, estimate: Estimate) -> str:
    """One sentence: what was found, in the strongest words that design, checks and interval allow."""
    name = protocol.intervention.name.rstrip(".")
    what = naming.counted(protocol, estimate.outcome)
    size = terms_of(protocol, estimate.outcome).say(effect(estimate))
    if estimate.low is None or estimate.high is None:
        return (
            f"It is not clear whether {name} made a difference to {what}: the best estimate, {size}, has no interval."
        )
    if estimate.low <= 0 <= estimate.high or size.startswith("no "):
        return (
            f"It is not clear whether {name} made a difference to {what}: the best estimate is {size}, "
            f"and these data fit with both {_both(protocol, estimate)}."
        )
    found = _found(estimate, size, what, naming.events(protocol, estimate.outcome))
    if is_exercise(protocol, result):
        return f"Exercise: the analysis finds {found} than expected{_truth(protocol, result)}."
    said = _SENTENCES[strength(result, estimate.outcome)].format(name=name, found=found)
    doubts = against(result, estimate.outcome)
    return f"{said[:-1]}, as {w.listing(doubts)}." if doubts else said


def _found(estimate: Estimate, size: str, what: str, several: str) -> str:
    """ "19% fewer recorded offences (violence)"; of means and risks, "wellbeing 0.4 lower"."""
    if estimate.scale in ("mean_difference", "risk_difference"):
        return f"{what} {size}" if estimate.scale == "mean_difference" else f"the share of {what} {size}"
    if _is_hazard(estimate):
        return f"{size} ({w.plain(estimate.outcome)})"
    if estimate.unit != "offences":
        return f"{size}, counted by the plan's weights,"
    return f"{size.removesuffix(f' {several}')} {what}"


def _both(protocol: Protocol, estimate: Estimate) -> str:
    if estimate.scale in ("mean_difference", "risk_difference"):
        return "a lower value and a higher one"
    return f"fewer {naming.events(protocol, estimate.outcome)} and more"


def _truth(protocol: Protocol, result: EvaluationResult) -> str:
    made = protocol.artificial_effect
    ratio = result.provenance.truth.get("rate_ratio", made.keep_share if made is not None else None)
    return "" if ratio is None else f"; by design, the truth is {w.percent_change(ratio)}"


def effect(estimate: Estimate) -> str:
    """The estimate in words: "19% fewer", "118 fewer offences", "6% fewer per 10 minutes"."""
    return f"{_effect(estimate)} per {estimate.per}" if estimate.per else _effect(estimate)


def _effect(estimate: Estimate) -> str:
    ratio = estimate.ratio
    if estimate.scale in ("mean_difference", "risk_difference"):
        return _of_days(estimate, w.shift(estimate.value, estimate.scale == "risk_difference"))
    if ratio is None:
        return w.difference(estimate.value, estimate.unit)
    said = w.percent_change(ratio.value)
    return f"a rate of first events {_of_rate(said)}" if _is_hazard(estimate) and said != "no change" else said


def _is_hazard(estimate: Estimate) -> bool:
    return estimate.estimand.startswith("hazard ratio")


def _of_days(estimate: Estimate, said: str) -> str:
    """Words about a mean as words about days, where the mean is of days after a first event."""
    if "mean days" not in estimate.estimand:
        return said
    return said.replace("lower", "days fewer").replace("higher", "days more")


def _of_rate(said: str) -> str:
    """Words about how many as words about a rate."""
    return said.replace("fewer", "lower").replace("more", "higher").replace("times as many", "times as high")


def effect_interval(estimate: Estimate) -> str:
    """The estimate's interval in words."""
    ratio = estimate.ratio
    if estimate.scale in ("mean_difference", "risk_difference"):
        return _of_days(estimate, w.shift_interval(estimate.low, estimate.high, estimate.scale == "risk_difference"))
    if ratio is None:
        return w.difference_interval(estimate.low, estimate.high, estimate.unit)
    return _of_rate(w.percent_interval(ratio)) if _is_hazard(estimate) else w.percent_interval(ratio)


def size_that_matters(protocol: Protocol, estimate: Estimate) -> str:
    """Where the interval lies against the smallest effect that was registered as mattering."""
    share, rises = protocol.question.smallest_effect, _good_is_more(protocol, estimate.outcome)
    wanted = f"{w.percent(share)} {'more' if rises else 'fewer'}"
    opening = wanted[0].upper() + wanted[1:]
    ratio = estimate.ratio
    if ratio is None:
        return f"{opening}, registered as the smallest effect that would matter, cannot be set against a difference."
    if ratio.low is None or ratio.high is None:
        return f"{opening} was registered as the smallest effect that would matter; with no interval, that stays open."
    bound = 1 + share if rises else 1 - share
    reached = ratio.low >= bound if rises else ratio.high <= bound
    missed = ratio.high < bound if rises else ratio.low > bound
    if reached:
        return (
            f"The whole interval is at least as large as {wanted}, registered as the smallest effect that would matter."
        )
    if missed:
        return f"The whole interval falls short of {wanted}, registered as the smallest effect that would matter."
    return (
        f"{opening} was registered as the smallest effect that would matter. The interval holds "
        "sizes on both sides of it, so these data do not settle whether the effect was large enough to matter."
    )


def excludes_no_effect(interval: Interval) -> bool:
    """Whether both ends are known and lie on the same side of zero."""
    return interval.low is not None and interval.high is not None and (interval.low > 0 or interval.high < 0)


_SENTENCES: dict[Strength, str] = {
    "caused": "The intervention ({name}) caused a difference: {found} than expected without it.",
    "associated": (
        "The intervention ({name}) was associated with {found} than expected; "
        "this evaluation does not show that it caused the difference."
    ),
    "change": (
        "After the intervention ({name}) began, there was a change: {found} than expected; "
        "this evaluation cannot say that the intervention made the difference."
    ),
}


def _good_is_more(protocol: Protocol, outcome: str) -> bool:
    return any(o.id == outcome and o.direction == "increase" for o in protocol.outcomes)
