"""LSOA units: counts, what is missing, what is refused."""

from collections.abc import Callable

import numpy as np
import pytest

from vru.errors import DataError, ProtocolError
from vru.geography import build_panel
from vru.periods import months_between
from vru.protocol.fields import Protocol

from .conftest import ROBBERY, TEXT, VIOLENCE, EventRows

MONTHS = months_between("2021-01", "2021-08")
A, B, C = "E01000001", "E01000002", "E01000003"
UNITS = {"kind": "lsoa11", "treated": [A], "comparison": [B]}
Plan = Callable[..., Protocol]


def filled(rows: EventRows) -> EventRows:
    for j, month in enumerate(MONTHS):
        rows.add(j + 1, month, A)
        rows.add(2, month, B)
        rows.add(1, month, B, kind="Robbery")
        rows.add(4, month, None)
    return rows


def outcome(name: str, **fields: object) -> dict[str, object]:
    return {"id": name, "measure": TEXT, "filter": VIOLENCE} | fields


def test_counts_and_zeros(rows: EventRows, plan: Plan, tmp_path) -> None:
    events = filled(rows).events({"made": MONTHS})
    both = [outcome("violence"), outcome("robbery", filter=ROBBERY), outcome("every", filter={})]
    panel = build_panel(plan(UNITS, outcomes=both), {"crimes": events}, tmp_path).panel
    assert panel.units == (A, B)
    assert panel.role == ("treated", "comparison")
    assert panel.starts == ("2021-05", None)
    assert panel.counts["violence"].tolist() == [list(range(1, 9)), [2] * 8]
    assert panel.counts["robbery"].tolist() == [[0] * 8, [1] * 8]
    assert panel.counts["every"].tolist() == [list(range(1, 9)), [3] * 8]
    assert not panel.missing.any()
    assert panel.provenance == {"crimes": events.sha256}


def test_missing_force_month_is_missing_not_zero(rows: EventRows, plan: Plan, tmp_path) -> None:
    there = [m for m in MONTHS if m != "2021-03"]
    for month in there:
        rows.add(1, month, A)
        rows.add(2, month, B, force="other")
    rows.add(3, "2021-03", B, force="other")
    rows.add(1, "2021-03", A, force="other")
    built = build_panel(plan(UNITS), {"crimes": rows.events({"made": there, "other": MONTHS})}, tmp_path)
    assert np.isnan(built.panel.counts["violence"][0, 2])
    assert built.panel.counts["violence"][1].tolist() == [2, 2, 3, 2, 2, 2, 2, 2]
    assert built.panel.missing.sum() == 1
    assert any("2021-03 (1 units)" in n.text for n in built.log)


def test_second_force_with_gaps_is_left_out_and_asked_about(rows: EventRows, plan: Plan, tmp_path) -> None:
    filled(rows)
    for month in MONTHS[:6]:
        rows.add(1, month, B, force="railway")
    built = build_panel(plan(UNITS), {"crimes": rows.events({"made": MONTHS, "railway": MONTHS[:6]})}, tmp_path)
    (asked,) = [n for n in built.log if n.severity == "question"]
    assert "railway" in asked.text
    assert B in asked.text
    assert asked.count == 6
    without = build_panel(plan(UNITS), {"crimes": filled(EventRows(tmp_path)).events({"made": MONTHS})}, tmp_path)
    assert np.array_equal(built.panel.counts["violence"], without.panel.counts["violence"])


def test_unplaced_rows_are_counted_in_the_log(rows: EventRows, plan: Plan, tmp_path) -> None:
    built = build_panel(plan(UNITS), {"crimes": filled(rows).events({"made": MONTHS})}, tmp_path)
    (note,) = [n for n in built.log if "in the window =" in n.text and ": violence:" in n.text]
    assert "+ 32 without an LSOA code" in note.text


