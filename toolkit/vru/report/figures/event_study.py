"""Effects by month from the start: flat before, and then?"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from vru.report import wording as w
from vru.report.document import Table
from vru.report.figures.canvas import BLUE, GREY, ORANGE, Canvas, Drawn, canvas, finish
from vru.results import Estimate, EventPoint
from vru.words.terms import PLAIN, Terms


def event_study_figure(estimate: Estimate, outcome: str, key: str, terms: Terms = PLAIN) -> Drawn | None:
    """Estimates by period from the start, hollow before it and filled from it on, with intervals.

    A log rate ratio is drawn as a rate ratio on a log axis. Returns None without an event study.
    """
    points = sorted(estimate.event_study, key=lambda p: p.event_time)
    if not points:
        return None
    ratio = estimate.scale == "log_rate_ratio"
    turn: Callable[[float], float] = math.exp if ratio else float
    with canvas(key, terms=terms) as drawing:
        _draw(drawing, points, turn, ratio)
        title, subtitle = _title(points, ratio), _subtitle(estimate, outcome, ratio)
        alt = f"Chart of estimates with intervals by month. {subtitle}. {title}."
        return finish(drawing, alt, title, subtitle, _table(estimate, points, ratio))


def _draw(drawing: Canvas, points: Sequence[EventPoint], turn: Callable[[float], float], ratio: bool) -> None:
    axes = drawing.axes
    for before, colour, face in ((True, ORANGE, "white"), (False, BLUE, BLUE)):
        some = [p for p in points if (p.event_time < 0) == before]
        for p in some:
            if p.low is not None and p.high is not None:
                axes.plot([p.event_time] * 2, [turn(p.low), turn(p.high)], color=colour, linewidth=1.5)
        axes.plot(
            [p.event_time for p in some],
            [turn(p.value) for p in some],
            linestyle="",
            marker="s" if before else "o",
            markersize=5.5,
            markeredgecolor=colour,
            markerfacecolor=face,
        )
    axes.axhline(1.0 if ratio else 0.0, color=GREY, linewidth=1)
    axes.axvline(-0.5, color=GREY, linewidth=1, linestyle=(0, (2, 2)))
    if ratio:
        ratio_axis(axes.yaxis, axes.set_yscale, *_reach(points, turn))
    axes.set_xlabel("Months from the start (0 = first month)")
    axes.set_ylabel("Rate ratio (log scale)" if ratio else "Offences")
    place: dict[str, Any] = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points", "weight": "bold"}
    axes.annotate("Before", (-0.5, 1.0), xytext=(-6, 4), ha="right", **place)
    axes.annotate("From the start", (-0.5, 1.0), xytext=(6, 4), **place)


def ratio_axis(axis, set_scale: Callable[[str], None], low: float, high: float) -> None:  # type: ignore[no-untyped-def]
    """Make an axis logarithmic with ticks at plain ratios between ``low`` and ``high``."""
    ladder = (0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)
    reach = math.log(max(high, 1.0) / min(low, 1.0)) or 1.0
    ticks = [1.0]
    for t in sorted(ladder, key=lambda t: abs(math.log(t))):
        apart = min(abs(math.log(t / other)) for other in ticks)
        if min(low, 1.0) * 0.98 <= t <= max(high, 1.0) * 1.02 and apart > 0.1 * reach:
            ticks.append(t)
    ticks.sort()
    set_scale("log")
    axis.set_ticks(ticks, [f"{t:g}" for t in ticks])
    axis.set_ticks([], minor=True)


def _reach(points: Sequence[EventPoint], turn: Callable[[float], float]) -> tuple[float, float]:
    ends = [turn(v) for p in points for v in (p.low, p.value, p.high) if v is not None]
    return min(ends), max(ends)


def _title(points: Sequence[EventPoint], ratio: bool) -> str:
    parts = []
    for name, some in (
        ("Before the start", [p for p in points if p.event_time < 0]),
        ("from the start on", [p for p in points if p.event_time >= 0]),
    ):
        if some:
            low, high = min(p.value for p in some), max(p.value for p in some)
            words = [w.percent_change(math.exp(v)) if ratio else w.difference(v) for v in (low, high)]
            parts.append(f"{name} monthly estimates run from {words[0]} to {words[1]}")
    text = "; ".join(parts)
    return text[0].upper() + text[1:]


def _subtitle(estimate: Estimate, outcome: str, ratio: bool) -> str:
    scale = "rate ratio (1 = no effect)" if ratio else "difference in offences (0 = no effect)"
    return f"Recorded {outcome}, {scale} by month from the start, with {w.level(estimate.level)} intervals"


def _table(estimate: Estimate, points: Sequence[EventPoint], ratio: bool) -> Table:
    rows = []
    for p in points:
        if ratio:
            low, high = (None if v is None else math.exp(v) for v in (p.low, p.high))
            cells = (w.number(math.exp(p.value)), w.span(low, high))
        else:
            cells = (w.number(p.value, 1), w.span(p.low, p.high, 1))
        rows.append((w.number(p.event_time, 0), *cells))
    name = "Rate ratio" if ratio else "Offences"
    return Table(
        f"Estimates by month from the start, analysis {w.plain(estimate.analysis)}",
        ("Months from the start", name, f"{w.level(estimate.level)} interval"),
        tuple(rows),
        frozenset({0, 1, 2}),
    )
