"""Areas as they are drawn: outlines in metres from the corner of their own map, so that no coordinate leaves with them."""

from dataclasses import dataclass
from typing import Literal

Ring = tuple[tuple[float, float], ...]
Part = Literal["treated", "comparison", "buffer", "buffer_comparison", "chosen", "context"]
Change = Literal["", "fewer", "more", "no clear change"]


@dataclass(frozen=True, slots=True)
class MapArea:
    """One area. rings : outlines, holes among them. role : an arm, "chosen" or "context".

    change : of the primary outcome's rate, from before the start to after it; "" where it is not shown. ratio : after over
    before. before, after : events in all. None where it is not known or may not be shown.
    """

    name: str
    role: Part
    rings: tuple[Ring, ...]
    change: Change = ""
    ratio: float | None = None
    before: float | None = None
    after: float | None = None


@dataclass(frozen=True, slots=True)
class AreaMap:
    """A map ``width`` by ``height`` metres, north up, with its areas in drawing order.

    without : areas of the evaluation that no outline was at hand for.
    """

    width: float
    height: float
    areas: tuple[MapArea, ...]
    without: int = 0
