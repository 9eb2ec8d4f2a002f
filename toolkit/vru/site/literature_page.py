"""What the page of a record from published literature shows beside what every record shows."""

from dataclasses import dataclass

from vru.parts import Citation
from vru.record import LearningRecord
from vru.site.wording import measure_of, plain

ACCOUNT = {
    "authors": "Told by those who did the work",
    "others": "Told by others, not by those who did the work",
}
ACCESS = {"open": "open to everybody", "not_known": "access not known"}
MARK = {"found": "Found in the source", "computed": "Computed from what was found"}


@dataclass(frozen=True, slots=True)
class ReportedRow:
    """One published figure; ``source`` is the citation's number on the page."""

    measure: str
    statement: str
    p: str
    mark: str
    formula: str
    source: int


@dataclass(frozen=True, slots=True)
class CitationRow:
    """One source, and who tells it."""

    number: int
    text: str
    link: str
    told: str


@dataclass(frozen=True, slots=True)
class DerivationRow:
    """How one effect was computed from published numbers."""

    analysis: str
    formula: str
    inputs: str
    note: str
    source: int


@dataclass(frozen=True, slots=True)
class LiteratureView:
    """Published figures, computed effects, ratings by others and sources, as rows and words."""

    reported: tuple[ReportedRow, ...]
    derivations: tuple[DerivationRow, ...]
    ratings: tuple[tuple[str, str, int], ...]
    citations: tuple[CitationRow, ...]
    not_poolable: str


def literature_view(record: LearningRecord) -> LiteratureView | None:
    """The literature part of a record's page; None for an evaluation run with this toolkit."""
    given = record.literature
    if given is None:
        return None
    number = {c.id: i for i, c in enumerate(given.citations, 1)}
    return LiteratureView(
        reported=tuple(
            ReportedRow(
                measure_of(record, r.outcome) if r.outcome else "Design and delivery",
                r.statement,
                r.p,
                MARK[r.mark],
                r.formula,
                number[r.source],
            )
            for r in given.reported
        ),
        derivations=tuple(
            DerivationRow(
                plain(d.analysis),
                plain(d.formula),
                ", ".join(f"{name} = {value:,g}" for name, value in d.inputs.items()),
                d.note,
                number[d.source],
            )
            for d in given.derivations
        ),
        ratings=tuple((x.by, x.label, number[x.source]) for x in given.outside_ratings),
        citations=tuple(_citation(c, number[c.id]) for c in given.citations),
        not_poolable=given.not_poolable,
    )


def rating_elsewhere(record: LearningRecord) -> str:
    """Another body's rating for a list, named as theirs; "not rated" where there is none."""
    ratings = record.literature.outside_ratings if record.literature else []
    return "; ".join(f"{x.by}: {x.label} (not this toolkit’s rating)" for x in ratings) or "not rated"


def _citation(c: Citation, number: int) -> CitationRow:
    return CitationRow(number, c.text, c.link, f"{ACCOUNT[c.account]}; {ACCESS[c.access]}.")
