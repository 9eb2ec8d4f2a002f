"""The distribution of the true effect in one more study, with all that is not known: mean, spread, and spread of spread."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special, stats

from vru.errors import MethodError, Problem
from vru.stats.intervals import Bounds

FEWEST = 3
_POINTS = 200


@dataclass(frozen=True, slots=True)
class Law:
    """An equal mixture of normal distributions: centres and scales ``(n_points,)``, scales above 0."""

    centres: np.ndarray
    scales: np.ndarray


def predictive(y: np.ndarray, v: np.ndarray) -> Law:
    """Where the true effect of one more study lies, from effects ``y`` and variances ``v``, shape ``(k,)``, k >= 3.

    Each quantile ``u`` of chi-squared(k-1) gives one value of tau2 that the data fit with,
    ``Q(tau2) = u`` (0 where Q is never so large). Given tau2, the mean is normal with weights
    ``1 / (v + tau2)`` and variance ``1 / sum of weights``, and the new effect adds tau2. The law is
    the mixture over the quantiles. No factor of Knapp and Hartung is used: it stands for not knowing
    tau2, which the mixture already does.

    Why not the usual interval ``mean +- t(k-2) sqrt(se^2 + tau2)``: it takes the estimated tau2 as
    known, which with 5 to 30 studies that differ is often too small. ``benchmarks/prediction.md``
    has how often each holds the effect of one more study.

    Raises MethodError under three studies. Checked before: finite ``y``, ``v`` above 0.

    Source: the distribution of tau2 by inverting Q, Viechtbauer (2007) Statistics in Medicine 26 and
    Biggerstaff & Jackson (2008) ibid. 27; its use for prediction, Nagashima, Noma & Furukawa (2019)
    Statistical Methods in Medical Research 28. Theirs differs: the exact distribution of Q under
    fixed weights in place of the inversion, and a t factor for the mean.
    """
    k = len(y)
    if k < FEWEST:
        raise MethodError(Problem(f"{k} studies predict nothing", "prediction", f"{FEWEST} or more"))
    tau2 = _invert(y, v, stats.chi2.ppf((np.arange(_POINTS) + 0.5) / _POINTS, k - 1))
    w = 1 / (v[None, :] + tau2[:, None])
    total = w.sum(axis=1)
    return Law((w * y).sum(axis=1) / total, np.sqrt(1 / total + tau2))


def below(law: Law, x: float) -> float:
    """Probability that the new effect is below ``x``."""
    return float(special.ndtr((x - law.centres) / law.scales).mean())


def quantile_of(probability: Callable[[float], float], share: float, start: float, step: float) -> float:
    """Where an increasing ``probability`` reaches ``share``; the search widens from ``start`` by ``step``."""
    low, high = start - step, start + step
    while probability(low) > share:
        low -= high - low
    while probability(high) < share:
        high += high - low
    return float(optimize.brentq(lambda x: probability(x) - share, low, high, xtol=1e-9))


def prediction_interval(law: Law, level: float) -> Bounds:
    """The middle ``level`` of the law, on the scale of the effects."""
    start, step = float(np.median(law.centres)), float(np.median(law.scales))
    ends = [quantile_of(lambda x: below(law, x), share, start, step) for share in ((1 - level) / 2, (1 + level) / 2)]
    return Bounds(ends[0], ends[1])


def _q(y: np.ndarray, v: np.ndarray, tau2: np.ndarray) -> np.ndarray:
    """Q at each value of tau2, shape ``(n_points,)``."""
    w = 1 / (v[None, :] + tau2[:, None])
    mean = (w * y).sum(axis=1) / w.sum(axis=1)
    return np.asarray((w * (y[None, :] - mean[:, None]) ** 2).sum(axis=1))


def _invert(y: np.ndarray, v: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The tau2 at which Q equals each target, by bisection of all at once; 0 where Q is below it from the start."""
    low = np.zeros(len(targets))
    # Q(tau2) is at most the plain sum of squares over tau2, so this is above every root.
    high = np.maximum(((y - y.mean()) ** 2).sum() / targets, 1e-300)
    for _ in range(60):
        middle = (low + high) / 2
        above = _q(y, v, middle) > targets
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.asarray(np.where(_q(y, v, np.zeros(len(targets))) > targets, (low + high) / 2, 0.0))
