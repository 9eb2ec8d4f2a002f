"""Interval and p-value of an effect summed over cohorts: by cluster, bootstrap or exchanged start dates."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import Generator

from vru.methods.did.inference import choose, number
from vru.methods.inference import Inference
from vru.stats.group_time import Cohorts
from vru.stats.intervals import Bounds, quantile, two_sided_p, wald
from vru.stats.permutation import arrangements, invert
from vru.stats.start_dates import multiplier_band

Asked = Literal["auto", "cluster", "bootstrap", "randomisation"]
Mode = Literal["cluster", "bootstrap", "randomisation"]


@dataclass(frozen=True, slots=True)
class Question:
    """An estimate with each unit's influence on it ``(n_units,)``, and how its interval is to be found."""

    value: float
    influence: np.ndarray
    level: float
    draws: int


def settle(asked: Asked, cohorts: Cohorts) -> Mode:
    """``auto``: exchanged start dates with fewer than 30 units or fewer than 20 in an arm, else cluster."""
    if asked in ("cluster", "bootstrap", "randomisation"):
        return asked
    treated = int(cohorts.size[:-1].sum())
    return "randomisation" if choose("auto", treated, int(cohorts.size[-1])) == "randomisation" else "cluster"


def spread(influence: np.ndarray) -> float:
    """Standard error from unit influence ``(n_units,)``."""
    return float(np.sqrt((influence**2).sum()))


def answer(
    mode: Mode,
    asked: Question,
    cohorts: Cohorts,
    p_of: Callable[[], Callable[[float], float]],
    unit: float,
    rng: Generator,
) -> Inference:
    """The interval on the estimate's scale.

    p_of : makes the randomisation p-value as a function of a trial value in units of ``unit`` on that
        scale (built only where it is needed).
    """
    if mode == "randomisation":
        return _by_dates(asked, cohorts, p_of(), unit)
    small = min(int(cohorts.size[:-1].sum()), int(cohorts.size[-1]))
    if small < 2:
        note = "No interval: a standard error between units needs at least two units in each arm."
        return Inference(Bounds(None, None), None, None, "none", (note,))
    se, df = spread(asked.influence), len(cohorts.group) - len(cohorts.starts) - 1
    notes = _few(small) + _lone(cohorts)
    if mode == "bootstrap":
        band = multiplier_band(np.array([asked.value]), asked.influence[:, None], asked.level, asked.draws, rng)
        words = f"multiplier bootstrap by unit, {asked.draws:,} sign patterns"
        bounds = Bounds(asked.value - band.critical * se, asked.value + band.critical * se)
        return Inference(bounds, se, band.p_first, words, notes)
    words = f"influence functions by unit (clustered), t with {df} degrees of freedom"
    return Inference(wald(asked.value, se, asked.level, df), se, two_sided_p(asked.value, se, df), words, notes)


def smallest_p(cohorts: Cohorts) -> float:
    """The smallest p-value that exchanging start dates can give: one over the number of distinct schedules.

    With one start and arms of equal size a schedule and its mirror image are equally extreme.
    """
    mirrored = len(cohorts.starts) == 1 and cohorts.size[0] == cohorts.size[1]
    return (2 if mirrored else 1) / arrangements(cohorts.group)


def _by_dates(asked: Question, cohorts: Cohorts, p: Callable[[float], float], unit: float) -> Inference:
    floor, alpha = smallest_p(cohorts), 1 - asked.level
    words = f"randomisation inference on start dates, studentised, {number(arrangements(cohorts.group), asked.draws)}"
    if floor > alpha + 1e-12:
        note = (
            f"With these few units the smallest p-value that exchanging start dates can give is {floor:.3f}, so there "
            f"is no {asked.level:.0%} interval. More comparison units would give one."
        )
        return Inference(Bounds(None, None), None, p(0.0), words, (note,))
    se = max(spread(asked.influence), 1e-12)
    found = invert(p, asked.value / unit, min(se / unit, 1.0), alpha)
    bounds = Bounds(*(None if end is None else end * unit for end in (found.low, found.high)))
    if bounds.low is None or bounds.high is None:
        return Inference(bounds, None, p(0.0), words, ("The data do not limit the interval on one side or both.",))
    implied = (bounds.high - bounds.low) / (2 * quantile(asked.level))
    note = "The standard error is the one implied by the interval (its width over twice the normal quantile)."
    return Inference(bounds, implied, p(0.0), words, (note,))


def _few(small: int) -> tuple[str, ...]:
    if small >= 10:
        return ()
    return (
        f"An arm has only {small} units: a standard error between units is then unsteady and its interval too narrow; "
        "inference: randomisation is made for this.",
    )


def _lone(cohorts: Cohorts) -> tuple[str, ...]:
    if not (cohorts.size[:-1] == 1).any():
        return ()
    return ("A cohort has one unit: spread was taken over all treated units together, which is cautious.",)
