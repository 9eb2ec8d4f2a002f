import math
import re
import sys
from xml.etree import ElementTree

import pytest

from vru.report.figures import (
    Falls,
    event_study_figure,
    forest_figure,
    graph_figure,
    path_figure,
    regression_figure,
    series_figure,
)
from vru.results import Interval, Series

MONTHS = tuple(f"2020-{m:02d}" for m in range(1, 9))


def lines(treated, comparison, units=(2, 4)):
    return (
        Series("violence", "treated", units[0], MONTHS, treated),
        Series("violence", "comparison", units[1], MONTHS, comparison),
    )


@pytest.fixture(scope="module")
def all_drawn(make_protocol, make_result):
    result = make_result()
    protocol = make_protocol()
    violence = [s for s in result.series if s.outcome == "violence"]
    return {
        "series": series_figure("violence", violence, "2021-01", "series"),
        "path": path_figure(result.primary, "violence", "2021-01", "path"),
        "event": event_study_figure(result.primary, "violence", "event"),
        "forest": forest_figure(result.estimates, {"violence": "violence"}, 0.9, "forest"),
        "graph": graph_figure(result.identification, protocol.graph.notes, "graph"),
        "regression": regression_figure(Falls(0.28, Interval(0.09, 0.06, 0.12)), "regression"),
    }


def test_every_figure_is_complete_and_well_formed(all_drawn):
    for name, drawn in all_drawn.items():
        figure = drawn.figure()  # raises where alt text, headline or data are missing
        assert figure.png.startswith(b"\x89PNG")
        ElementTree.fromstring(figure.svg)
        assert "<style" not in figure.svg, "a style element would reach the whole page"
        assert "<metadata" not in figure.svg
        ids = re.findall(r' id="([^"]+)"', figure.svg)
        assert ids
        assert len(ids) == len(set(ids))
        assert all(i.startswith(name + "-") for i in ids)
        assert set(re.findall(r'href="#([^"]+)"', figure.svg)) <= set(ids)


def test_the_same_figure_twice_is_the_same_bytes(make_result):
    first, second = (path_figure(make_result().primary, "violence", "2021-01", "p") for _ in range(2))
    assert (first.svg, first.png) == (second.svg, second.png)
    assert not re.search(r"20\d\d-\d\d-\d\dT", first.svg)


def test_drawing_changes_no_global_setting(make_result):
    import matplotlib

    before = dict(matplotlib.rcParams)
    path_figure(make_result().primary, "violence", "2021-01", "p")
    assert dict(matplotlib.rcParams) == before