def test_own_starts_and_buffers(rows: EventRows, plan: Plan, tmp_path) -> None:
    filled(rows).add(5, "2021-01", C)
    units = UNITS | {"starts": {A: "2021-06"}, "buffers": {"treated": [C]}}
    panel = build_panel(plan(units), {"crimes": rows.events({"made": MONTHS})}, tmp_path).panel
    assert panel.starts == ("2021-06", None, None)
    assert panel.role == ("treated", "comparison", "buffer")
    assert panel.counts["violence"][2].tolist() == [5] + [0] * 7


def test_two_sources(rows: EventRows, plan: Plan, tmp_path) -> None:
    crimes = filled(rows).events({"made": MONTHS}, "crimes")
    other = EventRows(tmp_path)
    for month in MONTHS[1:]:
        other.add(7, month, A, kind="Drugs")
        other.add(7, month, B, kind="Drugs")
    extra = other.events({"made": MONTHS[1:]}, "other")
    outcomes = [outcome("violence"), outcome("drugs", data="extra", filter={"crime_type": ["Drugs"]})]
    protocol = plan(UNITS, outcomes=outcomes, data=[{"id": "crimes", "source": "a"}, {"id": "extra", "source": "b"}])
    panel = build_panel(protocol, {"crimes": crimes, "extra": extra}, tmp_path).panel
    assert panel.missing[:, 0].all()
    assert not panel.missing[:, 1:].any()
    assert panel.counts["drugs"][0, 1:].tolist() == [7] * 7
    assert panel.counts["violence"][0, 1:].tolist() == list(range(2, 9))


def test_row_order_does_not_matter(rows: EventRows, plan: Plan, tmp_path) -> None:
    first = build_panel(plan(UNITS), {"crimes": filled(rows).events({"made": MONTHS}, "a")}, tmp_path).panel
    rows.rows.reverse()
    second = build_panel(plan(UNITS), {"crimes": rows.events({"made": MONTHS}, "b")}, tmp_path).panel
    assert first.frame().equals(second.frame())


def test_thinning_has_the_share_it_says(rows: EventRows, plan: Plan, tmp_path) -> None:
    for month in MONTHS:
        rows.add(4000, month, A)
        rows.add(4000, month, B)
    events = {"crimes": rows.events({"made": MONTHS})}
    changed = plan(UNITS, artificial_effect={"keep_share": 0.75}, disclaimer="No intervention took place.")
    built = build_panel(changed, events, tmp_path)
    counts = built.panel.counts["violence"]
    assert (counts[0, :4] == 4000).all()
    assert (counts[1] == 4000).all()
    assert counts[0, 4:].sum() / 16000 == pytest.approx(0.75, abs=4 * np.sqrt(0.75 * 0.25 / 16000))
    assert built.truth == {"rate_ratio": 0.75}
    assert any(n.text.startswith("ARTIFICIAL EFFECT") for n in built.log)
    again = build_panel(changed, events, tmp_path).panel.counts["violence"]
    assert (again == counts).all()


def test_truth_of_the_source_is_passed_on(rows: EventRows, plan: Plan, tmp_path) -> None:
    from dataclasses import replace

    events = replace(filled(rows).events({"made": MONTHS}), truth={"rate_ratio": 0.8})
    assert build_panel(plan(UNITS), {"crimes": events}, tmp_path).truth == {"rate_ratio": 0.8}


@pytest.mark.parametrize(
    ("units", "changes", "said"),
    [
        (UNITS, {"start": "2022-01"}, ["intervention.start", "outside the window"]),
        (UNITS, {"start": "2021-03"}, ["2 months before it", "at least 3"]),
        (UNITS | {"starts": {A: "2020-06"}}, {}, [f"units.starts[{A}]", "outside the window"]),
        (UNITS | {"treated": [A, A]}, {}, ["units.treated", "listed twice", A]),
        (UNITS | {"buffers": {"treated": [B]}}, {}, ["units.buffers.treated", "also in units.comparison"]),
        (UNITS, {"outcomes": [outcome("v"), outcome("v")]}, ["outcomes[v]", "used twice"]),
        (UNITS, {"outcomes": [outcome("v", data="calls")]}, ["no data 'calls'", "allowed: crimes"]),
        (UNITS, {"outcomes": [outcome("v", filter={"crime_type": []})]}, ["no value is allowed"]),
    ],
)
def test_plan_problems(rows: EventRows, plan: Plan, tmp_path, units, changes, said) -> None:
    events = {"crimes": filled(rows).events({"made": MONTHS})}
    with pytest.raises(ProtocolError) as caught:
        build_panel(plan(units, **changes), events, tmp_path)
    for text in said:
        assert text in str(caught.value)


