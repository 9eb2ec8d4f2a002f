"""One row per person for DoWhy: rows are the units here, so what its refuters resample is what was sampled."""

import numpy as np

from vru.checks.check import Case
from vru.checks.cohort_rows import cohort_rows
from vru.checks.dowhy_model import RowTable
from vru.errors import MethodError
from vru.results import Scale

MIN_ROWS = 20


def person_table(case: Case) -> RowTable:
    """Treatment 0/1, the outcome (events per unit of exposure for counts), and the licensed covariates as numbers.

    The graph is that of the licensed set: each of its columns causes both. Raises MethodError where the case has no rows
    that DoWhy can use.
    """
    identification = case.identification
    if identification is None:
        raise MethodError("the causal graph was not identified, so DoWhy has no model to test.")
    rows, noun = cohort_rows(case), case.cohort.noun
    arms = int(rows.treated.sum()), int((~rows.treated).sum())
    if min(arms) < 2 or sum(arms) < MIN_ROWS or sum(arms) - 2 - len(rows.names) < 2:
        raise MethodError(
            f"{arms[0]} treated and {arms[1]} comparison {noun} are too few (2 in each arm, {MIN_ROWS} in all, and more "
            "than are adjusted for)."
        )
    values = rows.y / rows.exposure if rows.kind == "count" and rows.exposure is not None else rows.y
    if np.ptp(values) < 1e-12:
        raise MethodError(f"all {noun} ended alike, so there is nothing to explain.")
    scale: Scale = "risk_difference" if rows.kind == "binary" else "mean_difference"
    treatment, outcome = identification.treatment, identification.outcome
    return RowTable(
        treatment=treatment,
        outcome=outcome,
        edges=(*((name, to) for name in rows.names for to in (treatment, outcome)), (treatment, outcome)),
        adjustment=rows.names,
        treated=tuple(int(t) for t in rows.treated),
        values=tuple(float(v) for v in values),
        covariates=tuple(tuple(float(v) for v in column) for column in rows.x.T),
        noun=noun,
        scale=scale,
        clusters=0 if rows.cluster is None else int(rows.cluster.max()) + 1,
    )
