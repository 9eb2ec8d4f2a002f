"""A forest plot as SVG: text as text, a name and a description, nothing that only colour tells."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from vru.site.axis import LEFT, RIGHT, Axis, axis

WIDTH = 760
ROW = 42
TOP = 34
FOOT = 34
_LABEL, _SECOND, _NUMBERS = 34, 40, 26
UNIT = {
    "log_rate_ratio": "change in per cent, on a ratio scale",
    "count_difference": "change in number",
    "mean_difference": "change in units of the measure",
    "risk_difference": "change in percentage points",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """One line of a forest plot: values on the plot's scale, words already made.

    low, high : None where the interval is not known. note : a second line under the label, such as the organisation.
    """

    label: str
    note: str
    estimate: float
    low: float | None
    high: float | None
    size: str
    interval: str
    exercise: bool = False


@dataclass(frozen=True, slots=True)
class Diamond:
    """The pooled effect under the lines; prediction_low and prediction_high None where there is none."""

    label: str
    estimate: float
    low: float
    high: float
    prediction_low: float | None
    prediction_high: float | None
    size: str
    interval: str


def forest_svg(marks: Sequence[Mark], scale: str, title: str, name: str, diamond: Diamond | None = None) -> Markup:
    """Draw results that share one scale; the words of ``title`` and of a description name it to screen readers.

    Parameters
    ----------
    name : an id that is used once on the page.
    diamond : drawn under the lines when given.
    """
    values = [v for m in marks for v in (m.estimate, m.low, m.high) if v is not None]
    if diamond:
        values += [diamond.low, diamond.high]
        values += [v for v in (diamond.prediction_low, diamond.prediction_high) if v is not None]
    drawn = axis(values, scale)
    bottom = TOP + ROW * (len(marks) + (1 if diamond else 0))
    parts = [
        f'<svg class="vru-forest" role="img" viewBox="0 0 {WIDTH} {bottom + FOOT}" '
        f'aria-labelledby="{escape(name)}-title {escape(name)}-desc" xmlns="http://www.w3.org/2000/svg">',
        f'<title id="{escape(name)}-title">{escape(title)}</title>',
        f'<desc id="{escape(name)}-desc">{escape(_description(marks, scale, diamond))}</desc>',
        *_frame(drawn, scale, bottom),
    ]
    for i, mark in enumerate(marks):
        parts += _line(drawn, mark, TOP + ROW * i + ROW / 2)
    if diamond:
        parts += _pooled(drawn, diamond, TOP + ROW * len(marks) + ROW / 2)
    return Markup("".join([*parts, "</svg>"]))


def _description(marks: Sequence[Mark], scale: str, diamond: Diamond | None) -> str:
    lines = f"{len(marks)} {'result' if len(marks) == 1 else 'results'}, {UNIT[scale]}, each with its interval."
    pooled = f" Pooled: {diamond.size}, {diamond.interval}." if diamond else ""
    return f"{lines}{pooled} The table after the figure gives every number."


def _frame(drawn: Axis, scale: str, bottom: float) -> list[str]:
    parts = [
        _text(0, 16, "Evaluation", "vru-forest__head"),
        _text(LEFT, 16, f"{UNIT[scale].capitalize()}", "vru-forest__head"),
        _text(WIDTH, 16, "Effect and interval", "vru-forest__head vru-forest__end"),
        f'<line class="vru-forest__axis" x1="{LEFT:g}" x2="{RIGHT:g}" y1="{bottom:g}" y2="{bottom:g}"/>',
    ]
    for value, words in drawn.ticks:
        x = drawn.x(value)
        kind = "vru-forest__null" if value == 0 else "vru-forest__grid"
        parts.append(f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 8}" y2="{bottom + 5:g}"/>')
        parts.append(_text(round(x, 1), bottom + 22, words, "vru-forest__tick"))
    return parts


def _line(drawn: Axis, mark: Mark, y: float) -> list[str]:
    parts = [
        _text(0, y - 2, _clip(mark.label, _LABEL), "vru-forest__label"),
        _text(0, y + 14, _clip(mark.note, _SECOND), "vru-forest__note"),
        _text(WIDTH, y - 2, _clip(mark.size, _NUMBERS), "vru-forest__label vru-forest__end"),
        _text(WIDTH, y + 14, _clip(mark.interval, 34), "vru-forest__note vru-forest__end"),
    ]
    if mark.low is not None and mark.high is not None:
        parts += _whisker(drawn, mark.low, mark.high, y, "vru-forest__interval")
    x = drawn.x(mark.estimate)
    hollow = " vru-forest__hollow" if mark.exercise or mark.low is None else ""
    if drawn.beyond(mark.estimate):
        parts += _arrow(drawn, mark.estimate, y)
    else:
        parts.append(f'<rect class="vru-forest__point{hollow}" x="{x - 5:.1f}" y="{y - 5:g}" width="10" height="10"/>')
    return parts


def _pooled(drawn: Axis, diamond: Diamond, y: float) -> list[str]:
    low, middle, high = (drawn.x(v) for v in (diamond.low, diamond.estimate, diamond.high))
    parts = [
        _text(0, y - 2, _clip(diamond.label, _LABEL), "vru-forest__label"),
        _text(WIDTH, y - 2, diamond.size, "vru-forest__label vru-forest__end"),
        _text(WIDTH, y + 14, _clip(diamond.interval, 34), "vru-forest__note vru-forest__end"),
    ]
    if diamond.prediction_low is not None and diamond.prediction_high is not None:
        parts += _whisker(drawn, diamond.prediction_low, diamond.prediction_high, y, "vru-forest__prediction")
        parts.append(_text(0, y + 14, "dashed line: where a new area may lie", "vru-forest__note"))
    points = f"{low:.1f},{y:g} {middle:.1f},{y - 9:g} {high:.1f},{y:g} {middle:.1f},{y + 9:g}"
    parts.append(f'<polygon class="vru-forest__diamond" points="{points}"/>')
    return parts


def _whisker(drawn: Axis, low: float, high: float, y: float, kind: str) -> list[str]:
    left, right = drawn.x(low), drawn.x(high)
    parts = [f'<line class="{kind}" x1="{left:.1f}" x2="{right:.1f}" y1="{y:g}" y2="{y:g}"/>']
    return [*parts, *_arrow(drawn, low, y), *_arrow(drawn, high, y)]


def _arrow(drawn: Axis, value: float, y: float) -> list[str]:
    if not drawn.beyond(value):
        return []
    x, way = (LEFT, 1) if value < drawn.low else (RIGHT, -1)
    points = f"{x + 7 * way:.1f},{y - 5:g} {x:.1f},{y:g} {x + 7 * way:.1f},{y + 5:g}"
    return [f'<polyline class="vru-forest__arrow" points="{points}"/>']


def _text(x: float, y: float, words: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{escape(words)}</text>'


def _clip(words: str, limit: int) -> str:
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"
