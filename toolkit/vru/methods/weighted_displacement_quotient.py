"""Weighted displacement quotient (Bowers & Johnson 2003): did the buffers gain or lose by what was done next door?"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import Generator

from vru.errors import MethodError, Problem
from vru.methods.arms import Arms, Totals, common_window, path, take_arms, totals
from vru.methods.inference import TOO_NARROW
from vru.methods.limits import measured_limits
from vru.methods.method import Method, MethodOptions
from vru.panel import Panel, Role
from vru.results import Estimate, Interval
from vru.stats.blocks import fit_blocks
from vru.stats.by_area import change_dispersion
from vru.stats.dispersion import Dispersion
from vru.stats.displacement_quotient import (
    Cells,
    Change,
    Quotient,
    change,
    gross_effect,
    net_effect,
    quotient,
)
from vru.stats.intervals import quantile

ROLES: tuple[Role, ...] = ("treated", "buffer", "comparison")


class Options(MethodOptions):
    """``variance``: by_area, times phi of the areas' changes or of the unit-months, whichever is larger; as_published, times phi
    of the unit-months; auto is by_area where a group has two areas or more.
    """

    variance: Literal["auto", "by_area", "as_published"] = "auto"


@dataclass(frozen=True, slots=True)
class _Found:
    local: Change
    spill: Change
    total: Change
    gross: Change
    quotient: Quotient
    net: float


def fit(panel: Panel, outcome: str, options: MethodOptions, rng: Generator) -> Estimate:
    """Total net effect in offences (below 0 = fewer), with the quotient, the gross and the net effect beside it.

    Raises MethodError without comparison units or buffers, with staggered starts, or where the comparison
    recorded nothing before or nothing after the start.
    """
    arms = common_window(take_arms(panel, outcome, ROLES, keep_empty=True))
    groups = [totals(arms, role) for role in ROLES]
    treated, buffer, comparison = groups
    if treated is None or buffer is None or comparison is None:
        raise MethodError(
            Problem(
                "this method needs buffers round the treated units and there are none",
                where="units.buffers",
                hint="give units the role buffer, or use weighted_displacement, which can do without",
            )
        )
    _refuse_silence(comparison, outcome)
    group = np.array([ROLES.index(r) for r in arms.role])
    extra = fit_blocks(arms.counts, group, arms.post).dispersion
    phi, df, by_area = _variation(Options.model_validate(options.model_dump()), arms, group, extra)
    cells = Cells(
        treated.before,
        treated.after,
        buffer.before,
        buffer.after,
        comparison.before,
        comparison.after,
        phi,
        df,
        arms.n_pre / arms.n_post,
    )
    return _estimate(outcome, options.level, arms, cells, _find(cells, options.level), extra, by_area)


def _variation(opts: Options, arms: Arms, group: np.ndarray, extra: Dispersion) -> tuple[float, float | None, bool]:
    """How many times Poisson's the counts vary, the degrees of freedom of that, and whether areas were asked."""
    after = arms.counts[:, arms.post].sum(axis=1)
    areas = change_dispersion(arms.counts.sum(axis=1) - after, after, group)
    if opts.variance == "as_published" or (opts.variance == "auto" and areas is None):
        return extra.inflation, extra.df if extra.df > 0 else None, False
    if areas is None:
        hint = "use variance: as_published, whose interval is too narrow and says so"
        raise MethodError(Problem("no group has two areas with offences", where="units", hint=hint))
    return max(areas.phi, extra.inflation), float(areas.df), True


def _refuse_silence(comparison: Totals, outcome: str) -> None:
    if min(comparison.before, comparison.after) > 0:
        return
    side = "before" if comparison.before == 0 else "after"
    raise MethodError(
        Problem(
            f"no offences were recorded in comparison units {side} the start, and this method divides by them",
            where=f"outcome {outcome}",
            hint="use weighted_displacement, which is a difference of counts, or a broader outcome",
        )
    )


def _find(cells: Cells, level: float) -> _Found:
    return _Found(
        change(cells.r0, cells.r1, cells, level),
        change(cells.d0, cells.d1, cells, level),
        change(cells.r0 + cells.d0, cells.r1 + cells.d1, cells, level),
        gross_effect(cells, level),
        quotient(cells, level),
        net_effect(cells),
    )


