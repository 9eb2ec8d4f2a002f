"""From a panel of patrol days to the area-days that a method compares; and what to refuse."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

from vru.errors import MethodError, Problem
from vru.panel import Panel, Role

Time = Literal["day", "weekday"]
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class AreaDays:
    """Areas of one role over the days of the window, all arrays ``(n_areas, n_days)`` unless said.

    counts : 0 where not observed. assigned : bool, what the schedule says. weight : exposure (or 1) where observed,
    0 where not. code : int ``(n_days,)``, days that share a time effect. delivered : what -> float, NaN where
    not known. notes : what was left out.
    """

    units: tuple[str, ...]
    days: tuple[str, ...]
    counts: np.ndarray
    observed: np.ndarray
    assigned: np.ndarray
    weight: np.ndarray
    code: np.ndarray
    delivered: dict[str, np.ndarray]
    notes: tuple[str, ...]

    @property
    def on(self) -> np.ndarray:
        """Bool: observed patrol days."""
        return np.asarray(self.assigned & self.observed)

    @property
    def off(self) -> np.ndarray:
        """Bool: observed other days."""
        return np.asarray(~self.assigned & self.observed)


def take_days(panel: Panel, outcome: str, time: Time, *, exposure: bool, role: Role = "treated") -> AreaDays:
    """Area-days of one role. Raises MethodError naming everything that makes a comparison impossible."""
    problems = _problems(panel, outcome, role)
    if problems or panel.schedule is None:
        raise MethodError(*problems)
    kept = panel.subset(panel.is_role(role))
    if kept.schedule is None:
        raise TypeError("a subset keeps its schedule")
    counts, observed = np.nan_to_num(kept.counts[outcome]), ~kept.missing
    given = kept.exposure if exposure and kept.exposure is not None else np.ones(kept.shape)
    return AreaDays(
        units=kept.units,
        days=kept.periods,
        counts=counts,
        observed=observed,
        assigned=kept.schedule.assigned.astype(bool),
        weight=np.where(observed, given, 0.0),
        code=_codes(kept.periods, time),
        delivered={k: v.astype(float) for k, v in kept.schedule.delivered.items()},
        notes=_notes(kept, counts, exposure=exposure and kept.exposure is not None, time=time),
    )


def refuse_empty(rows: AreaDays, outcome: str) -> None:
    """Raise MethodError where there is nothing to compare."""
    where = f"outcome {outcome}"
    if not rows.on.any():
        raise MethodError(Problem("no area-day is treated", "schedule: assigned"))
    if not rows.off.any():
        hint = "a crossover needs the same areas on days without patrol"
        raise MethodError(Problem("there are no comparison days: every area-day is treated", "schedule", hint=hint))
    hint = "use a broader outcome or a longer window"
    if rows.counts.sum() == 0:
        raise MethodError(Problem("no offences were recorded in any area on any day", where, hint=hint))
    if rows.counts[rows.off].sum() == 0:
        what = "no offences were recorded on days without patrol, so the ratio cannot be estimated"
        raise MethodError(Problem(what, where, hint=hint))


def named(items: Sequence[str], most: int = 5) -> str:
    """The first few, and how many more there are."""
    return ", ".join(items[:most]) + (f" and {len(items) - most} more" if len(items) > most else "")


def _problems(panel: Panel, outcome: str, role: Role) -> list[Problem]:
    found = []
    if outcome not in panel.counts:
        found.append(Problem(f"there is no outcome {outcome}", where="panel", allowed=", ".join(sorted(panel.counts))))
    if panel.schedule is None:
        hint = "name the table and columns of the schedule in the plan"
        found.append(Problem("the panel has no patrol schedule", where="schedule", hint=hint))
    if not panel.is_role(role).any():
        found.append(Problem(f"no unit is {role}", where="units"))
    bad = [p for p in panel.periods if not DAY.fullmatch(p)]
    if bad:
        found.append(Problem(f"periods are not days: {named(bad)}", where="panel", allowed="YYYY-MM-DD"))
    return found


def _codes(days: tuple[str, ...], time: Time) -> np.ndarray:
    if time == "day":
        return np.arange(len(days))
    weekday = np.array([date.fromisoformat(d).weekday() for d in days])
    return np.asarray(np.unique(weekday, return_inverse=True)[1])


def _notes(panel: Panel, counts: np.ndarray, *, exposure: bool, time: Time) -> tuple[str, ...]:
    notes = []
    silent = [u for u, empty in zip(panel.units, counts.sum(axis=1) == 0, strict=True) if empty]
    if silent:
        notes.append(f"{len(silent)} area(s) without a single offence say nothing about a ratio: {named(silent)}.")
    empty = int((counts.sum(axis=0) == 0).sum())
    if empty and time == "day":
        notes.append(
            f"Days without an offence in any area ({empty} of {len(panel.periods)}) say nothing about a ratio once each day "
            "has its own level."
        )
    if panel.missing.any():
        notes.append(
            f"{int(panel.missing.sum())} of {panel.missing.size} area-days are missing from the data; they were left "
            "out, not counted as zero."
        )
    changes = [d for d in panel.periods if clocks_change(d)]
    if exposure and changes:
        notes.append(f"The clocks change on {named(changes)}: the exposure given is used as it is (23 or 25 hours?).")
    return tuple(notes)


def clocks_change(day: str) -> bool:
    """Whether the day is the last Sunday of March or October."""
    return day[5:7] in ("03", "10") and int(day[8:]) >= 25 and date.fromisoformat(day).weekday() == 6
