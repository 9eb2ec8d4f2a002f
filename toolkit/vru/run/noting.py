"""What of the outcome had been shown, and when: kept beside the plan, so that registering afterwards says so."""

import json
from datetime import datetime
from pathlib import Path

from vru.protocol.whole_file import write_whole

FILE = Path(".vru") / "shown.json"


def note_shown(folder: Path, now: datetime, what: str) -> None:
    """Add a line to what had been shown; the first of each kind is kept."""
    found = _read(folder)
    if what not in {e["what"] for e in found}:
        path = folder / FILE
        path.parent.mkdir(exist_ok=True)
        found.append({"what": what, "on": now.isoformat(timespec="seconds")})
        write_whole(path, (json.dumps(found, indent=1) + "\n").encode())


def shown_before(folder: Path) -> tuple[str, ...]:
    """``an estimate had been shown on 2026-11-01``: of runs before registration, and of outputs that lie there without a note."""
    found = [f"{e['what']} on {e['on'][:10]}" for e in _read(folder)]
    if not found and (folder / "outputs" / "result.json").is_file():
        found = ["an estimate had been shown: outputs/ held a result"]
    return tuple(found)


def _read(folder: Path) -> list[dict[str, str]]:
    try:
        content = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return [{"what": str(e["what"]), "on": str(e["on"])} for e in content]
    except (OSError, ValueError, KeyError, TypeError):
        return []
