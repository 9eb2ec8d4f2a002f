"""Relative incident rate ratio (Wilson 2022): treated change over comparison change, from four totals."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import Generator
from pydantic import Field

from vru.errors import MethodError, Problem
from vru.methods.arms import Arms, Totals, common_window, path, take_arms, totals
from vru.methods.did.inference import Ask, Regular, choose, infer_regular
from vru.methods.inference import TOO_NARROW, Inference
from vru.methods.limits import measured_limits
from vru.methods.method import Method, MethodOptions
from vru.panel import Panel
from vru.results import Estimate, Interval
from vru.stats.blocks import fit_blocks
from vru.stats.dispersion import Dispersion
from vru.stats.few_prevented import Expected, behind, prevented_interval
from vru.stats.intervals import Bounds, prevented, two_sided_p, wald
from vru.stats.ratios import RelativeRatio, relative_rate_ratio


class Options(MethodOptions):
    """``variance``: by_area, from how differently areas changed (reassignment under 40 areas an arm, else cluster-robust);
    as_published, Wilson's formula with phi of the unit-months; auto is by_area where an arm has two areas or more.

    ``draws``: of reassignment.
    """

    variance: Literal["auto", "by_area", "as_published"] = "auto"
    draws: int = Field(9999, ge=199, le=200_000)


@dataclass(frozen=True, slots=True)
class _Cells:
    treated: Totals
    comparison: Totals


def fit(panel: Panel, outcome: str, options: MethodOptions, rng: Generator) -> Estimate:
    """``ln(T1/T0) - ln(C1/C0)``; interval from how differently areas changed, or Wilson's formula where there are but totals.

    Raises MethodError without comparison units, with staggered starts, or where an arm has no offences.
    """
    opts = Options.model_validate(options.model_dump())
    arms = common_window(take_arms(panel, outcome, ("treated", "comparison")))
    treated, comparison = totals(arms, "treated"), totals(arms, "comparison")
    if treated is None or comparison is None:
        raise MethodError(Problem("this method needs treated and comparison units", where="units"))
    if comparison.before == 0:
        raise MethodError(
            Problem(
                "no offences were recorded in comparison units before the start, so their change is not known",
                where=f"outcome {outcome}",
                hint="use weighted_displacement, which is a difference of counts, a broader outcome, or more comparison units",
            )
        )
    extra = fit_blocks(arms.counts, arms.treated.astype(int), arms.post).dispersion
    found = relative_rate_ratio(treated.before, treated.after, comparison.before, comparison.after, extra.inflation)
    cells = _Cells(treated, comparison)
    if opts.variance == "by_area" or (opts.variance == "auto" and len(arms.units) > 2):
        return _estimate(outcome, opts, arms, cells, found, extra, _by_area(opts, arms, found, rng))
    return _estimate(outcome, opts, arms, cells, found, extra, _as_published(opts, cells, found, extra))


def _by_area(opts: Options, arms: Arms, found: RelativeRatio, rng: Generator) -> Inference:
    if found.added:
        why = "No interval: the ratio is that of an added half, and areas cannot be told apart by it."
        return Inference(Bounds(None, None), None, None, "none", (why,))
    before, after = arms.counts[:, ~arms.post].sum(axis=1), arms.counts[:, arms.post].sum(axis=1)
    mode = choose("auto", int(arms.treated.sum()), int((~arms.treated).sum()), regular=True)
    data = Regular(before, after, arms.treated, len(arms.periods))
    return infer_regular(mode, data, Ask(found.log_ratio, found.se, opts.level, opts.draws), rng)


def _as_published(opts: Options, cells: _Cells, found: RelativeRatio, extra: Dispersion) -> Inference:
    if min(cells.comparison.before, cells.comparison.after) == 0:
        why = "No interval and no p-value: the comparison's change is that of the added half, which no data support."
        return Inference(Bounds(None, None), None, None, "none", (why, TOO_NARROW))
    df = extra.df if extra.df > 0 else None
    law = f"t with {df} degrees of freedom" if df else "normal; Poisson, no repeated months to measure variation"
    return Inference(
        wald(found.log_ratio, found.se, opts.level, df),
        found.se,
        two_sided_p(found.log_ratio, found.se, df),
        f"Wilson's variance with quasi-Poisson phi of the unit-months; {law}",
        (TOO_NARROW,),
    )


def _estimate(
    outcome: str,
    opts: Options,
    arms: Arms,
    cells: _Cells,
    found: RelativeRatio,
    extra: Dispersion,
    answer: Inference,
) -> Estimate:
    # What 0.5 in place of nothing is multiplied up to is no number of offences.
    countable = min(cells.comparison.before, cells.comparison.after) > 0
    course = arms.counts[~arms.treated].sum(axis=0)
    expected = course * (cells.treated.before + found.added) / (cells.comparison.before + found.added)
    return Estimate(
        analysis="",
        role="exploratory",
        method=METHOD.name,
        outcome=outcome,
        estimand="rate ratio after/before in treated units over that in comparison units",
        scale="log_rate_ratio",
        value=found.log_ratio,
        se=answer.se,
        low=answer.bounds.low,
        high=answer.bounds.high,
        level=opts.level,
        p=answer.p,
        inference=answer.words,
        events_prevented=_prevented(cells, found, extra, answer, opts.level) if countable else None,
        n_treated=cells.treated.units,
        n_comparison=cells.comparison.units,
        n_pre=arms.n_pre,
        n_post=arms.n_post,
        path=path(arms, arms.counts[arms.treated].sum(axis=0), np.asarray(expected)) if countable else (),
        counts=_counts(cells, extra),
        notes=(*_notes(arms, cells, found, extra), *answer.notes, *_limits(answer, arms, extra)),
    )


def _prevented(
    cells: _Cells, found: RelativeRatio, extra: Dispersion, answer: Inference, level: float
) -> Interval | None:
    """Offences that the comparison's change leads to expect, less those recorded."""
    t, c = cells.treated, cells.comparison
    due = (t.before + found.added) * (c.after + found.added) / (c.before + found.added)
    middle = prevented(t.after, found.log_ratio) if t.after and not found.added else due - t.after
    saved = prevented_interval(
        t.after, Expected(due, behind(t.before, c.before, c.after), extra.phi), answer.bounds, level
    )
    return None if middle is None else Interval(middle, saved.low, saved.high)


