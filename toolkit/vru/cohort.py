"""The cohort: one row for each person, case, family, class, school or cluster-period.

Where a panel follows areas through time, a cohort holds what each row was allocated to, what it
received, what was known of it beforehand, and how it ended.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Literal

import numpy as np
import pandas as pd

from vru.errors import DataError, Problem
from vru.linkage import Linkage

EPOCH = date(1970, 1, 1)
Kind = Literal["binary", "count", "continuous", "time"]
KINDS: tuple[Kind, ...] = ("binary", "count", "continuous", "time")


@dataclass(frozen=True, slots=True)
class Cohort:
    """Rows with their arms, outcomes and what was known beforehand.

    ids : one per row, in text; rows keep the order they came in.
    outcomes : outcome id -> float array ``(n,)``; NaN where it was not observed.
    kinds : outcome id -> "binary" (0 or 1), "count" (events, 0 or more), "continuous", or "time" (1 where it happened, 0
        where follow-up ended before it did).
    times : outcome id -> follow-up of that outcome alone, positive where it was observed, ``(n,)``: years at risk of a
        "count", days at risk to the event or the end of follow-up of a "time".
    linkage : how linked extracts were matched with these rows, one each.
    assigned : 0/1 ``(n,)``: allocated to, invited to, or encouraged into the intervention; None where nobody allocated.
    received : 0/1 ``(n,)``: took the intervention; None where it is not known.
    covariates : one row per row, numbers or text, all known **before** the start.
    cluster : what was allocated together or shares its shocks (school, class, area), ``(n,)`` text.
    stratum : what allocation was done within, ``(n,)`` text. period : for a stepped wedge, ``(n,)`` text that sorts.
    exposure : follow-up time at risk, positive, ``(n,)``. running : the score that eligibility depends on, ``(n,)``; where it
        is a date (``dated``), days since 1970-01-01.
    """

    ids: tuple[str, ...]
    outcomes: Mapping[str, np.ndarray]
    kinds: Mapping[str, Kind]
    assigned: np.ndarray | None = None
    received: np.ndarray | None = None
    covariates: pd.DataFrame = field(default_factory=pd.DataFrame)
    cluster: tuple[str, ...] | None = None
    stratum: tuple[str, ...] | None = None
    period: tuple[str, ...] | None = None
    exposure: np.ndarray | None = None
    running: np.ndarray | None = None
    dated: bool = False
    noun: str = "people"
    times: Mapping[str, np.ndarray] = field(default_factory=dict)
    linkage: tuple[Linkage, ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        problems = _violations(self)
        if problems:
            raise DataError(*problems)

    def __len__(self) -> int:
        return len(self.ids)

    def score_words(self, at: float) -> str:
        """A score as people write it: a number, or the date that it stands for."""
        return (EPOCH + timedelta(days=round(at))).isoformat() if self.dated else f"{at:g}"

    def exposure_of(self, outcome: str) -> np.ndarray | None:
        """Follow-up of an outcome: its own where it has one, else that of the row; None where neither is known."""
        return self.times.get(outcome, self.exposure)

    def take(self, rows: np.ndarray) -> "Cohort":
        """The same cohort with the rows at these positions, in this order (int array; repeats are renamed apart)."""
        seen: dict[str, int] = {}
        ids = []
        for i in rows:
            name = self.ids[int(i)]
            seen[name] = seen.get(name, 0) + 1
            ids.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
        return replace(
            self,
            ids=tuple(ids),
            outcomes={k: v[rows] for k, v in self.outcomes.items()},
            times={k: v[rows] for k, v in self.times.items()},
            covariates=self.covariates.iloc[rows].reset_index(drop=True)
            if len(self.covariates.columns)
            else self.covariates,
            cluster=_pick(self.cluster, rows),
            stratum=_pick(self.stratum, rows),
            period=_pick(self.period, rows),
            assigned=_rows(self.assigned, rows),
            received=_rows(self.received, rows),
            exposure=_rows(self.exposure, rows),
            running=_rows(self.running, rows),
        )

    def subset(self, keep: np.ndarray) -> "Cohort":
        """The same cohort with only the rows where ``keep`` (bool, ``(n,)``) is True."""
        return self.take(np.flatnonzero(keep))


def _pick(values: tuple[str, ...] | None, rows: np.ndarray) -> tuple[str, ...] | None:
    return None if values is None else tuple(values[int(i)] for i in rows)


def _rows(values: np.ndarray | None, rows: np.ndarray) -> np.ndarray | None:
    return None if values is None else values[rows]


def _violations(cohort: Cohort) -> list[Problem]:
    n = len(cohort.ids)
    parts = {k: getattr(cohort, k) for k in ("assigned", "received", "cluster", "stratum", "period")}
    parts |= {"exposure": cohort.exposure, "running": cohort.running}
    found = [
        Problem(f"has {len(v)} entries for {n} rows", where=f"cohort: {k}")
        for k, v in parts.items()
        if v is not None and len(v) != n
    ]
    if not n:
        return [Problem("no rows are left", where="cohort")]
    if len(set(cohort.ids)) != n:
        found.append(Problem("the same id appears twice", where="cohort", hint="one row for each person or case"))
    if len(cohort.covariates.columns) and len(cohort.covariates) != n:
        found.append(Problem(f"has {len(cohort.covariates)} rows for {n}", where="cohort: covariates"))
    if found:
        return found
    for arm in ("assigned", "received"):
        values = parts[arm]
        if values is not None and not np.isin(values, (0.0, 1.0)).all():
            found.append(Problem("must be 0 or 1 for every row", where=f"cohort: {arm}"))
    if cohort.exposure is not None and not (np.isfinite(cohort.exposure) & (cohort.exposure > 0)).all():
        found.append(Problem("must be positive for every row", where="cohort: exposure"))
    if cohort.running is not None and not np.isfinite(cohort.running).all():
        found.append(Problem("must be a number for every row", where="cohort: running"))
    for name, values in cohort.outcomes.items():
        found += _outcome_violations(name, values, cohort.kinds.get(name), n)
    return found or [p for name in cohort.outcomes for p in _time_violations(cohort, name)]


def _time_violations(cohort: Cohort, name: str) -> list[Problem]:
    where, times = f"outcome {name}", cohort.times.get(name)
    if times is None:
        return [Problem("is a time to an event and has no follow-up", where)] if cohort.kinds[name] == "time" else []
    if len(times) != len(cohort.ids):
        return [Problem(f"has {len(times)} times for {len(cohort.ids)} rows", where)]
    seen = ~np.isnan(cohort.outcomes[name])
    if not (np.isfinite(times[seen]) & (times[seen] > 0)).all():
        return [Problem("follow-up must be positive for every row that was observed", where)]
    return []


def _outcome_violations(name: str, values: np.ndarray, kind: str | None, n: int) -> list[Problem]:
    where = f"outcome {name}"
    if kind not in KINDS:
        return [Problem(f"{kind!r} is no kind of outcome", where, ", ".join(KINDS))]
    if len(values) != n:
        return [Problem(f"has {len(values)} entries for {n} rows", where)]
    known = values[~np.isnan(values)]
    if np.isinf(known).any():
        return [Problem("is infinite for some rows", where)]
    if kind in ("binary", "time") and not np.isin(known, (0.0, 1.0)).all():
        return [Problem(f"is {kind}, so every value must be 0 or 1", where)]
    if kind == "count" and not ((known >= 0) & (known == np.round(known))).all():
        return [Problem("is a count, so every value must be a whole number, 0 or more", where)]
    return []
