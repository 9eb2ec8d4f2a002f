"""Make the folders an analyst works in: a workspace, and an evaluation from a template."""

import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from vru import resources
from vru.errors import Problem, ProtocolError
from vru.process.practice import practice, written
from vru.process.practice.made import MARK, mark
from vru.protocol import json_schema
from vru.protocol.reading import nearest
from vru.protocol.schema import FILE as SCHEMA_FILE
from vru.protocol.whole_file import cannot_write, write_whole

PRACTICE_SEED = 1
_NAME = re.compile(r"^[a-z0-9][a-z0-9-]{1,62}[a-z0-9]$")


def init_workspace(folder: Path) -> Path:
    """An empty workspace with evaluations/, notebooks/ and a shared_learning/ library. Never overwrites."""
    from vru.library import open_library

    if folder.exists() and not folder.is_dir():
        raise ProtocolError(Problem("is a file; a workspace is a folder", str(folder), hint="vru init another-name"))
    try:
        for part in ("evaluations", "notebooks"):
            (folder / part).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ProtocolError(cannot_write(folder, error)) from None
    _write_schema(folder / "evaluations")
    for notebook in sorted(resources.notebooks_dir().glob("*.ipynb")):
        target = folder / "notebooks" / notebook.name
        if not target.exists():
            write_whole(target, notebook.read_bytes())
    open_library(folder / "shared_learning", create=True)
    return folder


def template_names() -> dict[str, str]:
    """Template name -> the first line of its README that says what it is for."""
    found = {}
    for folder in sorted(p for p in resources.templates_dir().iterdir() if (p / "protocol.yaml").is_file()):
        lines = (folder / "README.md").read_text(encoding="utf-8").splitlines()
        found[folder.name] = next((line for line in lines if line and not line.startswith("#")), "")
    return found


def new_evaluation(name: str, template: str, workspace: Path, with_data: bool = False) -> Path:
    """Scaffold ``workspace/evaluations/name`` (or ``workspace/name`` where there is no evaluations/).

    ``with_data``: the plan of a made-up evaluation with its practice data, whose truth is known; it runs as it stands.

    Raises ProtocolError if the template is unknown, the name malformed or the folder taken.
    """
    known = list(template_names())
    if template not in known:
        raise ProtocolError(
            Problem(f"there is no template {template!r}", allowed=", ".join(known), hint=nearest(template, known))
        )
    text = resources.template_text(template).replace("id: my-evaluation", f"id: {name}", 1)
    files = {"README.md": (resources.templates_dir() / template / "README.md").read_bytes()}
    if with_data:
        made = practice(template, PRACTICE_SEED)
        text = written(text, made)
        files |= {f"data/{file}": data for file, data in made.files.items()} | {
            f"data/{MARK}": mark(made, PRACTICE_SEED)
        }
    return place_evaluation(name, workspace, files | {"protocol.yaml": text.encode()})


def place_evaluation(name: str, workspace: Path, files: Mapping[str, bytes]) -> Path:
    """A new evaluation's folder with these files. Raises ProtocolError where the name is malformed or the folder taken."""
    target = free_place(name, workspace)
    _place(target, files)
    _write_schema(target.parent)
    return target


def free_place(name: str, workspace: Path) -> Path:
    """Where a new evaluation of this name goes. Raises ProtocolError where the name is malformed or the folder taken."""
    if not _NAME.match(name):
        raise ProtocolError(
            Problem(
                f"{name!r} cannot be the name of an evaluation",
                allowed="3 to 64 lower-case letters, digits and hyphens",
            )
        )
    evaluations = workspace / "evaluations"
    target = (evaluations if evaluations.is_dir() else workspace) / name
    if target.exists():
        raise ProtocolError(
            Problem("already exists; nothing was changed", where=str(target), hint="choose another name")
        )
    return target


def _place(target: Path, files: Mapping[str, bytes]) -> None:
    """A new folder, whole or not at all."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=".new-", dir=target.parent))
        try:
            for name, data in files.items():
                (stage / name).parent.mkdir(exist_ok=True)
                write_whole(stage / name, data)
            stage.chmod(0o755)
            stage.rename(target)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    except OSError as error:
        raise ProtocolError(cannot_write(target, error)) from None


def _write_schema(folder: Path) -> None:
    # Made by the toolkit, so a newer toolkit's replaces an older one's: editors then know the fields there are.
    path, schema = folder / SCHEMA_FILE, json_schema().encode()
    if not path.exists() or path.read_bytes() != schema:
        write_whole(path, schema)
