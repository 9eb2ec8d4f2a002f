"""The counts a check looks at: which units, which periods, and no cell that is missing."""

from dataclasses import dataclass

import numpy as np

from vru.panel import Panel


@dataclass(frozen=True, slots=True)
class Counts:
    """Offences of some units in some periods, without missing cells.

    values : ``(n_units, n_periods)``, offences per unit-period.
    treated : bool ``(n_units,)``.
    at : ``(n_periods,)`` position of each period in the panel.
    dropped : periods left out because a unit's month is missing.
    """

    values: np.ndarray
    treated: np.ndarray
    at: np.ndarray
    dropped: int

    @property
    def arms(self) -> tuple[int, int]:
        """How many treated and how many comparison units."""
        return int(self.treated.sum()), int((~self.treated).sum())


def before_start(panel: Panel, outcome: str) -> Counts:
    """Treated and comparison units in the periods before the first start of any unit."""
    return _counts(panel, outcome, ~panel.post())


def whole_window(panel: Panel, outcome: str) -> Counts:
    """Treated and comparison units in every period."""
    return _counts(panel, outcome, np.ones(len(panel.periods), dtype=bool))


def _counts(panel: Panel, outcome: str, periods: np.ndarray) -> Counts:
    rows = panel.is_role("treated", "comparison")
    complete = ~panel.missing[rows].any(axis=0)
    at = np.flatnonzero(periods & complete)
    return Counts(
        values=panel.counts[outcome][np.ix_(rows, at)],
        treated=panel.is_role("treated")[rows],
        at=at,
        dropped=int((periods & ~complete).sum()),
    )
