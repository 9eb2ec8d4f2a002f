"""The site in a real browser, opened from a folder: accessible, narrow, by keyboard, without JavaScript, on paper."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from vru.site import Notice, SiteRecord, VersionLine, build_site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
Make = Callable[..., SiteRecord]
Write = Callable[[Mapping[str, str | bytes], Path], Path]
CARDS = {"did": "Text.\n\n### Formula\n\n$y = a^2$\n\n| A | B |\n|---|---|\n| 1 | 2 |\n", "wdd": "```\nx = 1\n```\n"}
RECORD = "records/north-vru/op-grip-town/v1.1/index.html"
OLD = "records/north-vru/op-grip-town/v1.0/index.html"
GONE = "records/south-vru/withdrawn/v1.0/index.html"
FRONT = (
    "index.html",
    "search.html",
    "all.html",
    "compare.html",
    "gap-map.html",
    "areas.html",
    "new.html",
    "methods.html",
    "accessibility.html",
    "interventions/mentoring.html",
    "interventions/hot-spot-policing.html",
)
LONG = "Long" * 60


@pytest.fixture
def folder(make_entry: Make, write: Write, tmp_path: Path) -> Path:
    history = (
        VersionLine("1.1", "published", "2026-11-01", "Corrected dates"),
        VersionLine("1.0", "superseded", "2026-10-01"),
    )
    versions = [
        make_entry(
            version="1.1",
            disclaimer="Demonstration: no intervention took place.",
            deviations=["One month fewer."],
            downloads={"record.json": b"{}"},
            report=b"<!DOCTYPE html><title>R</title>",
        ),
        make_entry(version="1.0", status="superseded", on="2026-10-01", digests={}, downloads={"tables.xlsx": b"x"}),
    ]
    records = [
        SiteRecord(
            e.record, e.manifest_sha256, e.status, e.published_on, history, e.report_html, e.downloads, e.digests
        )
        for e in versions
    ]
    records += [
        make_entry(
            id="school-mentors",
            organisation="south-vru",
            title="Mentoring in schools",
            ratings=[],
            findings=[],
            intervention={"type": "mentoring", "name": "Mentors", "items": {}, "start": "2021-01"},
        ),
        make_entry(id="withdrawn", organisation="south-vru", title=LONG, status="retracted"),
        make_entry(id="long-words", organisation="south-vru", title=LONG, summary=LONG, disclaimer=LONG),
    ]
    notices = [Notice("one version does not verify", "public")]
    return write(
        build_site(records, "public", "24 November 2026", CARDS, notices, contact="equality@vru.example"), tmp_path
    )


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    made = browser.new_page(viewport={"width": 1000, "height": 900})
    faults: list[str] = []
    made.on("pageerror", lambda e: faults.append(str(e)))
    made.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    made.on("requestfailed", lambda r: faults.append(r.url))
    yield made
    made.close()
    assert faults == []


@pytest.mark.parametrize("name", [*FRONT, RECORD, OLD, GONE])
def test_no_accessibility_violation(folder: Path, page: "Page", axe: Callable[["Page"], list[str]], name: str) -> None:
    page.goto((folder / name).as_uri())
    assert axe(page) == []
    page.set_viewport_size({"width": 320, "height": 800})
    assert axe(page) == []


def test_search_results_have_no_accessibility_violation(
    folder: Path, page: "Page", axe: Callable[["Page"], list[str]]
) -> None:
    page.goto((folder / "search.html").as_uri())
    page.fill("#query", "mentors")
    page.wait_for_selector("#found li")
    assert axe(page) == []


@pytest.mark.parametrize("name", [*FRONT, RECORD, OLD, GONE, "records/south-vru/long-words/v1.0/index.html"])
def test_a_narrow_screen_needs_no_sideways_scrolling(folder: Path, page: "Page", name: str) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto((folder / name).as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    if name == "search.html":
        page.fill("#query", "long")
        page.wait_for_selector("#found li")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("name", [*FRONT, RECORD])
def test_styles_are_loaded_from_the_folder(folder: Path, page: "Page", name: str) -> None:
    page.goto((folder / name).as_uri())
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).fontFamily").startswith("Arial")
    assert page.title()


def test_from_double_click_to_what_is_known_and_how_sure_in_one_step(
    make_entry: Make, write: Write, page: "Page", tmp_path: Path
) -> None:
    folder = write(build_site([make_entry()], "public", "today", {}), tmp_path)
    page.goto((folder / "index.html").as_uri())
    kind = page.locator(".vru-kind", has_text="Hot spot policing").inner_text()
    assert "25% fewer, in one evaluation" in kind
    assert "How sure:" in kind
    page.click("a[href='interventions/hot-spot-policing.html#outcome-police-recorded-violence']")
    page.wait_for_url("**/interventions/hot-spot-policing.html#outcome-police-recorded-violence")
    answer = page.locator("#outcome-police-recorded-violence + .vru-result").inner_text()
    assert "What was found" in answer
    assert "95% interval" in answer
    assert "How sure to be" in answer
    page.emulate_media(media="print")
    assert page.is_visible("svg.vru-forest")
    assert not page.is_visible(".govuk-service-navigation")


def test_search_by_keyboard_alone(folder: Path, page: "Page") -> None:
    page.goto((folder / "search.html").as_uri())
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "query":
            break
    assert page.evaluate("document.activeElement.id") == "query"
    page.keyboard.type("mentorin")
    page.wait_for_selector("#found li")
    page.wait_for_function("() => document.getElementById('status').textContent === '1 evaluation matches.'")
    assert page.get_attribute("#status", "role") == "status"
    assert not page.is_visible("#all")
    seen = []
    for _ in range(30):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
        if seen[-1] == "Mentoring in schools":
            break
    assert "clear" in seen, "filters can be cleared on the way"
    assert seen[-1] == "Mentoring in schools"
    page.keyboard.press("Enter")
    page.wait_for_url("**/records/south-vru/school-mentors/v1.0/index.html")
    assert page.inner_text("h1") == "Mentoring in schools"


def test_search_says_when_nothing_matches_and_comes_back(folder: Path, page: "Page") -> None:
    page.goto((folder / "search.html").as_uri())
    page.fill("#query", "zzzzqqqq")
    page.get_by_text("No evaluations match").wait_for()
    assert page.locator("#found li").count() == 0
    assert not page.is_visible("#found-heading")
    page.click("#clear")
    page.wait_for_selector("#found li")
    assert page.locator("#found li").count() == 3
    assert page.evaluate("document.activeElement.id") == "query"
    assert page.evaluate("location.hash") == ""


def test_facets_count_combine_and_live_in_the_address(folder: Path, page: "Page") -> None:
    page.goto((folder / "search.html").as_uri())
    mentoring = page.get_by_label("Mentoring (1)")
    mentoring.check()
    assert page.locator("#found a").all_inner_texts() == ["Mentoring in schools"]
    assert "intervention=mentoring" in page.evaluate("location.hash")
    # The other kind keeps its count: ticking it too would add its evaluations.
    assert page.get_by_label("Hot spot policing (2)").count() == 1
    page.locator("#facet-organisation summary").click()
    assert page.get_by_label("North VRU").count() == 0 or not page.get_by_label("North VRU").is_visible()
    page.reload()
    assert page.locator("#found a").all_inner_texts() == ["Mentoring in schools"]
    page.locator(".vru-chip", has_text="Kind of intervention: Mentoring").click()
    assert page.locator("#found li").count() == 3


def test_search_reads_an_address_and_ignores_what_it_does_not_know(folder: Path, page: "Page") -> None:
    address = "#intervention=hot_spot_policing,nonsense&compare=no/such&%E0%A4%A=1&q=%E0%A4%A"
    page.goto((folder / "search.html").as_uri() + address)
    page.wait_for_selector("#found li")
    assert page.locator("#found li").count() == 2
    assert not page.is_visible("#picked")


def test_search_finds_words_of_the_summary_and_the_disclaimer_stays_with_the_result(folder: Path, page: "Page") -> None:
    page.goto((folder / "search.html").as_uri())
    page.fill("#query", "guardianship patrols")
    page.wait_for_function("() => document.getElementById('status').textContent.includes('match')")
    assert "Demonstration: no intervention took place." in page.inner_text("#found")


def test_without_javascript_the_whole_list_is_there(folder: Path, browser: "Browser") -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "search.html").as_uri())
    assert not page.is_visible("#query")
    assert page.locator("#all tbody tr").count() == 3
    page.goto((folder / "compare.html").as_uri())
    assert page.is_visible("#compare-without")
    context.close()


def test_reading_order_of_a_record_starts_with_the_disclaimer(folder: Path, page: "Page") -> None:
    page.goto((folder / RECORD).as_uri())
    text = page.inner_text("body")
    order = [
        "Demonstration: no intervention took place.",
        "Hot spot patrols in the town centre",
        "Summary",
        "What was found",
        "How strong the evidence is",
        "Checks",
        "What was done",
        "How to verify",
        "Versions",
    ]
    positions = [text.index(words) for words in order]
    assert positions == sorted(positions)


def test_a_record_on_paper(folder: Path, page: "Page") -> None:
    page.goto((folder / RECORD).as_uri())
    page.emulate_media(media="print")
    assert not page.is_visible(".govuk-service-navigation")
    assert not page.is_visible("nav[aria-label='On this page']")
    assert page.is_visible("#effects")
    assert page.evaluate("getComputedStyle(document.querySelector('.vru-scroll')).overflowX") == "visible"


def test_a_search_among_many_shows_the_closest(
    make_entry: Make, write: Write, browser: "Browser", tmp_path: Path
) -> None:
    records = [
        make_entry(id=f"record-{i}", title=f"Evaluation {i} of {'knife' if i % 3 else 'school'} work")
        for i in range(300)
    ]
    folder = write(build_site(records, "public", "today", {}), tmp_path)
    page = browser.new_page()
    page.goto((folder / "search.html").as_uri())
    page.fill("#query", "knife")
    page.wait_for_selector("#found li")
    page.wait_for_function("() => document.getElementById('status').textContent.startsWith('200')")
    assert page.inner_text("#status") == "200 evaluations match; the first 50 are shown."
    assert page.locator("#found li").count() == 50
    page.focus("#more")
    page.keyboard.press("Enter")
    assert page.locator("#found li").count() == 100
    assert (
        page.evaluate(
            "[...document.querySelectorAll('#found li')].findIndex(li => li.contains(document.activeElement))"
        )
        == 50
    )
    page.close()
