from html.parser import HTMLParser

import pytest

from vru.report import render_html


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.headings, self.hrefs = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        got = dict(attrs)
        self.tags.append((tag, got))
        if "id" in got:
            self.ids.append(got["id"])
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append(int(tag[1]))
        if tag == "a":
            self.hrefs.append(got.get("href", ""))


@pytest.fixture(scope="module")
def text(document):
    return render_html(document)


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def test_hostile_text_stays_text(text, page):
    assert "<script" not in text
    assert "&lt;script&gt;alert(" in text
    assert not any(href.startswith("javascript") for href in page.hrefs)


def test_the_page_carries_everything_and_runs_nothing(page):
    for tag, attrs in page.tags:
        assert tag not in ("script", "iframe", "object", "embed", "form")
        assert not any(name.startswith("on") for name in attrs)
        for name in ("src", "href"):
            assert (attrs.get(name) or "#").startswith(("#", "data:")), (tag, attrs)


def test_language_title_headings_and_ids(text, page):
    assert ("html", "en-GB") in [(t, a.get("lang")) for t, a in page.tags]
    assert "<title>Hot-spot patrols in Anytown – evaluation report</title>" in text
    assert page.headings.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(page.headings, page.headings[1:], strict=False))
    assert len(page.ids) == len(set(page.ids))
    assert {h[1:] for h in page.hrefs if h.startswith("#")} <= set(page.ids)


def test_every_drawing_has_a_text_alternative_and_its_data(page):
    drawings = [a for t, a in page.tags if t == "svg" and a.get("role") == "img"]
    assert len(drawings) == 8
    for a in drawings:
        assert a["aria-labelledby"] in page.ids
    assert sum(t == "details" for t, _ in page.tags) == len(drawings)


def test_every_table_has_a_caption_and_scoped_headers(page):
    tables = sum(t == "table" for t, _ in page.tags)
    assert tables == sum(t == "caption" for t, _ in page.tags) > 10
    assert all(a.get("scope") in ("row", "col") for t, a in page.tags if t == "th")


def test_the_same_report_twice_is_the_same_text(text, make_document):
    assert render_html(make_document()) == text
