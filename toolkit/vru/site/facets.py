"""The facets of the search: what a record answers to each of seven questions."""

from collections.abc import Sequence
from dataclasses import dataclass

from vru.library.studies import domain
from vru.library.ways import of_record
from vru.site.entries import SiteRecord
from vru.site.results import (
    DIRECTIONS,
    STRENGTH,
    design_label,
    intervention_label,
    is_exercise,
    maryland,
    outcome_label,
    strength_words,
)
from vru.site.wording import SETTINGS, organisation_name, plain

FACETS = (
    ("intervention", "Kind of intervention"),
    ("outcome", "Outcome"),
    ("direction", "Direction of the main result"),
    ("rating", "Strength of design"),
    ("design", "Design"),
    ("setting", "Setting"),
    ("organisation", "Organisation"),
)
KINDS = {"real": "Evaluations", "literature": "Published literature", "exercise": "Exercises and demonstrations"}


@dataclass(frozen=True, slots=True)
class Facet:
    """One question and its answers as (code, words), in the order in which they are shown."""

    id: str
    label: str
    values: tuple[tuple[str, str], ...]


def answers(entry: SiteRecord) -> dict[str, tuple[tuple[str, str], ...]]:
    """What one record answers to each facet, as (code, words). Direction and rating are of the main result."""
    record = entry.record
    main = record.primary_effect
    rating = maryland(record, main.outcome) if main else None
    strength = strength_words(record, main.outcome) if main else "Not rated"
    shown = of_record(record, main)
    named = [*(o.id for o in record.outcomes), *(e.outcome for e in record.effects)]
    kind = "exercise" if is_exercise(record) else "literature" if record.literature else "real"
    return {
        "kind": ((kind, KINDS[kind]),),
        "intervention": ((record.intervention.type, plain(record.intervention.type)),),
        "outcome": tuple((o, outcome_label(o)) for o in dict.fromkeys(map(domain, named))),
        "direction": ((shown, DIRECTIONS[shown]),),
        "rating": ((f"level-{rating.level}" if rating else strength, strength),),
        "design": tuple((d, design_label(d)) for d in dict.fromkeys(record.design)),
        "setting": (
            (record.setting.unit_kind, SETTINGS.get(record.setting.unit_kind, plain(record.setting.unit_kind))),
        ),
        "organisation": ((record.organisation, organisation_name(record.organisation)),),
    }


def facets(given: Sequence[dict[str, tuple[tuple[str, str], ...]]]) -> tuple[Facet, ...]:
    """Every facet with every answer that a record gives; ratings from strong to weak, the rest by their words."""
    made = []
    for name, label in (("kind", "Show"), *FACETS):
        values = {pair for record in given for pair in record[name]}
        made.append(Facet(name, label, tuple(sorted(values, key=lambda v: _place(name, v)))))
    return tuple(made)


def searched_label(entry: SiteRecord) -> str:
    """What a search for a kind of intervention should find beside its name."""
    return intervention_label(entry.record.intervention.type)


def _place(facet: str, value: tuple[str, str]) -> tuple[int, str, str]:
    code, words = value
    fixed = {
        "direction": [*DIRECTIONS],
        "rating": [f"level-{n}" for n in sorted(STRENGTH, reverse=True)],
        "kind": [*KINDS],
    }
    order = fixed.get(facet, [])
    return (order.index(code) if code in order else len(order), words.lower(), code)
