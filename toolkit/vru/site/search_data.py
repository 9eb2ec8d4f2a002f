"""What the search and compare pages load: classic scripts, so that they work from a network drive."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from vru.record import Effect, LearningRecord
from vru.site.entries import SiteRecord
from vru.site.facets import Facet, answers, facets, searched_label
from vru.site.listing import row
from vru.site.record_page import LEARNING, record_view
from vru.site.results import (
    DIRECTIONS,
    Result,
    intervention_label,
    is_exercise,
    key_of,
    kind_path,
    outcome_label,
    result_of,
)
from vru.site.search_index import index_json
from vru.site.wording import PREREGISTERED, VERDICT, plain

FIELDS = ("title", "text")
PER_PART = 100
_SEARCHED_CHARACTERS = 4000
_SHOWN_CHARACTERS = 700


def search_scripts(current: Sequence[SiteRecord]) -> dict[str, str | bytes]:
    """``assets/search-data.js`` with facets and rows, ``assets/search-index.js`` with the index of their words."""
    given = [answers(e) for e in current]
    made = facets(given)
    places = {f.id: {code: i for i, (code, _) in enumerate(f.values)} for f in made}
    data = {
        "facets": [asdict(f) for f in made],
        "kinds": [kind_path(code) for f in made if f.id == "intervention" for code, _ in f.values],
        "records": [_row(e, a, places) for e, a in zip(current, given, strict=True)],
    }
    index = index_json([_texts(e) for e in current], FIELDS)
    return {
        "assets/search-data.js": script("VRU_SEARCH", data),
        "assets/search-index.js": f"window.VRU_INDEX = {_quoted(index)};\n",
    }


def search_facets(current: Sequence[SiteRecord]) -> tuple[Facet, ...]:
    """The facets as the search page lists them."""
    return facets([answers(e) for e in current])


def compare_scripts(current: Sequence[SiteRecord]) -> dict[str, str | bytes]:
    """Records for the compare page, in parts of about ``PER_PART`` that are loaded when one is chosen."""
    n = part_count(len(current))
    parts: list[dict[str, Any]] = [{} for _ in range(n)]
    for entry in current:
        # A published figure without an interval has nothing to draw beside others.
        if entry.record.primary_effect is not None:
            key = key_of(entry.record)
            parts[part_of(key, n)][key] = _compared(entry, entry.record.primary_effect)
    return {f"assets/compare/{i}.js": _part(i, content) for i, content in enumerate(parts)}


def part_count(records: int) -> int:
    """How many parts hold ``records`` records; at least one."""
    return max(1, round(records / PER_PART))


def part_of(key: str, parts: int) -> int:
    """The part that holds a record; ``assets/compare.js`` computes the same."""
    found = 0
    for character in key:
        found = (found * 31 + ord(character)) % 1_000_003
    return found % parts


def script(name: str, content: Any) -> str:
    """A classic script that sets ``window.name``; from JSON in a string, which browsers read fastest."""
    return f"window.{name} = JSON.parse({_quoted(_json(content))});\n"


def _part(number: int, content: Any) -> str:
    return f"(window.VRU_COMPARE = window.VRU_COMPARE || {{}})[{number}] = JSON.parse({_quoted(_json(content))});\n"


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=True, separators=(",", ":"))


def _quoted(text: str) -> str:
    # ASCII and without "<", so that no record can end the script or be read as markup.
    escaped = text.replace("<", "\\u003c").replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _row(
    entry: SiteRecord, given: dict[str, tuple[tuple[str, str], ...]], places: dict[str, dict[str, int]]
) -> list[Any]:
    line = row(entry)
    return [
        key_of(entry.record),
        entry.record.version,
        line.title,
        line.published_on,
        f"{line.measure}: {line.size} ({line.interval}). {line.reading}.",
        line.disclaimer,
        [[places[name][code] for code, _ in given[name]] for name in places],
    ]


def _texts(entry: SiteRecord) -> tuple[str, str]:
    record = entry.record
    outcomes = dict.fromkeys([*(o.id for o in record.outcomes), *(e.outcome for e in record.effects)])
    names = [
        record.title,
        plain(record.intervention.type),
        searched_label(entry),
        row(entry).organisation,
        *(o.measure for o in record.outcomes),
        *(outcome_label(o) for o in outcomes),
    ]
    return " ".join(names), _searched(record)


def _searched(record: LearningRecord) -> str:
    parts = [
        record.id,
        record.intervention.name,
        record.summary,
        record.template,
        *record.design,
        *(e.method for e in record.effects),
        record.setting.population,
        record.setting.comparator,
        *record.learning.model_dump().values(),
        *record.intervention.items.values(),
        *(r.statement for r in (record.literature.reported if record.literature else [])),
        *(c.text for c in (record.literature.citations if record.literature else [])),
    ]
    return " ".join(parts)[:_SEARCHED_CHARACTERS]


def _compared(entry: SiteRecord, effect: Effect) -> dict[str, Any]:
    record = entry.record
    view = record_view(entry, frozenset(), frozenset())
    main = result_of(entry, effect.outcome)
    verdicts = [f"{n} {VERDICT[v].lower()}" for v in VERDICT if (n := sum(f.verdict == v for f in record.findings))]
    outcomes = dict.fromkeys(e.outcome for e in record.effects)
    label = intervention_label(record.intervention.type)
    facts = [
        ("Kind of intervention", plain(record.intervention.type) + (f": {label}" if label else "")),
        ("What was done", record.intervention.name),
        *(pair for pair in view.tidier if pair[0] == "When it ran"),
        *((name, text) for name, text in view.setting),
        ("Registered plan", PREREGISTERED[record.preregistered]),
        ("Strength of design", main.strength),
        ("Checks", ", ".join(verdicts) or "none recorded"),
        *((LEARNING[name], getattr(record.learning, name)) for name in LEARNING),
    ]
    return {
        "href": main.href,
        "title": record.title,
        "organisation": main.organisation,
        "disclaimer": record.disclaimer,
        "exercise": is_exercise(record),
        "main": _drawn(main),
        "others": [_drawn(result_of(entry, o)) for o in outcomes if o != main.outcome],
        "facts": [(name, _clip(text)) for name, text in facts],
    }


def _drawn(result: Result) -> dict[str, Any]:
    effect = result.effect
    return {
        "outcome": outcome_label(result.outcome),
        "measure": _clip(result.measure),
        "scale": effect.scale,
        "estimate": effect.estimate,
        "low": effect.ci_low,
        "high": effect.ci_high,
        "size": result.text.size,
        "span": result.text.span,
        "interval": result.text.interval,
        "reading": result.text.reading,
        "direction": DIRECTIONS[result.direction],
        "prevented": result.text.prevented,
    }


def _clip(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1].rstrip() + "…"
