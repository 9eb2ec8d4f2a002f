"""The causal graph as drawn by the protocol: shape and label say what each node is, not colour alone."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vru.graph import Identification
from vru.report import wording as w
from vru.report.document import Table
from vru.report.figures.canvas import BLUE, GREY, INK, PLUM, TEAL, Canvas, Drawn, canvas, finish

KINDS = {
    "treatment": ("the intervention", BLUE, "square", "-", 2.5),
    "outcome": ("the outcome", BLUE, "round", "-", 2.5),
    "adjusted": ("adjusted for", TEAL, "square", "-", 1.5),
    "unobserved": ("not observed", PLUM, "round", "--", 1.5),
    "other": ("not adjusted for", GREY, "round", "-", 1.0),
}


@dataclass(frozen=True, slots=True)
class Node:
    """A node and where it stands: ``x`` is its layer (causes left of effects), ``y`` its place in the layer."""

    name: str
    kind: str
    x: float
    y: float


def graph_figure(identification: Identification, notes: Mapping[str, str], key: str) -> Drawn:
    """Draw the causal graph, causes left of their effects. ``notes`` say what a node stands for."""
    nodes = _layout(identification)
    wide = max(n.x for n in nodes.values()) + 1
    tall = max(n.y for n in nodes.values()) - min(n.y for n in nodes.values()) + 1
    with canvas(key, width=max(7.5, 1.5 * wide), height=max(2.4, 0.95 * tall)) as drawing:
        _draw(drawing, identification, nodes)
        drawing.axes.set_xlim(-0.55, wide - 0.45)
        ys = [n.y for n in nodes.values()]
        drawing.axes.set_ylim(min(ys) - 0.6, max(ys) + 0.6)
        adjusted = w.listing([w.plain(a) for a in identification.adjustment])
        title = f"The assumed causal graph: adjusted for, {adjusted}"
        arrows = w.plural(len(identification.edges), "arrow")
        subtitle = f"{w.plural(len(nodes), 'variable')} and {arrows}; an arrow means may cause"
        alt = _alt(identification, title)
        return finish(drawing, alt, title, subtitle, _table(identification, nodes, notes))


def _layout(identification: Identification) -> dict[str, Node]:
    names = sorted({identification.treatment, identification.outcome, *(n for e in identification.edges for n in e)})
    layer = dict.fromkeys(names, 0)
    for _ in names:  # longest path; the fixed number of rounds also ends on a graph that is not acyclic
        for a, b in identification.edges:
            layer[b] = min(max(layer[b], layer[a] + 1), len(names))
    for name in names:  # a cause stands just left of its first effect, which keeps arrows short
        after = [layer[b] for a, b in identification.edges if a == name]
        if after and not any(b == name for _, b in identification.edges):
            layer[name] = max(min(after) - 1, 0)
    levels = sorted(set(layer.values()))
    columns = [[n for n in names if layer[n] == level] for level in levels]
    y = dict.fromkeys(names, 0.0)
    for _ in range(4):
        for column in columns:
            _spread(column, y, identification.edges)
    shift = {n: 0.28 if i % 2 else 0.0 for i, column in enumerate(columns) for n in column if len(columns) > 2}
    return {n: Node(n, _kind(n, identification), levels.index(layer[n]), y[n] + shift.get(n, 0.0)) for n in names}


def _spread(column: list[str], y: dict[str, float], edges: Sequence[tuple[str, str]]) -> None:
    def pull(name: str) -> tuple[float, str]:
        near = [y[b] for a, b in edges if a == name] + [y[a] for a, b in edges if b == name]
        return (sum(near) / len(near) if near else 0.0, name)

    column.sort(key=pull)
    for i, name in enumerate(column):
        y[name] = i - (len(column) - 1) / 2


def _kind(name: str, identification: Identification) -> str:
    if name == identification.treatment:
        return "treatment"
    if name == identification.outcome:
        return "outcome"
    if name in identification.unobserved:
        return "unobserved"
    return "adjusted" if name in identification.adjustment else "other"


def _draw(drawing: Canvas, identification: Identification, nodes: Mapping[str, Node]) -> None:
    drawing.axes.set_axis_off()
    boxes = {node.name: _box(drawing, node) for node in nodes.values()}
    for a, b in identification.edges:
        start, end = nodes[a], nodes[b]
        main = (a, b) == (identification.treatment, identification.outcome)
        near = abs(end.x - start.x) <= 1 and start.x != end.x
        bend = 0.0 if near else -0.22 if start.y > end.y else 0.22  # round the nodes between, away from the middle
        drawing.axes.annotate(
            "",
            (end.x, end.y),
            (start.x, start.y),
            zorder=1,
            arrowprops={
                "arrowstyle": "-|>,head_width=0.25,head_length=0.5",
                "color": INK if main else GREY,
                "linewidth": 2 if main else 1.2,
                "connectionstyle": f"arc3,rad={bend}",
                "patchA": boxes[a],
                "patchB": boxes[b],
                "shrinkA": 1,
                "shrinkB": 2,
            },
        )


def _box(drawing: Canvas, node: Node) -> Any:
    """Draw one node and return its outline, where arrows end."""
    label, colour, shape, line, width = KINDS[node.kind]
    text = drawing.axes.text(
        node.x,
        node.y,
        f"{_wrap(w.plain(node.name))}\n({label})",
        ha="center",
        va="center",
        fontsize=9,
        color=INK,
        zorder=3,
        bbox={
            "boxstyle": "square,pad=0.5" if shape == "square" else "round,pad=0.5,rounding_size=1.1",
            "facecolor": "white",
            "edgecolor": colour,
            "linewidth": width,
            "linestyle": line,
        },
    )
    return text.get_bbox_patch()


def _wrap(text: str, width: int = 16) -> str:
    return "\n".join(textwrap.wrap(text, width)) or text


def _alt(identification: Identification, title: str) -> str:
    arrows = [f"{w.plain(a)} to {w.plain(b)}" for a, b in identification.edges]
    hidden = [w.plain(u) for u in identification.unobserved]
    text = f"Causal graph. {title}. Arrows: {'; '.join(arrows) or 'none'}."
    return text + f" Not observed: {w.listing(hidden)}."


def _table(identification: Identification, nodes: Mapping[str, Node], notes: Mapping[str, str]) -> Table:
    rows = []
    for node in sorted(nodes.values(), key=lambda n: (n.x, n.name)):
        effects = [w.plain(b) for a, b in identification.edges if a == node.name]
        rows.append(
            (w.plain(node.name), KINDS[node.kind][0], w.listing(effects), notes.get(node.name, "not described"))
        )
    return Table(
        "The variables of the causal graph",
        ("Variable", "Part it plays", "May cause", "What it stands for"),
        tuple(rows),
    )
