"""The parallel trial: people, cases, classes or areas allocated by lot, one row each, compared as allocated."""

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.random import Generator
from pydantic import Field

from vru.cohort import Cohort
from vru.errors import MethodError, Problem
from vru.methods.method import Method, MethodOptions
from vru.methods.trials.answer import as_estimate
from vru.methods.trials.by_row import Adjustment, Ask, means, rates, risks
from vru.methods.trials.limits import row_limits
from vru.methods.trials.setting import Trial, take_trial
from vru.results import Estimate

FEW_IN_ARM = 20
ROWS_PER_TERM = 10


class Options(MethodOptions):
    """Everything here is part of the plan: chosen before outcomes are seen.

    covariates : adjusted for; none unless listed. effect : "ratio" or "difference" (measures are always differences).
    inference : auto (re-allocation with fewer than 20 rows in an arm, else robust), robust or randomisation.
    adjustment : of measures and of differences in rates: slopes for each arm ("interacted"), one for both
    ("additive"), or by the number of rows ("auto"). variance : hc2 (with Satterthwaite's degrees of freedom) or hc3.
    draws : allocations drawn where not all can be listed.
    """

    covariates: tuple[str, ...] = ()
    effect: Literal["ratio", "difference"] = "ratio"
    inference: Literal["auto", "robust", "randomisation"] = "auto"
    adjustment: Adjustment = "auto"
    variance: Literal["hc2", "hc3"] = "hc2"
    draws: int = Field(9999, ge=199, le=100_000)


def fit(cohort: Cohort, outcome: str, options: MethodOptions, rng: Generator) -> Estimate:
    """Risk ratio, rate ratio or difference in means between arms as allocated; strata honoured, covariates as listed.

    Raises MethodError where an arm is empty, where the cohort was allocated in clusters, where nothing happened
    in either arm (ratios), or where rows are too few for the covariates listed.
    """
    opts = Options.model_validate(options.model_dump())
    _refuse_clusters(cohort)
    trial = take_trial(cohort, outcome, opts.covariates)
    ask = Ask(
        ratio=opts.effect == "ratio",
        interacted=_interacted(opts.adjustment, trial),
        randomise=opts.inference == "randomisation" or (opts.inference == "auto" and trial.small_arm < FEW_IN_ARM),
        jackknife=opts.variance == "hc3",
        level=opts.level,
        draws=opts.draws,
    )
    if trial.rows.kind == "binary":
        effect = risks(trial, ask, rng)
    elif trial.rows.kind == "count" and ask.ratio:
        effect = rates(trial, ask, rng)
    else:
        effect = means(trial, ask, rng)
    effect = replace(effect, notes=effect.notes + row_limits(trial))
    return as_estimate(trial, effect, METHOD.name, outcome, opts.level)


def _refuse_clusters(cohort: Cohort) -> None:
    """A cluster that holds several rows, all in one arm, in every case, was what the lot fell on."""
    if cohort.cluster is None or cohort.assigned is None:
        return
    codes = np.unique(np.asarray(cohort.cluster, dtype=str), return_inverse=True)[1]
    size, share = np.bincount(codes), np.bincount(codes, cohort.assigned)
    if (size > 1).any() and np.isin(share / size, (0.0, 1.0)).all():
        raise MethodError(
            Problem(
                "every cluster is wholly in one arm: the lot fell on clusters, and rows of one cluster are not independent",
                where="cohort: cluster",
                hint="use cluster_trial",
            )
        )


def _interacted(asked: Adjustment, trial: Trial) -> bool:
    """``auto``: arms get slopes of their own where every stratum has two rows of each, and each arm ten rows a column."""
    if asked != "auto":
        return asked == "interacted"
    cells = np.unique(trial.stratum * 2 + trial.treated, return_counts=True)[1]
    few = trial.x.shape[1] > 0 and trial.small_arm < max(FEW_IN_ARM, ROWS_PER_TERM * trial.terms.shape[1])
    return bool(cells.min() > 1) and not few


METHOD = Method(
    name="parallel_trial",
    family="causal",
    design="randomised",
    label="Randomised trial of people or cases",
    source="Lin (2013) Ann. Appl. Stat. 7; Miettinen & Nurminen (1985) Stat. Med. 4; Ye et al. (2023); Wu & Ding (2021)",
    options=Options,
    fit=fit,
    takes="people",
)
