"""``vru run``: from a registered plan to a folder of finished outputs."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from vru import clock
from vru.disclosure import enforce, merging, review, suppress
from vru.errors import DisclosureError, Problem, Question, VruError
from vru.events import Events
from vru.geography import respelt_plan
from vru.protocol import digest
from vru.questions import questions, require_answers
from vru.results import EvaluationResult, to_json
from vru.run.assuring import plan_file
from vru.run.execute import execute
from vru.run.noting import note_shown
from vru.run.outputs import read_learning, render, write_outputs
from vru.run.study import Settings, Study, build, load_study, read_sources, write_data_lock
from vru.sources.source import Progress

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Ran:
    """A finished run: the result, where the files are, and how long each stage took (seconds)."""

    folder: Path
    outputs: Path
    result: EvaluationResult
    stages: dict[str, float]


def run_evaluation(folder: Path, settings: Settings, data: Path | None, tell: Tell, progress: Progress | None) -> Ran:
    """Load, read the data, execute, review for disclosure, write. Raises VruError; the former outputs then stay as they were.

    With any setting chosen the run is an exploration: it goes to ``explorations/`` and can not be published.
    """
    started = time.perf_counter()
    study = load_study(folder, settings, data)
    require_answers(study.plan.protocol, questions(study.plan))
    stages = {"preflight": time.perf_counter() - started}
    lock = FileLock(_private(folder) / "run.lock")
    try:
        with lock.acquire(timeout=0):
            return _run(study, settings, tell, progress, stages)
    except Timeout:
        raise VruError(
            Problem("another run of this evaluation is going on", str(folder), hint="wait for it, then run again")
        ) from None


def _run(study: Study, settings: Settings, tell: Tell, progress: Progress | None, stages: dict[str, float]) -> Ran:
    folder, protocol, made = study.folder, study.plan.protocol, clock.now()
    learning = read_learning(folder)
    since = time.perf_counter()
    # Into the cache, where the notebook finds them: with a bar to look at, and errors before a kernel starts.
    telling = progress or (lambda what, done, total: None)
    require_answers(protocol, _asked(study, telling))
    stages["data"] = time.perf_counter() - since
    tell(f"{protocol.id}: executing the notebook of template {protocol.template}")
    since = time.perf_counter()
    counted, notebook = execute(study, settings.chosen(), progress is not None)
    if study.registration.status == "no" and not study.registration.registered_at:
        note_shown(folder, made, "an estimate had been shown")
    result, account = suppress(protocol, counted)
    stages["notebook"] = time.perf_counter() - since
    tell(f"{protocol.id}: writing the report, tables and draft record")
    since = time.perf_counter()
    files = render(protocol, result, learning)
    stages["report"] = time.perf_counter() - since
    since = time.perf_counter()
    working = {"result.json": to_json(result).encode(), "notebook.ipynb": notebook}
    target = _target(folder, settings)
    findings = (*review(protocol, result, {**files, **plan_file(protocol)}), merging(protocol, account))
    checks = json.dumps([{"check": f.check, "verdict": f.verdict, "text": f.text} for f in findings], indent=1)
    working["disclosure.json"] = (checks + "\n").encode()
    try:
        enforce(findings)
    except DisclosureError:
        # The working papers stay for the analyst; nothing that is meant to leave is written.
        write_outputs(target, working, digest(protocol), made)
        raise
    everything = {**files, **working}
    outputs = write_outputs(target, everything, digest(protocol), made)
    if not settings.chosen():
        write_data_lock(folder, result.provenance.data)
    stages["review and write"] = time.perf_counter() - since
    return Ran(folder, outputs, result, stages)


def _asked(study: Study, telling: Progress) -> tuple[Question, ...]:
    """What the data make a reader ask. Areas are counted in the notebook, and are not counted here as well."""
    if study.plan.protocol.units.shape != "areas":
        return build(study, telling).questions
    events = {d: e for d, e in read_sources(study, telling).items() if isinstance(e, Events)}
    return (*(q for e in events.values() for q in e.questions), *respelt_plan(study.plan.protocol, events)[2])


def _target(folder: Path, settings: Settings) -> Path:
    chosen = settings.chosen()
    if not chosen:
        return folder
    name = "_".join(f"{k}-{v}" for k, v in sorted(chosen.items()))
    target = folder / "explorations" / name
    target.mkdir(parents=True, exist_ok=True)
    return target


def _private(folder: Path) -> Path:
    private = folder / ".vru"
    private.mkdir(exist_ok=True)
    return private
