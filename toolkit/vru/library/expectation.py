""" "What should my area expect?": the prediction for one more area, put on its own counts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from vru.errors import LibraryError, Problem, RefusedError
from vru.library.synthesis import FEWEST, Synthesis
from vru.stats.dispersion import dispersion
from vru.stats.expectation import Needed, Prevented, chance, prevented, sample_needed
from vru.stats.intervals import Bounds
from vru.words.effects import rate_change

_FEWEST_MONTHS = 6


@dataclass(frozen=True, slots=True)
class Baseline:
    """An area's own counts without the intervention.

    events : in all, over ``months`` months and ``areas`` areas. phi : variance of monthly counts over
    their mean. phi_from : where phi comes from, in words.
    """

    events: float
    months: int
    areas: int
    phi: float
    phi_from: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """What one more area may expect over ``months``.

    prevented : events, above 0 = fewer; with the uncertainty of effect, of its spread, and of the baseline.
    p_benefit, p_harm : that the true effect goes the good way, the other way. p_worthwhile : that it is at
        least as good as ``smallest`` (0.10 = 10%).
    to_find_average, to_find_smallest : the sample with 80% power; None where the average is no effect.
    """

    expected: float
    months: int
    prevented: Prevented
    level: float
    p_benefit: float
    p_harm: float
    p_worthwhile: float
    smallest: float
    to_find_average: Needed | None
    to_find_smallest: Needed | None
    baseline: Baseline
    sentence: str
    notes: tuple[str, ...]


def read_baseline(counts: Sequence[float], months: int | None, areas: int = 1, phi: float | None = None) -> Baseline:
    """One total over ``months``, or a list of monthly totals from which phi is measured.

    phi from a list of six months or more is Pearson's, around one level, not below 1: a season counts
    as variation, so it is rather too large than too small. Otherwise 1 (Poisson) unless given.

    Raises LibraryError naming what is wrong with the counts.
    """
    listed = len(counts) > 1
    problems = [
        Problem(f"{c:g} is not a count", "baseline", "whole numbers, 0 or more")
        for c in counts
        if not (math.isfinite(c) and c >= 0 and c == int(c))
    ]
    if not problems and sum(counts) <= 0:
        problems.append(Problem("no event was counted: there is nothing to prevent", "baseline", "1 event or more"))
    if listed and months is not None and months != len(counts):
        problems.append(Problem(f"{len(counts)} counts for {months} months", "baseline", "one count per month, or one"))
    if not listed and (months is None or months < 1):
        problems.append(Problem("says not over how many months it was counted", "baseline", "--months 1 or more"))
    if areas < 1:
        problems.append(Problem(f"{areas} is not a number of areas", "baseline", "1 or more"))
    if phi is not None and not (math.isfinite(phi) and phi > 0):
        problems.append(Problem(f"{phi:g} is not a dispersion", "baseline", "above 0; 1 is Poisson"))
    if problems:
        raise LibraryError(*problems)
    span = len(counts) if listed else int(months or 1)
    if phi is not None:
        return Baseline(sum(counts), span, areas, phi, "as given")
    if len(counts) >= _FEWEST_MONTHS:
        y = np.array(counts, dtype=float)
        found = dispersion(y, np.full(len(y), y.mean()), len(y) - 1).inflation
        return Baseline(sum(counts), span, areas, found, f"measured in {len(y)} monthly counts")
    return Baseline(sum(counts), span, areas, 1.0, "assumed: counts vary as Poisson counts do, which is the least")


def expect(synthesis: Synthesis, baseline: Baseline, months: int = 12, smallest: float = 0.10) -> Expectation:
    """Put the prediction for one more area on its own counts, over the next ``months``.

    Raises RefusedError where the library holds too few evaluations for a prediction, LibraryError where
    ``months`` or ``smallest`` make no sense.
    """
    _check(synthesis, months, smallest)
    law = synthesis.law
    assert law is not None
    share, fall = months / baseline.months, synthesis.direction == "decrease"
    worth = math.log(1 - smallest) if fall else math.log(1 + smallest)
    below = chance(law, Bounds(None, 0.0))
    monthly = baseline.events / (baseline.months * baseline.areas)
    estimate = synthesis.estimate
    needed = [
        sample_needed(math.exp(x), monthly, baseline.phi, level=synthesis.level, months=months)
        for x in (estimate.value if estimate else 0.0, worth)
    ]
    found = Expectation(
        expected=baseline.events * share,
        months=months,
        prevented=prevented(law, baseline.events, share, baseline.phi, synthesis.level),
        level=synthesis.level,
        p_benefit=below if fall else 1 - below,
        p_harm=1 - below if fall else below,
        p_worthwhile=chance(law, Bounds(None, worth) if fall else Bounds(worth, None)),
        smallest=smallest,
        to_find_average=needed[0],
        to_find_smallest=needed[1],
        baseline=baseline,
        sentence="",
        notes=_notes(synthesis, baseline),
    )
    return _worded(found, synthesis)


def _check(synthesis: Synthesis, months: int, smallest: float) -> None:
    if months < 1:
        raise LibraryError(Problem(f"{months} is not a number of months", "--over", "1 or more"))
    if not 0 < smallest < 1:
        raise LibraryError(Problem(f"{smallest:g} is not a smallest effect", "--smallest", "above 0 and below 1"))
    if synthesis.law is None:
        raise RefusedError(
            Problem(
                f"{synthesis.n_independent} independent evaluations say nothing of another area",
                where=f"{synthesis.intervention} on {', '.join(synthesis.outcomes)}",
                allowed=f"{FEWEST} or more",
                hint="vru library pool lists each with its own result",
            )
        )


def _notes(synthesis: Synthesis, baseline: Baseline) -> tuple[str, ...]:
    return (
        "This holds if the area is like those evaluated, and if without the intervention its counts would stay "
        "as they were.",
        f"Variation of monthly counts over Poisson: {baseline.phi:.2f} ({baseline.phi_from}). The sample needed grows "
        "in proportion; it takes months as independent and rates as steady, so it is the least that is needed.",
        *synthesis.notes,
    )


def _worded(e: Expectation, synthesis: Synthesis) -> Expectation:
    p = e.prevented
    text = (
        f"Of about {e.expected:,.0f} events expected over {e.months} months without the intervention, "
        f"{events_in_words(p.middle)} ({e.level:.0%} of the chances from {events_in_words(p.low)} to {events_in_words(p.high)}). "
        f"Chance that it helps {e.p_benefit:.0%}, that it harms {e.p_harm:.0%}; that the change is at least "
        f"{e.smallest:.0%}: {e.p_worthwhile:.0%}. "
    )
    worth = 1 - e.smallest if synthesis.direction == "decrease" else 1 + e.smallest
    average = synthesis.estimate.value if synthesis.estimate else 0.0
    text += _sample(e.to_find_smallest, math.log(worth), e.months)
    if e.to_find_average is not None:
        text += " " + _sample(e.to_find_average, average, e.months)
    return replace(e, sentence=text.strip())


def events_in_words(x: float) -> str:
    """ "12 prevented", "3 more"."""
    return f"{abs(x):,.0f} {'prevented' if x >= 0 else 'more'}"


def _sample(needed: Needed | None, log_ratio: float, months: int) -> str:
    if needed is None:
        return ""
    areas = "" if needed.areas is None else f", such as {needed.areas:,} treated and {needed.areas:,} comparison areas"
    return (
        f"To find {rate_change(log_ratio)} with 80% power takes {needed.area_months:,} area-months{areas} "
        f"watched {months} months before and {months} after."
    )
