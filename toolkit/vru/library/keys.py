"""The public keys that a library trusts, as ``library.json`` lists them under ``keys``."""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from vru.errors import LibraryError, Problem
from vru.library.index import FILE, library_content, open_library
from vru.library.staging import FOLDER, staged, sync_folder, write_synced
from vru.record import Line, Slug

if TYPE_CHECKING:
    from securesystemslib.signer._key import SSlibKey

MAX_KEYS = 200
Hex64 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class TrustedKey(BaseModel):
    """One public Ed25519 key and whose it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    keyid: Hex64
    organisation: Slug
    public: Hex64
    added: Line


def trusted_keys(library: Path) -> tuple[dict[str, TrustedKey], tuple[Problem, ...]]:
    """Key id -> key, and what of ``keys`` was refused. Raises LibraryError only if library.json cannot be read."""
    listed = library_content(library / FILE).get("keys", [])
    if not isinstance(listed, list) or len(listed) > MAX_KEYS:
        return {}, (Problem("keys is not a list of public keys", where=FILE, allowed=f"at most {MAX_KEYS}"),)
    found: dict[str, TrustedKey] = {}
    problems = []
    for at, entry in enumerate(listed):
        try:
            key = TrustedKey.model_validate(entry)
        except ValidationError:
            problems.append(Problem(f"keys.{at} is not a public key", where=FILE))
            continue
        if key.keyid in found:
            problems.append(Problem(f"keys.{at} is listed twice", where=FILE))
        else:
            found[key.keyid] = key
    return found, tuple(problems)


def trust(library: Path, key: TrustedKey, now: datetime) -> None:
    """Add a key to library.json, the one file of a library that changes. Raises LibraryError."""
    from filelock import FileLock, Timeout

    open_library(library)
    file = library / FILE
    (library / FOLDER).mkdir(exist_ok=True)
    try:
        with FileLock(str(library / FOLDER / "library.lock"), timeout=20):
            content = library_content(file)
            listed = content.get("keys", [])
            content["keys"] = [*listed, key.model_dump(mode="json")]
            text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
            with staged(library) as stage:
                write_synced(stage / FILE, text.encode())
                os.replace(stage / FILE, file)
                sync_folder(library)
    except (OSError, Timeout) as error:
        said = getattr(error, "strerror", None) or type(error).__name__
        raise LibraryError(Problem(f"the public key could not be added: {said}", where=str(file))) from None


def public_key(key: TrustedKey) -> "SSlibKey":
    """The key as securesystemslib takes it; its id is computed from the key, so a listed id cannot lie."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from securesystemslib.signer._key import SSlibKey

    return SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.public)))
