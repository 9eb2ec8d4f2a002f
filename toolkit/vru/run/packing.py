"""``vru review-pack``: gather an evaluation or a record, run it once more, write one self-contained page."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from vru.disclosure import enforce, review
from vru.errors import Problem, ProtocolError, VruError
from vru.library import compare_results
from vru.process.pack import Again, Pack, compose_pack
from vru.protocol import digest, load
from vru.protocol.lock import FILE as LOCK
from vru.protocol.whole_file import write_whole
from vru.report import render_html
from vru.results import EvaluationResult
from vru.run.outputs import read_outputs, read_result
from vru.run.verifying import find_record, protocol_of, recompute, result_of
from vru.sources.source import Progress

SIDE = ("calibration.json", "specifications.json")


@dataclass(frozen=True, slots=True)
class Packed:
    """Where the page is, how many fields came out otherwise (None: not run again), and why it was not run."""

    page: Path
    differences: int | None
    why_not: str


def pack_evaluation(folder: Path, out: Path, data: Path | None, rerun: bool, progress: Progress) -> Packed:
    """The pack of an evaluation's last run. Raises VruError where it has none, DisclosureError where it would tell too much."""
    protocol = load(folder)
    files, _ = read_outputs(folder)
    result = read_result(files)
    if result.protocol_digest != digest(protocol):
        hint = f"vru run {folder}, or bring the plan back"
        raise ProtocolError(Problem("protocol.yaml changed after the run", str(folder), hint=hint))
    again = Again(f"vru run {folder.name}", why_not="--no-rerun was given")
    if rerun:
        again = _once_more(protocol, result, data, again.command, progress, folder.resolve())
    side = {name: found for name in SIDE if (found := _json(folder / "outputs" / name)) is not None}
    reference = f"{protocol.organisation}/{protocol.id}"
    return _write(Pack(protocol, result, again, reference, side, _registrations(folder)), out)


def pack_record(reference: str, library: Path, out: Path, data: Path | None, rerun: bool, progress: Progress) -> Packed:
    """The pack of a record in a library; it is run again where its data are given, or where it makes its own."""
    stored = find_record(reference, library)
    protocol, result = protocol_of(stored), result_of(stored)
    r = stored.record
    name = f"{r.organisation}/{r.id}@{r.version}"
    command = f"vru verify {name} --library DIR --data DIR"
    makes_own = all(s.path is None for s in protocol.data)
    again = Again(
        command, why_not="--no-rerun was given" if not rerun else "its data are not here; give them with --data DIR"
    )
    if rerun and (data is not None or makes_own):
        again = _once_more(protocol, result, data, command, progress)
    return _write(Pack(protocol, result, again, name, {}), out)


def _once_more(
    protocol: Any,
    result: EvaluationResult,
    data: Path | None,
    command: str,
    progress: Progress,
    folder: Path | None = None,
) -> Again:
    """The numbers made again from ``data``, or from where the plan's own folder finds them."""
    try:
        recomputed = recompute(protocol, result, data, progress, folder if data is None else None)
    except VruError as error:
        # Where it was looked for is nobody's business but the analyst's.
        what = re.sub(r" \(looked for [^)]*\)", "", error.problems[0].what)
        return Again(command, why_not=f"it stopped with: {what}")
    return Again(command, recomputed, compare_results(result, recomputed))


def _write(pack: Pack, out: Path) -> Packed:
    page = render_html(compose_pack(pack)).encode()
    enforce(review(pack.protocol, pack.result, {"review-pack.html": page}))
    out.mkdir(parents=True, exist_ok=True)
    path = out / "review-pack.html"
    write_whole(path, page)
    ran = pack.again.result is not None
    return Packed(path, len(pack.again.differences) if ran else None, pack.again.why_not)


def _registrations(folder: Path) -> tuple[tuple[str, str, str], ...]:
    content = _json(folder / LOCK)
    entries = content.get("registrations", []) if isinstance(content, dict) else []
    rows = []
    for i, e in enumerate(entries):
        seen = (
            f"after {'; '.join(e['shown'])}"
            if e.get("shown")
            else "no estimate had been shown that the toolkit knows of"
        )
        reason = f"registered again: {e.get('reason', '')}" if i else "first registration"
        rows.append((_moment(str(e.get("registered_at", ""))), str(e.get("digest", "")), f"{reason}; {seen}"))
    return tuple(rows)


def _moment(text: str) -> str:
    try:
        return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return text


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
