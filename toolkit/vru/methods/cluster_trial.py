"""The cluster trial: schools, classes or areas allocated by lot, all at once or one after another (stepped wedge)."""

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.random import Generator
from pydantic import Field

from vru.cohort import Cohort
from vru.errors import MethodError, Problem
from vru.methods.method import Method, MethodOptions
from vru.methods.trials.answer import as_estimate
from vru.methods.trials.by_cluster import (
    Clusters,
    Mode,
    Summary,
    Wanted,
    cluster_counts,
    gather,
    parallel_clusters,
)
from vru.methods.trials.limits import cluster_limits
from vru.methods.trials.setting import Trial, take_trial
from vru.methods.trials.stepped import Steps, crosses_over, gather_steps, stepped_wedge
from vru.results import Estimate

FEW_CLUSTERS, FEW_IN_ARM = 30, 10


class Options(MethodOptions):
    """Everything here is part of the plan: chosen before outcomes are seen.

    covariates : adjusted for; none unless listed. effect : "ratio" or "difference" (measures are always differences).
    inference : auto (re-allocation with fewer than 30 clusters or fewer than 10 in an arm, else cr2), randomisation,
    cr2 (model of rows, cluster-robust) or cluster_t (t-test on cluster summaries).
    summary : whether every row counts the same ("rows"), every cluster ("clusters"), or the log of every cluster's
    rate ("logs"); a stepped wedge takes rows. draws : allocations drawn where not all can be listed.
    """

    covariates: tuple[str, ...] = ()
    effect: Literal["ratio", "difference"] = "ratio"
    inference: Literal["auto", "randomisation", "cr2", "cluster_t"] = "auto"
    summary: Summary = "rows"
    draws: int = Field(9999, ge=199, le=100_000)


def fit(cohort: Cohort, outcome: str, options: MethodOptions, rng: Generator) -> Estimate:
    """Risk ratio, rate ratio or difference in means between clusters as allocated, or between periods in a stepped wedge.

    Raises MethodError where rows name no cluster, a cluster (or a cluster in one period) lies in both arms, an arm has
    no events and a ratio is wanted, or the covariates cannot be told from the arm.
    """
    opts = Options.model_validate(options.model_dump())
    trial = take_trial(cohort, outcome, opts.covariates)
    want = Wanted(opts.effect == "ratio" and trial.rows.kind != "continuous", opts.summary, opts.level, opts.draws)
    if opts.summary == "logs" and not want.ratio:
        raise MethodError(Problem("logs of cluster summaries give a ratio", "summary", "rows, clusters"))
    if crosses_over(trial):
        return _stepped(trial, opts, want, outcome, rng)
    clusters = gather(trial)
    mode = _mode(opts, *clusters.n)
    effect = parallel_clusters(trial, clusters, mode, want, rng)
    counts = {"clusters_treated": float(clusters.n[0]), "clusters_comparison": float(clusters.n[1])}
    counts |= cluster_counts(trial, clusters.code, trial.treated.astype(int))
    notes = _notes(trial, clusters, counts) + _vanished(cohort, sum(clusters.n))
    notes += cluster_limits(clusters.n, mode, counts["largest_cluster"] / len(trial.y))
    effect = replace(effect, counts=counts, notes=effect.notes + notes)
    whom = ", every row counting the same" if opts.summary == "rows" else ", every cluster counting the same"
    return as_estimate(trial, effect, METHOD.name, outcome, opts.level, whom)


def _mode(opts: Options, treated: int, comparison: int) -> Mode:
    if opts.inference != "auto":
        return opts.inference
    if treated + comparison < FEW_CLUSTERS or min(treated, comparison) < FEW_IN_ARM:
        return "randomisation"
    return "cluster_t" if opts.summary == "logs" else "cr2"


def _stepped(trial: Trial, opts: Options, want: Wanted, outcome: str, rng: Generator) -> Estimate:
    if opts.summary != "rows" or opts.inference == "cluster_t":
        raise MethodError(
            Problem(
                "a stepped wedge is fitted to rows",
                "summary, inference",
                "summary: rows; inference: randomisation, cr2",
            )
        )
    steps = gather_steps(trial)
    clusters, sequences = len(steps.first), len(np.unique(steps.first))
    few = clusters < FEW_CLUSTERS
    effect = stepped_wedge(
        trial, steps, cr2=opts.inference == "cr2" or (opts.inference == "auto" and not few), want=want, rng=rng
    )
    ever = int((steps.first < steps.plan.shape[1]).sum())
    counts = {"clusters": float(clusters), "periods": float(steps.plan.shape[1]), "sequences": float(sequences)}
    counts |= {"clusters_treated": float(ever), "clusters_comparison": float(clusters - ever)}
    counts |= cluster_counts(trial, steps.cluster, steps.period * 2 + trial.treated)
    effect = replace(effect, counts=counts, notes=effect.notes + _step_notes(trial, steps))
    return as_estimate(trial, effect, METHOD.name, outcome, opts.level, ", within clusters and periods")


def _notes(trial: Trial, clusters: Clusters, counts: dict[str, float]) -> tuple[str, ...]:
    treated, comparison = clusters.n
    notes = [f"The lot fell on {treated + comparison} clusters ({treated} against {comparison}), not on rows."]
    if trial.rows.period is not None:
        notes.append("No cluster changes arm, so periods are not used: rows of a cluster are taken together.")
    if "icc" in counts:
        notes.append(
            f"Rows of one cluster resemble each other (intracluster correlation {counts['icc']:.3f}); "
            f"{len(trial.y):,} rows are worth about {counts['effective_rows']:,.0f} independent ones."
        )
    if min(treated, comparison) == 1:
        notes.append(
            "One arm is a single cluster: what is particular to that cluster cannot be told from the intervention."
        )
    return tuple(notes)


def _vanished(cohort: Cohort, left: int) -> tuple[str, ...]:
    """Clusters whose rows are all lost, or lie in strata that cannot be compared."""
    gone = len(set(cohort.cluster or ())) - left
    if not gone:
        return ()
    return (f"{gone} cluster(s) that were allocated have no row in the comparison; re-allocation leaves them out.",)


def _step_notes(trial: Trial, steps: Steps) -> tuple[str, ...]:
    notes = [
        f"Stepped wedge: {len(steps.first)} clusters cross over at {len(np.unique(steps.first))} times. Assumes that the "
        "effect is there at once, stays the same, and that without it all clusters would have followed one course."
    ]
    if trial.x.shape[1]:
        notes.append("Slopes of covariates are those of the full model under every exchange of sequences.")
    return tuple(notes)


METHOD = Method(
    name="cluster_trial",
    family="causal",
    design="randomised",
    label="Cluster-randomised trial and stepped wedge",
    source="Hayes & Moulton (2017); Gail et al. (1996) Stat. Med. 15; Pustejovsky & Tipton (2018); Ji et al. (2017)",
    options=Options,
    fit=fit,
    takes="people",
)
