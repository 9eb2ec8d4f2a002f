"""From weights to a complete estimate, the same for every weighted comparison."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vru.errors import MethodError, Problem
from vru.methods.arms import path
from vru.methods.inference import Inference
from vru.methods.limits import FEW_EXPECTED, on_real_violence
from vru.methods.weighted.matching import Setting
from vru.results import Estimate, Interval
from vru.stats.few_prevented import Expected, behind, prevented_interval
from vru.stats.intervals import prevented


@dataclass(frozen=True, slots=True)
class LogRatio:
    """Log of observed over expected after the start, a rough standard error, and whether anything was recorded."""

    value: float
    scale: float
    recorded: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What a weighted comparison found.

    weights : ``(n_units,)`` over units, zero for treated ones; expected : ``(n_periods,)`` total of
    the treated units without treatment; value : log rate ratio.
    """

    method: str
    outcome: str
    estimand: str
    level: float
    setting: Setting
    weights: np.ndarray
    expected: np.ndarray
    value: float
    inference: Inference
    counts: Mapping[str, float]
    notes: tuple[str, ...]


def log_ratio(setting: Setting, expected: np.ndarray, outcome: str) -> LogRatio:
    """Observed over expected total after the start; 0.5 is added to both where nothing was recorded.

    Raises MethodError where nothing is expected, so that no ratio exists.
    """
    due = float(expected[setting.n_pre :].sum())
    observed = float(setting.counts[setting.arms.treated, setting.n_pre :].sum())
    if due <= 1e-9 * max(1.0, observed):
        raise MethodError(
            Problem(
                "the weighted comparison units recorded nothing after the start, so a rate ratio does not exist",
                where=f"outcome {outcome}",
                hint="use a broader outcome or more comparison units",
            )
        )
    half = 0.5 if observed == 0 else 0.0
    value = math.log((observed + half) / (due + half))
    return LogRatio(value, math.sqrt(1 / max(observed, 0.5) + 1 / max(due, 0.5)), observed > 0)


def complete(found: Answer) -> Estimate:
    """The estimate with path, offences prevented, weights, counts and notes."""
    setting, arms = found.setting, found.setting.arms
    t = arms.treated
    by_arm = {k: setting.counts[rows] for k, rows in (("T", t), ("C", ~t))}
    later = float(by_arm["T"][:, setting.n_pre :].sum())
    due = float(found.expected[setting.n_pre :].sum())
    supported = Expected(due, behind(due), found.counts.get("phi"))
    saved = prevented_interval(later, supported, found.inference.bounds, found.level)
    middle = prevented(later, found.value) if later else due
    sums = {
        f"{k}{i}": float(y[:, cut].sum())
        for k, y in by_arm.items()
        for i, cut in enumerate((slice(None, setting.n_pre), slice(setting.n_pre, None)))
    }
    real = on_real_violence(found.method)
    return Estimate(
        analysis="",
        role="exploratory",
        method=found.method,
        outcome=found.outcome,
        estimand=found.estimand,
        scale="log_rate_ratio",
        value=found.value,
        se=found.inference.se,
        low=found.inference.bounds.low,
        high=found.inference.bounds.high,
        level=found.level,
        p=found.inference.p,
        inference=found.inference.words,
        events_prevented=None if middle is None else Interval(middle, saved.low, saved.high),
        n_treated=int(t.sum()),
        n_comparison=int((~t).sum()),
        n_pre=arms.n_pre,
        n_post=arms.n_post,
        path=path(arms, by_arm["T"].sum(axis=0), found.expected),
        weights={arms.units[i]: float(found.weights[i]) for i in np.flatnonzero(np.abs(found.weights) > 1e-6)},
        counts=sums | {"expected": due} | dict(found.counts),
        notes=(*arms.notes, *setting.notes, *found.notes, *found.inference.notes, *_few(later), *real),
    )


def _few(later: float) -> tuple[str, ...]:
    if later == 0:
        return (
            "Nothing was recorded in treated units after the start. The ratio was computed with 0.5 added and has no "
            "interval; the p-value holds.",
        )
    if later < FEW_EXPECTED:
        return (
            f"Only {later:.0f} offences were recorded in treated units after the start. With counts this small the "
            "ratio is unstable.",
        )
    return ()
