"""Weighted displacement difference (Wheeler & Ratcliffe 2018): net offences, with spill into buffers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.random import Generator
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from vru.errors import MethodError, Problem
from vru.methods.arms import Arms, common_window, path, take_arms, totals
from vru.methods.displaced.harm import Harm, Part, by_harm, refuse_unknown
from vru.methods.displaced.spread import change_by_area, spread_by_area, with_spread
from vru.methods.inference import TOO_NARROW, Inference
from vru.methods.limits import measured_limits
from vru.methods.method import Method, MethodOptions
from vru.panel import Panel, Role
from vru.results import Estimate, Interval
from vru.stats.blocks import fit_blocks
from vru.stats.by_area import Spread
from vru.stats.dispersion import Dispersion
from vru.stats.displacement import BeforeAfter, Difference, WeightedDisplacement, weighted_displacement
from vru.stats.intervals import two_sided_p, wald

ROLES: tuple[Role, ...] = ("treated", "comparison", "buffer", "buffer_comparison")


class AreaWeights(BaseModel):
    """Size of each group of units (for example square kilometres): its counts are divided by it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    treated: float = Field(1.0, gt=0)
    comparison: float = Field(1.0, gt=0)
    buffer: float = Field(1.0, gt=0)
    buffer_comparison: float = Field(1.0, gt=0)

    def of_role(self, role: str) -> float:
        """The size of the group of units with that role, in sizes of the treated group: whatever unit sizes are in, it goes."""
        return float(getattr(self, role)) / self.treated


class Options(MethodOptions):
    """How counts are weighed.

    ``variance``: by_area, from how differently areas changed; as_published, independent Poisson counts; overdispersed, the
    same times phi of the unit-months; auto is by_area where a group has two areas or more, else as_published.
    ``area_weights``: size of each group of units; the answer stays in offences of the treated areas. ``harm_weights``:
    outcome id -> harm of one offence; the answer is then the sum over these outcomes, in ``harm_unit``. ``harm_source``:
    where the weights are from (required with them).
    """

    variance: Annotated[
        Literal["auto", "by_area", "as_published", "overdispersed"],
        BeforeValidator(lambda given: "as_published" if given == "poisson" else given),
    ] = "auto"
    area_weights: AreaWeights = AreaWeights()
    harm_weights: dict[str, Annotated[float, Field(gt=0, le=1e6)]] = Field(default_factory=dict)
    harm_source: str = Field("", max_length=500)
    harm_unit: str = Field("units of harm", min_length=1, max_length=60)

    @model_validator(mode="after")
    def _sourced(self) -> "Options":
        if self.harm_weights and not self.harm_source.strip():
            raise ValueError("harm_weights need harm_source: whose weights they are, with edition and year")
        if not self.harm_weights and self.harm_source.strip():
            raise ValueError("harm_source is given and harm_weights is not")
        return self

    def by_area(self, roles: np.ndarray) -> bool:
        """Whether the error is that of the areas. roles : ``(n_units,)``."""
        several = any((roles == r).sum() > 1 for r in ROLES)
        return self.variance == "by_area" or (self.variance == "auto" and several)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Those that are weighted by harm."""
        return tuple(self.harm_weights)

    @property
    def unit(self) -> str:
        """Offences, or what a harm-weighted sum counts."""
        return self.harm_unit if self.harm_weights else "offences"


@dataclass(frozen=True, slots=True)
class _Answer:
    """parts : with the error of the variance chosen. spread : part -> its error by area; empty where that is not asked."""

    parts: WeightedDisplacement
    extra: Dispersion
    stretch: float
    time: float
    spread: Mapping[str, Spread]

    def df(self, part: str) -> float | None:
        """Degrees of freedom of a part's error, None for the normal law."""
        return self.spread[part].df if part in self.spread else None


def fit(panel: Panel, outcome: str, options: MethodOptions, rng: Generator) -> Estimate:
    """Change in treated units less change in comparison units, plus the same for buffers where there are any.

    Counts before are scaled to the number of months after, so the value is in offences over the
    months after; with ``harm_weights`` in units of harm, while offences prevented and the expected path stay
    those of ``outcome``. Raises MethodError without comparison units or with staggered starts, or where a
    weighted outcome is not in the panel.
    """
    opts = Options.model_validate(options.model_dump())
    harm = Harm(opts.harm_weights, opts.harm_unit, opts.harm_source.strip())
    if harm.weights:
        refuse_unknown(panel, outcome, harm)
    arms = common_window(take_arms(panel, outcome, ROLES, keep_empty=True))
    plain = _estimate(outcome, opts, arms, _answer(arms, opts))
    return by_harm(plain, harm, *_each_outcome(panel, opts)) if harm.weights else plain


