"""``vru calibrate``: replay the registered primary analysis on evaluations of nothing, and write what came of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout

from vru import clock
from vru.binding import BoundAnalysis
from vru.calibration import Calibration
from vru.design.calibrating import scene_for, summarise
from vru.design.replaying import Task, settled
from vru.errors import Problem, RefusedError, VruError
from vru.evaluation import fit
from vru.panel import Panel
from vru.protocol import digest
from vru.results import Estimate, EvaluationResult
from vru.run.calibration_file import bound_to
from vru.run.journal import finished, journal, replayed
from vru.run.lots_file import kept_lot
from vru.run.outputs import read_learning, read_outputs, read_result
from vru.run.running import Working, write_set
from vru.run.study import Study, build, load_study, versions
from vru.sources.source import Progress

Tell = Callable[[str], None]
SHORTEST, LONGEST = 40, 20_000
WITH_EFFECTS = 100
"""Replays into which every known effect is put; the others only ask how often nothing is claimed as an effect."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What came of it, where it stands, and how many replays were there from before a kill."""

    calibration: Calibration
    outputs: Path
    resumed: int


def calibrate(folder: Path, replays: int, jobs: int, data: Path | None, tell: Tell, progress: Progress) -> Calibrated:
    """Replay, summarise, write the outputs again with the calibration in them.

    Stopped at any moment, the next call goes on from the replays that were finished. Raises VruError; the former outputs
    then stay as they were.
    """
    _check(replays, jobs)
    study = load_study(folder, None, data)
    if study.plan.protocol.units.shape != "areas":
        raise RefusedError(_no_areas(study))
    private = folder / ".vru"
    private.mkdir(exist_ok=True)
    try:
        with FileLock(private / "run.lock").acquire(timeout=0):
            return _calibrate(study, replays, jobs, tell, progress)
    except Timeout:
        hint = "wait for it, then calibrate"
        raise VruError(Problem("another run of this evaluation is going on", str(folder), hint=hint)) from None


def _check(replays: int, jobs: int) -> None:
    if not SHORTEST <= replays <= LONGEST:
        raise VruError(Problem(f"{replays} is not a number of replays", "--replays", f"{SHORTEST} to {LONGEST:,}"))
    if jobs < 1:
        raise VruError(Problem(f"{jobs} is not a number of processors", "--jobs", "1 or more"))


def _no_areas(study: Study) -> Problem:
    return Problem(
        "is an evaluation of people or of patrol days, whose dates and areas cannot be moved",
        str(study.folder),
        "an evaluation of areas over time",
        "the checks reshuffle arms instead: vru methods, dowhy_placebo_treatment, schedule_kept",
    )


def _calibrate(study: Study, replays: int, jobs: int, tell: Tell, progress: Progress) -> Calibrated:
    folder, protocol = study.folder, study.plan.protocol
    files, _ = read_outputs(folder)
    result = read_result(files)
    _same_plan(study, result, set(files))
    tell(f"{protocol.id}: reading the data")
    built = build(study, progress)
    panel = built.data
    assert isinstance(panel, Panel)  # the shape was checked
    if dict(built.inputs.data) != dict(result.provenance.data):
        raise RefusedError(
            Problem("the data are not those of the last run", str(folder), hint=f"vru run {folder} first")
        )
    analysis = next(a for a in study.plan.analyses if a.plan.role == "primary")
    estimate = _own(study, analysis, panel, result)
    bound = bound_to(protocol, result.provenance)
    scene = scene_for(protocol, estimate, panel, kept_lot(folder, protocol, panel))
    wanted = replays if scene.most is None else min(replays, scene.most)
    task = settled(Task(protocol.seed, analysis, scene, max(1, wanted // WITH_EFFECTS)))
    path = journal(folder, "calibrate", {**bound, "every": str(task.every)})
    resumed = len([i for i in finished(path) if i < wanted])
    tell(f"{protocol.id}: {wanted} evaluations of nothing" + (f", {resumed} there from before" if resumed else ""))
    found = replayed(path, task, wanted, jobs, progress)
    calibration = summarise(
        task, estimate, [found[i] for i in range(wanted)], protocol, {**bound, "replays": str(wanted)}
    )
    working = Working(replace(result, calibration=calibration), files["notebook.ipynb"], read_learning(folder))
    outputs, _ = write_set(folder, protocol, working, clock.now())
    path.unlink(missing_ok=True)
    return Calibrated(calibration, outputs, resumed)


def _same_plan(study: Study, result: EvaluationResult, files: set[str]) -> None:
    hint = f"vru run {study.folder} first"
    if "report.html" not in files:
        # A set without a report was stopped at the door, and what stopped it is not asked again of a suppressed result.
        what = "the last run was stopped before its report, as something in it may not leave"
        raise RefusedError(Problem(what, str(study.folder), hint=f"vru disclosure {study.folder} says what"))
    if result.protocol_digest != digest(study.plan.protocol):
        raise RefusedError(Problem("protocol.yaml changed after the last run", str(study.folder), hint=hint))
    if dict(result.provenance.versions) != versions():
        raise RefusedError(
            Problem("the last run was made by other versions of the software", str(study.folder), hint=hint)
        )


def _own(study: Study, analysis: BoundAnalysis, panel: Panel, result: EvaluationResult) -> Estimate:
    """The registered primary estimate, made again: a calibration of another one would be of nothing."""
    estimate = fit(study.plan.protocol, analysis, panel)
    if abs(estimate.value - result.primary.value) > 1e-9 * max(1.0, abs(estimate.value)):
        what = "the analysis gives another estimate than the last run did"
        raise RefusedError(Problem(what, str(study.folder), hint=f"vru run {study.folder} first"))
    return estimate
