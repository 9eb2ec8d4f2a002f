"""What stands round the records: library.json, the vocabularies, names at the top, keys that occur twice in a file."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vru.errors import LibraryError, Problem
from vru.library import checkpoints
from vru.library.index import FILE, RECORDS, VOCAB, library_content, vocabulary_files
from vru.library.keys import public_key, trusted_keys
from vru.library.merging import QUARANTINE
from vru.library.staging import FOLDER as STAGE
from vru.library.untrusted import list_folder, read_limited, shown
from vru.library.vocabulary import VERSION

EVIDENCE = "prior_evidence"
FIELDS = frozenset({"kind", "schema_version", "vocabulary_version", "keys"})
_FOLDERS = frozenset({RECORDS, VOCAB, checkpoints.FOLDER, QUARANTINE, EVIDENCE})
_MAX_BYTES = 50_000_000


def around(library: Path) -> tuple[Problem, ...]:
    """Everything wrong outside the records, and JSON files anywhere in which a key occurs twice."""
    return (*_declared(library), *_vocabularies(library), *_names(library), *_strays(library), *_repeated(library))


def _declared(library: Path) -> Iterator[Problem]:
    """Fields of library.json that mean nothing, and trusted keys that are listed under another id."""
    for name in sorted(set(library_content(library / FILE)) - FIELDS):
        yield Problem(f"{shown(name)} is no field of a library", FILE, ", ".join(sorted(FIELDS)), "delete it")
    held: dict[str, str] = {}
    for key in trusted_keys(library)[0].values():
        if key.public in held:
            yield Problem(f"the same public key is listed for {held[key.public]} and {key.organisation}", FILE)
        held[key.public] = key.organisation
        try:
            true = public_key(key).keyid
        except (ImportError, ValueError):
            continue
        if true != key.keyid:
            yield Problem(f"a key of {key.organisation} is listed under an id that is not its own", FILE, true[:16])


def _vocabularies(library: Path) -> Iterator[Problem]:
    """The terms are the toolkit's; a library of the same vocabulary version holds the same bytes."""
    if library_content(library / FILE).get("vocabulary_version") != VERSION:
        return
    should = vocabulary_files()
    listing = list_folder(library / VOCAB, VOCAB)
    yield from listing.problems
    for name in sorted({*listing.files, *listing.folders} - set(should)):
        yield Problem("does not belong here", f"{VOCAB}/{shown(name)}", hint="delete it")
    hint = f"restore it: vru init elsewhere makes the same; vocabulary version {VERSION}"
    for name, data in should.items():
        if name not in listing.files:
            yield Problem("is missing", f"{VOCAB}/{name}", hint=hint)
        elif read_limited(library / VOCAB / name, _MAX_BYTES, name) != data:
            yield Problem("is not the vocabulary that this library declares", f"{VOCAB}/{name}", hint=hint)


def _names(library: Path) -> Iterator[Problem]:
    """Links and unknown folders at the top; plain files, such as a README or a licence, are the network's."""
    with os.scandir(library) as entries:
        for entry in sorted(entries, key=lambda e: e.name):
            if entry.name.startswith(".") and entry.name != STAGE:
                continue
            if entry.is_symlink():
                yield Problem("is a link; links are not followed", shown(entry.name))
            elif entry.is_dir() and entry.name not in _FOLDERS and entry.name != STAGE:
                yield Problem("does not belong here", shown(entry.name), ", ".join(sorted(_FOLDERS)), "move it out")


def _strays(library: Path) -> Iterator[Problem]:
    """What lies between the files that somebody reads: folders among checkpoints, files that no takedown or merge put there."""
    for folder, belongs in ((checkpoints.FOLDER, "files"), (QUARANTINE, "folders"), (STAGE, "folders")):
        if not (library / folder).is_dir() or (library / folder).is_symlink():
            continue
        with os.scandir(library / folder) as entries:
            for entry in sorted(entries, key=lambda e: e.name):
                if folder == STAGE and entry.name == "library.lock":
                    continue
                if entry.is_symlink() or entry.is_dir() != (belongs == "folders"):
                    yield Problem("does not belong here", f"{folder}/{shown(entry.name)}", hint="delete it")


def _repeated(library: Path) -> Iterator[Problem]:
    for folder in (RECORDS, VOCAB, checkpoints.FOLDER):
        for base, _, names in os.walk(library / folder):
            yield from (
                p for name in sorted(names) if name.endswith(".json") for p in _twice(library, Path(base, name))
            )
    yield from _twice(library, library / FILE)


def _twice(library: Path, path: Path) -> Iterator[Problem]:
    where = shown(path.relative_to(library).as_posix())
    found: list[str] = []

    def pairs(held: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in held]
        found.extend(dict.fromkeys(k for k in keys if keys.count(k) > 1) if len(set(keys)) < len(keys) else ())
        return dict(held)

    try:
        json.loads(read_limited(path, _MAX_BYTES, where), object_pairs_hook=pairs)
    except (LibraryError, ValueError, RecursionError):
        # Whoever reads this kind of file tells what is wrong with it.
        return
    if found:
        yield Problem(f"says {shown(found[0])} twice; programs differ in which they take", where, hint="restore it")
