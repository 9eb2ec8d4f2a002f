"""What treated units would have recorded, month by month, from their own past and the comparison's course."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class EventEffects:
    """Log rate ratios by periods since the start.

    event_time : int ``(n_times,)``; value, se : ``(n_times,)``, NaN in ``se`` where it has none.
    empty : number of event times left out because a count there was zero.
    """

    event_time: np.ndarray
    value: np.ndarray
    se: np.ndarray
    empty: int


def impute(treated: np.ndarray, first: np.ndarray, comparison: np.ndarray) -> np.ndarray:
    """Expected counts of treated units without treatment, ``(n_treated, n_periods)``.

    Each unit's total before its start, times comparison's count in a period over comparison's
    count before that start. treated ``(n_treated, n_periods)``, first ``(n_treated,)`` start columns,
    comparison ``(n_comparison, n_periods)``; no gaps.
    """
    course = comparison.sum(axis=0)
    before = np.array([course[:f].sum() for f in first])
    own = np.array([row[:f].sum() for row, f in zip(treated, first, strict=True)])
    return np.asarray((own / before)[:, None] * course[None, :])


def event_effects(
    treated: np.ndarray, first: np.ndarray, comparison: np.ndarray, phi: float, *, clustered: bool
) -> EventEffects:
    """Observed over expected by event time, against the mean of all periods before the start.

    Shapes as in :func:`impute`. Only event times that every treated unit has are given. With
    ``clustered`` the standard error comes from the spread between units (each arm n/(n-1)),
    otherwise from Poisson variance times ``phi``.
    """
    expected = impute(treated, first, comparison)
    times = np.arange(-int(first.min()), treated.shape[1] - int(first.max()))
    found: list[tuple[int, float, float]] = []
    for k in times:
        at = first + int(k)
        row = np.arange(len(first))
        o, e = treated[row, at], expected[row, at]
        if o.sum() <= 0 or e.sum() <= 0:
            continue
        variance = (_between if clustered else _poisson)(treated, first, comparison, at, phi)
        found.append((int(k), float(np.log(o.sum() / e.sum())), float(np.sqrt(variance))))
    table = np.array(found, dtype=float).reshape(-1, 3)
    return EventEffects(table[:, 0].astype(int), table[:, 1], table[:, 2], len(times) - len(found))


def _between(treated: np.ndarray, first: np.ndarray, comparison: np.ndarray, at: np.ndarray, phi: float) -> float:
    """Sum of squared influence values of units on the log of observed over expected."""
    row = np.arange(len(first))
    expected = impute(treated, first, comparison)[row, at]
    own = treated[row, at] / treated[row, at].sum() - expected / expected.sum()
    course = comparison.sum(axis=0)
    other = np.zeros(len(comparison))
    for start, when, share in zip(first, at, expected / expected.sum(), strict=True):
        other += share * (comparison[:, when] / course[when] - comparison[:, :start].sum(axis=1) / course[:start].sum())
    n, m = len(treated), len(comparison)
    return float(n / (n - 1) * (own**2).sum() + m / (m - 1) * (other**2).sum())


def _poisson(treated: np.ndarray, first: np.ndarray, comparison: np.ndarray, at: np.ndarray, phi: float) -> float:
    """Sum over independent cells of count times squared influence on the log of observed over expected."""
    row, column, course = np.arange(len(first)), np.arange(treated.shape[1]), comparison.sum(axis=0)
    expected = impute(treated, first, comparison)[row, at]
    share = expected / expected.sum()
    now, base = column[None, :] == at[:, None], column[None, :] < first[:, None]
    before = np.maximum((treated * base).sum(axis=1), 1e-300)
    own = now / treated[row, at].sum() - base * (share / before)[:, None]
    other = share[:, None] * (now / course[at][:, None] - base / (course * base).sum(axis=1)[:, None])
    return phi * float((treated * own**2).sum() + (course * other.sum(axis=0) ** 2).sum())
