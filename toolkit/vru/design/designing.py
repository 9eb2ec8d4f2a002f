"""Before an evaluation: which analyses its areas can support, what each could see, and with how many areas and how long."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from vru.binding import BoundAnalysis
from vru.calibration import Seen
from vru.design.calibrating import FEWEST_ANSWERED
from vru.design.placebos import Frame, Lot, Scene, before_only, lengths_before, scene_of
from vru.design.power import Curve, power_curve
from vru.design.replaying import Replayed
from vru.methods import METHODS
from vru.panel import Panel
from vru.stats.precision import Precision, precision
from vru.stats.replays import Share, share

STRENGTH = {"randomised": 4, "panel": 3, "controlled_before_after": 2, "before_after": 1}
"""Design of a method -> how much stands in its way, as the Maryland scale orders them."""
STANDARD = (
    "poisson_did",
    "weighted_displacement",
    "relative_rate_ratio",
    "controlled_interrupted_series",
    "interrupted_series",
    "before_after",
)
"""Methods whose power is worked out beside the plan's own."""
Drawn = tuple[Lot | None, tuple[tuple[str, ...], ...]]
SIZES, SPANS = (0.5, 1.0, 1.5, 2.0, 3.0), (0.5, 1.0, 1.5, 2.0)
FEWEST_IN_ARM = 4


@dataclass(frozen=True, slots=True)
class Leaks:
    """contamination : share of the (log) effect that reaches comparison areas. displacement : share of what is prevented
    that happens elsewhere instead."""

    contamination: float = 0.0
    displacement: float = 0.0


@dataclass(frozen=True, slots=True)
class Size:
    """How large an evaluation is: periods before and after the start, areas treated and compared."""

    before: int
    after: int
    n_treated: int
    n_comparison: int


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The plan's areas before the start, and the size that it asks for.

    scene : what replays are drawn from. had : the size of one replay there.
    """

    scene: Scene
    planned: Size
    had: Size
    spread: Precision
    leaks: Leaks


@dataclass(frozen=True, slots=True)
class Prospect:
    """What one analysis could do. reason : why it cannot be used here, else "".

    strength : of the design that it would carry, 1 to 4. rate : its false alarms in replays. power : to see the smallest
    effect that the plan calls worth while. smallest_fall, smallest_rise : log rate ratios seen with 80% power.
    """

    method: str
    label: str
    design: str
    strength: int
    reason: str
    replays: int = 0
    rate: Share | None = None
    power: Seen | None = None
    seen: tuple[Seen, ...] = ()
    smallest_fall: float | None = None
    smallest_rise: float | None = None

    @property
    def cries_wolf(self) -> bool:
        """Whether it claims changes where nothing was done more often than it says."""
        return self.rate is not None and self.rate.low > 0.05


@dataclass(frozen=True, slots=True)
class Variant:
    """The best analysis at another size: its smallest fall and rise seen with 80% power, and its power for the plan's effect."""

    size: Size
    smallest_fall: float | None
    smallest_rise: float | None
    power: float | None


def rehearsal(panel: Panel, outcome: str, lot: Drawn, n_post: int, leaks: Leaks) -> Rehearsal:
    """The time before the start as what replays are drawn from. ``panel`` holds nothing later.

    Raises MethodError where it is too short or too few areas are named.
    """
    start = panel.periods[-2]
    pretend = replace(panel, starts=tuple(start if r == "treated" else None for r in panel.role))
    scene = before_only(scene_of(pretend, outcome, *lot), n_post)
    frames: tuple[Frame, ...] = ("before",) if "before" in scene.frames else ("arms",)
    # Nothing has begun anywhere in it, so all of it is free.
    bare = replace(panel, starts=(None,) * len(panel.units))
    scene = replace(scene, panel=bare, n_pre=len(panel.periods), frames=frames)
    arms = panel.subset(panel.is_role("treated", "comparison"))
    n, m = (int(arms.is_role(r).sum()) for r in ("treated", "comparison"))
    before, after = lengths_before(len(panel.periods), n_post)
    counts = arms.counts[outcome]
    counts = counts[:, ~np.isnan(counts).any(axis=0)]
    planned = Size(len(panel.periods), n_post, n, m)
    return Rehearsal(scene, planned, Size(before, after, n, m), precision(counts), leaks)


def rehearsed_at(made: Rehearsal, *, longest: bool) -> Rehearsal:
    """The same rehearsal with the lengths that an analysis needing a long time before is replayed at."""
    before, after = lengths_before(made.planned.before, made.planned.after, longest=longest)
    return replace(made, had=replace(made.had, before=before, after=after))


