"""The shared layout: escapes, refuses missing names, carries no brand, reads well in a browser."""

import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jinja2 import UndefinedError

from vru.pages import environment, stylesheet
from vru.pages.environment import MACROS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PAGE = (
    '{% extends "layout.html" %}{% block title %}A page{% endblock %}'
    "{% block content %}<h1>{{ text }}</h1>{% endblock %}"
)
HOSTILE = "<script>window.pwned=1</script><img src=x onerror=window.pwned=1>"


def test_everything_is_escaped_also_inside_the_govuk_macros() -> None:
    body = '{{ text }}{{ govukTable({"caption": text, "rows": [[{"text": text}]]}) }}{{ govukTag({"text": text}) }}'
    body += '{{ govukBreadcrumbs({"items": [{"text": text, "href": text}]}) }}{{ govukInsetText({"text": text}) }}'
    html = environment().from_string(body).render(text=HOSTILE)
    assert "<script" not in html
    assert "<img" not in html
    assert html.count("&lt;script") == 7


def test_the_layout_escapes_its_own_names() -> None:
    html = (
        environment()
        .from_string(PAGE)
        .render(
            text="x",
            service_name=HOSTILE,
            banner={"tag": HOSTILE, "text": HOSTILE},
            footer_text=HOSTILE,
            navigation=[{"text": HOSTILE, "href": HOSTILE}],
            footer_links=[{"text": HOSTILE, "href": HOSTILE}],
        )
    )
    assert "<script>window" not in html
    assert "<img" not in html


def test_a_missing_name_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="text"):
        environment().from_string(PAGE).render()


def test_every_listed_macro_is_there_and_renders() -> None:
    made = environment()
    for name in MACROS.values():
        assert callable(made.globals[name])


def test_further_folders_come_first(tmp_path: Path) -> None:
    (tmp_path / "own.html").write_text('{% extends "layout.html" %}{% block content %}own{% endblock %}')
    assert "own" in environment(tmp_path).get_template("own.html").render()


def test_the_stylesheet_carries_no_brand_and_reaches_nowhere() -> None:
    css = stylesheet()
    assert not re.search(r"url\(|@import|@font-face|transport|crest|crown logo", css, re.IGNORECASE)
    assert "Permission is hereby granted, free of charge" in css
    assert "<" not in re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL), "could close the style element it stands in"
    assert "@charset" not in css


def test_the_components_used_have_their_styles() -> None:
    css = stylesheet()
    missing = [folder for folder in MACROS if f".govuk-{folder}" not in css]
    assert missing == []


def test_how_the_stylesheet_was_compiled_is_written_down() -> None:
    readme = (files("vru.pages") / "assets" / "README.md").read_text(encoding="utf-8")
    css = (files("vru.pages") / "assets" / "govuk-frontend.css").read_text(encoding="utf-8")
    version = re.search(r'--govuk-frontend-version: "([\d.]+)"', css)
    assert version
    assert f"GOV.UK Frontend](https://github.com/alphagov/govuk-frontend) {version[1]}" in readme


def test_the_page_alone_names_no_other_address() -> None:
    html = environment().from_string(PAGE).render(text="x")
    outside_css = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    assert re.findall(r'(?:href|src)="([^"]*)"', outside_css) == ["data:,", "#main-content"]


@pytest.fixture
def open_alone(browser: "Browser", tmp_path: Path) -> Callable[..., "Page"]:
    def make(width: int = 1000, body: str = PAGE, **context: object) -> "Page":
        target = tmp_path / "page.html"
        target.write_text(environment().from_string(body).render(**context), encoding="utf-8")
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.goto(target.as_uri())
        return page

    return make


@pytest.mark.browser
def test_the_layout_alone_is_accessible(open_alone: Callable[..., "Page"], axe: Callable[["Page"], list[str]]) -> None:
    page = open_alone(
        text="A report",
        banner={"tag": "Please note", "text": "No intervention took place."},
        footer_text="Made by",
        home_href="#main-content",
        navigation=[{"text": "Home", "href": "#main-content", "current": True}],
    )
    assert axe(page) == []
    assert page.evaluate("document.documentElement.lang") == "en-GB"
    assert page.evaluate("getComputedStyle(document.querySelector('.vru-header__name')).fontFamily").startswith("Arial")


@pytest.mark.browser
def test_the_first_tab_is_the_skip_link_and_it_goes_to_the_content(open_alone: Callable[..., "Page"]) -> None:
    page = open_alone(text="x")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main-content"


@pytest.mark.browser
def test_long_words_do_not_widen_a_narrow_page(open_alone: Callable[..., "Page"]) -> None:
    page = open_alone(320, text="x" * 300, banner={"tag": "Note", "text": "y" * 300}, footer_text="z" * 300)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.browser
def test_a_page_that_stands_alone_runs_no_script_even_if_one_slips_in(open_alone: Callable[..., "Page"]) -> None:
    page = open_alone(body=PAGE.replace("{{ text }}", "{{ text | safe }}"), text=HOSTILE)
    page.wait_for_timeout(200)
    assert page.evaluate("window.pwned") is None
    assert page.query_selector("img") is not None, "the attack did not reach the page: the test proves nothing"


@pytest.mark.browser
def test_print_drops_what_is_for_the_screen(open_alone: Callable[..., "Page"]) -> None:
    page = open_alone(text="x", navigation=[{"text": "Home", "href": "#", "current": True}])
    assert page.is_visible(".govuk-service-navigation")
    page.emulate_media(media="print")
    assert not page.is_visible(".govuk-service-navigation")
    assert not page.is_visible(".govuk-skip-link")
    assert page.is_visible("h1")


@pytest.mark.browser
def test_the_accessibility_check_itself_can_fail(
    open_alone: Callable[..., "Page"], axe: Callable[["Page"], list[str]]
) -> None:
    page = open_alone(body=PAGE.replace("<h1>", '<img src="data:,"><a href="#x"></a><h1>'), text="x")
    assert {line.split(" ")[0] for line in axe(page)} >= {"image-alt", "link-name"}
