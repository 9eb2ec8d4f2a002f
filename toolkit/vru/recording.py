"""How the events behind a panel were recorded: what no count shows, by arm and month."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

Arm = Literal["treated", "comparison"]
ARMS: tuple[Arm, ...] = ("treated", "comparison")


@dataclass(frozen=True, slots=True)
class Recording:
    """An account of recording beside the counts; every array is float unless it says otherwise.

    forces : arm -> forces (feeds) that cover its units.
    total, unplaced : outcome -> arm -> ``(n_periods,)``, rows of the outcome in the arm's forces, and those of them
        without a place: they are in no unit.
    rows : ``(n_units, n_periods)``, rows of any kind; 0 where the force has a file and the unit nothing.
    other : outcome -> ``(n_units, n_periods)``, rows of any kind that are not of the outcome.
    repeats : arm -> ``(n_periods,)``, rows dropped as repeats of rows in the arm's forces.
    kinds : outcome -> crime type that it does not count -> arm -> ``(n_periods,)``, rows in the arm's forces.
    nameless : outcome -> arm -> ``(n_periods,)``, rows of the outcome in the arm's forces without an id of their crime.
    dropped : arm -> reason -> ``(n_periods,)``, rows of the arm's forces dropped for that reason.
    suspects : months judged incomplete and taken as missing, and feeds left out, one sentence each.
    """

    forces: Mapping[str, tuple[str, ...]]
    total: Mapping[str, Mapping[str, np.ndarray]]
    unplaced: Mapping[str, Mapping[str, np.ndarray]]
    rows: np.ndarray
    other: Mapping[str, np.ndarray]
    repeats: Mapping[str, np.ndarray]
    kinds: Mapping[str, Mapping[str, Mapping[str, np.ndarray]]] = field(default_factory=dict)
    nameless: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)
    dropped: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)
    suspects: tuple[str, ...] = ()
