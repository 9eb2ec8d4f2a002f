"""The effect of taking part, where an offer moved who took part: instrumental variables with one instrument."""

from typing import Literal

import numpy as np
from numpy.random import Generator
from pydantic import Field

from vru.cohort import Cohort
from vru.errors import MethodError, Problem
from vru.methods.inference import Inference
from vru.methods.method import Method, MethodOptions
from vru.methods.offers.notes import FEW_CLUSTERS, notes
from vru.methods.offers.sample import Offers, by_cluster, of_clusters, take_offers
from vru.methods.people.describe import arms, balance
from vru.results import Estimate, Interval, Scale
from vru.stats.drawn_offers import drawn_offers
from vru.stats.instrument import Reduced, complier_effect, reduced_form
from vru.stats.intervals import Bounds, two_sided_p, wald
from vru.stats.weak_ratio import WeakRatio, weak_ratio


class Options(MethodOptions):
    """``covariates``: columns held fixed; ``strata``: hold the strata of allocation fixed where the cohort has them.

    ``interval``: "anderson_rubin" (valid however weakly the offer moves receipt) or "wald". ``inference``: "auto"
    redraws the offer where fewer than 30 whole clusters got it, else "robust" errors; ``draws`` for the former.
    """

    covariates: tuple[str, ...] = ()
    strata: bool = True
    interval: Literal["anderson_rubin", "wald"] = "anderson_rubin"
    inference: Literal["auto", "robust", "randomisation"] = "auto"
    draws: int = Field(9999, ge=199, le=200_000)


def fit(cohort: Cohort, outcome: str, options: MethodOptions, rng: Generator) -> Estimate:
    """Difference in outcome by offer over difference in receipt by offer, strata and covariates held fixed.

    Raises MethodError without offer or receipt, with an empty arm, or where the offer does not move receipt.
    """
    opts = Options.model_validate(options.model_dump())
    o = take_offers(cohort, outcome, opts.covariates, opts.strata)
    d = o.received
    columns = [o.y, d] if o.rows.kind == "continuous" else [o.y, d, o.y * d, o.y * (1 - d)]
    try:
        found = reduced_form(np.column_stack(columns), o.rows.treated.astype(float), o.fixed, o.w, o.rows.cluster)
    except np.linalg.LinAlgError as error:
        raise MethodError(Problem(str(error), "cohort: assigned", hint="leave out strata or covariates")) from None
    if abs(found.effects[1]) < 1e-12:
        raise MethodError(Problem("the offer does not move receipt once covariates are held fixed", "cohort: received"))
    ratio = complier_effect(found, opts.level)
    answer = _inference(opts, o, found, ratio, rng)
    return _estimate(outcome, opts, o, found, ratio, answer)


def _inference(opts: Options, o: Offers, found: Reduced, ratio: WeakRatio, rng: Generator) -> Inference:
    kind = "HC1" if not found.n_clusters else f"clustered over {found.n_clusters} groups"
    if opts.interval == "wald":
        bounds = wald(ratio.value, ratio.se, opts.level, found.df)
        p = two_sided_p(ratio.value, ratio.se, found.df)
        return Inference(bounds, ratio.se, p, f"two-stage least squares, {kind}; t with {found.df} degrees of freedom")
    whole = of_clusters(o)
    if opts.inference == "randomisation" and whole is None:
        hint = "choose inference: robust"
        raise MethodError(Problem("offers were not made to whole clusters within strata", "cohort: cluster", hint=hint))
    redraw = whole is not None and (opts.inference == "randomisation" or found.n_clusters < FEW_CLUSTERS)
    if redraw and whole is not None and opts.inference != "robust":
        drawn = drawn_offers(whole[0], _totals(o), whole[1], ratio.value, opts.level, opts.draws, rng)
        how = "all" if drawn.exact else "random"
        words = f"Anderson-Rubin test with the offer redrawn between {found.n_clusters} clusters ({drawn.draws:,} {how} draws)"
        bounds = drawn.bounds if None not in (drawn.bounds.low, drawn.bounds.high) else Bounds(None, None)
        return Inference(bounds, ratio.se if bounds.low is not None else None, drawn.p, words)
    words = f"Anderson-Rubin test inverted, {kind}; t with {found.df} degrees of freedom"
    return Inference(ratio.bounds, ratio.se if ratio.shape == "interval" else None, ratio.p, words)


