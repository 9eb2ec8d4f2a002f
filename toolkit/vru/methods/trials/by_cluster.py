"""Effects where clusters were allocated: cluster summaries, re-allocation of clusters, or rows with CR2 errors."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import Generator

from vru.errors import MethodError, Problem
from vru.methods.inference import Inference
from vru.methods.trials.answer import Effect, hedges_g, implied, scaled
from vru.methods.trials.setting import Trial
from vru.results import Interval, Scale
from vru.stats.allocations import Allocations, Summaries, allocate, interval, p_of_effect
from vru.stats.cluster_robust import regress, robust_error
from vru.stats.clustering import compare, likeness, t_bounds
from vru.stats.intervals import Bounds, two_sided_p, wald

Summary = Literal["rows", "clusters", "logs"]
Mode = Literal["randomisation", "cr2", "cluster_t"]


@dataclass(frozen=True, slots=True)
class Clusters:
    """The clusters of a trial: code of each row ``(n,)``; arm and stratum of each cluster ``(n_clusters,)``."""

    code: np.ndarray
    treated: np.ndarray
    stratum: np.ndarray

    @property
    def n(self) -> tuple[int, int]:
        """Clusters allocated to the intervention, and not."""
        return int(self.treated.sum()), int((~self.treated).sum())


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the effect is wanted. summary : whether rows, clusters, or logs of clusters count the same."""

    ratio: bool
    summary: Summary
    level: float
    draws: int


def gather(trial: Trial) -> Clusters:
    """The clusters. Raises MethodError where one lies in two arms or two strata."""
    if trial.rows.cluster is None:
        raise MethodError(
            Problem(
                "is not in the data", "cohort: cluster", hint="name the column that was allocated, or parallel_trial"
            )
        )
    code, first = np.unique(trial.rows.cluster, return_index=True)
    of = np.searchsorted(code, trial.rows.cluster)
    treated, stratum = trial.treated[first], trial.stratum[first]
    if (treated[of] != trial.treated).any():
        raise MethodError(
            Problem(
                "rows of one cluster are in both arms",
                where="cohort: assigned",
                hint="parallel_trial if people were allocated; name the period column if clusters crossed over in turn",
            )
        )
    if (stratum[of] != trial.stratum).any():
        raise MethodError(Problem("rows of one cluster are in different strata", where="cohort: stratum"))
    return Clusters(of, treated, stratum)


def parallel_clusters(trial: Trial, clusters: Clusters, mode: Mode, want: Wanted, rng: Generator) -> Effect:
    """The effect of an intervention allocated to whole clusters.

    Raises MethodError where nothing happened in an arm and a ratio is wanted, or a cluster has no events and logs are.
    """
    if want.ratio:
        _refuse_empty(trial, want)
    if mode == "cr2" and min(clusters.n) < 2:
        hint = "inference: randomisation"
        raise MethodError(Problem("an arm has one cluster, so its spread is not known", "inference", hint=hint))
    null = _null(trial, clusters, want)
    plain = compare(null(0.0), clusters.treated, clusters.stratum, ratio=want.ratio and want.summary != "logs")
    if mode == "cluster_t":
        p = None if plain.se is None else two_sided_p(plain.value, plain.se, plain.df)
        words = f"t-test on cluster summaries{'' if plain.df is None else f', {plain.df:.1f} degrees of freedom'}"
        note = () if plain.se is not None else ("Too few clusters, or none that differ: there is no standard error.",)
        return _effect(trial, want, plain.value, Inference(t_bounds(plain, want.level), plain.se, p, words, note))
    model = _model(trial, clusters, want) if trial.x.shape[1] or mode == "cr2" else None
    if mode == "cr2" and model is not None:
        return _effect(trial, want, model[0], model[1])
    value = plain.value if model is None else model[0]
    return _effect(trial, want, value, _reallocated(clusters, null, value, plain.se, want, rng))


def _refuse_empty(trial: Trial, want: Wanted) -> None:
    for name, side in (("treated", trial.treated), ("comparison", ~trial.treated)):
        if trial.y[side].sum() == 0:
            hint = "effect: difference gives the difference and, where clusters are enough, its interval"
            raise MethodError(Problem(f"no {name} row had the event, so there is no ratio", where="outcome", hint=hint))
    if want.summary == "logs" and trial.x.shape[1]:
        raise MethodError(Problem("logs of cluster summaries take no covariates", "summary", "rows, clusters"))


def _null(trial: Trial, clusters: Clusters, want: Wanted) -> Callable[[float], Summaries]:
    """What clusters would have shown untreated if the effect were the one given, freed of what covariates explain."""
    t, counts = trial.treated, trial.rows.kind == "count"
    e = trial.exposure if counts else np.ones(len(t))
    design = np.column_stack([np.ones(len(t)), trial.terms])

    adjusts = want.ratio and trial.x.shape[1] > 0
    start = regress(trial.y, design, "poisson", offset=np.log(e)).beta if adjusts else None

    def null(effect: float) -> Summaries:
        if want.ratio:
            top, base = np.where(t, trial.y * math.exp(-effect), trial.y), e
            if start is not None:
                base = regress(top, design, "poisson", offset=np.log(e), start=start).mean
        else:
            top, base = np.where(t, trial.y - effect * e, trial.y), e
            if trial.x.shape[1]:
                # Back on the level of the arms, so that a mean of summaries still reads as a mean.
                fitted = regress(top / e, design, "linear", prior=e).mean
                top = top - e * (fitted - np.average(fitted, weights=e))
        return _by_summary(np.bincount(clusters.code, top), np.bincount(clusters.code, base), want)

    return null


