"""What several evaluations say together, as the site shows it: from the records that its audience may see."""

from collections.abc import Iterable, Sequence

from vru.library import StoredRecord
from vru.library.studies import current, domain
from vru.library.synthesis import Synthesis, syntheses
from vru.site import Audience, InterventionView, OutcomeView, Pooled
from vru.site.entries import may_see


def pooled_views(stored: Sequence[StoredRecord], audience: Audience, organisation: str) -> dict[str, InterventionView]:
    """Intervention type -> outcome by outcome, the pooled figure or why there is none."""
    seen = [s for s in stored if may_see(audience, organisation, s.record.audience, s.record.organisation)]
    names = _outcome_ids(seen)
    views: dict[str, dict[str, OutcomeView]] = {}
    for synthesis in syntheses(seen):
        held = views.setdefault(synthesis.intervention, {})
        for outcome in synthesis.outcomes:
            ids = sorted({i for s in synthesis.studies for i in names.get((s.reference, outcome), ())})
            for outcome_id in ids:
                held[outcome_id] = _joined(held.get(outcome_id), _view(outcome_id, ids, synthesis))
    return {kind: InterventionView(tuple(held[o] for o in sorted(held))) for kind, held in views.items()}


def _outcome_ids(stored: Iterable[StoredRecord]) -> dict[tuple[str, str], tuple[str, ...]]:
    """(record, word of the shared vocabulary) -> the ids under which the record's plan has it."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for record in current(stored).records:
        reference = f"{record.organisation}/{record.id}@v{record.version}"
        for outcome in record.outcomes:
            key = (reference, domain(outcome.id))
            found[key] = (*found.get(key, ()), outcome.id)
    return found


def _view(outcome_id: str, ids: Sequence[str], s: Synthesis) -> OutcomeView:
    rows = tuple(x.reference.rpartition("@")[0] for x in s.studies)
    if s.pooled is None or s.estimate is None:
        return OutcomeView(outcome_id, None, (), s.notes)
    if len(ids) > 1:
        reason = f"They are pooled with evaluations that call the outcome {' or '.join(ids)}: see vru library pool."
        return OutcomeView(outcome_id, None, (), (reason,))
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
    return OutcomeView(outcome_id, pooled, rows, s.notes)


def _joined(one: OutcomeView | None, other: OutcomeView) -> OutcomeView:
    """Two estimands of one outcome: the pooled one is shown, and what was not pooled with it is said."""
    if one is None:
        return other
    shown, rest = (one, other) if one.pooled is not None or other.pooled is None else (other, one)
    reason = "Other evaluations of this outcome estimate another quantity and are not pooled with these."
    refused = tuple(dict.fromkeys((*shown.refused, *rest.refused, reason)))
    return OutcomeView(shown.outcome, shown.pooled, shown.rows, refused)
