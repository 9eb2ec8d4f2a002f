"""The columns of a segmented regression: level, trend, season, and what treatment may do to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from vru.periods import Calendar

EffectForm = Literal["step", "slope", "step_and_slope", "transient"]


@dataclass(frozen=True, slots=True)
class Shape:
    """What was registered: the effect's form, trend, season, and phase-in and half-life (periods)."""

    effect: EffectForm
    trend: bool
    harmonics: int
    half_life: float
    phase_in: int
    ramped: bool


@dataclass(frozen=True, slots=True)
class Columns:
    """A design over ``n`` periods.

    matrix ``(n, k)``; effect ``(n, k)``, the same with every column that is not treatment set to 0;
    names of the k columns; kept, bool ``(n,)``: periods in the model (those of the phase-in may be left out).
    """

    matrix: np.ndarray
    effect: np.ndarray
    names: tuple[str, ...]
    kept: np.ndarray


def shape_problem(shape: Shape) -> str:
    """Why a shape makes no sense, or nothing."""
    if shape.ramped and shape.phase_in and shape.effect != "step":
        return "phase_in_as: ramped goes with effect: step; another form has its own course after the start"
    return ""


def columns(time: np.ndarray, periods: Sequence[str], calendar: Calendar, shape: Shape) -> Columns:
    """Build the design.

    time : ``(n,)`` periods since the start (0 in the first of it). periods : their labels.

    A season of days is that of the year and the week. Trend is counted in years from the last period before the start, and
    the slope in periods from there, so that "level" is the step at the start and not at the series' first period.
    """
    base = [("intercept", np.ones(len(time)))]
    if shape.trend:
        base.append(("trend", (time + 1) / calendar.a_year))
    angle = calendar.angle(periods)
    for k in range(1, min(shape.harmonics, calendar.harmonics) + 1):
        base += [(f"sin{k}", np.sin(k * angle)), (f"cos{k}", np.cos(k * angle))]
    if shape.harmonics:
        base += [(f"weekday{d}", column) for d, column in enumerate(calendar.weekdays(periods), 1)]
    treated = _effect_columns(time, shape)
    kept = ~((time >= 0) & (time < shape.phase_in)) | shape.ramped
    matrix = np.column_stack([c for _, c in base + treated])
    effect = matrix.copy()
    effect[:, : len(base)] = 0
    return Columns(matrix, effect, tuple(n for n, _ in base + treated), np.asarray(kept))


def _effect_columns(time: np.ndarray, shape: Shape) -> list[tuple[str, np.ndarray]]:
    since = time + 1 - (0 if shape.ramped else shape.phase_in)
    on = (since > 0).astype(float)
    rise = np.clip((time + 1) / (shape.phase_in + 1), 0, 1) if shape.ramped else on
    parts = {
        "step": [("level", rise)],
        "slope": [("slope", on * since)],
        "step_and_slope": [("level", on), ("slope", on * since)],
        "transient": [("initial", on * np.power(2.0, -np.maximum(since - 1, 0) / shape.half_life))],
    }
    return parts[shape.effect]
