"""The drawing surface: the only place that touches matplotlib, with no shared state and no randomness.

Text stays text in the SVG (readable, selectable, small), nothing is dated, and every id carries
the figure's own key so that several figures can stand on one page.
"""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from vru.report.document import Figure, Table
from vru.words.terms import PLAIN, Terms

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Sheet
    from matplotlib.text import Text

BLUE, TEAL, PLUM, ORANGE = "#12436D", "#28A197", "#801650", "#F46A25"
INK, GREY, RULE = "#0b0c0c", "#505a5f", "#b1b4b6"
SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": ["DejaVu Sans"],
    "font.size": 10,
    "text.parse_math": False,
    "text.color": INK,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.labelsize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "lines.linewidth": 2,
    "legend.frameon": False,
    "figure.facecolor": "white",
}
# Laid out with DejaVu Sans, which matplotlib carries: Verdana has its widths, so labels stay where they were put.
FONTS = "'DejaVu Sans', Verdana, Geneva, sans-serif"
ROOT = r'<svg viewBox="\1" xmlns="http://www.w3.org/2000/svg" style="stroke-linejoin: round; stroke-linecap: butt">'
PNG_DPI = 160


@dataclass(frozen=True, slots=True)
class Drawn:
    """A finished drawing and everything that stands in for it. The same drawing twice is the same bytes."""

    svg: str
    png: bytes
    alt: str
    title: str
    subtitle: str
    table: Table

    def figure(self) -> Figure:
        """The drawing as a block of the report."""
        return Figure(self.svg, self.png, self.alt, self.title, self.subtitle, self.table)


@dataclass(frozen=True, slots=True)
class Canvas:
    """An open drawing: its sheet, its axes, the key that makes its ids its own, and the words it speaks when finished."""

    key: str
    sheet: "Sheet"
    axes: "Axes"
    terms: Terms


@contextmanager
def canvas(key: str, width: float = 7.5, height: float = 4.0, terms: Terms = PLAIN) -> Iterator[Canvas]:
    """Open a drawing of ``width`` x ``height`` inches. Nothing outside it is changed."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Sheet

    with matplotlib.rc_context({**SETTINGS, "svg.hashsalt": key}):
        sheet = Sheet(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(sheet)
        yield Canvas(key, sheet, sheet.add_subplot(), terms)


def finish(drawing: Canvas, alt: str, title: str, subtitle: str, table: Table) -> Drawn:
    """Write the drawing out in its terms; call inside its ``canvas`` block."""
    say = drawing.terms.say
    alt, title, subtitle, table = say(alt), say(title), say(subtitle), said_table(table, drawing.terms)
    for text in _texts(drawing):
        if text.get_text() != (words := say(text.get_text())):
            text.set_text(words)
    svg, png = io.StringIO(), io.BytesIO()
    drawing.sheet.savefig(svg, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    drawing.sheet.savefig(png, format="png", dpi=PNG_DPI, metadata={"Software": None})
    return Drawn(_clean(svg.getvalue(), drawing.key), png.getvalue(), alt, title, subtitle, table)


def _texts(drawing: Canvas) -> "list[Text]":
    from matplotlib.text import Text

    return [t for t in drawing.sheet.findobj(Text) if isinstance(t, Text)]


def said_table(table: Table, terms: Terms) -> Table:
    """A table whose caption, headings and cells are in these terms."""
    rows = tuple(tuple(map(terms.say, row)) for row in table.rows)
    return replace(table, caption=terms.say(table.caption), columns=tuple(map(terms.say, table.columns)), rows=rows)


def month_ticks(axes: "Axes", periods: tuple[str, ...], most: int = 8) -> None:
    """Label at most ``most`` of the months under the axis, evenly, beginning with the first."""
    from vru.report.wording import month

    step = next(s for s in (1, 2, 3, 6, 12, 24, 60, 120, len(periods)) if -(-len(periods) // s) <= most)
    at = list(range(0, len(periods), step))
    axes.set_xticks(at, [_short(month(periods[i])) for i in at])


def mark_start(axes: "Axes", position: float, text: str) -> None:
    """A labelled vertical line between the last month before and the first month with treatment."""
    axes.axvline(position - 0.5, color=INK, linewidth=1, linestyle=(0, (2, 2)))
    axes.annotate(
        text,
        (position - 0.5, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(4, 3),
        textcoords="offset points",
        va="bottom",
        fontsize=9,
    )


def label_ends(axes: "Axes", ends: list[tuple[float, float, str]]) -> None:
    """Write each line's name at its right end, nudged apart: (x, y, name). In ink: orange text would be too faint."""
    low, high = axes.get_ylim()
    gap = 0.075 * (high - low)
    placed: list[float] = []
    for x, y, name in sorted(ends, key=lambda e: e[1]):
        at = max(y, placed[-1] + gap) if placed else y
        placed.append(at)
        axes.annotate(name, (x, at), xytext=(7, 0), textcoords="offset points", va="center", weight="bold")


def _short(text: str) -> str:
    *day, name, year = text.split(" ")
    return f"{' '.join([*day, name[:3]])}\n{year}"


def _clean(svg: str, key: str) -> str:
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"<style type=.*?</style>", "", body, flags=re.DOTALL)  # its "*" rule would reach the whole page
    body = re.sub(r'<svg [^>]*?viewBox="([^"]+)"[^>]*>', ROOT, body)
    body = re.sub(r' id="([^"]+)"', rf' id="{key}-\1"', body)
    body = re.sub(r'xlink:href="#([^"]+)"', rf'href="#{key}-\1"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{key}-\1)", body)
    return body.replace("'DejaVu Sans'", FONTS).strip()
