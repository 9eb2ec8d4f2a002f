"""Does the graph license the instrument? It must move treatment, and reach the outcome through treatment alone."""

from typing import Any

from vru.errors import Problem
from vru.graph.parse import arrows
from vru.protocol.fields import Graph

_WHERE = "graph.instrument"


def instrument_problems(graph: Graph, dag: Any) -> list[Problem]:
    """Every way in which the protocol's own graph denies that its instrument is one, each with the path.

    Judged with the treatment's own arrows removed, given the adjustment set.
    Source: Pearl (2009) *Causality*, definition 7.4.1.
    """
    import networkx as nx

    name = graph.instrument
    if name is None:
        return []
    if graph.treatment not in nx.descendants(dag, name):
        hint = f"add how {name} moves {graph.treatment}, for example {name} -> {graph.treatment}"
        return [Problem(f"no path leads from {name} to {graph.treatment}", _WHERE, hint=hint)]
    cut = dag.copy()
    cut.remove_edges_from(list(dag.out_edges(graph.treatment)))
    given = set(graph.adjustment) - nx.descendants(dag, graph.treatment)
    if nx.is_d_separator(cut, {name}, {graph.outcome}, given):
        return []
    path = _open_path(cut, name, graph.outcome, given)
    shown = f": {arrows(dag, path)}" if path else ""
    hint = (
        f"an instrument reaches the outcome through {graph.treatment} alone: adjust for what lies between, or drop it"
    )
    return [
        Problem(
            f"{name} and {graph.outcome} are linked otherwise than through {graph.treatment}{shown}", _WHERE, hint=hint
        )
    ]


def _open_path(cut: Any, start: str, end: str, given: set[str]) -> list[str]:
    """The shortest path between them that is open given the set; empty where none is found among the first."""
    from itertools import islice

    import networkx as nx

    for path in islice(nx.shortest_simple_paths(cut.to_undirected(), start, end), 500):
        colliders = {
            b for a, b, c in zip(path, path[1:], path[2:], strict=False) if cut.has_edge(a, b) and cut.has_edge(c, b)
        }
        if (set(path[1:-1]) - colliders) & given:
            continue
        if all(({c} | set(nx.descendants(cut, c))) & given for c in colliders):
            return list(path)
    return []