def _answer(arms: Arms, opts: Options) -> _Answer:
    time = arms.n_pre / arms.n_post
    cells = {r: _cells(arms, r, opts.area_weights.of_role(r)) for r in ROLES}
    treated, comparison = cells["treated"], cells["comparison"]
    if treated is None or comparison is None:
        raise MethodError(Problem("this method needs treated and comparison units", where="units"))
    parts = weighted_displacement(treated, comparison, cells["buffer"], cells["buffer_comparison"], time=time)
    group = np.array([ROLES.index(r) for r in arms.role])
    extra = fit_blocks(arms.counts, group, arms.post).dispersion
    spread = (
        spread_by_area(change_by_area(arms, opts.area_weights.of_role), arms.role) if opts.by_area(arms.role) else {}
    )
    if opts.variance == "by_area" and not spread:
        hint = "use variance: as_published, whose interval is too narrow and says so"
        raise MethodError(Problem("no group has two areas that changed differently", where="units", hint=hint))
    stretch = float(np.sqrt(extra.inflation)) if opts.variance == "overdispersed" else 1.0
    return _Answer(with_spread(parts, spread), extra, stretch, time, spread)


def _each_outcome(panel: Panel, opts: Options) -> tuple[dict[str, Part], tuple[str, ...], dict[str, Spread]]:
    """The answer for each weighted outcome, those of which nothing at all was recorded, and the spread by area of the sum."""
    silent = tuple(o for o in opts.harm_weights if np.nansum(panel.counts[o][panel.is_role(*ROLES)]) == 0)
    found: dict[str, Part] = {}
    changes: list[np.ndarray] = []
    role = np.array([])
    for o in opts.harm_weights:
        if o not in silent:
            arms = common_window(take_arms(panel, o, ROLES, keep_empty=True))
            got = _answer(arms, opts)
            recorded = float(arms.counts[arms.treated].sum())
            found[o] = Part(got.parts, got.extra, got.stretch, recorded, bool(got.spread))
            changes.append(opts.harm_weights[o] * change_by_area(arms, opts.area_weights.of_role))
            role = arms.role
    together = spread_by_area(np.sum(changes, axis=0), role) if found and all(p.by_area for p in found.values()) else {}
    return found, silent, together


def _cells(arms: Arms, role: str, weight: float) -> BeforeAfter | None:
    found = totals(arms, role)
    return None if found is None else BeforeAfter(found.before, found.after, weight)


def _interval(answer: _Answer, name: str, level: float) -> Interval | None:
    part: Difference | None = getattr(answer.parts, name)
    if part is None:
        return None
    bounds = wald(part.value, part.se * answer.stretch, level, answer.df(name))
    return Interval(part.value, bounds.low, bounds.high)


def _infer(opts: Options, answer: _Answer) -> Inference:
    total, se, df = answer.parts.total, answer.parts.total.se * answer.stretch, answer.df("total")
    if df is not None:
        words = f"areas' own changes (variance between areas of each group), t with {df:.1f} degrees of freedom"
        return Inference(wald(total.value, se, opts.level, df), se, two_sided_p(total.value, se, df), words)
    words = "normal; independent Poisson counts, as published"
    if opts.variance == "overdispersed":
        words = "normal; Poisson variance times phi of the unit-months"
    return Inference(wald(total.value, se, opts.level), se, two_sided_p(total.value, se), words, (TOO_NARROW,))


def _expected(arms: Arms, opts: Options) -> np.ndarray:
    """Treated monthly mean before, plus comparison's monthly departure from its own mean before."""
    treated, comparison = (arms.counts[arms.role == r].sum(axis=0) for r in ("treated", "comparison"))
    scale = 1 / opts.area_weights.of_role("comparison")
    before = ~arms.post
    return np.asarray(treated[before].mean() + scale * (comparison - comparison[before].mean()))


