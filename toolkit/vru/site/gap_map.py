"""The map of evidence: kinds of intervention against outcomes, with how many evaluations and how strong."""

from collections.abc import Sequence
from dataclasses import dataclass

from vru.library.vocabulary import VOCABULARIES
from vru.site.intervention_page import InterventionPage, outcomes_in_order, section_label
from vru.site.results import STRENGTH, Result, intervention_label, strongest
from vru.site.wording import plain


@dataclass(frozen=True, slots=True)
class Cell:
    """Evaluations and published reports on one outcome; ``href`` (from the site's root) is empty where there is none."""

    count: int
    published: int
    strength: str
    href: str


@dataclass(frozen=True, slots=True)
class GapRow:
    """One kind of intervention and its cells, in the order of the columns."""

    name: str
    label: str
    href: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class GapMap:
    """The table: ``columns`` are outcomes in words; ``empty`` names kinds of which the library holds nothing."""

    columns: tuple[str, ...]
    rows: tuple[GapRow, ...]
    empty: tuple[str, ...]


def gap_map(pages: Sequence[InterventionPage]) -> GapMap:
    """Lay every kind with an evaluation or a published report against every outcome that one of them has.

    Violence comes first, then the outcomes of which most is known.
    """
    totals: dict[str, int] = {}
    for page in pages:
        for outcome in page.outcomes:
            totals[outcome.code] = totals.get(outcome.code, 0) + outcome.evaluations + outcome.reports
    columns = outcomes_in_order(totals)
    known = [p for p in pages if p.evaluations or p.literature]
    rows = tuple(GapRow(p.name, p.label, p.path, _cells(p, columns)) for p in known)
    there = {p.code for p in known}
    kinds = VOCABULARIES["intervention_types"]["terms"]
    empty = tuple(f"{plain(c)}: {intervention_label(c)}" for c in kinds if c not in there and c != "other")
    return GapMap(tuple(section_label(c) for c in columns), rows, empty)


def _cells(page: InterventionPage, columns: Sequence[str]) -> tuple[Cell, ...]:
    sections = {o.code: o for o in page.outcomes}
    return tuple(
        Cell(
            sections[c].evaluations,
            sections[c].reports,
            _strength([r for plot in sections[c].plots for r in plot.rows if not r.literature]),
            f"{page.path}#{sections[c].anchor}",
        )
        if c in sections
        else Cell(0, 0, "", "")
        for c in columns
    )


def _strength(found: Sequence[Result]) -> str:
    level = strongest(found)
    return "not rated" if level is None else f"{STRENGTH[level]} design"
