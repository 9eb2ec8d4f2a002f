"""Does a patrol still work on the day after?"""

import math
from dataclasses import replace

import numpy as np
from numpy.random import Generator

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.findings import finding, guarded, not_run
from vru.results import Finding, Verdict
from vru.stats.crossed import cluster_covariance, fit_crossed
from vru.stats.intervals import wald
from vru.stats.patrol_test import followers
from vru.words.effects import rate_change

NAME = "carry_over"
FEWEST = 5


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    """A level of its own for other days after a patrol day, and the analysis again without those days."""
    panel, outcome = case.panel, case.estimate.outcome
    if panel.schedule is None or outcome not in panel.counts:
        return not_run(NAME, case, "the panel has no patrol schedule.")
    rows = panel.is_role("treated")
    on, seen = panel.schedule.assigned[rows].astype(bool), ~panel.missing[rows]
    late = followers(on, 1)
    if not (late & seen).any() or not (~late & ~on & seen).any():
        return not_run(NAME, case, "no other days follow a patrol day, or all of them do.")
    counts = np.nan_to_num(panel.counts[outcome][rows])
    if min(counts[on & seen].sum(), counts[late & seen].sum()) == 0:
        return not_run(NAME, case, "no offences were recorded on patrol days or on the days after.")
    weight, code = seen.astype(float), np.arange(on.shape[1])
    model = fit_crossed(counts, weight, code, np.stack([on, late]).astype(float))
    areas = int((counts.sum(axis=1) > 0).sum())
    v = cluster_covariance(model, counts, weight, code)
    if v is None or areas < FEWEST:
        return not_run(NAME, case, f"{areas} areas with offences are too few.")
    value, se = float(model.value[1]), math.sqrt(float(v[1, 1]))
    bounds = wald(value, se, case.estimate.level, areas - 1)
    without = _without(case, late)
    found = (bounds.low or 0) > 0 or (bounds.high or 0) < 0
    moved = (
        None if without is None or case.estimate.se is None else abs(without - case.estimate.value) / case.estimate.se
    )
    verdict: Verdict = "concern" if found or (moved is not None and moved > 1) else "pass"
    numbers = {"after": value, "low": bounds.low, "high": bounds.high, "without": without, "moved_in_se": moved}
    text = _words(value, found, without, case)
    return finding(
        NAME, case, verdict, text, numbers, "concern: interval leaves out none, or the estimate moves by its se"
    )


def _without(case: Case, late: np.ndarray) -> float | None:
    """The analysis once more with other days after a patrol day left out; its interval is not used."""
    panel = case.panel
    gone = panel.missing.copy()
    gone[panel.is_role("treated")] |= late
    counts = {k: np.where(gone, np.nan, v) for k, v in panel.counts.items()}
    return case.refit(replace(panel, counts=counts, missing=gone)).value


def _words(value: float, found: bool, without: float | None, case: Case) -> str:
    says = f"Other days right after a patrol day had {rate_change(value)} than other days further away"
    tail = (
        ""
        if without is None
        else f" Without those days the estimate is {rate_change(without)}, against {rate_change(case.estimate.value)}."
    )
    if found:
        return f"{says}: a patrol seems to work beyond its day, so the days compared are not untouched.{tail}"
    return f"{says}, which chance explains; that does not show that nothing lasts.{tail}"


CHECK = Check(
    name=NAME,
    label="Carry-over",
    question="Does a patrol still work on the day after, on which no patrol was drawn?",
    source="Senn (2002) Cross-over Trials in Clinical Research; Dwan et al. (2019) BMJ 366 (CONSORT for crossover trials)",
    options=CheckOptions,
    run=guarded(NAME, _run),
    takes=("days",),
    bears_on=("design",),
)
