"""The source ``simulated``: a made-up county as a data.police.uk archive, read by the real reader.

The archive has the published layout, header, blank Crime IDs, snap points, unlocated rows and
mixed line endings, so a demonstration passes through the code that real data pass through. Its
areas lie in the North Sea, its LSOA codes are not in use, its force and streets do not exist.
"""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.random import Generator

from vru.errors import DataError, Problem
from vru.events import DataNote, Events
from vru.sources import cache
from vru.sources.simulation import Simulated, simulate
from vru.sources.simulation_options import (
    SimulatedOptions,
    comparison_buffer_codes,
    comparison_codes,
    pool_codes,
    treated_buffer_codes,
    treated_codes,
)
from vru.sources.source import Request, Source, SourceOptions

__all__ = [
    "SOURCE",
    "Simulated",
    "SimulatedOptions",
    "comparison_buffer_codes",
    "comparison_codes",
    "pool_codes",
    "read",
    "simulate",
    "treated_buffer_codes",
    "treated_codes",
    "write_archive",
]

GENERATOR_VERSION = 1
"""Raised whenever the same options and seed would make other data; part of the archive's name."""

HEADER = (
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,"
    "LSOA code,LSOA name,Crime type,Last outcome category,Context"
)
_TYPES = {
    "violence": {"Violence and sexual offences": 1.0},
    "antisocial": {"Anti-social behaviour": 1.0},
    "other": {
        "Criminal damage and arson": 0.2,
        "Public order": 0.15,
        "Vehicle crime": 0.15,
        "Other theft": 0.13,
        "Burglary": 0.13,
        "Shoplifting": 0.1,
        "Drugs": 0.08,
        "Robbery": 0.03,
        "Possession of weapons": 0.03,
    },
}
_OUTCOMES = {
    "Unable to prosecute suspect": 0.6,
    "Investigation complete; no suspect identified": 0.25,
    "Court result unavailable": 0.1,
    "Local resolution": 0.05,
}
_NO_PLACE = ",,No Location,,"
_STREETS = 8
# A rectangle of the North Sea inside the bounds of Britain: no dot on a map falls on anyone's street.
_WEST, _SOUTH, _CELL_EAST, _CELL_NORTH = 0.9, 53.25, 0.01, 0.008
# Its own stream of the protocol's seed: the lot that split the areas must not be the permutations' first draw.
_STREAM = 1_990_001


def read(request: Request, options: SourceOptions) -> Events:
    """Simulate from the protocol's seed, write the archive into the cache, read it as real data are read.

    ``truth`` of the events holds the known true values. ``sha256`` is of the monthly files' names
    and contents in order, as for the unpacked folder: a zip's own bytes differ between zlib versions.

    Raises
    ------
    DataError
        A path was given, or the cache cannot be written.
    """
    if not isinstance(options, SimulatedOptions):
        raise TypeError(f"simulated takes SimulatedOptions, not {type(options).__name__}")
    if request.path is not None:
        what = f"simulated makes its own data and would not read {request.path.name}"
        raise DataError(Problem(what, "data[].path", "no path", "remove path, or choose the source police_uk"))
    from vru.sources import police_uk

    simulated = simulate(options, np.random.default_rng([_STREAM, request.seed]))
    archive = request.cache / f"simulated-{_key(options, request.seed)}.zip"
    digest = _digest(archive)
    if digest is None:
        write_archive(simulated, archive, lambda done, total: request.progress("simulating months", done, total))
        digest = _digest(archive)
    if digest is None:
        raise DataError(Problem("was written but cannot be read back", str(archive), hint="delete it and run again"))
    events = police_uk.read(replace(request, path=archive), police_uk.SOURCE.options())
    return replace(events, sha256=digest, truth=simulated.truth, log=(*_notes(simulated, request.seed), *events.log))


SOURCE = Source(
    name="simulated",
    label="A simulated force with a known effect, written and read as a data.police.uk archive",
    needs_path=False,
    options=SimulatedOptions,
    read=read,
)


def write_archive(simulated: Simulated, path: Path, progress: Callable[[int, int], None] | None = None) -> None:
    """Write a zip in the data.police.uk layout, one street file per month that is present.

    The same ``simulated`` gives the same bytes. ``path`` is complete or absent, whoever is killed.

    Raises
    ------
    DataError
        The county is so small that a month has no row at all (the published layout cannot say
        that nothing happened), the folder cannot be written, or the disk is full.
    """
    _no_empty_month(simulated)
    force = simulated.options.force
    rng = np.random.default_rng(simulated.row_seed)
    places = _places(simulated, rng)
    there = np.flatnonzero(simulated.present)
    with cache.workspace(path.parent) as folder:
        made = folder / path.name
        with zipfile.ZipFile(made, "w") as zipped:
            for done, column in enumerate(there, start=1):
                month = simulated.periods[column]
                member = zipfile.ZipInfo(f"{month}/{month}-{force}-street.csv", date_time=(1980, 1, 1, 0, 0, 0))
                member.compress_type, member.create_system, member.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
                lines = [HEADER, *_lines(simulated, int(column), places, rng)]
                newline = "\r\n" if done % 2 else "\n"
                zipped.writestr(member, (newline.join(lines) + newline).encode())
                if progress is not None:
                    progress(done, there.size)
        cache.publish(made, path)


