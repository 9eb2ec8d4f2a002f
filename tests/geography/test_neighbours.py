"""Comparison areas near treated ones, left out on request: which, what becomes of their events, and what is said."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vru.geography import build_panel
from vru.periods import months_between
from vru.protocol.fields import Protocol

from .conftest import EventRows

MONTHS = months_between("2021-01", "2021-08")
X, Y = 335_000.0, 391_000.0
AT = {"T": 0.0, "touches": 100.0, "near": 450.0, "C": 3000.0, "D": 4000.0}


@pytest.fixture
def panel_of(
    rows: EventRows, plan: Callable[..., Protocol], draw: Callable[..., Path], box: Any, degrees: Any, tmp_path: Path
) -> Callable[..., Any]:
    draw(*[box(name, X + x, Y) for name, x in AT.items()])
    for month in MONTHS:
        for name, x in AT.items():
            rows.add(2, month, name, at=degrees(X + x + 50, Y + 50))
    events = {"crimes": rows.events({"made": MONTHS})}

    def make(kind: str = "polygon", **changes: Any) -> Any:
        units = {
            "kind": kind,
            "treated": ["T"],
            "comparison": [n for n in AT if n != "T"],
            "boundaries": "areas.geojson",
        }
        return build_panel(plan(units | changes), events, tmp_path)

    return make


@pytest.mark.parametrize("kind", ["polygon", "area"])
@pytest.mark.parametrize(
    ("reach", "left"),
    [(None, {"touches", "near", "C", "D"}), (0, {"near", "C", "D"}), (349, {"near", "C", "D"}), (350, {"C", "D"})],
)
def test_areas_so_near_are_left_out(
    panel_of: Callable[..., Any], kind: str, reach: float | None, left: set[str]
) -> None:
    built = panel_of(kind, buffers={"exclude_within_m": reach})
    roles = dict(zip(built.panel.units, built.panel.role, strict=True))
    assert {u for u, r in roles.items() if r == "comparison"} == left
    said = [n for n in built.log if "left out as the plan asks" in n.text]
    assert len(said) == (reach is not None)
    if said:
        assert said[0].count == 4 - len(left)
        assert "touches" in said[0].text


def test_ground_left_out_may_lie_in_a_ring(panel_of: Callable[..., Any]) -> None:
    built = panel_of(buffers={"distances_m": [200, 500], "exclude_within_m": 500})
    counts = dict(zip(built.panel.units, built.panel.counts["violence"].sum(axis=1), strict=True))
    assert counts == {"T": 16, "C": 16, "D": 16, "T#0-200m": 16, "T#200-500m": 16, **dict.fromkeys(
        ("C#0-200m", "C#200-500m", "D#0-200m", "D#200-500m"), 0
    )}  # fmt: skip


def test_a_selection_forgets_them_and_says_so(panel_of: Callable[..., Any]) -> None:
    top = {
        "rule": "top",
        "outcome": "violence",
        "first": "2021-01",
        "last": "2021-02",
        "top": 5,
        "assign": "random_half",
    }
    built = panel_of(treated=[], comparison=[], selection=top, buffers={"exclude_within_m": 500})
    entered = {u for u, r in zip(built.panel.units, built.panel.role, strict=True) if r in ("treated", "comparison")}
    history = built.panel.selection
    assert {p for p, c in zip(history.pool, history.chosen, strict=True) if c} == entered
    assert len(entered) < 5  # the lot of this seed treats an area beside one that it does not
    assert any("after the lot" in n.text for n in built.log)


def test_it_needs_a_map(plan: Callable[..., Protocol]) -> None:
    with pytest.raises(ValueError, match="exclude_within_m needs boundaries"):
        plan({"kind": "area", "treated": ["T"], "comparison": ["C"], "buffers": {"exclude_within_m": 0}})
