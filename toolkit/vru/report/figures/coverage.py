"""Rows by month, a row of tiles for each feed: gaps and stubs are seen at once."""

from collections.abc import Collection, Sequence
from statistics import median

from vru.report import wording as w
from vru.report.document import Table
from vru.report.figures.canvas import BLUE, INK, ORANGE, RULE, Drawn, canvas, finish, month_ticks

Feed = tuple[str, Sequence[str], Sequence[int], Collection[str]]


def coverage_figure(feeds: Sequence[Feed], key: str) -> Drawn:
    """Rows of each feed by month: a bar as high as its part of the usual (median) month, a cross where there is no row.

    Parameters
    ----------
    feeds : name, months without a gap (YYYY-MM), rows, and the months that are low, each; they may span different months.
    key : makes the drawing's ids unique on its page.
    """
    every = sorted({m for _, months, _, _ in feeds for m in months})
    at = {m: i for i, m in enumerate(every)}
    with canvas(key, height=1.2 + 0.7 * len(feeds)) as drawing:
        axes = drawing.axes
        for line, (_, months, rows, few) in enumerate(reversed(feeds)):
            usual = median([n for n in rows if n] or [1])
            share = [min(n / usual, 1.5) for n in rows]
            x = [at[m] for m in months]
            colours = [ORANGE if m in few else BLUE for m in months]
            axes.bar(x, [0.55 * s for s in share], bottom=line, width=0.9, color=colours)
            none = [i for i, n in zip(x, rows, strict=True) if not n]
            axes.plot(none, [line + 0.2] * len(none), "x", color=INK, markersize=4)
            axes.axhline(line, color=RULE, linewidth=0.5)
        axes.set_yticks([i + 0.25 for i in range(len(feeds))], [name for name, *_ in reversed(feeds)])
        axes.set_xlim(-0.6, len(every) - 0.4)
        axes.set_ylim(-0.1, len(feeds))
        month_ticks(axes, tuple(every))
        subtitle = f"{w.month(every[0])} to {w.month(every[-1])}; orange: under half of the usual month; cross: no row"
        return finish(drawing, _alt(feeds), "Rows by month", subtitle, _table(feeds))


def _alt(feeds: Sequence[Feed]) -> str:
    said = []
    for name, months, rows, few in feeds:
        usual = median([n for n in rows if n] or [1])
        none = [w.month(m) for m, n in zip(months, rows, strict=True) if not n]
        low = [w.month(m) for m in months if m in few]
        text = f"{name}: usually {usual:,.0f} rows a month"
        text += f", no row in {w.listing(none)}" if none else ", no month without a row"
        said.append(text + (f", under half of that in {w.listing(low)}" if low else ""))
    return f"Bars of rows by month. {'. '.join(said)}."


def _table(feeds: Sequence[Feed]) -> Table:
    rows = [
        (name, w.month(m), f"{n:,}") for name, months, counts, _ in feeds for m, n in zip(months, counts, strict=True)
    ]
    return Table("Rows by month", ("Feed", "Month", "Rows"), tuple(rows), frozenset({2}))