def test_plan_problems_are_listed_together(rows: EventRows, plan: Plan, tmp_path) -> None:
    events = {"crimes": filled(rows).events({"made": MONTHS})}
    with pytest.raises(ProtocolError) as caught:
        build_panel(plan(UNITS | {"treated": [A, A]}, start="2022-01"), events, tmp_path)
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize(
    ("units", "changes", "said"),
    [
        (UNITS | {"treated": ["E01000009"]}, {}, ["units.treated", "not in the data: E01000009", "did you mean"]),
        (UNITS | {"comparison": ["S99"]}, {}, ["units.comparison", "not once in any month", "2011 and 2021"]),
        (UNITS, {"outcomes": [outcome("v", filter={"crime_type": ["violence"]})]}, ["'violence' is not in the data"]),
        (
            UNITS,
            {"outcomes": [outcome("v", filter={"crime_type": ["Violence and sexual offense"]})]},
            ["did you mean 'Violence and sexual offences'"],
        ),
        (
            UNITS,
            {"outcomes": [outcome("v", filter={"Crime type": ["x"]})]},
            ["no such column", "did you mean crime_type"],
        ),
        (UNITS, {"outcomes": [outcome("v", filter={"crime_type": ["Drugs"]})]}, ["not one event", "outcomes[v]"]),
        (
            UNITS,
            {"window": {"first": "2020-11", "last": "2021-08"}, "start": "2021-03"},
            ["too few months", f"{A} (2)"],
        ),
        (UNITS, {"window": {"first": "2021-01", "last": "2022-08"}, "start": "2021-12"}, ["from the start on", A]),
    ],
)
def test_data_problems(rows: EventRows, plan: Plan, tmp_path, units, changes, said) -> None:
    events = {"crimes": filled(rows).events({"made": MONTHS})}
    with pytest.raises(DataError) as caught:
        build_panel(plan(units, **changes), events, tmp_path)
    for text in said:
        assert text in str(caught.value)


def test_a_crime_type_that_is_only_rare_is_no_error(rows: EventRows, plan: Plan, tmp_path) -> None:
    wide = [outcome("serious", filter={"crime_type": ["Violence and sexual offences", "Possession of weapons"]})]
    built = build_panel(plan(UNITS, outcomes=wide), {"crimes": filled(rows).events({"made": MONTHS})}, tmp_path)
    assert any("not once in the data: Possession of weapons" in n.text for n in built.log)


def test_units_without_any_month_of_data(rows: EventRows, plan: Plan, tmp_path) -> None:
    filled(rows).add(9, "2019-01", C, force="far")
    units = UNITS | {"comparison": [B, C]}
    with pytest.raises(DataError, match=f"no month of the window has data for {C}"):
        build_panel(plan(units), {"crimes": rows.events({"made": MONTHS, "far": ["2019-01"]})}, tmp_path)


def test_months_after_an_intervention_ended_are_carry_over_and_in_no_estimate(
    rows: EventRows, plan: Plan, tmp_path
) -> None:
    protocol = plan(UNITS)
    ended = protocol.model_copy(update={"intervention": protocol.intervention.model_copy(update={"end": "2021-06"})})
    built = build_panel(ended, {"crimes": filled(rows).events({"made": MONTHS})}, tmp_path)
    assert [n.count for n in built.log if "after the intervention ended" in n.text] == [2]
    assert built.panel.periods == MONTHS[:6]
    (note,) = [n for n in built.log if "carry-over" in n.text]
    assert "treated areas 2.5 before the start, 5.5 while it ran, 7.5 after" in note.text
