"""Effects where rows were allocated one by one: risks, rates and means."""

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
from vru.results import Interval
from vru.stats.allocations import Allocations, Summaries, allocate, interval, p_of_effect
from vru.stats.cluster_robust import Robust, regress, robust_error
from vru.stats.intervals import Bounds, two_sided_p, wald
from vru.stats.score_risks import TwoRisks, difference_bounds, log_ratio_bounds, score_p
from vru.stats.standardised import standardised_risks

Adjustment = Literal["auto", "interacted", "additive"]
POISSON = "Poisson model"
Null = Callable[[float], Summaries]


@dataclass(frozen=True, slots=True)
class Ask:
    """How the effect is wanted. interacted : arms have slopes of their own. randomise : re-allocate for p and interval."""

    ratio: bool
    interacted: bool
    randomise: bool
    jackknife: bool
    level: float
    draws: int


def risks(trial: Trial, ask: Ask, rng: Generator) -> Effect:
    """Risk ratio and difference: score intervals for the bare table, else standardised from a logistic model."""
    y, t = trial.y, trial.treated
    table = TwoRisks(float(y[t].sum()), float(t.sum()), float(y[~t].sum()), float((~t).sum()))
    if table.y1 + table.y0 == 0 and ask.ratio:
        raise MethodError(
            Problem(
                "nobody in either arm had the event, so there is no risk ratio",
                where="outcome",
                hint="effect: difference gives the interval of the difference in risk",
            )
        )
    bare = table.y1 in (0, table.n1) or table.y0 in (0, table.n0)
    if trial.terms.shape[1] and not bare:
        effect = _standardised(trial, ask)
    else:
        effect = _scored(table, ask)
        if trial.terms.shape[1]:
            note = (
                "In an arm nobody or everybody had the event, so estimate and interval leave out covariates and strata."
            )
            effect = _with(effect, effect.inference, note)
    if not ask.randomise:
        return effect
    lots = allocate(t, trial.stratum, ask.draws, rng)
    p = p_of_effect(lambda _: Summaries(_pearson(trial), np.ones(len(y))), trial.stratum, lots)(0.0)
    found = effect.inference
    words = f"p-value by re-allocation ({_number(lots)}); interval: {found.words}"
    note = "The p-value and the interval come from different arguments, so near the border they can disagree."
    return _with(effect, Inference(found.bounds, found.se, p, words, found.notes), note)


def _pearson(trial: Trial) -> np.ndarray:
    """What covariates do not explain of the outcome when the arm is left out of the model."""
    if not trial.x.shape[1]:
        return trial.y
    return np.asarray(trial.y - regress(trial.y, _design(trial.terms), "logistic").mean)


def _scored(table: TwoRisks, ask: Ask) -> Effect:
    p, gap = score_p(table), table.y1 / table.n1 - table.y0 / table.n0
    difference = difference_bounds(table, ask.level)
    words = "score interval and test (Miettinen and Nurminen)"
    if not ask.ratio:
        se = math.sqrt(sum(y / n * (1 - y / n) / n for y, n in ((table.y1, table.n1), (table.y0, table.n0))))
        found = Inference(difference, se if se > 0 else None, p, words)
        parts = {}
        if table.y1 and table.y0:
            ratio = log_ratio_bounds(table, ask.level)
            parts = {"log_risk_ratio": Interval(_log_ratio(table), ratio.low, ratio.high)}
        return Effect("risk_difference", gap, found, parts)
    parts = {"risk_difference": Interval(gap, difference.low, difference.high)}
    bounds = log_ratio_bounds(table, ask.level)
    if table.y1 and table.y0:
        se = math.sqrt(1 / table.y1 - 1 / table.n1 + 1 / table.y0 - 1 / table.n0)
        return Effect("log_rate_ratio", _log_ratio(table), Inference(bounds, se if se > 0 else None, p, words), parts)
    value = math.log((table.y1 + 0.5) / (table.n1 + 0.5)) - math.log((table.y0 + 0.5) / (table.n0 + 0.5))
    side, end = ("treated", "lower") if table.y1 == 0 else ("comparison", "upper")
    note = (
        f"No {side} row had the event. The ratio was computed with 0.5 added and is rough; its interval has no {end} end. "
        "The difference in risk needs no such addition."
    )
    return Effect("log_rate_ratio", value, Inference(bounds, None, p, words, (note,)), parts)


def _log_ratio(table: TwoRisks) -> float:
    return math.log(table.y1 / table.n1) - math.log(table.y0 / table.n0)


