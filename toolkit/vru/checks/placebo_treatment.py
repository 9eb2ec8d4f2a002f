"""With who was treated dealt out at random, does the registered analysis find nothing?"""

import math

from numpy.random import Generator
from pydantic import Field
from scipy.stats import binom

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.findings import effect, finding, guarded, percent
from vru.checks.reshuffled import run_again, shuffled
from vru.results import Finding, Verdict

NAME = "placebo_treatment"


class Options(CheckOptions):
    """``simulations``: how often who was treated is dealt out anew."""

    simulations: int = Field(40, ge=20, le=2000)


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    """Run the registered analysis on cohorts whose treatment was shuffled as it came about: see ``reshuffled.shuffled``.

    Shuffling also breaks every link of treatment with its causes, so this tries the analysis, not its adjustment set.
    """
    assert isinstance(options, Options)
    found = run_again(case, lambda: shuffled(case, rng), options.simulations)
    n = len(found.effects)
    alarms, mean, spread = int((found.p < 0.05).sum()), float(found.effects.mean()), float(found.effects.std(ddof=1))
    off = abs(mean) / (spread / math.sqrt(n)) if spread > 0 else 0.0
    often = float(binom.sf(alarms - 1, n, 0.05))
    verdict: Verdict = "fail" if off > 4 or often < 0.001 else "concern" if off > 3 or often < 0.01 else "pass"
    text = (
        f"With who was treated dealt out at random {n} times, the analysis gave on average {effect(case, mean)} (it should be "
        f"close to none), against {effect(case, case.estimate.value)} with those really treated, and called "
        f"{percent(alarms / n)} of the {n} an effect (about 5% are due)."
    )
    numbers = {
        "placebo_effect": mean,
        "placebo_spread": spread,
        "false_alarms": alarms / n,
        "simulations": n,
        "refused": found.refused,
    }
    threshold = (
        "concern: the mean is over 3 of its standard errors from none, or so many alarms have a chance below 1%; "
        "fail: over 4, or below 0.1%"
    )
    return finding(NAME, case, verdict, text, numbers, threshold)


CHECK = Check(
    name=NAME,
    label="Shuffled treatment",
    question="Does the registered analysis find nothing when who was treated is dealt out at random?",
    source="Rosenbaum (2002) Observational Studies; Abadie, Diamond & Hainmueller (2010) for placebo runs of one's own analysis",
    options=Options,
    run=guarded(NAME, _run),
    takes=("people",),
)