def _estimate(
    outcome: str, level: float, arms: Arms, cells: Cells, found: _Found, extra: Dispersion, by_area: bool
) -> Estimate:
    course = arms.counts[arms.role == "comparison"].sum(axis=0)
    parts = {"local": found.local, "displacement": found.spill, "total": found.total, "gross": found.gross}
    local, total = found.local, found.total
    low, high = total.low, total.high
    of = f"the areas' changes, {cells.phi:.2f}" if by_area else "the unit-months"
    law = f"t with {cells.df} degrees of freedom" if cells.df else "normal; Poisson, no repeated months"
    return Estimate(
        analysis="",
        role="exploratory",
        method=METHOD.name,
        outcome=outcome,
        estimand="net change in offences over the months after the start, treated units and their buffers together, "
        "against the same proportional change as in comparison units",
        scale="count_difference",
        value=total.value,
        se=(high - low) / (2 * quantile(level)),
        low=low,
        high=high,
        level=level,
        p=total.p,
        inference=f"limits of recorded and expected numbers combined (quasi-Poisson phi of {of}); {law}; "
        "quotient by Fieller's interval",
        events_prevented=Interval(0.0 - local.value, 0.0 - local.high, 0.0 - local.low),
        n_treated=int(arms.treated.sum()),
        n_comparison=int((arms.role == "comparison").sum()),
        n_pre=arms.n_pre,
        n_post=arms.n_post,
        path=path(arms, arms.counts[arms.treated].sum(axis=0), np.asarray(course * cells.r0 / cells.c0)),
        components={k: Interval(v.value, v.low, v.high) for k, v in parts.items()},
        counts=_counts(cells, found, extra),
        notes=_notes(arms, cells, found, extra, level)
        + (() if by_area else (TOO_NARROW,))
        + measured_limits(METHOD.name, arms, extra, independent_months=not by_area),
    )


def _counts(cells: Cells, found: _Found, extra: Dispersion) -> dict[str, float]:
    counts = {"T0": cells.r0, "T1": cells.r1, "D0": cells.d0, "D1": cells.d1, "C0": cells.c0, "C1": cells.c1}
    counts["net_effect"] = found.net
    ends = {"quotient": found.quotient.value, "quotient_low": found.quotient.bounds.low}
    ends["quotient_high"] = found.quotient.bounds.high
    counts |= {k: v for k, v in ends.items() if v is not None}
    return counts if extra.phi is None else counts | {"phi": extra.phi}


def _notes(arms: Arms, cells: Cells, found: _Found, extra: Dispersion, level: float) -> tuple[str, ...]:
    notes = [
        *arms.notes,
        "Assumes that without treatment treated units, buffers and comparison would have changed by the same "
        "proportion.",
        _quotient_words(found, level),
        "The standard error is the one implied by the interval (its width over twice the normal quantile).",
        f"Net effect: treated offences per comparison offence fell by {found.net:.3f} (below 0: rose). The gross "
        "part is the treated units' own change, with nothing taken off.",
    ]
    if arms.n_pre != arms.n_post:
        notes.append(
            f"{arms.n_pre} months before and {arms.n_post} after: the comparison's change carries the difference in "
            f"length; for the gross part counts before were divided by {cells.time:.3g}."
        )
    empty = [k for k, v in (("treated units", cells.r0), ("buffers", cells.d0)) if v == 0]
    if empty:
        notes.append(f"Nothing was recorded before the start in {' and in '.join(empty)}; 0.5 served for the limits.")
    if extra.phi is not None:
        notes.append(f"Unit-months vary {extra.phi:.2f} times as much as Poisson counts (phi, {extra.df} df).")
    return tuple(notes)


def _quotient_words(found: _Found, level: float) -> str:
    value, low, high = found.quotient.value, found.quotient.bounds.low, found.quotient.bounds.high
    if value is None:
        return (
            "Treated units did no better than the comparison, so the displacement quotient has no meaning and is not "
            "given: there is no effect whose displacement or diffusion could be measured."
        )
    if low is None or high is None:
        return (
            f"Displacement quotient {_two(value)}, without an interval: the treated units' own effect is not clear of "
            "zero, so that any quotient fits these data. Nothing can be said of displacement from it."
        )
    said = f"Displacement quotient {_two(value)} ({100 * level:g}% interval {_two(low)} to {_two(high)}; the interval is this "
    return f"{said}toolkit's, as none is published): {_class(low, high)}."


def _two(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}"


def _class(low: float, high: float) -> str:
    """Bowers and Johnson's classes, only as far as the whole interval lies in one."""
    if low > 1:
        return "the benefit to the buffers exceeds that to the treated units"
    if low > 0:
        return "the benefit spread to the buffers" + (", by less than it was in treated units" if high < 1 else "")
    if high < -1:
        return "displacement exceeds the effect"
    if high < 0:
        return "offences moved to the buffers" + (", fewer than were prevented" if low > -1 else "")
    if low > -1:
        return "neither displacement nor diffusion is shown, but displacement of the whole effect is ruled out"
    return "the interval does not tell displacement from diffusion"


METHOD = Method(
    name="weighted_displacement_quotient",
    family="causal",
    design="controlled_before_after",
    label="Weighted displacement quotient",
    source="Bowers & Johnson (2003) Journal of Quantitative Criminology 19; Fieller (1954); Zou & Donner (2008)",
    options=Options,
    fit=fit,
)