def _totals(o: Offers) -> np.ndarray:
    """Each cluster's sum of outcome and of receipt, less what strata and covariates explain without the offer."""
    root = np.sqrt(o.w)[:, None]
    y = np.column_stack([o.y, o.received])
    beta = np.linalg.lstsq(root * o.fixed, root * y, rcond=None)[0]
    left = (y - o.fixed @ beta) * o.w[:, None]
    assert o.rows.cluster is not None
    return np.column_stack([np.bincount(o.rows.cluster, left[:, j]) for j in range(2)])


def _estimate(outcome: str, opts: Options, o: Offers, found: Reduced, ratio: WeakRatio, answer: Inference) -> Estimate:
    scale: Scale = "risk_difference" if o.rows.kind == "binary" else "mean_difference"
    words = {"binary": "risk difference", "count": "difference in events per row", "continuous": "difference in means"}
    if o.rows.kind == "count" and o.rows.exposure is not None:
        words["count"] = "difference in events per unit of exposure"
    components = _components(opts.level, found, ratio)
    offer = components["intention_to_treat"]
    saved = None if o.rows.kind == "continuous" else _prevented(offer, o.time)
    bounded = answer.bounds.low is not None
    return Estimate(
        analysis="",
        role="exploratory",
        method=METHOD.name,
        outcome=outcome,
        estimand=f"{words[o.rows.kind]} from taking part, among those who take part because they are offered it",
        scale=scale,
        value=ratio.value,
        se=answer.se,
        low=answer.bounds.low,
        high=answer.bounds.high,
        level=opts.level,
        p=answer.p,
        inference=answer.words,
        events_prevented=saved,
        n_treated=int(o.rows.treated.sum()),
        n_comparison=int((~o.rows.treated).sum()),
        n_pre=0,
        n_post=0,
        components=components,
        counts=_counts(o, found, ratio),
        notes=notes(o, ratio, bounded, opts.level) + answer.notes,
        arms=arms(o.rows, opts.level, ("offered", "not offered")),
        balance=balance(o.rows),
    )


def _components(level: float, found: Reduced, ratio: WeakRatio) -> dict[str, Interval]:
    made = {}
    for j, name in enumerate(("intention_to_treat", "effect_on_receipt")):
        bounds = wald(found.effects[j], float(np.sqrt(found.cov[j, j])), level, found.df)
        made[name] = Interval(float(found.effects[j]), bounds.low, bounds.high)
    bounds = wald(ratio.value, ratio.se, level, found.df)
    strong = ratio.shape == "interval"
    made["wald"] = Interval(ratio.value, bounds.low if strong else None, bounds.high if strong else None)
    if len(found.effects) == 4:
        made |= _complier_ratio(level, found)
    return made


def _complier_ratio(level: float, found: Reduced) -> dict[str, Interval]:
    """Compliers' mean outcome with over without treatment; none where chance makes a mean negative."""
    turn = np.diag([1.0, -1.0])
    pair = turn @ found.effects[2:] * np.sign(found.effects[1])
    if pair.min() <= 0:
        return {}
    ratio = weak_ratio(pair, turn @ found.cov[2:, 2:] @ turn, level, found.df)
    low, high = ratio.bounds.low, ratio.bounds.high
    return {
        "complier_mean_ratio": Interval(ratio.value, None if low is None else max(low, 0.0), high),
    }


def _prevented(offer: Interval, rows: float) -> Interval:
    low, high = (None if v is None else -v * rows for v in (offer.high, offer.low))
    return Interval(-offer.value * rows, low, high)


def _counts(o: Offers, found: Reduced, ratio: WeakRatio) -> dict[str, float]:
    rows = o.rows
    made = {
        "uptake_offered": o.uptake[0],
        "uptake_not_offered": o.uptake[1],
        "share_compliers": float(found.effects[1]),
    }
    if np.isfinite(ratio.strength):
        made["first_stage_F"] = ratio.strength
    if rows.kind != "continuous":
        made |= {
            "events_offered": float(rows.y[rows.treated].sum()),
            "events_not_offered": float(rows.y[~rows.treated].sum()),
        }
    if rows.cluster is not None:
        made["clusters_treated"] = float(len(np.unique(rows.cluster[rows.treated])))
        made["clusters_comparison"] = float(len(np.unique(rows.cluster[~rows.treated])))
        made["whole_clusters_offered"] = float(by_cluster(rows))
    return made


METHOD = Method(
    name="instrumented",
    family="causal",
    design="instrument",
    label="Effect of taking part, from an offer",
    source="Imbens & Angrist (1994) Econometrica 62; Anderson & Rubin (1949); Andrews, Stock & Sun (2019)",
    options=Options,
    fit=fit,
    takes="people",
)
