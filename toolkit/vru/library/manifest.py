"""manifest.json: the hash and size of every other file of a version, and the previous version's hash."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from vru.errors import LibraryError, Problem
from vru.record import Digest, LearningRecord, Slug, Version

FILE = "manifest.json"
MAX_FILES = 40
MAX_FILE_BYTES = 50_000_000
MAX_MANIFEST_BYTES = 100_000
NAME = r"^[a-z0-9][a-z0-9_.-]{0,78}[a-z0-9]$"
_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\.|$)")

FileName = Annotated[str, StringConstraints(pattern=NAME)]


class Part(BaseModel):
    """Closed and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FileEntry(Part):
    """One file: its digest and its size in bytes."""

    sha256: Digest
    bytes: int = Field(ge=0, le=MAX_FILE_BYTES)


class Previous(Part):
    """The version before, by the hash of its manifest."""

    version: Version
    manifest_sha256: Digest


class Manifest(Part):
    """What a version folder holds. Nothing is in the folder that is not in here, but this file itself."""

    schema_version: int = Field(ge=1, le=1)
    organisation: Slug
    record: Slug
    version: Version
    previous: Previous | None
    files: dict[FileName, FileEntry] = Field(min_length=1, max_length=MAX_FILES)


def sha256(data: bytes) -> str:
    """Digest in the form "sha256:<64 hex>"."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def safe_name(name: str) -> bool:
    """True if every system, Windows included, takes this as a plain file or folder name."""
    return bool(re.fullmatch(NAME[1:-1], name)) and ".." not in name and not _RESERVED.match(name)


def build_manifest(record: LearningRecord, files: Mapping[str, bytes], previous: Previous | None) -> bytes:
    """The manifest's bytes, the same for the same content."""
    manifest = Manifest(
        schema_version=1,
        organisation=record.organisation,
        record=record.id,
        version=record.version,
        previous=previous,
        files={name: FileEntry(sha256=sha256(files[name]), bytes=len(files[name])) for name in sorted(files)},
    )
    return (json.dumps(manifest.model_dump(mode="json"), indent=1) + "\n").encode()


def parse_manifest(data: bytes, where: str) -> Manifest:
    """Read an untrusted manifest. Raises LibraryError if it is not one, or names a file that is not a plain name."""
    try:
        manifest = Manifest.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        field = ".".join(str(part)[:60] for part in first["loc"])
        raise LibraryError(Problem(f"is not a manifest: {field}: {first['msg'][:200]}", where=where)) from None
    if odd := [name for name in manifest.files if not safe_name(name)]:
        raise LibraryError(Problem(f"names a file that is not allowed: {odd[0]}", where=where))
    return manifest
