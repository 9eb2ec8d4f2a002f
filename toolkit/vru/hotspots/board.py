"""Events counted by candidate area and month, as a plan over the same areas would count them."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from vru.errors import DataError, Problem
from vru.events import DataNote, Events
from vru.geography.areas import Areas, overlaps, read_areas, some
from vru.geography.assign import assign, grid_points
from vru.geography.choose import own_units
from vru.geography.circles import read_circles
from vru.geography.coverage import matrix, modal_forces
from vru.geography.tally import Places, check_filters, connect, distinct_places, tally, unit_names
from vru.hotspots.asked import Asked
from vru.hotspots.cells import Cells, as_areas, hexagons, segments, squares
from vru.periods import months_between
from vru.protocol.fields import Outcome
from vru.stats.hot_spots import kernel_matrix, within_distance


@dataclass(frozen=True, slots=True)
class Board:
    """Candidates and their counts.

    shapes : polygons on the National Grid ``(n_areas,)``, None where there is no map. counts : ``(n_areas, n_months)``,
    weighted where weights were asked for. seen : bool ``(n_months,)``, months of which the data are there. spread : what
    turns counts at places (``at_places``, ``(n_places, n_months)``) into density at areas; neighbours : of Gi*.
    """

    ids: tuple[str, ...]
    months: tuple[str, ...]
    seen: np.ndarray
    counts: np.ndarray
    shapes: np.ndarray | None
    notes: tuple[DataNote, ...]
    sha256: str
    spread: Any = None
    at_places: np.ndarray | None = None
    neighbours: Any = None

    @property
    def ground(self) -> np.ndarray | None:
        """Square kilometres of each area, None without a map."""
        import shapely

        return None if self.shapes is None else np.asarray(shapely.area(self.shapes), dtype=float) / 1e6


def lay_board(asked: Asked, events: Events) -> Board:
    """Count the events asked for in every candidate area.

    Raises
    ------
    DataError
        Several forces and none named; kinds that are not in the data or without a weight; no place; areas that overlap.
    """
    months, seen, notes = _months(asked, events)
    notes = [*events.log, *(DataNote("hotspots", q.what, severity="question") for q in events.questions), *notes]
    outcomes, weights = _outcomes(asked, events)
    try:
        notes += check_filters(events, outcomes)
    except DataError as error:
        raise DataError(*(replace(p, where="--kind") for p in error.problems)) from None
    board = Board((), months, seen, np.zeros((0, len(months))), None, (), events.sha256)
    if asked.by == "lsoa":
        return _by_code(asked, events, board, outcomes, weights, notes)
    return _by_place(asked, events, board, outcomes, weights, notes)


def _months(asked: Asked, events: Events) -> tuple[tuple[str, ...], np.ndarray, list[DataNote]]:
    forces = sorted(f for f, own in events.present.items() if own)
    if asked.force is not None and asked.force not in forces:
        raise DataError(Problem(f"there is no force '{asked.force}' in the data", "--force", ", ".join(forces)))
    if len(forces) > 1 and asked.force is None:
        hint = "areas of forces with other months cannot be ranked together"
        raise DataError(Problem(f"the data are of {len(forces)} forces", "--force", ", ".join(forces), hint))
    own = [m for m in events.present[asked.force or forces[0]] if asked.until is None or m < asked.until[:7]]
    if not own:
        raise DataError(Problem("no month of the data comes before the start of the intervention", "data"))
    months = months_between(min(own), max(own))
    seen = np.isin(np.asarray(months), own)
    notes = []
    if asked.until is not None:
        text = (
            f"months from {asked.until} on, when the intervention starts, are not looked at: hot spots come before it"
        )
        notes.append(DataNote("hotspots", text))
    if not seen.all():
        gone = [m for m, s in zip(months, seen, strict=True) if not s]
        notes.append(DataNote("hotspots", f"months without data, left out of every rate: {some(gone, 12)}", len(gone)))
    return months, seen, notes


def _outcomes(asked: Asked, events: Events) -> tuple[list[Outcome], np.ndarray]:
    """One outcome, or of weighted counts one for each kind; and their weights."""
    if not asked.weights:
        chosen = {"crime_type": list(asked.kinds)} if asked.kinds else {}
        return [Outcome(id="counted", measure="events", filter=chosen)], np.ones(1)
    counted = list(asked.kinds or kinds_in(events))
    if lost := [k for k in counted if k not in asked.weights]:
        hint = "give each kind that is counted a weight, 0 for none, or name the kinds to count with --kind"
        raise DataError(Problem(f"no weight for {some(lost, 20)}", "--weights", hint=hint))
    outcomes = [Outcome(id=f"k{i}", measure=k, filter={"crime_type": [k]}) for i, k in enumerate(counted)]
    return outcomes, np.array([asked.weights[k] for k in counted])


def kinds_in(events: Events) -> tuple[str, ...]:
    """Every kind of event that there is, in order."""
    with closing(connect()) as con:
        sql = "SELECT DISTINCT crime_type FROM read_parquet(?) WHERE crime_type IS NOT NULL ORDER BY 1"
        return tuple(str(k) for (k,) in con.execute(sql, [str(events.path)]).fetchall())


def _frame(asked: Asked, events: Events, outcomes: list[Outcome], places: Places | None) -> pd.DataFrame:
    frame = tally("hotspots", events, outcomes, places).frame
    return frame if asked.force is None else frame[frame["force"] == asked.force]


def _summed(
    frame: pd.DataFrame, ids: Sequence[str], months: Sequence[str], outcomes: list[Outcome], weights: np.ndarray
) -> np.ndarray:
    parts = [w * matrix(frame, ids, months, o.id) for o, w in zip(outcomes, weights, strict=True)]
    return np.asarray(sum(parts, np.zeros((len(ids), len(months)))))


def _by_code(
    asked: Asked, events: Events, board: Board, outcomes: list[Outcome], weights: np.ndarray, notes: list[DataNote]
) -> Board:
    frame = _frame(asked, events, outcomes, None)
    names, forces = unit_names(events), modal_forces(frame)
    own = own_units(frame, names, forces)
    if not own:
        hint = "use --by square with coordinates, or --by areas with a map"
        raise DataError(Problem("no row of the data has an area code", "--by lsoa", hint=hint))
    strangers = len(forces) - len(own)
    if strangers:
        notes.append(DataNote("hotspots", "LSOAs of other forces' districts, left out as a plan would", strangers))
    ids, shapes = tuple(sorted(own)), None
    if asked.shapes is not None:
        areas = read_areas(asked.shapes, asked.id_field)
        bare = sorted(set(ids) - set(areas.ids))
        if bare:
            notes.append(DataNote("hotspots", f"LSOAs that the map lacks, left out: {some(bare)}", len(bare)))
        taken = areas.take(ids)
        if not taken.ids:
            raise DataError(Problem("has none of the LSOAs in the data", asked.shapes.name, some(list(ids), 3)))
        ids, shapes = taken.ids, taken.shapes
    counts = _summed(frame, ids, board.months, outcomes, weights)
    near = None if shapes is None or asked.method != "getis_ord" else _touching(shapes)
    return replace(board, ids=ids, counts=counts, shapes=shapes, notes=tuple(notes), neighbours=near)


def _touching(shapes: np.ndarray) -> Any:
    """Areas that share a boundary (or a metre's gap, where borders were simplified), each with itself among them."""
    import shapely
    from scipy.sparse import csr_matrix

    i, j = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=1.0)
    return csr_matrix((np.ones(len(i)), (i, j)), shape=(len(shapes), len(shapes)))