def _standardised(trial: Trial, ask: Ask) -> Effect:
    found = standardised_risks(trial.y, trial.treated, trial.terms, trial.stratum)
    gap, se = found.treated - found.comparison, found.difference_se
    bounds = wald(gap, se, ask.level, found.df)
    words = "logistic model averaged over all rows, influence-function error, t"
    notes = (
        ()
        if found.converged
        else ("A covariate or stratum tells all events apart; the model was stopped at risks near 0 or 1.",)
    )
    if found.treated <= 0 or found.comparison <= 0:
        raise MethodError(
            Problem("the adjusted risk of an arm is not above 0", where="covariates", hint="list fewer covariates")
        )
    value = math.log(found.treated) - math.log(found.comparison)
    ratio_se = found.log_ratio_se
    ratio = wald(value, ratio_se, ask.level, found.df)
    if ask.ratio:
        answer = Inference(ratio, ratio_se, two_sided_p(value, ratio_se, found.df), words, notes)
        return Effect("log_rate_ratio", value, answer, {"risk_difference": Interval(gap, bounds.low, bounds.high)})
    answer = Inference(bounds, se, two_sided_p(gap, se, found.df), words, notes)
    return Effect("risk_difference", gap, answer, {"log_risk_ratio": Interval(value, ratio.low, ratio.high)})


def rates(trial: Trial, ask: Ask, rng: Generator) -> Effect:
    """Rate ratio from a Poisson model with an error that does not lean on the Poisson law."""
    y, t, e = trial.y, trial.treated, trial.exposure
    events = float(y[t].sum()), float(y[~t].sum())
    if sum(events) == 0:
        raise MethodError(Problem("no events were recorded in either arm, so there is no rate ratio", where="outcome"))

    design, at = _design(trial.terms), np.log(e)
    start = regress(y, design, "poisson", offset=at).beta if trial.x.shape[1] else None

    def null(effect: float) -> Summaries:
        without = np.where(t, y * math.exp(-effect), y)
        if start is None:
            return Summaries(without, e)
        return Summaries(without, regress(without, design, "poisson", offset=at, start=start).mean)

    if 0.0 in events:
        return _empty_arm(trial, ask, null, rng)
    x = np.column_stack([np.ones(len(y)), t.astype(float), trial.terms])
    fit = regress(y, x, "poisson", offset=np.log(e))
    value, robust = float(fit.beta[1]), robust_error(fit, 1, jackknife=ask.jackknife)
    phi = float((fit.residual**2).sum() / max(len(y) - x.shape[1], 1))
    notes = (f"Counts vary {phi:.2f} times as much as Poisson counts would; the interval allows for it.",)
    inference = _inference(trial, ask, value, robust, null, rng, POISSON, math.sqrt(1 / events[0] + 1 / events[1]))
    return Effect("log_rate_ratio", value, inference, counts={"phi": phi}, notes=notes)


def _empty_arm(trial: Trial, ask: Ask, null: Null, rng: Generator) -> Effect:
    y, t, e = trial.y, trial.treated, trial.exposure
    events, time = [float(y[a].sum()) for a in (t, ~t)], [float(e[a].sum()) for a in (t, ~t)]
    value = math.log((events[0] + 0.5) / time[0]) - math.log((events[1] + 0.5) / time[1])
    lots = allocate(t, trial.stratum, ask.draws, rng)
    p = p_of_effect(null, trial.stratum, lots, ratio=True)(0.0)
    one_sided = (1 - ask.level) / 2
    # With m events all in one arm, the conditional limit of the other arm's share is 1 - tail^(1/m).
    share = 1 - one_sided ** (1 / sum(events))
    limit = share / (1 - share) * (time[1] / time[0] if events[0] == 0 else time[0] / time[1])
    side, word = ("treated", "above") if events[0] == 0 else ("comparison", "below")
    edge = limit if events[0] == 0 else 1 / limit
    note = (
        f"No events were recorded in the {side} arm. The ratio was computed with 0.5 added and has no interval that would "
        f"hold for counts of any spread; if they were Poisson, ratios {word} {edge:.2f} could be ruled out."
    )
    words = f"p-value by re-allocation ({_number(lots)}); no interval"
    return Effect("log_rate_ratio", value, Inference(Bounds(None, None), None, p, words, (note,)))


