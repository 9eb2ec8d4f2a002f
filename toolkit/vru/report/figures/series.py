"""Treated and comparison areas through time: the first picture a sceptical reader asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from vru.report import wording as w
from vru.report.document import Table
from vru.report.figures.canvas import BLUE, ORANGE, Drawn, canvas, finish, label_ends, mark_start, month_ticks
from vru.results import Band, Series
from vru.words.terms import PLAIN, Terms

Basis = Literal["per_area", "index"]
STYLES = {"treated": ("Treated", BLUE, "-"), "comparison": ("Comparison", ORANGE, "--")}


@dataclass(frozen=True, slots=True)
class Line:
    """One role's line: raw offences per month, and what is drawn, shape ``(n_periods,)`` each.

    together : month -> the band it is published in; drawn is then the band's mean.
    """

    name: str
    colour: str
    style: str
    n_units: int
    raw: tuple[float | None, ...]
    drawn: tuple[float | None, ...]
    before: float | None
    after: float | None
    together: dict[str, Band]


def series_figure(outcome: str, series: Sequence[Series], start: str, key: str, terms: Terms = PLAIN) -> Drawn | None:
    """Monthly offences per area, treated against comparison, with the start marked and missing months left blank.

    Parameters
    ----------
    outcome : the outcome in words ("violence"). series : of that outcome; other roles are ignored.
    start : first month with treatment. key : makes the drawing's ids unique on its page.

    Where the two groups' levels differ more than threefold, both are drawn as an index
    (mean of the months before the start = 100) so that their shapes can be compared.
    Returns None where there is no treated series.
    """
    chosen = [s for role in STYLES for s in series if s.role == role]
    if not any(s.role == "treated" for s in chosen):
        return None
    periods = chosen[0].periods
    basis = _basis(chosen, start)
    lines = [_line(s, start, basis) for s in chosen]
    at = next((i for i, p in enumerate(periods) if p >= start), len(periods))
    with canvas(key, terms=terms) as drawing:
        axes = drawing.axes
        for line in lines:
            values = [float("nan") if v is None else v for v in line.drawn]
            axes.plot(values, color=line.colour, linestyle=line.style)
            single = [i for i, raw in enumerate(line.raw) if raw is not None]
            axes.plot(single, [values[i] for i in single], color=line.colour, linestyle="", marker="o", markersize=2.5)
        axes.set_ylim(bottom=0)
        axes.set_xlim(-0.5, len(periods) - 0.5)
        month_ticks(axes, periods)
        axes.set_ylabel("Index, before start = 100" if basis == "index" else "Offences per area")
        mark_start(axes, at, f"Start, {w.month(start)}")
        label_ends(axes, [(len(periods) - 1, _last(line.drawn), line.name) for line in lines])
        unit = "index, mean of the months before the start = 100" if basis == "index" else "offences per area per month"
        subtitle = (
            f"Recorded {outcome}, {unit}, {w.month(periods[0])} to {w.month(terms.calendar.last_of(periods[-1]))}"
        )
        title = _title(outcome, lines)
        return finish(
            drawing, _alt(title, subtitle, lines, periods, start), title, subtitle, _table(outcome, periods, lines)
        )


def _basis(series: Sequence[Series], start: str) -> Basis:
    means = [_mean(_per_area(s), s.periods, start, before=True) for s in series]
    known = [m for m in means if m is not None and m > 0]
    return "index" if len(known) == len(means) > 1 and max(known) > 3 * min(known) else "per_area"


def _line(series: Series, start: str, basis: Basis) -> Line:
    name, colour, style = STYLES[series.role]
    values = _per_area(series)
    before = _mean(values, series.periods, start, before=True)
    after = _mean(values, series.periods, start, before=False)
    if basis == "index" and before:
        values = tuple(None if v is None else 100 * v / before for v in values)
    return Line(name, colour, style, series.n_units, series.values, values, before, after, _together(series))


def _per_area(series: Series) -> tuple[float | None, ...]:
    """A month's count over the areas; of months that are published together, their mean."""
    bands = _together(series)
    means = (
        bands[p].count / bands[p].n if p in bands else v for p, v in zip(series.periods, series.values, strict=True)
    )
    return tuple(None if v is None else v / max(series.n_units, 1) for v in means)


def _together(series: Series) -> dict[str, Band]:
    return {p: b for b in series.bands for p in series.periods if b.first <= p <= b.last}


def _mean(values: Sequence[float | None], periods: Sequence[str], start: str, before: bool) -> float | None:
    kept = [v for v, p in zip(values, periods, strict=True) if v is not None and (p < start) == before]
    return sum(kept) / len(kept) if kept else None


def _last(values: Sequence[float | None]) -> float:
    return next((v for v in reversed(values) if v is not None), 0.0)


def _title(outcome: str, lines: Sequence[Line]) -> str:
    words = [
        f"from {w.number(line.before, 1)} to {w.number(line.after, 1)} a month per {line.name.lower()} area"
        for line in lines
    ]
    return f"Recorded {outcome} went {w.listing(words)}"


def _alt(title: str, subtitle: str, lines: Sequence[Line], periods: tuple[str, ...], start: str) -> str:
    groups = [f"{line.name.lower()} areas ({line.n_units:,})" for line in lines]
    gaps = [p for i, p in enumerate(periods) if any(line.drawn[i] is None for line in lines)]
    merged = any(line.together for line in lines)
    text = f"Line chart. {subtitle}. Lines for {w.listing(groups)}; a dotted line marks the start, {w.month(start)}. "
    text += f"{title}, comparing means of the months before and after the start."
    text += " Flat stretches without dots are months published together, drawn at their mean." if merged else ""
    return text + (
        f" The lines are broken where data are missing: {w.listing([w.month(p) for p in gaps])}." if gaps else ""
    )


def _table(outcome: str, periods: tuple[str, ...], lines: Sequence[Line]) -> Table:
    columns = ["Month"]
    for line in lines:
        columns += [f"{line.name}: offences", f"{line.name}: as drawn"]
    rows = []
    for i, period in enumerate(periods):
        cells = [w.month(period)]
        for line in lines:
            raw, drawn = line.raw[i], line.drawn[i]
            if drawn is None:
                cells += ["missing", "missing"]
            elif raw is None:
                cells += [_shared(line.together[period]), w.number(drawn)]
            else:
                cells += [w.count(raw), w.number(drawn)]
        rows.append(tuple(cells))
    return Table(f"Recorded {outcome} by month", tuple(columns), tuple(rows), frozenset(range(1, len(columns))))


def _shared(band: Band) -> str:
    return f"{w.count(band.count)} in {w.month(band.first)} to {w.month(band.last)}"
