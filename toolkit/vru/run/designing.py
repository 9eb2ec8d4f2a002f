"""``vru design``: what the plan's areas could show, from the time before its start and nothing later."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from vru.binding import BoundAnalysis
from vru.design.assurance import Assurance, assurance
from vru.design.calibrating import independent, lot_of
from vru.design.designing import (
    STANDARD,
    Leaks,
    Prospect,
    Rehearsal,
    Variant,
    bare_prospect,
    chances,
    prospect,
    ranked,
    rehearsal,
    rehearsed_at,
    variants,
)
from vru.design.replaying import Replayed, Task, replay, settled
from vru.errors import DataError, LibraryError, MethodError, Problem, ProtocolError, RefusedError
from vru.library import scan
from vru.library.synthesis import select
from vru.methods import METHODS
from vru.panel import Panel
from vru.protocol import Protocol
from vru.protocol.fields import Analysis
from vru.protocol.reading import nearest
from vru.run.calibration_file import bound_to
from vru.run.journal import journal, replayed
from vru.run.lots_file import kept_lot
from vru.run.study import Study, build, load_study
from vru.sources.source import Progress

Tell = Callable[[str], None]
FEWEST, MOST = 40, 5000


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of the design: which methods (empty: the plan's and the standard ones), how many replays, what leaks."""

    methods: tuple[str, ...]
    replays: int
    jobs: int
    leaks: Leaks
    library: Path | None = None


@dataclass(frozen=True, slots=True)
class Designed:
    """What came of it. worth : the rate ratio that the plan calls worth while. why_no_prior : where no assurance is given."""

    made: Rehearsal
    first: str
    last: str
    worth: float
    prospects: tuple[Prospect, ...]
    variants: tuple[Variant, ...]
    assurance: Assurance | None
    why_no_prior: str


def design(folder: Path, asked: Asked, data: Path | None, tell: Tell, progress: Progress) -> Designed:
    """Rehearse the plan on the time before its start. Raises VruError where it cannot be."""
    _check(asked)
    study = load_study(folder, None, data)
    protocol = study.plan.protocol
    if protocol.units.shape != "areas":
        what = "is a plan for people or patrol days, and this command rehearses areas over time"
        raise RefusedError(Problem(what, str(folder), hint="vru methods lists what fits it"))
    primary = next(a for a in study.plan.analyses if a.plan.role == "primary")
    tell(f"{protocol.id}: reading the periods before {protocol.intervention.start}, and nothing after")
    panel = before_start(study, progress)
    lot = lot_of(protocol, kept_lot(folder, protocol, None))
    n_post = len(
        protocol.calendar.between(protocol.intervention.start, protocol.intervention.end or protocol.window.last)
    )
    try:
        made = rehearsal(panel, primary.plan.outcome, lot, n_post, asked.leaks)
    except MethodError as error:
        hint = "begin the window earlier, or name comparison areas"
        raise RefusedError(*(Problem(p.what, "design", hint=hint) for p in error.problems)) from None
    falls = protocol.outcome(primary.plan.outcome).direction == "decrease"
    worth = 1 - protocol.question.smallest_effect if falls else 1 + protocol.question.smallest_effect
    found, others = _all(study, primary, made, asked, worth, (tell, progress))
    best = next((p for p in found if not p.reason), None)
    prior, why = _prior(protocol, primary, best, asked.library, worth)
    return Designed(made, panel.periods[0], panel.periods[-1], worth, found, others, prior, why)


