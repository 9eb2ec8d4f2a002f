"""Choose the units with most events and split them by lot; and tell on which months units seem to have been chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np


@dataclass(frozen=True, slots=True)
class TopSplit:
    """Units chosen as hot spots and how the lot fell.

    chosen : int array ``(top,)``, indices into the counts, most events first.
    treated : bool array ``(top,)``, True where the lot gave treatment.
    """

    chosen: np.ndarray
    treated: np.ndarray


def split_top(
    counts: np.ndarray, top: int, assign: Literal["random_half", "random_pairs"], rng: np.random.Generator
) -> TopSplit:
    """Take the ``top`` units with most events and give treatment to half of them by lot.

    Parameters
    ----------
    counts
        Float array ``(n_units,)``, events per unit in the selection window (or per month: only the
        order matters). Ties go to the unit that stands first.
    assign
        ``random_half``: half of all chosen, drawn together (of an odd number, the smaller half is
        treated). ``random_pairs``: ranks 1 and 2, 3 and 4, ... are pairs, and a fair coin treats one
        of each.

    Raises
    ------
    ValueError
        Fewer units than ``top``, ``top`` under 2, a count that is not finite, or an odd ``top`` for pairs.
    """
    if not 2 <= top <= len(counts):
        raise ValueError(f"top must be between 2 and the number of units ({len(counts)}), not {top}")
    if not np.isfinite(counts).all():
        raise ValueError("counts must be finite")
    if assign == "random_pairs" and top % 2:
        raise ValueError(f"random_pairs needs an even number of units, not {top}")
    chosen = np.argsort(-counts, kind="stable")[:top]
    treated = np.zeros(top, dtype=bool)
    if assign == "random_half":
        treated[rng.permutation(top)[: top // 2]] = True
    else:
        second = rng.integers(0, 2, size=top // 2)
        treated[2 * np.arange(top // 2) + second] = True
    return TopSplit(chosen, treated)


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a ranking over months ``first`` to ``last`` (positions, both included) names a set of units.

    share : of the units, how many are among as many top ones of the pool (ties as favourable as they can be).
    """

    first: int
    last: int
    share: float


def named_by(counts: np.ndarray, chosen: np.ndarray) -> float:
    """Share of the ``chosen`` (bool ``(n_pool,)``) that are among as many units with the highest ``counts`` ``(n_pool,)``."""
    k = int(chosen.sum())
    edge = np.partition(counts, len(counts) - k)[len(counts) - k]
    room = k - int((counts > edge).sum())
    return float((counts[chosen] > edge).sum() + min(int((counts[chosen] == edge).sum()), room)) / k


def best_window(counts: np.ndarray, chosen: np.ndarray, lengths: Sequence[int]) -> Fit | None:
    """The run of months whose ranking names the ``chosen`` best; the longest, then the earliest, of equals.

    counts : ``(n_pool, n_months)``; runs that hold a NaN are passed over. None where no run is complete.
    """
    whole = ~np.isnan(counts).any(axis=0)
    sums = np.concatenate([np.zeros((len(counts), 1)), np.cumsum(np.nan_to_num(counts), axis=1)], axis=1)
    found: Fit | None = None
    for length in sorted(set(lengths), reverse=True):
        for first in range(counts.shape[1] - length + 1):
            if not whole[first : first + length].all():
                continue
            share = named_by(sums[:, first + length] - sums[:, first], chosen)
            if found is None or share > found.share + 1e-12:
                found = Fit(first, first + length - 1, share)
    return found
