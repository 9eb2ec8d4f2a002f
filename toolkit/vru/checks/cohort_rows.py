"""A cohort as a check sees it: the rows that the estimate compares, and what is adjusted for, as numbers."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from vru.checks.check import Case
from vru.cohort import Cohort, Kind
from vru.errors import MethodError


@dataclass(frozen=True, slots=True)
class CohortRows:
    """Rows with an observed outcome. at : their positions in the cohort. treated : bool ``(n,)``. y : ``(n,)``.

    x : ``(n, k)`` and names ``k``: the covariates as numbers; source : of each column, the covariate that it comes from.
    cluster : int codes ``(n,)`` or None. exposure : ``(n,)`` or None.
    """

    at: np.ndarray
    treated: np.ndarray
    y: np.ndarray
    kind: Kind
    x: np.ndarray
    names: tuple[str, ...]
    source: tuple[str, ...]
    cluster: np.ndarray | None
    exposure: np.ndarray | None


def cohort_rows(case: Case) -> CohortRows:
    """The rows behind the case's estimate; covariates are the graph's adjustment set, or all where there is no graph.

    Raises MethodError where the cohort has no such rows or columns.
    """
    cohort, outcome = case.cohort, case.estimate.outcome
    if outcome not in cohort.outcomes:
        raise MethodError(f"the cohort has no outcome {outcome}.")
    if cohort.kinds[outcome] == "time":
        raise MethodError("the outcome is a time to an event, which this check does not follow up.")
    y = cohort.outcomes[outcome]
    at = np.flatnonzero(~np.isnan(y))
    treated = getattr(cohort, arm_of(case))[at] == 1
    if not treated.any() or treated.all():
        raise MethodError("there are no rows with an observed outcome in one of the arms.")
    x, names, source = _numbers(cohort.covariates.iloc[at], _adjusted(case))
    codes = None if cohort.cluster is None else np.unique(np.asarray(cohort.cluster)[at], return_inverse=True)[1]
    follow_up = cohort.exposure_of(outcome)
    exposure = None if follow_up is None else follow_up[at]
    return CohortRows(at, treated, y[at], cohort.kinds[outcome], x, names, source, codes, exposure)


def arm_of(case: Case) -> str:
    """Which column of the cohort the estimate compares: the one whose arms have as many rows as it counts.

    Where both do, or neither (rows were left out), what people received. Raises MethodError without either.
    """
    cohort, estimate = case.cohort, case.estimate
    there = [arm for arm in ("received", "assigned") if getattr(cohort, arm) is not None]
    if not there:
        raise MethodError("the cohort says neither who was allocated nor who took part.")
    seen = ~np.isnan(cohort.outcomes[estimate.outcome]) if estimate.outcome in cohort.outcomes else np.ones(len(cohort))
    trimmed = [estimate.counts.get(f"trimmed_{arm}", 0.0) for arm in ("treated", "comparison")]
    want = (estimate.n_treated + trimmed[0], estimate.n_comparison + trimmed[1])
    for arm in there:
        side = getattr(cohort, arm)
        if (float((side * seen).sum()), float(((1 - side) * seen).sum())) == want:
            return arm
    return there[0]


def _adjusted(case: Case) -> tuple[str, ...]:
    known = [str(c) for c in case.cohort.covariates.columns]
    if case.identification is None:
        return tuple(known)
    lacking = [name for name in case.identification.adjustment if name not in known]
    if lacking:
        raise MethodError(f"the graph adjusts for {', '.join(lacking)}, and the data hold no such column.")
    return case.identification.adjustment


def _numbers(frame: pd.DataFrame, wanted: tuple[str, ...]) -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]:
    columns = [(name, column) for name in wanted for column in _columns(name, frame[name])]
    # A column that never varies explains nothing.
    kept = [(name, label, values) for name, (label, values) in columns if np.ptp(values) > 0]
    x = np.column_stack([values for *_, values in kept]) if kept else np.empty((len(frame), 0))
    return x, tuple(label for _, label, _ in kept), tuple(name for name, *_ in kept)


def _columns(name: str, values: pd.Series) -> Iterator[tuple[str, np.ndarray]]:
    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        numbers = values.to_numpy(dtype=float, na_value=np.nan)
        gone = np.isnan(numbers)
        if gone.all():
            return
        yield name, np.where(gone, numbers[~gone].mean(), numbers)
        if gone.any():
            yield f"{name} not recorded", gone.astype(float)
        return
    text = values.astype("string").fillna("not recorded").to_numpy(dtype=str)
    levels, counts = np.unique(text, return_counts=True)
    for level in levels[np.arange(len(levels)) != np.argmax(counts)]:
        yield f"{name} {level}", (text == level).astype(float)


def without(cohort: Cohort, name: str) -> Cohort:
    """The same cohort with one covariate made the same for everyone, so that adjusting for it does nothing."""
    covariates = cohort.covariates.copy()
    covariates[name] = 0.0
    return replace(cohort, covariates=covariates)
