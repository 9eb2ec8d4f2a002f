"""Effects in a stepped wedge: clusters cross over to the intervention in turn, and periods serve as one another's control."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from vru.errors import MethodError, Problem
from vru.methods.inference import Inference
from vru.methods.trials.answer import Effect, implied, scaled
from vru.methods.trials.by_cluster import Wanted
from vru.methods.trials.setting import Trial
from vru.results import Scale
from vru.stats.allocations import interval
from vru.stats.cluster_robust import Regression, Robust, regress, robust_error
from vru.stats.intervals import two_sided_p, wald
from vru.stats.wedge import Wedge, dummies, exchange, p_of_wedge


@dataclass(frozen=True, slots=True)
class Steps:
    """Rows by cluster and period (int codes ``(n,)``); who is treated in each cell; each cluster's first treated period."""

    cluster: np.ndarray
    period: np.ndarray
    plan: np.ndarray
    first: np.ndarray
    stratum: np.ndarray


def crosses_over(trial: Trial) -> bool:
    """Whether some cluster is allocated to the comparison in one period and to the intervention in another."""
    if trial.rows.period is None or trial.rows.cluster is None:
        return False
    share = np.bincount(trial.rows.cluster, trial.treated) / np.maximum(np.bincount(trial.rows.cluster), 1)
    return bool(((share > 0) & (share < 1)).any())


def gather_steps(trial: Trial) -> Steps:
    """Clusters and periods. Raises MethodError where a cell holds both arms, or a cluster crosses back."""
    cluster, period = trial.rows.cluster, trial.rows.period
    if cluster is None or period is None:
        raise MethodError(Problem("is not in the data", where="cohort: period"))
    c, t = int(cluster.max()) + 1, int(period.max()) + 1
    rows, on = np.zeros((c, t)), np.zeros((c, t))
    np.add.at(rows, (cluster, period), 1)
    np.add.at(on, (cluster, period), trial.treated)
    if ((on > 0) & (on < rows)).any():
        raise MethodError(
            Problem(
                "rows of one cluster in one period are in both arms",
                where="cohort: assigned",
                hint="in a stepped wedge a cluster is wholly in one arm in each period",
            )
        )
    first = np.array([int(np.flatnonzero(on[i])[0]) if on[i].any() else t for i in range(c)])
    plan = np.arange(t)[None, :] >= first[:, None]
    if (plan & (rows > 0) & (on == 0)).any():
        raise MethodError(
            Problem(
                "a cluster goes back to the comparison after it had crossed over",
                where="cohort: assigned",
                hint="order the periods so that their names sort; clusters that cross back need another method",
            )
        )
    if len(np.unique(first)) == 1:
        raise MethodError(
            Problem(
                "all clusters cross over at the same time, so the intervention cannot be told from the period",
                where="cohort: assigned",
            )
        )
    stratum = trial.stratum[np.unique(cluster, return_index=True)[1]]
    if (stratum[cluster] != trial.stratum).any():
        raise MethodError(Problem("rows of one cluster are in different strata", where="cohort: stratum"))
    return Steps(cluster, period, plan, first, stratum)


def stepped_wedge(trial: Trial, steps: Steps, *, cr2: bool, want: Wanted, rng: Generator) -> Effect:
    """Effect with cluster and period effects: log-linear for ratios, linear for differences.

    Raises MethodError where nothing happened in an arm and a ratio is wanted, or where the arm cannot be told
    from clusters and periods.
    """
    if want.ratio and not (trial.y[trial.treated].sum() and trial.y[~trial.treated].sum()):
        hint = "effect: difference"
        raise MethodError(Problem("an arm has no events, so there is no ratio", where="outcome", hint=hint))
    e = trial.exposure if trial.rows.kind == "count" else np.ones(len(trial.y))
    live = _live(trial, steps, want)
    fit = _fit(trial, steps, e, live, want)
    value = float(fit.beta[1])
    by_model = _clustered(value, robust_error(fit, 1, steps.cluster[live]), want) if cr2 else None
    answer = by_model or _exchanged(trial, steps, e, fit, robust_error(fit, 1, steps.cluster[live]).se, want, rng)
    scale: Scale = "log_rate_ratio" if want.ratio else "mean_difference"
    if not want.ratio and trial.rows.kind == "count":
        total = float(e[trial.treated].sum())
        return Effect("count_difference", value * total, scaled(answer, total))
    if not want.ratio and trial.rows.kind == "binary":
        scale = "risk_difference"
    return Effect(scale, value, answer)


def _live(trial: Trial, steps: Steps, want: Wanted) -> np.ndarray:
    """Rows that tell something: a cluster without any event fits a ratio of any size perfectly."""
    if not want.ratio:
        return np.ones(len(trial.y), dtype=bool)
    return np.asarray(np.bincount(steps.cluster, trial.y)[steps.cluster] > 0)


def _fit(trial: Trial, steps: Steps, e: np.ndarray, live: np.ndarray, want: Wanted) -> Regression:
    cluster, period = dummies(steps.cluster[live]), dummies(steps.period[live])
    t = trial.treated[live].astype(float)
    x = np.column_stack([np.ones(len(t)), t, cluster, period, trial.x[live]])
    if want.ratio:
        return regress(trial.y[live], x, "poisson", offset=np.log(e[live]))
    return regress(trial.y / e, x, "linear", prior=e)


def _clustered(value: float, robust: Robust, want: Wanted) -> Inference:
    words = (
        f"{'log-linear' if want.ratio else 'linear'} model with cluster and period effects; cluster-robust error (CR2), "
        f"t with {robust.df:.1f} degrees of freedom (Satterthwaite)"
    )
    p = two_sided_p(value, robust.se, robust.df)
    return Inference(wald(value, robust.se, want.level, robust.df), robust.se, p, words)


def _exchanged(
    trial: Trial, steps: Steps, e: np.ndarray, fit: Regression, scale: float, want: Wanted, rng: Generator
) -> Inference:
    """Clusters exchange their sequences; covariates, if any, enter with the slopes of the full model."""
    y, base = trial.y, e
    if trial.x.shape[1]:
        part = trial.x @ fit.beta[-trial.x.shape[1] :]
        base = e * np.exp(part - part.mean()) if want.ratio else e
        y = y if want.ratio else y - e * (part - part.mean())
    total, weight = np.zeros(steps.plan.shape), np.zeros(steps.plan.shape)
    np.add.at(total, (steps.cluster, steps.period), y)
    np.add.at(weight, (steps.cluster, steps.period), base)
    orders = exchange(steps.first, steps.stratum, want.draws, rng)
    p = p_of_wedge(Wedge(total, weight, steps.plan, want.ratio), orders)
    value = float(fit.beta[1])
    bounds = interval(p, value, max(scale, 1e-12), want.level, orders.floor)
    how = f"all {len(orders.donor):,} ways" if orders.exact else f"{len(orders.donor):,} ways drawn"
    words = f"clusters exchange their sequences ({how}), with cluster and period effects"
    return implied(bounds, want.level, p(0.0), words, orders.floor)
