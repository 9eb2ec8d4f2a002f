"""Other standards that readers use, answered for one estimate from its interval and its Maryland level; never self-declared.

Each standard is one ``Edition``: its title, when it was read, and what of it is used here. A standard that changes is a new
edition and a new rule in this file; a pack names the edition that it was answered by. What of a standard could not be
confirmed, or asks for more than one evaluation can have, is not answered and says so.
"""

from dataclasses import dataclass

from vru.results import Estimate

CREDIBLE = 3
"""Maryland level from which a comparison stands behind the figure."""


@dataclass(frozen=True, slots=True)
class Edition:
    """A standard as it was read: title, year and month of reading, and the definition in a sentence."""

    title: str
    read: str
    definition: str


@dataclass(frozen=True, slots=True)
class Standing:
    """One standard's answer: its value, why, and what would raise it ("" where nothing can)."""

    edition: Edition
    value: str
    why: str
    raise_it: str = ""


IMPACT = Edition(
    "Impact bands of the Youth Endowment Fund's Toolkit",
    "2026-11",
    "High: 30% or more less violence; moderate: 10 to 30%; low: 2 to 9%; no clear evidence",
)
NESTA = Edition(
    "Nesta Standards of Evidence, levels 1 to 3",
    "2026-11",
    "1: an account of impact; 2: data show positive change, not that it was brought about; 3: the same, with a control group",
)
EMMIE = Edition(
    "EMMIE, College of Policing",
    "2026-11",
    "Effect, mechanism, moderator, implementation, economics; rates systematic reviews of two or more studies",
)


def standards(e: Estimate, maryland: int, good_is_more: bool) -> tuple[Standing, ...]:
    """Every standard's answer for one estimate. ``maryland``: its level; ``good_is_more``: more of the outcome is good."""
    pooled = "one evaluation is no systematic review; the library's pooled figure is nearer to one"
    return (
        impact(e, maryland, good_is_more),
        nesta(e, maryland, good_is_more),
        Standing(EMMIE, "not rated", pooled, "two or more independent evaluations, reviewed with explicit methods"),
    )


def impact(e: Estimate, maryland: int, good_is_more: bool) -> Standing:
    """The band of the relative fall, given only where a comparison stands behind it and the interval leaves out no effect."""
    ratio = e.ratio
    if ratio is None:
        return Standing(
            IMPACT, "not in a band", "the bands are relative falls, and this is a difference", "a rate or risk ratio"
        )
    side = _side(e, good_is_more)
    if maryland < CREDIBLE:
        why = f"the Maryland level is {maryland}: the figure may not be the intervention's"
        return Standing(IMPACT, "no clear evidence", why, f"Maryland level {CREDIBLE} or more")
    if side == 0:
        return Standing(
            IMPACT,
            "no clear evidence",
            "the interval holds no effect, or there is none",
            "more areas, people or months",
        )
    if side < 0:
        return Standing(IMPACT, "harmful", "the change is for the worse, and its interval leaves out no effect")
    if good_is_more:
        return Standing(IMPACT, "not in a band", "the bands are of less violence, and here more is better")
    return _band(1 - ratio.value)


def _band(fall: float) -> Standing:
    said = f"{fall:.1%} less"
    # Between 9 and 10% the published bands leave a gap, which belongs to the lower one. A billionth is rounding.
    for least, name, better in (
        (0.30, "high", ""),
        (0.10, "moderate", "30% or more less"),
        (0.02, "low", "10% or more less"),
    ):
        if fall >= least - 1e-9:
            return Standing(IMPACT, name, said, better)
    return Standing(IMPACT, "below the lowest band", said, "2% or more less")


def nesta(e: Estimate, maryland: int, good_is_more: bool) -> Standing:
    """Levels 1 to 3. Those above ask for independent confirmation and replication, which one evaluation cannot have."""
    if _side(e, good_is_more) <= 0:
        return Standing(
            NESTA,
            "1",
            "the plan gives an account of impact; the data show no clear change for the better",
            "a clear change",
        )
    if maryland < CREDIBLE:
        why = f"the data show a change for the better; at Maryland level {maryland} no comparison stands behind it"
        return Standing(NESTA, "2", why, "a comparison whose checks hold, or a lot")
    why = "the data show a change for the better against a comparison whose checks hold"
    return Standing(NESTA, "3", why, "confirmation by somebody independent, and replication elsewhere")


def _side(e: Estimate, good_is_more: bool) -> int:
    """1: better, -1: worse, 0: the interval holds no effect or there is none."""
    if e.low is None or e.high is None or e.low <= 0 <= e.high:
        return 0
    return 1 if (e.value > 0) == good_is_more else -1
