"""Where an evaluation stands in the process, what is late, who holds it, and what comes next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from vru.protocol import Protocol

Step = Literal["scoped", "not evaluated", "planned", "registered", "run", "assured", "published", "unreadable"]
WEEKS = 12
"""After the last month of data an evaluation should be run, and after the run published (GSR Publication Protocol)."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What lies in the evaluation's folder: sound plan or None, registration, dates of run and assurance, whether published."""

    protocol: Protocol | None
    problems: int
    scoped: str
    registered: str
    run_on: date | None
    assured: bool
    published: str


@dataclass(frozen=True, slots=True)
class Standing:
    """One line of ``vru status``. ``late``: "" or what is late since when; ``next``: the command, or what to do."""

    evaluation: str
    title: str
    step: Step
    holder: str
    late: str
    next: str


def standing(folder: str, facts: Facts, today: date) -> Standing:
    """Where it stands; pure."""
    p = facts.protocol
    name = folder.rstrip("/").rsplit("/", 1)[-1]
    if p is None:
        return _before_a_plan(folder, name, facts)
    step = _step(facts)
    roles: Mapping[str, str] = {"run": p.roles.assurer, "assured": p.roles.approver, "published": p.roles.commissioner}
    return Standing(
        folder, p.title, step, roles.get(step, p.roles.analyst), _late(p, facts, step, today), _next(folder, step, p)
    )


def _before_a_plan(folder: str, name: str, facts: Facts) -> Standing:
    if facts.problems:
        what = f"{facts.problems} problem{'s' if facts.problems > 1 else ''} in the plan"
        return Standing(folder, name, "planned", "analyst", "", f"vru check {folder}: {what}")
    if facts.scoped == "not evaluated":
        return Standing(folder, name, "not evaluated", "commissioner", "", "nothing: the reason is in scope.yaml")
    return Standing(
        folder, name, "scoped", "analyst", "", f"collect what {folder}/scope.yaml lists, then vru scope again"
    )


def _step(facts: Facts) -> Step:
    if facts.published:
        return "published"
    if facts.assured:
        return "assured"
    if facts.run_on is not None:
        return "run"
    return "registered" if facts.registered else "planned"


def _late(p: Protocol, facts: Facts, step: Step, today: date) -> str:
    start, ended = first_day(p.intervention.start), day_after(p.window.last)
    if step == "planned" and today >= start:
        return f"not registered, and it began on {start.isoformat()}"
    if step == "registered" and today >= ended + timedelta(weeks=WEEKS):
        return f"not run, and its data ended {(today - ended).days // 7} weeks ago"
    if step == "run" and not facts.registered:
        return "run before it was registered"
    if step in ("run", "assured") and facts.run_on is not None and today >= facts.run_on + timedelta(weeks=WEEKS):
        return f"not published, and it was run {(today - facts.run_on).days // 7} weeks ago"
    return ""


def first_day(moment: str) -> date:
    """The first day of a month (YYYY-MM), or the day itself."""
    return date.fromisoformat(moment if len(moment) == 10 else f"{moment[:7]}-01")


def day_after(moment: str) -> date:
    """The day after the last one of a month, or of the day itself."""
    if len(moment) == 10:
        return date.fromisoformat(moment) + timedelta(days=1)
    return (first_day(moment) + timedelta(days=32)).replace(day=1)


def _next(folder: str, step: Step, p: Protocol) -> str:
    return {
        "planned": f"vru register {folder}",
        "registered": f"vru run {folder}",
        "run": f'vru assure {folder} --by "{p.roles.assurer}"',
        "assured": f'vru publish {folder} --library shared_learning --by "{p.roles.approver}"',
    }.get(step, "vru site --library shared_learning --out site")
