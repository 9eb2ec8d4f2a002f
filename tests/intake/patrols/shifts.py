"""Made-up shifts: officers walk from area to area and stay for known times; their pings are noisy, late and lost. Made up."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.random import Generator

ORIGIN = (335_000.0, 390_000.0)
APART = 600.0


@dataclass(frozen=True)
class Shifts:
    pings: pd.DataFrame
    """officer, second (UTC), easting, northing."""
    minutes: np.ndarray
    """True minutes of each officer's visits, by area."""
    visits: np.ndarray


def squares(n: int, across: float) -> dict[str, object]:
    """Areas as GeoJSON, in metres on the National Grid."""

    def ring(i: int) -> list[list[float]]:
        x, y = ORIGIN[0] + APART * (i % 5), ORIGIN[1] + APART * (i // 5)
        return [[x, y], [x + across, y], [x + across, y + across], [x, y + across], [x, y]]

    features = [
        {
            "type": "Feature",
            "properties": {"id": f"H{i:02d}"},
            "geometry": {"type": "Polygon", "coordinates": [ring(i)]},
        }
        for i in range(n)
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}
    return {"type": "FeatureCollection", "crs": crs, "features": features}


def walk(
    rng: Generator,
    *,
    officers: int = 6,
    days: int = 10,
    areas: int = 10,
    across: float = 100.0,
    stay: tuple[float, float] = (10.0, 20.0),
    start: str = "2021-06-01T18:00",
    every: float = 30.0,
    noise: float = 10.0,
    lost: float = 0.2,
) -> Shifts:
    frames, minutes, visits = [], np.zeros(areas), np.zeros(areas)
    for officer in range(officers):
        for day in range(days):
            base = int(np.datetime64(start).astype("datetime64[s]").astype(int)) + 86_400 * day
            where, stops = rng.permutation(areas)[:6], rng.uniform(*stay, 6) * 60
            t, points = 0.0, []
            for k, seconds in zip(where, stops, strict=True):
                t, part = _visit(rng, t, int(k), seconds, across)
                points += part
                minutes[k] += seconds / 60
                visits[k] += 1
            path = np.array(points)
            at = np.arange(rng.uniform(0, every), t, every)
            at = at[rng.random(len(at)) >= lost]
            x, y = (np.interp(at, path[:, 0], path[:, j]) + rng.normal(0, noise, len(at)) for j in (1, 2))
            second = np.round(base + at).astype("int64")
            frames.append(
                pd.DataFrame({"officer": f"PC {4000 + officer}", "second": second, "easting": x, "northing": y})
            )
    return Shifts(pd.concat(frames, ignore_index=True), minutes, visits)


def _visit(
    rng: Generator, t: float, area: int, seconds: float, across: float
) -> tuple[float, list[tuple[float, float, float]]]:
    """Ten minutes on the way from 150 m off, then from one random place inside to the next, and out again."""
    x0, y0 = ORIGIN[0] + APART * (area % 5), ORIGIN[1] + APART * (area // 5)
    edge = (x0, y0 + across / 2)
    points = [(t, x0 - 150.0, edge[1]), (t + 600.0, *edge)]
    now, end, at = t + 600.0, t + 600.0 + seconds, edge
    while now < end:
        to = (x0 + rng.uniform(0, across), y0 + rng.uniform(0, across))
        now = min(now + max(np.hypot(to[0] - at[0], to[1] - at[1]) / 1.0, 20.0), end)
        points.append((now, *to))
        at = to
    return end + 120.0, [*points, (end + 1.0, *edge), (end + 120.0, x0 - 150.0, edge[1])]


def write(shifts: Shifts, path: Path) -> Path:
    """As a supplier of radios exports them: degrees, ISO times in UTC."""
    import pyproj

    to_degrees = pyproj.Transformer.from_crs("EPSG:27700", "EPSG:4326", always_xy=True)
    east, north = to_degrees.transform(shifts.pings["easting"], shifts.pings["northing"])
    when = shifts.pings["second"].to_numpy().astype("datetime64[s]")
    frame = pd.DataFrame({"unit": shifts.pings["officer"], "time": pd.Series(when).dt.strftime("%Y-%m-%dT%H:%M:%SZ")})
    frame["lon"], frame["lat"] = np.round(east, 6), np.round(north, 6)
    frame.sample(frac=1, random_state=1).to_csv(path, index=False)
    return path
