"""One row per unit, for DoWhy: what its refuters can honestly work on, and the guards they need.

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

from vru.checks.findings import in_words
from vru.errors import MethodError
from vru.results import Scale


@dataclass(frozen=True, slots=True)
class RowTable:
    """One row per area or person, hashable so that the four refuters share one model.

    noun : what a row is, in the plural. values : the outcome per row, and scale : what a difference of its means is.
    adjustment, covariates : per column adjusted for, its name and one value per row.
    clusters : how many clusters the rows share, 0 where each stands for itself.
    """

    treatment: str
    outcome: str
    edges: tuple[tuple[str, str], ...]
    adjustment: tuple[str, ...]
    treated: tuple[int, ...]
    values: tuple[float, ...]
    covariates: tuple[tuple[float, ...], ...]
    noun: str = "areas"
    scale: Scale = "log_rate_ratio"
    clusters: int = 0

    @property
    def arms(self) -> tuple[int, int]:
        """How many treated and how many comparison rows."""
        return sum(self.treated), len(self.treated) - sum(self.treated)


@dataclass(frozen=True, slots=True)
class RowModel:
    """A DoWhy model with its estimand and linear estimate. ``effect``, ``se``: on the table's scale; ``df`` residual."""

    table: RowTable
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


def words(table: RowTable, value: float) -> str:
    """An effect on the table's scale: ``12% fewer``, ``3.1 percentage points lower``."""
    return in_words(table.scale, value)


def table_frame(table: RowTable) -> pd.DataFrame:
    """The rows as a fresh frame: int treatment, float outcome, one float column per remaining adjustment node."""
    columns: dict[str, Any] = {table.treatment: np.array(table.treated, dtype=int), table.outcome: list(table.values)}
    columns |= dict(zip(table.adjustment, (list(c) for c in table.covariates), strict=True))
    return pd.DataFrame(columns)


@lru_cache(maxsize=4)
def row_model(table: RowTable) -> RowModel:
    """DoWhy's model, estimand with the registered adjustment set, and linear estimate, built once per table."""
    with quiet():
        import networkx as nx
        from dowhy import CausalModel

        dag = nx.DiGraph(list(table.edges))
        dag.add_nodes_from([table.treatment, table.outcome, *table.adjustment])
        model = CausalModel(table_frame(table).copy(), table.treatment, table.outcome, graph=dag)
        estimand = model.identify_effect(proceed_when_unidentifiable=True)
        estimand.set_identifier_method("backdoor")
        # DoWhy would otherwise use the largest set it finds, not the registered one.
        estimand.set_backdoor_variables(list(table.adjustment), "backdoor")
        estimate = model.estimate_effect(estimand, method_name="backdoor.linear_regression", effect_modifiers=[])
    if estimate.value is None:
        raise MethodError("DoWhy finds no estimate for this graph with one row each.")
    fitted = estimate.estimator.model
    return RowModel(
        table, model, estimand, estimate, float(estimate.value), float(fitted.bse.iloc[1]), int(fitted.df_resid)
    )


def refute(built: RowModel, method: str, rng: Generator, simulations: int, **settings: object) -> Refutation:
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