def _by_place(
    asked: Asked, events: Events, board: Board, outcomes: list[Outcome], weights: np.ndarray, notes: list[DataNote]
) -> Board:
    import shapely

    longitude, latitude = _own_places(asked, events, notes)
    points = grid_points(longitude, latitude)
    x, y = shapely.get_x(points), shapely.get_y(points)
    areas = _candidates(asked, longitude, latitude, x, y, notes)
    at = assign(areas, (), points)
    numbers = np.array([str(i) for i in range(len(x))], dtype=object)
    frame = _frame(asked, events, outcomes, Places(longitude, latitude, numbers))
    places = _summed(frame, list(numbers), board.months, outcomes, weights)
    row = {name: i for i, name in enumerate(areas.ids)}
    inside = np.flatnonzero(at != "")
    counts = np.zeros((len(areas.ids), len(board.months)))
    np.add.at(counts, [row[name] for name in at[inside]], places[inside])
    whole = float(_summed(frame.assign(unit="all"), ["all"], board.months, outcomes, weights).sum())
    text = (
        f"{whole:,.0f} counted = {counts.sum():,.0f} in candidate areas + {places.sum() - counts.sum():,.0f} elsewhere"
    )
    notes.append(DataNote("hotspots", f"{text} + {whole - places.sum():,.0f} without a usable place"))
    if asked.by != "areas":
        notes.append(DataNote("hotspots", "candidates: every area in which an event of any kind lies", len(areas.ids)))
    middle = shapely.get_coordinates(shapely.centroid(areas.shapes))
    near = within_distance(middle, asked.bandwidth) if asked.method == "getis_ord" else None
    spread = kernel_matrix(middle, np.column_stack([x, y]), asked.bandwidth) if asked.method == "kernel" else None
    return replace(
        board, ids=areas.ids, counts=counts, shapes=areas.shapes, notes=tuple(notes), neighbours=near,
        spread=spread, at_places=places if asked.method == "kernel" else None,
    )  # fmt: skip


