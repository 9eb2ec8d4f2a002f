"""Synthetic control on outcomes: a weighted mean of donors that follows the treated unit before the start.

All placebos are the same problem with another row as target, and their paths are one matrix product.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vru.stats.simplex import simplex_weights

TIE = 1e-9
Weigh = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""``(donors (n, m), target (m,)) -> weights (n,)`` from what is matched on before the start."""


@dataclass(frozen=True, slots=True)
class SyntheticFit:
    """Donor weights ``(n_donors,)``, gap ``(n_periods,)`` = observed less synthetic, fit before the start.

    effect : mean gap after the start. rmspe_before, rmspe_after : root of the mean squared gap, in
    units of the outcome. imbalance : root of the summed squared gap before the start.
    """

    weights: np.ndarray
    gap: np.ndarray
    effect: float
    rmspe_before: float
    rmspe_after: float
    imbalance: float


@dataclass(frozen=True, slots=True)
class InSpace:
    """Every unit in turn taken for treated: fits in row order, ``rmspe_ratio (n_units,)`` and the rank p.

    p : share of units, the treated one among them, whose ratio of RMSPE after to before is at
    least as large as the treated unit's.
    """

    fits: tuple[SyntheticFit, ...]
    rmspe_ratio: np.ndarray
    p: float


def match_outcomes(donors: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Simplex weights ``(n_donors,)`` of donors ``(n_donors, m)`` nearest to target ``(m,)`` in least squares."""
    return simplex_weights(donors.T, target)


def fit_synthetic(donors: np.ndarray, treated: np.ndarray, n_pre: int, weigh: Weigh = match_outcomes) -> SyntheticFit:
    """Synthetic control from the outcomes before the start alone.

    Parameters
    ----------
    donors : ``(n_donors, n_periods)``, treated : ``(n_periods,)``, in any unit of measure.
    n_pre : periods before the start. weigh : how weights follow from the outcomes before.

    Source: Abadie, Diamond & Hainmueller (2010) J. Am. Stat. Assoc. 105, with every outcome before
    the start as predictor.
    """
    return from_weights(weigh(donors[:, :n_pre], treated[:n_pre]), donors, treated, n_pre)


def from_weights(weights: np.ndarray, donors: np.ndarray, treated: np.ndarray, n_pre: int) -> SyntheticFit:
    """What given weights imply; shapes as in :func:`fit_synthetic`."""
    gap = treated - weights @ donors
    square = gap**2
    before, after = float(square[:n_pre].mean()), float(square[n_pre:].mean())
    return SyntheticFit(
        weights, gap, float(gap[n_pre:].mean()), before**0.5, after**0.5, float(square[:n_pre].sum()) ** 0.5
    )


def in_space(
    outcomes: np.ndarray, treated: int, n_pre: int, weigh: Weigh = match_outcomes, *, treated_is_donor: bool = True
) -> InSpace:
    """In-space placebos: each unit of ``outcomes (n_units, n_periods)`` as if it were the treated one.

    treated : row of the treated unit. treated_is_donor : whether it may serve as a donor to the
    placebos, as in the published analysis of Proposition 99.

    Source: Abadie, Diamond & Hainmueller (2010), sections 2.4 and 3.4.
    """
    fits = []
    for i in range(len(outcomes)):
        others = np.arange(len(outcomes)) != i
        if not treated_is_donor:
            others[treated] = False
        fits.append(fit_synthetic(outcomes[others], outcomes[i], n_pre, weigh))
    return rank_fits(tuple(fits), treated)


def rank_fits(fits: tuple[SyntheticFit, ...], treated: int) -> InSpace:
    """RMSPE ratios of fits in row order and the rank p of the treated row."""
    before = np.array([f.rmspe_before for f in fits])
    ratio = np.array([f.rmspe_after for f in fits]) / np.maximum(before, 1e-300)
    return InSpace(fits, ratio, float((ratio >= ratio[treated] * (1 - TIE)).mean()))


def in_time(donors: np.ndarray, treated: np.ndarray, n_pre: int, fake: int, weigh: Weigh = match_outcomes) -> float:
    """Mean gap between period ``fake`` and the true start, from weights that know nothing after ``fake``.

    Shapes as in :func:`fit_synthetic`; 0 < fake < n_pre. Source: Abadie, Diamond & Hainmueller (2015).
    """
    return fit_synthetic(donors[:, :n_pre], treated[:n_pre], fake, weigh).effect


def leave_one_out(donors: np.ndarray, treated: np.ndarray, n_pre: int, weigh: Weigh = match_outcomes) -> np.ndarray:
    """Effect without each donor in turn, ``(n_donors,)``; a donor of weight zero changes nothing.

    Shapes as in :func:`fit_synthetic`, at least two donors. Source: Abadie, Diamond & Hainmueller (2015).
    """
    full = fit_synthetic(donors, treated, n_pre, weigh)
    found = np.full(len(donors), full.effect)
    for j in np.flatnonzero(np.abs(full.weights) > 1e-10):
        found[j] = fit_synthetic(np.delete(donors, j, axis=0), treated, n_pre, weigh).effect
    return found
