"""What must be said of an effect got from an offer: its assumptions, who refused, and where intervals were seen to fail."""

import numpy as np

from vru.methods.offers.sample import Offers
from vru.stats.weak_ratio import WeakRatio

WEAK = 10.0
FEW_CLUSTERS = 30


def notes(o: Offers, found: WeakRatio, bounded: bool, level: float) -> tuple[str, ...]:
    """Assumptions, compliance, weakness of the offer, and limits that the data show."""
    noun = o.rows.noun
    said = [
        *o.rows.notes,
        f"The effect is that on compliers: those who take part because of the offer, {o.uptake[0] - o.uptake[1]:.0%} of "
        f"the {noun}. Nobody can point to them, and others may respond differently.",
        "Assumes that the offer was as good as random given strata and covariates, that it changes the outcome through "
        "taking part alone (exclusion: the data cannot show this), and that it puts nobody off (monotonicity).",
        _compliance(o),
    ]
    said += _strength(found, bounded, level) + _limits(o)
    if o.rows.kind == "count" and o.rows.exposure is not None:
        said.append("Counts are analysed as events per unit of exposure, each row weighted by its exposure.")
    if o.rows.kind != "continuous":
        said.append(
            "Events prevented: the effect of the offer times the rows offered, which is the effect times the compliers "
            "among them; its interval does not depend on how strongly the offer moves receipt."
        )
    return tuple(said)


def _compliance(o: Offers) -> str:
    offered, others = o.uptake
    text = f"{offered:.0%} of those offered and {others:.0%} of the others took part."
    if others == 0:
        return (
            text + " Nobody without an offer did (one-sided noncompliance), so the effect is that on all who took part "
            "and monotonicity holds by itself."
        )
    if offered == 1:
        return (
            text
            + " Nobody with an offer refused, so the effect is that on all who would not have taken part without it."
        )
    return text


def _strength(found: WeakRatio, bounded: bool, level: float) -> list[str]:
    if not bounded:
        gap = found.gap
        excluded = (
            f" The data exclude only effects from {gap.low:.3g} to {gap.high:.3g}." if gap.low is not None else ""
        )
        return [
            f"The offer moved receipt too little (F {found.strength:.1f}) to bound the effect: at {level:.0%} no value can "
            f"be ruled out on at least one side, so no interval is given.{excluded} Read the effect of the offer instead."
        ]
    if found.strength < WEAK:
        return [
            f"The offer moved receipt weakly (F {found.strength:.1f}, below {WEAK:.0f}). The Anderson-Rubin interval stays "
            "valid; the estimate itself is drawn towards the unadjusted comparison, and its standard error is rough."
        ]
    return []


def _limits(o: Offers) -> list[str]:
    rows, said = o.rows, []
    sides = (rows.treated, ~rows.treated)
    if rows.kind == "binary":
        fewest = min(int(min(rows.y[s].sum(), (1 - rows.y[s]).sum())) for s in sides)
        if fewest < 10:
            said.append(
                f"An arm has only {fewest} {rows.noun} with the rarer outcome; intervals on the scale of risks are rough there."
            )
    if rows.cluster is not None:
        groups = len(np.unique(rows.cluster))
        if groups < FEW_CLUSTERS:
            said.append(f"There are only {groups} clusters; below {FEW_CLUSTERS} their spread is itself badly known.")
    return said
