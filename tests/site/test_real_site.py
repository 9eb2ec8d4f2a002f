"""The site that a new reader gets: the checkout's own library and a worked evaluation, built by the command.

Every page type is opened from its folder: axe-core, 320 pixels wide, on paper; and the question a newcomer brings,
what is known about hot-spot patrols and violence and how sure to be, is answered from the home page alone.
"""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from vru.cli import main
from vru.library import draft_record, publish
from vru.protocol import load
from vru.results import from_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]
WORKED = ROOT / "evaluations" / "op-grip-demo"
DEMO = "records/simshire-demo/op-grip-demo/v1.0/"
HOT_SPOTS = "interventions/hot-spot-policing.html"
PAGES = (
    "index.html",
    "search.html",
    "all.html",
    "compare.html#compare=published-literature/london-underground-platforms,simshire-demo/op-grip-demo",
    HOT_SPOTS,
    "interventions/other.html",
    "gap-map.html",
    "areas.html",
    "methods.html",
    "new.html",
    "accessibility.html",
    DEMO + "index.html",
    DEMO + "report.html",
    "records/published-literature/southend-hot-spot-patrols/v1.0/index.html",
)
BOUNDARIES = """{"type": "FeatureCollection", "attribution": "Made up", "features": [{"type": "Feature",
 "properties": {"organisation": "simshire-demo"}, "geometry": {"type": "Polygon",
 "coordinates": [[[-3.0, 53.0], [-2.0, 53.0], [-2.0, 54.0], [-3.0, 53.0]]]}}]}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("real")
    library = base / "library"
    shutil.copytree(ROOT / "shared_learning", library)
    outputs = WORKED / "outputs"
    result = from_json((outputs / "result.json").read_text(encoding="utf-8"))
    files = {name: (outputs / name).read_bytes() for name in ("report.html", "report.docx", "tables.xlsx")}
    publish(library, draft_record(load(WORKED), result), files, "VRU board chair", datetime.now(UTC))
    (base / "areas.json").write_text(BOUNDARIES, encoding="utf-8")
    site = ["site", "--library", str(library), "--out", str(base / "site"), "--boundaries", str(base / "areas.json")]
    assert main(site) == 0
    return base / "site"


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    # bypass_csp: axe's own styles would count as a fault of the page.
    made = browser.new_page(viewport={"width": 1000, "height": 900}, bypass_csp=True)
    faults: list[str] = []
    made.on("pageerror", lambda e: faults.append(str(e)))
    made.on("requestfailed", lambda r: faults.append(r.url))
    yield made
    made.close()
    assert faults == []


def go(page: "Page", folder: Path, name: str) -> None:
    path, _, fragment = name.partition("#")
    page.goto((folder / path).as_uri() + (f"#{fragment}" if fragment else ""))
    if fragment:
        page.wait_for_selector("svg.vru-forest")


@pytest.mark.parametrize("name", PAGES)
def test_every_page_type_is_accessible_also_at_320_pixels(
    folder: Path, page: "Page", axe: "Callable[[Page], list[str]]", name: str
) -> None:
    go(page, folder, name)
    assert axe(page) == []
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert axe(page) == []


@pytest.mark.parametrize("name", PAGES)
def test_every_page_type_prints_whole(folder: Path, page: "Page", name: str) -> None:
    go(page, folder, name)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 718, "height": 1000})
    assert not page.is_visible(".govuk-service-navigation") or page.locator(".govuk-service-navigation").count() == 0
    assert page.is_visible("h1")
    # Nothing is left behind in a scrolled box: paper does not scroll.
    hidden = page.evaluate(
        "[...document.querySelectorAll('.vru-scroll')].filter(e => getComputedStyle(e).overflowX !== 'visible').length"
    )
    assert hidden == 0
    pdf = page.pdf(format="A4")
    assert pdf.startswith(b"%PDF")
    assert len(pdf) > 5_000


def test_a_newcomer_finds_hot_spots_and_violence_and_how_sure_from_the_home_page(folder: Path, page: "Page") -> None:
    go(page, folder, "index.html")
    kind = page.locator(".vru-kind", has_text="Hot spot policing")
    first = kind.locator("p").first.inner_text()
    assert first.startswith("Violent offences recorded by the police")
    assert "Violent crime was 14% lower on average." in first
    assert "How sure: No figure here comes with an interval" in first
    assert "not statistically significant in 2" in first
    kind.get_by_role("link", name="Violent offences recorded by the police").click()
    page.wait_for_url("**/hot-spot-policing.html#outcome-police-recorded-violence")
    answer = page.locator("#outcome-police-recorded-violence + .vru-result").inner_text()
    for expected in ("What was found", "Violent crime was 14% lower", "Review of many studies", "How sure to be"):
        assert expected in answer
    assert "for the better in 5, no single figure in 3" in answer
    table = page.get_by_role("region", name="Violent offences recorded by the police: what published literature says")
    titles = table.locator("th[scope=row] a").all_inner_texts()
    assert titles[0] == "Youth Endowment Fund Toolkit on hot spots policing", "the review stands first"
    told = table.inner_text()
    for null_or_adverse in (
        "No statistically significant effect on violence and robbery",
        "some results ran the other",
    ):
        assert null_or_adverse in told
    page.emulate_media(media="print")
    assert table.is_visible()


@pytest.mark.parametrize("asked", ["hot-spot patrols violence", "what is known about hot-spot patrols and violence?"])
def test_a_question_in_plain_words_leads_to_the_page_that_answers_it(folder: Path, page: "Page", asked: str) -> None:
    go(page, folder, "search.html")
    page.fill("#query", asked)
    page.get_by_role("link", name="What is known about Hot spot policing").wait_for()
    assert page.locator("#found li").count() > 0
    page.get_by_role("link", name="What is known about Hot spot policing").click()
    page.wait_for_url("**/interventions/hot-spot-policing.html")


def test_the_map_of_evidence_counts_what_others_published(folder: Path, page: "Page") -> None:
    go(page, folder, "gap-map.html")
    columns = page.locator("table.vru-gaps thead th").all_inner_texts()
    row = page.locator("table.vru-gaps tbody tr", has_text="Hot spot policing").locator("td").all_inner_texts()
    cells = dict(zip(columns[1:], row, strict=True))
    assert columns[1] == "Violent offences recorded by the police"
    assert "8 published reports" in cells["Violent offences recorded by the police"]
    assert cells["Homicide"] == "none"
    page.get_by_role("link", name="8 published reports").click()
    page.wait_for_url("**#outcome-police-recorded-violence")