def _estimate(outcome: str, opts: Options, arms: Arms, answer: _Answer) -> Estimate:
    parts, inference = answer.parts, _infer(opts, answer)
    components = {name: _interval(answer, name, opts.level) for name in ("local", "displacement", "total")}
    local = _interval(answer, "local", opts.level)
    assert local is not None  # every answer has a local part
    treated = arms.treated
    return Estimate(
        analysis="",
        role="exploratory",
        method=METHOD.name,
        outcome=outcome,
        estimand="net change in offences over the months after the start"
        + (", treated units and their buffers, less their controls" if parts.displacement else ", less comparison"),
        scale="count_difference",
        value=parts.total.value,
        se=inference.se,
        low=inference.bounds.low,
        high=inference.bounds.high,
        level=opts.level,
        p=inference.p,
        inference=inference.words,
        events_prevented=Interval(
            0.0 - local.value,
            None if local.high is None else 0.0 - local.high,
            None if local.low is None else 0.0 - local.low,
        ),
        n_treated=int(treated.sum()),
        n_comparison=int((arms.role == "comparison").sum()),
        n_pre=arms.n_pre,
        n_post=arms.n_post,
        path=path(arms, arms.counts[treated].sum(axis=0), _expected(arms, opts)),
        components={k: v for k, v in components.items() if v is not None},
        counts=_counts(arms, answer),
        notes=(
            *_notes(opts, arms, answer),
            *inference.notes,
            *measured_limits(METHOD.name, arms, answer.extra, independent_months=not answer.spread),
        ),
    )


def _counts(arms: Arms, answer: _Answer) -> dict[str, float]:
    counts = {"time_weight": answer.time}
    for letter, role in zip("TCDE", ROLES, strict=True):
        if (found := totals(arms, role)) is not None:
            counts |= {f"{letter}0": found.before, f"{letter}1": found.after}
    return counts if answer.extra.phi is None else counts | {"phi": answer.extra.phi}


def _notes(opts: Options, arms: Arms, answer: _Answer) -> tuple[str, ...]:
    parts, extra = answer.parts, answer.extra
    notes = [*arms.notes, "Assumes that without treatment counts would have changed by the same number in both arms."]
    if arms.n_pre != arms.n_post:
        notes.append(
            f"{arms.n_pre} months before and {arms.n_post} after: counts before were divided by "
            f"{answer.time:.3g}, their variance by its square."
        )
    if answer.spread and int(arms.treated.sum()) == 1:
        notes.append(
            "One treated unit: how much its change may vary is taken from the others. In simulation, four times as busy as they "
            "are, it raised 10 false alarms in 100 instead of 5."
        )
    if opts.area_weights != AreaWeights():
        size = opts.area_weights.treated
        value, error = (f"{v / size:,.4g}" for v in (parts.total.value, parts.total.se * answer.stretch))
        notes.append(
            "Groups of areas are of unlike size, which was allowed for: all figures are offences of the treated areas. "
            f"Per unit of area, as published, the value would be {value} with standard error {error}."
        )
    if parts.displacement is not None:
        notes.append("Offences prevented counts the treated units only; the value above is net of the buffers.")
        if not (arms.role == "buffer_comparison").any():
            notes.append("Buffers have no comparison of their own, so their whole change is taken as displaced.")
    treated, comparison = totals(arms, "treated"), totals(arms, "comparison")
    if treated and comparison and not 0.67 <= _size_ratio(treated.before, comparison.before, opts) <= 1.5:
        notes.append(
            "Comparison and treated units differ by more than half in offences before the start: equal change in "
            "numbers is then unlikely. Set area_weights, or use relative_rate_ratio."
        )
    if extra.phi is not None:
        notes.append(f"Unit-months vary {extra.phi:.2f} times as much as Poisson counts (phi, {extra.df} df).")
        if extra.phi > 1.2 and not answer.spread and opts.variance != "overdispersed":
            wide = wald(parts.total.value, parts.total.se * float(np.sqrt(extra.inflation)), opts.level)
            notes.append(f"Allowing for that the interval would be {wide.low:.1f} to {wide.high:.1f}.")
    return tuple(notes)


def _size_ratio(treated: float, comparison: float, opts: Options) -> float:
    weights = opts.area_weights
    return (comparison / weights.comparison) / max(treated / weights.treated, 1e-9)


METHOD = Method(
    name="weighted_displacement",
    family="causal",
    design="controlled_before_after",
    label="Weighted displacement difference",
    source="Wheeler & Ratcliffe (2018) Crime Science 7:11",
    options=Options,
    fit=fit,
)
