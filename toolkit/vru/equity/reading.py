"""Stop-and-search files of data.police.uk, or any table of rows that a person's columns explain, to one table of rows."""

import hashlib
import re
import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from pydantic import ValidationError

from vru.equity.asked import POLICE_COLUMNS, POLICE_STAGES, Asked, Stage
from vru.equity.groups import Group, own_groups, read_group
from vru.errors import DataError, Problem
from vru.events import DataNote
from vru.keys import fold
from vru.sources import extract
from vru.sources.extract import ExtractOptions
from vru.sources.source import Progress, Request
from vru.sources.tables import LOCAL, csv_frame

STOPS = re.compile(r"(\d{4}-\d{2})-(.+)-stop-and-search\.csv")
NEAR_ALL = 10
"""A text of a column of ethnicity is shown in an error only where at least so many rows hold it."""


@dataclass(frozen=True, slots=True)
class Rows:
    """One row per search (or whatever is counted), whatever file it came from.

    frame : ``month`` (YYYY-MM), ``five``, ``detailed``, ``officer`` (a group, or None where not recorded), ``object``,
        ``outcome``, and one nullable boolean per stage, <NA> where the column is blank.
    stages : those that the data can tell. left : stage -> why it cannot be told. sha256 : of all files.
    """

    frame: pd.DataFrame
    stages: tuple[Stage, ...]
    left: Mapping[str, str]
    has_officer: bool
    notes: tuple[DataNote, ...]
    sha256: str


def read_rows(paths: tuple[Path, ...], asked: Asked, cache: Path, progress: Progress) -> Rows:
    """Read every file. Raises DataError: absent, of several forces, columns that are not there, groups unexplained."""
    notes: list[DataNote] = []
    frames, police = [], set()
    prints: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    for i, path in enumerate(paths):
        progress(f"reading {path.name}", i, len(paths))
        if not path.exists():
            raise DataError(Problem("is not there", str(path), "an archive, a folder, CSV, Excel or Parquet"))
        packed = path.is_dir() or path.suffix.lower() == ".zip"
        frame = _archive(path, asked, notes, seen) if packed else _table(path, asked, cache, notes, seen)
        print_ = hashlib.sha256(
            pd.util.hash_pandas_object(frame.astype("string"), index=False).to_numpy().tobytes()
        ).hexdigest()
        if print_ in prints:
            raise DataError(Problem(f"holds the same rows as {prints[print_]}: they would count twice", path.name))
        prints[print_] = path.name
        frames.append(frame)
        police.add(_is_police(frame))
    progress("reading", len(paths), len(paths))
    if len(police) > 1 and not asked.columns:
        raise DataError(
            Problem(
                "some files have the columns of data.police.uk and some have not", "FILE", hint="one form at a time"
            )
        )
    raw = pd.concat(frames, ignore_index=True)
    columns = dict(POLICE_COLUMNS) if police == {True} and not asked.columns else dict(asked.columns)
    return _named(raw, columns, asked, notes, hashlib.sha256("".join(sorted(prints)).encode()).hexdigest())


def written(how: Mapping[str, str], option: str) -> ExtractOptions:
    """How a file is written. Raises DataError: a separator that there is not."""
    try:
        return ExtractOptions(**how)
    except ValidationError:
        raise DataError(
            Problem("is no separator", f"{option} separator", "; | or a tab, each in quotation marks")
        ) from None


def step_column(stage: str) -> str:
    """What the column of a stage is called in the frame; its name alone could be another column's."""
    return f"stage {stage}"


def _is_police(frame: pd.DataFrame) -> bool:
    return {"Date", "Self-defined ethnicity", "Officer-defined ethnicity"} <= set(frame.columns)


def _once(name: str, seen: set[tuple[str, str]]) -> None:
    """Refuse a second file of one force's month: its rows would count twice."""
    if (match := STOPS.fullmatch(Path(name).name)) is None:
        return
    if match.groups() in seen:
        raise DataError(Problem(f"is there twice: {match[1]} of {match[2]} would count twice", Path(name).name))
    seen.add((match[1], match[2]))


def _table(path: Path, asked: Asked, cache: Path, notes: list[DataNote], seen: set[tuple[str, str]]) -> pd.DataFrame:
    _once(path.name, seen)
    how = {k: v for k, v in asked.columns.items() if k in ("separator", "sheet")}
    table = extract.read(Request(path, cache, 0, lambda *_: None), written(how, "--column"))
    notes += table.log
    return table.frame


