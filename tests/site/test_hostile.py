"""Records and reports written to attack: nothing of them runs, in a real browser, from a folder."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from vru.site import SiteRecord, active_content, build_site, seal_report
from vru.site.markdown import to_html

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Make = Callable[..., SiteRecord]
Write = Callable[[Mapping[str, str | bytes], Path], Path]
CARD = {"did": "<script>window.pwned=1</script> [x](javascript:window.pwned=1) <img src=x onerror=window.pwned=1>\n"}
CLEAN = (
    b'<!DOCTYPE html><html lang="en-GB"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" '
    b'content="default-src &#39;none&#39;"><link rel="icon" href="data:,"><title>R</title></head><body>'
    b'<a href="#x">x</a><a href="https://example.org">y</a><svg role="img"><use href="#x"/></svg>'
    b'<img alt="" src="data:image/png;base64,iVBORw0KGgo="></body></html>'
)
ATTACKS = [
    b"<script>window.pwned=1</script>",
    b"<script src=https://example.org/x.js></script>",
    b"<img src=x onerror=window.pwned=1>",
    b"<svg onload=window.pwned=1></svg>",
    b"<svg><script>window.pwned=1</script></svg>",
    b"<body onload=window.pwned=1>",
    b"<iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
    b"<object data='data:text/html,<script>window.pwned=1</script>'></object>",
    b"<embed src='data:text/html,x'>",
    b"<a href='javascript:window.pwned=1' id=bait>x</a>",
    b"<a href=' java&#10;script:window.pwned=1' id=bait>x</a>",
    b"<form action='javascript:window.pwned=1'><button id=bait>x</button></form>",
    b"<button id=bait formaction=javascript:window.pwned=1>x</button>",
    b"<meta http-equiv=refresh content='0;url=https://example.org'>",
    b"<META HTTP-EQUIV='Content-Security-Policy' CONTENT=\"script-src *\"><script>window.pwned=1</script>",
    b"<base href='https://example.org/'>",
    b"<link rel=stylesheet href='https://example.org/x.css'>",
    b"<details open ontoggle=window.pwned=1><summary>x</summary></details>",
    b"<input autofocus onfocus=window.pwned=1>",
    b"<svg><animate onbegin=window.pwned=1 attributeName=x dur=1s></svg>",
    b"<!--> <script>window.pwned=1</script> -->",
    b"<title><!--</title><script>window.pwned=1</script>-->",
    b"<noscript><p title='</noscript><img src=x onerror=window.pwned=1>'></noscript>",
    b"<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=window.pwned=1&gt;'>",
]


@pytest.mark.browser
def test_no_text_of_a_record_runs_on_any_page(
    make_entry: Make, write: Write, browser: "Browser", tmp_path: Path
) -> None:
    entry = make_entry(hostile=True)
    site = build_site(
        [entry], "public", "<script>window.pwned=1</script>", CARD, contact="<script>window.pwned=1</script>"
    )
    folder = write(site, tmp_path)
    # The first wall alone must hold, so the pages' own content policy is switched off here.
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    dialogs: list[str] = []
    page.on("dialog", lambda d: (dialogs.append(d.message), d.dismiss()))
    pages = [name for name in site if name.endswith(".html")]
    assert len(pages) == 11
    for name in pages:
        page.goto((folder / name).as_uri())
        if name == "search.html":
            page.fill("#query", "script")
            page.wait_for_selector("#found li")
        page.wait_for_timeout(50)
        assert page.evaluate("window.pwned") is None, name
        assert page.evaluate("document.querySelectorAll('img, iframe').length") == 0, name
        if name == "compare.html":
            page.goto((folder / name).as_uri() + f"#compare={entry.record.organisation}/{entry.record.id}")
            page.wait_for_selector("#compare-table td")
        allowed = {"search.html": 4, "compare.html": 3}.get(name, 0)
        running = "[...document.scripts].filter(s => s.type !== 'application/ld+json').length"
        assert page.evaluate(running) == allowed, name
        assert "49" not in page.inner_text("h1"), "the text was read as a template"
    assert dialogs == []
    context.close()


@pytest.mark.browser
def test_the_pages_policy_stops_a_script_even_if_one_slips_in(
    make_entry: Make, write: Write, browser: "Browser", tmp_path: Path
) -> None:
    site = build_site([make_entry()], "public", "today", CARD)
    broken = {
        n: c.replace("</h1>", "</h1><script>window.pwned=1</script><img src=x onerror=window.pwned=1>")
        for n, c in site.items()
        if isinstance(c, str)
    }
    folder = write(broken, tmp_path)
    page = browser.new_page()
    for name in (n for n in broken if n.endswith(".html")):
        page.goto((folder / name).as_uri())
        page.wait_for_timeout(50)
        assert page.query_selector("h1 + script") is not None
        assert page.evaluate("window.pwned") is None, name


@pytest.mark.browser
@pytest.mark.parametrize("attack", [a for a in ATTACKS if b"refresh" not in a])
def test_a_sealed_report_runs_nothing(attack: bytes, browser: "Browser", tmp_path: Path) -> None:
    # The second wall alone: what the parser would refuse is sealed and opened all the same.
    target = tmp_path / "report.html"
    target.write_bytes(seal_report(b"<!DOCTYPE html><html><head></head><body>" + attack + b"</body></html>"))
    page = browser.new_page()
    page.route("http*://**", lambda route: route.abort())
    page.goto(target.as_uri())
    if page.query_selector("#bait"):
        page.click("#bait", timeout=2000)
    page.wait_for_timeout(60)
    assert page.url.startswith("file:")
    assert page.evaluate("window.pwned") is None
    assert page.evaluate("document.compatMode") == "CSS1Compat"
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("attack", [ATTACKS[i] for i in (0, 2, 3, 4, 17, 19)])
def test_the_same_attacks_do_run_without_the_seal(attack: bytes, browser: "Browser", tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    target.write_bytes(b"<!DOCTYPE html><html><head></head><body>" + attack + b"</body></html>")
    page = browser.new_page()
    page.goto(target.as_uri())
    page.wait_for_function("() => window.pwned === 1", timeout=3000)
    page.close()


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_report_with_active_content_is_left_out(attack: bytes, make_entry: Make) -> None:
    stored = CLEAN.replace(b"</body>", attack + b"</body>")
    assert active_content(stored) != ()
    entry = make_entry(report=stored)
    site = build_site([entry], "public", "today", {})
    assert entry.folder + "report.html" not in site
    assert "report.html: it holds" in str(site[entry.folder + "index.html"])


def test_a_clean_report_is_kept_and_sealed_first(make_entry: Make) -> None:
    assert active_content(CLEAN) == ()
    entry = make_entry(report=CLEAN)
    kept = build_site([entry], "public", "today", {})[entry.folder + "report.html"]
    assert isinstance(kept, bytes)
    assert kept.startswith(b'<!DOCTYPE html>\n<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy"')
    assert kept.endswith(CLEAN)


@pytest.mark.parametrize("stored", ["<h1>x</h1>".encode("utf-16"), b"\xff\xfe\x00<", b"<h1>\xe9</h1>"])
def test_a_report_in_another_encoding_is_left_out(stored: bytes) -> None:
    assert active_content(stored) == ("it is not UTF-8 text",)


def test_the_toolkit_s_own_layout_counts_as_clean() -> None:
    from vru.pages import environment

    html = environment().from_string('{% extends "layout.html" %}').render()
    assert active_content(html.encode()) == ()


def test_markdown_keeps_structure_and_drops_what_could_act() -> None:
    html = to_html("### Use\n\n- a\n\n| T |\n|---|\n| b |\n\n$x^2$ and `code`\n\n" + CARD["did"])
    for kept in (
        '<h3 class="govuk-heading-m">Use</h3>',
        "<li>",
        '<th class="govuk-table__header" scope="col">T</th>',
        "<msup>",
        "<code>code</code>",
    ):
        assert kept in html
    for gone in ("<script", "<img", "onerror="):
        assert gone not in html
    assert "href" not in html
    assert 'href="https://example.org/a?b=1&amp;c=2"' in to_html("[x](https://example.org/a?b=1&c=2)")
    assert "href" not in to_html("[x](http://insecure.example) [y](data:text/html,z) [z](//e.org)")
