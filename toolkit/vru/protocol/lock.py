"""Registration: the plan's digest, kept beside it, and what has changed since."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from vru.errors import Problem, ProtocolError
from vru.protocol.fields import Protocol
from vru.protocol.whole_file import write_whole

FILE = "protocol.lock"


@dataclass(frozen=True, slots=True)
class Registration:
    """How the present plan stands to the registered one.

    status : "yes" (unchanged since first registered), "changed", or "no" (never registered).
    changes : one line per field that differs from the first registration, and per amendment.
    """

    status: Literal["yes", "changed", "no"]
    changes: tuple[str, ...] = ()
    registered_at: str = ""


def digest(protocol: Protocol) -> str:
    """sha256 over all fields but deviations, in a form that layout and comments do not change."""
    return _digest_of(_content(protocol))


def register(
    folder: Path, protocol: Protocol, now: datetime, toolkit: str, amend: str = "", shown: Sequence[str] = ()
) -> Registration:
    """Lock the plan; with ``amend`` (the reason) add a dated amendment to an earlier lock.

    ``shown``: what of the outcome had been seen by then; it is kept in the lock and disclosed.
    The first registration is never overwritten: amendments are added behind it and disclosed.
    Raises ProtocolError if the plan was registered before, has changed, and no reason is given.
    """
    entries = _entries(folder)
    if entries and entries[-1]["digest"] == digest(protocol):
        return registration(folder, protocol)
    if entries and not amend:
        raise ProtocolError(
            Problem(
                f"was registered on {entries[0]['registered_at'][:10]} and has changed since",
                where=FILE,
                allowed="the first registration is kept for good",
                hint='write what changed under deviations, or register again with --amend "why"; both are disclosed',
            )
        )
    entry = {
        "digest": digest(protocol),
        "registered_at": now.isoformat(timespec="seconds"),
        "toolkit": toolkit,
        "reason": amend,
        **({"shown": list(shown)} if shown else {}),
        "protocol": _content(protocol),
    }
    text = json.dumps({"registrations": [*entries, entry]}, indent=1, ensure_ascii=False) + "\n"
    write_whole(folder / FILE, text.encode())
    return registration(folder, protocol)


def registration(folder: Path, protocol: Protocol) -> Registration:
    """Compare the plan with its first registration. Raises ProtocolError if the lock cannot be read."""
    entries = _entries(folder)
    if not entries:
        return Registration("no")
    first = entries[0]
    amended = [f"amended {e['registered_at'][:10]}: {e['reason']}{_after(e)}" for e in entries[1:]]
    changes = [*amended, *_changes(first["protocol"], _content(protocol))]
    if first.get("shown"):
        # A plan chosen once the answer was known promises nothing, whatever was locked.
        seen = f"registered on {first['registered_at'][:10]}{_after(first)}"
        return Registration("no", (seen, *changes), first["registered_at"])
    same = first["digest"] == digest(protocol)
    return Registration("yes" if same else "changed", () if same else tuple(changes), first["registered_at"])


def _after(entry: dict[str, Any]) -> str:
    return f", after {'; '.join(map(str, entry['shown']))}" if entry.get("shown") else ""


def registered_digest(folder: Path) -> str | None:
    """Digest of the newest registration; None where there is none. Raises ProtocolError if the lock cannot be read."""
    entries = _entries(folder)
    return str(entries[-1]["digest"]) if entries else None


def _content(protocol: Protocol) -> dict[str, Any]:
    # Defaults are left out, so that a field added to the schema later does not void old registrations.
    return protocol.model_dump(mode="json", exclude={"deviations"}, exclude_defaults=True)


def _entries(folder: Path) -> list[dict[str, Any]]:
    path = folder / FILE
    if not path.exists():
        return []
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["registrations"]
        sound = all({"digest", "registered_at", "protocol", "reason"} <= set(e) for e in entries)
    except (ValueError, KeyError, TypeError):
        sound = False
    if not sound or any(_digest_of(e["protocol"]) != e["digest"] for e in entries):
        raise ProtocolError(
            Problem(
                "is damaged or was edited by hand: its digest does not fit its text",
                where=FILE,
                hint="bring back the original from version control or backup",
            )
        )
    return list(entries)


def _digest_of(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _changes(old: Any, new: Any, where: str = "") -> list[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        found: list[str] = []
        for key in [*old, *(k for k in new if k not in old)]:
            found += _changes(old.get(key), new.get(key), f"{where}.{key}" if where else str(key))
        return found
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [line for i, (a, b) in enumerate(zip(old, new, strict=True)) for line in _changes(a, b, f"{where}.{i}")]
    return [] if old == new else [f"{where}: {_short(old)} became {_short(new)}"]


def _short(value: Any) -> str:
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "..."
