"""A declared exercise: take away real events at random, so that the true effect is known."""

from collections.abc import Mapping

import numpy as np

from vru.events import DataNote


def thin(
    counts: Mapping[str, np.ndarray], cells: np.ndarray, keep_share: float, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Keep each event of the marked cells with probability ``keep_share``, independently.

    Whether each of a cell's n events is kept is an independent coin, so how many are kept is
    Binomial(n, keep_share): drawing that number is the same as thinning the events themselves,
    and the expected count is ``keep_share`` times what it was. Outcomes are thinned one by one in
    the order given, so where one outcome contains another their thinned events need not be the same.

    Parameters
    ----------
    counts
        Outcome -> ``(n_units, n_periods)``, events per unit-month, NaN where missing (stays so).
    cells
        Bool ``(n_units, n_periods)``: where events are taken away.
    """
    thinned = {}
    for outcome, values in counts.items():
        at = cells & ~np.isnan(values)
        thinned[outcome] = values.copy()
        thinned[outcome][at] = rng.binomial(values[at].astype(np.int64), keep_share)
    return thinned


def thinning_note(keep_share: float) -> DataNote:
    """The line of the data log that says so."""
    text = (
        "ARTIFICIAL EFFECT: from the start on, each real event in treated units was kept with probability "
        f"{keep_share:g} (binomial thinning, every outcome by itself), so the true rate ratio is {keep_share:g}; "
        "no intervention is evaluated here"
    )
    return DataNote("panel", text)