def test_no_figure_uses_pyplot():
    import subprocess

    code = (
        "import sys, vru.report; assert 'matplotlib' not in sys.modules, 'drawn with too early';"
        "from vru.report.figures import Falls, regression_figure; from vru.results import Interval;"
        "regression_figure(Falls(0.3, Interval(0.1, 0.0, 0.2)), 'k');"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_series_means_and_gaps():
    drawn = series_figure(
        "violence",
        lines((20.0, 24.0, None, 22.0, 10.0, 10.0, 10.0, 14.0), (40.0,) * 8),
        "2020-05",
        "s",
    )
    # Before: (20 + 24 + 22) / 3 / 2 areas = 11.0; after: (10 + 10 + 10 + 14) / 4 / 2 = 5.5.
    assert drawn.title == (
        "Recorded violence went from 11.0 to 5.5 a month per treated area "
        "and from 10.0 to 10.0 a month per comparison area"
    )
    assert "March 2020" in drawn.alt
    assert drawn.table.rows[2] == ("March 2020", "missing", "missing", "40", "10.00")
    assert drawn.table.rows[1][:3] == ("February 2020", "24", "12.00")


def test_a_missing_month_breaks_the_line():
    whole = series_figure("violence", lines((20.0,) * 8, (40.0,) * 8), "2020-05", "s")
    gap = series_figure("violence", lines((20.0, 20.0, None, *(20.0,) * 5), (40.0,) * 8), "2020-05", "s")

    def pieces(svg):
        path = next(p for p in re.findall(r"<path [^>]*>", svg) if "stroke: #12436d" in p and "fill: none" in p)
        return path.count("M ")

    assert pieces(whole.svg) == 1
    assert pieces(gap.svg) == 2


def test_series_far_apart_are_drawn_as_an_index():
    near = series_figure("violence", lines((20.0,) * 8, (100.0,) * 8), "2020-05", "s")
    far = series_figure("violence", lines((20.0,) * 8, (400.0,) * 8), "2020-05", "s")
    assert "per area per month" in near.subtitle
    assert "= 100" in far.subtitle
    assert far.table.rows[0] == ("January 2020", "20", "100.00", "400", "100.00")


def test_series_needs_treated_areas():
    assert series_figure("violence", lines((1.0,) * 8, (1.0,) * 8)[1:], "2020-05", "s") is None


def test_path_counts_only_months_from_the_start(make_estimate, all_drawn):
    from vru.results import PathPoint

    path = tuple(PathPoint(m, 9.0 if m < "2020-07" else 12.0, 10.0) for m in MONTHS)
    drawn = path_figure(make_estimate(path=path), "violence", "2020-05", "p")
    assert drawn.title == "Recorded offences were below expectation in 2 of the 4 months from the start"
    assert "42 offences were recorded and 40 were expected" in drawn.alt
    assert "interval" not in drawn.subtitle


def test_forest_keeps_counts_apart_and_says_each_number(all_drawn):
    drawn = all_drawn["forest"]
    assert [row[0] for row in drawn.table.rows] == ["main", "robbery main", "before after"]
    assert "main, primary: 0.81 (0.70 to 0.94)" in drawn.alt
    assert drawn.title == "The main analysis estimates 19% fewer; the 2 others run from 28% fewer to 8% more"


def test_forest_without_ratios_is_no_figure(make_estimate):
    counts = make_estimate(scale="count_difference", value=-118.0, low=-196.0, high=-40.0)
    assert forest_figure((counts,), {}, None, "f") is None


def test_event_study_speaks_of_both_sides(all_drawn):
    assert all_drawn["event"].title.startswith("Before the start monthly estimates run from 2% fewer to 3% more")
    first = all_drawn["event"].table.rows[0]
    assert first == ("−12", "0.98", f"{math.exp(-0.1):.2f} to {math.exp(0.12):.2f}")


def test_graph_says_what_each_node_is_in_words(all_drawn):
    svg, table = all_drawn["graph"].svg, all_drawn["graph"].table
    for label in ("(the intervention)", "(the outcome)", "(adjusted for)", "(not observed)"):
        assert label in svg
    parts = {row[0]: row[1] for row in table.rows}
    assert parts["gang tension"] == "not observed"
    assert parts["past violence"] == "adjusted for"
    assert parts["perceived risk"] == "not adjusted for"


def test_graph_survives_a_cycle(make_result):
    from dataclasses import replace

    found = replace(make_result().identification, edges=(("a", "b"), ("b", "a"), ("patrols", "violence")))
    assert graph_figure(found, {}, "g").table.rows


def test_text_is_never_markup_or_mathematics(make_result):
    from dataclasses import replace

    hostile = make_result().identification
    hostile = replace(hostile, edges=(("<script>alert(1)</script>", "violence"), ("$\\frac{$", "violence")))
    svg = graph_figure(hostile, {}, "g").svg
    assert "<script" not in svg
    assert "&lt;script&gt;" in svg


def test_regression_splits_by_multiplying_rates():
    falls = Falls(0.28, Interval(0.10, 0.05, 0.15))
    assert falls.left == pytest.approx(0.2)  # 0.72 / 0.90 = 0.80
    drawn = regression_figure(falls, "r")
    assert drawn.title == "Of a naive fall of 28%, having been chosen at a peak would by itself bring 10%"
    assert drawn.table.rows[2][1] == "20% fewer"


def test_regression_beyond_the_fall_is_said_plainly():
    assert "whole fall" in regression_figure(Falls(0.10, Interval(0.12, None, None)), "r").title
    assert "none of the fall" in regression_figure(Falls(0.10, Interval(-0.01, None, None)), "r").title
    assert regression_figure(Falls(-0.05, Interval(0.1, None, None)), "r") is None
