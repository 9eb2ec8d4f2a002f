"""The groups compared, side by side: each one's mean outcome with its interval."""

from vru.report import wording as w
from vru.report.document import Table
from vru.report.figures.canvas import BLUE, ORANGE, TEAL, Drawn, canvas, finish
from vru.results import Arm, Estimate

COLOURS = (BLUE, ORANGE, TEAL)


def arms_figure(estimate: Estimate, outcome: str, key: str) -> Drawn | None:
    """One dot and interval per arm, before any adjustment. Returns None where the estimate has no arms.

    outcome : what is counted or measured, inside a sentence.
    """
    rows = [a for a in estimate.arms if a.mean is not None]
    if not rows:
        return None
    with canvas(key, height=1.2 + 0.6 * len(rows)) as drawing:
        axes = drawing.axes
        for i, a in enumerate(rows):
            colour = COLOURS[i % len(COLOURS)]
            if a.low is not None and a.high is not None:
                axes.plot([a.low, a.high], [-i, -i], color=colour)
            axes.plot([a.mean or 0.0], [-i], marker="o", markersize=8, color=colour)
            axes.annotate(
                _cell(a),
                (1.0, -i),
                xycoords=("axes fraction", "data"),
                xytext=(8, 0),
                textcoords="offset points",
                va="center",
            )
        axes.set_yticks(
            [-i for i in range(len(rows))], [f"{a.name.capitalize()}\n{a.observed:,} observed" for a in rows]
        )
        axes.set_ylim(-len(rows) + 0.4, 0.6)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        if all((a.low if a.low is not None else a.mean or 0) >= 0 for a in rows):
            axes.set_xlim(left=0)
        title = _title(rows)
        what = _what(estimate, outcome)
        subtitle = f"{what} in each group as observed, with {w.level(estimate.level)} intervals; nothing is adjusted"
        alt = f"Dot plot. {subtitle}. {title}. {'; '.join(f'{a.name}: {_cell(a)}' for a in rows)}."
        return finish(drawing, alt, title, subtitle, _table(rows))


def _what(estimate: Estimate, outcome: str) -> str:
    if estimate.courses:
        return "Share with a first event by the last day"
    of_people = estimate.scale == "risk_difference" or "risk ratio" in estimate.estimand
    return f"Share of {outcome}" if of_people else f"Mean of {outcome}"


def _cell(a: Arm) -> str:
    return f"{w.number(a.mean, 3)} ({w.span(a.low, a.high, 3)})"


def _title(rows: list[Arm]) -> str:
    first, *rest = rows
    if not rest:
        return f"{first.name.capitalize()}: {w.number(first.mean, 3)}"
    return f"{first.name.capitalize()}: {w.number(first.mean, 3)}; {rest[0].name}: {w.number(rest[0].mean, 3)}"


def _table(rows: list[Arm]) -> Table:
    cells = tuple(
        (a.name, w.count(a.n), w.count(a.observed), w.number(a.mean, 3), w.span(a.low, a.high, 3)) for a in rows
    )
    columns = ("Group", "In the group", "Outcome observed", "Mean", "Interval")
    return Table("Each group as observed", columns, cells, frozenset({1, 2, 3, 4}))
