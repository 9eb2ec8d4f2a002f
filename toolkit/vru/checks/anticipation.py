"""Had something happened already in the last periods before the start?"""

from dataclasses import replace

import numpy as np
from numpy.random import Generator
from pydantic import Field

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.findings import effect, excludes_none, finding, guarded, not_run
from vru.errors import VruError
from vru.panel import Panel
from vru.replay import moved_start
from vru.results import Estimate, Finding, Verdict

NAME = "anticipation"


class Options(CheckOptions):
    """Periods before the start that are looked at: word gets round, staff are trained, offenders move on."""

    periods: int = Field(3, ge=1, le=24)


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    """Refit on the time before the start with the start moved back, and refit the whole with those periods left out."""
    assert isinstance(options, Options)
    panel, k = case.panel, options.periods
    if len({s for s in panel.starts if s is not None}) != 1:
        return not_run(NAME, case, "areas start at different times, so there is no one time just before the start.")
    before = int((~panel.post()).sum())
    if before < 2 * k + 1:
        return not_run(NAME, case, f"{before} periods before the start; at least {2 * k + 1} are needed.")
    early = case.refit(moved_start(panel, before - k, before))
    said = excludes_none(early.low, early.high, early.p, early.level)
    if said is None:
        return not_run(NAME, case, "this method gives neither an interval nor a p-value.")
    try:
        without = case.refit(_without(panel, before - k, before))
    except VruError:
        without = None
    return _judge(case, k, early, bool(said), without)


def _judge(case: Case, k: int, early: Estimate, said: bool, without: Estimate | None) -> Finding:
    whole = case.estimate
    moved = None
    if without is not None and whole.se:
        moved = abs(without.value - whole.value) / whole.se
    alike = whole.value != 0 and early.value / whole.value >= 0.5 and whole.scale == "log_rate_ratio"
    verdict: Verdict = "fail" if said and alike else "concern" if said or (moved or 0) > 1 else "pass"
    periods = "last period" if k == 1 else f"last {k} periods"
    text = (
        f"In the {periods} before the start, where nothing had begun yet, the analysis finds {effect(case, early.value)}"
        f"{'' if said else ', which cannot be told from no effect'}; after the start it finds {effect(case, whole.value)}."
    )
    if without is not None:
        text += f" With {'it' if k == 1 else 'them'} left out, it finds {effect(case, without.value)}."
    if verdict == "fail":
        text += " So what is found was there before the start: begun early, or nothing to do with it."
    numbers = {
        "periods": k,
        "early_effect": early.value,
        "early_p": early.p,
        "without": None if without is None else without.value,
        "moved_in_se": moved,
    }
    threshold = (
        "fail: an effect just before the start, at least half as large as after it; concern: another effect there, or the "
        "estimate moves by more than its standard error without those periods"
    )
    return finding(NAME, case, verdict, text, numbers, threshold, powered=_powered(case, early))


def _powered(case: Case, early: Estimate) -> bool:
    """Whether an effect as large as the one found would have been seen."""
    if early.low is None or early.high is None or case.estimate.scale != "log_rate_ratio":
        return False
    return (early.high - early.low) / 2 < abs(case.estimate.value)


def _without(panel: Panel, first: int, last: int) -> Panel:
    missing = panel.missing.copy()
    missing[:, first:last] = True
    counts = {k: np.where(missing, np.nan, v) for k, v in panel.counts.items()}
    return replace(panel, missing=missing, counts=counts, recording=None, spans={})


CHECK = Check(
    name=NAME,
    label="Anticipation",
    question="Had something happened already in the last periods before the start?",
    source="Malani & Reif (2015) J. Public Economics 124; Callaway & Sant'Anna (2021) J. Econometrics 225, limited anticipation",
    options=Options,
    run=guarded(NAME, _run),
)
