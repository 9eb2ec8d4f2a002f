"""Does the effect depend on setting or dose? Subgroups and meta-regression, only where there are enough evaluations."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from vru.errors import LibraryError, Problem
from vru.library.studies import Study
from vru.library.synthesis import FEWEST, Synthesis, arrays
from vru.stats.meta_regression import Coefficient, Knapp, Moderation, between_groups, regress
from vru.stats.pool import Pooled, pool
from vru.stats.robust import robust

FEWEST_FOR_DOSE = 10

SETTINGS: Mapping[str, Callable[[Study], str]] = {
    "unit_kind": lambda s: s.unit_kind,
    "design": lambda s: s.design,
    "method": lambda s: s.method,
    "strength": lambda s: "not rated" if s.rating is None else f"level {s.rating}",
    "outcome": lambda s: s.outcome,
}
"""Name -> the group of a study."""

DOSES: Mapping[str, Callable[[Study], float]] = {
    "months_after": lambda s: float(s.n_post),
    "areas_treated": lambda s: float(s.n_treated),
}
"""Name -> a number of a study: how long, and how widely. A dose that records do not hold comes as a table."""


@dataclass(frozen=True, slots=True)
class Group:
    """Studies with one value of a setting; pooled is None under three of them, or where they share data."""

    label: str
    references: tuple[str, ...]
    pooled: Pooled | None


@dataclass(frozen=True, slots=True)
class Moderated:
    """How the effect goes with a moderator. All on the log rate ratio.

    groups, between : for a setting. between : None unless two groups or more are pooled.
    slope, tau2, k : for a dose, change per unit of it; None under ten evaluations.
    refusal : why there is no test; empty where there is one. It compares evaluations, so a difference
        is an association between evaluations, never a proof of what a setting or dose does.
    """

    moderator: str
    groups: tuple[Group, ...]
    between: Moderation | None
    slope: Coefficient | None
    tau2: float | None
    k: int
    refusal: str


def moderated(synthesis: Synthesis, moderator: str, doses: Mapping[str, float] | None = None) -> Moderated:
    """Subgroups by a name in SETTINGS, or a regression on one in DOSES or on ``doses``.

    doses : ``organisation/id`` -> dose in a unit of the reader's own; studies without one are not used.
    Raises LibraryError where the moderator is not known.
    """
    if doses is not None:
        given = {s: doses[key] for s in synthesis.studies if (key := s.reference.partition("@")[0]) in doses}
        return _regressed(moderator, given, synthesis.level)
    if moderator in SETTINGS:
        return _grouped(synthesis, moderator)
    if moderator in DOSES:
        return _regressed(moderator, {s: DOSES[moderator](s) for s in synthesis.studies}, synthesis.level)
    known = ", ".join([*SETTINGS, *DOSES])
    raise LibraryError(Problem(f"{moderator!r} is not a setting or dose of the records", "--by", known))


def _grouped(synthesis: Synthesis, moderator: str) -> Moderated:
    members: dict[str, list[Study]] = {}
    for s in synthesis.studies:
        members.setdefault(SETTINGS[moderator](s), []).append(s)
    groups = tuple(_group(label, members[label], synthesis.level) for label in sorted(members))
    held = [g.pooled for g in groups if g.pooled is not None]
    apart = len({s.cluster for s in synthesis.studies}) == len(synthesis.studies)
    refusal, between = "", None
    if not apart:
        refusal = "evaluations share data, so groups are not independent"
    elif len(held) < 2:
        refusal = f"fewer than two groups have {FEWEST} evaluations"
    else:
        between = between_groups(np.array([p.value for p in held]), np.array([p.se for p in held]))
    return Moderated(moderator, groups, between, None, None, len(synthesis.studies), refusal)


def _group(label: str, studies: list[Study], level: float) -> Group:
    references = tuple(s.reference for s in studies)
    if len({s.cluster for s in studies}) < max(FEWEST, len(studies)):
        return Group(label, references, None)
    y, v = arrays(studies)
    return Group(label, references, pool(y, v, knapp_hartung="not_narrower", level=level))


def _regressed(moderator: str, doses: Mapping[Study, float], level: float) -> Moderated:
    studies = list(doses)
    labels, dose = [s.cluster for s in studies], np.array(list(doses.values()))
    independent = len(set(labels))
    if independent < FEWEST_FOR_DOSE:
        why = f"{independent} independent evaluations have it; {FEWEST_FOR_DOSE} are needed"
        return Moderated(moderator, (), None, None, None, len(studies), why)
    if np.ptp(dose) == 0:
        return Moderated(moderator, (), None, None, None, len(studies), "it is the same in all evaluations")
    y, v = arrays(studies)
    x = np.column_stack([np.ones(len(y)), dose])
    shared = independent < len(studies)
    knapp: Knapp = "no" if shared else "not_narrower"
    fit = regress(y, v, x, ("mean", moderator), knapp_hartung=knapp, level=level)
    slope = fit.coefficients[1]
    if shared:
        held = robust(fit, y, v, x, labels, level=level)[1]
        slope = Coefficient(moderator, held.value, held.se, held.low, held.high, held.p)
    return Moderated(moderator, (), None, slope, fit.spread.tau2, len(studies), "")