def _archive(path: Path, asked: Asked, notes: list[DataNote], seen: set[tuple[str, str]]) -> pd.DataFrame:
    """Every stop-and-search file of a zip archive or folder, of one force."""
    files = _inside(path)
    forces = sorted({m[2] for name in files if (m := STOPS.search(name))})
    if not forces:
        raise DataError(
            Problem("holds no stop-and-search files", path.name, "YYYY-MM/YYYY-MM-FORCE-stop-and-search.csv")
        )
    if len(forces) > 1 and asked.force is None:
        raise DataError(Problem(f"is of {len(forces)} forces", path.name, ", ".join(forces[:50]), "--force names one"))
    force = asked.force or forces[0]
    if force not in forces:
        raise DataError(Problem(f"has no force {force!r}", path.name, ", ".join(forces[:50])))
    found: list[DataNote] = []
    parts = []
    for name, raw in sorted(files.items()):
        match = STOPS.search(name)
        if match and match[2] == force and raw.count(b"\n") > 1:
            _once(name, seen)
            parts.append(csv_frame(Path(name).name, raw, None, found))
    if not parts:
        raise DataError(Problem("holds no rows", path.name))
    notes.append(
        DataNote("equity", f"{path.name}: {len(parts)} monthly files of {force} read, rows", sum(map(len, parts)))
    )
    notes += list(dict.fromkeys(n for n in found if n.severity != "info"))
    return pd.concat(parts, ignore_index=True)


def _inside(path: Path) -> dict[str, bytes]:
    if path.is_dir():
        return {p.relative_to(path).as_posix(): p.read_bytes() for p in sorted(path.rglob("*-stop-and-search.csv"))}
    try:
        with zipfile.ZipFile(path) as archive:
            return {n: archive.read(n) for n in archive.namelist() if STOPS.search(n)}
    except (zipfile.BadZipFile, OSError, RuntimeError):
        raise DataError(Problem("is not a zip archive that can be read", path.name)) from None


def _named(raw: pd.DataFrame, columns: dict[str, str], asked: Asked, notes: list[DataNote], digest: str) -> Rows:
    police = not asked.columns and columns.get("ethnicity") == POLICE_COLUMNS["ethnicity"]
    if "ethnicity" not in columns or "when" not in columns:
        hint = "--column when=DATE --column ethnicity=COLUMN; vru look FILE says what its columns hold"
        raise DataError(
            Problem(
                "the columns are not those of data.police.uk: say which is what", "--column", "when, ethnicity, …", hint
            )
        )
    stages = asked.stages or (POLICE_STAGES if police else ())
    given = {k: c for k, c in columns.items() if k not in ("dates", "separator", "sheet")}
    wanted = [*given.values(), *(s.column for s in stages)]
    if police:
        optional = {c for k, c in given.items() if k in ("legislation", "type")}
        wanted = [c for c in wanted if c not in optional]
    if lost := sorted(set(wanted) - set(raw.columns)):
        raise DataError(
            Problem(f"has no column {', '.join(map(repr, lost))}", "FILE", ", ".join(map(str, raw.columns))[:600])
        )
    raw = _people_only(raw, given, police, notes)
    if twice := int(raw.duplicated().sum()):
        notes.append(
            DataNote(
                "equity", "rows that repeat another in every cell, kept: several people can be searched at once", twice
            )
        )
    frame = pd.DataFrame({"month": _months(raw[columns["when"]], asked, notes)})
    frame["five"], frame["detailed"] = _groups(raw[columns["ethnicity"]], asked, columns["ethnicity"])
    frame["officer"] = _groups(raw[columns["officer"]], asked, columns["officer"])[0] if "officer" in columns else None
    for what in ("object", "outcome"):
        frame[what] = raw[columns[what]].to_numpy() if what in columns else None
    for stage in (s for s in stages if s.but):
        kept = raw[stage.column].value_counts()
        names = [str(v)[:80] for v, n in kept.items() if n >= NEAR_ALL and fold(str(v)) not in map(fold, stage.values)]
        notes.append(DataNote("equity", f"counted as {stage.name}: {'; '.join(sorted(names)) or 'nothing'}"))
    told, left = _stages(raw, frame, stages, bool(asked.stages), asked.blank_is_no)
    return Rows(frame, told, left, "officer" in columns, tuple(notes), f"sha256:{digest}")


def _people_only(raw: pd.DataFrame, given: Mapping[str, str], police: bool, notes: list[DataNote]) -> pd.DataFrame:
    """Without searches of a vehicle alone: nobody was searched, and so nobody has an ethnicity."""
    column = given.get("type")
    if not police or column not in raw.columns:
        return raw
    vehicle = raw[column].eq("Vehicle search")
    if vehicle.any():
        notes.append(
            DataNote("equity", "searches of a vehicle alone, left out: no person was searched", int(vehicle.sum()))
        )
    kept = raw[~vehicle].reset_index(drop=True)
    if kept.empty:
        raise DataError(Problem("holds no search of a person", "FILE"))
    return kept


