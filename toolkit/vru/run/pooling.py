"""What several evaluations say together, as the site shows it: from the records that its audience may see."""

import shlex
from collections.abc import Sequence

from vru.library import StoredRecord
from vru.library.expectation import events_in_words, expect, read_baseline
from vru.library.synthesis import Synthesis, syntheses
from vru.site import Audience, InterventionView, OutcomeView, Pooled
from vru.site.entries import may_see
from vru.site.syntheses import Expected, ExpectedLine

BASELINES = (60, 250, 1000)
"""Events a year: a hot spot, a town centre, a city. A reader's own counts go to ``vru library expect``."""


def pooled_views(stored: Sequence[StoredRecord], audience: Audience, organisation: str) -> dict[str, InterventionView]:
    """Intervention type -> outcome by outcome (in the shared vocabulary), the pooled figure or why there is none."""
    seen = [s for s in stored if may_see(audience, organisation, s.record.audience, s.record.organisation)]
    views: dict[str, dict[str, OutcomeView]] = {}
    for synthesis in syntheses(seen, thorough=False):
        held = views.setdefault(synthesis.intervention, {})
        for outcome in synthesis.outcomes:
            held[outcome] = _joined(held.get(outcome), _view(outcome, synthesis))
    return {kind: InterventionView(tuple(held[o] for o in sorted(held))) for kind, held in views.items()}


def _view(outcome: str, s: Synthesis) -> OutcomeView:
    rows = tuple(x.reference.rpartition("@")[0] for x in s.studies)
    if s.pooled is None or s.estimate is None:
        return OutcomeView(outcome, None, (), s.notes)
    pooled = Pooled(
        scale="log_rate_ratio",
        k=len(s.studies),
        estimate=s.estimate.value,
        low=s.estimate.low,
        high=s.estimate.high,
        prediction_low=s.prediction.low if s.prediction else None,
        prediction_high=s.prediction.high if s.prediction else None,
        tau2=s.pooled.spread.tau2,
        i2=s.pooled.spread.i2,
        words=s.sentence,
        level=s.level,
    )
    return OutcomeView(outcome, pooled, rows, s.notes, _expected(s))


def _expected(s: Synthesis) -> Expected:
    """What ``vru library expect`` answers for a few baselines, so that a page can say it without a script."""
    found = [expect(s, read_baseline([events], 12)) for events in BASELINES]
    first = found[0]
    command = (
        f"vru library expect --library LIBRARY --intervention {shlex.quote(s.intervention)} "
        f"--outcome {shlex.quote(s.outcomes[0])} --baseline EVENTS --months 12"
    )
    return Expected(
        f"The chance that the effect there goes the good way is {_percent(first.p_benefit)}, "
        f"and that it reaches {first.smallest:.0%} is {_percent(first.p_worthwhile)}.",
        f"The chance that it goes the wrong way is {_percent(first.p_harm)}.",
        tuple(
            ExpectedLine(
                f"{e.baseline.events:,.0f}",
                events_in_words(e.prevented.middle),
                f"{events_in_words(e.prevented.low)} to {events_in_words(e.prevented.high)}",
                "cannot be found out"
                if e.to_find_smallest is None or e.to_find_smallest.areas is None
                else f"about {e.to_find_smallest.areas:,} such areas with it and as many without, a year before and a year after",
            )
            for e in found
        ),
        command,
    )


def _percent(p: float) -> str:
    return "under 1%" if p < 0.005 else "over 99%" if p > 0.995 else f"{p:.0%}"


def _joined(one: OutcomeView | None, other: OutcomeView) -> OutcomeView:
    """Two estimands of one outcome: the pooled one is shown, and what was not pooled with it is said."""
    if one is None:
        return other
    shown, rest = (one, other) if one.pooled is not None or other.pooled is None else (other, one)
    reason = "Other evaluations of this outcome estimate another quantity and are not pooled with these."
    refused = tuple(dict.fromkeys((*shown.refused, *rest.refused, reason)))
    return OutcomeView(shown.outcome, shown.pooled, shown.rows, refused)