def before_start(study: Study, progress: Progress) -> Panel:
    """The plan's panel up to the period before its start, with roles and without starts.

    The window given to whatever counts ends there, so nothing later can reach a number. Raises ProtocolError, DataError.
    """
    protocol = study.plan.protocol
    periods = tuple(p for p in protocol.periods if p < protocol.intervention.start)
    if len(periods) < 4:
        where = f"window.first {protocol.window.first}, intervention.start {protocol.intervention.start}"
        what = f"{len(periods)} periods before the start"
        raise ProtocolError(Problem(what, where, "4 or more", "begin the window earlier"))
    middle = periods[len(periods) // 2]
    cut = protocol.model_copy(
        update={
            "window": protocol.window.model_copy(update={"last": protocol.calendar.last_of(periods[-1])}),
            "intervention": protocol.intervention.model_copy(update={"start": middle, "end": None}),
            "units": protocol.units.model_copy(update={"starts": {}}),
            "artificial_effect": None,
        }
    )
    built = build(replace(study, plan=replace(study.plan, protocol=cut)), progress)
    panel = built.data
    if not isinstance(panel, Panel):
        raise DataError("the data are not areas over time")
    seen = ~panel.missing.all(axis=0)
    return replace(panel, starts=(None,) * len(panel.units)).between(np.asarray(seen))


def _check(asked: Asked) -> None:
    problems = []
    if not FEWEST <= asked.replays <= MOST:
        problems.append(Problem(f"{asked.replays} is not a number of replays", "--replays", f"{FEWEST} to {MOST:,}"))
    if asked.jobs < 1:
        problems.append(Problem(f"{asked.jobs} is not a number of processors", "--jobs", "1 or more"))
    for name in ("contamination", "displacement"):
        if not 0 <= getattr(asked.leaks, name) < 1:
            value = getattr(asked.leaks, name)
            problems.append(Problem(f"{value:g} is no share", f"--{name}", "0 or more and below 1"))
    areas = sorted(n for n, m in METHODS.items() if m.takes == "areas")
    for name in asked.methods:
        if name not in areas:
            problems.append(
                Problem(f"{name!r} is no method of areas", "--methods", ", ".join(areas), nearest(name, areas))
            )
    if problems:
        raise ProtocolError(*problems)


def _all(
    study: Study, primary: BoundAnalysis, made: Rehearsal, asked: Asked, worth: float, said: tuple[Tell, Progress]
) -> tuple[tuple[Prospect, ...], tuple[Variant, ...]]:
    """Every method tried once, the chosen ones replayed; best first."""
    chosen = _analyses(study, primary, asked.methods)
    found: list[Prospect] = []
    others: dict[str, tuple[Variant, ...]] = {}
    for name, analysis in chosen.items():
        task = settled(Task(study.plan.protocol.seed, analysis, made.scene, 1))
        wanted = asked.replays if made.scene.most is None else min(asked.replays, made.scene.most)
        first = [replay(replace(task, every=10**9), i) for i in (1, 2, 3)]
        if all(r.refused for r in first):
            found.append(bare_prospect(name, made, first[0].refused.rstrip(".")))
            continue
        said[0](f"  {name}: {wanted} rehearsals")
        own = rehearsed_at(made, longest=task.scene.longest)
        runs = _kept(study, task, wanted, asked.jobs, said[1])
        effective = independent(task, [r for r in runs if not r.refused])[0]
        found.append(prospect(analysis, own, runs, worth, effective))
        others[name] = variants(own, runs, worth, effective)
    best = ranked(found)
    return best, others.get(best[0].method, ())


def _analyses(study: Study, primary: BoundAnalysis, methods: Sequence[str]) -> dict[str, BoundAnalysis]:
    """Method -> analysis of the primary outcome: with the plan's options where the plan has it, else with its defaults."""
    outcome = primary.plan.outcome
    planned = {a.method.name: a for a in reversed(study.plan.analyses) if a.plan.outcome == outcome}
    found = {}
    for name in methods or dict.fromkeys([*planned, *STANDARD]):
        if name in planned:
            found[name] = planned[name]
        else:
            plan = Analysis(id=name, role="exploratory", method=name, outcome=outcome)
            found[name] = BoundAnalysis(plan, METHODS[name], METHODS[name].options())
    return found


def _kept(study: Study, task: Task, wanted: int, jobs: int, progress: Progress) -> list[Replayed]:
    from vru.results import Provenance
    from vru.run.study import versions

    made = Provenance(dict(task.scene.panel.provenance), versions(), task.seed)
    options = task.analysis.options.model_dump_json()
    bound = {**bound_to(study.plan.protocol, made), "method": task.analysis.method.name, "options": options}
    path = journal(study.folder, f"design-{task.analysis.method.name}", bound)
    return replayed(path, task, wanted, jobs, progress)


def _prior(
    protocol: Protocol, primary: BoundAnalysis, best: Prospect | None, library: Path | None, worth: float
) -> tuple[Assurance | None, str]:
    """Assurance from the library, or why there is none."""
    if library is None:
        return None, "no library was named (--library DIR)"
    if best is None:
        return None, "no analysis can be used"
    try:
        held = select(scan(library).records, protocol.intervention.type, [primary.plan.outcome])
    except LibraryError as error:
        there = error.problems[0].allowed
        return None, error.problems[0].what + (f" (there is: {there})" if there else "")
    usable = [s for s in held if s.law is not None]
    if not usable:
        return (
            None,
            f"the library holds too few evaluations of {protocol.intervention.type} on this outcome to foretell one",
        )
    widest = max(usable, key=lambda s: len(s.studies))
    power = chances({s.ratio: s.share for s in best.seen}, best.rate.value if best.rate else 0.05)
    return assurance(widest, power, float(np.log(worth))), ""
