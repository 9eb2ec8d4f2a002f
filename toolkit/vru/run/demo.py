"""``vru demo``: a workspace, a simulated force, and every step of the process on it."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from vru import clock, resources
from vru.errors import Problem, VruError
from vru.protocol import register
from vru.protocol.whole_file import write_whole
from vru.run.assuring import assure
from vru.run.publishing import publish_evaluation
from vru.run.running import run_evaluation
from vru.run.sites import write_site
from vru.run.study import Settings, load_study
from vru.run.telling import estimate_text
from vru.run.workspace import init_workspace
from vru.sources.source import Progress
from vru.version import __version__

NAME = "op-grip-demo"


def demo(folder: Path, tell: Callable[[str], None], progress: Progress | None) -> list[str]:
    """Simulate, run, assure, publish, build the site; return the closing lines: estimate beside truth, what to open.

    Can be run again in the same folder. Raises VruError if the folder holds something else.
    """
    if folder.exists() and not folder.is_dir():
        raise VruError(Problem("is a file; a demo needs a folder", str(folder), hint="vru demo another-folder"))
    if folder.exists() and any(folder.iterdir()) and not (folder / "evaluations" / NAME).is_dir():
        raise VruError(Problem("is not empty and not a demo", str(folder), hint="vru demo another-folder"))
    watch = _Clock(tell)
    init_workspace(folder)
    evaluation = folder / "evaluations" / NAME
    evaluation.mkdir(exist_ok=True)
    for name in ("README.md", "protocol.yaml"):
        if not (evaluation / name).exists():
            write_whole(evaluation / name, (resources.demo_dir() / name).read_bytes())
    study = load_study(evaluation)
    protocol = study.plan.protocol
    register(evaluation, protocol, clock.now(), __version__)
    watch("workspace, plan and registration")
    ran = run_evaluation(evaluation, Settings(), None, tell, progress)
    for stage, seconds in ran.stages.items():
        watch.add(f"run: {stage}", seconds)
    watch.reset()
    # Nobody reads a demo's failed checks, so it says that it accepts them and why.
    failed = {f.check: "a demonstration on simulated data" for f in ran.result.findings if f.verdict == "fail"}
    assure(evaluation, protocol.roles.assurer, failed, clock.now())
    library = folder / "shared_learning"
    published = publish_evaluation(evaluation, library, protocol.roles.approver, clock.now())
    watch("assure and publish")
    site = write_site(library, folder / "site", "network", "")
    watch("site")
    return [
        "",
        f"estimate: {estimate_text(ran.result.primary)}",
        *_truth_lines(ran.result.provenance.truth),
        f"time:     {watch.total():.1f} s: {watch.text()}",
        f"record:   {published.path}",
        f"report:   {ran.outputs / 'report.html'}",
        f"open:     {site.home}",
    ]


def _truth_lines(truth: Mapping[str, float]) -> list[str]:
    shown = {
        "rate_ratio": "rate ratio {:.2f}",
        "events_prevented_expected": "{:,.0f} offences prevented in the treated areas",
        "displacement_share": "{:.0%} of them moved next door",
    }
    return ["truth:    " + ", ".join(text.format(truth[name]) for name, text in shown.items() if name in truth)]


class _Clock:
    """Wall time by stage."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._stages: dict[str, float] = {}
        self.reset()

    def __call__(self, stage: str) -> None:
        self.add(stage, time.perf_counter() - self._from)
        self.reset()

    def add(self, stage: str, seconds: float) -> None:
        self._stages[stage] = seconds
        self._tell(f"done: {stage} ({seconds:.1f} s)")

    def reset(self) -> None:
        self._from = time.perf_counter()

    def total(self) -> float:
        return sum(self._stages.values())

    def text(self) -> str:
        return ", ".join(f"{k} {v:.1f}" for k, v in self._stages.items())
