"""An instrument must move treatment and reach the outcome through it alone; the path that breaks this is named."""

from typing import Any

import pytest

from vru.errors import ProtocolError
from vru.graph import identify, license_adjustment
from vru.protocol.fields import Graph

OFFER = ["offer -> programme", "programme -> reoffended", "motivation -> programme", "motivation -> reoffended"]


def graph(*more: str, edges: list[str] | None = None, **fields: Any) -> Graph:
    given: dict[str, Any] = {"treatment": "programme", "outcome": "reoffended", "instrument": "offer", "adjustment": []}
    return Graph(**(given | {"unobserved": ["motivation"]} | fields), edges=[*(edges or OFFER), *more])


def refusal(g: Graph) -> str:
    with pytest.raises(ProtocolError) as caught:
        license_adjustment(g)
    return str(caught.value)


def test_an_offer_by_lot_identifies_the_effect_on_those_it_moved() -> None:
    found = identify(graph())
    assert found.instrument == "offer"
    assert "among those whom offer moved" in found.words
    assert found.backdoor_sets == ()


def test_without_the_instrument_the_same_graph_is_refused() -> None:
    assert "motivation" in refusal(graph(instrument=None))


@pytest.mark.parametrize(
    ("g", "path"),
    [
        (graph("offer -> reoffended"), "offer -> reoffended"),
        (graph("offer -> phone_calls", "phone_calls -> reoffended"), "offer -> phone_calls -> reoffended"),
        (graph("motivation -> offer"), "offer <- motivation -> reoffended"),
        (graph("site -> offer", "site -> reoffended"), "offer <- site -> reoffended"),
    ],
)
def test_another_way_to_the_outcome_is_named(g: Graph, path: str) -> None:
    said = refusal(g)
    assert "linked otherwise than through programme" in said
    assert path in said


def test_adjusting_for_what_lies_between_is_licensed() -> None:
    found = identify(graph("site -> offer", "site -> reoffended", adjustment=["site"]))
    assert found.adjustment == ("site",)


def test_an_instrument_that_moves_nothing_is_refused() -> None:
    edges = ["offer -> letters", *OFFER[1:]]
    assert "no path leads from offer to programme" in refusal(graph(edges=edges))


@pytest.mark.parametrize("name", ["programme", "reoffended", "nowhere", "motivation"])
def test_an_instrument_is_an_observed_node_of_its_own(name: str) -> None:
    refusal(graph(instrument=name))


def test_what_follows_treatment_may_not_be_adjusted_for_here_either() -> None:
    assert "sessions is a mediator" in refusal(
        graph("programme -> sessions", "sessions -> reoffended", adjustment=["sessions"])
    )
