"""A map of areas, from their outlines alone: no tiles, nothing fetched, north up, with a scale bar."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vru.mapped import AreaMap, Change, MapArea
from vru.report import wording as w
from vru.report.document import Table
from vru.report.figures.canvas import BLUE, GREY, INK, ORANGE, PLUM, RULE, TEAL, Drawn, canvas, finish

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SMALL = 0.012
"""An area narrower than this part of the map is marked by a sign in its middle as well."""
SIGNS: tuple[tuple[Change, str], ...] = (("fewer", "v"), ("more", "^"), ("no clear change", "o"))
LONGEST_TABLE = 60


@dataclass(frozen=True, slots=True)
class _Style:
    """How a role is told: words, fill, pattern of lines, and a sign for areas too small to see."""

    words: str
    fill: str
    hatch: str
    sign: str


_CONTEXT = _Style("other candidates", "#eef0f1", "", "")
STYLES = {
    "treated": _Style("treated", BLUE, "", "s"),
    "comparison": _Style("comparison", TEAL, "///", "o"),
    "buffer": _Style("buffer of treated", ORANGE, "...", "^"),
    "buffer_comparison": _Style("buffer of comparison", PLUM, "xxx", "v"),
    "chosen": _Style("chosen", BLUE, "", "s"),
    "context": _CONTEXT,
}


def area_map_figure(drawn: AreaMap, key: str, title: str, subtitle: str) -> Drawn:
    """Areas by role, with what changed as a sign: pointing down fewer, up more, a dot no clear change.

    Parameters
    ----------
    drawn : outlines in metres. key : makes the drawing's ids unique on its page.
    """
    width = 7.5
    height = min(8.0, max(3.2, (width - 0.6) * drawn.height / max(drawn.width, 1.0) + 0.9))
    with canvas(key, width, height) as drawing:
        axes = drawing.axes
        axes.set_xlim(0, max(drawn.width, 1.0))
        axes.set_ylim(0, max(drawn.height, 1.0))
        axes.set_aspect("equal")
        axes.set_axis_off()
        order = ["context", "buffer_comparison", "buffer", "comparison", "treated", "chosen"]
        for role in order:
            _areas(axes, drawn, [a for a in drawn.areas if a.role == role], STYLES[role])
        _changes(axes, drawn.areas)
        _scale_bar(axes, drawn)
        _legend(axes, drawn)
        return finish(drawing, _alt(drawn, title), title, subtitle, _table(drawn))


def _areas(axes: "Axes", drawn: AreaMap, areas: Sequence[MapArea], style: _Style) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    areas = [a for a in areas if a.rings]
    rings = [np.asarray(r) for a in areas for r in a.rings if len(r) > 2]
    if not rings:
        return
    codes = [c for r in rings for c in [Path.MOVETO, *[Path.LINETO] * (len(r) - 2), Path.CLOSEPOLY]]
    outline = Path(np.concatenate(rings), codes)
    solid = style is not _CONTEXT
    edge = INK if solid else RULE
    look: dict[str, Any] = {"facecolor": style.fill, "edgecolor": edge, "linewidth": 0.6 if solid else 0.4}
    axes.add_patch(PathPatch(outline, **look, alpha=0.9 if not style.hatch else 0.75))
    if style.hatch:
        axes.add_patch(PathPatch(outline, fill=False, hatch=style.hatch, edgecolor=INK, linewidth=0.3))
    if not style.sign:
        return
    small = [a for a in areas if _width(a) < SMALL * max(drawn.width, drawn.height)]
    at = np.array([_middle(a) for a in small if not a.change]).reshape(-1, 2)
    axes.plot(at[:, 0], at[:, 1], style.sign, color=style.fill, markeredgecolor=INK, markersize=5, linestyle="none")


def _changes(axes: "Axes", areas: Sequence[MapArea]) -> None:
    for kind, sign in SIGNS:
        at = np.array([_middle(a) for a in areas if a.change == kind and a.rings]).reshape(-1, 2)
        axes.plot(at[:, 0], at[:, 1], **_sign(kind, sign))


def _sign(kind: Change, sign: str) -> dict[str, Any]:
    """How a change is drawn: by the shape of a white sign, whatever the colour under it."""
    size = 4 if kind == "no clear change" else 6
    look = {"marker": sign, "color": "white", "markeredgecolor": INK, "markersize": size, "markeredgewidth": 1.2}
    return {**look, "linestyle": "none"}


def _width(area: MapArea) -> float:
    points = np.concatenate([np.asarray(r) for r in area.rings])
    return float(np.ptp(points, axis=0).max())


def _middle(area: MapArea) -> tuple[float, float]:
    """The middle of the largest outline's box: within the area or close by, and the same whatever its corners."""
    ring = max((np.asarray(r) for r in area.rings), key=lambda r: float(np.prod(np.ptp(r, axis=0))))
    low, high = ring.min(axis=0), ring.max(axis=0)
    return float((low[0] + high[0]) / 2), float((low[1] + high[1]) / 2)


