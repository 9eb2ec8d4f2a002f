"""How alike the groups were in what was known beforehand, as found and after adjustment."""

from vru.report import wording as w
from vru.report.document import Table
from vru.report.figures.canvas import BLUE, GREY, ORANGE, Drawn, canvas, finish
from vru.results import Balance, Estimate

LARGE = 0.1
MOST = 25


def balance_figure(estimate: Estimate, key: str) -> Drawn | None:
    """Standardised mean differences, largest first. Returns None where the estimate holds none."""
    rows = sorted(estimate.balance, key=lambda b: -abs(b.before))[:MOST]
    if not rows:
        return None
    adjusted = any(b.after is not None for b in rows)
    with canvas(key, height=1.4 + 0.34 * len(rows)) as drawing:
        axes = drawing.axes
        at = [-i for i in range(len(rows))]
        axes.axvspan(-LARGE, LARGE, color=GREY, alpha=0.12, linewidth=0)
        axes.axvline(0, color=GREY, linewidth=1)
        axes.plot([b.before for b in rows], at, linestyle="", marker="o", markersize=7, color=ORANGE, label="As found")
        if adjusted:
            after = [(b.after, y) for b, y in zip(rows, at, strict=True) if b.after is not None]
            x, y = zip(*after, strict=True)
            axes.plot(x, y, linestyle="", marker="s", markersize=6, color=BLUE, label="After adjustment")
        axes.set_yticks(at, [w.plain(b.covariate) for b in rows])
        axes.set_ylim(-len(rows) + 0.4, 0.6)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("Standardised difference: treated lower to the left of 0, higher to the right")
        if adjusted:
            drawing.sheet.legend(loc="outside upper right", ncols=2)
        title = _title(rows, adjusted)
        subtitle = "Standardised mean differences; the band holds those within 0.1, which are taken as small"
        alt = f"Dot plot. {subtitle}. {title}. {'; '.join(_said(b) for b in rows)}."
        return finish(drawing, alt, title, subtitle, _table(rows))


def _title(rows: list[Balance], adjusted: bool) -> str:
    before = sum(abs(b.before) > LARGE for b in rows)
    text = f"{before} of {w.plural(len(rows), 'covariate')} differed by more than 0.1 as found"
    if not adjusted:
        return text
    return f"{text}; {sum(abs(b.after) > LARGE for b in rows if b.after is not None)} after adjustment"


def _said(b: Balance) -> str:
    after = "" if b.after is None else f", after adjustment {w.number(b.after)}"
    return f"{w.plain(b.covariate)}: {w.number(b.before)}{after}"


def _table(rows: list[Balance]) -> Table:
    cells = tuple(
        (w.plain(b.covariate), w.number(b.before), "not adjusted" if b.after is None else w.number(b.after))
        for b in rows
    )
    return Table("Standardised differences", ("Covariate", "As found", "After adjustment"), cells, frozenset({1, 2}))
