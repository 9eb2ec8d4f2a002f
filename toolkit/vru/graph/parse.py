"""From the graph as a person wrote it to a list of edges, with every problem named at once."""

import difflib
import itertools
import re
from collections.abc import Iterable
from typing import Any

from vru.errors import Problem, ProtocolError
from vru.protocol.fields import Graph

MAX_NODES = 40
_NODE = re.compile(r"^[a-z][a-z0-9_]{0,40}$")
_ALLOWED = 'lines such as "area -> violence", names of small letters, digits and _'


def parse_edges(graph: Graph) -> tuple[tuple[str, str], ...]:
    """The edges of a protocol's graph, each ``(cause, effect)``, in the order written, without repeats.

    Raises
    ------
    ProtocolError
        With every problem found: lines that cannot be read, bad names, self loops, cycles, a
        treatment or outcome that is not in the graph, adjustment or unobserved names that are not.
    """
    problems: list[Problem] = []
    found = _from_dot(graph.dot, problems) if graph.dot else _from_lines(graph.edges, problems)
    edges = list(dict.fromkeys(found))
    where = "graph.dot" if graph.dot else "graph.edges"
    nodes = {n for edge in edges for n in edge}
    for name in sorted(n for n in nodes if not _NODE.match(n)):
        problems.append(Problem(f'"{name}" cannot be the name of a node', where=where, allowed=_ALLOWED))
    for name in sorted({a for a, b in edges if a == b}):
        problems.append(Problem(f"{name} -> {name}: nothing causes itself", where=where, hint="remove this edge"))
    if len(nodes) > MAX_NODES:
        problems.append(Problem(f"has {len(nodes)} nodes", where=where, allowed=f"up to {MAX_NODES}"))
    problems += _cycle(edges, where)
    problems += _name_problems(graph, nodes)
    if problems:
        raise ProtocolError(*problems)
    return tuple(edges)


def _from_lines(lines: Iterable[str], problems: list[Problem]) -> list[tuple[str, str]]:
    edges: list[tuple[str, str]] = []
    for at, line in enumerate(lines):
        names = [part.strip() for part in line.split("->")]
        if len(names) < 2 or not all(names):
            hint = "arrows point from cause to effect: write them as ->"
            problems.append(Problem(f'cannot read "{line}"', f"graph.edges[{at}]", _ALLOWED, hint))
            continue
        edges += list(itertools.pairwise(names))
    return edges


def _from_dot(text: str, problems: list[Problem]) -> list[tuple[str, str]]:
    graphs = _dot_graphs(text)
    if not graphs:
        hint = "name edges one by one, or use edges instead of dot"
        problems.append(Problem("is not DOT", "graph.dot", "digraph { a -> b }", hint))
        return []
    if len(graphs) > 1 or graphs[0].get_type() != "digraph":
        hint = "an undirected graph does not say what causes what"
        problems.append(Problem("must hold one directed graph", "graph.dot", "digraph { a -> b }", hint))
        return []
    if graphs[0].get_subgraphs():
        problems.append(Problem("holds a subgraph", "graph.dot", "edges between single nodes", "write each edge out"))
        return []
    edges: list[tuple[str, str]] = []
    for edge in graphs[0].get_edges():
        ends = [edge.get_source(), edge.get_destination()]
        if all(isinstance(end, str) for end in ends):
            edges.append((ends[0].strip('"'), ends[1].strip('"')))
        else:
            problems.append(Problem("holds an edge to a group of nodes", "graph.dot", "edges between single nodes"))
    return edges


def _dot_graphs(text: str) -> Any:
    import contextlib
    import io
    import warnings

    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        import pydot

        # pydot prints where the syntax breaks, returns None, or raises whatever its parser raises.
        try:
            return pydot.graph_from_dot_data(text)
        except Exception:
            return None


def directed(edges: Iterable[tuple[str, str]]) -> Any:
    """The edges as a ``networkx.DiGraph``."""
    import networkx as nx

    return nx.DiGraph(list(edges))


def arrows(dag: Any, path: list[str]) -> str:
    """A path in words and arrows: ``patrol <- area -> violence``."""
    steps = [path[0]]
    for a, b in itertools.pairwise(path):
        steps.append(f"-> {b}" if dag.has_edge(a, b) else f"<- {b}")
    return " ".join(steps)


def _cycle(edges: list[tuple[str, str]], where: str) -> list[Problem]:
    import networkx as nx

    dag = directed((a, b) for a, b in edges if a != b)
    if nx.is_directed_acyclic_graph(dag):
        return []
    loop = [a for a, _ in nx.find_cycle(dag)]
    path = " -> ".join([*loop, loop[0]])
    hint = "a cause comes before its effect: split a node by time (violence_before, violence) or remove an edge"
    return [Problem(f"goes in a circle: {path}", where, "a graph without circles", hint)]


def _name_problems(graph: Graph, nodes: set[str]) -> list[Problem]:
    found: list[Problem] = []
    if not nodes:
        return found
    roles = [("graph.treatment", graph.treatment), ("graph.outcome", graph.outcome)]
    roles += [(f"graph.adjustment[{i}]", name) for i, name in enumerate(graph.adjustment)]
    roles += [("graph.instrument", graph.instrument)] if graph.instrument is not None else []
    roles += [(f"graph.unobserved[{i}]", name) for i, name in enumerate(graph.unobserved)]
    roles += [(f"graph.notes.{name}", name) for name in graph.notes]
    for where, name in roles:
        if name not in nodes:
            near = difflib.get_close_matches(name, sorted(nodes), n=1)
            hint = f"did you mean {near[0]}?" if near else "add an edge that names it"
            found.append(Problem(f"{name} is not in the graph", where, ", ".join(sorted(nodes)), hint))
    return found + _role_problems(graph)


def _role_problems(graph: Graph) -> list[Problem]:
    found: list[Problem] = []
    if graph.treatment == graph.outcome:
        found.append(Problem(f"{graph.treatment} is both treatment and outcome", "graph.outcome"))
    for name in graph.adjustment:
        if name in graph.unobserved:
            hint = "nobody can adjust for what was not measured: measure it, or leave it out and say what that risks"
            found.append(Problem(f"{name} is marked unobserved", "graph.adjustment", hint=hint))
        if name in (graph.treatment, graph.outcome):
            found.append(Problem(f"{name} is the treatment or the outcome", "graph.adjustment", hint=f"remove {name}"))
    if graph.instrument in (graph.treatment, graph.outcome, *graph.adjustment):
        what = f"{graph.instrument} is also the treatment, the outcome or adjusted for"
        found.append(Problem(what, "graph.instrument", hint="an instrument is a node of its own"))
    for name in (graph.treatment, graph.outcome, *([graph.instrument] if graph.instrument else [])):
        if name in graph.unobserved:
            found.append(Problem(f"{name} must be observed", "graph.unobserved", hint=f"remove {name}"))
    return found
