"""How an extract of events was matched with the people of a plan: who was found, by arm, before and after their start."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

UNEVEN, FEWER, SURE = 0.1, 0.8, 2.5
"""An arm is matched much worse: by ten points, by a fifth, and by two and a half standard errors."""
ENOUGH = 10
"""Smaller arms say nothing."""


@dataclass(frozen=True, slots=True)
class LinkedArm:
    """One arm. n : people. any, before, after : of them, with an event at all; before their follow-up; in it.

    not_found : said by the holder of the events not to be on record. near : without an event, whose id is another's but for
    case, signs or leading zeros.
    """

    n: int
    any: int
    before: int
    after: int
    not_found: int = 0
    near: int = 0


@dataclass(frozen=True, slots=True)
class Linkage:
    """One extract. data : its id in the plan. arms : "treated" and "comparison".

    rows : reason -> rows of the extract: what each row became. custody : arm -> share of follow-up in custody.
    """

    data: str
    arms: Mapping[str, LinkedArm]
    rows: Mapping[str, int]
    custody: Mapping[str, float]


def uneven(link: Linkage) -> tuple[str, str, str] | None:
    """The arm matched much worse, the other, and when: before follow-up no programme can have changed it."""
    arms = {name: arm for name, arm in link.arms.items() if arm.n >= ENOUGH}
    if len(arms) < 2:
        return None
    for moment in ("before follow-up", "at all"):
        pairs = {k: (a.before if moment == "before follow-up" else a.any, a.n) for k, a in arms.items()}
        if not any(hits for hits, _ in pairs.values()):
            continue
        worse, better = sorted(pairs, key=lambda k: pairs[k][0] / pairs[k][1])
        none = pairs[worse][0] == 0
        if (moment == "before follow-up" or none) and _much(*pairs[worse], *pairs[better]):
            return worse, better, moment
    return None


def _much(x: int, n: int, y: int, m: int) -> bool:
    low, high, whole = x / n, y / m, (x + y) / (n + m)
    spread = math.sqrt(max(whole * (1 - whole), 1e-12) * (1 / n + 1 / m))
    return high - low >= UNEVEN and low <= FEWER * high and high - low > SURE * spread
