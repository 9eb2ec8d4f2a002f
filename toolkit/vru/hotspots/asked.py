"""What a search for hot spots was asked to do; every option is in what it writes, so that it can be done again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from vru.errors import Problem, VruError
from vru.periods import months_between

By = Literal["lsoa", "hexagon", "square", "segment", "areas"]
Method = Literal["count", "kernel", "getis_ord"]
Columns = Mapping[str, str]
FINE_M = 500.0
"""Published points stand for several streets each: a grid finer than this many metres shows where the points are."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A search: among which areas, by what score, how many, on which months.

    by : candidates. method : score. top, at_least : how many are chosen, or all with so many events in the selection window
        (of getis_ord, neither: all that stand out at 5% after Benjamini and Hochberg).
    first, last : the selection window, YYYY-MM; None: the last twelve months. ahead : months looked at after a choice.
    cell : side of a square, metres. resolution : of h3. reach : half the width of a street segment, metres.
    shapes, radius : a map; with a radius, a CSV file of points, each a circle of so many metres.
    bandwidth : metres, of the kernel and of the neighbourhood of Gi*. weights : crime type -> harm. open_points : whether
        places are published points, moved to a fixed list.
    """

    by: By
    method: Method = "count"
    top: int | None = None
    at_least: float | None = None
    first: str | None = None
    last: str | None = None
    ahead: int = 12
    cell: float = 250.0
    resolution: int = 9
    reach: float = 25.0
    bandwidth: float = 400.0
    shapes: Path | None = None
    id_field: str = "id"
    radius: float | None = None
    kinds: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    outcome: str = "violence"
    force: str | None = None
    until: str | None = None
    open_points: bool = False
    seed: int = 1

    @property
    def fine(self) -> bool:
        """Whether the areas are finer than published points can be read."""
        edge = {8: 531.0, 7: 1406.0}.get(self.resolution, 0.0 if self.resolution > 8 else 1406.0)
        width = {"square": self.cell, "hexagon": edge, "segment": 0.0}.get(self.by, FINE_M)
        return self.open_points and (width < FINE_M or self.method == "kernel")

    @property
    def words(self) -> str:
        """The candidates and the score in words."""
        candidates = {
            "lsoa": "LSOAs",
            "hexagon": f"hexagons (h3 resolution {self.resolution})",
            "square": f"squares of {self.cell:g} m",
            "segment": f"street segments with {self.reach:g} m on either side",
            "areas": "areas of the map given",
        }[self.by]
        score = {
            "count": "number of events",
            "kernel": f"kernel density within {self.bandwidth:g} m",
            "getis_ord": f"Getis-Ord Gi* within {self.bandwidth:g} m",
        }[self.method]
        return f"{candidates}, by {score}{', weighted by harm' if self.weights else ''}"


def selection_window(asked: Asked, months: tuple[str, ...]) -> tuple[int, int]:
    """The first and last month chosen on, as positions. Raises VruError: outside the data, reversed."""
    last = asked.last or months[-1]
    first = asked.first or months[max(months.index(last) - 11, 0) if last in months else 0]
    span = months_between(first, last)
    if not span:
        raise VruError(Problem(f"{first} comes after {last}", "--first"))
    if first not in months or last not in months:
        what = f"the selection window {first} to {last} is not within the data"
        raise VruError(Problem(what, "--first, --last", f"{months[0]} to {months[-1]}"))
    return months.index(first), months.index(last)


def amount_problems(asked: Asked) -> list[Problem]:
    """Options that contradict each other or make no sense, before any data are read."""
    found = []
    if asked.top is not None and asked.at_least is not None:
        found.append(Problem("say how many, or from which count on, not both", "--top, --at-least"))
    for name, value, low, high in (
        ("--top", asked.top, 1, 5000),
        ("--cell", asked.cell, 20, 20_000),
        ("--resolution", asked.resolution, 5, 12),
        ("--reach", asked.reach, 1, 500),
        ("--bandwidth", asked.bandwidth, 20, 20_000),
        ("--ahead", asked.ahead, 1, 60),
        ("--radius", asked.radius, 5, 5000),
        ("--at-least", asked.at_least, 0, np.inf),
    ):
        if value is not None and not low <= value <= high:
            found.append(Problem(f"{value:g} is too small or too large", name, f"{low:g} to {high:g}"))
    if asked.by in ("segment", "areas") and asked.shapes is None:
        found.append(Problem(f"--by {asked.by} needs a map", "--shapes", "GeoJSON, GeoPackage or Shapefile"))
    if asked.shapes is not None and not asked.shapes.is_file():
        found.append(
            Problem("is not there", str(asked.shapes), "a GeoJSON, GeoPackage or Shapefile", "--shapes names it")
        )
    if asked.radius is not None and asked.by != "areas":
        found.append(Problem("belongs to circles", "--radius", "--by areas with --shapes POINTS.csv"))
    if asked.by in ("hexagon", "square") and asked.shapes is not None:
        found.append(Problem(f"--by {asked.by} takes no map", "--shapes"))
    if asked.by == "lsoa" and asked.method == "kernel":
        hint = "areas differ in size: use --by square or --by hexagon, or --method count"
        found.append(Problem("a kernel needs places, and LSOAs are counted by code", "--method", hint=hint))
    if asked.by == "lsoa" and asked.method == "getis_ord" and asked.shapes is None:
        found.append(Problem("Gi* needs to know which LSOAs are neighbours", "--shapes", "a map of LSOAs"))
    return found
