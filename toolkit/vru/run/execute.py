"""Execute a template's notebook with papermill in a private folder and take the result out of it."""

import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

from vru import resources
from vru.errors import Problem, ProtocolError, VruError
from vru.results import EvaluationResult, from_json
from vru.run.study import Study, workspace_of

_PLACES = (
    "problem_oriented_place",
    "street_outreach",
    "area_programme",
    "trauma_informed_training",
    "simple_before_after",
)
_PEOPLE = (
    "randomised_programme", "focused_deterrence", "navigator", "mentoring_or_cbt", "schools_programme", "diversion_outcome_22",
)  # fmt: skip
FAMILIES = dict.fromkeys(_PLACES, "hotspot_patrol") | dict.fromkeys(_PEOPLE, "programme")
"""Template -> the notebook of its family, where that has another name."""
MIME = "application/vnd.vru.result+json"
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def notebook_of(study: Study) -> Path:
    """The notebook of the plan's template: the workspace's own copy if there is one, else the shipped one."""
    template = study.plan.protocol.template
    name = f"{FAMILIES.get(template, template)}.ipynb"
    places = [workspace_of(study.folder) / "notebooks" / name, resources.notebooks_dir() / name]
    for place in places:
        if place.is_file():
            return place
    known = ", ".join(sorted(p.stem for p in resources.notebooks_dir().glob("*.ipynb")))
    raise ProtocolError(Problem(f"template {template!r} has no notebook", "protocol.yaml: template", known))


def execute(study: Study, settings: dict[str, Any], show_progress: bool) -> tuple[EvaluationResult, bytes]:
    """Run the notebook; return its result and the executed notebook's bytes.

    Parameters were validated by the caller, before a kernel starts. Raises VruError naming the
    cell that failed; the failed notebook stays in the evaluation's private ``.vru`` folder.
    """
    import papermill
    from papermill.exceptions import PapermillExecutionError

    source = notebook_of(study)
    parameters = {
        "evaluation": str(study.folder.resolve()),
        "settings": settings,
        "data": str(study.data.resolve()) if study.data else "",
    }
    with tempfile.TemporaryDirectory(prefix="vru-run-") as private:
        output = Path(private) / "notebook.ipynb"
        try:
            papermill.execute_notebook(
                str(source),
                str(output),
                parameters=parameters,
                kernel_name="python3",
                progress_bar=show_progress,
                cwd=private,
                config=_kernel_config(private),
                # The kernel writes its own log to the terminal, as when it is stopped after a cell that failed.
                extra_arguments=["--log-level=CRITICAL"],
            )
        except PapermillExecutionError as error:
            raise _failure(study, output, error) from None
        except RuntimeError:
            # The kernel's end reaches us as one of several RuntimeErrors, whose words help no analyst.
            hint = "the machine may be out of memory: close other programs, then run again"
            raise VruError(Problem("the notebook's Python process ended early", hint=hint)) from None
        notebook = output.read_bytes()
    return _result_in(notebook.decode("utf-8")), _without_paths(notebook, parameters)


def _kernel_config(private: str) -> Any:
    from traitlets.config import Config

    socket = str(Path(private) / "k")
    # Local sockets instead of TCP: what a kernel says then never crosses a network interface.
    # Systems without them, and folders whose names are too long for one, keep the default.
    if os.name == "nt" or len(socket) > 90:
        return Config()
    return Config({"KernelManager": {"transport": "ipc", "ip": socket}})


def _failure(study: Study, output: Path, error: Any) -> VruError:
    kept = workspace_of(study.folder) / ".vru" / f"failed-{study.folder.resolve().name}.ipynb"
    kept.parent.mkdir(parents=True, exist_ok=True)
    if output.exists():
        kept.write_bytes(output.read_bytes())
    known = {"ProtocolError", "DataError", "MethodError", "DisclosureError", "LibraryError"}
    # Only the toolkit's own messages are shown: any other exception may quote a row of data.
    what = _ANSI.sub("", str(error.evalue)) if error.ename in known else f"the notebook stopped with {error.ename}"
    return VruError(
        Problem(what, where=f"notebook cell {error.exec_count}", hint=f"the working notebook is kept at {kept}")
    )


def _result_in(notebook: str) -> EvaluationResult:
    for cell in reversed(json.loads(notebook)["cells"]):
        for output in cell.get("outputs", []):
            if MIME in output.get("data", {}):
                return from_json(str(output["data"][MIME]["result"]))
    raise VruError(
        Problem(
            "the notebook ended without a result",
            hint="its last cell must call vru.publish_result(result); restore the shipped notebook with vru init",
        )
    )


def _without_paths(notebook: bytes, parameters: dict[str, Any]) -> bytes:
    # Papermill writes folder names into the injected cell, the metadata and its own paths.
    content = json.loads(notebook)
    for key in ("input_path", "output_path"):
        content["metadata"].get("papermill", {}).pop(key, None)
    text = json.dumps(content, indent=1, ensure_ascii=False)
    for key in ("evaluation", "data"):
        if parameters[key]:
            text = text.replace(json.dumps(parameters[key], ensure_ascii=False)[1:-1], f"<{key} folder>")
    return (text + "\n").encode("utf-8")
