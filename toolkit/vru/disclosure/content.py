"""What a file says, in a form that detectors can read: texts, tables, coordinates, and what is hidden in it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text that belongs together, such as a paragraph or a cell, and where it is."""

    where: str
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as text, row by row, headers included."""

    where: str
    rows: tuple[tuple[str, ...], ...]
    is_frame: bool = False


@dataclass(frozen=True, slots=True)
class Coordinate:
    """A number under a name that says it is a place, such as ``latitude``."""

    where: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Hidden:
    """Something that readers do not see but receive: an author, a comment, a hidden sheet. ``by`` is never shown."""

    where: str
    what: str
    by: str = ""


@dataclass(slots=True)
class Content:
    """Collects what one file says."""

    pieces: list[Piece] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    coordinates: list[Coordinate] = field(default_factory=list)
    hidden: list[Hidden] = field(default_factory=list)

    def say(self, where: str, text: str) -> None:
        """Add a text unless it is empty."""
        if text := " ".join(text.split()):
            self.pieces.append(Piece(where, text))


class UnreadableError(Exception):
    """The file is not what its name says, so nothing in it can be vouched for."""
