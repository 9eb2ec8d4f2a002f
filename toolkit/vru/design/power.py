"""The power of one analysis at the size of one evaluation, read off replays of other sizes."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vru.calibration import Seen
from vru.design.replaying import FALLS, RISES, Replayed
from vru.stats.replays import rising, share, smallest_seen


@dataclass(frozen=True, slots=True)
class Curve:
    """Power by known effect. smallest_fall, smallest_rise : log rate ratios, None where none that was tried is seen."""

    seen: tuple[Seen, ...]
    smallest_fall: float | None
    smallest_rise: float | None


def power_curve(answered: Sequence[Replayed], size: Mapping[str, float], effective: float) -> Curve:
    """How often each known effect was seen, at the evaluation's own size.

    size : frame -> standard error of the evaluation over that of the frame's replays. An effect twice as large is as
    easily seen by an analysis half as precise, so an effect put into a replay counts as one ``size`` times as large.
    """
    falls, rises = (_direction(answered, size, effective, side) for side in (FALLS, RISES))
    return Curve((*reversed(falls[0]), *rises[0]), falls[1], rises[1])


def _direction(
    answered: Sequence[Replayed], size: Mapping[str, float], effective: float, ratios: Sequence[float]
) -> tuple[tuple[Seen, ...], float | None]:
    points: dict[float, list[bool]] = {}
    for one in answered:
        for ratio, yes in one.seen:
            if (ratio < 1) == (ratios[0] < 1):
                points.setdefault(round(math.log(ratio) * size[one.frame], 9), []).append(yes)
    if not points:
        return (), None
    at = np.array(sorted(points, key=abs))
    found = rising(np.array([np.mean(points[x]) for x in at]))
    told = []
    for ratio in ratios:
        k = _nearest(at, math.log(ratio))
        middle = float(np.interp(abs(math.log(ratio)), np.abs(at), found))
        runs = len(points[at[k]])
        ends = share(round(middle * runs), runs, effective)
        told.append(Seen(ratio, round(middle, 4), round(min(ends.low, middle), 4), round(max(ends.high, middle), 4)))
    return tuple(told), smallest_seen(at, found)


def _nearest(at: np.ndarray, x: float) -> int:
    return int(np.abs(np.abs(at) - abs(x)).argmin())
