"""What is in the rows of street files: parse, judge, drop what must be dropped, and count it.

Two passes. ``stage`` parses text into a Parquet part with a verdict per row; ``judge`` then says
which files are wrong throughout (an error) and what is wrong here and there (a line of the data
log). ``finish`` writes the events. All columns are read as text and named explicitly, because
guessing types from a sample breaks on rare values.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vru.errors import Problem
from vru.events import DataNote

COLUMNS = {
    "crime id": "crime_id",
    "month": "month",
    "longitude": "longitude",
    "latitude": "latitude",
    "location": "location",
    "lsoa code": "lsoa_code",
    "lsoa name": "lsoa_name",
    "crime type": "crime_type",
    "last outcome category": "last_outcome_category",
    "context": "context",
}
REQUIRED = ("Crime ID", "Month", "Longitude", "Latitude", "LSOA code", "LSOA name", "Crime type")
_KEPT = {
    "location": "location",
    "lsoa_code": "nullif(upper(regexp_replace(lsoa_code, '[\\s\\x{00A0}\\x{200B}\\x{FEFF}]', '', 'g')), '')",
    "lsoa_name": "lsoa_name",
    "crime_type": "nullif(trim(crime_type), '')",
    "last_outcome_category": "last_outcome_category",
}
"""Text columns of the events, and how they are tidied: once per distinct value, when parts are read back."""
_SAME_MONTH = "trim(row_month) IS NOT DISTINCT FROM file_month"

TOLERATED = 0.05
"""A fault in at most this share of a file's rows is counted in the data log; above it, an error."""
LOW_MONTH = 0.5
"""A force-month with under this share of the force's median month is pointed out in the data log."""