def means(trial: Trial, ask: Ask, rng: Generator) -> Effect:
    """Difference in means (or in rates, times the treated rows' exposure) by least squares with HC2 or HC3."""
    counts = trial.rows.kind == "count"
    e = trial.exposure if counts else np.ones(len(trial.y))
    t = trial.treated
    level = trial.y / e
    if np.ptp(trial.y) == 0:
        raise MethodError(Problem("the outcome is the same for every row", where="outcome"))
    terms = trial.terms
    if ask.interacted and np.unique(trial.stratum * 2 + t, return_counts=True)[1].min() < 2:
        hint = "adjustment: additive"
        raise MethodError(
            Problem("a stratum has one row of an arm, so its spread is not known", "adjustment", hint=hint)
        )
    x = np.column_stack([np.ones(len(t)), t.astype(float), terms])
    if ask.interacted and terms.shape[1]:
        centred = terms - np.average(terms, axis=0, weights=e)[None, :]
        x = np.column_stack([np.ones(len(t)), t.astype(float), centred, centred * t[:, None]])
    if len(t) - x.shape[1] < 3:
        hint = "list fewer covariates, or adjustment: additive"
        raise MethodError(Problem(f"{len(t)} rows cannot carry {x.shape[1]} coefficients", "covariates", hint=hint))
    fit = regress(level, x, "linear", prior=e)
    value, robust = float(fit.beta[1]), robust_error(fit, 1, jackknife=ask.jackknife)

    def null(effect: float) -> Summaries:
        without = np.where(t, level - effect, level)
        if trial.x.shape[1]:
            without = without - regress(without, _design(trial.terms), "linear", prior=e).mean
        return Summaries(without * e, e)

    slopes = "arms with slopes of their own" if ask.interacted else "one slope for both arms"
    how = slopes if trial.x.shape[1] else "no covariates"
    rough = float(np.std(level)) * math.sqrt(1 / t.sum() + 1 / (~t).sum())
    found = _inference(trial, ask, value, robust, null, rng, f"least squares, {how}", rough)
    if counts:
        total = float(e[t].sum())
        return Effect("count_difference", value * total, scaled(found, total))
    return Effect("mean_difference", value, found, hedges_g(trial, value, ask.level))


def _arms_design(trial: Trial, e: np.ndarray, interacted: bool) -> np.ndarray:
    """A constant, the arm, strata and covariates; ``interacted``: centred, and once more for the treated."""
    t, terms = trial.treated.astype(float), trial.terms
    if not interacted or not terms.shape[1]:
        return np.column_stack([np.ones(len(t)), t, terms])
    if np.unique(trial.stratum * 2 + trial.treated, return_counts=True)[1].min() < 2:
        hint = "adjustment: additive"
        raise MethodError(
            Problem("a stratum has one row of an arm, so its spread is not known", "adjustment", hint=hint)
        )
    centred = terms - np.average(terms, axis=0, weights=e)[None, :]
    return np.column_stack([np.ones(len(t)), t, centred, centred * t[:, None]])


def _inference(
    trial: Trial, ask: Ask, value: float, robust: Robust, null: Null, rng: Generator, model: str, rough: float
) -> Inference:
    """rough : a standard error that the search for the interval may go by where the robust one is 0."""
    if not ask.randomise and trial.small_arm < 2:
        hint = "inference: randomisation"
        raise MethodError(Problem("an arm has one row, so its spread is not known", where="inference", hint=hint))
    name = "HC3" if ask.jackknife else "HC2"
    words = f"{model}; robust error ({name}), t with {robust.df:.1f} degrees of freedom"
    bounds, p_robust = wald(value, robust.se, ask.level, robust.df), two_sided_p(value, robust.se, robust.df)
    if not ask.randomise:
        return Inference(bounds, robust.se, p_robust, words)
    lots = allocate(trial.treated, trial.stratum, ask.draws, rng)
    p = p_of_effect(null, trial.stratum, lots, ratio=model == POISSON)
    found = interval(p, value, max(robust.se, rough), ask.level, lots.floor)
    drawn = f"re-allocation, studentised ({_number(lots)})"
    if model == POISSON and None in (found.low, found.high) and lots.floor <= 1 - ask.level and trial.small_arm > 1:
        note = (
            "So few rows have events that re-allocation does not limit the ratio on both sides; the interval is the "
            "robust one, which kept its promise in simulation with 10 rows an arm. It can disagree with the p-value."
        )
        return Inference(bounds, robust.se, p(0.0), f"p-value by {drawn}; interval: {words}", (note,))
    return implied(found, ask.level, p(0.0), f"{model}; {drawn}", lots.floor)


def _number(lots: Allocations) -> str:
    return f"all {len(lots.chosen):,} allocations" if lots.exact else f"{len(lots.chosen):,} allocations drawn"


def _design(terms: np.ndarray) -> np.ndarray:
    return np.column_stack([np.ones(len(terms)), terms])


def _with(effect: Effect, inference: Inference, note: str) -> Effect:
    return Effect(effect.scale, effect.value, inference, effect.components, effect.counts, (*effect.notes, note))
