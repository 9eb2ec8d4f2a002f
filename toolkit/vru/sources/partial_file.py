"""What has come of a file that is being fetched: it waits beside the place it is meant for, with what the server said of it."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Brought:
    """A file that has come whole. mark : what the server calls this state of it, or ""."""

    path: Path
    size: int
    sha256: str
    mark: str


def brought_before(path: Path) -> Brought | None:
    """A file that had come whole when a run was cut short; None where there is none."""
    if not path.is_file():
        return None
    with path.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
    return Brought(path, path.stat().st_size, f"sha256:{digest}", "")


class Part:
    """What has come so far, and what it is a part of."""

    def __init__(self, to: Path, address: str) -> None:
        self.to, self.address = to, address
        self.path, self.note = (to.with_name(f".{to.name}.{end}") for end in ("partial", "partial.json"))
        self.mark, self.total = "", 0
        try:
            kept = json.loads(self.note.read_text(encoding="utf-8"))
            if kept["address"] == address and self.path.is_file():
                self.mark, self.total = str(kept["mark"]), int(kept["total"])
        except (OSError, ValueError, KeyError, TypeError):
            pass
        if not self.mark:
            self.path.unlink(missing_ok=True)

    @property
    def size(self) -> int:
        """Bytes that have come."""
        return self.path.stat().st_size if self.path.exists() else 0

    def begin(self, mark: str, total: int) -> None:
        """Throw away what has come and note what comes now."""
        self.path.unlink(missing_ok=True)
        self.mark, self.total = mark, total
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.note.write_text(json.dumps({"address": self.address, "mark": mark, "total": total}), encoding="utf-8")

    def leave(self) -> int:
        """Bytes that the next time goes on with: none where nothing says whether the file is still the same."""
        if not (self.mark and self.total and self.size):
            self.path.unlink(missing_ok=True)
            self.note.unlink(missing_ok=True)
        return self.size

    def finish(self) -> Brought:
        """Put the whole file in its place."""
        with self.path.open("rb+") as handle:
            os.fsync(handle.fileno())
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
        size = self.size
        os.replace(self.path, self.to)
        self.note.unlink(missing_ok=True)
        return Brought(self.to, size, f"sha256:{digest}", self.mark)