def _limits(answer: Inference, arms: Arms, extra: Dispersion) -> tuple[str, ...]:
    """What was measured of the interval given: that of the areas needs no independent months."""
    return measured_limits(METHOD.name, arms, extra, independent_months=TOO_NARROW in answer.notes)


def _phases(t: Totals) -> tuple[tuple[str, float], ...]:
    return ("before the start", t.before), ("after the start", t.after)


def _counts(cells: _Cells, extra: Dispersion) -> dict[str, float]:
    t, c = cells.treated, cells.comparison
    counts = {"T0": t.before, "T1": t.after, "C0": c.before, "C1": c.after}
    return counts if extra.phi is None else counts | {"phi": extra.phi}


def _notes(arms: Arms, cells: _Cells, found: RelativeRatio, extra: Dispersion) -> tuple[str, ...]:
    notes = [
        *arms.notes,
        "Assumes that without treatment both arms would have changed by the same proportion.",
        f"Relative effect size (Farrington and Welsh; above 1 = fewer offences): {math.exp(-found.log_ratio):.3f}.",
    ]
    if arms.n_pre != arms.n_post:
        notes.append(
            f"{arms.n_pre} months before and {arms.n_post} after, the same months in both arms, so their number "
            "cancels in the ratio of ratios."
        )
    if found.added:
        arms_of = (("treated", cells.treated), ("comparison", cells.comparison))
        empty = [f"{arm} units {when}" for arm, t in arms_of for when, n in _phases(t) if n == 0]
        notes.append(
            f"Nothing was recorded in {' and in '.join(empty)}, so 0.5 was added to all four counts: the ratio is rough, "
            "and its size is largely that of the 0.5. weighted_displacement needs nothing added."
        )
        if any(n == 0 for _, n in _phases(cells.comparison)):
            notes.append("Without a comparison count in both periods no number of offences prevented is given.")
    if extra.phi is not None:
        floor = " Taken as 1, because less than Poisson is chance." if extra.phi < 1 else ""
        notes.append(f"Unit-months vary {extra.phi:.2f} times as much as Poisson counts (phi, {extra.df} df).{floor}")
    return tuple(notes)


METHOD = Method(
    name="relative_rate_ratio",
    family="causal",
    design="controlled_before_after",
    label="Relative incident rate ratio",
    source="Wilson (2022) Journal of Quantitative Criminology 38",
    options=Options,
    fit=fit,
)
