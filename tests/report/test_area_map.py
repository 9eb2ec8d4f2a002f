"""The map of areas: outlines without coordinates, told by more than colour, shown to those who may see it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from vru.by_area import changes_by_area
from vru.disclosure.mapping import map_finding, map_to_leave, may_show
from vru.geography.areas import Areas
from vru.geography.assign import Rings
from vru.geography.drawn import map_of
from vru.mapped import AreaMap, MapArea
from vru.panel import Panel
from vru.report.figures.area_map import area_map_figure, scale_length


def areas() -> Areas:
    import shapely

    corners = [(333_000, 390_000), (334_000, 390_000), (336_000, 392_000), (339_000, 390_500), (341_000, 391_000)]
    names = ("a", "b", "c", "d", "far")
    return Areas(names, np.array([shapely.box(x, y, x + 150, y + 150) for x, y in corners], dtype=object), "")


def drawn() -> AreaMap:
    roles: dict[str, Any] = {"a": "treated", "b": "treated", "c": "comparison", "d": "comparison", "gone": "comparison"}
    every = areas()
    ringed = (Rings(every.take("ab"), (100.0, 300.0)), Rings(every.take("cd"), (100.0, 300.0)))
    found = map_of(every, roles, ringed)
    assert found is not None
    return found


def test_outlines_are_metres_from_their_own_corner_and_keep_their_size() -> None:
    found = drawn()
    assert found.without == 1
    assert [a.role for a in found.areas] == [
        "buffer",
        "buffer_comparison",
        "context",
        *["treated"] * 2,
        *["comparison"] * 2,
    ]
    points = np.array([p for a in found.areas for r in a.rings for p in r])
    assert points.min() >= 0
    assert (points <= [found.width, found.height]).all()
    one = np.array(found.areas[3].rings[0])
    assert np.ptp(one, axis=0) == pytest.approx([150, 150], abs=10)
    apart = np.array(found.areas[5].rings[0]).min(axis=0) - one.min(axis=0)
    assert apart == pytest.approx([3000, 2000], abs=10)
    assert map_of(None, {"a": "treated"}, ()) is None
    assert map_of(areas(), {"elsewhere": "treated"}, ()) is None


def test_no_outline_says_where_in_britain_it_is() -> None:
    moved = areas()
    import shapely

    there = Areas(moved.ids, shapely.transform(moved.shapes, lambda p: p + np.array([70_000, -110_000])), "")
    roles: dict[str, Any] = {"a": "treated", "b": "treated", "c": "comparison", "d": "comparison"}
    assert map_of(there, roles, ()) == map_of(areas(), roles, ())


def test_changes_are_told_only_where_chance_does_not_explain_them(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel(treated=2, comparison=1, pre=12, post=12)
    counts = np.full((3, 24), 5.0)
    counts[0, 12:] = 1
    counts[1, 12:] = 5
    counts[2, 12:] = 12
    counts[2, 3] = np.nan
    box = (((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0)),)
    outlines = AreaMap(
        9,
        9,
        (MapArea("rings", "buffer", box), *(MapArea(u, r, box) for u, r in zip(panel.units, panel.role, strict=True))),
    )
    missing = np.isnan(counts)
    panel = replace(panel, counts={"violence": counts}, missing=missing, outlines=outlines)
    found = changes_by_area(plan(), panel)
    assert found is not None
    assert [a.change for a in found.areas] == ["", "fewer", "no clear change", "more"]
    assert found.areas[1].ratio == pytest.approx(0.2)
    assert found.areas[3].ratio == pytest.approx(12 / 5)
    assert (found.areas[3].before, found.areas[3].after) == (55, 144)
    assert changes_by_area(plan(), replace(panel, outlines=None)) is None


def plan(**changes: Any) -> Any:
    from vru.protocol import Protocol

    from_template = {
        "id": "made-evaluation", "title": "Made evaluation", "template": "hotspot_patrol", "organisation": "made-vru",
        "roles": dict.fromkeys(("commissioner", "analyst", "assurer", "approver"), "a post"),
        "definition_of_violence": "as recorded",
        "intervention": {
            "type": "patrol", "name": "Patrol", "start": "2020-01",
            **dict.fromkeys(("why", "materials", "procedures", "who_provided", "how", "where", "when_and_how_much"), "said"),
        },
        "theory_of_change": {k: ["said"] for k in ("inputs", "activities", "outputs", "outcomes", "assumptions")},
        "question": {"population": "people", "comparator": "areas", "smallest_effect": 0.1},
        "units": {"kind": "polygon", "boundaries": "areas.geojson", "treated": ["a", "b"], "comparison": ["c", "d"]},
        "window": {"first": "2019-01", "last": "2020-12"},
        "outcomes": [{"id": "violence", "measure": "violence", "filter": {"crime_type": ["Robbery"]}, "primary": True}],
        "data": [{"id": "crimes", "source": "police_uk", "path": "archive"}],
        "graph": {"treatment": "patrol", "outcome": "violence", "adjustment": [], "edges": ["patrol -> violence"]},
        "analyses": [{"id": "main", "role": "primary", "method": "poisson_did", "outcome": "violence"}],
        "equity": {"plan": "none at hand"},
        "seed": 7,
    }  # fmt: skip
    return Protocol.model_validate(from_template | changes)


def told(**numbers: Any) -> AreaMap:
    areas = [
        replace(a, change="fewer", ratio=0.5, before=numbers.get(a.name, 60.0), after=30.0) if len(a.name) == 1 else a
        for a in drawn().areas
    ]
    return replace(drawn(), areas=tuple(areas))


@pytest.mark.parametrize(
    ("audience", "map_", "leaves"),
    [
        ("public", "by_audience", False), ("network", "by_audience", True), ("vru_only", "by_audience", True),
        ("public", "shown", True), ("network", "left_out", False),
    ],
)  # fmt: skip
def test_who_may_see_a_map(audience: str, map_: str, leaves: bool) -> None:
    protocol = plan(audience=audience, disclosure={"profile": "public_police_uk", "map": map_})
    assert may_show(protocol) is leaves
    assert (map_to_leave(protocol, told()) is not None) is leaves


def test_under_a_profile_no_number_leaves_and_an_arm_with_a_small_count_says_nothing() -> None:
    protocol = plan(disclosure={"profile": "police_local"})
    left = map_to_leave(protocol, told(c=3.0))
    assert left is not None
    assert all(a.ratio is None and a.before is None and a.after is None for a in left.areas)
    assert {a.change for a in left.areas if a.role == "treated"} == {"fewer"}
    assert {a.change for a in left.areas if a.role == "comparison"} == {""}
    assert map_to_leave(protocol, left) == left
    shown = map_to_leave(plan(disclosure={"profile": "public_police_uk"}), told(c=3.0))
    assert shown == told(c=3.0)


def test_the_door_finds_a_map_that_may_not_leave(result_with: Callable[..., Any]) -> None:
    protocol = plan(disclosure={"profile": "police_local"})
    assert map_finding(protocol, result_with(None)).verdict == "pass"
    assert map_finding(protocol, result_with(map_to_leave(protocol, told()))).verdict == "pass"
    assert map_finding(protocol, result_with(told())).verdict == "fail"
    assert map_finding(plan(audience="public"), result_with(map_to_leave(protocol, told()))).verdict == "fail"
    ring = ((333_000.0, 390_000.0), (333_100.0, 390_000.0), (333_100.0, 390_100.0), (333_000.0, 390_000.0))
    placed = AreaMap(1000, 1000, (MapArea("a", "treated", (ring,)),))
    assert map_finding(protocol, result_with(placed)).verdict == "fail"


@pytest.fixture
def result_with() -> Callable[[AreaMap | None], Any]:
    from vru.results import EvaluationResult, Provenance

    def make(drawn: AreaMap | None) -> EvaluationResult:
        empty = Provenance({}, {}, 1)
        return EvaluationResult("x", "y", "no", (), None, (), (), (), (), (), empty, map=drawn)

    return make


def test_the_figure_is_told_by_more_than_colour() -> None:
    picture = area_map_figure(told(), "map", "Where the areas lie", "violence")
    assert "<pattern" in picture.svg  # hatching
    assert "2 km" in picture.svg or "1 km" in picture.svg
    for words in ("treated (2)", "comparison (2)", "buffer of treated", "fewer", ">N<"):
        assert words in picture.svg
    assert "2 treated areas (2 with fewer)" in picture.alt
    assert "comparison" in picture.alt
    table = dict((row[0], row[1:]) for row in picture.table.rows)
    assert table["a"] == ("treated", "fewer", "50% fewer")
    assert "other areas" not in table
    assert area_map_figure(told(), "map", "Where the areas lie", "violence").svg == picture.svg


@pytest.mark.parametrize(("width", "length"), [(5.0, 1), (999.0, 100), (4000.0, 500), (60_000.0, 10_000)])
def test_the_scale_bar_is_round(width: float, length: float) -> None:
    assert scale_length(width) == length


def test_the_section_says_why_there_is_no_map(result_with: Callable[..., Any]) -> None:
    from vru.report.sections.area_map import SECTION

    def said(protocol: Any, shown: AreaMap | None) -> str:
        return " ".join(str(getattr(b, "text", "")) for b in SECTION.build(protocol, result_with(shown)))

    assert "disclosure: {map: shown}" in said(plan(audience="public"), None)
    assert "left_out" in said(plan(disclosure={"map": "left_out"}), None)
    listed = {"kind": "lsoa11", "treated": ["E01000001"], "comparison": ["E01000002"]}
    assert "names no outlines" in said(plan(units=listed), None)
    assert "not effects" in said(plan(), told())
    assert "small" in said(plan(), drawn())
    assert "1 area" in said(plan(), drawn())
