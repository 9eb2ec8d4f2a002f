"""Does the registered analysis say much the same when a fifth of the people, or of their clusters, is left out?"""

import math

from numpy.random import Generator
from pydantic import Field

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.findings import effect, finding, guarded, not_run, percent
from vru.checks.reshuffled import run_again, thinned
from vru.results import Finding, Verdict

NAME = "row_subset"


class Options(CheckOptions):
    """``simulations``: how many subsets; ``share``: kept in each, of whole clusters where there are any."""

    simulations: int = Field(40, ge=20, le=2000)
    share: float = Field(0.8, ge=0.5, le=0.95)


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    """Run the registered analysis on random subsets: their mean should stay, and their spread be what its error says.

    Leaving out a share ``1 - s`` at random moves an estimate by ``sqrt((1 - s)/s)`` of its standard error.
    """
    assert isinstance(options, Options)
    se = case.estimate.se
    if not se:
        return not_run(NAME, case, "the analysis gives no standard error to measure a move against.")
    found = run_again(case, lambda: thinned(case, options.share, rng), options.simulations)
    moved = abs(float(found.effects.mean()) - case.estimate.value) / se
    due = math.sqrt((1 - options.share) / options.share)
    spread = float(found.effects.std(ddof=1)) / se / due
    verdict: Verdict = "fail" if moved > 0.5 or spread > 2 else "concern" if moved > 0.25 or spread > 1.5 else "pass"
    what = case.cohort.noun if case.cohort.cluster is None else "clusters"
    text = (
        f"On {len(found.effects)} random subsets holding {percent(options.share)} of the {what}, the analysis gave on average "
        f"{effect(case, float(found.effects.mean()))}, against {effect(case, case.estimate.value)} on all: a move of "
        f"{moved:.2f} standard errors. They differed {spread:.1f} times as much as its standard error lets expect."
    )
    numbers = {
        "subset_effect": float(found.effects.mean()),
        "moved_in_se": moved,
        "spread_ratio": spread,
        "simulations": len(found.effects),
        "refused": found.refused,
        "share": options.share,
    }
    threshold = (
        "concern: a move of over a quarter of a standard error, or subsets that differ 1.5 times as much as due; fail: over "
        "half, or twice"
    )
    return finding(NAME, case, verdict, text, numbers, threshold)


CHECK = Check(
    name=NAME,
    label="Subsets of people",
    question="Does the registered analysis say much the same when some people are left out?",
    source="Politis, Romano & Wolf (1999) Subsampling, section 2; thresholds our own",
    options=Options,
    run=guarded(NAME, _run),
    takes=("people",),
)
