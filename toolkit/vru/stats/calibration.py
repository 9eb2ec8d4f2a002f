"""Weights near equal that give the comparison the treated units' totals: exact where possible, else as near as can be."""

from dataclasses import dataclass

import numpy as np

PENALTY, STEPS, DONE = 1e-6, 60, 1e-9


@dataclass(frozen=True, slots=True)
class Calibrated:
    """Weights ``(n_units,)``, none negative.

    imbalance : largest difference that is left, as a share of the feature's root mean square, per
        treated unit. effective : how many equal weights would carry as much information,
        ``sum(w)^2 / sum(w^2)``.
    """

    weights: np.ndarray
    imbalance: float
    effective: float


def calibrate(features: np.ndarray, totals: np.ndarray, number: int, *, match_number: bool = False) -> Calibrated:
    """Weights with ``features' w = totals`` that stray least from equal.

    Parameters
    ----------
    features : ``(n_units, k)``, totals : ``(k,)``, sums over the treated units. number : of treated units.
    match_number : also ``sum(w) = number``; without it busier treated areas are matched by more areas.

    Minimises ``sum (w - b)^2 / (2 b)`` with ``b = number / n_units`` over ``w >= 0`` and the
    constraints, in the dual: ``w = b max(0, 1 + x'l)`` and Newton steps on the multipliers ``l``. A
    penalty of 1e-6 on the multipliers keeps the answer defined where no weights balance exactly: it
    is then the one with the least squared imbalance, each feature over its root mean square.

    Source: Deville & Sarndal (1992) J. Am. Stat. Assoc. 87, case 1 with range restriction; Robbins,
    Saunders & Kilmer (2017) J. Am. Stat. Assoc. 112 for its use with many small areas.
    """
    columns, sums = (np.column_stack([features, np.ones(len(features))]), np.append(totals, number))
    if not match_number:
        columns, sums = features, totals
    scale = np.sqrt((columns**2).mean(axis=0))
    keep = scale > 0
    if not keep.any():
        # Nothing to balance on: equal weights, and all of the totals is missed.
        return Calibrated(np.full(len(features), number / len(features)), 1.0, float(len(features)))
    # Everything per treated unit and equal weight, so that the penalty means the same whatever the numbers are.
    x, aim = columns[:, keep] / scale[keep], sums[keep] / number / scale[keep]
    lift = _solve(x, aim)
    weights = number / len(x) * lift
    left = x.T @ lift / len(x) - aim
    squares = float((weights**2).sum())
    effective = float(weights.sum()) ** 2 / squares if squares > 0 else 0.0
    return Calibrated(weights, float(np.abs(left).max()), effective)


def _solve(x: np.ndarray, aim: np.ndarray) -> np.ndarray:
    """``max(0, 1 + x l)`` at the minimum of the convex dual, by Newton steps that never go uphill."""
    n, k = x.shape
    multipliers = np.zeros(k)
    value, lift = _dual(x, aim, multipliers)
    for _ in range(STEPS):
        slope = x.T @ lift / n - aim + PENALTY * multipliers
        if np.abs(slope).max() < DONE:
            break
        live = x[lift > 0]
        bend = live.T @ live / n + PENALTY * np.eye(k)
        step = np.linalg.solve(bend, -slope)
        size = 1.0
        while size > 1e-10:
            tried, up = _dual(x, aim, multipliers + size * step)
            if tried <= value + 1e-4 * size * float(slope @ step):
                break
            size /= 2
        if size <= 1e-10:
            break
        multipliers, value, lift = multipliers + size * step, tried, up
    return lift


def _dual(x: np.ndarray, aim: np.ndarray, multipliers: np.ndarray) -> tuple[float, np.ndarray]:
    lift = np.maximum(0.0, 1 + x @ multipliers)
    value = float((lift**2).mean()) / 2 - float(aim @ multipliers) + PENALTY / 2 * float(multipliers @ multipliers)
    return value, lift
