"""Public files that plans name, from their publishers: addresses stand in one dated file, and may have moved."""

import json
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class PublicFile:
    """A file that a publisher offers. dated : when its address was written down. confirmed : whether it was tried then.

    hosts : further hosts of the publisher that the address may send on to.
    """

    title: str
    publisher: str
    licence: str
    address: str
    name: str
    dated: str
    confirmed: bool
    hosts: tuple[str, ...] = ()


def public_files() -> dict[str, PublicFile]:
    """What can be fetched, by the word that asks for it."""
    found = json.loads((files("vru.sources") / "addresses.json").read_text(encoding="utf-8"))
    own = {"dated": found["dated"], "confirmed": found["confirmed"]}
    return {w: PublicFile(**{**entry, **own, "hosts": tuple(entry["hosts"])}) for w, entry in found["files"].items()}
