"""What an analysis was found to do on its own data where nothing was done: part of a result, written by ``vru calibrate``."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seen:
    """How often a known effect was seen: ``ratio`` times the offences after the start; a share and its Monte Carlo interval."""

    ratio: float
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """What the registered analysis does where nothing was done, and where a known effect was put in.

    drawn : how areas were called treated, in words. frames : replays answered, by what they were drawn from.
    rate, rate_low, rate_high : share of replays that claimed an effect, and its Monte Carlo interval. covered : share whose
        interval holds no effect; None where the method gives no interval.
    effective, effective_dates : how many independent replays, and dates, these are worth.
    p, low, high : of the evaluation's own estimate by its placebos; None where ``withheld`` says why.
    seen : the power curve at the evaluation's own size. smallest_fall, smallest_rise : log rate ratios seen with 80%
        power; None where none that was tried is.
    size : standard error of the evaluation over that of its replays, by which known effects were brought to its size.
    bins : how many placebo estimates lie from one edge to the next, in standard errors; ``edges`` has one more.
    bound : what this is a calibration of: digests of plan, data and code, seed, versions. It holds for no other.
    """

    analysis: str
    method: str
    outcome: str
    level: float
    drawn: str
    frames: Mapping[str, int]
    replays: int
    refused: int
    false_alarms: int
    rate: float
    rate_low: float
    rate_high: float
    covered: float | None
    effective: float
    effective_dates: float
    reach: float | None
    own: float | None
    p: float | None
    low: float | None
    high: float | None
    withheld: str
    seen: tuple[Seen, ...]
    smallest_fall: float | None
    smallest_rise: float | None
    size: float
    edges: tuple[float, ...]
    bins: tuple[int, ...]
    notes: tuple[str, ...]
    bound: Mapping[str, str]
