"""An effect in words: one rule for checks, reports, pages, the terminal and the library."""

import math

WHOLE_FROM = 9.95
"""Per cent from which no decimal is shown."""
_LARGEST_LOG = 50.0


def rate_change(log_ratio: float | None, scale: str = "log_rate_ratio") -> str:
    """A log rate ratio as a change: "12% fewer", "4.9% more", "2.4 times as many", "no change"; None is "no limit".

    One decimal below 10% (but no .0), none above; from a doubling on, times; never "100% fewer" of something that still happens.

    >>> import math
    >>> [rate_change(math.log(r)) for r in (0.951, 0.904, 0.0049, 1.0004, 2.4)]
    ['4.9% fewer', '9.6% fewer', 'more than 99% fewer', 'no change', '2.4 times as many']

    Raises ValueError where ``scale`` is no log rate ratio.
    """
    if scale != "log_rate_ratio":
        raise ValueError(f"{scale} is no log rate ratio")
    if log_ratio is None:
        return "no limit"
    ratio = math.exp(min(log_ratio, _LARGEST_LOG))
    if ratio >= 2:
        return "more than 100 times as many" if ratio > 100 else f"{ratio:,.1f}".removesuffix(".0") + " times as many"
    percent = 100 * abs(ratio - 1)
    if percent < 0.05:
        return "no change"
    if ratio < 0.005:
        return "more than 99% fewer"
    shown = f"{percent:.0f}" if percent >= WHOLE_FROM else f"{percent:.1f}".removesuffix(".0")
    return f"{shown}% {'fewer' if ratio < 1 else 'more'}"
