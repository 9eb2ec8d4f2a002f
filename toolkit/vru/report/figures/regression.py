"""The naive fall of chosen areas, beside the fall that choosing them on a peak brings by itself."""

from dataclasses import dataclass

from vru.report import wording as w
from vru.report.document import Table
from vru.report.figures.canvas import BLUE, INK, ORANGE, PLUM, Drawn, canvas, finish
from vru.results import Interval
from vru.words.terms import PLAIN, Terms

NAMES = ("Naive change since selection", "Expected from selection alone", "Left after allowing for it")


@dataclass(frozen=True, slots=True)
class Falls:
    """Relative falls from the selection months (0.28 = 28% fewer; below 0 = a rise)."""

    naive: float
    selection: Interval

    @property
    def left(self) -> float:
        """The fall against what selection alone would have led to expect: rates multiply."""
        return 1 - (1 - self.naive) / (1 - self.selection.value)


def regression_figure(falls: Falls, key: str, terms: Terms = PLAIN) -> Drawn | None:
    """Bars: the naive change, the change that selection alone would bring with its interval, what is left.

    Returns None where there is no fall to explain, or selection would explain more than all offences.
    """
    if not 0 < falls.naive < 1 or falls.selection.value >= 1:
        return None
    bars = tuple(zip(NAMES, (falls.naive, falls.selection.value, falls.left), (BLUE, ORANGE, PLUM), strict=True))
    with canvas(key, height=2.3, terms=terms) as drawing:
        axes = drawing.axes
        for i, (_, fall, colour) in enumerate(bars):
            axes.barh([-i], [-100 * fall], color=colour, height=0.6)
            axes.annotate(
                w.percent_change(1 - fall),
                (1.0, -i),
                xycoords=("axes fraction", "data"),
                xytext=(10, 0),
                textcoords="offset points",
                va="center",
                weight="bold",
            )
        low, high = falls.selection.low, falls.selection.high
        if low is not None and high is not None:
            axes.plot([-100 * low, -100 * high], [-1, -1], color=INK, linewidth=1.5, marker="|", markersize=9)
        axes.axvline(0, color=INK, linewidth=1)
        axes.set_yticks([-i for i in range(3)], NAMES)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("Change in offences, percent of the selection months")
        subtitle = (
            "Treated areas: offences an area a month, change from the selection months to the months of treatment"
        )
        title, table = _title(falls), _table(falls)
        words = [f"{name}: {value}" for name, value, _ in table.rows]
        return finish(drawing, f"Bar chart. {subtitle}. {title}. {'; '.join(words)}.", title, subtitle, table)


def _title(falls: Falls) -> str:
    naive = w.percent_change(1 - falls.naive).removesuffix(" fewer")
    selection = w.percent_change(1 - falls.selection.value).removesuffix(" fewer")
    if falls.selection.value >= falls.naive:
        return f"Having been chosen at a peak would by itself explain the whole fall of {naive}"
    if falls.selection.value <= 0:
        return f"Having been chosen at a peak explains none of the fall of {naive}"
    return f"Of a naive fall of {naive}, having been chosen at a peak would by itself bring {selection}"


def _table(falls: Falls) -> Table:
    s = falls.selection
    between = "interval not available"
    if s.low is not None and s.high is not None:
        between = f"{w.percent_change(1 - s.low)} to {w.percent_change(1 - s.high)}"
    rows = (
        (NAMES[0], w.percent_change(1 - falls.naive), "a count, no interval"),
        (NAMES[1], w.percent_change(1 - s.value), between),
        (NAMES[2], w.percent_change(1 - falls.left), "not computed"),
    )
    return Table("The naive change and what selection explains", ("Part", "Change in offences", "95% interval"), rows)
