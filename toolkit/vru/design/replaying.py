"""Replay an analysis by the hundred, on several processors, each replay from its own seed whatever order they come in."""

import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from vru.binding import BoundAnalysis
from vru.checks.findings import excludes_none
from vru.design.placebos import Scene, draw
from vru.errors import MethodError
from vru.panel import Panel
from vru.replay import with_effect
from vru.results import Estimate
from vru.stats.intervals import quantile

FALLS = (0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.6, 0.5)
RISES = (1.05, 1.1, 1.2, 1.3, 1.5)
"""Effects whose power is told."""
RATIOS = (*FALLS, 0.35, 0.2, *RISES, 2.0, 3.0)
"""Effects put in: larger ones too, as a replay of few areas stands for a smaller effect in the evaluation."""
CHUNK = 8
Fit = Callable[[Panel, Generator], Estimate]


@dataclass(frozen=True, slots=True)
class Task:
    """What is replayed: an analysis on a scene. every : known effects are put into each replay whose number it divides."""

    seed: int
    analysis: BoundAnalysis
    scene: Scene
    every: int
    ratios: tuple[float, ...] = RATIOS


@dataclass(frozen=True, slots=True)
class Replayed:
    """One replay. frame : where it was drawn from.

    distance : its estimate in its own standard errors; error : that standard error on the log scale, or as a share of the
        offences expected; None where the method gives none.
    claimed : whether it would have been reported as an effect; covered : whether its interval holds none.
    seen : known effect -> whether it was claimed, in its direction. refused : why there is no answer, else "".
    """

    which: int
    frame: str
    distance: float | None = None
    error: float | None = None
    p: float | None = None
    claimed: bool = False
    covered: bool | None = None
    seen: tuple[tuple[float, bool], ...] = ()
    refused: str = ""


def replay_all(
    task: Task, todo: Sequence[int], jobs: int, fit_as: Callable[[BoundAnalysis], Fit] | None = None
) -> Iterator[Replayed]:
    """Replays with these numbers, in the order in which they are finished."""
    if jobs == 1 or len(todo) <= CHUNK:
        for which in todo:
            yield replay(task, which, fit_as)
        return
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import get_context

    chunks = [list(todo[i : i + CHUNK]) for i in range(0, len(todo), CHUNK)]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_one_thread) as pool:
        try:
            for done in as_completed([pool.submit(_chunk, task, chunk) for chunk in chunks]):
                yield from done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _one_thread() -> None:
    """Each process computes on one processor: several that each take all of them wait for one another."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)


def settled(task: Task) -> Task:
    """The task as it is, or with longer times before made-up starts where the analysis refuses those there are."""
    bare = replace(task, every=10**9)
    numbers = range(1, 13)
    if any(not replay(bare, i).refused for i in numbers if task.scene.frame(i) in ("before", "arms")):
        return task
    longer = replace(task.scene, longest=True)
    answers = [replay(replace(bare, scene=longer), i) for i in numbers if longer.frame(i) in ("before", "arms")]
    return replace(task, scene=longer) if any(not a.refused for a in answers) else task


def _chunk(task: Task, todo: Sequence[int]) -> list[Replayed]:
    return [replay(task, which) for which in todo]


def stream(seed: int, which: int) -> Generator:
    """The random stream of one replay."""
    return np.random.default_rng([seed, zlib.crc32(b"replay"), which])


def drawn(task: Task, which: int) -> Panel | None:
    """The panel of one replay, drawn again."""
    return draw(task.scene, which, stream(task.seed, which))


def replay(task: Task, which: int, fit_as: Callable[[BoundAnalysis], Fit] | None = None) -> Replayed:
    """One evaluation of nothing, fitted as registered; then again with each known effect put in."""
    rng = stream(task.seed, which)
    frame = task.scene.frame(which)
    panel = draw(task.scene, which, rng)
    if panel is None:
        return Replayed(which, frame, refused="too few areas or periods outside the evaluation")
    fit = (fit_as or lean_fit)(task.analysis)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            plain = fit(panel, rng)
        except MethodError as error:
            said = " ".join(str(p.what) for p in error.problems)
            return Replayed(which, frame, refused=task.scene.panel.calendar.say(said))
        except (ArithmeticError, ValueError, np.linalg.LinAlgError):
            return Replayed(which, frame, refused="the arithmetic broke down on these data")
        seen = _all_seen(fit, panel, task.ratios, rng) if which % task.every == 0 else ()
    return _told(which, frame, plain, seen)


def lean_fit(analysis: BoundAnalysis) -> Fit:
    """The registered analysis as a function of a panel, without what only a report draws."""
    run = analysis.method.lean or analysis.method.fit
    return lambda panel, rng: run(panel, analysis.plan.outcome, analysis.options, rng)


def _all_seen(fit: Fit, panel: Panel, ratios: Sequence[float], rng: Generator) -> tuple[tuple[float, bool], ...]:
    """Whether each known effect is claimed. Two in a row that are make larger ones of that direction claimed as well."""
    found: list[tuple[float, bool]] = []
    for side in (True, False):
        hits = 0
        for ratio in sorted((r for r in ratios if (r < 1) == side), key=lambda r: abs(np.log(r))):
            yes = hits >= 2 or _sees(fit, panel, ratio, rng)
            hits = hits + 1 if yes else 0
            found.append((ratio, yes))
    return tuple(found)


def _sees(fit: Fit, panel: Panel, ratio: float, rng: Generator) -> bool:
    try:
        found = fit(with_effect(panel, ratio, rng), rng)
    except (MethodError, ArithmeticError, ValueError, np.linalg.LinAlgError):
        return False
    return bool(claims(found)) and (found.value < 0) == (ratio < 1)


def claims(found: Estimate) -> bool | None:
    """Whether it would be reported as an effect; None where it has neither interval nor p."""
    return excludes_none(found.low, found.high, found.p, found.level)


def error_of(found: Estimate) -> float | None:
    """Its standard error, or the one that its interval implies."""
    if found.se:
        return found.se
    if found.low is None or found.high is None or found.high <= found.low:
        return None
    return (found.high - found.low) / (2 * quantile(found.level))


def relative_error(found: Estimate) -> float | None:
    """Its standard error as one of a relative change: as it is on the log scale, over what was expected for a difference."""
    error = error_of(found)
    if error is None or found.scale == "log_rate_ratio":
        return error
    expected = sum(p.expected for p in found.path[len(found.path) - found.n_post :])
    return error / expected if expected > 0 else None


def _told(which: int, frame: str, found: Estimate, seen: tuple[tuple[float, bool], ...]) -> Replayed:
    claimed, error = claims(found), error_of(found)
    if claimed is None:
        return Replayed(which, frame, refused="this method gives neither an interval nor a p-value")
    covered = None if found.low is None or found.high is None else found.low <= 0 <= found.high
    distance = None if error is None else found.value / error
    return Replayed(which, frame, distance, relative_error(found), found.p, claimed, covered, seen)
