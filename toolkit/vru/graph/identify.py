"""Identification by DoWhy from the graph alone, without data, and what it says in plain words."""

import warnings
from typing import Any

from vru.errors import Problem, ProtocolError
from vru.graph.identification import Identification
from vru.graph.licence import license_adjustment, satisfies_backdoor
from vru.graph.parse import directed, parse_edges
from vru.protocol.fields import Graph

AREA_NODES = ("area", "unit")
TIME_NODES = ("period", "month", "day")
FIXED_EFFECTS = AREA_NODES + TIME_NODES
"""Nodes that comparing an area with itself, and with others in the same month, takes out, measured or not."""

_MAX_SEARCH = 12


def identify(graph: Graph) -> Identification:
    """The estimand that the graph identifies with the registered adjustment set.

    DoWhy 0.14 is asked twice: whether the registered set d-separates treatment from outcome once the
    treatment's own arrows are removed, and which smallest sets it finds by itself. It is not trusted
    with the first alone: that question, as DoWhy puts it, also accepts mediators (see
    ``dowhy.graph.check_valid_backdoor_set``), so the back-door criterion is checked beside it.

    Raises
    ------
    ProtocolError
        If the graph cannot be read, does not license the set, or DoWhy disagrees that it does.

    Source: Sharma & Kiciman (2020) *DoWhy*, arXiv:2011.04216; Pearl (2009) section 3.3.
    """
    license_adjustment(graph)
    edges = parse_edges(graph)
    dag = directed(edges)
    given = sorted(set(graph.adjustment))
    if graph.instrument is not None:
        return _by_instrument(graph, dag, edges)
    if not _dowhy_agrees(dag, graph, given):
        raise ProtocolError(Problem("DoWhy does not find this set valid", "graph.adjustment"))
    sets = _backdoor_sets(dag, graph, given)
    bar = f" | {', '.join(given)}" if given else ""
    return Identification(
        treatment=graph.treatment,
        outcome=graph.outcome,
        edges=edges,
        unobserved=tuple(graph.unobserved),
        adjustment=tuple(graph.adjustment),
        backdoor_sets=sets,
        estimand=f"d/d[{graph.treatment}] E[{graph.outcome}{bar}]",
        words=_words(graph),
        assumptions=_assumptions(graph, dag),
    )


def _by_instrument(graph: Graph, dag: Any, edges: tuple[tuple[str, str], ...]) -> Identification:
    """The estimand through the instrument; DoWhy must name it among those it finds, unless it needs adjusting for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from dowhy.causal_identifier import EstimandType, identify_effect_auto

        observed = sorted(set(dag) - set(graph.unobserved))
        found = identify_effect_auto(dag, [graph.treatment], [graph.outcome], observed, EstimandType.NONPARAMETRIC_ATE)
    known = found.instrumental_variables or []
    if graph.instrument not in known and not graph.adjustment:
        raise ProtocolError(
            Problem(f"DoWhy does not find that {graph.instrument} is an instrument", "graph.instrument")
        )
    offer, treatment, outcome = (_plain(n) for n in (str(graph.instrument), graph.treatment, graph.outcome))
    within = f" among those alike in {_listed([_plain(n) for n in graph.adjustment])}" if graph.adjustment else ""
    words = (
        f"The difference that {offer} makes to {outcome}{within}, over the difference it makes to {treatment}, gives the "
        f"effect of {treatment} among those whom {offer} moved, if the graph is right."
    )
    assumptions = (
        f"{offer[:1].upper()}{offer[1:]} changes {outcome} through {treatment} alone.",
        f"Nothing that is missing from the graph causes both {offer} and {outcome}.",
        f"{offer[:1].upper()}{offer[1:]} keeps nobody from {treatment} who would have had it otherwise.",
        f"{treatment[:1].upper()}{treatment[1:]} of one does not change {outcome} of another.",
    )
    return Identification(
        treatment=graph.treatment,
        outcome=graph.outcome,
        edges=edges,
        unobserved=tuple(graph.unobserved),
        adjustment=tuple(graph.adjustment),
        backdoor_sets=(),
        estimand=f"E[d {graph.outcome} / d {graph.instrument}] / E[d {graph.treatment} / d {graph.instrument}]",
        words=words,
        assumptions=assumptions,
        instrument=str(graph.instrument),
    )


def _dowhy_agrees(dag: Any, graph: Graph, given: list[str]) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from dowhy.graph import check_valid_backdoor_set

        answer = check_valid_backdoor_set(dag, [graph.treatment], [graph.outcome], given)
    return bool(answer["is_dseparated"]) and satisfies_backdoor(dag, graph.treatment, graph.outcome, frozenset(given))


def _backdoor_sets(dag: Any, graph: Graph, given: list[str]) -> tuple[tuple[str, ...], ...]:
    """The smallest valid sets by DoWhy, and the registered one: sorted, since DoWhy's order follows hashing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from dowhy.causal_identifier import BackdoorAdjustment, EstimandType, identify_effect_auto

        candidates = sorted(set(dag) - set(graph.unobserved) - {graph.treatment, graph.outcome})
        # DoWhy tries subset after subset without limit, so a large graph is searched among the registered nodes only.
        if len(candidates) > _MAX_SEARCH:
            candidates = given
        estimand = identify_effect_auto(
            dag,
            [graph.treatment],
            [graph.outcome],
            [graph.treatment, graph.outcome, *candidates],
            EstimandType.NONPARAMETRIC_ATE,
            backdoor_adjustment=BackdoorAdjustment.BACKDOOR_MIN,
        )
    found = {tuple(sorted(names)) for names in (estimand.backdoor_variables or {}).values() if names is not None}
    found = {names for names in found if satisfies_backdoor(dag, graph.treatment, graph.outcome, frozenset(names))}
    return tuple(sorted(found | {tuple(given)}, key=lambda names: (len(names), names)))


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _two_way(graph: Graph) -> bool:
    given = set(graph.adjustment)
    return bool(given & set(AREA_NODES)) and bool(given & set(TIME_NODES))


