"""Does the graph license the registered adjustment set? Cheap: networkx only, no data."""

from collections.abc import Iterable, Iterator
from typing import Any

from vru.errors import Problem, ProtocolError
from vru.graph.instrument import instrument_problems
from vru.graph.parse import arrows, directed, parse_edges
from vru.protocol.fields import Graph

_WHERE = "graph.adjustment"


def license_adjustment(graph: Graph) -> None:
    """Refuse an adjustment set that would not give the effect of treatment under the protocol's own graph.

    The set must hold nothing that the treatment causes, and must close every back-door path
    (a path from treatment to outcome that begins with an arrow into the treatment).

    Raises
    ------
    ProtocolError
        Naming the path at fault and what to do, for every fault; or that the graph cannot be read.

    Source: Pearl (2009) *Causality*, definition 3.3.1 (the back-door criterion).
    """
    dag = directed(parse_edges(graph))
    problems = _no_effect(graph, dag) + _caused_by_treatment(graph, dag, graph.adjustment, _WHERE)
    if graph.instrument is not None:
        # Nothing closes the paths behind treatment here: what counts is how the instrument reaches the outcome.
        problems += instrument_problems(graph, dag)
        if problems:
            raise ProtocolError(*problems)
        return
    # Back-door faults are judged without the members already refused: they are to be removed anyway.
    keep = [name for name in graph.adjustment if name not in _below(dag, graph.treatment)]
    problems += _open_paths(graph, dag, frozenset(keep))
    if problems:
        raise ProtocolError(*problems)


def after_treatment(graph: Graph, names: Iterable[str], where: str) -> list[Problem]:
    """Those of ``names`` that the graph says come after treatment, each with the path; names it lacks are let pass."""
    dag = directed(parse_edges(graph))
    return _caused_by_treatment(graph, dag, [n for n in names if n in dag], where)


def satisfies_backdoor(dag: Any, treatment: str, outcome: str, adjustment: frozenset[str]) -> bool:
    """Whether a set meets the back-door criterion in a ``networkx.DiGraph``."""
    from networkx import is_d_separator

    if adjustment & _below(dag, treatment):
        return False
    cut = dag.copy()
    cut.remove_edges_from(list(dag.out_edges(treatment)))
    return bool(is_d_separator(cut, {treatment}, {outcome}, set(adjustment)))


def _below(dag: Any, node: str) -> set[str]:
    import networkx as nx

    return set(nx.descendants(dag, node))


def _no_effect(graph: Graph, dag: Any) -> list[Problem]:
    if graph.outcome in _below(dag, graph.treatment):
        return []
    hint = f"add the way in which {graph.treatment} is thought to change {graph.outcome}, for example an edge"
    return [Problem(f"no path leads from {graph.treatment} to {graph.outcome}", "graph.edges", hint=hint)]


def _caused_by_treatment(graph: Graph, dag: Any, names: Iterable[str], where: str) -> list[Problem]:
    import networkx as nx

    found = []
    treatment, outcome = graph.treatment, graph.outcome
    for name in dict.fromkeys(names):
        if name not in _below(dag, treatment):
            continue
        there = nx.shortest_path(dag, treatment, name)
        if outcome in _below(dag, name):
            path = arrows(dag, there + nx.shortest_path(dag, name, outcome)[1:])
            what = f"{name} is a mediator, on the way from {treatment} to {outcome}: {path}"
            why = "adjusting for it removes part of the effect that is asked about"
        elif name in _below(dag, outcome):
            path = arrows(dag, there)
            back = arrows(dag, nx.shortest_path(dag, outcome, name))
            what = f"{name} is a collider, caused by both {treatment} ({path}) and {outcome} ({back})"
            why = f"adjusting for it makes {treatment} and {outcome} look related when they are not"
        else:
            what = f"{name} is caused by {treatment}: {arrows(dag, there)}"
            why = "adjusting for what comes after treatment biases the effect"
        found.append(Problem(what, where, hint=f"remove {name} from the adjustment set: {why}"))
    return found


