"""From a cohort to the rows that a method compares: arms, outcome, covariates as numbers; and what to refuse."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from vru.cohort import Cohort, Kind
from vru.errors import MethodError, Problem

NOT_RECORDED = "not recorded"


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows whose outcome was observed.

    at : int ``(n,)``, positions in the cohort. treated : bool ``(n,)``. y : float ``(n,)``.
    x : float ``(n, k)``, covariates as numbers, ``names`` their ``k`` columns.
    cluster, stratum, period : int codes ``(n,)`` or None. exposure : float ``(n,)`` or None.
    lost : rows without an observed outcome, treated and comparison. notes : what was left out or filled in.
    """

    at: np.ndarray
    treated: np.ndarray
    y: np.ndarray
    kind: Kind
    noun: str
    x: np.ndarray
    names: tuple[str, ...]
    cluster: np.ndarray | None
    stratum: np.ndarray | None
    period: np.ndarray | None
    exposure: np.ndarray | None
    lost: tuple[int, int]
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.y)


def take_rows(
    cohort: Cohort,
    outcome: str,
    arm: Literal["assigned", "received"],
    covariates: Sequence[str] | None = None,
    *,
    timed: bool = False,
) -> Rows:
    """Rows with an observed outcome, split by ``arm``; ``covariates`` None takes all the cohort has.

    timed : the method takes times to an event. Raises MethodError naming everything that makes a comparison impossible.
    """
    side = cohort.assigned if arm == "assigned" else cohort.received
    problems = _problems(cohort, outcome, arm, side, covariates, timed)
    if problems or side is None:
        raise MethodError(*problems)
    y = cohort.outcomes[outcome]
    seen = ~np.isnan(y)
    at, treated = np.flatnonzero(seen), side == 1
    for name, rows in (("treated", treated), ("comparison", ~treated)):
        if not (rows & seen).any():
            raise MethodError(Problem(f"no {name} row has an observed outcome", where=f"outcome {outcome}"))
    x, names, notes = _numbers(cohort.covariates, at, covariates)
    follow_up = cohort.exposure_of(outcome)
    lost = (int((~seen & treated).sum()), int((~seen & ~treated).sum()))
    return Rows(
        at=at,
        treated=treated[at],
        y=y[at],
        kind=cohort.kinds[outcome],
        noun=cohort.noun,
        x=x,
        names=names,
        cluster=_codes(cohort.cluster, at),
        stratum=_codes(cohort.stratum, at),
        period=_codes(cohort.period, at),
        exposure=None if follow_up is None else follow_up[at],
        lost=lost,
        notes=(*_lost_note(lost, treated, cohort.noun), *notes),
    )


def _problems(
    cohort: Cohort, outcome: str, arm: str, side: np.ndarray | None, covariates: Sequence[str] | None, timed: bool
) -> list[Problem]:
    found = []
    if outcome not in cohort.outcomes:
        found.append(Problem(f"{outcome!r} is no outcome of the cohort", "outcome", ", ".join(sorted(cohort.outcomes))))
    if side is None:
        hint = f"name the column that says who {'was allocated' if arm == 'assigned' else 'took part'} in the plan"
        found.append(Problem("is not in the data", where=f"cohort: {arm}", hint=hint))
    elif not (side == 1).any():
        found.append(Problem("no row is treated", where=f"cohort: {arm}"))
    elif not (side == 0).any():
        found.append(Problem("this method needs comparison rows and there are none", where=f"cohort: {arm}"))
    known = [str(c) for c in cohort.covariates.columns]
    if cohort.kinds.get(outcome) == "time" and not timed:
        hint = "use survival_trial or survival_comparison"
        what = f"{outcome} is a time to an event, which this method cannot compare"
        found.append(Problem(what, f"outcome {outcome}", hint=hint))
    for name in covariates or ():
        if name not in known:
            found.append(Problem(f"{name!r} is no covariate of the cohort", "covariates", ", ".join(known) or "none"))
    return found


def _codes(values: tuple[str, ...] | None, at: np.ndarray) -> np.ndarray | None:
    if values is None:
        return None
    codes: np.ndarray = np.unique(np.asarray(values, dtype=str)[at], return_inverse=True)[1]
    return codes


def _numbers(
    frame: pd.DataFrame, at: np.ndarray, wanted: Sequence[str] | None
) -> tuple[np.ndarray, tuple[str, ...], list[str]]:
    columns: dict[str, np.ndarray] = {}
    notes = []
    for name in frame.columns if wanted is None else wanted:
        values = frame[name].iloc[at]
        gaps = int(values.isna().sum())
        if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
            columns |= _numeric(str(name), values.to_numpy(dtype=float, na_value=np.nan))
        else:
            columns |= _levels(str(name), values)
        if gaps:
            notes.append(
                f"{name} is not recorded for {gaps:,} rows: they keep a marker of their own, so none is dropped."
            )
    # A column that never varies explains nothing and makes every fit singular.
    kept = {k: v for k, v in columns.items() if np.ptp(v) > 0}
    x = np.column_stack(list(kept.values())) if kept else np.empty((len(at), 0))
    return x, tuple(kept), notes


def _numeric(name: str, values: np.ndarray) -> dict[str, np.ndarray]:
    gone = np.isnan(values)
    if not gone.any():
        return {name: values}
    if gone.all():
        return {}
    return {name: np.where(gone, values[~gone].mean(), values), f"{name}: {NOT_RECORDED}": gone.astype(float)}


def _levels(name: str, values: pd.Series) -> dict[str, np.ndarray]:
    text = values.astype("string").fillna(NOT_RECORDED).to_numpy(dtype=str)
    levels, counts = np.unique(text, return_counts=True)
    # The commonest level is the reference, so that no column is nearly constant.
    reference = levels[np.argmax(counts)]
    return {f"{name}: {level}": (text == level).astype(float) for level in levels if level != reference}


def _lost_note(lost: tuple[int, int], treated: np.ndarray, noun: str) -> list[str]:
    if not sum(lost):
        return []
    shares = (lost[0] / treated.sum(), lost[1] / (~treated).sum())
    return [
        f"The outcome was not observed for {lost[0]:,} treated ({shares[0]:.0%}) and {lost[1]:,} comparison {noun} "
        f"({shares[1]:.0%}); they are left out, which is harmless only if they would have ended like those observed."
    ]
