"""Difference-in-differences for areas chosen by how much they had: change at like level, not only on average."""

import math

import numpy as np
from numpy.random import Generator

from vru.errors import MethodError, Problem
from vru.methods.arms import Arms, common_window, path, take_arms
from vru.methods.limits import measured_limits
from vru.methods.method import Method, MethodOptions
from vru.panel import Panel
from vru.results import Estimate, Interval
from vru.stats.blocks import fit_blocks
from vru.stats.few_prevented import Expected, behind, prevented_interval
from vru.stats.intervals import prevented, two_sided_p, wald
from vru.stats.level_adjusted import LevelAdjusted, level_adjusted

FEWEST = 3
"""Areas that each arm needs: with two, the variance rests on one difference."""


class Options(MethodOptions):
    """``level`` only: what is adjusted for is the level that the plan's ``units.selection`` names."""


def fit(panel: Panel, outcome: str, options: MethodOptions, rng: Generator) -> Estimate:
    """Log rate ratio of treated areas to what comparison areas say that areas of their level would have recorded.

    Raises MethodError where the plan does not say on which months areas were chosen, an area is outside the pool they
    were chosen from, starts differ, an arm has fewer than 3 areas with an offence, or no offence on one side of the start.
    """
    arms = common_window(take_arms(panel, outcome, ("treated", "comparison")))
    log_level = _log_level(panel, arms)
    before, after = arms.counts[:, ~arms.post].sum(axis=1), arms.counts[:, arms.post].sum(axis=1)
    _refuse_small(arms, before, after, outcome)
    found = level_adjusted(before, after, log_level, arms.treated)
    if found.separated:
        hint = "use a broader outcome or a longer window; before_after or poisson_did do not adjust for level"
        raise MethodError(Problem("level and treatment cannot be told apart in these areas", "units", hint=hint))
    return _estimate(outcome, options.level, arms, (before, after), log_level, found)


def _log_level(panel: Panel, arms: Arms) -> np.ndarray:
    history = panel.selection
    if history is None:
        raise MethodError(
            Problem(
                "the plan does not say on which months areas were chosen, so their level then is not known",
                where="units.selection",
                hint="give outcome, first and last month of the selection; poisson_did needs no level",
            )
        )
    level = history.level(arms.units)
    if lost := [u for u, v in zip(arms.units, level, strict=True) if np.isnan(v)]:
        raise MethodError(Problem(f"not in the pool that areas were chosen from: {', '.join(lost[:5])}", "units"))
    # Half an offence over the selection, so that an area with none has a logarithm.
    return np.asarray(np.log(level + 0.5 / max(len(history.periods), 1)))


def _refuse_small(arms: Arms, before: np.ndarray, after: np.ndarray, outcome: str) -> None:
    t = arms.treated
    few = [name for name, rows in (("treated", t), ("comparison", ~t)) if int(rows.sum()) < FEWEST]
    problems = []
    if few:
        hint = "poisson_did gives an exact p-value for few areas, without allowing for their level"
        what = f"fewer than {FEWEST} {' and '.join(few)} areas with an offence: their spread cannot be measured"
        problems.append(Problem(what, "units", hint=hint))
    empty = [
        f"{name} areas {when}"
        for name, rows in (("treated", t), ("comparison", ~t))
        for when, counts in (("before the start", before), ("after the start", after))
        if counts[rows].sum() == 0
    ]
    if empty:
        hint = "use a broader outcome or a longer window"
        what = f"no offences were recorded in {' and in '.join(empty)}, so the ratio cannot be estimated"
        problems.append(Problem(what, f"outcome {outcome}", hint=hint))
    if problems:
        raise MethodError(*problems)


def _estimate(
    outcome: str,
    level: float,
    arms: Arms,
    phases: tuple[np.ndarray, np.ndarray],
    log_level: np.ndarray,
    found: LevelAdjusted,
) -> Estimate:
    (before, after), t = phases, arms.treated
    t0, t1, c0, c1 = (float(y[rows].sum()) for rows in (t, ~t) for y in (before, after))
    bounds = wald(found.value, found.se, level, found.df)
    due = t1 * math.exp(-found.value)
    course = arms.counts[~t].sum(axis=0)
    extra = fit_blocks(arms.counts, t.astype(int), arms.post).dispersion
    middle = prevented(t1, found.value)
    saved = prevented_interval(t1, Expected(due, behind(t0, c0, c1), extra.phi), bounds, level)
    return Estimate(
        analysis="",
        role="exploratory",
        method=METHOD.name,
        outcome=outcome,
        estimand="rate ratio of treated areas after the start to what comparison areas predict for areas of their level",
        scale="log_rate_ratio",
        value=found.value,
        se=found.se,
        low=bounds.low,
        high=bounds.high,
        level=level,
        p=two_sided_p(found.value, found.se, found.df),
        inference=f"spread between areas (CR2), t with {found.df:.1f} degrees of freedom (Bell and McCaffrey)",
        events_prevented=None if middle is None else Interval(middle, saved.low, saved.high),
        n_treated=int(t.sum()),
        n_comparison=int((~t).sum()),
        n_pre=arms.n_pre,
        n_post=arms.n_post,
        path=path(arms, arms.counts[t].sum(axis=0), course * np.where(arms.post, due / c1, t0 / c0)),
        counts={"T0": t0, "T1": t1, "C0": c0, "C1": c1, "expected": due, "level_slope": found.slope}
        | ({} if extra.phi is None else {"phi": extra.phi}),
        notes=arms.notes + _notes(arms, log_level, found) + measured_limits(METHOD.name, arms, extra),
    )


def _notes(arms: Arms, log_level: np.ndarray, found: LevelAdjusted) -> tuple[str, ...]:
    t = arms.treated
    doubled = math.expm1(found.slope * math.log(2))
    apart = math.exp(float(log_level[t].mean() - log_level[~t].mean()))
    notes = [
        f"When areas were chosen, treated areas had {apart:.2f} times as many offences as comparison areas (ratio of "
        f"typical areas). An area with twice as many then went on to change by {abs(100 * doubled):.0f}% "
        f"{'less' if doubled < 0 else 'more'} than the other by itself; that is taken out.",
        "Assumes that this gradient is the same in both arms, and that areas of one level would have changed alike.",
    ]
    beyond = float((log_level[t] > log_level[~t].max()).mean())
    if beyond > 0:
        notes.append(
            f"{beyond:.0%} of the treated areas had more offences then than any comparison area: for them the gradient "
            "is carried on beyond where it was seen."
        )
    return tuple(notes)


METHOD = Method(
    name="level_adjusted_did",
    family="causal",
    design="panel",
    label="Difference-in-differences at like level",
    source="Rubin (1977) J. Educ. Stat. 2:1-26; Wooldridge (1999) J. Econometrics 90:77-97; Bell & McCaffrey (2002)",
    options=Options,
    fit=fit,
    adjusts_for=("unit", "period", "level"),
    needs_selection=True,
)
