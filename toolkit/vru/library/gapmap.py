"""The evidence gap map: what is known and what is not, intervention by outcome, rebuilt from the records."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from vru.library.reading import StoredRecord
from vru.library.studies import LeftOut, current, domain, rating_of
from vru.library.synthesis_words import words
from vru.library.vocabulary import VOCABULARIES
from vru.library.ways import Way, of_effect, of_published
from vru.record import Effect, LearningRecord


@dataclass(frozen=True, slots=True)
class Term:
    """A row or column: its code and what it is called."""

    code: str
    label: str


@dataclass(frozen=True, slots=True)
class Cell:
    """Evaluations of one intervention on one outcome.

    references : of the records, ``organisation/id@vX.Y``. published : how many of them retell published literature,
        which no organisation of the network evaluated; organisations : of the rest.
    strongest : highest level on the Maryland scale (1 to 5), None where none was rated.
    better, worse, unclear : evaluations by where their interval lies.
    text : number, strength and direction in words.
    """

    intervention: str
    outcome: str
    references: tuple[str, ...]
    published: int
    organisations: int
    strongest: int | None
    better: int
    worse: int
    unclear: int
    text: str


@dataclass(frozen=True, slots=True)
class GapMap:
    """The whole table; ``cells`` row by row, every combination there, empty ones too."""

    interventions: tuple[Term, ...]
    outcomes: tuple[Term, ...]
    cells: tuple[Cell, ...]
    left_out: tuple[LeftOut, ...]

    def cell(self, intervention: str, outcome: str) -> Cell:
        """One cell by its codes. Raises KeyError if there is no such row or column."""
        for c in self.cells:
            if (c.intervention, c.outcome) == (intervention, outcome):
                return c
        raise KeyError((intervention, outcome))


@dataclass(frozen=True, slots=True)
class _Entry:
    record: LearningRecord
    way: str
    rating: int | None


def gap_map(stored: Iterable[StoredRecord]) -> GapMap:
    """Count current records by intervention and outcome; exercises and retracted records are left out and named.

    Rows and columns are the shared vocabulary's, then whatever records use beside it.
    """
    speaking = current(stored)
    found: dict[tuple[str, str], dict[str, _Entry]] = {}
    for record in speaking.records:
        for outcome in record.outcomes:
            entry = _Entry(record, _way(record, outcome.id), rating_of(record, outcome.id))
            place = found.setdefault((record.intervention.type, domain(outcome.id)), {})
            key = f"{record.organisation}/{record.id}@v{record.version}"
            # Two outcomes of one record in one column are one evaluation; the first one named speaks.
            place.setdefault(key, entry)
    rows = _terms("intervention_types", (kind for kind, _ in found))
    columns = _terms("outcome_domains", (outcome for _, outcome in found))
    cells = tuple(_cell(r.code, c.code, found.get((r.code, c.code), {})) for r in rows for c in columns)
    return GapMap(rows, columns, cells, speaking.left_out)


def _terms(vocabulary: str, used: Iterable[str]) -> tuple[Term, ...]:
    known = list(VOCABULARIES[vocabulary]["terms"])
    codes = [*known, *sorted(set(used) - set(known))]
    return tuple(Term(code, words(vocabulary, code)) for code in codes)


def _leading(record: LearningRecord, outcome: str) -> Effect | None:
    effects = [e for e in record.effects if e.outcome == outcome]
    ranked = [e for role in ("primary", "secondary") for e in effects if e.role == role]
    return next(iter([*ranked, *effects]), None)


def _way(record: LearningRecord, outcome: str) -> Way:
    """By the leading effect, else by what a publication prints; an interval that nobody gives cannot tell."""
    way = of_effect(record, _leading(record, outcome))
    way = of_published(record, outcome) if way == "unknown" else way
    return "unclear" if way == "unknown" else way


def _cell(intervention: str, outcome: str, entries: dict[str, _Entry]) -> Cell:
    levels = [e.rating for e in entries.values() if e.rating is not None]
    own = [e.record for e in entries.values() if e.record.literature is None]
    ways = [e.way for e in entries.values()]
    better, worse, unclear = (ways.count(w) for w in ("better", "worse", "unclear"))
    cell = Cell(
        intervention,
        outcome,
        tuple(entries),
        len(entries) - len(own),
        len({r.organisation for r in own}),
        max(levels, default=None),
        better,
        worse,
        unclear,
        "",
    )
    return replace(cell, text=_text(cell))


def _text(cell: Cell) -> str:
    own = len(cell.references) - cell.published
    if not cell.references:
        return "no evaluation"
    by = f"{cell.organisations} organisation{'' if cell.organisations == 1 else 's'}"
    told = [f"{own} evaluation{'' if own == 1 else 's'} by {by}"] if own else []
    if cell.published:
        told.append(f"{cell.published} published report{'' if cell.published == 1 else 's'}")
    strength = "not rated" if cell.strongest is None else f"strongest at level {cell.strongest} of 5"
    ways = [(cell.better, "for the better"), (cell.worse, "for the worse"), (cell.unclear, "cannot tell")]
    found = ", ".join(f"{count} {way}" for count, way in ways if count)
    return f"{' and '.join(told)}; {strength}; {found}"
