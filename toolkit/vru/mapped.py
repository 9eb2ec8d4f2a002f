"""Areas as they are drawn: outlines in metres from the corner of their own map, so that no coordinate leaves with them."""

from dataclasses import dataclass

Ring = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class MapArea:
    """One area. rings : outlines, holes among them. role : an arm, "chosen" or "context".

    change : rate after over rate before, None where it is not shown.
    """

    name: str
    role: str
    rings: tuple[Ring, ...]
    change: float | None = None


@dataclass(frozen=True, slots=True)
class AreaMap:
    """A map ``width`` by ``height`` metres, north up, with its areas in drawing order."""

    width: float
    height: float
    areas: tuple[MapArea, ...]
