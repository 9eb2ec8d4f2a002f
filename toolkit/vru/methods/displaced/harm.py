"""Displacement differences of several kinds of offence, each weighted by its harm and added up."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from vru.errors import MethodError, Problem
from vru.panel import Panel
from vru.results import Estimate, Interval
from vru.stats.by_area import Spread
from vru.stats.dispersion import Dispersion
from vru.stats.displacement import Difference, WeightedDisplacement, harm_weighted
from vru.stats.intervals import two_sided_p, wald

FEW = 10.0
"""Offences of the kind that decides a sum, in treated units, below which the normal interval was measured to fail."""


@dataclass(frozen=True, slots=True)
class Harm:
    """Outcome id -> harm of one offence, in ``unit``; source says whose weights they are."""

    weights: Mapping[str, float]
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class Part:
    """The answer for one outcome, in offences; errors are to be multiplied by ``stretch``.

    recorded : offences of that kind in treated units, before and after together. by_area : whether the errors are of the areas.
    """

    parts: WeightedDisplacement
    extra: Dispersion
    stretch: float
    recorded: float
    by_area: bool = False

    def of(self, name: str) -> Difference | None:
        """The part of that name, its error stretched; None where there are no buffers."""
        found: Difference | None = getattr(self.parts, name)
        return None if found is None else Difference(found.value, found.se * self.stretch)


def refuse_unknown(panel: Panel, outcome: str, harm: Harm) -> None:
    """Raises MethodError where a weighted outcome is not in the panel, or the analysis's own is not weighted."""
    known = ", ".join(sorted(panel.counts))
    problems = [
        Problem(f"there is no outcome {o}", where="options.harm_weights", allowed=known)
        for o in harm.weights
        if o not in panel.counts
    ]
    if outcome not in harm.weights:
        problems.append(
            Problem(
                f"the analysis is registered for {outcome}, which has no weight",
                where="options.harm_weights",
                allowed=", ".join(harm.weights),
                hint="weigh it too, or register the analysis for an outcome that is weighed",
            )
        )
    if problems:
        raise MethodError(*problems)


def by_harm(
    plain: Estimate, harm: Harm, found: Mapping[str, Part], silent: tuple[str, ...], joint: Mapping[str, Spread]
) -> Estimate:
    """The estimate of the analysis's own outcome with value, interval and parts summed in units of harm.

    found : answer by outcome. silent : outcomes without a single offence. Offences prevented, counts and path
    stay those of the analysis's own outcome. joint : part -> its spread over areas, kinds of offence together; empty where
    errors are not of the areas.
    """
    total = _sum(harm, found, "total")
    assert total is not None  # every answer has one
    own = joint.get("total", Spread(total.se, np.inf))
    df = own.df if np.isfinite(own.df) else None
    bounds = wald(total.value, own.se, plain.level, df)
    named = {part: _sum(harm, found, part) for part in ("local", "displacement", "total")}
    named |= {f"{o}, {harm.weights[o]:g} each": _sum(harm, {o: found[o]}, "total") for o in found}
    kinds = f"{harm.unit}, summed over {len(harm.weights)} kinds of offence,"
    return replace(
        plain,
        estimand=plain.estimand.replace("offences", kinds),
        value=total.value,
        se=own.se,
        low=bounds.low,
        high=bounds.high,
        p=two_sided_p(total.value, own.se, df),
        inference=_words(plain, joint),
        components={k: _interval(v, plain.level, joint.get(k)) for k, v in named.items() if v is not None},
        unit=harm.unit,
        notes=(*plain.notes, *_notes(plain.level, harm, found, total, silent)),
    )


def _sum(harm: Harm, found: Mapping[str, Part], name: str) -> Difference | None:
    parts = {o: d for o, p in found.items() if (d := p.of(name)) is not None}
    if not parts:
        return None
    return harm_weighted(np.array([harm.weights[o] for o in parts]), tuple(parts.values()))


def _words(plain: Estimate, joint: Mapping[str, Spread]) -> str:
    if "total" not in joint:
        return f"{plain.inference}; kinds of offence independent"
    return f"areas' own changes, kinds of offence together, t with {joint['total'].df:.1f} degrees of freedom"


def _interval(part: Difference, level: float, spread: Spread | None) -> Interval:
    bounds = wald(part.value, part.se, level) if spread is None else wald(part.value, spread.se, level, spread.df)
    return Interval(part.value, bounds.low, bounds.high)


def _notes(
    level: float, harm: Harm, found: Mapping[str, Part], total: Difference, silent: tuple[str, ...]
) -> tuple[str, ...]:
    weights = ", ".join(f"{o} {w:g}" for o, w in harm.weights.items())
    notes = [
        f"Harm of one offence in {harm.unit}: {weights}. Source of the weights: {harm.source}.",
        "Offences prevented, counts, other notes and the path by month are of the analysis's own outcome, unweighted. "
        "The sum takes the kinds of offence as distinct: an offence counted in two of them counts twice.",
    ]
    if len(found) > 1 and total.se > 0:
        share = {o: (harm.weights[o] * p.parts.total.se * p.stretch / total.se) ** 2 for o, p in found.items()}
        most = max(share, key=lambda o: share[o])
        rest = total.value - harm.weights[most] * found[most].parts.total.value
        notes.append(
            f"{most} carries {share[most]:.0%} of the variance of the sum; without it the sum is {rest:,.0f}. A few "
            "offences of great harm can decide a weighted sum: read it beside the counts."
        )
        if found[most].recorded < FEW:
            notes.append(
                f"Treated units recorded {found[most].recorded:.0f} of {most} in all. In simulation with a rare kind of great "
                "weight in one treated area the test claimed an effect in 6 to 13 of 100 cases without one."
            )
    if silent:
        notes.append(f"Nothing was recorded of {', '.join(silent)}, which adds nothing to the sum.")
    return (*notes, *_loud(level, harm, found, total))


def _loud(level: float, harm: Harm, found: Mapping[str, Part], total: Difference) -> tuple[str, ...]:
    """What the interval would be with each kind's own extra variation, where it was not allowed for."""
    loud = [
        o
        for o, p in found.items()
        if p.stretch == 1 and not p.by_area and p.extra.phi is not None and p.extra.phi > 1.2
    ]
    if not loud:
        return ()
    wide = math.sqrt(sum((harm.weights[o] * p.parts.total.se) ** 2 * p.extra.inflation for o, p in found.items()))
    bounds = wald(total.value, wide, level)
    return (
        f"Counts of {', '.join(loud)} vary more than Poisson counts; allowing for that the interval of the sum would be "
        f"{bounds.low:,.1f} to {bounds.high:,.1f}.",
    )
