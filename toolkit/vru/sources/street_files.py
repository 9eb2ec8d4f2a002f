"""One street file made ready to parse: unpacked where it must be, decoded, its header checked."""

import zipfile
import zlib
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from vru.errors import Problem
from vru.sources.archive import Archive, StreetFile
from vru.sources.street_rows import COLUMNS, REQUIRED, Parsed
from vru.sources.text import NotCsvError, to_utf8


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file to parse, or its problems; ``changed`` says how its text had to be rewritten."""

    parsed: Parsed | None
    problems: tuple[Problem, ...] = ()
    changed: str = ""


def prepare(archive: Archive, folder: Path, number: int, file: StreetFile) -> Prepared:
    """Read, decode and check the header of one file; write it to ``folder`` if it cannot be read in place.

    Never raises for what is wrong with the file: every file's problems are wanted at once.
    """
    try:
        text = to_utf8(archive.read(file))
    except NotCsvError as error:
        hint = "download this month again from data.police.uk"
        return Prepared(None, (Problem(str(error), allowed="CSV text", hint=hint),))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        return Prepared(None, (Problem(f"cannot be unpacked ({error})", hint="the zip is corrupt: download it again"),))
    problems = _header_problems(text.header)
    if problems:
        return Prepared(None, problems)
    path = archive.on_disk(file)
    if path is None or not text.as_is:
        path = folder / f"{number:06d}.csv"
        path.write_bytes(text.data)
    parsed = Parsed(number, file.name, file.month, file.force, path, text.header, text.lines, text.separator)
    return Prepared(parsed, (), text.changed)


def _header_problems(header: tuple[str, ...]) -> tuple[Problem, ...]:
    have = [h.casefold() for h in header]
    missing = [c for c in REQUIRED if c.casefold() not in have]
    found = []
    if missing:
        spare = [h for h in header if h.casefold() not in COLUMNS]
        shown = ", ".join(header)[:200]
        hint = f"the first line reads: {shown}"
        if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
            hint = "the columns are not separated by commas: save the file as comma-separated values"
        elif near := [f"'{h}' for '{c}'" for c in missing for h in get_close_matches(c, spare, n=1, cutoff=0.5)]:
            hint = f"renamed? {', '.join(near)}"
        found.append(Problem(f"columns missing: {', '.join(missing)}", allowed=", ".join(REQUIRED), hint=hint))
    twice = sorted({h for h in header if have.count(h.casefold()) > 1 and h.casefold() in COLUMNS})
    if twice:
        found.append(Problem(f"columns appear twice: {', '.join(twice)}"))
    return tuple(found)
