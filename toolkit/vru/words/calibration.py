"""A calibration in words: one rule for report, page, record and terminal."""

from vru.calibration import Calibration
from vru.words.effects import rate_change
from vru.words.p_value import p_is

NOT_CALIBRATED = (
    "Not calibrated. How often this analysis claims a change where nothing was done, and how small an effect it could have "
    "seen, has not been measured on these data: its interval and p rest on the method's own assumptions."
)


def alarm_words(found: Calibration) -> str:
    """ "5% of 500 (2% to 11%), as often as it says (5%)"."""
    nominal = 1 - found.level
    verdict = "as often as it says, as far as these replays can tell"
    if found.rate_low > nominal:
        verdict = "more often than it says: its p and interval claim too much on these data"
    elif found.rate_high < nominal:
        verdict = "less often than it says: it is cautious on these data"
    ends = f"{_percent(found.rate_low)} to {_percent(found.rate_high)}"
    share = f"{_percent(found.rate)} of {found.replays} ({ends})"
    return f"a change claimed where nothing was done in {share}, where it says {_percent(nominal)}: {verdict}"


def own_words(found: Calibration, scale: str = "") -> str:
    """The calibrated p and interval, or why there are none. scale : of the estimate; without it no interval is worded."""
    if found.p is None or found.reach is None:
        return f"no calibrated p or interval: {found.withheld}"
    text = f"{abs(found.own or 0):.1f} standard errors from no effect; calibrated {p_is(found.p)}"
    if found.p <= 1.01 / (1 + found.effective):
        text += ", as low as this many independent replays can show"
    if scale == "log_rate_ratio":
        text += f"; calibrated interval from {rate_change(found.low)} to {rate_change(found.high)}"
    return f"{text} ({100 * found.level:.0f}% of the replays lie within {found.reach:.2f} standard errors)"


def smallest_words(found: Calibration) -> str:
    """The smallest effect that this analysis could have seen, so that nothing found is not read as nothing there."""
    fall = _smallest(found.smallest_fall, [s.ratio for s in found.seen if s.ratio < 1])
    rise = _smallest(found.smallest_rise, [s.ratio for s in found.seen if s.ratio > 1])
    return (
        f"The smallest fall that this analysis would have seen with 80% power is {fall}, the smallest rise {rise}. A smaller "
        "effect may be there and not be found."
    )


def _smallest(value: float | None, tried: list[float]) -> str:
    if value is not None:
        return rate_change(value).removesuffix(" fewer").removesuffix(" more")
    if not tried:
        return "not known"
    largest = min(tried) if tried[0] < 1 else max(tried)
    return f"larger than {abs(100 * (largest - 1)):.0f}%, the largest that was tried"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%".replace(".0%", "%") if share < 0.0995 else f"{100 * share:.0f}%"