def _months(when: pd.Series, asked: Asked, notes: list[DataNote]) -> pd.Series:
    """The month by the clock in the United Kingdom: published times are UTC, an hour behind in summer."""
    text = when.astype("string")
    form = asked.columns.get("dates")
    pattern = r"[T ].*(?:Z|[+-]\d{2}:?\d{2})$"
    zoned = text.str.contains(pattern, na=False) if form is None else pd.Series("%z" in form, index=text.index)
    at = pd.to_datetime(text.where(~zoned), format=form or "ISO8601", errors="coerce")
    world = pd.to_datetime(text.where(zoned), format=form or "ISO8601", errors="coerce", utc=True)
    month = at.dt.strftime("%Y-%m").where(~zoned, world.dt.tz_convert(LOCAL).dt.strftime("%Y-%m"))
    if bad := int(month.isna().sum()):
        hint = "--column dates=%d/%m/%Y says how dates are written" if form is None else "is the form right?"
        where = "--column when"
        raise DataError(Problem(f"{bad:,} rows have no date that can be read", where, "2021-06-03, or a form", hint))
    if moved := int((zoned & (world.dt.strftime("%Y-%m") != month)).sum()):
        what = "searches just after midnight on the first of a summer month, moved from UTC into it"
        notes.append(DataNote("equity", what, moved))
    return month


def _groups(values: pd.Series, asked: Asked, column: str) -> tuple[list[str | None], list[str | None]]:
    own = own_groups(asked.groups)[0]
    counts = Counter(None if pd.isna(v) else str(v) for v in values)
    read: dict[str | None, Group | None] = {v: read_group(v, own) for v in counts}
    strange = {v: n for v, n in counts.items() if read[v] is None}
    if strange:
        shown = sorted(str(v)[:80] for v, n in strange.items() if n >= NEAR_ALL)[:20]
        what = f"{len(strange)} texts in {sum(strange.values()):,} rows name no group that is known"
        text = f"{what}: {'; '.join(shown)}" if shown else what
        raise DataError(
            Problem(text, column, hint="--group 'TEXT=Black' says what a text means; --group 'TEXT=not recorded'")
        )
    texts = [None if pd.isna(v) else str(v) for v in values]
    known = {v: g for v, g in read.items() if g is not None}
    return [known[t].five for t in texts], [known[t].detailed for t in texts]


def _stages(
    raw: pd.DataFrame, frame: pd.DataFrame, stages: tuple[Stage, ...], given: bool, blank_is_no: bool
) -> tuple[tuple[Stage, ...], dict[str, str]]:
    """Each stage as a column of the frame; those that the data cannot tell are left out, with the reason."""
    told: list[Stage] = []
    left: dict[str, str] = {}
    for stage in stages:
        cells = raw[stage.column].map(lambda v: None if pd.isna(v) else fold(str(v)))
        filled = set(cells.dropna())
        wanted = {fold(v) for v in stage.values}
        _refuse_absent(stage, filled, raw, given)
        if blank_is_no:
            cells = cells.where(cells.notna(), "")
        if stage.of and stage.of not in {s.name for s in told}:
            left[stage.name] = f"it follows {stage.of}, which cannot be told"
        elif not filled:
            left[stage.name] = f"the column {stage.column!r} is blank in every row"
        elif filled <= wanted and cells.isna().any():
            left[stage.name] = (
                f"the column {stage.column!r} never says no: whether a blank means no or not recorded cannot be known"
            )
        else:
            hit = (cells.isin(list(wanted)) | cells.eq("")) if stage.but else cells.isin(list(wanted))
            hit = ~hit if stage.but else hit
            frame[step_column(stage.name)] = hit.astype("boolean").mask(cells.isna())
            told.append(stage)
    return tuple(told), left


def _refuse_absent(stage: Stage, filled: set[str], raw: pd.DataFrame, given: bool) -> None:
    """A value that somebody typed and no row holds is a slip of the pen, and would pass as a stage that nobody reached."""
    lost = [v for v in stage.values if fold(v) not in filled]
    if not given or not lost:
        return
    often = raw[stage.column].value_counts()
    held = [str(v)[:80] for v, n in often.items() if n >= NEAR_ALL][:20]
    what = f"no row holds {', '.join(map(repr, lost))}"
    raise DataError(
        Problem(what, f"--stage {stage.name}: {stage.column}", "; ".join(held) if len(often) <= 100 else "")
    )
