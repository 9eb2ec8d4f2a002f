"""The axis of a forest plot: limits and ticks. ``assets/forest.js`` draws by the same rules; a test ties the two."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

LEFT, RIGHT = 262.0, 552.0
"""Where the axis runs, in units of the drawing, which is 760 wide."""
APART = {"log_rate_ratio": 52.0, "count_difference": 86.0, "mean_difference": 86.0, "risk_difference": 86.0}
"""How far ticks must be apart for their words not to touch."""
LEAST = {"log_rate_ratio": math.log(1.1), "count_difference": 1.0, "mean_difference": 1e-6, "risk_difference": 0.01}
"""An axis reaches at least this far on either side of no change."""
_MARGIN = 0.06
# A bound beyond eightfold is cut off with an arrow: else one wild interval would flatten all others.
_LARGEST = math.log(8)
# In order of preference: a tick is kept where it does not touch one that was kept before.
RATIOS = (
    (1.0, "no change"),
    (0.5, "−50%"),
    (2.0, "+100%"),
    (0.75, "−25%"),
    (1.5, "+50%"),
    (0.25, "−75%"),
    (4.0, "+300%"),
    (1.25, "+25%"),
    (0.9, "−10%"),
    (1.1, "+10%"),
    (0.125, "−88%"),
    (8.0, "+700%"),
)


@dataclass(frozen=True, slots=True)
class Axis:
    """Limits on the effects' scale and the ticks as (value, words), lowest first."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]

    def x(self, value: float) -> float:
        """Where a value lies in the drawing; values outside the limits lie on the nearer one."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return LEFT + share * (RIGHT - LEFT)

    def beyond(self, value: float) -> bool:
        """Whether a value is outside the limits and must be drawn as an arrow."""
        return value < self.low or value > self.high


def axis(values: Sequence[float], scale: str) -> Axis:
    """An axis that holds ``values`` (estimates and bounds, on ``scale``) and no change."""
    if scale == "log_rate_ratio":
        values = [min(max(v, -_LARGEST), _LARGEST) for v in values]
    least = LEAST[scale]
    low, high = min([*values, -least]), max([*values, least])
    margin = _MARGIN * (high - low)
    made = Axis(low - margin, high + margin, ())
    marks = [(math.log(r), words) for r, words in RATIOS] if scale == "log_rate_ratio" else _steps(low, high, scale)
    kept: list[tuple[float, str]] = []
    for value, words in marks:
        if not made.beyond(value) and all(abs(made.x(value) - made.x(k)) >= APART[scale] for k, _ in kept):
            kept.append((value, words))
    return Axis(made.low, made.high, tuple(sorted(kept)))


WAYS = {
    "count_difference": ("fewer", "more"),
    "mean_difference": ("lower", "higher"),
    "risk_difference": ("points lower", "points higher"),
}


def _steps(low: float, high: float, scale: str) -> list[tuple[float, str]]:
    # Shares are told in percentage points.
    unit = 0.01 if scale == "risk_difference" else 1.0
    less, more = WAYS[scale]
    rough = (high - low) / unit / 3
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough)
    marks = [(0.0, "no change")]
    for i in range(1, 5):
        size = i * step
        words = f"{size:,.0f}" if size >= 1 else f"{size:g}"
        marks += [(-size * unit, f"{words} {less}"), (size * unit, f"{words} {more}")]
    return marks
