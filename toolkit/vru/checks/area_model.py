"""One row per area, for DoWhy: what its refuters can honestly work on, and the guards they need.

DoWhy estimates and resamples rows; an area-month panel has rows that repeat the same areas, so
its refuters on it would be meaningless. Each area therefore becomes one row: treatment 0/1 and
the change in the log of its mean monthly count, from before the start to after it. A change takes
out everything about an area that does not alter, and comparing changes over the same months takes
out everything that alters everywhere: the graph's ``area`` and ``period`` nodes, which the panel
analysis takes out with its fixed effects, are gone from both data and graph. Any other node of the
adjustment set must be a column of ``panel.covariates``, one value per area.

Guards against DoWhy 0.14, each pinned by a test: estimators write into the frame they are given
(copied); a bool treatment breaks the simulation of a hidden cause (int); seeds hold with one job
only (``n_jobs=1``) and not everywhere (the global generator is seeded and put back); effect
modifiers found in the graph would add interactions (none are passed); grids of hidden-cause
strengths accumulate from cell to cell (one strength at a time).
"""

import logging
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.random import Generator

from vru.checks.check import Case
from vru.errors import MethodError
from vru.graph.identify import FIXED_EFFECTS
from vru.panel import Panel

MIN_AREAS = 6


@dataclass(frozen=True, slots=True)
class AreaTable:
    """One row per area, hashable so that the four refuters share one model.

    change : log of mean monthly count after over before, with 0.5 added to each total.
    covariates : per remaining adjustment node, one value per area.
    """

    treatment: str
    outcome: str
    edges: tuple[tuple[str, str], ...]
    adjustment: tuple[str, ...]
    treated: tuple[int, ...]
    change: tuple[float, ...]
    covariates: tuple[tuple[float, ...], ...]

    @property
    def arms(self) -> tuple[int, int]:
        """How many treated and how many comparison areas."""
        return sum(self.treated), len(self.treated) - sum(self.treated)


@dataclass(frozen=True, slots=True)
class AreaModel:
    """A DoWhy model with its estimand and linear estimate. ``effect``, ``se``: log rate ratio; ``df`` residual."""

    table: AreaTable
    model: Any
    estimand: Any
    estimate: Any
    effect: float
    se: float
    df: int


@dataclass(frozen=True, slots=True)
class Refutation:
    """DoWhy's answer: the effect after its change, and its p-value (None where it is not a number)."""

    effect: float
    p: float | None


def area_table(case: Case) -> AreaTable:
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
    return AreaTable(
        treatment=identification.treatment,
        outcome=identification.outcome,
        edges=tuple(e for e in identification.edges if not set(e) & set(FIXED_EFFECTS)),
        adjustment=remaining,
        treated=tuple(int(t) for t in treated),
        change=tuple(float(c) for c in change),
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


def area_frame(table: AreaTable) -> pd.DataFrame:
    """The rows as a fresh frame: int treatment, float outcome, one float column per remaining adjustment node."""
    columns: dict[str, Any] = {table.treatment: np.array(table.treated, dtype=int), table.outcome: list(table.change)}
    columns |= dict(zip(table.adjustment, (list(c) for c in table.covariates), strict=True))
    return pd.DataFrame(columns)


@lru_cache(maxsize=4)
def area_model(table: AreaTable) -> AreaModel:
    """DoWhy's model, estimand with the registered adjustment set, and linear estimate, built once per table."""
    with quiet():
        import networkx as nx
        from dowhy import CausalModel

        dag = nx.DiGraph(list(table.edges))
        dag.add_nodes_from([table.treatment, table.outcome, *table.adjustment])
        model = CausalModel(area_frame(table).copy(), table.treatment, table.outcome, graph=dag)
        estimand = model.identify_effect(proceed_when_unidentifiable=True)
        estimand.set_identifier_method("backdoor")
        # DoWhy would otherwise use the largest set it finds, not the registered one.
        estimand.set_backdoor_variables(list(table.adjustment), "backdoor")
        estimate = model.estimate_effect(estimand, method_name="backdoor.linear_regression", effect_modifiers=[])
    if estimate.value is None:
        raise MethodError("DoWhy finds no estimate for this graph with one row an area.")
    fitted = estimate.estimator.model
    return AreaModel(
        table, model, estimand, estimate, float(estimate.value), float(fitted.bse.iloc[1]), int(fitted.df_resid)
    )


def refute(built: AreaModel, method: str, rng: Generator, simulations: int, **settings: object) -> Refutation:
    """Run one of DoWhy's resampling refuters under a seed, quietly. ``settings`` go to DoWhy as they are."""
    state = np.random.RandomState(int(rng.integers(2**32)))
    with quiet(), seeded(rng):
        said = built.model.refute_estimate(
            built.estimand,
            built.estimate,
            method_name=method,
            random_state=state,
            num_simulations=simulations,
            n_jobs=1,
            **settings,
        )
    p = float(said.refutation_result["p_value"])
    return Refutation(float(said.new_effect), p if math.isfinite(p) else None)


@contextmanager
def quiet() -> Iterator[None]:
    """DoWhy's warnings and log lines are about its own workings; what matters is checked here."""
    log = logging.getLogger("dowhy")
    level = log.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        log.setLevel(logging.ERROR)
        try:
            yield
        finally:
            log.setLevel(level)


@contextmanager
def seeded(rng: Generator) -> Iterator[None]:
    """Seed numpy's global generator, which parts of DoWhy draw from, and put it back afterwards."""
    before = np.random.get_state()
    np.random.seed(int(rng.integers(2**32)))
    try:
        yield
    finally:
        np.random.set_state(before)
