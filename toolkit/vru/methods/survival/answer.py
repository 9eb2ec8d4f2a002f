"""What the two methods on times to an event report alike."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from vru.errors import MethodError, Problem
from vru.methods.people.rows import Rows
from vru.methods.survival.course import arms, courses, last_day
from vru.results import Balance, Estimate, Interval, Scale
from vru.stats.intervals import two_sided_p, wald

FEW_EVENTS = 10
FEWEST_CLUSTERS = 5


@dataclass(frozen=True, slots=True)
class Effect:
    """What was found on ``scale``, in words, with parts, numbers and notes of its own. df : of t, None for the normal law."""

    scale: Scale
    noun: str
    value: float
    se: float
    words: str
    df: float | None = None
    components: Mapping[str, Interval] = field(default_factory=dict)
    counts: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def until(rows: Rows, time: np.ndarray, asked: float | None) -> float:
    """The day up to which arms are compared. Raises MethodError beyond the follow-up of an arm."""
    last = last_day(rows, time)
    if asked is not None and asked > last:
        what = f"one arm is followed up for {last:g} days at most"
        raise MethodError(
            Problem(what, "options.until", f"up to {last:g}", "leave it out to use all that both arms have")
        )
    return last if asked is None else asked


def as_estimate(
    rows: Rows,
    time: np.ndarray,
    effect: Effect,
    *,
    method: str,
    outcome: str,
    level: float,
    until: float,
    balance: tuple[Balance, ...],
    notes: tuple[str, ...],
) -> Estimate:
    """The estimate of ``effect``; time : follow-up of each row in days."""
    t, bounds = rows.treated, wald(effect.value, effect.se, level, effect.df)
    counts = {"events_treated": float(rows.y[t].sum()), "events_comparison": float(rows.y[~t].sum())}
    return Estimate(
        analysis="",
        role="exploratory",
        method=method,
        outcome=outcome,
        estimand=effect.noun,
        scale=effect.scale,
        value=effect.value,
        se=effect.se,
        low=bounds.low,
        high=bounds.high,
        level=level,
        p=two_sided_p(effect.value, effect.se, effect.df),
        inference=effect.words,
        events_prevented=None,
        n_treated=int(t.sum()),
        n_comparison=int((~t).sum()),
        n_pre=0,
        n_post=0,
        components=dict(effect.components),
        counts=counts | dict(effect.counts),
        notes=(*notes, *effect.notes, *_limits(rows)),
        arms=arms(rows, time, until, level),
        balance=balance,
        courses=courses(rows, time, until, level),
    )


def lost_time(
    means: tuple[float, float], se: float, until: float, level: float, words: str, df: float | None, whom: str
) -> Effect:
    """Mean days of the window that come after a first event: the window less the mean time free of it."""
    value = means[1] - means[0]
    gained = wald(-value, se, level, df)
    parts = {
        "days_free_treated": Interval(means[0], None, None),
        "days_free_comparison": Interval(means[1], None, None),
        "days_free_more": Interval(-value, gained.low, gained.high),
    }
    note = (
        f"Below 0, the first event comes later in the mean: {-value:+.3g} days free of it, of {until:g}. Nothing is assumed of "
        "how the ratio of hazards moves over time."
    )
    noun = f"difference in mean days of {until:g} that come after a first event (restricted mean time lost){whom}"
    return Effect("mean_difference", noun, value, se, words, df, parts, {}, (note,))


def refuse_few_clusters(cluster: np.ndarray | None) -> None:
    """Raises MethodError where errors within clusters cannot be had."""
    if cluster is not None and int(cluster.max()) + 1 < FEWEST_CLUSTERS:
        what = f"{int(cluster.max()) + 1} clusters are too few for an interval"
        raise MethodError(Problem(what, "cohort: cluster", f"{FEWEST_CLUSTERS} or more"))


def _limits(rows: Rows) -> tuple[str, ...]:
    few = min(float(rows.y[rows.treated].sum()), float(rows.y[~rows.treated].sum()))
    if few >= FEW_EVENTS:
        return ()
    return (f"An arm has fewer than {FEW_EVENTS} events, so intervals by the normal law are rough.",)
