"""Checkpoints: the hash of everything that the library holds, small enough for each party to keep a copy.

A chain of hashes inside one folder can be rewritten whole by whoever may write there. A checkpoint
kept elsewhere cannot, so comparing with it tells what was removed or altered since.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from vru.errors import LibraryError, Problem
from vru.library import events as ev
from vru.library import manifest as m
from vru.library.index import PLANS, RECORDS, SIGNATURES
from vru.library.reading import scan
from vru.library.sidefiles import place, record_folders, side_files
from vru.library.untrusted import list_folder, read_limited, shown
from vru.record import Digest, Line

FOLDER = "checkpoints"
MAX_BYTES = 20_000_000
Path_ = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._/-]{3,300}$")]


class Checkpoint(BaseModel):
    """The state of a library at one moment. ``root`` is the hash over ``entries``, so a copy can vouch for itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: int = Field(ge=1, le=1)
    id: ev.Ulid
    at: Line
    root: Digest
    entries: dict[Path_, Digest] = Field(
        max_length=200_000, description="path below records/ -> hash of the version's manifest, or of the small file"
    )


@dataclass(frozen=True, slots=True)
class Compared:
    """What happened since a checkpoint. Only ``removed`` and ``altered`` are wrong; takedowns are told with who and why."""

    since: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    altered: tuple[str, ...]
    taken_down: tuple[str, ...]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was removed or altered, as problems."""
        told = [(p, "was removed") for p in self.removed] + [(p, "was altered") for p in self.altered]
        return tuple(Problem(f"{what} since the checkpoint of {self.since}", where=path) for path, what in told)


def checkpoint(library: Path, now: datetime) -> tuple[Path, Checkpoint]:
    """Write a checkpoint of every version, event, plan and signature. Raises LibraryError if the disk refuses."""
    entries = holdings(library)
    made = Checkpoint(
        schema_version=1, id=ev.new_id(now), at=now.isoformat(timespec="seconds"), root=root(entries), entries=entries
    )
    target = library / FOLDER / f"{made.id}.json"
    text = json.dumps(made.model_dump(mode="json"), indent=1) + "\n"
    place(library, target, text.encode(), now)
    return target, made


def holdings(library: Path) -> dict[str, str]:
    """``organisation/record/v1.0`` -> hash of its manifest, and every event, plan and signature -> its hash."""
    found: dict[str, str] = {}
    for where, folder in record_folders(library):
        for name in list_folder(folder, where).folders:
            if name in (ev.FOLDER, PLANS, SIGNATURES):
                files, _ = side_files(folder / name, f"{where}/{name}")
                found |= {f"{where}/{name}/{file}": m.sha256(data) for file, data in files.items()}
            elif (folder / name / m.FILE).is_file():
                # The manifest as it lies there: whether the files fit it is for verifying to say.
                found[f"{where}/{name}"] = m.sha256(_bytes(folder / name / m.FILE, f"{where}/{name}"))
    return dict(sorted(found.items()))


def root(entries: Mapping[str, str]) -> str:
    """One hash over all entries: sha256 of the lines "path hash", sorted by path."""
    lines = "".join(f"{path} {digest}\n" for path, digest in sorted(entries.items()))
    return "sha256:" + hashlib.sha256(lines.encode()).hexdigest()


def parse(data: bytes, name: str) -> Checkpoint:
    """Read an untrusted checkpoint. Raises LibraryError if it is none or its root does not fit its entries."""
    try:
        found = Checkpoint.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        field = ".".join(str(part)[:60] for part in first["loc"])
        raise LibraryError(Problem(f"is not a checkpoint: {field}: {first['msg'][:200]}", where=shown(name))) from None
    if root(found.entries) != found.root:
        raise LibraryError(Problem("was altered: its root is not the hash of its entries", where=shown(name)))
    return found


def read_checkpoint(path: Path) -> Checkpoint:
    """A checkpoint from a file that somebody kept. Raises LibraryError."""
    return parse(read_limited(path, MAX_BYTES, path.name), path.name)


def compare(library: Path, kept: Checkpoint) -> Compared:
    """What was added, removed or altered since. A removal with a tombstone of that hash counts as taken down."""
    now = holdings(library)
    graves = {f"{e.organisation}/{e.record}/v{e.version}": e for e in scan(library).taken_down}
    gone = [p for p in kept.entries if p not in now]
    changed = [p for p in kept.entries if p in now and now[p] != kept.entries[p]]
    blotted = {p: said for p in changed if (said := _redacted(library, p))}
    told = [p for p in gone if p in graves and graves[p].manifest_sha256 == kept.entries[p]]
    return Compared(
        since=f"{kept.at} ({kept.id})",
        added=tuple(p for p in now if p not in kept.entries),
        removed=tuple(p for p in gone if p not in told),
        altered=tuple(p for p in changed if p not in blotted),
        taken_down=(*(_grave(p, graves[p]) for p in told), *(f"{p}: {said}" for p, said in blotted.items())),
    )


def own_checkpoints(library: Path) -> tuple[tuple[Checkpoint, ...], tuple[Problem, ...]]:
    """The checkpoints inside the library, oldest first, and those that are not sound."""
    base = library / FOLDER
    if not base.is_dir():
        return (), ()
    found: list[Checkpoint] = []
    problems: list[Problem] = []
    for name in list_folder(base, FOLDER).files:
        try:
            found.append(read_checkpoint(base / name))
        except LibraryError as error:
            problems += error.problems
    return tuple(sorted(found, key=lambda c: c.id)), tuple(problems)


def against_own(library: Path, kept: Iterable[Checkpoint]) -> tuple[Problem, ...]:
    """What was removed or altered since the newest of the library's own checkpoints."""
    newest = max(kept, key=lambda c: c.id, default=None)
    return compare(library, newest).problems if newest else ()


def _grave(path: str, event: ev.Event) -> str:
    return f"{path}: taken down by {event.actor} on {event.at[:10]}: {event.text}"


def _redacted(library: Path, where: str) -> str:
    """What the small file itself says was taken out of it; "" for anything else."""
    if not where.endswith(".json"):
        return ""
    try:
        content = json.loads(_bytes(library / RECORDS / where, where) or b"null")
    except (ValueError, RecursionError):
        return ""
    said = content.get("redacted", "") if isinstance(content, dict) else ""
    return said if isinstance(said, str) else ""


def _bytes(path: Path, where: str) -> bytes:
    try:
        return read_limited(path, m.MAX_MANIFEST_BYTES, where)
    except LibraryError:
        return b""
