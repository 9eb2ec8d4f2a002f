"""A design in words, for the terminal."""

import math
from collections.abc import Sequence

from vru.design.assurance import Assurance
from vru.design.designing import Leaks, Prospect, Rehearsal, Variant, net_of_displacement
from vru.words.effects import rate_change

DESIGNS = {
    "randomised": "areas drawn by lot",
    "panel": "areas over time, with comparison",
    "controlled_before_after": "before and after, with comparison",
    "before_after": "before and after, no comparison",
}


def lines(made: Rehearsal, prospects: Sequence[Prospect], others: Sequence[Variant], worth: float) -> list[str]:
    """What can be used, best first, with its power; why the rest cannot; and the best at other sizes."""
    own, had = made.planned, made.had
    told = [
        f"planned: {own.n_treated} treated and {own.n_comparison} comparison areas, {own.before} periods before and "
        f"{own.after} after the start",
        f"rehearsed on the {own.before} periods before it: {had.before} before and {had.after} after made-up starts",
        *_leaks(made.leaks),
        f"analyses, best first; power is for {rate_change(math.log(worth))}, which the plan calls worth while:",
    ]
    for place, p in enumerate(prospects, 1):
        told += _one(place, p, made.leaks)
    usable = [p for p in prospects if not p.reason]
    if usable and others:
        told.append(f"{usable[0].method} at other sizes (smallest fall seen with 80% power, power for the plan's):")
        told += [_variant(v, made.leaks) for v in others]
    if made.scene.lot is None:
        told.append(
            "next: the areas are not drawn by lot; vru lots would draw the arms, and no later analysis is as strong as that"
        )
    return told


def _one(place: int, p: Prospect, leaks: Leaks) -> list[str]:
    if p.reason:
        return [f"  -  {p.method}: cannot be used: {p.reason}"]
    assert p.rate is not None
    power = (
        "not known"
        if p.power is None
        else f"{_percent(p.power.share)} ({_percent(p.power.low)} to {_percent(p.power.high)})"
    )
    wolf = "; CLAIMS CHANGES WHERE NOTHING WAS DONE too often here" if p.cries_wolf else ""
    sizes = f"smallest fall {smallest(p.smallest_fall, leaks)}, rise {smallest(p.smallest_rise, leaks)}"
    return [
        f"  {place}. {p.method}, {DESIGNS.get(p.design, p.design)}: power {power}; {sizes}; false alarms "
        f"{_percent(p.rate.value)} of {p.replays} ({_percent(p.rate.low)} to {_percent(p.rate.high)}){wolf}"
    ]


def smallest(value: float | None, leaks: Leaks) -> str:
    """ "9.2%", "9.2% (7.4% net of what moves)" or that none that was tried is seen."""
    if value is None:
        return "larger than was tried"
    said = rate_change(value).removesuffix(" fewer").removesuffix(" more")
    if leaks.displacement and value < 0:
        net = rate_change(net_of_displacement(value, leaks)).removesuffix(" fewer")
        return f"{said} ({net} net of what moves elsewhere)"
    return said


def _variant(v: Variant, leaks: Leaks) -> str:
    power = "not known" if v.power is None else _percent(v.power)
    return (
        f"  {v.size.n_treated:4d} treated, {v.size.n_comparison:4d} comparison, {v.size.after:3d} periods after: "
        f"{smallest(v.smallest_fall, leaks)}, {power}"
    )


def _leaks(leaks: Leaks) -> list[str]:
    told = []
    if leaks.contamination:
        told.append(f"allowed for: {_percent(leaks.contamination)} of the effect reaches comparison areas")
    if leaks.displacement:
        told.append(f"allowed for: {_percent(leaks.displacement)} of what is prevented happens elsewhere instead")
    return told


def prior_lines(prior: Assurance | None, why_not: str, worth: float) -> list[str]:
    """What the library foretells, and whether this evaluation would find it."""
    if prior is None:
        return [f"assurance: none, as {why_not}"]
    return [
        f"assurance, from {prior.k} evaluations in the library, which foretell {rate_change(prior.low)} to "
        f"{rate_change(prior.high)} in one more area ({100 * prior.level:.0f}%):",
        f"  chance that it finds a good effect {_percent(prior.finds_good)}, a harm {_percent(prior.finds_harm)}",
        f"  chance that the effect is at least {rate_change(math.log(worth))}: {_percent(prior.is_worthwhile)}; found "
        f"{_percent(prior.finds_worthwhile)}, missed {_percent(prior.misses)}",
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"