def _by_day(graph: Graph) -> bool:
    return _two_way(graph) and "day" in graph.adjustment


def _words(graph: Graph) -> str:
    treatment, outcome = _plain(graph.treatment), _plain(graph.outcome)
    same = dict.fromkeys(AREA_NODES, "the same area") | dict.fromkeys(TIME_NODES, "the same month")
    same["day"] = "the same day"
    parts = [same.get(name, f"the same level of {_plain(name)}") for name in graph.adjustment]
    within = f" within {_listed(parts)}" if parts else ""
    comparing = f"Comparing {outcome} with and without {treatment}{within} gives the effect of {treatment} on {outcome}"
    if _by_day(graph):
        how = "In practice each area's days with it are compared with its own other days, and with other areas on the same day."
        return f"{comparing}, if the graph is right. {how}"
    if _two_way(graph):
        how = (
            "In practice each area is compared with itself before the start, and its change with the change "
            "over the same months in areas without it."
        )
        return f"{comparing}, if the graph is right. {how}"
    if not parts:
        return f"{comparing}, if the graph is right: nothing in it causes both."
    return f"{comparing}, if the graph is right."


def _assumptions(graph: Graph, dag: Any) -> tuple[str, ...]:
    import networkx as nx

    treatment, outcome = _plain(graph.treatment), _plain(graph.outcome)
    given = [_plain(name) for name in graph.adjustment]
    said = [
        f"The graph is complete: nothing that is missing from it causes both {treatment} and {outcome}."
        if not given
        else f"Beyond {_listed(given)}, nothing that is missing from the graph causes both {treatment} and {outcome}."
    ]
    if _by_day(graph):
        said.append(f"Which days had {treatment} was settled by lot, and one day does not carry over to the next.")
    elif _two_way(graph):
        said.append(
            f"Without {treatment}, the areas that had it and the areas that did not would have changed alike, "
            "in proportion, from before the start to after it."
        )
    first = f"{treatment[:1].upper()}{treatment[1:]}"
    if set(graph.adjustment) & set(FIXED_EFFECTS):
        said.append(f"{first} in one area does not change {outcome} in the areas compared.")
        said.append(f"The areas compared include some with and some without {treatment} that are otherwise alike.")
    else:
        said.append(f"{first} of one does not change {outcome} of another.")
        said.append(f"Those compared include some with and some without {treatment} that are otherwise alike.")
    between = set(nx.descendants(dag, graph.treatment)) & set(nx.ancestors(dag, graph.outcome))
    if between:
        through = _listed([_plain(name) for name in sorted(between)])
        said.append(f"The effect is the whole effect, and includes what works through {through}.")
    both = set(nx.descendants(dag, graph.treatment)) & set(nx.descendants(dag, graph.outcome))
    if both:
        said.append(
            f"{_listed([_plain(n) for n in sorted(both)]).capitalize()} must not be held fixed: "
            f"it follows from both {treatment} and {outcome}."
        )
    hidden = [n for n in graph.unobserved if n not in between]
    if hidden:
        said.append(
            f"{_listed([_plain(n) for n in hidden]).capitalize()} was not measured; "
            "if the arrows are as drawn, it need not be."
        )
    return tuple(said)
