"""Choose the units with most events and split them by lot."""

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
