"""From a fitted series to the effect on the common scale, its interval and the path without treatment."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from vru.errors import MethodError, Problem
from vru.methods.inference import Inference
from vru.methods.series.design import Columns
from vru.results import Interval, PathPoint
from vru.stats.count_series import SeriesFit, newey_west
from vru.stats.intervals import quantile, two_sided_p, wald
from vru.stats.serial import SerialModel, serial_model

ErrorKind = Literal["autocorrelated", "model", "hac"]
Law = Literal["t", "normal"]


@dataclass(frozen=True, slots=True)
class Errors:
    """How standard errors were registered: kind, lags of ``hac``, law of ``model`` and ``hac``.

    free_scale : whether the variance may exceed the model's by a factor (quasi-Poisson).
    """

    kind: ErrorKind
    lags: int
    law: Law
    free_scale: bool


@dataclass(frozen=True, slots=True)
class Effect:
    """The answer for the months with effect: value on the log scale, expected counts, intervals.

    expected, low, high : ``(n,)`` over the months in the model, without treatment.
    """

    value: float
    inference: Inference
    components: dict[str, Interval]
    expected: np.ndarray
    low: np.ndarray
    high: np.ndarray
    rho: float | None


def refuse_bad_fit(columns: Columns, outcome: str) -> None:
    """Raise MethodError where the months cannot tell the columns apart."""
    used = columns.matrix[columns.kept]
    n, k = used.shape
    if n - k >= 3 and np.linalg.matrix_rank(used) == k and columns.effect[columns.kept].any():
        return
    raise MethodError(
        Problem(
            f"{n} months in the model cannot tell {k} parts apart ({', '.join(columns.names)})",
            where=f"outcome {outcome}",
            hint="use fewer harmonics, no trend, effect: step, a shorter phase-in, or a longer window",
        )
    )


def refuse_divergence(fit: SeriesFit, outcome: str) -> None:
    """Raise MethodError where the likelihood has no finite maximum."""
    if fit.converged:
        return
    raise MethodError(
        Problem(
            "the model has no finite answer: the calendar or the phases separate months with and without offences",
            where=f"outcome {outcome}",
            hint="use fewer harmonics, a broader outcome, or before_after with interval exact",
        )
    )


def effect_of(fit: SeriesFit, columns: Columns, time: np.ndarray, errors: Errors, level: float) -> Effect:
    """The log ratio of the model's total to its total without treatment, over the months with effect.

    time : ``(n,)`` over the months in the model. With a step alone this is the step's coefficient.
    """
    treated = columns.effect[columns.kept]
    on = treated.any(axis=1)
    expected = fit.mean * np.exp(-treated @ fit.coefficients)
    value = math.log(fit.mean[on].sum() / expected[on].sum())
    base = fit.gradient - treated
    contrast = _share(fit.mean, on) @ fit.gradient - _share(expected, on) @ base
    serial = serial_model(fit.weighted, fit.residual, time) if errors.kind == "autocorrelated" else None
    covariance = _covariance(fit, time, errors, serial)
    df = None if serial is None and errors.law == "normal" else fit.df
    spread = np.sqrt(np.maximum(np.einsum("ni,ij,nj->n", base, covariance, base), 0))
    reach = np.exp(quantile(level, df) * spread)
    parts = {
        columns.names[j]: _component(int(j), fit, covariance, serial, df, level)
        for j in np.flatnonzero(columns.effect.any(axis=0))
    }
    return Effect(
        value=value,
        inference=_inference(value, contrast, covariance, serial, df, level, errors),
        components=parts if list(parts) != ["level"] or not np.allclose(contrast, _unit(fit)) else {},
        expected=expected,
        low=expected / reach,
        high=expected * reach,
        rho=None if serial is None else float(serial.weight @ serial.rho),
    )


def _share(counts: np.ndarray, on: np.ndarray) -> np.ndarray:
    return np.asarray(np.where(on, counts, 0) / counts[on].sum())


def _unit(fit: SeriesFit) -> np.ndarray:
    return np.asarray(np.eye(len(fit.coefficients))[-1])


def _covariance(fit: SeriesFit, time: np.ndarray, errors: Errors, serial: SerialModel | None) -> np.ndarray:
    if serial is not None:
        return serial.mean_covariance
    if errors.kind == "hac":
        return newey_west(fit, time, errors.lags)
    return fit.bread * (max(fit.phi, 1.0) if errors.free_scale else 1.0)


def _inference(
    value: float,
    contrast: np.ndarray,
    covariance: np.ndarray,
    serial: SerialModel | None,
    df: int | None,
    level: float,
    errors: Errors,
) -> Inference:
    if serial is not None:
        error = serial.of(contrast)
        se = error.half_width(level) / quantile(level)
        words = f"t with {error.df} degrees of freedom, averaged over how strongly months may be linked"
        return Inference(error.interval(value, level), se, error.p_value(value), words)
    se = float(np.sqrt(contrast @ covariance @ contrast))
    law = "normal" if df is None else f"t with {df} degrees of freedom"
    kind = f"Newey-West, {errors.lags} lags" if errors.kind == "hac" else "model-based, months taken as independent"
    return Inference(wald(value, se, level, df), se, two_sided_p(value, se, df), f"{kind}; {law}")


def _component(
    j: int, fit: SeriesFit, covariance: np.ndarray, serial: SerialModel | None, df: int | None, level: float
) -> Interval:
    value = float(fit.coefficients[j])
    if serial is not None:
        bounds = serial.of(np.eye(len(fit.coefficients))[j]).interval(value, level)
    else:
        bounds = wald(value, float(np.sqrt(covariance[j, j])), level, df)
    return Interval(value, bounds.low, bounds.high)


def events(effect: Effect, on: np.ndarray, observed: float) -> Interval:
    """Offences prevented in the months ``on``: expected less observed.

    The ends come from those of the ratio, so that both leave out "none" together: the model's
    total is taken as known and the total without treatment is as uncertain as the ratio.
    """
    due = float(effect.expected[on].sum())
    bounds = effect.inference.bounds
    low, high = (None if b is None else due * math.exp(effect.value - b) - observed for b in (bounds.high, bounds.low))
    return Interval(due - observed, low, high)


def path_of(periods: tuple[str, ...], observed: np.ndarray, effect: Effect) -> tuple[PathPoint, ...]:
    """Observed and expected by month in the model; the interval is of the expected mean, not of a single month."""
    rows = zip(periods, observed, effect.expected, effect.low, effect.high, strict=True)
    return tuple(PathPoint(p, float(o), float(e), float(a), float(b)) for p, o, e, a, b in rows)
