"""Who can be compared with whom: the propensity of each row, who is trimmed, and how far the arms overlap."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from vru.errors import MethodError, Problem
from vru.methods.people.rows import Rows
from vru.stats.canonical_glm import Glm, fit_glm, standardised_design
from vru.stats.counterfactual import Target, effective_size

FEWEST = 5
_NIL = 0.95


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows to compare after trimming.

    design : ``(n, 1 + k)``, an intercept and the covariates standardised. logit : logistic regression of treatment on it,
    unpenalised; propensity : its fitted probabilities ``(n,)``. trimmed : rows dropped, treated and comparison.
    outside : share of treated rows (before trimming) whose propensity is beyond every comparison row's.
    """

    rows: Rows
    design: np.ndarray
    logit: Glm
    propensity: np.ndarray
    trimmed: tuple[int, int]
    outside: float

    @property
    def arms(self) -> tuple[int, int]:
        """How many treated and comparison rows."""
        treated = int(self.rows.treated.sum())
        return treated, len(self.rows) - treated


def take_sample(rows: Rows, trim: float, target: Target) -> Sample:
    """Rows with their propensities; those beyond ``1 - trim`` (and below ``trim`` for ``ate``) left out, and refitted.

    Raises MethodError where nothing is known to adjust for, an arm is too small, or the arms do not overlap.
    """
    if not rows.names:
        raise MethodError(
            Problem(
                "there is nothing to adjust for: no covariate of the cohort varies",
                where="covariates",
                hint="name in the plan what was known beforehand of those treated and of those compared",
            )
        )
    _refuse_few(rows, "have an observed outcome")
    design, logit = _propensity(rows)
    p = logit.mean(design)
    outside = _outside(p, rows.treated)
    _refuse_apart(outside, rows.noun)
    keep = p <= 1 - trim if target == "att" else (p <= 1 - trim) & (p >= trim)
    trimmed = int((rows.treated & ~keep).sum()), int((~rows.treated & ~keep).sum())
    if sum(trimmed):
        rows = keep_rows(rows, keep)
        _refuse_few(rows, f"are left after trimming at {trim:g}")
        design, logit = _propensity(rows)
        p = logit.mean(design)
    return Sample(rows, design, logit, p, trimmed, outside)


def keep_rows(rows: Rows, keep: np.ndarray) -> Rows:
    """The same rows, with only those where ``keep`` (bool, ``(n,)``) is True; a cluster that is gone has no code."""

    def codes(values: np.ndarray | None) -> np.ndarray | None:
        return None if values is None else np.asarray(np.unique(values[keep], return_inverse=True)[1])

    return replace(
        rows,
        at=rows.at[keep],
        treated=rows.treated[keep],
        y=rows.y[keep],
        x=rows.x[keep],
        cluster=codes(rows.cluster),
        stratum=codes(rows.stratum),
        period=codes(rows.period),
        exposure=None if rows.exposure is None else rows.exposure[keep],
    )


def overlap_counts(sample: Sample, weights: np.ndarray) -> Mapping[str, float]:
    """What a reader needs to judge overlap, from the weights ``(n,)`` that the estimator gives rows within their arm.

    Effective sizes are Kish's; ``largest_weight_share`` is what one comparison row carries of its arm's weight.
    """
    w1, w0 = (np.abs(weights[side]) for side in (sample.rows.treated, ~sample.rows.treated))
    return {
        "treated_outside_range": sample.outside,
        "effective_treated": effective_size(w1),
        "effective_comparison": effective_size(w0),
        "largest_weight_share": float(w0.max() / w0.sum()) if w0.sum() > 0 else 1.0,
        "trimmed_treated": float(sample.trimmed[0]),
        "trimmed_comparison": float(sample.trimmed[1]),
    }


def _propensity(rows: Rows) -> tuple[np.ndarray, Glm]:
    design = standardised_design(rows.x)
    return design, fit_glm("binomial", rows.treated.astype(float), design)


def _outside(p: np.ndarray, treated: np.ndarray) -> float:
    # Equal covariates give propensities that differ by rounding only.
    return float((p[treated] > p[~treated].max() + 1e-9).mean())


def _refuse_few(rows: Rows, words: str) -> None:
    sizes = int(rows.treated.sum()), int((~rows.treated).sum())
    if min(sizes) < FEWEST:
        raise MethodError(
            Problem(
                f"{sizes[0]} treated and {sizes[1]} comparison {rows.noun} {words}; adjustment needs {FEWEST} of each",
                where="cohort",
                hint="with so few, describe the arms and do not adjust",
            )
        )


def _refuse_apart(outside: float, noun: str) -> None:
    if outside >= _NIL:
        raise MethodError(
            Problem(
                f"the arms do not overlap: {outside:.0%} of treated {noun} have a propensity beyond that of everyone "
                "they could be compared with",
                where="cohort",
                hint="no adjustment can compare them; find a comparison group that could have been treated",
            )
        )
