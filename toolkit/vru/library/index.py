"""library.json: what kind of folder this is, and which schema and vocabularies it follows."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vru.errors import LibraryError, Problem
from vru.library.effects import table_schema
from vru.library.staging import make_folders, move_file, staged, write_synced
from vru.library.untrusted import decode, read_limited
from vru.library.vocabulary import VERSION, VOCABULARIES

FILE = "library.json"
RECORDS = "records"
VOCAB = "vocab"
PLANS = "plans"
SIGNATURES = "signatures"
SCHEMA_VERSION = 1
_KIND = "vru-shared-learning"
_MAX_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class Library:
    """An opened library: where it is, and the versions that it declares."""

    path: Path
    schema_version: int
    vocabulary_version: int


def open_library(path: Path, create: bool = False) -> Library:
    """Open a library, or make an empty one. Raises LibraryError if it is not one, or newer than this toolkit."""
    file = path / FILE
    if not file.exists():
        if not create:
            raise LibraryError(
                Problem("is not a library: it has no library.json", where=str(path), hint="vru init makes one")
            )
        _create(path)
    content = library_content(file)
    for key, newest in (("schema_version", SCHEMA_VERSION), ("vocabulary_version", VERSION)):
        _check_version(content.get(key), key, newest, str(file))
    return Library(path, content["schema_version"], content["vocabulary_version"])


def vocabulary_files() -> dict[str, bytes]:
    """File name -> content of everything under ``vocab/``."""
    files = {f"{name}.json": _json({"version": VERSION, **terms}) for name, terms in VOCABULARIES.items()}
    return files | {"effects.json": _json({"version": VERSION, **table_schema()})}


def library_file() -> bytes:
    """The content of ``library.json`` of a new library."""
    return _json({"kind": _KIND, "schema_version": SCHEMA_VERSION, "vocabulary_version": VERSION})


def _create(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
        make_folders(path / RECORDS, path)
        make_folders(path / VOCAB, path)
        with staged(path) as stage:
            # library.json last: before it is there, this is no library yet.
            for name, data in vocabulary_files().items():
                _place(stage / name, path / VOCAB / name, data)
            _place(stage / FILE, path / FILE, library_file())
    except OSError as error:
        raise LibraryError(Problem(f"could not be made: {error.strerror}", where=str(path))) from None


def _place(draft: Path, target: Path, data: bytes) -> None:
    write_synced(draft, data)
    try:
        move_file(draft, target)
    except FileExistsError:
        return


def library_content(file: Path) -> dict[str, Any]:
    """What ``library.json`` says, unchecked but for its kind. Raises LibraryError if it does not describe a library."""
    try:
        content = json.loads(decode(read_limited(file, _MAX_BYTES, str(file)), str(file)))
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict) or content.get("kind") != _KIND:
        raise LibraryError(
            Problem("does not describe a library", where=str(file), allowed=f'"kind": "{_KIND}"', hint="restore it")
        )
    return content


def _check_version(found: Any, key: str, newest: int, where: str) -> None:
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise LibraryError(Problem(f"has no {key}", where=where, allowed=f"1 to {newest}"))
    if found > newest:
        raise LibraryError(
            Problem(
                f"{key} is {found}; this toolkit reads up to {newest}",
                where=where,
                hint="install a newer vru-toolkit: an older one could misread or damage this library",
            )
        )


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()
