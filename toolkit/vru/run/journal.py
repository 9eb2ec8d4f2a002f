"""Finished replays wait on the disk, so that long work that was stopped goes on where it was.

The files are private: single estimates of known areas would give their counts away.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from vru.design.replaying import Replayed, Task, replay_all
from vru.run.outputs import sha256
from vru.sources.source import Progress


def journal(folder: Path, kind: str, bound: Mapping[str, str]) -> Path:
    """Where finished replays of exactly this wait; those of the same kind of anything else are cleared away."""
    key = sha256(json.dumps(dict(bound), sort_keys=True).encode()).removeprefix("sha256:")[:16]
    private = folder / ".vru"
    private.mkdir(exist_ok=True)
    path = private / f"replays-{kind}-{key}.jsonl"
    stem = path.name.rsplit("-", 1)[0]
    for other in private.glob(f"{stem}-*.jsonl"):
        if other != path:
            other.unlink(missing_ok=True)
    return path


def finished(path: Path) -> dict[int, Replayed]:
    """What was finished before, by number. A line cut short by a kill is left out, and the file is mended."""
    if not path.exists():
        return {}
    whole, found = b"", {}
    for line in path.read_bytes().splitlines(keepends=True):
        try:
            content = json.loads(line)
            one = Replayed(**{**content, "seen": tuple((float(r), bool(y)) for r, y in content["seen"])})
        except (ValueError, TypeError, KeyError):
            continue
        if line.endswith(b"\n"):
            found[one.which] = one
            whole += line
    path.write_bytes(whole)
    return found


def replayed(path: Path, task: Task, wanted: int, jobs: int, progress: Progress) -> list[Replayed]:
    """The first ``wanted`` replays of a task: those finished before, and the others now."""
    found = finished(path)
    todo = [i for i in range(wanted) if i not in found]
    with path.open("ab") as handle:
        for one in replay_all(task, todo, jobs):
            handle.write((json.dumps(asdict(one)) + "\n").encode())
            handle.flush()
            found[one.which] = one
            progress("replays", len(found), wanted)
    return [found[i] for i in range(wanted)]
