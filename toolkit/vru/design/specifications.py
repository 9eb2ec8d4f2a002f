"""The registered question answered under every defensible set of choices, and all of them tested together by reassignment.

Source: Simonsohn, Simmons & Nelson (2020) Nature Human Behaviour 4 (specification curve and its joint test);
Steegen et al. (2016) Perspectives on Psychological Science 11.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from vru.binding import BoundAnalysis, Plan
from vru.curve import Joint, Specification, SpecificationCurve
from vru.design.choosing import Choice, Relabelled, chosen_panel, dimensions
from vru.disclosure.profiles import profile_of
from vru.errors import DataError, MethodError
from vru.evaluation import fit, stream
from vru.panel import Panel
from vru.protocol import Protocol
from vru.results import Estimate
from vru.stats.permutation import smallest_p
from vru.words.terms import terms_of

DRAWS_IN_BLOCK = 10
FEWEST_DRAWS = 199


@dataclass(frozen=True, slots=True)
class Spec:
    """One set of choices: the analysis to run, what to do to the panel first, and all of it in words."""

    analysis: BoundAnalysis
    choice: Choice
    words: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Curved:
    """A plan with the panels its choices need: buffer distance in metres -> panel; None is the plan's own."""

    plan: Plan
    panels: Mapping[float | None, Panel]

    @property
    def own(self) -> Panel:
        """The plan's own panel."""
        return self.panels[None]


def specs_of(plan: Plan) -> tuple[Spec, ...]:
    """Every set of choices, the registered one first."""
    found = []
    for picked in product(*dimensions(plan)):
        choice = Choice()
        words: list[tuple[str, str]] = []
        analysis = next(a for a in plan.analyses if a.plan.role == "primary")
        for step in picked:
            analysis, choice = step.apply(analysis, choice)
            words.append((step.dimension, step.words))
        found.append(Spec(analysis, choice, tuple(words)))
    return tuple(found)


def answer(data: Curved, spec: Spec) -> Specification:
    """One specification with its interval; refused where the method or the data say no."""
    words = dict(spec.words)
    try:
        panel = chosen_panel(data.panels, spec.choice, spec.analysis.plan.outcome, None)
        found = fit(data.plan.protocol, spec.analysis, panel)
    except (MethodError, DataError) as error:
        return Specification(words, None, refused=terms_of(data.plan.protocol).say(error.problems[0].what))
    log = as_log_ratio(found)
    if log is None:
        return Specification(words, None, refused="its answer is not a ratio of offences recorded to offences expected")
    return Specification(words, *log, found.p, small=_small(data.plan.protocol, found))


def as_log_ratio(found: Estimate) -> tuple[float, float | None, float | None] | None:
    """Log of recorded over expected in treated areas, whatever scale a method answers on; None where there is none."""
    if found.scale == "log_rate_ratio" and not found.per:
        return found.value, found.low, found.high
    saved, recorded = found.events_prevented, found.counts.get("T1", 0.0)
    if saved is None or recorded <= 0 or recorded + saved.value <= 0:
        return None

    def at(prevented: float | None) -> float | None:
        return None if prevented is None or recorded + prevented <= 0 else math.log(recorded / (recorded + prevented))

    return math.log(recorded / (recorded + saved.value)), at(saved.high), at(saved.low)


def _small(protocol: Protocol, found: Estimate) -> bool:
    profile = profile_of(protocol.disclosure)
    return any(profile.hides(found.counts[k]) for k in ("T0", "T1", "C0", "C1") if k in found.counts)


def in_joint(specs: Sequence[Spec]) -> tuple[int, ...]:
    """Positions of the specifications that areas called treated by lot can be put through: all without joined buffers."""
    return tuple(i for i, s in enumerate(specs) if s.choice.buffers is None)


def median_of_draws(data: Curved, specs: Sequence[Spec], block: int, draws: int) -> list[float | None]:
    """The median answer for each reassignment of one block; None where no specification answers.

    Which area is called treated is drawn; everything else that is known of it stays with it.
    """
    rng = stream(data.plan.protocol.seed, f"specifications/{block}")
    swap = np.flatnonzero(data.own.is_role("treated", "comparison"))
    found: list[float | None] = []
    for _ in range(min(DRAWS_IN_BLOCK, draws - block * DRAWS_IN_BLOCK)):
        slot = np.arange(len(data.own.units))
        slot[swap] = rng.permutation(swap)
        values = [v for i in in_joint(specs) if (v := _point(data, specs[i], Relabelled(slot))) is not None]
        found.append(float(np.median(values)) if values else None)
    return found


def _point(data: Curved, spec: Spec, labels: Relabelled) -> float | None:
    """The answer alone, with as few draws of a method's own as it takes."""
    options = spec.analysis.options
    if getattr(options, "draws", 0) > FEWEST_DRAWS:
        options = options.model_copy(update={"draws": FEWEST_DRAWS})
    try:
        panel = chosen_panel(data.panels, spec.choice, spec.analysis.plan.outcome, labels)
        found = fit(data.plan.protocol, replace(spec.analysis, options=options), panel)
    except (MethodError, DataError):
        return None
    log = as_log_ratio(found)
    return None if log is None else log[0]


def curve(
    data: Curved, specs: Sequence[Spec], points: Sequence[Specification], medians: Sequence[float | None]
) -> SpecificationCurve:
    """Points and draws put together."""
    wanted = data.plan.protocol.specifications
    assert wanted is not None  # without it there are no specs
    names = [name for name, _ in specs[0].words]
    varied = tuple(n for n in names if len({dict(s.words)[n] for s in specs}) > 1)
    level = specs[0].analysis.options.level
    return SpecificationCurve(level, wanted.why, tuple(points), _joint(data, specs, points, medians), varied=varied)


def _joint(
    data: Curved, specs: Sequence[Spec], points: Sequence[Specification], medians: Sequence[float | None]
) -> Joint | None:
    values = [v for i in in_joint(specs) if (v := points[i].value) is not None]
    if not values or not medians:
        return None
    seen, drawn = float(np.median(values)), [m for m in medians if m is not None]
    arms = data.own.is_role("treated")[data.own.is_role("treated", "comparison")]
    enough = smallest_p(arms) <= 0.05 and len(drawn) >= 19
    p = (1 + sum(abs(m) >= abs(seen) - 1e-12 for m in drawn)) / (1 + len(drawn)) if enough else None
    selection = data.plan.protocol.units.selection
    lots = selection is not None and selection.assign is not None
    return Joint(seen, len(values), len(drawn), p, lots)
