"""All analyses that answer on the rate-ratio scale, side by side, the registered main one first."""

import textwrap
from collections.abc import Sequence

from vru.report import naming
from vru.report import wording as w
from vru.report.document import Table
from vru.report.figures.canvas import BLUE, GREY, PLUM, TEAL, Canvas, Drawn, canvas, finish
from vru.report.figures.event_study import ratio_axis
from vru.results import Estimate, Interval

ROLES = {"primary": 0, "secondary": 1, "sensitivity": 2, "exploratory": 3}
MARKS = {"primary": ("s", BLUE), "secondary": ("o", TEAL), "sensitivity": ("o", TEAL), "exploratory": ("D", PLUM)}


def forest_figure(
    estimates: Sequence[Estimate], outcomes: dict[str, str], smallest: float | None, key: str
) -> Drawn | None:
    """Rate ratios and intervals of every analysis on that scale; the rest is left to tables.

    Differences of counts, and effects of a dose, would not share its axis.

    Parameters
    ----------
    outcomes : outcome id -> outcome in words.
    smallest : the registered smallest effect that matters, as a rate ratio (0.9), or None.

    Returns None where no analysis is on the rate-ratio scale.
    """
    rows = sorted((e for e in estimates if e.ratio and not e.per), key=lambda e: ROLES[e.role])
    if not rows:
        return None
    with canvas(key, height=1.3 + 0.52 * len(rows)) as drawing:
        _draw(drawing, rows, smallest, outcomes)
        title = _title(rows)
        subtitle = f"Rate ratio on a log scale (1 = no effect) with {w.level(rows[0].level)} intervals"
        if smallest is not None:
            subtitle += (
                f"; the dotted line is the smallest effect that was registered as mattering, {w.number(smallest)}"
            )
        return finish(drawing, _alt(rows, title, subtitle), title, subtitle, _table(rows, outcomes))


def _draw(drawing: Canvas, rows: Sequence[Estimate], smallest: float | None, outcomes: dict[str, str]) -> None:
    axes = drawing.axes
    for i, e in enumerate(rows):
        r = _ratio(e)
        marker, colour = MARKS[e.role]
        if r.low is not None and r.high is not None:
            axes.plot([r.low, r.high], [-i, -i], color=colour, linewidth=3 if e.role == "primary" else 2)
        axes.plot([r.value], [-i], marker=marker, markersize=9 if e.role == "primary" else 6.5, color=colour)
        axes.annotate(
            w.ratio_cell(r).replace("interval not available", "no interval"),
            (1.0, -i),
            xycoords=("axes fraction", "data"),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            weight="bold" if e.role == "primary" else "normal",
        )
    ends = [v for e in rows for v in (_ratio(e).low, _ratio(e).value, _ratio(e).high) if v is not None]
    low, high = min([*ends, smallest or 1.0, 0.8]), max([*ends, smallest or 1.0, 1.1])
    ratio_axis(axes.xaxis, axes.set_xscale, low, high)
    axes.set_xlim(low * 0.95, high * 1.05)
    axes.axvline(1.0, color=GREY, linewidth=1)
    if smallest is not None:
        axes.axvline(smallest, color=GREY, linewidth=1, linestyle=(0, (2, 2)))
    many = len({e.outcome for e in rows}) > 1
    names = [
        _wrap(naming.method(e.method))
        + f"\n{w.plain(e.analysis)}, {e.role}"
        + (f", {outcomes.get(e.outcome, e.outcome)}" if many else "")
        for e in rows
    ]
    axes.set_yticks([-i for i in range(len(rows))], names)
    axes.set_ylim(-len(rows) + 0.4, 0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("Ratio: fewer to the left of 1, more to the right")


def _wrap(name: str) -> str:
    return "\n".join(textwrap.wrap(name, 36))


def _ratio(estimate: Estimate) -> Interval:
    ratio = estimate.ratio
    assert ratio is not None  # forest_figure keeps only analyses that have one
    return ratio


def _title(rows: Sequence[Estimate]) -> str:
    first, rest = rows[0], rows[1:]
    name = "The main analysis" if first.role == "primary" else w.plain(first.analysis).capitalize()
    text = f"{name} estimates {w.percent_change(_ratio(first).value)}"
    if not rest:
        return text
    low, high = min(_ratio(e).value for e in rest), max(_ratio(e).value for e in rest)
    if len(rest) == 1:
        return f"{text}; the other, {w.percent_change(low)}"
    return f"{text}; the {len(rest)} others run from {w.percent_change(low)} to {w.percent_change(high)}"


def _alt(rows: Sequence[Estimate], title: str, subtitle: str) -> str:
    each = [f"{w.plain(e.analysis)}, {e.role}: {w.ratio_cell(_ratio(e))}" for e in rows]
    return f"Forest plot. {subtitle}. {title}. {'; '.join(each)}."


def _table(rows: Sequence[Estimate], outcomes: dict[str, str]) -> Table:
    cells = []
    for e in rows:
        r = _ratio(e)
        outcome = outcomes.get(e.outcome, e.outcome)
        cells.append(
            (w.plain(e.analysis), e.role, outcome, w.number(r.value), w.span(r.low, r.high), w.percent_change(r.value))
        )
    return Table(
        "Rate ratios of all analyses on that scale",
        ("Analysis", "Role", "Outcome", "Rate ratio", "Interval", "In words"),
        tuple(cells),
        frozenset({3, 4}),
    )
