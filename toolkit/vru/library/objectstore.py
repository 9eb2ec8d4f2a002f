"""Object stores (S3, Azure, Google, a folder): push with create-only puts, manifest last; pull through a merge.

Needs the optional extra ``cloud`` (obstore). The store is a copy of the library under the same paths; credentials
come from the environment as the store's own tools expect them, and never from a file of this project.

Readers of the store believe only what a manifest names, so a push that was cut short shows nothing of the version
it was at, and pushing again completes it.
"""

import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from vru.errors import LibraryError, Problem
from vru.library import checkpoints
from vru.library import manifest as m
from vru.library.folder import MAX_VERSION_BYTES
from vru.library.index import FILE, RECORDS, open_library
from vru.library.merging import SOUND, Merged, merge
from vru.library.reading import read_record_folder
from vru.library.sidefiles import MAX_BYTES, record_folders, side_files
from vru.library.untrusted import read_limited

if TYPE_CHECKING:
    from obstore.store import ObjectStore

MISSING = "object stores need an optional package: pip install vru-toolkit[cloud]"
MAX_OBJECTS = 1_000_000
_SLUG = r"[a-z0-9][a-z0-9-]{1,62}[a-z0-9]"
_VERSION = re.compile(rf"{RECORDS}/({_SLUG}/{_SLUG}/v\d{{1,5}}\.\d{{1,5}})/{re.escape(m.FILE)}")
_IN_VERSION = re.compile(rf"{RECORDS}/[^/]+/[^/]+/v\d")
_SIDE = re.compile(rf"({RECORDS}/{_SLUG}/{_SLUG}/({'|'.join(SOUND)})|{checkpoints.FOLDER})/[A-Za-z0-9._-]{{3,80}}")


@dataclass(frozen=True, slots=True)
class Pushed:
    """Objects that were created, objects that were there with the same bytes, and what stood in the way."""

    created: int
    same: int
    problems: tuple[Problem, ...]


def open_store(url: str) -> "ObjectStore":
    """The store that a URL names: s3://bucket/prefix, az://…, gs://…, file:///folder. Raises LibraryError."""
    try:
        from obstore.exceptions import BaseError
        from obstore.store import from_url
    except ImportError:
        raise LibraryError(Problem(MISSING)) from None
    try:
        return from_url(url)
    except (BaseError, ValueError, TypeError) as error:
        allowed = "s3://bucket/prefix, az://container/prefix, gs://bucket/prefix, file:///folder"
        raise LibraryError(Problem(f"cannot be opened: {_said(error)}", url, allowed)) from None


def push(library: Path, store: "ObjectStore") -> Pushed:
    """Copy every verified version and side file into the store; nothing there is ever overwritten.

    Raises LibraryError if the store cannot be reached.
    """
    open_library(library)
    created = same = 0
    problems: list[Problem] = []
    if not _exists(store, FILE):
        _create(store, FILE, read_limited(library / FILE, MAX_BYTES, FILE))
    for where, folder in record_folders(library):
        found = read_record_folder(folder, where)
        problems += found.problems
        batches = [_files(v.path, v.files, f"{RECORDS}/{where}/{v.path.name}") for v in found.versions]
        batches += [_side(folder / name, f"{RECORDS}/{where}/{name}") for name in SOUND]
        for batch in batches:
            made, there, trouble = _put_all(store, batch)
            created, same, problems = created + made, same + there, [*problems, *trouble]
    made, there, trouble = _put_all(store, _side(library / checkpoints.FOLDER, checkpoints.FOLDER))
    return Pushed(created + made, same + there, (*problems, *trouble))


def pull(library: Path, store: "ObjectStore", now: datetime, decisions: bool = False) -> Merged:
    """Bring what the store holds beyond the library into it, as a merge: verified, never overwriting.

    decisions : the store is one's own, so what was decided there about versions that stand here is taken over.
    Raises LibraryError if the store cannot be reached or holds no library.
    """
    open_library(library)
    with tempfile.TemporaryDirectory(prefix="vru-pull-") as private:
        copy = Path(private) / "copy"
        copy.mkdir()
        raw = _get(store, FILE, MAX_BYTES)
        if raw is None:
            raise LibraryError(Problem("holds no library: it has no library.json", hint="vru library push makes one"))
        (copy / FILE).write_bytes(raw)
        problems = _download(library, copy, store)
        merged = merge(library, copy, now, decisions)
    return Merged(merged.added, merged.same, merged.quarantined, (*problems, *merged.problems))


def _files(path: Path, files: Mapping[str, bytes], prefix: str) -> Iterator[tuple[str, bytes]]:
    for name, data in files.items():
        yield f"{prefix}/{name}", data
    # Last: before it is there, no reader believes the version.
    yield f"{prefix}/{m.FILE}", read_limited(path / m.FILE, m.MAX_MANIFEST_BYTES, prefix)


