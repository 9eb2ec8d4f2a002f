"""How strong would something that nobody recorded have to be to explain the difference between people away?"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.cohort_rows import CohortRows, cohort_rows, without
from vru.checks.findings import effect, excludes_none, finding, guarded, not_run, percent
from vru.errors import MethodError
from vru.results import Finding, Verdict
from vru.stats.sensitivity import (
    as_strong_as,
    benchmark,
    bias,
    e_value,
    e_value_of_limit,
    robustness_value,
    robustness_value_of_interval,
)

NAME = "hidden_confounding"


class Options(CheckOptions):
    """No options."""


@dataclass(frozen=True, slots=True)
class Linear:
    """The linear regression of the outcome on treatment and covariates: coefficient, classical error, residual df."""

    value: float
    se: float
    df: int


@dataclass(frozen=True, slots=True)
class Strongest:
    """The known covariate that as a hidden cause would move the linear effect most.

    share : of the linear effect that such a cause would take, 1 or more if all of it. r2_treatment, r2_outcome : partial.
    left_out : the registered analysis without that covariate, on its own scale; None where it cannot be run.
    """

    name: str
    share: float
    r2_treatment: float
    r2_outcome: float
    left_out: float | None


def linear(rows: CohortRows, y: np.ndarray) -> Linear:
    """Ordinary least squares, with the error on which partial R squared rests."""
    design = np.column_stack([np.ones(len(y)), rows.treated.astype(float), rows.x])
    coef, _, rank, _ = np.linalg.lstsq(design, y, rcond=None)
    df = len(y) - int(rank)
    if df < 2:
        raise MethodError("there are too few rows for the number of things adjusted for.")
    left = y - design @ coef
    inverse = np.linalg.pinv(design.T @ design)
    return Linear(float(coef[1]), math.sqrt(float(left @ left) / df * float(inverse[1, 1])), df)


def strongest(case: Case, rows: CohortRows, y: np.ndarray, fitted: Linear) -> Strongest | None:
    """Benchmarks as Cinelli & Hazlett (2020) section 4.4: each covariate against the others."""
    best: Strongest | None = None
    treated = rows.treated.astype(float)
    for j, label in enumerate(rows.names):
        known = benchmark(y, treated, rows.x[:, j], np.delete(rows.x, j, axis=1))
        hidden = as_strong_as(known)
        share = math.inf if hidden is None else bias(hidden, fitted.se, fitted.df) / max(abs(fitted.value), 1e-12)
        seen = known.with_treatment * known.with_outcome
        if best is None or (share, seen) > (best.share, best.r2_treatment * best.r2_outcome):
            best = Strongest(label, share, known.with_treatment, known.with_outcome, None)
    if best is None:
        return None
    left_out = _without(case, rows.source[rows.names.index(best.name)])
    return Strongest(best.name, best.share, best.r2_treatment, best.r2_outcome, left_out)


def _without(case: Case, covariate: str) -> float | None:
    try:
        found = case.refit(without(case.cohort, covariate))
    except MethodError:
        return None
    return found.value if found.scale == case.estimate.scale else None


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    """The E-value of the estimate's own ratio; the robustness value of the linear model; the strongest known covariate."""
    rows = cohort_rows(case)
    if not rows.names:
        return not_run(NAME, case, "nothing is adjusted for that a hidden cause could be compared with.")
    y = rows.y / rows.exposure if rows.kind == "count" and rows.exposure is not None else rows.y
    fitted = linear(rows, y)
    if fitted.se <= 0:
        return not_run(NAME, case, "the covariates leave nothing unexplained.")
    t = fitted.value / fitted.se
    robustness = robustness_value(t, fitted.df)
    of_interval = robustness_value_of_interval(t, fitted.df, case.estimate.level)
    known = strongest(case, rows, y, fitted)
    assert known is not None
    sure = excludes_none(case.estimate.low, case.estimate.high, case.estimate.p, case.estimate.level)
    verdict: Verdict = "pass"
    if sure and known.share >= 1:
        verdict = "fail"
    elif not sure or known.share >= 0.5:
        verdict = "concern"
    e_values = _e_values(case)
    numbers = {
        "robustness_value": robustness,
        "robustness_value_of_interval": of_interval,
        "partial_r2_of_treatment": t**2 / (t**2 + fitted.df),
        "benchmark": known.name,
        "benchmark_r2_treatment": known.r2_treatment,
        "benchmark_r2_outcome": known.r2_outcome,
        "share_of_effect_taken": None if math.isinf(known.share) else known.share,
        "effect_without_benchmark": known.left_out,
        "linear_effect": fitted.value,
        **e_values,
    }
    threshold = (
        "fail: a hidden cause as strong as the strongest known one would bring the effect to nothing; concern: it would "
        "take half of it, or the estimate cannot be told from no effect anyway"
    )
    return finding(
        NAME, case, verdict, _text(case, (robustness, of_interval), known, e_values, sure), numbers, threshold
    )


def _e_values(case: Case) -> dict[str, float | None]:
    ratio = case.estimate.ratio
    if ratio is None:
        return {"e_value": None, "e_value_limit": None}
    limit = None if ratio.low is None or ratio.high is None else e_value_of_limit(ratio.low, ratio.high)
    return {"e_value": e_value(ratio.value), "e_value_limit": limit}


def _to_doubt(case: Case, of_interval: float) -> str:
    if of_interval <= 0:
        return ""
    return f", and {percent(of_interval, 1)} to have its {case.estimate.level:.0%} interval include none"


def _text(
    case: Case, needed: tuple[float, float], known: Strongest, e_values: Mapping[str, float | None], sure: bool | None
) -> str:
    taken = "all of" if known.share >= 1 else f"{percent(known.share)} of"
    robustness, of_interval = needed
    text = (
        f"A hidden cause would have to explain at least {percent(robustness, 1)} of what is left unexplained, both in who was "
        f"treated and in how they ended, to bring the effect to nothing{_to_doubt(case, of_interval)}. "
        f"The strongest known one, {known.name}, explains "
        f"{percent(known.r2_treatment, 1)} and {percent(known.r2_outcome, 1)}; a hidden one as strong, which explains more "
        f"of what is then left, would take {taken} the effect."
    )
    if known.left_out is not None:
        text += (
            f" Without adjusting for it, the analysis gives {effect(case, known.left_out)} instead of "
            f"{effect(case, case.estimate.value)}."
        )
    if e_values["e_value"] is not None:
        text += f" As ratios (E-value), it would have to be linked to both {e_values['e_value']:.1f}-fold"
        limit = e_values["e_value_limit"]
        text += f", and {limit:.1f}-fold to move the interval to include no effect." if sure and limit else "."
    if not sure:
        text += " The interval already includes no effect, so there is little to explain away."
    return text


CHECK = Check(
    name=NAME,
    label="Hidden confounding",
    question="How strong would an unrecorded cause have to be to explain the effect away?",
    source="Cinelli & Hazlett (2020) JRSS-B 82:39; VanderWeele & Ding (2017) Annals of Internal Medicine 167:268",
    options=Options,
    run=guarded(NAME, _run),
    takes=("people",),
    bears_on=("hidden_causes",),
)