def scale_length(width: float) -> float:
    """A round length near a fifth of the map's width, metres: 1, 2 or 5 times a power of ten."""
    power = 10 ** math.floor(math.log10(max(width, 1.0) / 5))
    return float(max(f * power for f in (1, 2, 5) if f * power <= max(width, 1.0) / 5))


def _scale_bar(axes: "Axes", drawn: AreaMap) -> None:
    length = scale_length(drawn.width)
    words = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    x, y = 0.02 * drawn.width, -0.03 * drawn.height
    axes.plot([x, x + length], [y, y], color=INK, linewidth=2, clip_on=False, solid_capstyle="butt")
    axes.annotate(words, (x + length, y), xytext=(5, 0), textcoords="offset points", va="center", annotation_clip=False)
    arrow = {"arrowstyle": "-|>", "color": INK}
    axes.annotate(
        "N", (0.985, 1.0), (0.985, 0.9), xycoords="axes fraction", ha="center", va="top", arrowprops=arrow,
        annotation_clip=False,
    )  # fmt: skip


def _legend(axes: "Axes", drawn: AreaMap) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    there = [r for r in STYLES if any(a.role == r for a in drawn.areas)]
    marks: list[Any] = [
        Patch(facecolor=STYLES[r].fill, hatch=STYLES[r].hatch, edgecolor=INK if r != "context" else RULE, linewidth=0.5)
        for r in there
    ]
    words = [
        f"{STYLES[r].words} ({sum(a.role == r for a in drawn.areas)})" if r != "context" else STYLES[r].words
        for r in there
    ]
    for kind, sign in SIGNS:
        if any(a.change == kind for a in drawn.areas):
            marks.append(Line2D([], [], **_sign(kind, sign)))
            words.append(kind)
    axes.legend(
        marks, words, loc="upper center", bbox_to_anchor=(0.5, -0.05), ncols=min(len(words), 4), fontsize=9,
        labelcolor=INK, edgecolor=GREY,
    )  # fmt: skip


def _alt(drawn: AreaMap, title: str) -> str:
    parts = []
    for role, style in STYLES.items():
        areas = [a for a in drawn.areas if a.role == role]
        if not areas or role == "context":
            continue
        text = f"{w.plural(len(areas), f'{style.words} area')}"
        kinds = [a.change for a in areas if a.change]
        if kinds:
            counted = [f"{kinds.count(k)} with {k}" for k, _ in SIGNS if k in kinds]
            text += f" ({w.listing(counted)})"
        parts.append(text)
    size = f"{drawn.width / 1000:.1f} by {drawn.height / 1000:.1f} km"
    return f"{title}. A map of {size}, north up, showing {w.listing(parts)}."


def _table(drawn: AreaMap) -> Table:
    areas = [a for a in drawn.areas if a.role != "context"]
    changed, ratios = any(a.change for a in areas), any(a.ratio is not None for a in areas)
    columns = ["Area", "Role", *(["Change"] if changed else []), *(["Rate after against before"] if ratios else [])]
    rows = []
    for a in areas[:LONGEST_TABLE]:
        row = [a.name, STYLES[a.role].words, *([a.change or "not shown"] if changed else [])]
        rows.append((*row, *([w.MISSING if a.ratio is None else w.percent_change(a.ratio)] if ratios else [])))
    if len(areas) > LONGEST_TABLE:
        rows.append((f"and {len(areas) - LONGEST_TABLE:,} more", *["on the map"] * (len(columns) - 1)))
    return Table("Areas on the map", tuple(columns), tuple(rows))
