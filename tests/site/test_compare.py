"""Compare in a real browser: ticks, keyboard, one axis per scale, and a figure that matches the static one."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from vru.site import SiteRecord, build_site
from vru.site.forest import Mark, forest_svg
from vru.site.search_data import part_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
Make = Callable[..., SiteRecord]
Write = Callable[[Mapping[str, str | bytes], Path], Path]
A, B, C, X = "north-vru/alpha", "north-vru/beta", "south-vru/counts", "south-vru/exercise"


@pytest.fixture
def folder(make_entry: Make, write: Write, tmp_path: Path) -> Path:
    effect = make_entry().record.effects[0].model_dump()
    count = {**effect, "scale": "count_difference", "estimate": -20.0, "ci_low": -44.0, "ci_high": 4.0}
    records = [
        make_entry(id="alpha", title="Alpha patrols"),
        make_entry(
            id="beta", title="Beta patrols", effects=[{**effect, "estimate": 0.1, "ci_low": 0.02, "ci_high": 0.18}]
        ),
        make_entry(id="counts", organisation="south-vru", title="Gamma counted", effects=[count]),
        make_entry(id="exercise", organisation="south-vru", title="Delta", disclaimer="No intervention took place."),
    ]
    return write(build_site(records, "public", "today", {}), tmp_path)


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    made = browser.new_page(viewport={"width": 1000, "height": 900})
    faults: list[str] = []
    made.on("pageerror", lambda e: faults.append(str(e)))
    made.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    yield made
    made.close()
    assert faults == []


def compare(folder: Path, page: "Page", *keys: str) -> None:
    page.goto((folder / "compare.html").as_uri() + "#compare=" + ",".join(keys))
    page.wait_for_function("() => document.getElementById('compare-status').textContent !== ''")


def tab_to(page: "Page", words: str, most: int = 60) -> None:
    for _ in range(most):
        page.keyboard.press("Tab")
        active = "document.activeElement"
        text = page.evaluate(f"({active}.labels && {active}.labels[0] ? {active}.labels[0] : {active}).textContent")
        # A focusable region holds every word of its table; only a control is meant.
        if words in text and page.evaluate(f"{active}.matches('a, button, input')"):
            return
    raise AssertionError(f"{words} cannot be reached by Tab")


def test_from_search_to_comparison_by_keyboard_alone(folder: Path, page: "Page") -> None:
    page.goto((folder / "search.html").as_uri())
    page.wait_for_selector("#found li")
    tab_to(page, "Tick to compare: Alpha patrols")
    page.keyboard.press("Space")
    assert page.inner_text("#picked-status").startswith("1 evaluation ticked. Tick at least one more")
    assert not page.is_visible("#picked-link")
    tab_to(page, "Tick to compare: Beta patrols")
    page.keyboard.press("Space")
    assert page.inner_text("#picked-status") == "2 evaluations ticked."
    for _ in range(60):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.id") == "picked-link":
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/compare.html#**")
    page.wait_for_selector("#compare-table td")
    assert page.inner_text("#compare-status") == "Comparing 2 evaluations."
    tab_to(page, "Remove: Alpha patrols")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "() => document.getElementById('compare-status').textContent.startsWith('Removed Alpha patrols.')"
    )
    assert page.evaluate("document.activeElement.textContent") == "Remove: Beta patrols"
    assert page.evaluate("location.hash") == f"#compare={B}"
    page.go_back()
    page.wait_for_selector("#found li")


def test_ticks_stay_through_a_new_search_and_seven_are_refused(
    make_entry: Make, write: Write, page: "Page", tmp_path: Path
) -> None:
    records = [make_entry(id=f"record-{i}", title=f"Study {i}") for i in range(8)]
    folder = write(build_site(records, "public", "today", {}), tmp_path)
    page.goto((folder / "search.html").as_uri())
    page.wait_for_selector("#found li")
    for i in range(6):
        page.get_by_label(f"Tick to compare: Study {i}").check()
    page.get_by_label("Tick to compare: Study 6").click()
    assert page.inner_text("#picked-status").startswith("At most 6 can be compared.")
    assert not page.get_by_label("Tick to compare: Study 6").is_checked()
    page.fill("#query", "zzzzzz")
    page.get_by_text("No evaluations match").wait_for()
    assert page.inner_text("#picked-status").endswith("6 evaluations ticked.")
    assert page.get_attribute("#picked-link", "href").count("record-") == 6  # type: ignore[union-attr]


def test_two_scales_never_share_an_axis(folder: Path, page: "Page") -> None:
    compare(folder, page, A, B)
    assert page.locator("#compare-figures svg").count() == 1
    assert "Not drawn on one axis" not in page.inner_text("#compare")
    compare(folder, page, A, C)
    page.wait_for_selector("#compare-figures svg >> nth=1")
    assert page.locator("#compare-figures svg").count() == 2
    assert "Not drawn on one axis: some of these results are a change in per cent and others a number of events" in (
        page.inner_text("#compare")
    )
    for figure in page.locator("#compare-figures svg").all():
        assert figure.locator("rect").count() == 1


def test_an_exercise_is_marked_in_figure_and_table(folder: Path, page: "Page") -> None:
    compare(folder, page, A, X)
    page.wait_for_selector("#compare-table td")
    assert page.locator(".vru-forest__hollow").count() == 1
    assert "Exercise, not evidence." in page.locator("#compare-figures").text_content()  # type: ignore[operator]
    assert "No intervention took place." in page.inner_text("#compare-table")


def test_unknown_records_are_named_and_nothing_else_breaks(folder: Path, page: "Page") -> None:
    compare(folder, page, A, "no-vru/such", "<img src=x>", "constructor")
    page.wait_for_selector("#compare-table td")
    assert "This copy holds no current evaluation no-vru/such." in page.inner_text("#compare-faults")
    assert page.locator("#compare img").count() == 0
    assert page.inner_text("#compare-status").startswith("One evaluation is ticked.")


@pytest.mark.parametrize("width", [1000, 320])
def test_no_accessibility_violation(folder: Path, page: "Page", axe: Callable[["Page"], list[str]], width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    compare(folder, page, A, B, C, X)
    page.wait_for_selector("#compare-table td")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.goto((folder / "search.html").as_uri() + f"#q=patrols&compare={A},{B}")
    page.wait_for_selector("#picked")
    page.wait_for_function("() => document.getElementById('status').textContent.includes('match')")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_comparison_on_paper(folder: Path, page: "Page") -> None:
    compare(folder, page, A, B)
    page.wait_for_selector("#compare-table td")
    page.emulate_media(media="print")
    assert not page.is_visible(".vru-remove >> nth=0")
    assert page.is_visible("#compare-figures svg")


@pytest.mark.parametrize(
    ("scale", "rows"),
    [
        (
            "log_rate_ratio",
            [(-0.3, -0.5, -0.1), (0.05, -0.2, 0.3), (0.9, 0.1, 4.0), (-0.1, None, None), (5.0, None, None)],
        ),
        ("log_rate_ratio", [(-0.02, -0.03, -0.01)]),
        ("count_difference", [(-41.5, -90.0, 6.4), (12.0, -3.0, 27.0)]),
        ("count_difference", [(0.0, -0.2, 0.2)]),
        ("count_difference", [(-8000.0, -21000.0, 5200.0)]),
    ],
)
def test_the_script_draws_what_the_builder_draws(
    folder: Path, page: "Page", scale: str, rows: list[tuple[float, float | None, float | None]]
) -> None:
    page.goto((folder / "compare.html").as_uri())
    marks = [
        {"label": f"A rather long label <b> & number {i}", "note": "Note", "estimate": e, "low": lo, "high": hi,
         "size": "s", "interval": "i", "exercise": i == 1}
        for i, (e, lo, hi) in enumerate(rows)
    ]  # fmt: skip
    ours = str(forest_svg([Mark(**m) for m in marks], scale, "T", "n"))  # type: ignore[arg-type]
    parts = """svg => [...svg.querySelectorAll('line,rect,polyline,text')].map(e => [e.tagName, e.getAttribute('class'),
        e.tagName === 'text' ? e.textContent : '',
        ...['x', 'y', 'x1', 'x2', 'y1', 'y2', 'points'].flatMap(a => (e.getAttribute(a) || '').split(/[ ,]/).map(Number))])"""
    page.evaluate("html => { document.body.insertAdjacentHTML('beforeend', '<div id=ours>' + html + '</div>') }", ours)
    built = page.evaluate(f"({parts})(document.querySelector('#ours svg'))")
    drawn = page.evaluate(f"([m, s]) => ({parts})(window.vruForest(m, s, 'T', 'n'))", [marks, scale])
    assert len(built) == len(drawn) > 8
    for one, two in zip(sorted(built, key=json.dumps), sorted(drawn, key=json.dumps), strict=True):
        assert one[:3] == two[:3]
        assert one[3:] == pytest.approx(two[3:], abs=0.11)


def test_both_sides_compute_the_same_part(folder: Path, page: "Page") -> None:
    parts = 7
    names = [f"unit-{i}-vru/evaluation-{i * 37:05d}" for i in range(50)]
    code = "([k, n]) => { let f = 0; for (let i = 0; i < k.length; i++) f = (f * 31 + k.charCodeAt(i)) % 1000003; return f % n; }"
    assert "(found * 31 + key.charCodeAt(i)) % 1000003" in (folder / "assets/compare.js").read_text(encoding="utf-8")
    assert [page.evaluate(code, [k, parts]) for k in names] == [part_of(k, parts) for k in names]
