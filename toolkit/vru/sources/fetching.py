"""Public files that plans name, from their publishers: addresses stand in one dated file, and may have moved."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from importlib.resources import files

from vru.errors import DataError, Problem
from vru.sources.source import Progress

MAX_BYTES = 200 * 2**20
TIMEOUT = 60.0
_CHUNK = 2**18


@dataclass(frozen=True, slots=True)
class PublicFile:
    """A file that a publisher offers. dated : when its address was written down. confirmed : whether it was tried then."""

    title: str
    publisher: str
    licence: str
    address: str
    name: str
    dated: str
    confirmed: bool


def public_files() -> dict[str, PublicFile]:
    """What can be fetched, by the word that asks for it."""
    found = json.loads((files("vru.sources") / "addresses.json").read_text(encoding="utf-8"))
    own = {"dated": found["dated"], "confirmed": found["confirmed"]}
    return {word: PublicFile(**entry, **own) for word, entry in found["files"].items()}


def fetch(address: str, progress: Progress) -> bytes:
    """The bytes at an address.

    Raises
    ------
    DataError
        No web address, no answer within a minute, refused, or more than 200 MB.
    """
    if not address.startswith(("https://", "http://")):
        raise DataError(Problem("is no web address", address, "https://..."))
    hint = "get the file in a browser and name it in the plan; or give another address with --address"
    asked = urllib.request.Request(address, headers={"User-Agent": "vru-toolkit"})
    try:
        with urllib.request.urlopen(asked, timeout=TIMEOUT) as answer:
            total = int(answer.headers.get("Content-Length") or 0)
            found = bytearray()
            while chunk := answer.read(_CHUNK):
                found += chunk
                progress("fetching", len(found), max(total, len(found)))
                if len(found) > MAX_BYTES:
                    raise DataError(Problem("is too large", address, f"up to {MAX_BYTES // 2**20} MB"))
    except urllib.error.HTTPError as error:
        raise DataError(Problem(f"answered {error.code} {error.reason}", address, hint=hint)) from None
    except (urllib.error.URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        raise DataError(Problem(f"cannot be reached ({reason})", address, hint=hint)) from None
    if total and len(found) < total:
        raise DataError(Problem(f"broke off after {len(found):,} of {total:,} bytes", address, hint="try again"))
    return bytes(found)
