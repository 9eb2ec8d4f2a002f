"""A small sound evaluation on disk, LSOAs or polygons, that the tests of bad input spoil one thing in."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
HEADER = (
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,"
    "Crime type,Last outcome category,Context"
)
MONTHS = [f"{2019 + i // 12}-{i % 12 + 1:02d}" for i in range(24)]
CODES = [f"E0100000{i}" for i in range(1, 9)]
PLACES = dict(zip(CODES, [(-2.98 + 0.02 * i, 53.40) for i in range(8)], strict=True))
VIOLENCE = "Violence and sexual offences"


@dataclass(frozen=True, slots=True)
class Made:
    """An evaluation folder with its archive (a folder of street files) beside the plan."""

    folder: Path

    @property
    def archive(self) -> Path:
        return self.folder / "archive"

    def street(self, month: str) -> Path:
        return self.archive / month / f"{month}-made-street.csv"

    def plan(self) -> dict[str, Any]:
        return yaml.safe_load((self.folder / "protocol.yaml").read_text(encoding="utf-8"))

    def replan(self, **parts: Any) -> None:
        """Write the plan again, with whole parts replaced."""
        text = yaml.safe_dump(self.plan() | parts, sort_keys=False)
        (self.folder / "protocol.yaml").write_text(text, encoding="utf-8")

    def swap(self, old: str, new: str) -> None:
        """Exchange text in every street file."""
        for path in self.archive.rglob("*.csv"):
            path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")

    def draw(self, boxes: Sequence[tuple[str, float, float, float]], crs: str = "") -> None:
        """Boundaries: squares (id, west, south, side), in degrees unless another system is declared."""
        found: dict[str, Any] = {"type": "FeatureCollection", "features": [_square(*box) for box in boxes]}
        if crs:
            found["crs"] = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:{crs}"}}
        (self.folder / "areas.geojson").write_text(json.dumps(found), encoding="utf-8")


def made_sound(folder: Path) -> Made:
    """Four treated and four comparison LSOAs, 24 months, about 5 offences a month each."""
    folder.mkdir(parents=True)
    made = Made(folder)
    for m, month in enumerate(MONTHS):
        lines = [
            _row(month, code, at, (m * 8 + i) * 10 + k)
            for i, (code, at) in enumerate(PLACES.items())
            for k in range(3 + (m * (i + 2) + i) % 5)
        ]
        made.street(month).parent.mkdir(parents=True)
        made.street(month).write_text("\r\n".join([HEADER, *lines, ""]), encoding="utf-8")
    plan = yaml.safe_load((ROOT / "evaluations" / "op-grip-demo" / "protocol.yaml").read_text(encoding="utf-8"))
    plan["units"] = {"kind": "lsoa11", "treated": CODES[:4], "comparison": CODES[4:]}
    plan["window"] = {"first": "2019-01", "last": "2020-12"}
    plan["intervention"] |= {"start": "2020-01"}
    plan["data"] = [{"id": "crimes", "source": "police_uk", "path": "archive"}]
    plan["checks"] = [{"name": "overdispersion"}]
    # These plans do not say how areas were chosen, so the template's primary method is not for them.
    primary, _, *others = plan["analyses"]
    plan["analyses"] = [primary | {"method": "poisson_did"}, *others]
    (folder / "protocol.yaml").write_text(yaml.safe_dump(plan, sort_keys=False), encoding="utf-8")
    return made


def made_polygons(folder: Path, **units: Any) -> Made:
    """The same as eight squares of about 1 km drawn round the LSOAs' points."""
    made = made_sound(folder)
    made.draw([(code, lon - 0.005, lat - 0.005, 0.01) for code, (lon, lat) in PLACES.items()])
    kept = {"kind": "polygon", "boundaries": "areas.geojson", "treated": CODES[:4], "comparison": CODES[4:]}
    made.replan(units=kept | units)
    return made


def _row(month: str, code: str, at: tuple[float, float], i: int) -> str:
    cells = [f"{i:064x}", month, "Made Police", "Made Police", f"{at[0]:.6f}", f"{at[1]:.6f}", "On or near High Street"]
    return ",".join([*cells, code, f"Upton {code[-1]}", VIOLENCE, "Under investigation", ""])


def _square(name: str, west: float, south: float, side: float) -> dict[str, Any]:
    ring = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]
    corners = [[west + side * x, south + side * y] for x, y in ring]
    return {"type": "Feature", "properties": {"id": name}, "geometry": {"type": "Polygon", "coordinates": [corners]}}


@pytest.fixture
def sound() -> Callable[[Path], Made]:
    return made_sound


@pytest.fixture
def polygons() -> Callable[..., Made]:
    return made_polygons
