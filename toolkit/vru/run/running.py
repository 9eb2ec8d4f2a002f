"""``vru run``: from a registered plan to a folder of finished outputs."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from vru import clock
from vru.disclosure import enforce, merging, review, suppress
from vru.errors import DisclosureError, Problem, Question, VruError
from vru.events import Events
from vru.geography import respelt_plan
from vru.protocol import Protocol, digest
from vru.questions import questions, require_answers
from vru.record import Learning
from vru.results import EvaluationResult, to_json
from vru.run.assuring import plan_file
from vru.run.calibration_file import FILE, calibration_bytes, carried
from vru.run.data_lock import write_data_lock
from vru.run.execute import execute
from vru.run.noting import note_shown
from vru.run.outputs import read_learning, render, write_outputs
from vru.run.specifying import with_curve
from vru.run.study import Settings, Study, build, load_study, read_sources
from vru.sources.source import Progress

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Ran:
    """A finished run: the result, where the files are, and how long each stage took (seconds)."""

    folder: Path
    outputs: Path
    result: EvaluationResult
    stages: dict[str, float]


@dataclass(frozen=True, slots=True)
class Working:
    """What a set of outputs is made from: a result, the executed notebook, and what people wrote in the draft record."""

    result: EvaluationResult
    notebook: bytes
    learning: Learning | None


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
    stages["notebook"] = time.perf_counter() - since
    kept, why_not = (None, "") if settings.chosen() else carried(folder, protocol, counted)
    counted, stale = (counted, "") if settings.chosen() else with_curve(folder, counted)
    for said in filter(None, (why_not, stale)):
        tell(f"{protocol.id}: {said}")
    tell(f"{protocol.id}: writing the report, tables and draft record")
    since = time.perf_counter()
    working = Working(replace(counted, calibration=kept), notebook, learning)
    outputs, result = write_set(_target(folder, settings), protocol, working, made)
    if not settings.chosen():
        write_data_lock(folder, result.provenance.data)
    stages["report"] = time.perf_counter() - since
    return Ran(folder, outputs, result, stages)


def write_set(target: Path, protocol: Protocol, working: Working, made: datetime) -> tuple[Path, EvaluationResult]:
    """Suppress, render, review, and put the whole set in ``outputs/`` of ``target``; the result is as published.

    Raises DisclosureError; the working papers then stay for the analyst, and nothing that is meant to leave is written.
    """
    result, account = suppress(protocol, working.result)
    files = render(protocol, result, working.learning)
    if result.calibration is not None:
        files[FILE] = calibration_bytes(result.calibration)
    papers = {"result.json": to_json(result).encode(), "notebook.ipynb": working.notebook}
    findings = (*review(protocol, result, {**files, **plan_file(protocol)}), merging(protocol, account))
    checks = json.dumps([{"check": f.check, "verdict": f.verdict, "text": f.text} for f in findings], indent=1)
    papers["disclosure.json"] = (checks + "\n").encode()
    try:
        enforce(findings)
    except DisclosureError:
        write_outputs(target, papers, digest(protocol), made)
        raise
    return write_outputs(target, {**files, **papers}, digest(protocol), made), result


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
