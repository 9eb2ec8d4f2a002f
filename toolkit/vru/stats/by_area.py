"""How far sums of changes over areas could differ by chance, from how differently the areas changed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Spread:
    """Standard error of a sum of sums, and the degrees of freedom that it has (Satterthwaite's)."""

    se: float
    df: float


def spread_of_sums(groups: Sequence[np.ndarray]) -> Spread | None:
    """Spread of the sum over all groups, each with a mean and a variance of its own.

    Parameters
    ----------
    groups
        Changes by area ``(n_areas,)`` for each group, with the sign and weight they enter with. A group of one area takes the
        mean variance of the others (in units of its own weight it is not known).

    Returns
    -------
    Spread or None
        None where no group has two areas, or nothing varies.

    Source: the variance of a sum of independent areas, ``sum n_g s_g^2``; Satterthwaite (1946) Biometrics Bulletin 2.

    >>> spread_of_sums([np.array([1.0, 3.0]), np.array([-2.0, -6.0])])
    Spread(se=4.47213595499958, df=1.4705882352941178)
    """
    known = {i: float(np.var(g, ddof=1)) for i, g in enumerate(groups) if len(g) >= 2}
    if not known:
        return None
    weight = {i: len(groups[i]) - 1 for i in known}
    pooled = sum(v * weight[i] for i, v in known.items()) / sum(weight.values())
    parts = [(len(g) * known.get(i, pooled), weight.get(i, sum(weight.values()))) for i, g in enumerate(groups)]
    variance = sum(v for v, _ in parts)
    if variance <= 0:
        return None
    return Spread(float(np.sqrt(variance)), variance**2 / sum(v**2 / df for v, df in parts))


@dataclass(frozen=True, slots=True)
class ChangeDispersion:
    """How many times as differently areas changed as Poisson counts would, and the degrees of freedom of that."""

    phi: float
    df: int


def change_dispersion(before: np.ndarray, after: np.ndarray, group: np.ndarray) -> ChangeDispersion | None:
    """Pearson's chi-squared of each area's share after the start, given its total and its group's share, over its df.

    before, after : counts by area ``(n_areas,)``. group : ``(n_areas,)``; areas of a group are taken to have one share.
    None where no group has two areas with an offence, and offences on both sides.

    >>> found = change_dispersion(np.array([10.0, 10.0]), np.array([5.0, 15.0]), np.array([0, 0]))
    >>> round(found.phi, 4), found.df
    (4.0, 1)
    """
    total = before + after
    spread, df = 0.0, 0
    for g in np.unique(group):
        own = (group == g) & (total > 0)
        share = after[own].sum() / max(total[own].sum(), 1e-12)
        if own.sum() >= 2 and 0 < share < 1:
            spread += float(((after[own] - total[own] * share) ** 2 / (total[own] * share * (1 - share))).sum())
            df += int(own.sum()) - 1
    return ChangeDispersion(spread / df, df) if df else None
