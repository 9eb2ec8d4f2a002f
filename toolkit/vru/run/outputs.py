"""Write what a run makes: every file complete or absent, the manifest last, the previous set kept for undo."""

import hashlib
import json
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from vru.errors import Problem, VruError
from vru.protocol import Protocol
from vru.protocol.whole_file import cannot_write
from vru.record import Learning, LearningRecord
from vru.results import EvaluationResult, from_json, to_json

OUTPUTS = "outputs"
PREVIOUS = ".vru/outputs-previous"
FIELDS = list(Learning.model_fields)


def render(protocol: Protocol, result: EvaluationResult, learning: Learning | None) -> dict[str, bytes]:
    """Every publishable file of a run, as bytes by name; ``learning`` None drafts it from the plan."""
    from vru.library import draft_record
    from vru.report import compose, render_html, write_docx, write_workbook

    document = compose(protocol, result)
    with tempfile.TemporaryDirectory(prefix="vru-render-") as private:
        docx, xlsx = Path(private) / "report.docx", Path(private) / "tables.xlsx"
        try:
            write_docx(document, docx)
            write_workbook(protocol, result, xlsx)
        except RuntimeError as error:
            # Pandoc is a program of its own: a full disk and a missing font alike come back as its last line.
            said = re.split(r"\w*CallStack", str(error))[0].strip().splitlines()
            what = f"the Word report could not be made: {said[-1] if said else 'pandoc stopped'}"
            hint = f"make room in {tempfile.gettempdir()}, then run again; the former outputs are as they were"
            raise VruError(Problem(what, hint=hint)) from None
        files = {"report.docx": docx.read_bytes(), "tables.xlsx": xlsx.read_bytes()}
    record = draft_record(protocol, result)
    if learning is not None:
        record = record.model_copy(update={"learning": learning})
    return {
        "result.json": to_json(result).encode(),
        "report.html": render_html(document).encode(),
        **files,
        "record.yaml": record_yaml(record).encode(),
    }


def record_yaml(record: LearningRecord) -> str:
    """The draft record for people to finish: only ``learning`` is theirs to edit."""
    content: dict[str, Any] = record.model_dump(mode="json", exclude={"protocol", "result"})
    learning = {"learning": content.pop("learning")}
    head = (
        "# Draft of the record that will be published. Write what was learned under `learning`:\n"
        "# it is kept when the evaluation is run again. Everything below it is remade by every run.\n"
    )
    return head + _yaml(learning) + "\n" + _yaml(content)


def _yaml(content: dict[str, Any]) -> str:
    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110))


def write_outputs(folder: Path, files: Mapping[str, bytes], digest: str, made: datetime) -> Path:
    """Put a whole new set in ``outputs/``; the former set moves aside. Raises VruError where the disk refuses."""
    (folder / ".vru").mkdir(exist_ok=True)
    for left in (folder / ".vru").glob("stage-*"):
        shutil.rmtree(left, ignore_errors=True)  # of a run that was killed; one evaluation has one run at a time
    stage = folder / ".vru" / f"stage-{secrets.token_hex(6)}"
    manifest = {
        "protocol_digest": digest,
        "made": made.isoformat(timespec="seconds"),
        "files": {name: {"sha256": sha256(data), "bytes": len(data)} for name, data in sorted(files.items())},
    }
    try:
        stage.mkdir()
        for name, data in [*files.items(), ("manifest.json", (json.dumps(manifest, indent=1) + "\n").encode())]:
            with (stage / name).open("wb") as handle:
                handle.write(data)
                handle.flush()
                os.fsync(handle.fileno())
        _swap(folder, stage)
    except OSError as error:
        raise VruError(cannot_write(folder / OUTPUTS, error)) from None
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return folder / OUTPUTS


def read_outputs(folder: Path) -> tuple[dict[str, bytes], str]:
    """The files of the last run and the sha256 of their manifest. Raises VruError if any was altered or is gone."""
    recover(folder)
    base = folder / OUTPUTS
    try:
        raw = (base / "manifest.json").read_bytes()
        listed = json.loads(raw)["files"]
    except (OSError, ValueError, KeyError):
        raise VruError(Problem("has no finished outputs", where=str(folder), hint=f"vru run {folder}")) from None
    files = {}
    for name, entry in listed.items():
        path = base / name
        data = path.read_bytes() if path.is_file() and path.parent == base else None
        # record.yaml is the one file that people edit between run and assure.
        if data is None or (name != "record.yaml" and sha256(data) != entry["sha256"]):
            state = "is missing" if data is None else "was changed after the run"
            raise VruError(Problem(state, where=f"{OUTPUTS}/{name}", hint=f"vru run {folder} makes it again"))
        files[name] = data
    return files, sha256(raw)


def read_result(files: Mapping[str, bytes]) -> EvaluationResult:
    """The result among a run's files."""
    return from_json(files["result.json"].decode())


def read_learning(folder: Path) -> Learning | None:
    """What people wrote under ``learning`` in record.yaml; None where there is no draft yet."""
    recover(folder)
    path = folder / OUTPUTS / "record.yaml"
    if not path.exists():
        return None
    from pydantic import ValidationError

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Learning.model_validate(content["learning"])
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, ValidationError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" (line {mark.line + 1})" if mark else ""
        allowed = ", ".join(f"{f}: text" for f in FIELDS)
        raise VruError(
            Problem(f"learning cannot be read{line}", "outputs/record.yaml", allowed, "mend it; your text is untouched")
        ) from None


def recover(folder: Path) -> None:
    """After a kill between the two renames of a swap, bring the previous outputs back."""
    if not (folder / OUTPUTS).exists() and (folder / PREVIOUS).is_dir():
        (folder / PREVIOUS).rename(folder / OUTPUTS)


def _swap(folder: Path, stage: Path) -> None:
    current, previous = folder / OUTPUTS, folder / PREVIOUS
    recover(folder)
    if current.exists():
        shutil.rmtree(previous, ignore_errors=True)
        current.rename(previous)
    stage.rename(current)


def sha256(data: bytes) -> str:
    """``sha256:<hex>`` of some bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()
