"""Interval and p-value of a weighted comparison: by placebo units or by placebo months."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from vru.methods.inference import Inference
from vru.methods.weighted.matching import Augment, Setting, Share
from vru.stats.intervals import Bounds, quantile
from vru.stats.permutation import Assignments, invert
from vru.stats.reassigned import Reassigned, Statistic, fit_before, p_of_log_ratio, reassign
from vru.stats.synthetic import match_outcomes
from vru.stats.synthetic_conformal import conformal_p
from vru.stats.synthetic_ridge import ridge_weights


@dataclass(frozen=True, slots=True)
class Asked:
    """The estimate around which to search, its rough scale, and the level."""

    value: float | None
    scale: float
    level: float


@dataclass(frozen=True, slots=True)
class Placebos:
    """Every choice of treated units with its weights, and whether all choices are listed."""

    data: Reassigned
    exact: bool


def run_placebos(setting: Setting, share: Share, ways: Assignments) -> Placebos:
    """Weights of every choice of treated units, found from the months before the start alone.

    One treated unit serves no placebo as a donor: it would carry the effect into them. Groups of
    several exchange places with the comparison units instead.
    """
    treated = setting.arms.treated
    apart = int(treated.sum()) == 1 and len(treated) > 2

    def weigh(chosen: np.ndarray) -> np.ndarray:
        return setting.expected(chosen, share(chosen, ~chosen & ~(apart & treated), setting.n_pre))

    return Placebos(reassign(ways.chosen, weigh), ways.exact)


def from_placebos(setting: Setting, found: Placebos, asked: Asked, statistic: Statistic) -> Inference:
    """Rank of the treated units among the placebos, and every ratio that such a rank does not reject."""
    data = found.data
    p = p_of_log_ratio(data, setting.counts, setting.n_pre, statistic)
    n = len(data.chosen)
    kind = (
        "log ratio, plain and over the fit before (the larger p)" if statistic == "ratio" else "RMSPE after over before"
    )
    listed = f"all {n:,} choices" if found.exact else f"{n:,} choices drawn"
    words = f"in-space placebos, rank of the {kind}, {listed} of treated units"
    floor = 1 / math.comb(len(setting.counts), int(setting.arms.treated.sum())) if found.exact else 1 / n
    answer = _inverted(p, floor, asked, words)
    if floor > 1 - asked.level + 1e-12:
        need = math.ceil(1 / (1 - asked.level) - 1e-9) - 1
        note = (
            f"The smallest p-value that these placebos can give is {floor:.3f}, so there is no {asked.level:.0%} "
            f"interval. One treated unit needs at least {need} comparison units for it; inference: conformal asks the "
            "months instead, under the assumption that gaps before and after behave alike."
        )
        return replace(answer, notes=(note,))
    return answer


def from_months(setting: Setting, augment: Augment, asked: Asked) -> Inference:
    """Conformal inference with moving blocks of months."""
    treated, months = setting.arms.treated, setting.counts.shape[1]
    weigh = _augmented if augment == "ridge" else match_outcomes
    p = conformal_p(setting.scaled[~treated], setting.target(treated), setting.n_pre, weigh)
    words = f"conformal, {months} cyclic shifts of the months' residuals, weights refitted under each ratio"
    answer = _inverted(p, 1 / months, asked, words)
    if 1 / months > 1 - asked.level + 1e-12:
        note = f"{months} months can give no p-value below {1 / months:.3f}, so there is no {asked.level:.0%} interval."
        return replace(answer, notes=(note,))
    return answer


def _augmented(donors: np.ndarray, target: np.ndarray) -> np.ndarray:
    return ridge_weights(donors, target).weights


def relative_fit(setting: Setting, found: Placebos) -> float:
    """Root mean squared gap of the treated units before the start over their mean level."""
    return float(
        fit_before(Reassigned(found.data.chosen[:1], found.data.expected[:1]), setting.counts, setting.n_pre)[0]
    )


def _inverted(p: Callable[[float], float], floor: float, asked: Asked, words: str) -> Inference:
    alpha, null = 1 - asked.level, p(0.0)
    if asked.value is None or floor > alpha + 1e-12:
        return Inference(Bounds(None, None), None, null, words)
    centre = _kept(p, asked.value, asked.scale, alpha)
    if centre is None:
        return Inference(Bounds(None, None), None, null, words, (_NONE_FITS,))
    bounds = invert(p, centre, asked.scale, alpha)
    if bounds.low is None or bounds.high is None:
        return Inference(bounds, None, null, words, (_UNLIMITED,))
    se = (bounds.high - bounds.low) / (2 * quantile(asked.level))
    return Inference(bounds, se, null, words, (_IMPLIED,))


def _kept(p: Callable[[float], float], value: float, scale: float, alpha: float) -> float | None:
    """A ratio near the estimate that is not rejected: RMSPE and months may prefer another one than the totals do."""
    near = value + scale * np.concatenate([[0.0], np.linspace(-4, 4, 81)])
    chances = [p(float(x)) for x in near[:1]]
    if chances[0] <= alpha + 1e-9:
        chances = [p(float(x)) for x in near]
    best = int(np.argmax(chances))
    return float(near[best]) if chances[best] > alpha + 1e-9 else None


_NONE_FITS = (
    "No single ratio makes the months after the start look like those before, so there is no interval: the effect "
    "varies from month to month, or something else happened in some of them."
)
_UNLIMITED = "The data do not limit the interval on one side or both."
_IMPLIED = "The standard error is the one implied by the interval (its width over twice the normal quantile)."
