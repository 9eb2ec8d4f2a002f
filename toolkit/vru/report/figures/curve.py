"""The specification curve: every answer in order of size, and under it which choices each one stands on."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vru.curve import Specification, SpecificationCurve
from vru.report import wording as w
from vru.report.document import Table
from vru.report.figures.canvas import BLUE, GREY, ORANGE, RULE, Drawn, canvas, finish
from vru.words.effects import rate_change
from vru.words.specifications import median

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_ROWS = 40
Row = tuple[str, str]


def curve_figure(curve: SpecificationCurve, key: str) -> Drawn | None:
    """Ratios with intervals from the largest fall to the largest rise, the registered one marked; None without two answers."""
    points = sorted(curve.answered, key=lambda p: p.value or 0.0)
    if len(points) < 2:
        return None
    rows = _rows(curve, points)
    own = curve.points[0]
    with canvas(key, height=3.2 + 0.21 * len(rows)) as drawing:
        drawing.axes.remove()
        above, below = drawing.sheet.subplots(2, 1, sharex=True, height_ratios=(2.6, max(0.21 * len(rows), 0.4)))
        _answers(above, points, own)
        _choices(below, points, rows, own)
        values = [p.value for p in points if p.value is not None]
        middle = rate_change(median(values))
        title = f"{len(points)} defensible analyses, from {rate_change(values[0])} to {rate_change(values[-1])}"
        subtitle = (
            f"Ratio of offences recorded to expected on a log scale (1 = no effect) with {w.level(curve.level)} intervals; "
            "the registered analysis is orange"
        )
        registered = "" if own.value is None else f" The registered analysis says {rate_change(own.value)}."
        alt = f"Specification curve. {subtitle}. {title}; half of them at or below {middle}.{registered}"
        return finish(drawing, alt, title, subtitle, _table(curve, points))


def _rows(curve: SpecificationCurve, points: Sequence[Specification]) -> list[Row]:
    rows = [(name, words) for name in curve.varied for words in dict.fromkeys(p.choices[name] for p in points)]
    return rows[:MOST_ROWS]


def _answers(axes: "Axes", points: Sequence[Specification], own: Specification) -> None:
    from vru.report.figures.event_study import ratio_axis

    ends = [0.0]
    for x, p in enumerate(points):
        assert p.value is not None  # only points with an answer are drawn
        colour = ORANGE if p is own else BLUE
        ends.append(p.value)
        if p.low is not None and p.high is not None:
            axes.plot(
                [x, x], [math.exp(p.low), math.exp(p.high)], color=colour if p is own else RULE, linewidth=2, zorder=1
            )
            ends += [p.low, p.high]
        axes.plot(
            [x], [math.exp(p.value)], "s" if p is own else "o", color=colour, markersize=8 if p is own else 4, zorder=3
        )
    axes.axhline(1.0, color=GREY, linewidth=1)
    low, high = math.exp(min(ends)), math.exp(max(ends))
    ratio_axis(axes.yaxis, axes.set_yscale, low, high)
    axes.set_ylim(low * 0.97, high * 1.03)
    axes.set_ylabel("Ratio")
    axes.tick_params(axis="x", bottom=False, labelbottom=False)


def _choices(axes: "Axes", points: Sequence[Specification], rows: Sequence[Row], own: Specification) -> None:
    for y, (name, words) in enumerate(rows):
        for x, p in enumerate(points):
            if p.choices[name] == words:
                axes.plot([x], [-y], "s", color=ORANGE if p is own else BLUE, markersize=5 if p is own else 3)
    axes.set_yticks([-y for y in range(len(rows))], [_short(f"{name}: {words}") for name, words in rows], fontsize=8)
    axes.set_ylim(-len(rows) + 0.4, 0.6)
    axes.set_xlim(-0.8, len(points) - 0.2)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="both", length=0, labelbottom=False)


def _short(text: str) -> str:
    return text if len(text) <= 52 else text[:51] + "…"


def _table(curve: SpecificationCurve, points: Sequence[Specification]) -> Table:
    own = curve.points[0]
    cells = []
    for p in points:
        assert p.value is not None
        low, high = (None if v is None else math.exp(v) for v in (p.low, p.high))
        choices = tuple(p.choices[name] for name in curve.varied)
        cells.append((w.number(math.exp(p.value)), w.span(low, high), "registered" if p is own else "", *choices))
    return Table(
        "Every specification, from the largest fall to the largest rise",
        ("Ratio", "Interval", "Registered", *(name.capitalize() for name in curve.varied)),
        tuple(cells),
        frozenset({0, 1}),
    )
