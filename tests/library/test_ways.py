"""One rule for better, either and worse, on every scale; every shipped figure with an interval is told alike everywhere."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from vru.library import scan
from vru.library.gapmap import gap_map
from vru.library.studies import domain
from vru.library.ways import null_of, of_effect, of_published, way_of
from vru.site.answers import answer, sure

SHIPPED = Path(__file__).resolve().parents[2] / "shared_learning"


@pytest.mark.parametrize(
    ("low", "high", "unit", "hoped", "way"),
    [
        (1.2, 2.36, "odds ratio", "decrease", "worse"),
        (0.6, 0.9, "risk ratio", "decrease", "better"),
        (0.6, 1.1, "rate ratio", "decrease", "unclear"),
        (1.1, 1.4, "hazard ratio", "increase", "better"),
        (-12.0, -3.0, "percent", "decrease", "better"),
        (0.2, 0.4, "standardised mean difference", "increase", "better"),
        (0.2, 0.4, "percentage points", "decrease", "worse"),
        (-0.1, 0.4, "percentage points", "decrease", "unclear"),
        (None, 0.4, "odds ratio", "decrease", "unknown"),
        (1.2, 2.4, "odds ratio", None, "unknown"),
    ],
)
def test_where_an_interval_lies_against_its_own_null(low, high, unit, hoped, way):
    assert way_of(low, high, null_of(unit), hoped) == way


def test_every_shipped_figure_with_an_interval_is_in_exactly_one_place_of_the_gap_map():
    records = scan(SHIPPED).records
    table = gap_map(records)
    seen = 0
    for stored in records:
        record = stored.record
        for outcome in record.outcomes:
            ways = {of_effect(record, e) for e in record.effects if e.outcome == outcome.id} | {
                of_published(record, outcome.id)
            }
            ways.discard("unknown")
            if not ways:
                continue
            (way,) = ways
            cell = table.cell(record.intervention.type, domain(outcome.id))
            assert getattr(cell, way) >= 1
            assert cell.better + cell.worse + cell.unclear == len(cell.references)
            seen += 1
    assert seen >= 2


def test_the_harm_of_prison_visits_is_told_as_harm():
    (stored,) = [s for s in scan(SHIPPED).records if s.record.id == "review-scared-straight-2013"]
    assert of_published(stored.record, "reoffending") == "worse"
    cell = gap_map(scan(SHIPPED).records).cell("other", domain("reoffending"))
    assert cell.worse >= 1
    assert "for the worse" in cell.text


def test_two_results_of_one_study_are_one_evaluation():

    def result(key):
        return SimpleNamespace(key=key, direction="better", level=None, failed=0, text=SimpleNamespace(size="7% fewer"))

    assert answer([result("a"), result("a")], None) == "Of 2 results of one evaluation: better in 2"
    assert answer([result("a"), result("a"), result("b")], None) == "Of 3 results of 2 evaluations: better in 3"
    assert answer([result("a"), result("b")], None) == "Of 2 evaluations: better in 2"
    assert "One evaluation only" in sure([result("a"), result("a")], None)[0]
