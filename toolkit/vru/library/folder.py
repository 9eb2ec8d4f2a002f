"""One version's folder, read and believed only if its manifest verifies."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vru.errors import LibraryError, Problem
from vru.library import manifest as m
from vru.library.derived import untied
from vru.library.untrusted import decode, list_folder, read_limited, shown
from vru.record import MAX_BYTES, LearningRecord, load_record

RECORD = "record.json"
MAX_VERSION_BYTES = 200_000_000


@dataclass(frozen=True, slots=True)
class VersionFolder:
    """A verified version: record, manifest, the manifest's hash, and every file's bytes but the manifest's."""

    path: Path
    record: LearningRecord
    manifest: m.Manifest
    manifest_sha256: str
    files: Mapping[str, bytes]


def read_version(path: Path, where: str) -> VersionFolder:
    """Read a version folder whole. Raises LibraryError listing everything that does not verify.

    ``where`` names the folder in problems, as ``organisation/record/vX.Y``.
    """
    listing = list_folder(path, where)
    if m.FILE not in listing.files:
        hint = "if a sync is under way, wait for it; otherwise publish again elsewhere and report this folder"
        raise LibraryError(Problem("is incomplete: it has no manifest.json", where=where, hint=hint), *listing.problems)
    raw = read_limited(path / m.FILE, m.MAX_MANIFEST_BYTES, f"{where}/{m.FILE}")
    manifest = m.parse_manifest(raw, f"{where}/{m.FILE}")
    problems = [*listing.problems, *_extra(listing.files, listing.folders, manifest, where)]
    files, unsound = _files(path, manifest, where)
    problems += unsound
    if problems:
        raise LibraryError(*problems)
    record = _record(files, where)
    _check_identity(path, record, manifest, where)
    if said := untied(record):
        told = f"says other than the result inside it under {', '.join(said)}"
        raise LibraryError(Problem(told, where=f"{where}/{RECORD}", hint="it was not published by this toolkit"))
    return VersionFolder(path, record, manifest, m.sha256(raw), files)


def _extra(files: tuple[str, ...], folders: tuple[str, ...], manifest: m.Manifest, where: str) -> list[Problem]:
    known = {m.FILE, *manifest.files}
    return [
        Problem("is not in the manifest", where=f"{where}/{shown(name)}", hint="a version never changes: move it away")
        for name in [*files, *folders]
        if name not in known
    ]


def _files(path: Path, manifest: m.Manifest, where: str) -> tuple[dict[str, bytes], list[Problem]]:
    files: dict[str, bytes] = {}
    problems: list[Problem] = []
    if sum(entry.bytes for entry in manifest.files.values()) > MAX_VERSION_BYTES:
        return {}, [Problem(f"is larger than {MAX_VERSION_BYTES:,} bytes", where=where)]
    for name, entry in manifest.files.items():
        try:
            data = read_limited(path / name, entry.bytes, f"{where}/{name}")
        except LibraryError as error:
            problems += error.problems
            continue
        if m.sha256(data) != entry.sha256:
            problems.append(Problem("was changed after it was published: its hash is another", where=f"{where}/{name}"))
        files[name] = data
    return files, problems


def _record(files: Mapping[str, bytes], where: str) -> LearningRecord:
    if RECORD not in files:
        raise LibraryError(Problem("has no record.json", where=where))
    if len(files[RECORD]) > 4 * MAX_BYTES:
        raise LibraryError(Problem(f"is larger than {MAX_BYTES:,} bytes", where=f"{where}/{RECORD}"))
    return load_record(decode(files[RECORD], f"{where}/{RECORD}"), f"{where}/{RECORD}")


def _check_identity(path: Path, record: LearningRecord, manifest: m.Manifest, where: str) -> None:
    by_folder = (path.parent.parent.name, path.parent.name, path.name.removeprefix("v"))
    by_record = (record.organisation, record.id, record.version)
    by_manifest = (manifest.organisation, manifest.record, manifest.version)
    if not by_folder == by_record == by_manifest:
        said = "/".join(by_record)
        raise LibraryError(
            Problem(
                f"holds the record {said}, which belongs elsewhere", where=where, hint="it was moved or copied by hand"
            )
        )