def _no_empty_month(simulated: Simulated) -> None:
    rows = sum(c.sum(axis=0) for c in simulated.counts.values()) + sum(simulated.unlocated.values())
    empty = [p for p, n, there in zip(simulated.periods, rows, simulated.present, strict=True) if there and n == 0]
    if empty:
        what = f"no offence was drawn in {', '.join(empty[:5])}: an empty file would be read as a missing month"
        raise DataError(Problem(what, "simulated", hint="raise mean_monthly or the number of areas"))


def _places(simulated: Simulated, rng: Generator) -> list[str]:
    """Text of the location columns for each snap point: ``_STREETS`` per area in area order, then no place."""
    county = _county(simulated)
    side = max(1, int(np.ceil(np.sqrt((simulated.slot.max() + 1) / 2))))
    is_buffer = simulated.is_role("buffer", "buffer_comparison")
    inside = rng.uniform(0.05, 0.95, size=(len(simulated.units), _STREETS, 2))
    found = []
    for i, (code, slot) in enumerate(zip(simulated.units, simulated.slot, strict=True)):
        district = f"Outer {county}" if is_buffer[i] else county
        name = f"{district} {slot // 5 + 1:03d}{'ABCDE'[slot % 5]}"
        east, north = 2 * (slot % side) + int(is_buffer[i]), slot // side
        for j in range(_STREETS):
            lon = _WEST + _CELL_EAST * (east + inside[i, j, 0])
            lat = _SOUTH + _CELL_NORTH * (north + inside[i, j, 1])
            street = f"On or near Simulated Street {i * _STREETS + j + 1}"
            found.append(f"{lon:.6f},{lat:.6f},{street},{code},{name}")
    return [*found, _NO_PLACE]


def _lines(simulated: Simulated, column: int, places: list[str], rng: Generator) -> list[str]:
    """Rows of one month, in an order drawn by lot."""
    rows = [row for kind in _TYPES for row in _rows(simulated, kind, column, places, rng)]
    return [rows[i] for i in rng.permutation(len(rows))]


def _rows(simulated: Simulated, kind: str, column: int, places: list[str], rng: Generator) -> list[str]:
    area = np.repeat(np.arange(len(simulated.units)), simulated.counts[kind][:, column])
    nowhere = np.full(simulated.unlocated[kind][column], len(places) - 1)
    at = np.concatenate([area * _STREETS + rng.integers(_STREETS, size=area.size), nowhere])
    crime = rng.choice(list(_TYPES[kind]), at.size, p=list(_TYPES[kind].values()))
    outcome = rng.choice(list(_OUTCOMES), at.size, p=list(_OUTCOMES.values()))
    ids = rng.bytes(32 * at.size).hex()
    if kind == "antisocial":
        # Published anti-social behaviour is incidents, not crimes: no Crime ID and no outcome.
        ids, outcome = "", np.full(at.size, "")
    force = _force_name(simulated)
    who = f"{simulated.periods[column]},{force},{force}"
    listed = zip(at.tolist(), crime.tolist(), outcome.tolist(), strict=True)
    return [f"{ids[64 * i : 64 * i + 64]},{who},{places[p]},{c},{o}," for i, (p, c, o) in enumerate(listed)]


def _county(simulated: Simulated) -> str:
    return simulated.options.force.replace("-", " ").title()


def _force_name(simulated: Simulated) -> str:
    return f"{_county(simulated)} Police (simulated)"


def _key(options: SimulatedOptions, seed: int) -> str:
    """Short hash of all that decides the archive's content; numpy's streams may change between versions."""
    made_from = [options.model_dump(mode="json"), seed, GENERATOR_VERSION, np.__version__]
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()[:16]


def _digest(archive: Path) -> str | None:
    """Digest of the files' names and contents in order; None where there is no whole archive."""
    whole = hashlib.sha256()
    try:
        with zipfile.ZipFile(archive) as zipped:
            for name in sorted(zipped.namelist()):
                whole.update(f"{name}\0{hashlib.sha256(zipped.read(name)).hexdigest()}\n".encode())
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError):
        return None
    return f"sha256:{whole.hexdigest()}"


def _notes(simulated: Simulated, seed: int) -> tuple[DataNote, ...]:
    there = simulated.present
    located = sum(int(c[:, there].sum()) for c in simulated.counts.values())
    unlocated = sum(int(c[there].sum()) for c in simulated.unlocated.values())
    notes = [
        DataNote(
            SOURCE.name,
            f"These data are simulated (force {simulated.options.force}, seed {seed}): no real place, person, "
            "offence or police force is in them; rows made",
            located + unlocated,
        )
    ]
    if not there.all():
        gone = [p for p, here in zip(simulated.periods, there, strict=True) if not here]
        notes.append(DataNote(SOURCE.name, f"Months left out of the archive on purpose: {', '.join(gone)}", len(gone)))
    return tuple(notes)
