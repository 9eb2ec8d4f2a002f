"""Intervention pages and the map of evidence: answers that match the records, exercises apart, pooled figures vetted."""

import html
import math
import re
from collections.abc import Callable
from typing import Any

import pytest

from vru.site import InterventionView, OutcomeView, Pooled, SiteRecord, build_site
from vru.site.axis import axis
from vru.site.forest import Diamond, Mark, forest_svg
from vru.site.results import slug

Make = Callable[..., SiteRecord]
PAGE = "interventions/hot-spot-policing.html"
POOLED = Pooled(
    "log_rate_ratio",
    2,
    math.log(0.9),
    math.log(0.8),
    math.log(1.05),
    math.log(0.6),
    math.log(1.4),
    0.02,
    40.0,
    "By REML.",
)
KEYS = ("north-vru/one", "north-vru/two")


def effects(make: Make, **changes: Any) -> list[dict[str, Any]]:
    return [{**make().record.effects[0].model_dump(), **changes}]


def view(
    pooled: Pooled | None = POOLED, rows: tuple[str, ...] = KEYS, refused: tuple[str, ...] = ()
) -> dict[str, InterventionView]:
    return {"hot_spot_policing": InterventionView((OutcomeView("violence", pooled, rows, refused),))}


def words(page: str | bytes) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", str(page))).split())


def two(make: Make) -> list[SiteRecord]:
    return [make(id="one"), make(id="two", effects=effects(make, estimate=0.0, ci_low=-0.1, ci_high=0.1))]


def test_without_a_synthesis_results_are_listed_and_no_diamond_drawn(make_entry: Make) -> None:
    page = str(build_site(two(make_entry), "public", "today", {})[PAGE])
    assert "Of 2 evaluations: better in 1, could be either in 1" in page
    assert "vru-forest__diamond" not in page
    assert "listed, not added up" in page


def test_a_pooled_figure_is_shown_with_its_interval_prediction_and_reasons(make_entry: Make) -> None:
    site = build_site(two(make_entry), "public", "today", {}, syntheses=view(refused=("One was left out.",)))
    page = words(site[PAGE])
    assert page.count("10% fewer, over 2 evaluations together") == 1
    assert "95% interval: 20% fewer to 5% more, which includes no change" in page
    assert "In a new area the effect may lie anywhere from 40% fewer to 40% more." in page
    for expected in ("By REML.", "One was left out.", "I² is 40%"):
        assert expected in page
    assert "vru-forest__diamond" in str(site[PAGE])
    assert "<tfoot>" in str(site[PAGE])
    assert "10% fewer, over 2 evaluations together" in words(site["index.html"])


@pytest.mark.parametrize(
    ("rows", "k"),
    [
        (("north-vru/one", "north-vru/hidden"), 2),
        (("north-vru/one", "north-vru/exercise"), 2),
        (("north-vru/one", "north-vru/withdrawn"), 2),
        (("north-vru/one", "north-vru/two"), 3),
        (("north-vru/one", "north-vru/one"), 2),
    ],
)
def test_a_pooled_figure_of_anything_else_is_left_out_and_says_so(
    make_entry: Make, rows: tuple[str, ...], k: int
) -> None:
    records = [
        *two(make_entry),
        make_entry(id="hidden", audience="network"),
        make_entry(id="exercise", disclaimer="No intervention took place."),
        make_entry(id="withdrawn", status="retracted"),
    ]
    pooled = Pooled("log_rate_ratio", k, -0.1, -0.2, 0.05)
    page = words(build_site(records, "public", "today", {}, syntheses=view(pooled, rows))[PAGE])
    assert "A pooled figure was left out" in page
    assert "evaluations together" not in page


def test_exercises_count_nowhere_and_stand_apart_with_their_disclaimer(make_entry: Make) -> None:
    note = "No intervention took place: an exercise."
    records = [make_entry(id="one"), make_entry(id="demo", title="Demonstration", disclaimer=note)]
    records.append(make_entry(id="artificial", title="Thinned", protocol={"artificial_effect": {"keep": 0.75}}))
    site = build_site(records, "public", "today", {})
    page = str(site[PAGE])
    assert "25% fewer, in one evaluation" in words(page)
    known, apart = page.split('id="exercises"')
    for title in ("Demonstration", "Thinned"):
        assert title not in known
        assert title in apart
    assert note in apart
    home = str(site["index.html"])
    assert "<strong>1</strong> evaluation<" in home.replace("\n", "")
    assert "2 exercises and demonstrations" in home
    gaps = words(site["gap-map.html"])
    assert "1 evaluation of Hot spot policing, Violent offences recorded by the police moderate design" in gaps