def _candidates(
    asked: Asked, longitude: np.ndarray, latitude: np.ndarray, x: np.ndarray, y: np.ndarray, notes: list[DataNote]
) -> Areas:
    if asked.by == "areas":
        assert asked.shapes is not None  # refused before
        if asked.radius is None:
            areas = read_areas(asked.shapes, asked.id_field)
        else:
            areas = read_circles(asked.shapes, asked.id_field, asked.radius)
        if pairs := overlaps(areas):
            text = some([f"{a} and {b}" for a, b in pairs])
            raise DataError(Problem(f"areas overlap: {text}", asked.shapes.name, "areas that share no ground"))
        return areas
    if asked.by == "segment":
        assert asked.shapes is not None
        return as_areas(segments(asked.shapes, asked.id_field, asked.reach))
    made: Cells = squares(x, y, asked.cell) if asked.by == "square" else hexagons(longitude, latitude, asked.resolution)
    return as_areas(made)


def _own_places(asked: Asked, events: Events, notes: list[DataNote]) -> tuple[np.ndarray, np.ndarray]:
    """Distinct places, without those whose LSOA belongs to another force's district."""
    longitude, latitude = distinct_places(events)
    if not len(longitude):
        raise DataError(Problem("no row of the data has coordinates", f"--by {asked.by}", hint="use --by lsoa"))
    frame = tally("hotspots", events, [], None).frame
    frame = frame if asked.force is None else frame[frame["force"] == asked.force]
    codes: Mapping[str, str] = modal_forces(frame)
    if not codes:
        return longitude, latitude
    own = own_units(frame, unit_names(events), codes)
    with closing(connect()) as con:
        con.register("own", pd.DataFrame({"code": sorted(own)}))
        sql = """SELECT longitude AS x, latitude AS y, bool_or(lsoa_code IS NULL OR lsoa_code IN (SELECT code FROM own)) AS k
                 FROM read_parquet(?) WHERE longitude IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2"""
        found = con.execute(sql, [str(events.path)]).fetchnumpy()
    keep = np.asarray(found["k"], dtype=bool)
    if (~keep).any():
        notes.append(DataNote("hotspots", "places in other forces' districts, left out", int((~keep).sum())))
    return np.asarray(found["x"], dtype=float)[keep], np.asarray(found["y"], dtype=float)[keep]
