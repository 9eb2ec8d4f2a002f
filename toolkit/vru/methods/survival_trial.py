"""Time to a first event in a trial: arms as allocated by lot, by hazard ratio or by restricted mean."""

import math
from typing import Literal

import numpy as np
from numpy.random import Generator
from pydantic import Field

from vru.cohort import Cohort
from vru.methods.method import Method, MethodOptions
from vru.methods.survival.answer import Effect, as_estimate, lost_time, refuse_few_clusters, until
from vru.methods.survival.cox import hazard
from vru.methods.trials.setting import Trial, take_trial
from vru.results import Estimate
from vru.stats.survival_curve import restricted_mean


class Options(MethodOptions):
    """Everything here is part of the plan: chosen before outcomes are seen.

    effect : hazard_ratio (Cox) or restricted_mean (mean days lost). covariates : that Cox's model adjusts for; none unless
    listed. until : the day up to which arms are compared; none typed takes all that both arms have.
    """

    effect: Literal["hazard_ratio", "restricted_mean"] = "hazard_ratio"
    covariates: tuple[str, ...] = ()
    until: float | None = Field(None, gt=0)


def fit(cohort: Cohort, outcome: str, options: MethodOptions, rng: Generator) -> Estimate:
    """Hazard ratio or difference in mean time lost between arms as allocated; strata and clusters honoured.

    Raises MethodError where an arm is empty or has no event (hazard ratio), and for fewer than 5 clusters.
    """
    opts = Options.model_validate(options.model_dump())
    trial = take_trial(cohort, outcome, opts.covariates, timed=True)
    refuse_few_clusters(trial.rows.cluster)
    last = until(trial.rows, trial.exposure, opts.until)
    effect = _ratio(trial, last) if opts.effect == "hazard_ratio" else _means(trial, last, opts.level)
    return as_estimate(
        trial.rows,
        trial.exposure,
        effect,
        method=METHOD.name,
        outcome=outcome,
        level=opts.level,
        until=last,
        balance=trial.balance,
        notes=trial.notes,
    )


def _ratio(trial: Trial, last: float) -> Effect:
    rows, strata = trial.rows, trial.stratum if trial.stratum.any() else None
    inside = np.minimum(trial.exposure, last)
    happened = (rows.y == 1) & (trial.exposure <= last)
    found = hazard(inside, happened, rows.treated, trial.x, strata, rows.cluster)
    ways = [
        "Cox's model, Efron's ties",
        "strata of their own" if strata is not None else "",
        "robust within clusters" if rows.cluster is not None else "",
    ]
    counts = {} if found.constant_p is None else {"constant_ratio_p": found.constant_p}
    noun = f"hazard ratio of a first event, {rows.noun} allocated to the intervention against those who were not"
    words = ", ".join(filter(None, ways))
    noun = f"{noun} (intention to treat)"
    return Effect("log_rate_ratio", noun, found.value, found.se, words, counts=counts)


def _means(trial: Trial, last: float, level: float) -> Effect:
    """Within strata, weighted by their rows; covariates are not used."""
    rows, t, happened = trial.rows, trial.treated, trial.rows.y == 1
    means, influence, variance = np.zeros(2), np.zeros(len(rows)), 0.0
    for s in np.unique(trial.stratum):
        share = float((trial.stratum == s).mean())
        for i, side in enumerate((t, ~t)):
            mine = (trial.stratum == s) & side
            found = restricted_mean(trial.exposure[mine], happened[mine], last)
            means[i] += share * found.value
            influence[mine] = share * found.influence
            variance += share**2 * found.variance
    pair, whom = (float(means[0]), float(means[1])), ", as allocated"
    if rows.cluster is None:
        return lost_time(
            pair, math.sqrt(variance), last, level, "areas under the curves, Greenwood's error", None, whom
        )
    parts = np.bincount(rows.cluster, influence)
    k = len(parts)
    se = math.sqrt(k / (k - 1) * float((parts**2).sum()))
    return lost_time(pair, se, last, level, "areas under the curves; error within clusters, t", float(k - 2), whom)


METHOD = Method(
    name="survival_trial",
    family="causal",
    design="randomised",
    label="Time to an event in a randomised trial",
    source="Cox (1972) JRSS B 34; Royston & Parmar (2013) BMC Med. Res. Methodol. 13; lifelines 0.30 (Davidson-Pilon 2019)",
    options=Options,
    fit=fit,
    takes="people",
    timed=True,
)
