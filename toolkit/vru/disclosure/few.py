"""Too few events in an arm, or in a whole part of the window: what is published of that outcome, instead of refusing all.

An estimate gives a small count away together with the other numbers, whatever is blanked beside it. So the estimates
of such an outcome are withheld with its course, findings and rating. A main outcome cannot be left out. Where it is
yes or no in a trial of people, its place is taken by what the published counts allow: the interval holds for every
number of events that the rule may have hidden. It is made from published numbers and the rule alone, so that it cannot
tell more than they do. Any other main outcome is refused.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from vru.disclosure.counts import small_in_estimate
from vru.disclosure.profiles import Profile
from vru.protocol import Protocol
from vru.results import Arm, Estimate, EvaluationResult, Finding

CHECK = "withheld"
_TRIALS = ("parallel_trial",)
_KEPT = ("balance", "overlap")
"""Checks that read what was known beforehand, and no outcome."""


def withhold(
    protocol: Protocol, profile: Profile, result: EvaluationResult, unsafe: Sequence[str] = ()
) -> EvaluationResult:
    """The result without what would give few events away. unsafe : outcomes whose whole course is a small count."""
    few = {e.outcome for e in result.estimates if any(profile.hides(n) for _, n in small_in_estimate(e))}
    main = {e.outcome for e in result.estimates if e.role == "primary"}
    for outcome in [o.id for o in protocol.outcomes if o.id in few | set(unsafe)]:
        if outcome not in main:
            result = _without(result, outcome, profile)
        elif outcome not in unsafe:
            result = _bounded(protocol, result, outcome, profile)
    return result


def _without(result: EvaluationResult, outcome: str, profile: Profile) -> EvaluationResult:
    """Nothing of the outcome but that it was analysed."""
    gone = tuple(e.analysis for e in result.estimates if e.outcome == outcome)
    return replace(
        result,
        estimates=tuple(e for e in result.estimates if e.outcome != outcome),
        series=tuple(s for s in result.series if s.outcome != outcome),
        ratings=tuple(r for r in result.ratings if r.outcome != outcome),
        findings=(*(f for f in result.findings if f.analysis not in gone), *(_told(a, profile) for a in gone)),
    )


def _told(analysis: str, profile: Profile) -> Finding:
    text = (
        f"This analysis was made and is not published: it rests on few events ({profile.label}), which its numbers "
        "would give away. Who may see the data finds it in the notebook of the run."
    )
    return Finding(CHECK, analysis, "not_run", text)


def _bounded(protocol: Protocol, result: EvaluationResult, outcome: str, profile: Profile) -> EvaluationResult:
    """The main estimate as the published counts allow it; the outcome's other estimates are withheld."""
    mine = [e for e in result.estimates if e.outcome == outcome]
    main = next(e for e in mine if e.role == "primary")
    kind = next((o.kind for o in protocol.outcomes if o.id == outcome), "")
    made = _allowed(main, profile) if kind == "binary" and main.method in _TRIALS else None
    if made is None:
        return result
    others = tuple(e.analysis for e in mine if e is not main)
    gone = {*others, main.analysis}
    kept = tuple(f for f in result.findings if f.analysis not in gone or f.check in _KEPT)
    kept = tuple(f for f in kept if f.analysis not in others)
    return replace(
        result,
        estimates=tuple(made if e is main else e for e in result.estimates if e is main or e.outcome != outcome),
        ratings=tuple(r for r in result.ratings if r.outcome != outcome),
        findings=(*kept, *(_told(a, profile) for a in (main.analysis, *others))),
    )


def _allowed(e: Estimate, profile: Profile) -> Estimate | None:
    """Value and interval from published counts and the rule; None where an arm itself is small or no interval exists."""
    if len(e.arms) != 2 or any(profile.hides(a.observed) or a.mean is None for a in e.arms):
        return None
    ranges = [_range(a, profile) for a in e.arms]
    ratio = e.scale == "log_rate_ratio"
    if ratio and any(not r[0] for r in ranges):
        return None
    seen = [
        _interval(one, other, (e.arms[0].observed, e.arms[1].observed), ratio, e.level)
        for one in range(ranges[0][0], ranges[0][1] + 1)
        for other in range(ranges[1][0], ranges[1][1] + 1)
    ]
    first, second = ((r[0] + r[1]) / 2 / a.observed for r, a in zip(ranges, e.arms, strict=True))
    told = f"{profile.smallest} to {profile.largest}"
    return replace(
        e,
        value=math.log(first / second) if ratio else first - second,
        se=None,
        low=min(low for low, _ in seen),
        high=max(high for _, high in seen),
        p=None,
        inference=f"widest of {'score' if ratio else 'Newcombe'} intervals over every hidden number of events",
        events_prevented=None,
        components={},
        weights={},
        counts={},
        path=(),
        event_study=(),
        notes=(
            f"Few people had the outcome, or were without it, in an arm: how many is hidden ({told}). This is not the "
            "registered analysis, but what the published counts allow: the interval holds for every number that may be "
            "hidden, and the value is that of the middle of them.",
        ),
        arms=tuple(
            a if low == high else _hidden(a, (low, high), e.level)
            for a, (low, high) in zip(e.arms, ranges, strict=True)
        ),
    )


def _hidden(arm: Arm, between: tuple[int, int], level: float) -> Arm:
    """The arm without its share, and with the widest of the intervals over every number that may be hidden."""
    from statsmodels.stats.proportion import proportion_confint

    low, high = (proportion_confint(n, arm.observed, alpha=1 - level, method="wilson") for n in between)
    return replace(arm, mean=None, low=float(low[0]), high=float(high[1]))


def _range(arm: Arm, profile: Profile) -> tuple[int, int]:
    """Numbers of events that a reader who knows the rule has to reckon with: one number where none is hidden."""
    assert arm.mean is not None
    assert profile.smallest is not None
    assert profile.largest is not None
    n, events = arm.observed, round(arm.mean * arm.observed)
    if profile.hides(events):
        return profile.smallest, min(profile.largest, n)
    if profile.hides(n - events):
        return max(n - profile.largest, 0), n - profile.smallest
    return events, events


def _interval(one: int, other: int, sizes: tuple[int, int], ratio: bool, level: float) -> tuple[float, float]:
    from statsmodels.stats.proportion import confint_proportions_2indep

    compare, method = ("ratio", "score") if ratio else ("diff", "newcomb")
    low, high = confint_proportions_2indep(
        one, sizes[0], other, sizes[1], method=method, compare=compare, alpha=1 - level, correction=False
    )
    return (math.log(low), math.log(high)) if ratio else (float(low), float(high))
