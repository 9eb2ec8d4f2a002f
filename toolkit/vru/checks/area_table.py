"""One row per area for DoWhy: its change from before the start to after it.

DoWhy estimates and resamples rows; an area-month panel has rows that repeat the same areas, so
its refuters on it would be meaningless. Each area therefore becomes one row: treatment 0/1 and
the change in the log of its mean monthly count, from before the start to after it. A change takes
out everything about an area that does not alter, and comparing changes over the same months takes
out everything that alters everywhere: the graph's ``area`` and ``period`` nodes, which the panel
analysis takes out with its fixed effects, are gone from both data and graph. Any other node of the
adjustment set must be a column of ``panel.covariates``, one value per area.
"""

import math

import numpy as np
import pandas as pd

from vru.checks.check import Case
from vru.checks.dowhy_model import RowTable
from vru.errors import MethodError
from vru.graph.identify import FIXED_EFFECTS
from vru.panel import Panel

MIN_AREAS = 6


def area_table(case: Case) -> RowTable:
    """The rows DoWhy gets. Raises MethodError with the reason where the case has none."""
    identification = case.identification
    if identification is None:
        raise MethodError("the causal graph was not identified, so DoWhy has no model to test.")
    remaining = tuple(n for n in identification.adjustment if n not in FIXED_EFFECTS)
    panel = case.panel
    rows = np.flatnonzero(panel.is_role("treated", "comparison"))
    treated = panel.is_role("treated")[rows]
    if min(treated.sum(), (~treated).sum()) < 2 or len(rows) < MIN_AREAS:
        raise MethodError(
            f"{int(treated.sum())} treated and {int((~treated).sum())} comparison areas are too few for one row an "
            f"area (2 in each group and {MIN_AREAS} in all)."
        )
    change = _changes(panel, case.estimate.outcome, rows)
    if np.ptp(change) < 1e-12:
        raise MethodError("offences changed by exactly the same in every area, so there is nothing to explain.")
    if len(rows) - 2 - len(remaining) < 2:
        raise MethodError("there are too few areas for the number of things adjusted for.")
    return RowTable(
        treatment=identification.treatment,
        outcome=identification.outcome,
        edges=tuple(e for e in identification.edges if not set(e) & set(FIXED_EFFECTS)),
        adjustment=remaining,
        treated=tuple(int(t) for t in treated),
        values=tuple(float(c) for c in change),
        covariates=tuple(_covariate(panel, name, rows) for name in remaining),
    )


def _changes(panel: Panel, outcome: str, rows: np.ndarray) -> np.ndarray:
    """Change in log mean monthly count, per row; comparison areas are split at the first start of any area."""
    own, first = panel.treated_periods(), panel.post()
    out = np.empty(len(rows))
    for i, r in enumerate(rows):
        after = own[r] if panel.starts[r] is not None else first
        seen = ~panel.missing[r]
        sides = [panel.counts[outcome][r, seen & side] for side in (~after, after)]
        if min(len(s) for s in sides) == 0:
            raise MethodError(f"area {panel.units[r]} has no months before or none after the start.")
        before, later = (math.log((s.sum() + 0.5) / len(s)) for s in sides)
        out[i] = later - before
    return out


def _covariate(panel: Panel, name: str, rows: np.ndarray) -> tuple[float, ...]:
    if panel.covariates is None or name not in panel.covariates.columns:
        raise MethodError(
            f"the graph adjusts for {name}, which comparing areas with themselves does not take out, and the data hold "
            f"no column {name} with one value an area."
        )
    values = pd.to_numeric(panel.covariates[name].iloc[rows], errors="coerce").to_numpy(dtype=float)
    if not np.isfinite(values).all():
        raise MethodError(f"column {name} is missing, or not a number, for some areas.")
    return tuple(float(v) for v in values)
