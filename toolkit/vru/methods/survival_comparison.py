"""Time to a first event of people who came to a programme other than by lot, adjusted for what was known beforehand."""

import math
from typing import Literal

import numpy as np
from numpy.random import Generator
from pydantic import Field

from vru.cohort import Cohort
from vru.errors import MethodError, Problem
from vru.methods.adjusted.sample import Sample, take_sample
from vru.methods.method import Method, MethodOptions
from vru.methods.people.describe import balance
from vru.methods.people.rows import take_rows
from vru.methods.survival.answer import Effect, as_estimate, lost_time, refuse_few_clusters, until
from vru.methods.survival.cox import hazard
from vru.results import Estimate
from vru.stats.canonical_glm import fit_glm
from vru.stats.survival_curve import restricted_mean

CERTAIN = 1e-6


class Options(MethodOptions):
    """``effect``: hazard_ratio (Cox's model with the covariates in it) or restricted_mean (comparison rows weighted to be like
    those treated). ``covariates``: names; none named takes all. ``until``: the day up to which arms are compared.
    ``draws``: samples of the bootstrap behind the error of restricted_mean. ``arm``: whose column.
    """

    effect: Literal["hazard_ratio", "restricted_mean"] = "hazard_ratio"
    covariates: tuple[str, ...] | None = None
    until: float | None = Field(None, gt=0)
    draws: int = Field(400, ge=100, le=10_000)
    arm: Literal["received", "assigned"] = "received"


def fit(cohort: Cohort, outcome: str, options: MethodOptions, rng: Generator) -> Estimate:
    """Adjusted hazard ratio, or difference in mean time lost among those treated.

    Raises MethodError without covariates, with fewer than 5 rows in an arm, where the arms do not overlap, where an arm has no
    event (hazard ratio), and for fewer than 5 clusters.
    """
    opts = Options.model_validate(options.model_dump())
    rows = take_rows(cohort, outcome, opts.arm, opts.covariates, timed=True)
    sample = take_sample(rows, 0.0, "att")
    refuse_few_clusters(rows.cluster)
    time = np.asarray(rows.exposure, dtype=float)
    last = until(rows, time, opts.until)
    weights = None
    if opts.effect == "hazard_ratio":
        effect = _ratio(sample, time, last)
    else:
        weights = _weights(sample.propensity, rows.treated)
        effect = _means(sample, time, last, opts, rng)
    return as_estimate(
        rows,
        time,
        effect,
        method=METHOD.name,
        outcome=outcome,
        level=opts.level,
        until=last,
        balance=balance(rows, weights),
        notes=(*rows.notes, "The curves show both arms as they are, before adjustment."),
    )


def _ratio(sample: Sample, time: np.ndarray, last: float) -> Effect:
    rows = sample.rows
    happened = (rows.y == 1) & (time <= last)
    found = hazard(np.minimum(time, last), happened, rows.treated, sample.design[:, 1:], None, rows.cluster)
    words = "Cox's model, Efron's ties" + (", robust within clusters" if rows.cluster is not None else "")
    counts = {} if found.constant_p is None else {"constant_ratio_p": found.constant_p}
    noun = f"hazard ratio of a first event, adjusted for {len(rows.names)} measures known beforehand"
    note = (
        "A hazard ratio compares people alike in what is adjusted for; the ratio over all of them together lies nearer to 1 even "
        "where nothing is confounded."
    )
    return Effect("log_rate_ratio", noun, found.value, found.se, words, counts=counts, notes=(note,))


def _means(sample: Sample, time: np.ndarray, last: float, opts: Options, rng: Generator) -> Effect:
    rows = sample.rows
    if sample.logit.separated:
        hint = "leave out groups that all or none of were treated"
        raise MethodError(Problem("what is known settles for some whether they were treated", "covariates", hint=hint))
    groups = np.arange(len(rows)) if rows.cluster is None else rows.cluster
    members = [np.flatnonzero(groups == g) for g in range(int(groups.max()) + 1)] if rows.cluster is not None else None
    values = []
    for _ in range(opts.draws):
        drawn = rng.integers(0, int(groups.max()) + 1, int(groups.max()) + 1)
        at = drawn if members is None else np.concatenate([members[g] for g in drawn])
        if (again := _pair(sample, time, last, at)) is not None:
            values.append(again[1] - again[0])
    pair = _pair(sample, time, last, np.arange(len(rows)))
    if pair is None or len(values) < opts.draws // 2:
        raise MethodError(
            Problem("the weighted curves do not reach the last day", "options.until", hint="choose an earlier day")
        )
    se = math.sqrt(float(np.var(values, ddof=1)))
    df = None if rows.cluster is None else float(int(groups.max()) - 1)
    words = f"areas under weighted curves; bootstrap of {len(values):,} samples, weights made anew in each"
    return lost_time(pair, se, last, opts.level, words, df, " among those treated")


def _pair(sample: Sample, time: np.ndarray, last: float, at: np.ndarray) -> tuple[float, float] | None:
    """Mean free time with treatment and without it, or None where a drawn sample cannot say."""
    rows, t = sample.rows, sample.rows.treated[at]
    design = sample.design[at]
    if not t.any() or t.all():
        return None
    logit = fit_glm("binomial", t.astype(float), design)
    w, days, happened = _weights(logit.mean(design), t), time[at], rows.y[at] == 1
    if min(days[t].max(), days[~t].max()) < last and logit.separated:
        return None
    with_it = restricted_mean(days[t], happened[t], last)
    without = restricted_mean(days[~t], happened[~t], last, w[~t])
    return with_it.value, without.value


def _weights(propensity: np.ndarray, treated: np.ndarray) -> np.ndarray:
    p = np.clip(propensity, CERTAIN, 1 - CERTAIN)
    return np.where(treated, 1.0, p / (1 - p))


METHOD = Method(
    name="survival_comparison",
    family="causal",
    design="adjusted",
    label="Time to an event, adjusted comparison",
    source="Cox (1972) JRSS B 34; Cole & Hernán (2004) Comput. Methods Programs Biomed. 75; Royston & Parmar (2013)",
    options=Options,
    fit=fit,
    takes="people",
    timed=True,
)
