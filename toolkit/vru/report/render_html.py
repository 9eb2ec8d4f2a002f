"""The report as one web page that carries everything it shows."""

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup, escape

from vru.pages import environment
from vru.report.document import Block, Document, Figure, Table

TEMPLATES = Path(__file__).parent / "templates"
PAGE, LONGEST_WORD, MOST_TEXT = (
    110,
    18,
    60,
)  # characters: of a Word table's line, of a word kept whole, that count as text


def render_html(document: Document) -> str:
    """One accessible page (en-GB): styles and drawings inside it, no script, nothing fetched.

    All text is escaped; only the drawings, which the toolkit wrote itself, enter as they are.
    """
    banner = {"tag": "Please note", "text": document.disclaimer} if document.disclaimer else None
    page = templates().get_template("report.html")
    css = Markup((TEMPLATES / "report.css").read_text(encoding="utf-8"))
    return page.render(document=document, report_css=css, banner=banner)


@lru_cache(maxsize=1)
def templates() -> Environment:
    """The shared page environment with this package's templates and filters ``kind``, ``drawing`` and ``widths``."""
    made = environment(TEMPLATES)
    made.filters["kind"] = _kind
    made.filters["drawing"] = _drawing
    made.filters["widths"] = _widths
    return made


def _kind(block: Block) -> str:
    return type(block).__name__


def _widths(table: Table) -> list[int]:
    """Percent of the page for each column: room for its longest word, and the rest shared by how much text it holds."""
    columns = list(zip(table.columns, *table.rows, strict=True))
    words = [min(LONGEST_WORD, max(len(part) for text in c for part in [*text.split(), ""])) + 3 for c in columns]
    text = [min(MOST_TEXT, max(map(len, c))) for c in columns]
    spare = max(0, PAGE - sum(words))
    rooms = [a + spare * b / sum(text) for a, b in zip(words, text, strict=True)]
    return [round(100 * room / sum(rooms)) for room in rooms]


def _drawing(figure: Figure, id: str) -> Markup:
    opening = Markup('<svg role="img" aria-labelledby="{0}-alt"').format(id)
    text = Markup('<desc id="{0}-alt">{1}</desc>').format(id, escape(figure.alt))
    head, _, rest = figure.svg.partition(">")
    return Markup(opening + Markup(head.removeprefix("<svg")) + Markup(">") + text + Markup(rest))
