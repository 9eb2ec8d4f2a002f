"""The areas page, long lists, the methods register and the words for machines."""

import json
import re
from collections.abc import Callable

import pytest

from vru.errors import DataError
from vru.site import SiteRecord, build_site, read_boundaries
from vru.site.paging import cuts

Make = Callable[..., SiteRecord]
SQUARE = [[[0.0, 50.0], [2.0, 50.0], [2.0, 52.0], [0.0, 52.0], [0.0, 50.0]]]


def geojson(**changes: object) -> str:
    one = {
        "type": "Feature",
        "properties": {"organisation": "north-vru"},
        "geometry": {"type": "Polygon", "coordinates": SQUARE},
    }
    other = {"type": "Feature", "properties": {}, "geometry": {"type": "MultiPolygon", "coordinates": [SQUARE]}}
    return json.dumps({"type": "FeatureCollection", "attribution": "© Somebody", "features": [one, other], **changes})


def test_without_boundaries_the_page_is_a_table_and_says_so(make_entry: Make) -> None:
    records = [make_entry(), make_entry(id="demo", disclaimer="No intervention took place.")]
    page = str(build_site(records, "public", "today", {})["areas.html"])
    assert "There is no map here" in page
    assert "<svg" not in page
    assert "and 1 exercise" in page
    assert "search.html#organisation=north-vru" in page


def test_with_boundaries_a_map_is_drawn_credited_and_matched_by_name(make_entry: Make) -> None:
    records = [make_entry(), make_entry(id="two", organisation="south-vru")]
    outlines = read_boundaries(geojson(), "file")
    page = str(build_site(records, "public", "today", {}, boundaries=outlines)["areas.html"])
    assert page.count("vru-map__known") == 1
    assert page.count("vru-map__outline") == 1
    assert "Filled areas have evaluations: North VRU 1." in page
    assert "© Somebody" in page
    assert re.findall(r"<td[^>]*>(Yes|No)</td>", page) == ["Yes", "No"]


def test_a_map_keeps_shapes_in_proportion() -> None:
    made = read_boundaries(geojson(), "file")
    # Two degrees each way at 51 degrees north: cos(51°) = 0.6293, so the square is taller than wide.
    assert made.height / made.width == pytest.approx(1 / 0.6293, rel=1e-3)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("no json", "is not GeoJSON"),
        ("[]", "is not GeoJSON"),
        (geojson(attribution=""), "whom to credit"),
        (
            geojson(features=[{"properties": {}, "geometry": {"type": "Point", "coordinates": [0, 0]}}]),
            "cannot be drawn",
        ),
        (geojson(features=[{"properties": {}, "geometry": None}]), "cannot be drawn"),
        (geojson(features=[]), "no outline in degrees"),
        (
            geojson(
                features=[{"properties": {}, "geometry": {"type": "Polygon", "coordinates": [[[400000, 300000]]]}}]
            ),
            "no outline in degrees",
        ),
    ],
)
def test_boundaries_that_cannot_be_drawn_are_refused(text: str, told: str) -> None:
    with pytest.raises(DataError, match=told):
        read_boundaries(text, "file")


def test_long_lists_are_cut_and_every_record_is_on_one_page(make_entry: Make) -> None:
    records = [make_entry(id=f"record-{i:03d}", title=f"Title {i:03d}") for i in range(401)]
    site = build_site(records, "public", "today", {})
    pages = ["all.html", "all/2.html", "all/3.html"]
    assert [len(re.findall(r">Title \d{3}<", str(site[p]))) for p in pages] == [200, 200, 1]
    assert {t for p in pages for t in re.findall(r">(Title \d{3})<", str(site[p]))} == {
        f"Title {i:03d}" for i in range(401)
    }
    assert 'href="../all/3.html"' in str(site["all/2.html"])
    assert "new/3.html" in site
    assert [(c.first, c.last) for c in cuts("x", 0)] == [(0, 0)]


def test_the_register_counts_use_and_names_methods_without_a_card(make_entry: Make) -> None:
    records = [make_entry(), make_entry(id="demo", disclaimer="No intervention took place.")]
    page = str(build_site(records, "public", "today", {"did": "Compares `area` changes. More.\n"})["methods.html"])
    register = " ".join(re.sub(r"<[^>]+>", " ", page.split("Register of methods</h2>")[1].split("</table>")[0]).split())
    assert "did Compares area changes. 1 and 1 exercise" in register
    assert "wdd This copy has no card for it. 1 and 1 exercise" in register


def test_a_record_s_words_for_machines_are_whole_and_carry_the_disclaimer(make_entry: Make) -> None:
    title = "</script><script>window.pwned=1</script> & “x”"
    entry = make_entry(title=title, disclaimer="No intervention took place.", downloads={"effects.csv": b"x"})
    page = str(build_site([entry], "public", "today", {})[entry.folder + "index.html"])
    block = page.split('<script type="application/ld+json">')[1].split("</script>")[0]
    assert not set("<>&") & set(block)
    report, data = json.loads(block)["@graph"]
    assert (report["@type"], data["@type"]) == ("Report", "Dataset")
    assert report["name"] == title
    assert report["abstract"].startswith("No intervention took place. ")
    assert report["identifier"] == "north-vru/op-grip-town@1.0"
    assert report["datePublished"] == "2026-11-01"
    assert data["distribution"] == [{"@type": "DataDownload", "contentUrl": "effects.csv"}]
