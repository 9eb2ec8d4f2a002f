"""Disproportionality: who has no recorded ethnicity by month, ratios by group with bounds, ratios over time."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vru.equity.figured import Absent, Line, Step, Study
from vru.equity.trends import Trend
from vru.periods import months_between
from vru.report import wording as w
from vru.report.document import Table
from vru.report.figures.canvas import BLUE, GREY, INK, ORANGE, PLUM, TEAL, Drawn, canvas, finish, label_ends
from vru.report.figures.event_study import ratio_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = (BLUE, TEAL, PLUM, ORANGE)


def absent_figure(found: Sequence[Absent], by: str, key: str, first: str) -> Drawn | None:
    """A line: the share of rows without recorded ethnicity by period. None with fewer than two periods to show."""
    shown = [(a.value, a.missing, a.rows) for a in found if a.missing is not None and a.rows]
    if len(shown) < 2:
        return None
    names = [a.value for a in found] if by != "month" else list(months_between(found[0].value, found[-1].value))
    at = {name: i for i, name in enumerate(names)}
    course = [math.nan] * len(names)
    for v, m, n in shown:
        course[at[v]] = 100 * m / n
    shares = [100 * m / n for _, m, n in shown]
    with canvas(key, height=3.2) as drawing:
        axes = drawing.axes
        axes.plot(range(len(names)), course, color=BLUE, marker="o", markersize=4)
        axes.set_ylim(0, max(*shares, 5) * 1.15)
        axes.set_ylabel("Not recorded, percent")
        step = -(-len(names) // 8)
        axes.set_xticks(range(0, len(names), step), names[::step])
        title = f"Ethnicity was not recorded in {min(shares):.1f}% to {max(shares):.1f}% of rows of a {by}"
        subtitle = f"Share of each {by}'s {first} rows without recorded ethnicity, percent"
        rows = tuple((v, f"{n:,}", f"{m:,}", f"{s:.1f}%") for (v, m, n), s in zip(shown, shares, strict=True))
        alt = f"Line chart. {subtitle}. {title}. {shown[0][0]}: {shares[0]:.1f}%; {shown[-1][0]}: {shares[-1]:.1f}%."
        table = Table(
            f"Ethnicity not recorded, by {by}",
            (by.capitalize(), "Rows", "Not recorded", "Share"),
            rows,
            frozenset({1, 2, 3}),
        )
        return finish(drawing, alt, title, subtitle, table)


def ratios_figure(step: Step, study: Study, key: str) -> Drawn | None:
    """A forest of ratios to the reference; a dotted line shows where the ratio could lie whatever the unrecorded are."""
    lines = [x for x in step.lines if x.ratio.value]
    if not lines:
        return None
    against, level = study.asked.against, w.level(study.asked.level)
    with canvas(key, height=1.5 + 0.55 * len(lines)) as drawing:
        _forest(drawing.axes, lines)
        drawing.axes.set_xlabel(f"Ratio to {against} (1 = the same rate); dotted: whatever the unrecorded are")
        title = _ratio_title(lines, step, study)
        subtitle = f"Relative rate index against {against}, log scale, with {level} intervals"
        each = "; ".join(f"{x.group}: {ratio_cell(x)}" for x in lines)
        rows = tuple((x.group, ratio_cell(x), w.span(x.bounds.low, x.bounds.high)) for x in lines)
        columns = ("Group", "Ratio", "Whatever the unrecorded are")
        table = Table(f"Ratios to {against}", columns, rows, frozenset({1, 2}))
        return finish(drawing, f"Forest plot. {subtitle}. {title}. {each}.", title, subtitle, table)


def _forest(axes: "Axes", lines: Sequence[Line]) -> None:
    for i, x in enumerate(lines):
        r, b, value = x.ratio, x.bounds, x.ratio.value or 0.0
        if b.low and b.high:
            axes.plot([b.low, b.high], [-i, -i], color=ORANGE, linewidth=1.5, linestyle=(0, (1, 1)))
        axes.plot([r.low or value, r.high or value], [-i, -i], color=BLUE, linewidth=4)
        axes.plot([value], [-i], marker="s", markersize=7, color=BLUE)
        axes.annotate(
            ratio_cell(x), (1.0, -i), xycoords=("axes fraction", "data"), xytext=(8, 0), textcoords="offset points",
            va="center",
        )  # fmt: skip
    ends = [v for x in lines for v in (x.ratio.low, x.ratio.value, x.ratio.high, x.bounds.low, x.bounds.high) if v]
    low, high = min([*ends, 0.8]), max([*ends, 1.25])
    ratio_axis(axes.xaxis, axes.set_xscale, low, high)
    axes.set_xlim(low * 0.93, high * 1.07)
    axes.axvline(1.0, color=GREY, linewidth=1)
    axes.set_yticks([-i for i in range(len(lines))], [x.group for x in lines])
    axes.set_ylim(-len(lines) + 0.4, 0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def ratio_cell(line: Line) -> str:
    """A ratio with its interval, as tables and figures print it."""
    r = line.ratio
    if r.value is None and r.low is None:
        return w.MISSING
    high = "no limit" if r.high is None else w.number(r.high)
    return f"{w.number(r.value) if r.value is not None else 'no ratio'} ({w.number(r.low)} to {high})"


def _ratio_title(lines: Sequence[Line], step: Step, study: Study) -> str:
    top = max(lines, key=lambda x: x.ratio.value or 0)
    whose = (
        f"of a {step.stage.replace('_', ' ')}"
        if step.per_head
        else f"of {step.stage.replace('_', ' ')} after {step.against}"
    )
    return f"The rate {whose} was {w.number(top.ratio.value)} times that of {study.asked.against} for the group {top.group}"


def trend_figure(trend: Trend, study: Study, key: str) -> Drawn | None:
    """Lines of ratios by period for up to four groups with a ratio in at least two periods: those of most rows."""
    groups = _often(trend)
    if not groups:
        return None
    labels = [p.label for p in trend.periods]
    with canvas(key, height=4.0) as drawing:
        axes = drawing.axes
        label_ends(axes, _lines(axes, trend, groups))
        step = -(-len(labels) // 8)
        axes.set_xticks(range(0, len(labels), step), labels[::step])
        axes.set_ylabel(f"Ratio to {study.asked.against}")
        spans = "; ".join(f"{g} {_range([p.ratios[g].value for p in trend.periods])}" for g in groups[:2])
        title = f"Ratio to {study.asked.against} by {trend.by}: {spans}"
        bands = f"{w.level(study.asked.level)} intervals"
        subtitle = f"Relative rate index by {trend.by}; bands: {bands}; the same residents throughout"
        rows = tuple((p.label, *(w.number(p.ratios[g].value) for g in groups)) for p in trend.periods)
        columns = (trend.by.capitalize(), *groups)
        table = Table(f"Ratios by {trend.by}", columns, rows, frozenset(range(1, len(columns))))
        return finish(drawing, f"Line chart. {subtitle}. {title}.", title, subtitle, table)


def _often(trend: Trend) -> list[str]:
    totals: dict[str, int] = {}
    for p in trend.periods:
        for g, r in p.ratios.items():
            if r.value is not None:
                totals[g] = totals.get(g, 0) + (p.counts[g] or 0)
    often = [g for g in totals if totals[g] and sum(p.ratios[g].value is not None for p in trend.periods) >= 2]
    return sorted(often, key=lambda g: (-totals[g], g))[:4]


def _lines(axes: "Axes", trend: Trend, groups: Sequence[str]) -> list[tuple[float, float, str]]:
    """Draw each group's line and band, broken where a ratio is missing; where each line ends."""
    ends: list[tuple[float, float, str]] = []
    x = list(range(len(trend.periods)))
    for colour, g in zip(COLOURS, groups, strict=False):
        ratios = [p.ratios[g] for p in trend.periods]
        values = [math.nan if r.value is None else r.value for r in ratios]
        low = [math.nan if r.value is None else r.low or 0.0 for r in ratios]
        high = [math.nan if r.value is None else r.high or r.value for r in ratios]
        axes.fill_between(x, low, high, color=colour, alpha=0.13, lw=0)
        axes.plot(x, values, color=colour, marker="o", markersize=4)
        last = max(i for i, v in enumerate(values) if not math.isnan(v))
        ends.append((float(last), values[last], g))
    axes.axhline(1.0, color=INK, linewidth=1, linestyle=(0, (4, 3)))
    axes.set_ylim(0, None)
    return ends


def _range(values: Sequence[float | None]) -> str:
    seen = [v for v in values if v is not None]
    return f"between {w.number(min(seen))} and {w.number(max(seen))}"
