"""What a specification curve says, in words: for the terminal and for reports alike."""

from collections.abc import Iterator

from vru.curve import Specification, SpecificationCurve
from vru.words.effects import rate_change
from vru.words.p_value import p_is


def headline(curve: SpecificationCurve) -> str:
    """How far the answers reach, where the registered one lies among them, and how many agree with its direction."""
    values = sorted(p.value for p in curve.answered if p.value is not None)
    if not values:
        return "No specification gives a ratio of offences."
    own = curve.points[0]
    fewer = sum(v < 0 for v in values)
    text = (
        f"{len(values)} specifications answer, from {rate_change(values[0])} to {rate_change(values[-1])} than expected, "
        f"half of them at or below {rate_change(median(values))}. {fewer} say fewer offences and {len(values) - fewer} do not."
    )
    if own.value is not None:
        place = sum(v <= own.value for v in values)
        text += f" The registered one says {rate_change(own.value)}; {place - 1} say a larger fall or the same."
    apart = [p for p in curve.answered if p.low is not None and p.high is not None]
    sure = sum(1 for p in apart if p.high is not None and p.low is not None and (p.high < 0 or p.low > 0))
    text += f" Of {len(apart)} with an interval, {sure} leave out no effect."
    return text + _missing(curve)


def median(values: list[float]) -> float:
    """The middle value, or the mean of the two middle ones."""
    n = len(values)
    return (values[(n - 1) // 2] + values[n // 2]) / 2


def _missing(curve: SpecificationCurve) -> str:
    text = ""
    if refused := sum(1 for p in curve.points if p.refused):
        text += f" {refused} cannot be answered with these data."
    if curve.left_out:
        text += f" {curve.left_out} rest on small counts and are not shown."
    return text


def joint_words(curve: SpecificationCurve) -> str:
    """The joint test in words, and on what it stands."""
    joint = curve.joint
    if joint is None:
        return "They were not tested together."
    text = f"Together: the median of {joint.tried} specifications is {rate_change(joint.median)}"
    if joint.p is None:
        return f"{text}; with these few areas or draws there is no joint test."
    text += f"; with areas called treated by lot {joint.draws:,} times, a median as far from none has {p_is(joint.p)}."
    if not joint.exchangeable:
        text += (
            " Lots did not decide which areas were treated here, so this says how unusual the median would be among areas drawn "
            "by lot, and nothing of whether treated and comparison areas were alike."
        )
    return text


def listed(curve: SpecificationCurve) -> Iterator[str]:
    """One line per specification, from the largest fall, the registered one marked."""
    own = curve.points[0]
    order = sorted(curve.answered, key=lambda p: p.value or 0.0)
    for p in order:
        assert p.value is not None
        span = "no interval"
        if p.low is not None and p.high is not None:
            span = f"{rate_change(p.low)} to {rate_change(p.high)}"
        yield f"{'* ' if p is own else '  '}{rate_change(p.value):>22}  ({span})  {_choices(curve, p)}"
    for p in curve.points:
        if p.refused:
            yield f"{'* ' if p is own else '  '}{'no answer':>22}  {_choices(curve, p)}: {p.refused}"


def _choices(curve: SpecificationCurve, point: Specification) -> str:
    return "; ".join(f"{name} {point.choices[name]}" for name in curve.varied)
