"""A trial's effect as an estimate: scale, interval, events prevented, arms and counts."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from vru.methods.inference import Inference
from vru.methods.people.describe import arms
from vru.methods.trials.setting import Trial
from vru.results import Estimate, Interval, Scale
from vru.stats.few_prevented import Expected, behind, prevented_interval
from vru.stats.intervals import Bounds, prevented, quantile

WORDS: dict[str, str] = {
    "binary ratio": "risk ratio",
    "binary difference": "difference in risk",
    "count ratio": "ratio of rates of events",
    "count difference": "events more or fewer among all rows allocated to the intervention",
    "continuous difference": "difference in means",
}


@dataclass(frozen=True, slots=True)
class Effect:
    """What a method found: the value and its inference on ``scale``, parts, counts and notes of its own."""

    scale: Scale
    value: float
    inference: Inference
    components: Mapping[str, Interval] = field(default_factory=dict)
    counts: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def as_estimate(trial: Trial, effect: Effect, method: str, outcome: str, level: float, whom: str = "") -> Estimate:
    """The estimate of ``effect``. whom : words that say over what the estimand averages."""
    t, rows, found = trial.treated, trial.rows, effect.inference
    kind = f"{rows.kind} {'ratio' if effect.scale == 'log_rate_ratio' else 'difference'}"
    return Estimate(
        analysis="",
        role="exploratory",
        method=method,
        outcome=outcome,
        estimand=f"{WORDS[kind]}, {rows.noun} allocated to the intervention against those who were not"
        f"{whom} (intention to treat)",
        scale=effect.scale,
        value=effect.value,
        se=found.se,
        low=found.bounds.low,
        high=found.bounds.high,
        level=level,
        p=found.p,
        inference=found.words,
        events_prevented=_prevented(trial, effect, level),
        n_treated=int(t.sum()),
        n_comparison=int((~t).sum()),
        n_pre=0,
        n_post=0,
        components=dict(effect.components),
        counts=_counts(trial) | dict(effect.counts),
        notes=trial.notes + effect.notes + found.notes,
        arms=arms(rows, level),
        balance=trial.balance,
    )


def _counts(trial: Trial) -> dict[str, float]:
    rows, t = trial.rows, trial.treated
    counts: dict[str, float] = {}
    if rows.kind != "continuous":
        counts |= {"events_treated": float(rows.y[t].sum()), "events_comparison": float(rows.y[~t].sum())}
    if rows.exposure is not None:
        counts |= {"exposure_treated": float(rows.exposure[t].sum())}
        counts |= {"exposure_comparison": float(rows.exposure[~t].sum())}
    if trial.attrition_p is not None:
        counts |= {"lost_treated": float(rows.lost[0]), "lost_comparison": float(rows.lost[1])}
        counts |= {"attrition_p": trial.attrition_p}
    strata = len(np.unique(trial.stratum))
    return counts | ({"strata": float(strata)} if strata > 1 else {})


def _prevented(trial: Trial, effect: Effect, level: float) -> Interval | None:
    """Events fewer among treated rows than without treatment, above 0 = prevented."""
    if trial.rows.kind == "continuous":
        return None
    t, bounds = trial.treated, effect.inference.bounds
    events = float(trial.y[t].sum())
    if effect.scale == "log_rate_ratio":
        if not events:
            elsewhere = float(trial.y[~t].sum() / trial.exposure[~t].sum())
            return Interval(elsewhere * float(trial.exposure[t].sum()), None, None)
        due = events * math.exp(-effect.value)
        ends = prevented_interval(events, Expected(due, behind(due)), bounds, level)
        middle = prevented(events, effect.value)
        return None if middle is None else Interval(middle, ends.low, ends.high)
    times = float(t.sum()) if effect.scale == "risk_difference" else 1.0
    low, high = (None if v is None else -v * times for v in (bounds.high, bounds.low))
    return Interval(-effect.value * times, low, high)


def implied(bounds: Bounds, level: float, p: float, words: str, floor: float) -> Inference:
    """Inference by re-allocation: the standard error is the one that the interval implies.

    floor : the smallest p-value that re-allocation can give.
    """
    if floor > 1 - level + 1e-12:
        note = (
            f"The smallest p-value that re-allocation can give here is {floor:.3g}, so there is no {level:.0%} interval: "
            "with so few allocations possible no result could be told from chance at that level."
        )
        return Inference(Bounds(None, None), None, p, words, (note,))
    if bounds.low is None or bounds.high is None:
        return Inference(bounds, None, p, words, ("The data do not limit the interval on one side or both.",))
    se = (bounds.high - bounds.low) / (2 * quantile(level))
    note = "The standard error is the one implied by the interval (its width over twice the normal quantile)."
    return Inference(bounds, se, p, words, (note,))


def scaled(inference: Inference, by: float) -> Inference:
    """The same inference with value, interval and error multiplied by ``by`` (above 0)."""
    low, high = (None if v is None else v * by for v in (inference.bounds.low, inference.bounds.high))
    se = None if inference.se is None else inference.se * by
    return Inference(Bounds(low, high), se, inference.p, inference.words, inference.notes)


def hedges_g(trial: Trial, difference: float, level: float) -> dict[str, Interval]:
    """The difference over the pooled standard deviation, corrected for few rows. Source: Hedges (1981) J. Educ. Stat. 6."""
    a, b = trial.y[trial.treated], trial.y[~trial.treated]
    df = len(a) + len(b) - 2
    if df < 2:
        return {}
    pooled = math.sqrt((((a - a.mean()) ** 2).sum() + ((b - b.mean()) ** 2).sum()) / df)
    if pooled == 0:
        return {}
    log_j = math.lgamma(df / 2) - math.log(math.sqrt(df / 2)) - math.lgamma((df - 1) / 2)
    g = difference / pooled * math.exp(log_j)
    se = math.sqrt(1 / len(a) + 1 / len(b) + g**2 / (2 * (len(a) + len(b))))
    half = float(stats.norm.ppf(0.5 + level / 2)) * se
    return {"hedges_g": Interval(g, g - half, g + half)}