def test_a_kind_with_exercises_alone_says_that_nothing_is_known(make_entry: Make) -> None:
    site = build_site([make_entry(disclaimer="No intervention took place.")], "public", "today", {})
    assert "Nothing is known here yet" in str(site[PAGE])
    assert "Hot spot policing" in words(site["gap-map.html"]).split("Nothing at all in this library")[1]


def test_how_sure_names_the_strongest_design_and_its_own_result(make_entry: Make) -> None:
    rating = make_entry().record.ratings[0].model_dump()
    unclear = effects(make_entry, estimate=0.0, ci_low=-0.1, ci_high=0.1)
    records = [
        make_entry(id="one", findings=[]),
        make_entry(id="two", findings=[], effects=unclear, ratings=[{**rating, "level": 5}]),
    ]
    page = words(build_site(records, "public", "today", {})[PAGE])
    assert "The strongest design (1 of 2) is very strong, level 5 of 5." in page
    assert "Its own result: could be either." in page
    assert "check failed" not in page
    assert "A check failed in 1 of 1" in words(build_site([make_entry()], "public", "today", {})[PAGE])


def test_direction_follows_what_was_hoped_for(make_entry: Make) -> None:
    up = [{"id": "violence", "measure": "Attendance", "direction": "increase", "primary": True}]
    worse = make_entry(id="one", outcomes=up)
    unknown = make_entry(id="two", effects=effects(make_entry, ci_low=None, ci_high=None))
    page = words(build_site([worse, unknown], "public", "today", {})[PAGE])
    assert "Of 2 evaluations: worse in 1, cannot be said in 1" in page


def test_lessons_and_costs_are_gathered_and_silence_is_not(make_entry: Make) -> None:
    learning = {"lessons": "Sergeants need the map on the phone.", "cost": "£310,000 (2022 prices)"}
    page = words(
        build_site([make_entry(id="one", learning=learning), make_entry(id="two", title="Silent")], "public", "x", {})[
            PAGE
        ]
    )
    lessons = page.split("Lessons", 1)[1]
    assert "Sergeants need the map" in lessons
    assert "£310,000" in lessons
    assert "Silent" not in lessons


def test_two_scales_are_drawn_apart(make_entry: Make) -> None:
    count = effects(make_entry, scale="count_difference", estimate=-20.0, ci_low=-44.0, ci_high=4.0)
    page = str(build_site([make_entry(id="one"), make_entry(id="two", effects=count)], "public", "today", {})[PAGE])
    assert page.count("<svg") == 2
    assert "cannot share one axis" in page


def test_more_than_forty_results_are_cut_in_the_figure_and_the_table_says_so(make_entry: Make) -> None:
    records = [make_entry(id=f"record-{i:03d}") for i in range(45)]
    page = str(build_site(records, "public", "today", {})[PAGE])
    assert page.count("vru-forest__point") == 40
    assert "The figure shows the 40 results with the narrowest intervals of 45; the table has all." in page
    assert page.count('/index.html">Hot spot patrols in the town centre</a>') == 45


def test_a_forest_plot_puts_values_where_they_belong() -> None:
    drawn = axis([math.log(0.5), math.log(2)], "log_rate_ratio")
    assert drawn.x(0.0) == pytest.approx((drawn.x(math.log(0.5)) + drawn.x(math.log(2))) / 2)
    assert [w for _, w in drawn.ticks] == ["−50%", "−25%", "no change", "+50%", "+100%"]
    mark = Mark("L<b>", "N", math.log(0.5), math.log(0.25), math.log(50), "50% lower", "s")
    svg = str(forest_svg([mark], "log_rate_ratio", "T & t", "n", Diamond("P", -0.1, -0.2, 0.0, None, None, "s", "i")))
    assert "L&lt;b&gt;" in svg
    assert '<title id="n-title">T &amp; t</title>' in svg
    assert svg.count("vru-forest__arrow") == 1, "a bound beyond eightfold is an arrow"
    point = float(re.search(r'point" x="([\d.]+)"', svg)[1]) + 5  # type: ignore[index]
    limits = axis([math.log(0.5), math.log(0.25), math.log(50), -0.2], "log_rate_ratio")
    assert point == pytest.approx(limits.x(math.log(0.5)), abs=0.06)


def test_names_of_files_never_collide_or_leave_their_folder() -> None:
    names = [
        "hot_spot_policing",
        "hot spot policing",
        "Hot_spot_policing",
        "../../x",
        "",
        "日本",
        "a" * 300,
        "hot__spot",
    ]
    made = [slug(n) for n in names]
    assert len(set(made)) == len(made)
    assert all(re.fullmatch(r"[a-z0-9-]{1,80}", m) for m in made)
    assert made[0] == "hot-spot-policing"
    assert slug("hot-spot-policing") != slug("hot_spot_policing")