def _by_summary(top: np.ndarray, base: np.ndarray, want: Wanted) -> Summaries:
    if want.summary == "rows":
        return Summaries(top, base)
    if want.summary == "clusters":
        return Summaries(top / base, np.ones(len(top)))
    if (top <= 0).any():
        raise MethodError(
            Problem(
                "a cluster has no events, so its logarithm does not exist", "summary", "rows, clusters", "summary: rows"
            )
        )
    return Summaries(np.log(top / base), np.ones(len(top)))


def _model(trial: Trial, clusters: Clusters, want: Wanted) -> tuple[float, Inference]:
    """Arm, strata and covariates over rows: log-linear for ratios, linear for differences; CR2 error."""
    t, counts = trial.treated, trial.rows.kind == "count"
    e = trial.exposure if counts else np.ones(len(t))
    x = np.column_stack([np.ones(len(t)), t.astype(float), trial.terms])
    prior = 1 / np.bincount(clusters.code, e)[clusters.code] if want.summary == "clusters" else np.ones(len(t))
    if want.ratio:
        fit = regress(trial.y, x, "poisson", offset=np.log(e), prior=prior)
    else:
        fit = regress(trial.y / e, x, "linear", prior=prior * e)
    value, robust = float(fit.beta[1]), robust_error(fit, 1, clusters.code)
    words = (
        f"{'log-linear' if want.ratio else 'linear'} model of rows; cluster-robust error (CR2), "
        f"t with {robust.df:.1f} degrees of freedom (Satterthwaite)"
    )
    bounds = wald(value, robust.se, want.level, robust.df)
    return value, Inference(bounds, robust.se, two_sided_p(value, robust.se, robust.df), words)


def _reallocated(
    clusters: Clusters, null: Callable[[float], Summaries], value: float, se: float | None, want: Wanted, rng: Generator
) -> Inference:
    lots = allocate(clusters.treated, clusters.stratum, want.draws, rng)
    p = p_of_effect(null, clusters.stratum, lots, ratio=want.ratio and want.summary != "logs")
    scale = max(se or 0.0, _rough(null(0.0), clusters, want))
    bounds = interval(p, value, scale, want.level, lots.floor) if scale else Bounds(None, None)
    found = implied(bounds, want.level, p(0.0), f"re-allocation of clusters, studentised ({number(lots)})", lots.floor)
    if bounds == Bounds(None, None) and lots.floor > 1 - want.level:
        note = (
            "inference: cr2 gives an interval that leans on cluster means being near enough normal (in simulation with "
            "2 or 3 clusters an arm it held the truth 94 to 98 times in 100); it would have to be in the plan."
        )
        found = Inference(found.bounds, found.se, found.p, found.words, (*found.notes, note))
    return found


def _rough(data: Summaries, clusters: Clusters, want: Wanted) -> float:
    """A standard error that the search for the interval may go by where clusters give none."""
    each = data.numerator / data.weight
    spread = float(np.std(each)) / (float(each.mean()) if want.ratio and want.summary != "logs" else 1.0)
    return spread * math.sqrt(sum(1 / n for n in clusters.n))


def number(lots: Allocations) -> str:
    """How many allocations were compared, in words."""
    return f"all {len(lots.chosen):,} allocations" if lots.exact else f"{len(lots.chosen):,} allocations drawn"


def _effect(trial: Trial, want: Wanted, value: float, inference: Inference) -> Effect:
    """On the estimate's scale; a difference in rates becomes events among all treated rows."""
    if want.ratio:
        return Effect("log_rate_ratio", value, inference, _risk_difference(trial))
    if trial.rows.kind == "count":
        total = float(trial.exposure[trial.treated].sum())
        return Effect("count_difference", value * total, scaled(inference, total))
    scale: Scale = "mean_difference" if trial.rows.kind == "continuous" else "risk_difference"
    parts = hedges_g(trial, value, want.level) if trial.rows.kind == "continuous" else {}
    # Its published error takes rows as independent; among clusters only the value stands.
    return Effect(scale, value, inference, {k: Interval(v.value, None, None) for k, v in parts.items()})


def _risk_difference(trial: Trial) -> dict[str, Interval]:
    if trial.rows.kind != "binary":
        return {}
    gap = float(trial.y[trial.treated].mean() - trial.y[~trial.treated].mean())
    return {"risk_difference": Interval(gap, None, None)}


def cluster_counts(trial: Trial, code: np.ndarray, group: np.ndarray) -> dict[str, float]:
    """Sizes of clusters, intracluster correlation about the means of ``group``, design effect, what rows are worth.

    code, group : int codes ``(n,)``.
    """
    size = np.bincount(code)
    counts = {"smallest_cluster": float(size.min()), "largest_cluster": float(size.max())}
    value = trial.y / trial.exposure if trial.rows.kind == "count" else trial.y
    alike = likeness(value, code, group)
    if alike is not None:
        counts |= {"icc": alike.icc, "design_effect": alike.design_effect}
        counts |= {"effective_rows": len(value) / alike.design_effect}
    return counts
