"""Made archives and protocols for the geography tests."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from vru.events import Events
from vru.protocol.fields import Protocol

TEXT = "not at issue here"
VIOLENCE = {"crime_type": ["Violence and sexual offences"]}
ROBBERY = {"crime_type": ["Robbery"]}
TIDIER = ("why", "materials", "procedures", "who_provided", "how", "where", "when_and_how_much")


def protocol_of(units: Mapping[str, Any], **changes: Any) -> Protocol:
    plan: dict[str, Any] = {
        "id": "made-evaluation",
        "title": "Made evaluation",
        "template": "hot_spots",
        "organisation": "made-vru",
        "roles": dict.fromkeys(("commissioner", "analyst", "assurer", "approver"), TEXT),
        "definition_of_violence": TEXT,
        "intervention": {"type": "patrol", "name": "Patrol", "start": "2021-05", **dict.fromkeys(TIDIER, TEXT)},
        "theory_of_change": {k: [TEXT] for k in ("inputs", "activities", "outputs", "outcomes", "assumptions")},
        "question": {"population": TEXT, "comparator": TEXT, "smallest_effect": 0.1},
        "units": dict(units),
        "window": {"first": "2021-01", "last": "2021-08"},
        "outcomes": [{"id": "violence", "measure": TEXT, "filter": VIOLENCE, "primary": True}],
        "data": [{"id": "crimes", "source": "police_uk", "path": "archive"}],
        "graph": {"treatment": "patrol", "outcome": "violence", "adjustment": [], "edges": ["patrol -> violence"]},
        "analyses": [{"id": "main", "role": "primary", "method": "did", "outcome": "violence"}],
        "equity": {"plan": TEXT},
        "seed": 7,
    }
    start = changes.pop("start", None)
    if start:
        plan["intervention"]["start"] = start
    return Protocol.model_validate(plan | changes)


@dataclass
class EventRows:
    """Collects events and writes them as the Parquet file that a source would hand over."""

    folder: Path
    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(
        self,
        n: int,
        month: str,
        lsoa: str | None = None,
        *,
        at: tuple[float, float] | None = None,
        kind: str = "Violence and sexual offences",
        force: str = "made",
        name: str | None = None,
    ) -> None:
        lon, lat = at or (None, None)
        row = {"month": month, "force": force, "crime_type": kind, "lsoa_code": lsoa, "lsoa_name": name or lsoa}
        self.rows += [row | {"longitude": lon, "latitude": lat}] * n

    def events(self, present: Mapping[str, Sequence[str]], name: str = "events") -> Events:
        import pandas as pd

        path = self.folder / f"{name}.parquet"
        frame = pd.DataFrame(self.rows)
        for column in ("longitude", "latitude"):
            frame[column] = frame[column].astype(float)
        for column in ("lsoa_code", "lsoa_name"):
            frame[column] = frame[column].astype("str")
        frame.to_parquet(path)
        return Events(path, {k: tuple(v) for k, v in present.items()}, "sha256:" + "0" * 64)


@pytest.fixture
def rows(tmp_path: Path) -> EventRows:
    return EventRows(tmp_path)


@pytest.fixture
def plan() -> Callable[..., Protocol]:
    return protocol_of


def square(name: str, x: float, y: float, side: float = 100.0) -> dict[str, Any]:
    """A square in National Grid metres, south-west corner at (x, y)."""
    ring = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
    return {"type": "Feature", "properties": {"id": name}, "geometry": {"type": "Polygon", "coordinates": [ring]}}


@pytest.fixture
def draw(tmp_path: Path) -> Callable[..., Path]:
    """Write features as GeoJSON, by default declared as National Grid."""

    def write(*features: dict[str, Any], crs: str | None = "EPSG::27700", name: str = "areas.geojson") -> Path:
        found: dict[str, Any] = {"type": "FeatureCollection", "features": list(features)}
        if crs:
            found["crs"] = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:{crs}"}}
        path = tmp_path / name
        path.write_text(json.dumps(found))
        return path

    return write


@pytest.fixture
def box() -> Callable[..., dict[str, Any]]:
    return square


@pytest.fixture(scope="session")
def degrees() -> Callable[[float, float], tuple[float, float]]:
    """National Grid metres to longitude and latitude."""
    import pyproj

    to_degrees = pyproj.Transformer.from_crs("EPSG:27700", "EPSG:4326", always_xy=True)
    return lambda x, y: to_degrees.transform(x, y)