def relative(made: Rehearsal, wanted: Size) -> float:
    """How large an effect must be at one size to be seen as easily as one put into a replay."""
    a, b = (
        (max(s.before, 1), max(s.after, 1), max(s.n_treated, 1), max(s.n_comparison, 1)) for s in (wanted, made.had)
    )
    return made.spread.relative_error(a, b) / (1 - made.leaks.contamination)


def prospect(
    analysis: BoundAnalysis, made: Rehearsal, replays: Sequence[Replayed], worth: float, effective: float
) -> Prospect:
    """What replays say of one analysis. worth : the ratio that the plan calls worth while."""
    answered = [r for r in replays if not r.refused]
    bare = bare_prospect(analysis.method.name, made, "")
    if len(answered) < FEWEST_ANSWERED:
        why = Counter(r.refused for r in replays if r.refused).most_common(1)
        return replace(bare, reason=why[0][0].rstrip(".") if why else "too few replays could be made")
    curve = curve_at(made, made.planned, answered, effective)
    return replace(
        bare,
        replays=len(answered),
        rate=share(sum(r.claimed for r in answered), len(answered), effective),
        power=seen_at(curve, worth),
        seen=curve.seen,
        smallest_fall=curve.smallest_fall,
        smallest_rise=curve.smallest_rise,
    )


def bare_prospect(method: str, made: Rehearsal, reason: str) -> Prospect:
    """A method without its replays."""
    m = METHODS[method]
    uses_lot = made.scene.lot is not None and m.design in ("panel", "controlled_before_after")
    design = "randomised" if uses_lot else m.design
    return Prospect(method, m.label, design, STRENGTH.get(design, 1), reason)


def curve_at(made: Rehearsal, size: Size, answered: Sequence[Replayed], effective: float) -> Curve:
    """The power curve that these replays foretell for one size."""
    return power_curve(answered, dict.fromkeys({r.frame for r in answered}, relative(made, size)), effective)


def seen_at(curve: Curve, ratio: float) -> Seen | None:
    """Power at one ratio, between those that were tried."""
    side = sorted((s for s in curve.seen if (s.ratio < 1) == (ratio < 1)), key=lambda s: abs(math.log(s.ratio)))
    if not side:
        return None
    at = [abs(math.log(s.ratio)) for s in side]
    x = abs(math.log(ratio))
    values = [float(np.interp(x, at, [getattr(s, name) for s in side])) for name in ("share", "low", "high")]
    return Seen(ratio, *(round(v, 4) for v in values))


def variants(made: Rehearsal, replays: Sequence[Replayed], worth: float, effective: float) -> tuple[Variant, ...]:
    """The same analysis with fewer and more areas, and followed for less and more time."""
    answered = [r for r in replays if not r.refused]
    own = made.planned
    areas = [
        replace(own, n_treated=round(f * own.n_treated), n_comparison=round(f * own.n_comparison))
        for f in SIZES
        if min(round(f * own.n_treated), round(f * own.n_comparison)) >= FEWEST_IN_ARM
    ]
    spans = [replace(own, after=max(1, round(f * own.after))) for f in SPANS]
    told = []
    for size in dict.fromkeys([*areas, *spans]):
        curve = curve_at(made, size, answered, effective)
        power = seen_at(curve, worth)
        told.append(Variant(size, curve.smallest_fall, curve.smallest_rise, None if power is None else power.share))
    return tuple(told)


def ranked(prospects: Sequence[Prospect]) -> tuple[Prospect, ...]:
    """Best first: usable, keeping to its own error rate, strong in design, seeing the smallest effect."""

    def key(p: Prospect) -> tuple[bool, bool, int, float, float]:
        fall = abs(p.smallest_fall) if p.smallest_fall is not None else math.inf
        return (bool(p.reason), p.cries_wolf, -p.strength, fall, -(p.power.share if p.power else 0.0))

    return tuple(sorted(prospects, key=key))


def net_of_displacement(log_ratio: float | None, leaks: Leaks) -> float | None:
    """The effect that is left once what moved elsewhere is counted back."""
    if log_ratio is None or log_ratio >= 0:
        return log_ratio
    return math.log(1 - (1 - math.exp(log_ratio)) * (1 - leaks.displacement))


def chances(powers: Mapping[float, float], rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Power as points on the log scale, with the chance of a claim where there is no effect shared by both sides."""
    points = {math.log(r): p for r, p in powers.items()} | {0.0: rate / 2}
    at = np.array(sorted(points))
    return at, np.array([points[x] for x in at.tolist()])
