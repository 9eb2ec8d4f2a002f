"""Spread of counts about unit and period effects."""

from dataclasses import dataclass

import numpy as np

from vru.stats.dispersion import dispersion


@dataclass(frozen=True, slots=True)
class Spread:
    """``phi``: Pearson statistic over its degrees of freedom ``df`` (1 = Poisson)."""

    phi: float
    df: int


def pearson_dispersion(counts: np.ndarray) -> Spread:
    """Dispersion of a complete table of counts about row and column effects.

    Parameters
    ----------
    counts : ``(n_units, n_periods)`` events. Rows and columns without events carry no information and are left out.

    For a complete table the Poisson fit with both effects is row total x column total / total.

    Source: McCullagh & Nelder (1989) section 4.5.2; agrees with a Poisson regression with both sets of dummies.
    """
    table = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    df = (table.shape[0] - 1) * (table.shape[1] - 1)
    if df < 1:
        return Spread(1.0, 0)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return Spread(float(dispersion(table, expected, df).phi or 0.0), df)


def group_dispersion(before: np.ndarray, after: np.ndarray) -> Spread:
    """Dispersion of units' before-after change about their group's, from totals ``(n_units,)``; ``df`` is units - 1.

    Unlike month-level spread this sees areas that drift for reasons of their own.

    Source: the same, on an ``(n_units, 2)`` table.
    """
    return pearson_dispersion(np.column_stack([before, after]))