def _open_paths(graph: Graph, dag: Any, given: frozenset[str]) -> list[Problem]:
    if satisfies_backdoor(dag, graph.treatment, graph.outcome, given):
        return []
    found: dict[str, Problem] = {}
    for path in _backdoor_paths(dag, graph.treatment, graph.outcome):
        if not _is_open(dag, path, given):
            continue
        colliders = _colliders(dag, path)
        kind = colliders[0] if colliders else ""
        if kind not in found:
            found[kind] = (
                _opened_by_collider(graph, dag, path, colliders, given)
                if colliders
                else _left_open(graph, dag, path, given)
            )
        # A plain open path and one opened by adjusting call for different cures, so name one of each.
        if not given or (len(found) > 1 and "" in found):
            break
    if not found:
        hint = f"simplify the graph between {graph.treatment} and {graph.outcome}, or add what causes both"
        return [Problem("leaves a back-door path open, among too many paths to name it", _WHERE, hint=hint)]
    return list(found.values())


def _backdoor_paths(dag: Any, treatment: str, outcome: str) -> Iterator[list[str]]:
    """Simple paths that begin with an arrow into treatment, shortest first, up to a generous number."""
    from itertools import islice

    import networkx as nx

    cut = dag.copy()
    cut.remove_edges_from(list(dag.out_edges(treatment)))
    if nx.has_path(cut.to_undirected(), treatment, outcome):
        yield from islice(nx.shortest_simple_paths(cut.to_undirected(), treatment, outcome), 5000)


def _colliders(dag: Any, path: list[str]) -> list[str]:
    triples = zip(path, path[1:], path[2:], strict=False)
    return [b for a, b, c in triples if dag.has_edge(a, b) and dag.has_edge(c, b)]


def _is_open(dag: Any, path: list[str], given: frozenset[str]) -> bool:
    colliders = set(_colliders(dag, path))
    others = set(path[1:-1]) - colliders
    return not (others & given) and all(({c} | _below(dag, c)) & given for c in colliders)


def _left_open(graph: Graph, dag: Any, path: list[str], given: frozenset[str]) -> Problem:
    after = _below(dag, graph.treatment)
    candidates = [n for n in path[1:-1] if n not in graph.unobserved and n not in after]
    if candidates:
        hint = f"add {' or '.join(candidates)} to the adjustment set"
    else:
        hint = (
            "nothing measured lies on this path: measure "
            f"{' or '.join(path[1:-1]) or 'what makes them move together'}, "
            "or choose a design that removes it, such as random allocation"
        )
    if len(path) == 2:
        hint = f"the graph says that {graph.outcome} causes {graph.treatment}: split the outcome by time"
    closed = f"adjusting for {', '.join(sorted(given))}" if given else "adjusting for nothing"
    return Problem(f"{closed} leaves a back-door path open: {arrows(dag, path)}", _WHERE, hint=hint)


def _opened_by_collider(
    graph: Graph, dag: Any, path: list[str], colliders: list[str], given: frozenset[str]
) -> Problem:
    culprits = [(c, sorted(({c} | _below(dag, c)) & given)) for c in colliders]
    said = [
        f"{c} is a collider on it" if c in members else f"{c} is a collider on it and {members[0]} comes from {c}"
        for c, members in culprits
    ]
    adjusted = list(dict.fromkeys(c if c in members else members[0] for c, members in culprits))
    after = _below(dag, graph.treatment)
    block = [n for n in path[1:-1] if n not in graph.unobserved and n not in after and n not in colliders]
    hint = f"remove {' or '.join(adjusted)} from the adjustment set"
    hint += f", or add {' or '.join(block)}" if block else ""
    what = f"adjusting for {' and '.join(adjusted)} opens a path: {arrows(dag, path)} ({'; '.join(said)})"
    return Problem(what, _WHERE, hint=hint)
