"""``vru status``: where every evaluation of a workspace stands; reads folders and changes nothing."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import yaml

from vru.errors import Problem, ProtocolError, VruError
from vru.process.scope.filling import FILE as SCOPED
from vru.process.standing import Facts, Standing, standing
from vru.protocol import Protocol, digest, read_draft, registration
from vru.run.assuring import FILE as ASSURED
from vru.run.assuring import require_assurance


def status(workspace: Path, library: Path, today: date) -> tuple[Standing, ...]:
    """One standing for each evaluation, late ones first. Raises ProtocolError where there is none."""
    root = workspace / "evaluations" if (workspace / "evaluations").is_dir() else workspace
    folders = [f for f in sorted(root.iterdir()) if _is_evaluation(f)] if root.is_dir() else []
    if not folders:
        raise ProtocolError(
            Problem("no evaluation is here", str(root), hint="vru scope NAME, or vru new NAME --template T")
        )
    published = _published(library)
    found = [standing(_shown(f, workspace), _facts(f, published), today) for f in folders]
    return tuple(sorted(found, key=lambda s: (not s.late, s.evaluation)))


def _is_evaluation(folder: Path) -> bool:
    return (
        folder.is_dir()
        and not folder.name.startswith(".")
        and any((folder / f).is_file() for f in ("protocol.yaml", SCOPED))
    )


def _shown(folder: Path, workspace: Path) -> str:
    return folder.relative_to(workspace).as_posix() if folder.is_relative_to(workspace) else str(folder)


def _facts(folder: Path, published: Sequence[tuple[str, str]]) -> Facts:
    if not (folder / "protocol.yaml").is_file():
        return Facts(None, 0, _decision(folder), "", None, False, "")
    try:
        draft = read_draft(folder)
    except VruError as error:
        return Facts(None, len(error.problems), "", "", None, False, "")
    if draft.protocol is None or draft.problems:
        return Facts(None, len(draft.problems) or 1, "", "", None, False, "")
    p = draft.protocol
    try:
        registered = registration(folder, p).registered_at
    except VruError:
        registered = ""
    out = p.id if (p.organisation, p.id) in published else ""
    return Facts(p, 0, "", registered, _run_on(folder, p), _assured(folder), out)


def _decision(folder: Path) -> str:
    try:
        content = yaml.safe_load((folder / SCOPED).read_text(encoding="utf-8"))
        return str(content["decision"])
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
        return ""


def _run_on(folder: Path, protocol: Protocol) -> date | None:
    """The day of the run of this plan; a run of another plan counts for nothing."""
    try:
        manifest = json.loads((folder / "outputs" / "manifest.json").read_text(encoding="utf-8"))
        if manifest["protocol_digest"] != digest(protocol):
            return None
        return datetime.fromisoformat(str(manifest["made"])).date()
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _assured(folder: Path) -> bool:
    if not (folder / ASSURED).is_file():
        return False
    try:
        require_assurance(folder)
    except VruError:
        return False
    return True


def _published(library: Path) -> list[tuple[str, str]]:
    """(organisation, record) of every record folder; their content is vru library's to judge."""
    records = library / "records"
    return [(f.parent.name, f.name) for f in records.glob("*/*") if f.is_dir()] if records.is_dir() else []
