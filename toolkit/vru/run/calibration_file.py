"""``calibration.json``: what it is bound to, reading it back, and leaving it out where it is of something else."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from vru.calibration import Calibration
from vru.errors import Problem, VruError
from vru.protocol import Protocol, digest
from vru.results import EvaluationResult, Provenance
from vru.run.outputs import OUTPUTS, recover, sha256

FILE = "calibration.json"
CODE = ("methods", "stats", "design", "panel.py", "replay.py", "calibration.py")
"""What of the toolkit a calibration is computed by."""
WORDS = {
    "protocol": "the plan",
    "data": "the data",
    "seed": "the seed",
    "versions": "the software",
    "code": "the toolkit's own code",
}


def bound_to(protocol: Protocol, made: Provenance) -> dict[str, str]:
    """Digests of everything that a calibration of this result holds for."""
    return {
        "protocol": digest(protocol),
        "data": _digest(made.data),
        "seed": str(made.seed),
        "versions": _digest(made.versions),
        "code": code_digest(),
    }


@cache
def code_digest() -> str:
    """One digest over the code that replays and computes."""
    root = Path(__file__).resolve().parents[1]
    found = hashlib.sha256()
    for path in sorted(
        p for part in CODE for p in ([root / part] if part.endswith(".py") else (root / part).rglob("*.py"))
    ):
        found.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return f"sha256:{found.hexdigest()}"


def _digest(content: Mapping[str, str]) -> str:
    return sha256(json.dumps(dict(sorted(content.items()))).encode())


def calibration_bytes(found: Calibration) -> bytes:
    """The file. Raises VruError if any number is not finite."""
    content = asdict(found)
    try:
        return (json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
    except ValueError:
        raise VruError(Problem("a number of the calibration is not finite", where=FILE)) from None


def read_calibration(folder: Path) -> Calibration | None:
    """The calibration among the last outputs; None where there is none. Raises VruError where it cannot be read."""
    recover(folder)
    path = folder / OUTPUTS / FILE
    if not path.exists():
        return None
    try:
        found = TypeAdapter(Calibration).validate_json(path.read_bytes())
    except (ValidationError, UnicodeDecodeError):
        hint = f"vru calibrate {folder} makes it again"
        raise VruError(
            Problem("is no calibration that this toolkit can read", f"{OUTPUTS}/{FILE}", hint=hint)
        ) from None
    if not all(math.isfinite(v) for v in (found.rate, found.effective, found.size)):
        raise VruError(
            Problem("holds numbers that are not finite", f"{OUTPUTS}/{FILE}", hint="vru calibrate makes it again")
        )
    return found


def stale(found: Calibration, bound: Mapping[str, str]) -> list[str]:
    """What has changed since, in words: empty where the calibration is of exactly this."""
    return [words for name, words in WORDS.items() if found.bound.get(name) != bound.get(name)]


def carried(folder: Path, protocol: Protocol, result: EvaluationResult) -> tuple[Calibration | None, str]:
    """The calibration that still holds for a result, and what to say where one does not."""
    try:
        found = read_calibration(folder)
    except VruError as error:
        return None, f"{FILE} left out: {error.problems[0].what}"
    if found is None:
        return None, ""
    changed = stale(found, bound_to(protocol, result.provenance))
    if changed:
        return None, f"{FILE} left out, as {' and '.join(changed)} changed since: vru calibrate {folder} makes it again"
    return found, ""
