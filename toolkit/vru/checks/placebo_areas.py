"""How often does the analysis cry wolf, on these very data, among areas where nothing was done?"""

import itertools
import math

import numpy as np
from numpy.random import Generator
from pydantic import Field
from scipy.stats import binom

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.findings import excludes_none, finding, guarded, not_run, percent
from vru.errors import MethodError
from vru.replay import called_treated
from vru.results import Estimate, Finding, Verdict

NAME = "placebo_areas"
MIN_COMPARISON = 4
DOUBTFUL, CRIES_WOLF = 0.15, 0.25


class Options(CheckOptions):
    """``draws``: how many random sets of comparison areas are called treated."""

    draws: int = Field(40, ge=10, le=1000)


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    """Drop the treated units; call comparison units treated at random; refit over the whole window.

    The share of placebo runs that claim an effect is the analysis's own false-alarm rate, with these
    areas' size, season and clustering. Nominal is 1 - level of the estimate's interval.
    """
    assert isinstance(options, Options)
    panel = case.panel
    n_treated = int(panel.is_role("treated").sum())
    calm = panel.subset(panel.is_role("comparison")) if panel.is_role("comparison").any() else None
    n = 0 if calm is None else len(calm.units)
    if calm is None or n < MIN_COMPARISON:
        return not_run(NAME, case, f"{n} comparison areas; at least {MIN_COMPARISON} are needed to call some treated.")
    starts = [s for s in panel.starts if s is not None]
    if not starts:
        return not_run(NAME, case, "no area has a start date.")
    m = 1 if n_treated == 1 else min(max(round(n * n_treated / (n + n_treated)), 2), n - 2)
    tried: list[Estimate] = []
    reason = ""
    for chosen in _assignments(n, m, options.draws, rng):
        try:
            tried.append(case.refit(called_treated(calm, _starts(chosen, starts, rng))))
        except MethodError as error:
            reason = str(error.problems[0].what)
    said = [excludes_none(e.low, e.high, e.p, e.level) for e in tried]
    if len(tried) < 4 or None in said:
        return not_run(NAME, case, reason or "this method gives neither an interval nor a p-value.")
    return _judge(case, tried, sum(map(bool, said)), m, n)


def _assignments(n: int, m: int, draws: int, rng: Generator) -> list[tuple[int, ...]]:
    """Sets of ``m`` of ``n`` units: all of them where they are few, random ones otherwise."""
    if math.comb(n, m) <= draws:
        return list(itertools.combinations(range(n), m))
    return [tuple(int(i) for i in rng.choice(n, m, replace=False)) for _ in range(draws)]


def _starts(chosen: tuple[int, ...], starts: list[str], rng: Generator) -> dict[int, str]:
    return {i: starts[int(k)] for i, k in zip(chosen, rng.integers(0, len(starts), len(chosen)), strict=True)}


def _judge(case: Case, tried: list[Estimate], alarms: int, m: int, n: int) -> Finding:
    nominal = 1 - case.estimate.level
    runs = len(tried)
    share = alarms / runs
    # Chance of as many alarms or more if the analysis kept its word and runs were independent. They share
    # areas, so honest analyses give more spread than that: hence a floor on the share as well.
    chance = float(binom.sf(alarms - 1, runs, nominal))
    verdict: Verdict = "pass"
    if chance < 0.001 and share >= CRIES_WOLF:
        verdict = "fail"
    elif chance < 0.05 and share >= DOUBTFUL:
        verdict = "concern"
    values = np.array([e.value for e in tried])
    text = (
        f"Leaving the treated areas out, {m} of {n} comparison areas were called treated, {runs} times over. The "
        f"analysis claimed an effect in {alarms} of {runs} ({percent(share)}; about {percent(nominal)} is expected)."
    )
    if case.estimate.scale == "log_rate_ratio":
        text += f" Placebo effects were typically {percent(math.expm1(float(np.abs(values).mean())))} in size."
    selection = case.protocol.units.selection
    if selection is not None and selection.assign is None:
        text += " These are comparison areas, not areas of the treated ones' level: placebo_ranks asks about those."
    if runs < 20:
        text += f" With {runs} runs, a false-alarm rate below {percent(1 - 0.05 ** (1 / runs))} would go unseen."
    numbers = {
        "runs": runs,
        "false_alarms": alarms,
        "share": share,
        "chance_if_honest": chance,
        "sd_placebo_effect": float(values.std(ddof=1)),
    }
    threshold = (
        f"concern: {percent(DOUBTFUL)} false alarms or more, fail: {percent(CRIES_WOLF)} or more, where chance at the "
        f"nominal {percent(nominal)} would seldom give as many (below 0.05, below 0.001)"
    )
    return finding(NAME, case, verdict, text, numbers, threshold)


CHECK = Check(
    name=NAME,
    label="Made-up treated areas",
    question="How often does the analysis claim an effect among areas where nothing was done?",
    source="In-space placebo as calibration: Bertrand, Duflo & Mullainathan (2004) QJE 119:249-275",
    options=Options,
    run=guarded(NAME, _run),
    bears_on=("design",),
)
