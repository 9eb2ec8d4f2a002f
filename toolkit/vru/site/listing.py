"""Rows and groups for the home page, the list of all records and the search index."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from vru.record import LearningRecord
from vru.site.entries import SiteRecord
from vru.site.literature_page import rating_elsewhere
from vru.site.wording import EffectText, effect_text, measure_of, organisation_name, plain, rating_of, reported_text

_SEARCHED_CHARACTERS = 4000


@dataclass(frozen=True, slots=True)
class Row:
    """One record in one line: its primary effect and how strong the evidence is. ``href`` is from the site's root."""

    href: str
    title: str
    organisation: str
    intervention: str
    measure: str
    size: str
    interval: str
    reading: str
    rating: str
    disclaimer: str
    published_on: str


@dataclass(frozen=True, slots=True)
class Group:
    """One intervention type and its records, all of them, whatever they found."""

    name: str
    anchor: str
    rows: tuple[Row, ...]


def row(entry: SiteRecord) -> Row:
    """Put one record in one line."""
    record = entry.record
    outcome, text = _headline(record)
    rating = rating_of(record, outcome)
    return Row(
        href=entry.folder + "index.html",
        title=record.title,
        organisation=organisation_name(record.organisation),
        intervention=plain(record.intervention.type),
        measure=measure_of(record, outcome),
        size=text.size,
        interval=text.interval,
        reading=text.reading,
        rating=rating.label if rating else rating_elsewhere(record),
        disclaimer=record.disclaimer,
        published_on=entry.published_on,
    )


def _headline(record: LearningRecord) -> tuple[str, EffectText]:
    """The outcome and words of the main result; of literature without an effect, the first published figure."""
    effect = record.primary_effect
    if effect is not None:
        text = effect_text(effect)
        made = "; computed here from published counts" if record.literature else ""
        return effect.outcome, replace(text, reading=text.reading + made)
    # The record's own rules: whatever has no effect is a literature record, and that reports something.
    first = record.literature.reported[0] if record.literature else None
    text = (
        EffectText("no result", "no interval reported", "", "not reported") if first is None else reported_text(first)
    )
    return (first.outcome if first else ""), text


def group_rows(rows: Sequence[Row]) -> tuple[Group, ...]:
    """Gather rows by intervention type, in alphabetical order."""
    names = sorted({r.intervention for r in rows})
    return tuple(
        Group(name, f"type-{i}", tuple(r for r in rows if r.intervention == name)) for i, name in enumerate(names, 1)
    )


def search_script(entries: Sequence[SiteRecord]) -> str:
    """The searchable text of the records as a classic script, so that it loads from a network drive.

    Escaped to ASCII and without "<", so that no record can end the script or be read as markup.
    """
    documents = [{"id": i, **asdict(row(e)), "text": _searched(e.record)} for i, e in enumerate(entries)]
    text = json.dumps(documents, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
    return f"window.VRU_RECORDS = {text};\n"


def _searched(record: LearningRecord) -> str:
    parts = [
        record.id,
        record.summary,
        record.intervention.name,
        record.template,
        *record.design,
        *(o.measure for o in record.outcomes),
        *(e.method for e in record.effects),
        record.setting.population,
        record.setting.comparator,
        *record.learning.model_dump().values(),
        *record.intervention.items.values(),
        *(r.statement for r in (record.literature.reported if record.literature else [])),
        *(c.text for c in (record.literature.citations if record.literature else [])),
    ]
    return " ".join(parts)[:_SEARCHED_CHARACTERS]
