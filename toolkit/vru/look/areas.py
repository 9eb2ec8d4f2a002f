"""A file of polygons looked at: its layers, how many areas each holds, its coordinates, and which fields name each area once."""

import warnings
from pathlib import Path
from typing import Any

from vru.errors import DataError, Problem
from vru.look.looked import Looked, Part
from vru.look.proposal import quoted


def look_at_areas(path: Path, shown: str) -> Looked:
    """What a GeoJSON, GeoPackage or shapefile holds. Raises DataError where it is no map file."""
    import pyogrio
    import pyogrio.errors

    try:
        layers = [str(name) for name, _ in pyogrio.list_layers(path).tolist()]
        read = {name: _read(path, name) for name in layers}
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError):
        hint = "export the layer again from QGIS as GeoPackage"
        raise DataError(Problem("cannot be read as a map", path.name, "GeoJSON or GeoPackage", hint)) from None
    parts, fields = [], {}
    for name, frame in read.items():
        own = [str(c) for c in frame.columns if c != getattr(frame, "_geometry_column_name", None)]
        fields[name] = [c for c in own if frame[c].notna().all() and not frame[c].duplicated().any()]
        parts.append(Part(name, _said(frame, own, fields[name])))
    questions = [] if len(layers) == 1 else [f"{len(layers)} layers: which holds the areas? units.layer names it"]
    questions += [f"{n}: no field names each area once" for n, once in fields.items() if not once]
    return Looked(
        shown,
        f"a map of {len(layers)} layer{'' if len(layers) == 1 else 's'}",
        tuple(parts),
        (),
        tuple(questions),
        _plan(shown, fields),
    )


def _read(path: Path, layer: str) -> Any:
    import geopandas as gpd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return gpd.read_file(path, layer=layer, engine="pyogrio")


def _said(frame: Any, fields: list[str], once: list[str]) -> str:
    shapes = getattr(frame, "geom_type", None) if hasattr(frame, "geometry") else None
    kinds = "no shapes" if shapes is None else ", ".join(f"{n:,} {k}" for k, n in shapes.value_counts().items())
    crs = getattr(frame, "crs", None)
    system = "no coordinate system declared" if crs is None else crs.to_string()
    return f"{kinds}; {system}; fields {', '.join(fields) or 'none'}; each once: {', '.join(once) or 'none'}"


def _plan(path: str, fields: dict[str, list[str]]) -> str:
    layer, once = next(iter(fields.items()))
    lines = [
        "units:",
        "  kind: polygon",
        f"  boundaries: {quoted(path)}",
        f"  id_field: {quoted((once or ['FIELD'])[0])}",
    ]
    lines += [f"  layer: {quoted(layer)}"] if len(fields) > 1 else []
    return "\n".join([*lines, "  treated: []  # ids of the areas treated", "  comparison: []"])