def _side(folder: Path, prefix: str) -> Iterator[tuple[str, bytes]]:
    files, _ = side_files(folder, prefix, checkpoints.MAX_BYTES)
    for name, data in files.items():
        yield f"{prefix}/{name}", data


def _put_all(store: "ObjectStore", batch: Iterator[tuple[str, bytes]]) -> tuple[int, int, list[Problem]]:
    created = same = 0
    problems: list[Problem] = []
    for path, data in batch:
        if _create(store, path, data):
            created += 1
        elif _get(store, path, len(data)) == data:
            same += 1
        else:
            hint = "pull first: the merge puts theirs into quarantine, and a person decides"
            problems.append(Problem("is there already with other content; nothing was overwritten", path, hint=hint))
            if _IN_VERSION.match(path):
                # The rest of this version would be mixed with another's.
                break
    return created, same, problems


def _download(library: Path, copy: Path, store: "ObjectStore") -> list[Problem]:
    problems: list[Problem] = []
    for path in _listed(store):
        if found := _VERSION.fullmatch(path):
            problems += _version(library, copy, store, found.group(1))
        elif _SIDE.fullmatch(path):
            limit = checkpoints.MAX_BYTES if path.startswith(checkpoints.FOLDER) else MAX_BYTES
            data = _get(store, path, limit)
            if data is None:
                problems.append(Problem("is missing or too large, so it was not taken", path))
            elif not (library / path).is_file() or (library / path).read_bytes() != data:
                _write(copy / path, data)
    return problems


def _version(library: Path, copy: Path, store: "ObjectStore", where: str) -> list[Problem]:
    prefix = f"{RECORDS}/{where}"
    raw = _get(store, f"{prefix}/{m.FILE}", m.MAX_MANIFEST_BYTES)
    if raw is None:
        return [Problem("has no manifest of a fitting size, so it was not taken", where)]
    mine = library / prefix / m.FILE
    if mine.is_file() and not mine.is_symlink() and mine.read_bytes() == raw:
        return []
    try:
        manifest = m.parse_manifest(raw, f"{where}/{m.FILE}")
    except LibraryError as error:
        return list(error.problems)
    if sum(entry.bytes for entry in manifest.files.values()) > MAX_VERSION_BYTES:
        return [Problem(f"is larger than {MAX_VERSION_BYTES:,} bytes, so it was not taken", where)]
    files = {name: _get(store, f"{prefix}/{name}", entry.bytes) for name, entry in manifest.files.items()}
    if lost := sorted(name for name, data in files.items() if data is None):
        return [Problem(f"is incomplete in the store: {', '.join(lost)} is missing or too large", where)]
    for name, data in files.items():
        _write(copy / prefix / name, data or b"")
    _write(copy / prefix / m.FILE, raw)
    return []


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _create(store: "ObjectStore", path: str, data: bytes) -> bool:
    """Put an object that must not exist; False where it does."""
    import obstore
    from obstore.exceptions import AlreadyExistsError, BaseError

    try:
        obstore.put(store, path, data, mode="create")
    except (AlreadyExistsError, FileExistsError):
        return False
    except (BaseError, OSError) as error:
        hint = "what was written stays; push again to complete it"
        raise LibraryError(Problem(f"could not be written: {_said(error)}", path, hint=hint)) from None
    return True


def _exists(store: "ObjectStore", path: str) -> bool:
    import obstore
    from obstore.exceptions import BaseError

    try:
        obstore.head(store, path)
    except FileNotFoundError:
        return False
    except (BaseError, OSError) as error:
        raise LibraryError(Problem(f"the store cannot be reached: {_said(error)}", path)) from None
    return True


def _get(store: "ObjectStore", path: str, limit: int) -> bytes | None:
    """An object's bytes; None where there is no such object or it is larger than ``limit``."""
    import obstore
    from obstore.exceptions import BaseError

    try:
        found = obstore.get(store, path)
        if found.meta["size"] > limit:
            return None
        return bytes(found.bytes())
    except FileNotFoundError:
        return None
    except (BaseError, OSError) as error:
        raise LibraryError(Problem(f"could not be read: {_said(error)}", path)) from None


def _listed(store: "ObjectStore") -> list[str]:
    import obstore
    from obstore.exceptions import BaseError

    found: list[str] = []
    try:
        for folder in (RECORDS, checkpoints.FOLDER):
            for batch in obstore.list(store, prefix=folder):
                found += [entry["path"] for entry in batch]
                if len(found) > MAX_OBJECTS:
                    raise LibraryError(Problem(f"the store holds more than {MAX_OBJECTS:,} objects"))
    except (BaseError, OSError) as error:
        raise LibraryError(Problem(f"the store cannot be listed: {_said(error)}")) from None
    return sorted(found)


def _said(error: Exception) -> str:
    """The first line of an error: stores add pages of debugging, and some of it names credentials."""
    return (str(error).splitlines() or [""])[0][:200]
