"""False alarms of the methods on real violence where nothing was done, as ``benchmarks/placebo_real.py`` measured them."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

Way = Literal["force_lot", "hot_lot", "rank", "peak", "district"]
"""How the areas called treated, and those they are compared with, were drawn."""

IN_WORDS: dict[Way, str] = {
    "force_lot": "with areas drawn by lot from the whole force",
    "hot_lot": "with the hottest areas split by lot",
    "rank": "with the hottest areas against the next hottest",
    "peak": "with areas chosen on a peak just before the start",
    "district": "with the hottest areas of one district against those of others",
}


@dataclass(frozen=True, slots=True)
class Measured:
    """p below .05 in so many per cent of placebo evaluations: the lowest and the highest of the runs, and all together."""

    low: float
    high: float
    overall: float

    @property
    def words(self) -> str:
        """ "3 to 8"."""
        low, high = f"{self.low:.0f}", f"{self.high:.0f}"
        return low if low == high else f"{low} to {high}"


def false_alarms(method: str, way: Way) -> Measured | None:
    """What was measured of a method with its default options, or None where it was not."""
    runs = _rates().get(method, {}).get(way, {})
    shares = [100 * hits / tried for hits, tried in runs.values() if tried]
    if not shares:
        return None
    return Measured(min(shares), max(shares), 100 * sum(h for h, _ in runs.values()) / sum(n for _, n in runs.values()))


@cache
def _rates() -> dict[str, dict[str, dict[str, list[int]]]]:
    text = Path(__file__).with_name("measured.json").read_text(encoding="utf-8")
    found: dict[str, dict[str, dict[str, list[int]]]] = json.loads(text)["false_alarms"]
    return found


def sentence(method: str) -> str:
    """What a method's card says of it on real violence; empty where it was not measured."""
    said = [
        f"{rate.words} {words}" for way, words in IN_WORDS.items() if (rate := false_alarms(method, way)) is not None
    ]
    if not said:
        return ""
    return (
        f"On real violence, nothing done (`benchmarks/placebo_real.md`, lowest to highest of the runs), p below .05 in 100: "
        f"{'; '.join(said)}."
    )
