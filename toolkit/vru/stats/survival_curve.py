"""Time until something happens: the share still free of it, and the mean time free of it up to a day."""

from dataclasses import dataclass

import numpy as np

from vru.stats.intervals import quantile


@dataclass(frozen=True, slots=True)
class FreeShare:
    """Kaplan and Meier's estimate at the distinct times of events. All ``(k,)``.

    time : increasing. at_risk, events : sums of weights. free : share free of the event after that time. hazard_variance :
    Greenwood's sum, the variance of the logarithm of ``free``; infinite once everybody at risk had the event.
    """

    time: np.ndarray
    at_risk: np.ndarray
    events: np.ndarray
    free: np.ndarray
    hazard_variance: np.ndarray


def free_share(time: np.ndarray, event: np.ndarray, weights: np.ndarray | None = None) -> FreeShare:
    """The curve of one group. time : ``(n,)``, above 0. event : bool ``(n,)``. weights : ``(n,)``, 1 where None.

    Source: Kaplan & Meier (1958) JASA 53; Greenwood (1926). Reference implementation: R ``survival::survfit``.
    """
    w = np.ones(len(time)) if weights is None else weights
    moments = np.unique(time[event])
    order = np.argsort(time, kind="stable")
    left = np.concatenate([[0.0], np.cumsum(w[order])])
    at_risk = left[-1] - left[np.searchsorted(time[order], moments, side="left")]
    events = np.bincount(np.searchsorted(moments, time[event]), w[event], minlength=len(moments))
    share = np.clip(events / at_risk, 0.0, 1.0)
    with np.errstate(divide="ignore"):
        variance = np.cumsum(events / (at_risk * np.maximum(at_risk - events, 0.0)))
    return FreeShare(moments, at_risk, events, np.cumprod(1 - share), variance)


def free_at(curve: FreeShare, day: np.ndarray) -> np.ndarray:
    """Share free of the event at each of these times, ``(m,)``."""
    steps = np.concatenate([[1.0], curve.free])
    return np.asarray(steps[np.searchsorted(curve.time, day, side="right")])


def free_bounds(curve: FreeShare, day: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper ends by the complementary log-log, which stay from 0 to 1; NaN where nobody or everybody had it.

    Source: Kalbfleisch & Prentice (2002), section 1.4; R ``conf.type = "log-log"``.
    """
    free = free_at(curve, day)
    variance = np.concatenate([[0.0], curve.hazard_variance])[np.searchsorted(curve.time, day, side="right")]
    with np.errstate(all="ignore"):
        log = np.log(free)
        half = quantile(level) * np.sqrt(variance) / np.abs(log)
        ends = [np.exp(log * np.exp(sign * half)) for sign in (1, -1)]
    usable = (free > 0) & (free < 1) & np.isfinite(variance)
    return np.where(usable, ends[0], np.nan), np.where(usable, ends[1], np.nan)


@dataclass(frozen=True, slots=True)
class RestrictedMean:
    """value : mean time free of the event up to a day. variance : by Greenwood, of rows that are independent and unweighted.

    influence : of each row, ``(n,)``, to be added up within clusters before they are squared.
    """

    value: float
    variance: float
    influence: np.ndarray


def restricted_mean(
    time: np.ndarray, event: np.ndarray, until: float, weights: np.ndarray | None = None
) -> RestrictedMean:
    """Area under the curve from 0 to ``until``.

    Source: Irwin (1949); Andersen, Hansen & Klein (2004) for the influence of a row. Reference implementation: R ``survRM2``.
    """
    w = np.ones(len(time)) if weights is None else weights
    curve = free_share(time, event, weights)
    inside = curve.time < until
    moments, free = curve.time[inside], curve.free[inside]
    edges = np.concatenate([[0.0], moments, [until]])
    areas = np.diff(edges) * np.concatenate([[1.0], free])
    beyond = np.cumsum(areas[::-1])[::-1][1:]
    at_risk, events = curve.at_risk[inside], curve.events[inside]
    left = np.where(at_risk > events, at_risk - events, np.inf)
    variance = float((beyond**2 * events / (at_risk * left)).sum())
    # Martingale of each row: what it had, less what it was expected to have while at risk.
    expected = np.concatenate([[0.0], np.cumsum(beyond * events / at_risk**2)])
    had = np.zeros(len(time))
    mine = event & (time < until)
    at = np.searchsorted(moments, time[mine])
    had[mine] = (beyond / at_risk)[at]
    through = np.searchsorted(moments, np.minimum(time, until), side="right")
    return RestrictedMean(float(areas.sum()), variance, -w * (had - expected[through]))
