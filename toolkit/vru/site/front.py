"""The pages that are not one record's: home, search, lists, interventions, map of evidence, areas, methods, news."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from vru.site.areas import Boundaries, area_map, area_rows
from vru.site.entries import SiteRecord
from vru.site.frame import Frame
from vru.site.gap_map import gap_map
from vru.site.intervention_page import InterventionPage, intervention_pages
from vru.site.listing import row
from vru.site.markdown import to_html
from vru.site.paging import cuts, pagination
from vru.site.results import DIRECTIONS, KEY, is_exercise
from vru.site.search_data import part_count, search_facets
from vru.site.syntheses import InterventionView

Page = tuple[str, str | bytes]
NEWEST = 5
TABLE_ROWS = 200
LESSONS = 20


@dataclass(frozen=True, slots=True)
class MethodRow:
    """One line of the methods register: how many current records use a method. ``first`` is its card's first sentence."""

    name: str
    first: str
    evaluations: int
    exercises: int
    carded: bool


def front_pages(
    frame: Frame,
    entries: Sequence[SiteRecord],
    current: Sequence[SiteRecord],
    cards: Mapping[str, str],
    notices: Sequence[str],
    contact: str,
    syntheses: Mapping[str, InterventionView],
    boundaries: Boundaries | None,
) -> Iterator[Page]:
    """Every page that gathers records; ``entries`` are all versions, ``current`` those that stand."""
    kinds = intervention_pages(current, syntheses)
    yield _home(frame, entries, current, kinds, notices)
    yield _search(frame, current)
    yield from _list(frame, current)
    yield "compare.html", frame.page("compare.html", "compare.html", parts=part_count(len(current)))
    yield from _kinds(frame, kinds)
    yield "gap-map.html", frame.page("gap_map.html", "gap-map.html", map=gap_map(kinds), key=KEY)
    yield _areas(frame, current, boundaries)
    yield _methods(frame, current, cards)
    yield from _news(frame, entries)
    yield (
        "accessibility.html",
        frame.page("accessibility.html", "accessibility.html", contact=contact, built=frame.built),
    )


def _home(
    frame: Frame,
    entries: Sequence[SiteRecord],
    current: Sequence[SiteRecord],
    kinds: Sequence[InterventionPage],
    notices: Sequence[str],
) -> Page:
    real = [e for e in current if not is_exercise(e.record) and not e.record.literature]
    retold = sum(e.record.literature is not None for e in current)
    counts = {
        "records": len(real),
        "organisations": len({e.record.organisation for e in real}),
        "types": sum(bool(k.evaluations or k.literature) for k in kinds),
        "literature": retold,
        "exercises": len(current) - len(real) - retold,
        "retracted": sum(e.status == "retracted" for e in entries),
    }
    return "index.html", frame.page(
        "home.html",
        "index.html",
        kinds=[k for k in kinds if k.evaluations or k.literature],
        exercises=[row(e) for e in current if is_exercise(e.record)],
        newest=[row(e) for e in real[:NEWEST]],
        counts=counts,
        notices=notices,
        key=KEY,
    )


def _search(frame: Frame, current: Sequence[SiteRecord]) -> Page:
    return "search.html", frame.page(
        "search.html",
        "search.html",
        rows=[row(e) for e in current[: TABLE_ROWS // 4]],
        total=len(current),
        facets=search_facets(current),
    )


def _list(frame: Frame, current: Sequence[SiteRecord]) -> Iterator[Page]:
    for cut in cuts("all", len(current)):
        root = "../" * cut.path.count("/")
        yield (
            cut.path,
            frame.page(
                "all.html",
                cut.path,
                "search.html",
                cut=cut,
                rows=[row(e) for e in current[cut.first : cut.last]],
                pagination=pagination("all", cut, "Pages of the list", root),
            ),
        )


def _kinds(frame: Frame, kinds: Sequence[InterventionPage]) -> Iterator[Page]:
    for kind in kinds:
        yield (
            kind.path,
            frame.page(
                "intervention.html",
                kind.path,
                "index.html",
                kind=kind,
                key=KEY,
                directions=DIRECTIONS,
                table_rows=TABLE_ROWS,
                lessons=LESSONS,
            ),
        )


def _areas(frame: Frame, current: Sequence[SiteRecord], boundaries: Boundaries | None) -> Page:
    rows = area_rows(current, boundaries)
    drawn = area_map(rows, boundaries) if boundaries else None
    return "areas.html", frame.page("areas.html", "areas.html", rows=rows, map=drawn, boundaries=boundaries)


def _methods(frame: Frame, current: Sequence[SiteRecord], cards: Mapping[str, str]) -> Page:
    used: dict[str, list[SiteRecord]] = {name: [] for name in cards}
    for entry in current:
        for name in dict.fromkeys(e.method for e in entry.record.effects):
            used.setdefault(name, []).append(entry)
    register = [
        MethodRow(
            name,
            _first_sentence(cards.get(name, "")),
            sum(not is_exercise(e.record) and not e.record.literature for e in found),
            sum(is_exercise(e.record) for e in found),
            name in cards,
        )
        for name, found in used.items()
    ]
    methods = [(name, to_html(card, name)) for name, card in cards.items()]
    return "methods.html", frame.page("methods.html", "methods.html", methods=methods, register=register)


def _first_sentence(card: str) -> str:
    lines = [line for line in card.strip().split("\n\n") if line and not line.startswith(("#", "|", "-", "$", "<"))]
    words = " ".join(lines[0].split()) if lines else ""
    return re.split(r"(?<=\.)\s", words)[0].replace("`", "").replace("*", "") if words else ""


def _news(frame: Frame, entries: Sequence[SiteRecord]) -> Iterator[Page]:
    retracted = [row(e) for e in entries if e.status == "retracted"]
    for cut in cuts("new", len(entries)):
        root = "../" * cut.path.count("/")
        yield (
            cut.path,
            frame.page(
                "new.html",
                cut.path,
                "new.html",
                cut=cut,
                changes=[(row(e), e) for e in entries[cut.first : cut.last]],
                retracted=retracted if cut.at == 1 else [],
                pagination=pagination("new", cut, "Pages of changes", root),
            ),
        )
