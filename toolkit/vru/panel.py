"""The panel: units x periods x outcomes, complete, with what is missing said to be missing.

Everything downstream works on matrices of shape ``(n_units, n_periods)`` whose rows are in
``units`` order and whose columns are in ``periods`` order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from vru.errors import DataError, Problem
from vru.mapped import AreaMap
from vru.periods import MONTHS, Calendar
from vru.recording import Recording

Role = Literal["treated", "comparison", "buffer", "buffer_comparison"]
ROLES: tuple[Role, ...] = ("treated", "comparison", "buffer", "buffer_comparison")


@dataclass(frozen=True, slots=True)
class PoolRecord:
    """The outcome that areas were chosen on, in every area that could have been chosen and every period there is.

    periods : in order, from the first of the data to the last of the window.
    counts : ``(n_pool, n_periods)`` offences per unit-period, NaN where the period is missing.
    """

    periods: tuple[str, ...]
    counts: np.ndarray
    calendar: Calendar = MONTHS


@dataclass(frozen=True, slots=True)
class SelectionHistory:
    """How hot spots were chosen: the counts they were chosen on, for chosen and unchosen alike.

    ``counts`` has shape ``(n_pool, n_selection_periods)``, offences per unit-period;
    ``chosen`` marks the pool units that entered the evaluation as treated or comparison.
    ``record`` : the same areas over all periods, for placebos by rank and for other windows; None where not known.
    """

    outcome: str
    periods: tuple[str, ...]
    pool: tuple[str, ...]
    counts: np.ndarray
    chosen: np.ndarray
    record: PoolRecord | None = None

    def level(self, units: Sequence[str]) -> np.ndarray:
        """Offences per period of the selection in each of ``units``, ``(n_units,)``; NaN for units outside the pool."""
        mean = dict(zip(self.pool, self.counts.mean(axis=1).tolist(), strict=True))
        return np.array([mean.get(u, np.nan) for u in units], dtype=float)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A randomised patrol schedule: which unit was to be treated on which day, and what was delivered.

    assigned : bool ``(n_units, n_periods)``, True where the schedule says treated.
    delivered : what -> float ``(n_units, n_periods)``, e.g. "minutes", "visits"; 0 where none, NaN where not known.
    """

    assigned: np.ndarray
    delivered: Mapping[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Panel:
    """Counts by unit and period.

    counts : outcome id -> float array ``(n_units, n_periods)``, offences per unit-period.
        NaN exactly where ``missing`` is True: a missing force-month is missing, never zero.
    role : one of ``ROLES`` per unit, in ``units`` order.
    starts : per unit, the period in which its treatment starts, or None (never treated).
    missing : bool ``(n_units, n_periods)``.
    exposure : optional ``(n_units, n_periods)`` positive array, e.g. residents.
    covariates : optional frame indexed by unit, one row per unit.
    schedule : optional, for trials in which the same units are treated in some periods and not in
        others. Their role is then "treated" and they have no start.
    recording : optional, how the events were recorded; of the whole panel, so a part of it (``subset``,
        ``between``) carries none.
    spans : outcome -> least and most counts ``(n_units, n_periods)`` where some were suppressed before they came; likewise
        of the whole panel.
    calendar : what the periods are.
    delivered : what was done and planned in each unit and period (minutes, visits, planned_minutes, planned_visits), NaN where
        not known; likewise of the whole panel.
    outlines : optional, where the areas lie, for the report's map; of the whole panel too.
    """

    units: tuple[str, ...]
    periods: tuple[str, ...]
    counts: Mapping[str, np.ndarray]
    role: tuple[Role, ...]
    starts: tuple[str | None, ...]
    missing: np.ndarray
    exposure: np.ndarray | None = None
    covariates: pd.DataFrame | None = None
    selection: SelectionHistory | None = None
    schedule: Schedule | None = None
    provenance: Mapping[str, str] = field(default_factory=dict)
    recording: Recording | None = None
    spans: Mapping[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    calendar: Calendar = MONTHS
    delivered: Mapping[str, np.ndarray] = field(default_factory=dict)
    outlines: AreaMap | None = None

    def __post_init__(self) -> None:
        problems = _violations(self)
        if problems:
            raise DataError(*problems)

    @property
    def shape(self) -> tuple[int, int]:
        """``(n_units, n_periods)``."""
        return len(self.units), len(self.periods)

    def is_role(self, *roles: Role) -> np.ndarray:
        """Bool array ``(n_units,)``: units playing any of these roles."""
        return np.isin(np.asarray(self.role), roles)

    def treated_periods(self) -> np.ndarray:
        """Bool array ``(n_units, n_periods)``: True from a unit's start period onwards."""
        at = {p: i for i, p in enumerate(self.periods)}
        first = [at[s] if s is not None else len(self.periods) for s in self.starts]
        return np.asarray(np.arange(len(self.periods))[None, :] >= np.asarray(first)[:, None])

    def post(self) -> np.ndarray:
        """Bool array ``(n_periods,)``: periods at or after the earliest start of any unit."""
        return np.asarray(self.treated_periods().any(axis=0))

    def subset(self, keep: np.ndarray) -> "Panel":
        """The same panel with only the units where ``keep`` (bool, ``(n_units,)``) is True."""
        rows = np.flatnonzero(keep)
        take = [int(i) for i in rows]
        return replace(
            self,
            units=tuple(self.units[i] for i in take),
            counts={k: v[rows] for k, v in self.counts.items()},
            role=tuple(self.role[i] for i in take),
            starts=tuple(self.starts[i] for i in take),
            missing=self.missing[rows],
            exposure=None if self.exposure is None else self.exposure[rows],
            covariates=None if self.covariates is None else self.covariates.iloc[rows],
            schedule=_cut(self.schedule, (rows, slice(None))),
            recording=None,
            spans={},
            delivered={},
        )

    def between(self, keep: np.ndarray) -> "Panel":
        """The same panel with only the periods where ``keep`` (bool, ``(n_periods,)``) is True.

        A unit whose start falls outside the kept periods is treated as never starting
        unless the caller also replaces ``starts``.
        """
        cols = np.flatnonzero(keep)
        periods = tuple(self.periods[int(j)] for j in cols)
        return replace(
            self,
            periods=periods,
            counts={k: v[:, cols] for k, v in self.counts.items()},
            starts=tuple(s if s in periods else None for s in self.starts),
            missing=self.missing[:, cols],
            exposure=None if self.exposure is None else self.exposure[:, cols],
            schedule=_cut(self.schedule, (slice(None), cols)),
            recording=None,
            spans={},
            delivered={},
        )

    def frame(self) -> pd.DataFrame:
        """Long table sorted by unit and period: unit, period, role, start, treated, missing, one column per outcome."""
        n, t = self.shape
        out = {
            "unit": np.repeat(self.units, t),
            "period": np.tile(self.periods, n),
            "role": np.repeat(self.role, t),
            "start": np.repeat(np.array(self.starts, dtype=object), t),
            "treated": self.treated_periods().ravel(),
            "missing": self.missing.ravel(),
        }
        out |= {k: v.ravel() for k, v in self.counts.items()}
        if self.exposure is not None:
            out["exposure"] = self.exposure.ravel()
        return pd.DataFrame(out).sort_values(["unit", "period"], ignore_index=True)


def _cut(schedule: Schedule | None, at: Any) -> Schedule | None:
    if schedule is None:
        return None
    return Schedule(schedule.assigned[at], {k: v[at] for k, v in schedule.delivered.items()})


def _violations(panel: Panel) -> list[Problem]:
    n, t = panel.shape
    found = [
        Problem(what, where="panel")
        for bad, what in (
            (len(set(panel.units)) != n, "the same unit appears twice"),
            (list(panel.periods) != sorted(set(panel.periods)), "periods repeat or are not in order"),
            (len(panel.role) != n or len(panel.starts) != n, "role and starts need one entry per unit"),
            (bool(set(panel.role) - set(ROLES)), f"roles must be among {', '.join(ROLES)}"),
            (panel.missing.shape != (n, t), f"missing must have shape {(n, t)}"),
            (n == 0 or t == 0, "no units or no periods are left"),
        )
        if bad
    ]
    if found:
        return found
    known = set(panel.periods)
    lost = sorted({s for s in panel.starts if s is not None and s not in known})
    if lost:
        found.append(Problem(f"treatment starts outside the window: {', '.join(lost)}", where="panel"))
    for name, values in panel.counts.items():
        found += _count_violations(name, values, panel.missing)
    if panel.exposure is not None and not (panel.exposure.shape == (n, t) and (panel.exposure > 0).all()):
        found.append(Problem("exposure must be positive for every unit and period", where="panel"))
    return found + _schedule_violations(panel)


def _schedule_violations(panel: Panel) -> list[Problem]:
    if panel.schedule is None:
        return []
    found = []
    parts = {"assigned": panel.schedule.assigned, **panel.schedule.delivered}
    for name, values in parts.items():
        if values.shape != panel.shape:
            found.append(Problem(f"has shape {values.shape}, the panel {panel.shape}", where=f"schedule: {name}"))
        elif name != "assigned" and (values[~np.isnan(values)] < 0).any():
            found.append(Problem("has negative values", where=f"schedule: {name}"))
    if any(s is not None for s in panel.starts):
        found.append(Problem("units of a schedule have no start: they are treated on some days", where="panel"))
    return found


def _count_violations(name: str, values: np.ndarray, missing: np.ndarray) -> list[Problem]:
    where = f"outcome {name}"
    if values.shape != missing.shape:
        return [Problem(f"has shape {values.shape}, the panel {missing.shape}", where=where)]
    nan = np.isnan(values)
    found = []
    if (nan != missing).any():
        found.append(Problem("is empty where a period is present, or filled where it is missing", where=where))
    if (values[~nan] < 0).any():
        found.append(Problem("has negative counts", where=where))
    return found
