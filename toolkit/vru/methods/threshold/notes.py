"""What must be said of a jump at a threshold: its assumptions, whom it is about, and where intervals were seen to fail."""

import numpy as np

from vru.methods.people.rows import Rows
from vru.methods.threshold.sample import Threshold
from vru.stats.bandwidth import Bandwidth
from vru.stats.weak_ratio import WeakRatio

FEW_NEAR = 100
FEW_SCORES = 20
FEW_EVENTS = 20
FEW_CLUSTERS = 30
WEAK = 10.0


def notes(t: Threshold, near: Rows, width: Bandwidth, ratio: WeakRatio | None, widened: bool) -> tuple[str, ...]:
    """Assumptions, whom the estimate is about, and what the data show."""
    noun = t.rows.noun
    said = [
        *t.rows.notes,
        f"The effect is that at the cutoff {t.cutoff:g} alone, from {noun} within {width.main:.3g} of it; it may differ for "
        f"{noun} far from it.",
        f"Assumes that nothing but eligibility changes abruptly at the cutoff, and that {noun} could not place themselves "
        "on one side of it: see density_at_cutoff, continuity_at_cutoff and placebo_cutoffs.",
        f"The value is the jump with its curvature bias taken off (bandwidth for the bias {width.pilot:.3g}), and the "
        "interval allows for that correction; the uncorrected jump is under components.",
    ]
    said += _receipt(t, ratio) + _scores(t, width, widened) + _limits(t, near)
    if t.rows.kind != "continuous":
        said.append(
            "Events prevented: the jump in the outcome times the eligible rows within the bandwidth, as if it were the same "
            "for all of them; nothing is claimed for those further away."
        )
    if t.rows.kind == "count" and t.rows.exposure is not None:
        said.append("Counts are analysed as events per unit of exposure, each row weighted by its exposure.")
    return tuple(said)


def _receipt(t: Threshold, ratio: WeakRatio | None) -> list[str]:
    if ratio is None:
        return [
            "Everybody eligible counts as treated and nobody else (sharp): receipt equals the rule, or is not recorded."
        ]
    said = [
        f"Receipt does not follow the rule for {int((t.received != t.rows.treated).sum()):,} rows (fuzzy): the value is "
        "the jump in the outcome over the jump in receipt, the effect on those whose receipt the cutoff decides. Assumes "
        "that eligibility changes the outcome through receipt alone, and puts nobody off."
    ]
    if ratio.shape != "interval":
        said.append(
            f"Receipt jumps too little at the cutoff (F {ratio.strength:.1f}) to bound the effect, so no interval is given. "
            "Read the jump in the outcome (component jump_in_outcome) instead."
        )
    elif ratio.strength < WEAK:
        said.append(
            f"Receipt jumps weakly at the cutoff (F {ratio.strength:.1f}, below {WEAK:.0f}); the Anderson-Rubin interval "
            "stays valid, the value itself is rough."
        )
    return said


def _scores(t: Threshold, width: Bandwidth, widened: bool) -> list[str]:
    said, fewest = [], min(t.distinct(width.main))
    if widened:
        said.append(
            "The bandwidth was widened until five distinct scores on each side carry weight; curvature may bias it."
        )
    if fewest < FEW_SCORES:
        said.append(
            f"Scores are lumpy: only {fewest} distinct scores on a side within the bandwidth. What lies between the last "
            "score and the cutoff is extrapolated, and the interval does not allow for a bend there: in simulation with 12 to "
            "20 distinct scores and a sharp bend it held the truth 87 to 89% of the time, and 11% claimed a jump wrongly."
        )
    return said


def _limits(t: Threshold, near: Rows) -> list[str]:
    said, sides = [], (near.treated, ~near.treated)
    fewest = int(min(s.sum() for s in sides))
    if fewest < FEW_NEAR:
        said.append(
            f"Only {fewest} {near.noun} of one side lie within the bandwidth. In simulation 95% intervals from so few held the "
            "truth 91 to 96% of the time, and 5 to 9% claimed a jump where there was none."
        )
    if near.kind != "continuous":
        events = int(min(near.y[s].sum() for s in sides))
        if events < FEW_EVENTS:
            said.append(
                f"Only {events} events of one side lie within the bandwidth. In simulation the 95% interval held the truth 77% "
                "of the time with two or three events on a side, and 88% with about seven: it is too narrow."
            )
    if t.rows.cluster is not None:
        groups = min(len(np.unique(t.rows.cluster[m])) for m in (t.rows.treated, ~t.rows.treated))
        if groups < FEW_CLUSTERS:
            said.append(
                f"One side has only {groups} clusters; below {FEW_CLUSTERS} their spread is itself badly known."
            )
    return said
