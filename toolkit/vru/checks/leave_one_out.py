"""Does the finding hang on one area, one comparison area or one period?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from pydantic import Field

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.findings import effect, excludes_none, finding, guarded, not_run
from vru.errors import VruError
from vru.panel import Panel
from vru.results import Estimate, Finding, Verdict

NAME = "leave_one_out"
LARGE = 1.0
"""Standard errors by which one part may move the estimate before it is named."""


class Options(CheckOptions):
    """How many areas of each arm, and periods of each phase, are left out in turn at most: those with the most offences."""

    most: int = Field(15, ge=1, le=500)


@dataclass(frozen=True, slots=True)
class _Left:
    kind: str
    name: str
    found: Estimate


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    """Refit without each part in turn; a part counts where it moves the estimate by more than its standard error."""
    assert isinstance(options, Options)
    whole = case.estimate
    if whole.se is None or whole.se <= 0:
        return not_run(NAME, case, "the analysis has no standard error, so nothing says how far one part may move it.")
    left, failed = [], 0
    for kind, name, without in _each(case.panel, whole.outcome, options.most):
        try:
            left.append(_Left(kind, name, case.refit(without())))
        except VruError:
            failed += 1
    if not left:
        return not_run(NAME, case, "no part can be left out: the method then has too little data.")
    return _judge(case, left, failed, whole.se)


def _judge(case: Case, left: list[_Left], failed: int, se: float) -> Finding:
    whole = case.estimate
    moved = np.array([(one.found.value - whole.value) / se for one in left])
    worst = left[int(np.abs(moved).argmax())]
    named = [one for one, by in zip(left, moved, strict=True) if abs(by) > LARGE]
    sure = _sure(whole)
    lost = [one for one in named if sure and not (_sure(one.found) and one.found.value * whole.value > 0)]
    verdict: Verdict = "fail" if lost else "concern" if named else "pass"
    ends = [one.found.value for one in left]
    text = (
        f"The analysis was repeated {len(left)} times, each time without one area or one period. Its answer lay between "
        f"{effect(case, min(ends))} and {effect(case, max(ends))}, with all of them {effect(case, whole.value)}. The largest "
        f"difference, {np.abs(moved).max():.1f} standard errors, came without {worst.kind} {worst.name}."
    )
    if lost:
        text += f" Without {lost[0].kind} {lost[0].name} no effect is seen: the finding hangs on it."
    elif named:
        text += " The answer leans on it more than chance would lead to expect."
    text += f" {failed} parts could not be left out." if failed else ""
    numbers = {
        "tried": len(left),
        "lowest": min(ends),
        "highest": max(ends),
        "largest_move_in_se": float(np.abs(moved).max()),
        "moved_more_than_se": len(named),
    }
    threshold = (
        "concern: one part moves the estimate by more than its standard error; fail: and the finding goes with it"
    )
    return finding(NAME, case, verdict, text, numbers, threshold)


def _sure(e: Estimate) -> bool:
    return bool(excludes_none(e.low, e.high, e.p, e.level))


def _each(panel: Panel, outcome: str, most: int) -> Iterator[tuple[str, str, Callable[[], Panel]]]:
    counts = np.nan_to_num(panel.counts[outcome])
    for role, kind in (("treated", "treated area"), ("comparison", "comparison area")):
        rows = np.flatnonzero(panel.is_role(role))  # type: ignore[arg-type]
        if len(rows) > 1:
            for i in _largest(rows, counts[rows].sum(axis=1), most):
                keep = np.arange(len(panel.units)) != i
                yield kind, panel.units[i], lambda keep=keep: panel.subset(keep)  # type: ignore[misc]
    post, seen = panel.post(), ~panel.missing.all(axis=0)
    for phase in (~post & seen, post & seen):
        columns = np.flatnonzero(phase)
        if len(columns) > 2:
            for j in _largest(columns, counts[:, columns].sum(axis=0), most):
                yield "period", panel.periods[j], lambda j=j: _without_period(panel, j)  # type: ignore[misc]


def _largest(at: np.ndarray, size: np.ndarray, most: int) -> list[int]:
    return [int(i) for i in at[np.argsort(-size, kind="stable")[:most]]]


def _without_period(panel: Panel, j: int) -> Panel:
    missing = panel.missing.copy()
    missing[:, j] = True
    counts = {k: np.where(missing, np.nan, v) for k, v in panel.counts.items()}
    return replace(panel, missing=missing, counts=counts, recording=None, spans={})


CHECK = Check(
    name=NAME,
    label="One part left out",
    question="Does the finding hang on one area, one comparison area or one period?",
    source="Belsley, Kuh & Welsch (1980), influence; Abadie, Diamond & Hainmueller (2015) AJPS 59:495-510, leave-one-out",
    options=Options,
    run=guarded(NAME, _run),
)
