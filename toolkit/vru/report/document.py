"""The typed report: what is said, in order, with no word about how it will look.

Every format (web page, Word) is rendered from a :class:`Document`. A figure that cannot be
read without seeing it, or a table whose rows do not fit its columns, is refused when made.
"""

from dataclasses import dataclass
from typing import Literal

from vru.errors import Problem, VruError


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside a section: level 3 or 4 (the page has level 1, sections have level 2)."""

    text: str
    level: Literal[3, 4] = 3


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of plain text. ``lead`` marks the sentence a hurried reader must not miss."""

    text: str
    lead: bool = False


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of plain sentences; ``introduction`` says what they are."""

    items: tuple[str, ...]
    introduction: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that must stand out: ``warning`` for what limits the conclusion, else ``inset``."""

    text: str
    kind: Literal["inset", "warning"] = "inset"


@dataclass(frozen=True, slots=True)
class Facts:
    """Short labelled facts, in order: (label, value)."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of text cells; the first column heads its row.

    rows : one tuple per row, as long as ``columns``.
    numeric : indices of columns to align as numbers.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        """Refuse a table that cannot be read. Raises VruError."""
        problems = []
        if not self.caption.strip():
            problems.append(Problem("has no caption", where="report table"))
        if not self.columns or not all(c.strip() for c in self.columns):
            problems.append(Problem("has a column without a heading", where=f"report table {self.caption!r}"))
        bad = [i for i, row in enumerate(self.rows) if len(row) != len(self.columns)]
        if bad:
            problems.append(
                Problem(
                    f"row {bad[0]} has {len(self.rows[bad[0]])} cells",
                    where=f"report table {self.caption!r}",
                    allowed=f"{len(self.columns)} cells",
                )
            )
        if problems:
            raise VruError(*problems)


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture with everything that stands in for it: a text alternative and its data.

    title : headline, the finding in words. subtitle : what is plotted, with units.
    svg : one ``<svg>`` element for pages; png : the same drawing for word processors.
    """

    svg: str
    png: bytes
    alt: str
    title: str
    subtitle: str
    table: Table

    def __post_init__(self) -> None:
        """Refuse a picture without what stands in for it. Raises VruError."""
        where = f"report figure {self.title!r}"
        problems = []
        if len(self.alt.strip()) < 30:
            problems.append(Problem("needs a text alternative that says what it shows", where=where))
        if not self.title.strip() or not self.subtitle.strip():
            problems.append(Problem("needs a headline and a statistical subtitle", where=where))
        if not self.table.rows:
            problems.append(Problem("needs the table of its data", where=where))
        if problems:
            raise VruError(*problems)


Block = Heading | Paragraph | Bullets | Notice | Facts | Table | Figure


@dataclass(frozen=True, slots=True)
class Part:
    """One section of the report: its anchor on the page, its heading, its blocks."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report. ``disclaimer``, where there is one, is the first line of every format."""

    title: str
    subtitle: str
    disclaimer: str
    parts: tuple[Part, ...]
    description: str = ""

    def blocks(self) -> tuple[Block, ...]:
        """Every block of every part, in reading order."""
        return tuple(b for part in self.parts for b in part.blocks)