_LSOA = "[EWSN][0-9]{8}|95[A-Z]{2}[0-9]{2}[A-Z][0-9]"
_NO_ID = ("", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", ".", "0", "unknown", "not known")
_IS_ID = f"lower(trim(coalesce(crime_id, ''))) NOT IN {_NO_ID}"
MANY = 50
"""More rows than this under one Crime ID are no one crime: the mark is no id."""
_LON, _LAT = (-9.0, 2.2), (49.0, 61.0)
_FAULTS = ("other_month", "half", "swapped", "grid", "outside", "bad_lsoa", "no_type", "unread")


@dataclass(frozen=True, slots=True)
class Parsed:
    """One file ready to parse: its number, name, path on disk, header, data lines and cell separator."""

    number: int
    name: str
    month: str
    force: str
    path: Path
    header: tuple[str, ...]
    lines: int
    separator: str


@dataclass(frozen=True, slots=True)
class FileCounts:
    """What one file's rows are like: counts of rows, and one example of each fault."""

    file: Parsed
    rows: int
    located: int
    faults: Mapping[str, int]
    examples: Mapping[str, str]


def stage(con: Any, files: Sequence[Parsed], part: Path) -> None:
    """Parse files of one header and separator into a Parquet part with verdicts.

    A row with too few or too many cells is left out: short rows are padded with NULL, which no
    cell of a full row is, and long ones reach into one column too many.
    """
    names = [COLUMNS.get(h.casefold(), f"other_{i}") for i, h in enumerate(files[0].header)]
    columns = "{" + ", ".join(f"'{n}': 'VARCHAR'" for n in [*names, "beyond"]) + "}"
    con.execute("CREATE OR REPLACE TEMP TABLE staged (path VARCHAR, number INTEGER, force VARCHAR, file_month VARCHAR)")
    con.executemany(
        "INSERT INTO staged VALUES (?, ?, ?, ?)", [(str(f.path), f.number, f.force, f.month) for f in files]
    )
    text = {n: f"nullif({n}, '')" if n in names else "NULL::VARCHAR" for n in COLUMNS.values()}
    con.execute(
        f"""
        COPY (
            WITH raw AS (
                SELECT number, force, file_month, {", ".join(f"{sql} AS {n}" for n, sql in text.items())}
                FROM read_csv(?, columns={columns}, auto_detect=false, header=true, delim='{files[0].separator}',
                              quote='', escape='', nullstr='\\N', null_padding=true, ignore_errors=true,
                              filename='file_path')
                JOIN staged ON file_path = staged.path
                WHERE beyond IS NULL AND {names[-1]} IS NOT NULL
            ), numbers AS (
                SELECT *, try_cast(longitude AS DOUBLE) AS lon, try_cast(latitude AS DOUBLE) AS lat FROM raw
            )
            SELECT number, force, file_month, month AS row_month, {", ".join(_KEPT)},
                   CASE WHEN {_IS_ID} THEN hash(trim(crime_id)) END AS id, {_place()} AS place,
                   CASE WHEN place = 'good' THEN lon END AS longitude,
                   CASE WHEN place = 'good' THEN lat END AS latitude,
                   CASE WHEN place NOT IN ('good', 'none') THEN concat_ws(', ', longitude, latitude) END AS odd_place
            FROM numbers
        ) TO '{_quoted(part)}' (FORMAT parquet, COMPRESSION snappy)
        """,
        [[str(f.path) for f in files]],
    )


def _place() -> str:
    """Judge a pair of numbers: a place in the British Isles, or the familiar ways of not being one."""
    lon, lat = (f"BETWEEN {a} AND {b}" for a, b in (_LON, _LAT))
    return f"""CASE
        WHEN longitude IS NULL AND latitude IS NULL THEN 'none'
        WHEN lon IS NULL OR lat IS NULL THEN 'half'
        WHEN lon {lon} AND lat {lat} THEN 'good'
        WHEN lat {lon} AND lon {lat} THEN 'swapped'
        WHEN greatest(lon, lat) > 180 AND least(lon, lat) >= 0 AND greatest(lon, lat) < 1300000 THEN 'grid'
        ELSE 'outside' END"""


def count_faults(con: Any, parts: Sequence[Path], files: Sequence[Parsed]) -> tuple[FileCounts, ...]:
    """Rows, faults and examples of each file, in one grouped query over the parts."""
    tests = {
        "other_month": (f"NOT ({_SAME_MONTH})", "coalesce(row_month, '(blank)')"),
        "half": ("place = 'half'", "odd_place"),
        "swapped": ("place = 'swapped'", "odd_place"),
        "grid": ("place = 'grid'", "odd_place"),
        "outside": ("place = 'outside'", "odd_place"),
        "bad_lsoa": (f"NOT regexp_full_match({_KEPT['lsoa_code']}, '{_LSOA}')", "lsoa_code"),
        "no_type": (f"{_KEPT['crime_type']} IS NULL", "'(blank)'"),
    }
    sql = [f"count(*) FILTER ({test}), min({example}) FILTER ({test})" for test, example in tests.values()]
    found = con.execute(
        f"SELECT number, count(*), count(*) FILTER (place <> 'none'), {', '.join(sql)} FROM read_parquet(?) GROUP BY 1",
        [[str(p) for p in parts]],
    ).fetchall()
    by_number = {row[0]: row[1:] for row in found}
    counts = []
    for f in files:
        rows, located, *rest = by_number.get(f.number, (0, 0, *([0, None] * len(tests))))
        faults = dict(zip(tests, rest[::2], strict=True)) | {"unread": max(0, f.lines - rows)}
        examples = {k: str(v) for k, v in zip(tests, rest[1::2], strict=True) if v is not None}
        counts.append(FileCounts(f, rows, located, faults, examples))
    return tuple(counts)


_ERRORS: dict[str, tuple[str, str, str]] = {
    "other_month": (
        "Month is '{example}' in {count:,} of {rows:,} rows, not the month in the file's name",
        "YYYY-MM, the same in every row",
        "if dates read 03/04/2021 a spreadsheet program has rewritten them: use the file as downloaded",
    ),
    "half": ("coordinates are no pair of numbers ('{example}') in {count:,} of {rows:,} rows", "decimal degrees", ""),
    "swapped": (
        "longitude and latitude are swapped ('{example}') in {count:,} of {rows:,} rows",
        "longitude -9 to 2.2, latitude 49 to 61",
        "exchange the two columns' names",
    ),
    "grid": (
        "coordinates look like British National Grid metres ('{example}'), not degrees, in {count:,} of {rows:,} rows",
        "longitude -9 to 2.2, latitude 49 to 61",
        "convert eastings and northings from EPSG:27700 to EPSG:4326",
    ),
    "outside": (
        "coordinates lie outside Britain ('{example}') in {count:,} of {rows:,} rows",
        "longitude -9 to 2.2, latitude 49 to 61",
        "look for a lost minus sign on the longitude",
    ),
    "bad_lsoa": ("LSOA code is '{example}' and the like in {count:,} of {rows:,} rows", "codes such as E01006448", ""),
    "no_type": ("Crime type is blank in {count:,} of {rows:,} rows", "one of data.police.uk's crime types", ""),
    "unread": (
        "{count:,} of {rows:,} lines cannot be read as rows of the header's columns",
        "comma-separated values, quoted where they hold commas",
        "look for unbalanced quotation marks or a row with too many or too few commas",
    ),
}

_NOTES = {
    "other_month": "rows dropped because their Month is not the month of their file",
    "half": "rows whose coordinates are not a pair of numbers: kept without a place",
    "swapped": "rows with longitude and latitude swapped: kept without a place",
    "grid": "rows with National Grid metres for degrees: kept without a place",
    "outside": "rows with coordinates outside Britain: kept without a place",
    "bad_lsoa": "rows with an LSOA code of unknown form: kept as they are",
    "no_type": "rows without a crime type: kept, in no outcome that filters on crime type",
    "unread": "lines that cannot be read as a row: dropped",
}


def judge(counts: Sequence[FileCounts]) -> tuple[list[tuple[str, Problem]], list[DataNote]]:
    """Faults in more than ``TOLERATED`` of a file's rows as (file, problem); the rest as notes."""
    problems, few = [], dict.fromkeys(_FAULTS, 0)
    for c in counts:
        for fault in _FAULTS:
            n = c.faults[fault]
            rows = {"unread": c.file.lines}.get(fault, c.located if fault in _FAULTS[1:5] else c.rows)
            if n > TOLERATED * rows:
                what, allowed, hint = _ERRORS[fault]
                what = what.format(example=c.examples.get(fault, ""), count=n, rows=rows)
                problems.append((c.file.name, Problem(what, allowed=allowed, hint=hint)))
            else:
                few[fault] += n
    return problems, [DataNote("police_uk", _NOTES[f], n) for f, n in few.items() if n]


def finish(con: Any, parts: Sequence[Path], made: Path, metadata: Callable[[list[DataNote]], str]) -> None:
    """Drop repeated rows of one crime and rows of another month, and write the events.

    One Crime ID is one crime, and counts once in every outcome that it belongs to. Of its rows of one crime type one
    is kept: one with a place before one without, then the earliest month, then the row's own values, so that the
    choice does not depend on the order of rows or files; ``repeats`` says how many it stands for besides itself. Rows
    of different types are all kept under one ``shared_id``, for whoever counts to take one of them. Rows without a
    Crime ID (anti-social behaviour), or with a mark for none, are all kept: equal ones are different incidents.
    Crime IDs are compared by a 64-bit hash: among ten million, two different ones are taken for the
    same with probability 3 in a million.
    ``metadata`` turns the notes on this into the text stored with the file.
    """
    source = [str(p) for p in parts]
    kind = "lower(trim(crime_type))"
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE repeated AS
        WITH twice AS (SELECT id FROM read_parquet($1) WHERE id IS NOT NULL AND {_SAME_MONTH}
                       GROUP BY id HAVING count(*) BETWEEN 2 AND {MANY})
        SELECT *, {kind} AS kind, row_number() OVER kept AS copy, count(*) OVER (PARTITION BY id, kind) - 1 AS repeats,
               first_value(lsoa_code) OVER kept IS DISTINCT FROM lsoa_code AS elsewhere,
               first_value(file_month) OVER kept IS DISTINCT FROM file_month AS later
        FROM read_parquet($1) SEMI JOIN twice USING (id)
        WHERE {_SAME_MONTH}
        WINDOW kept AS (PARTITION BY id, {kind} ORDER BY {_KEPT["lsoa_code"]} IS NULL, longitude IS NULL, file_month,
                        force, lsoa_code, longitude, latitude, crime_type, location, last_outcome_category)
        """,
        [source],
    )
    notes = _repeat_notes(con, source)
    kept = ", ".join(f"{sql} AS {name}" for name, sql in _KEPT.items())
    columns = f"file_month AS month, force, {kept}, longitude, latitude"
    text = metadata(notes).replace("'", "''")
    con.execute(
        f"""
        COPY (
            SELECT {columns}, NULL::UBIGINT AS shared_id, 0 AS repeats, id IS NOT NULL AS has_id
            FROM read_parquet($1) ANTI JOIN repeated USING (id) WHERE {_SAME_MONTH}
            UNION ALL
            SELECT {columns}, CASE WHEN id IN (SELECT id FROM repeated GROUP BY id HAVING count(DISTINCT kind) > 1)
                              THEN id END, repeats::INTEGER, true
            FROM repeated WHERE copy = 1
        ) TO '{_quoted(made)}' (FORMAT parquet, COMPRESSION zstd, KV_METADATA {{vru: '{text}'}})
        """,
        [source],
    )


def _repeat_notes(con: Any, source: list[str]) -> list[DataNote]:
    dropped, elsewhere, later = con.execute(
        "SELECT count(*), count(*) FILTER (elsewhere), count(*) FILTER (later) FROM repeated WHERE copy > 1"
    ).fetchone()
    several, rows = con.execute(
        """SELECT count(*), coalesce(sum(n), 0)::BIGINT FROM (
               SELECT count(DISTINCT kind) AS n FROM repeated GROUP BY id HAVING count(DISTINCT kind) > 1)"""
    ).fetchone()
    crowded, many = con.execute(
        f"""SELECT count(*), coalesce(sum(n), 0)::BIGINT FROM (
                SELECT count(*) AS n FROM read_parquet($1) WHERE id IS NOT NULL GROUP BY id HAVING count(*) > {MANY})""",
        [source],
    ).fetchone()
    notes = []
    if dropped:
        text = (
            "rows dropped because another row has the same Crime ID and crime type (one with a place is kept before "
            f"one without, then the earliest); {elsewhere:,} of them name another place, {later:,} another month"
        )
        notes.append(DataNote("police_uk", text, dropped))
    if several:
        text = f"Crime IDs in rows of several crime types ({rows:,} rows kept): each counts once in every outcome"
        notes.append(DataNote("police_uk", text, several))
    if crowded:
        text = f"Crime IDs in more than {MANY} rows ({many:,} rows) are taken for no id: all their rows are kept"
        notes.append(DataNote("police_uk", text, crowded, "question"))
    return notes


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
