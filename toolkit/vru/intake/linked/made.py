"""What is made of linked events: whether, how many, when first; and what was known before."""

from dataclasses import dataclass

import numpy as np

from vru.intake.linked.custody import Spells
from vru.intake.linked.events import People
from vru.intake.linked.follow import Follow, day_of
from vru.protocol.fields import Outcome
from vru.protocol.linked import Earlier, LinkedEvents

YEAR = 365.25
"""Days: rates are per person-year at risk."""
SOONEST = 0.5
"""Days at risk before an event of somebody who was not at risk for a whole day."""


@dataclass(frozen=True, slots=True)
class Values:
    """values : ``(n,)``, NaN where not observed. times : follow-up of counts (years) and of times (days), or None."""

    values: np.ndarray
    times: np.ndarray | None


def outcome(o: Outcome, plan: LinkedEvents, events: People, known: np.ndarray, found: Follow, held: Spells) -> Values:
    """One outcome. known : bool ``(n,)``, of whom the extract would hold an event if there was one."""
    days, n = o.days or found.days, len(found.ids)
    length = np.where(known, found.observed(plan.covers, days), 0.0)
    first = np.full(n, float(found.first_day))
    at, day = events.pick(o.filter)
    inside = (day >= found.first_day) & (day <= found.first_day + length[at] - 1)
    at, day = at[inside], day[inside]
    if o.kind == "binary":
        # Whoever was followed up for less than the whole time is not observed, with an event or without: to keep those with
        # one and drop those without would raise the share.
        any_ = np.bincount(at, minlength=n) > 0
        return Values(np.where(length == days, any_.astype(float), np.nan), None)
    if o.kind == "count":
        at_risk = (length - held.days(first, first + length - 1)) / YEAR
        return Values(
            np.where(at_risk > 0, np.bincount(at, minlength=n), np.nan), np.where(at_risk > 0, at_risk, np.nan)
        )
    soonest = np.full(n, np.inf)
    np.minimum.at(soonest, at, day)
    happened = np.isfinite(soonest)
    end = np.where(happened, soonest, first + length - 1)
    at_risk = (end - first + 1) - held.days(first, end)
    at_risk = np.where(happened, np.maximum(at_risk, SOONEST), at_risk)
    seen = at_risk > 0
    return Values(np.where(seen, happened.astype(float), np.nan), np.where(seen, at_risk, np.nan))


def earlier(plan: Earlier, source: LinkedEvents, events: People, known: np.ndarray, found: Follow) -> np.ndarray:
    """How many, or whether any, in the days before follow-up begins; NaN where the extract does not reach back so far."""
    at, day = events.pick(plan.filter)
    inside = (day < found.first_day) & (day >= found.first_day - plan.days)
    count = np.bincount(at[inside], minlength=len(found.ids)).astype(float)
    reaches = found.start + found.first_day - plan.days >= day_of(source.covers.first)
    return np.where(reaches & known, np.minimum(count, 1.0) if plan.kind == "any" else count, np.nan)
