"""What a built site holds: the right records for its audience, whole links, words that match the numbers."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urldefrag

import pytest

from vru.errors import LibraryError
from vru.record import Effect
from vru.site import Notice, SiteRecord, VersionLine, build_site
from vru.site.wording import effect_text

Make = Callable[..., SiteRecord]
REPORT = b"<!DOCTYPE html><html lang='en-GB'><head><title>Report</title></head><body><h1>Report</h1></body></html>"
CARD = {"did": "Text about the method.\n"}


def parsed(script: str) -> Any:
    text = script.removeprefix("window.VRU_SEARCH = JSON.parse('").removesuffix("');\n")
    assert text != script
    return json.loads(re.sub(r"\\(['\\])", r"\1", text))


def everything(site: dict[str, str | bytes]) -> bytes:
    parts = [name.encode() + b"\n" + (c if isinstance(c, bytes) else c.encode()) for name, c in site.items()]
    return b"\n".join(parts)


@pytest.mark.parametrize(
    ("audience", "organisation", "present"),
    [
        ("public", "", {"zebra-public"}),
        ("network", "", {"zebra-public", "zebra-network"}),
        ("vru_only", "north-vru", {"zebra-public", "zebra-network", "zebra-ours"}),
        ("vru_only", "south-vru", {"zebra-public", "zebra-network", "zebra-theirs"}),
    ],
)
def test_a_site_physically_holds_only_what_its_audience_may_see(
    make_entry: Make, audience: Any, organisation: str, present: set[str]
) -> None:
    plan = {
        "zebra-public": ("north-vru", "public"),
        "zebra-network": ("south-vru", "network"),
        "zebra-ours": ("north-vru", "vru_only"),
        "zebra-theirs": ("south-vru", "vru_only"),
    }
    records = [
        make_entry(
            id=i,
            organisation=o,
            audience=a,
            title=f"Title of {i}",
            report=REPORT + i.encode(),
            downloads={"record.json": i.encode()},
        )
        for i, (o, a) in plan.items()
    ]
    notices = [Notice(f"notice about {i}", a, o) for i, (o, a) in plan.items()]
    content = everything(build_site(records, audience, "today", CARD, notices, organisation))
    assert {i for i in plan if i.encode() in content} == present


def test_the_history_names_no_version_that_the_audience_may_not_see(make_entry: Make) -> None:
    history = (
        VersionLine("2.7", "published"),
        VersionLine("1.0", "superseded"),
        VersionLine("0.3", "retracted", note="Gone"),
    )
    shared = replace(make_entry(version="1.0", status="superseded"), history=history)
    unshared = replace(make_entry(version="2.7", audience="vru_only"), history=history)
    site = build_site([shared, unshared], "public", "today", CARD)
    page = str(site[shared.folder + "index.html"])
    assert b"2.7" not in everything({n: c for n, c in site.items() if not n.startswith("assets/")})
    assert "A newer version replaces this one" in page
    assert "Gone" in page


def test_a_site_for_one_organisation_must_name_it(make_entry: Make) -> None:
    with pytest.raises(LibraryError, match="organisation"):
        build_site([make_entry()], "vru_only", "today", CARD)


def test_one_version_given_twice_is_refused(make_entry: Make) -> None:
    with pytest.raises(LibraryError, match="given twice"):
        build_site([make_entry(), make_entry(title="Another")], "public", "today", CARD)


def test_every_link_leads_to_a_file_and_a_place_inside_the_site(make_entry: Make) -> None:
    history = (
        VersionLine("1.0", "superseded", "2026-01-01"),
        VersionLine("1.1", "published", "2026-02-01"),
        VersionLine("0.1", "superseded"),
    )
    old = make_entry(version="1.0", status="superseded", report=REPORT, downloads={"record.json": b"{}"})
    new = make_entry(version="1.1", report=REPORT, downloads={"record.json": b"{}", "tables.xlsx": b"x"})
    records = [
        SiteRecord(
            e.record, e.manifest_sha256, e.status, e.published_on, history, e.report_html, e.downloads, e.digests
        )
        for e in (old, new)
    ]
    site = build_site(records, "public", "today", CARD)
    targets = {name: _links(str(c)) for name, c in site.items() if isinstance(c, str) and name.endswith(".html")}
    checked = 0
    for name, (links, _, _) in targets.items():
        for link in links:
            if link.startswith(("https://", "data:,")):
                continue
            path, place = urldefrag(unquote(link))
            assert not path.startswith("/"), f"{name}: {link} would not open from a folder"
            target = _join(name, path) if path else name
            assert target in site, f"{name}: {link} leads nowhere"
            # The search and compare pages read their state from the address.
            if place and target not in ("search.html", "compare.html"):
                assert place in targets[target][1], f"{name}: {link} names no place"
            checked += 1
    assert checked > 60
    page = str(site[old.folder + "index.html"])
    assert "A newer version replaces this one" in page
    assert "../v1.1/index.html" in page
    assert "v0.1/index.html" not in page


def test_nothing_on_a_page_is_loaded_from_elsewhere(make_entry: Make) -> None:
    site = build_site([make_entry()], "public", "today", CARD)
    for name, content in site.items():
        if name.endswith(".html"):
            sources = [v for v in _links(str(content))[2]]
            assert all("://" not in v and not v.startswith("/") for v in sources), name


def test_files_that_are_not_what_the_manifest_says_are_withheld(make_entry: Make) -> None:
    files = {"record.json": b"{}", "tables.xlsx": b"x", "evil.html": b"<script>", "../up.json": b"x", "a.svg": b"x"}
    good = {name: hashlib.sha256(c).hexdigest() for name, c in files.items()}
    entry = make_entry(report=REPORT, downloads=files, digests={**good, "tables.xlsx": "sha256:" + "0" * 64})
    site = build_site([entry], "public", "today", CARD)
    inside = {name.removeprefix(entry.folder) for name in site if name.startswith("records/")}
    assert inside == {"index.html", "record.json"}
    page = str(site[entry.folder + "index.html"])
    for name in ("tables.xlsx", "evil.html", "up.json", "a.svg", "report.html"):
        assert name in page
    assert 'href="report.html"' not in page
    assert all(".." not in PurePosixPath(name).parts for name in site)


def test_the_list_counts_published_records_and_keeps_null_and_harmful_ones(make_entry: Make) -> None:
    effect = make_entry().record.effects[0].model_dump()
    null = {**effect, "estimate": 0.0, "ci_low": -0.1, "ci_high": 0.1}
    harm = {**effect, "estimate": 0.2, "ci_low": 0.1, "ci_high": 0.3}
    records = [
        make_entry(),
        make_entry(id="no-change", effects=[null]),
        make_entry(id="more-harm", effects=[harm]),
        make_entry(id="withdrawn", title="Withdrawn study", status="retracted"),
    ]
    site = build_site(records, "public", "today", CARD)
    home = str(site["index.html"])
    kind = str(site["interventions/hot-spot-policing.html"])
    assert "<strong>3</strong> evaluations" in home
    assert "Of 3 evaluations: better in 1, worse in 1, could be either in 1" in home
    assert "1 retracted" in home
    assert "no change" in kind
    assert "22% more" in kind
    assert "listed, not added up" in kind
    assert "Withdrawn study" not in home
    assert "Withdrawn study" not in str(site["assets/search-data.js"])
    assert "has been retracted" in str(site["records/north-vru/withdrawn/v1.0/index.html"])
    assert "Withdrawn study" in str(site["new.html"])


def test_the_disclaimer_comes_before_anything_else_and_in_every_list(make_entry: Make) -> None:
    words = "Demonstration only: no intervention took place."
    site = build_site([make_entry(disclaimer=words)], "public", "today", CARD)
    page = str(site["records/north-vru/op-grip-town/v1.0/index.html"])
    assert page.index(words) < page.index("<h1")
    for name in ("index.html", "search.html", "new.html", "assets/search-data.js"):
        assert words in str(site[name]), name


def test_the_search_data_is_one_statement_of_plain_json(make_entry: Make) -> None:
    script = str(build_site([make_entry(title="</script>\u2028“x”")], "public", "today", CARD)["assets/search-data.js"])
    assert script.isascii()
    assert "<" not in script
    loaded = parsed(script)
    assert loaded["records"][0][2] == "</script>\u2028“x”"


def test_the_same_records_make_the_same_site_in_any_order(make_entry: Make) -> None:
    records = [make_entry(id=f"record-{i}", on=f"2026-0{1 + i % 3}-01") for i in range(6)]
    one = build_site(records, "public", "today", CARD)
    assert build_site(records[::-1], "public", "today", CARD) == one
    dates = [r[3] for r in parsed(str(one["assets/search-data.js"]))["records"]]
    assert dates == sorted(dates, reverse=True)


def test_an_empty_library_is_a_site_too() -> None:
    site = build_site([], "public", "today", {})
    assert "Nothing has been published" in str(site["index.html"])
    assert "Nothing has been published" in str(site["search.html"])


@pytest.mark.parametrize(
    ("scale", "estimate", "low", "high", "size", "interval"),
    [
        # exp(-0.2877) = 0.7500, exp(-0.4780) = 0.6200, exp(-0.0943) = 0.9100
        ("log_rate_ratio", -0.2877, -0.4780, -0.0943, "25% fewer", "95% interval: 38% fewer to 9% fewer"),
        # exp(0.0050) = 1.00501, exp(0.6931) = 2.0000
        ("log_rate_ratio", 0.0050, -0.0001, 0.6931, "0.5% more", "95% interval: no change to 100% more"),
        ("log_rate_ratio", 500.0, None, None, "more than 100 times as many", "no interval reported"),
        ("count_difference", -41.5, -90.0, 6.4, "42 fewer", "95% interval: 90 fewer to 6.4 more"),
        ("count_difference", 0.0, -1234.0, 2.0, "no change", "95% interval: 1,234 fewer to 2 more"),
    ],
)
def test_effects_in_words_match_their_numbers(
    make_entry: Make, scale: str, estimate: float, low: float | None, high: float | None, size: str, interval: str
) -> None:
    base = make_entry().record.effects[0].model_dump()
    effect = Effect.model_validate({**base, "scale": scale, "estimate": estimate, "ci_low": low, "ci_high": high})
    text = effect_text(effect)
    assert (text.size, text.interval) == (size, interval)


def test_events_prevented_keep_their_sign(make_entry: Make) -> None:
    base = make_entry().record.effects[0].model_dump()
    some = {**base, "events_prevented": -3.6, "events_prevented_low": -12345.0, "events_prevented_high": -0.3}
    assert effect_text(Effect.model_validate(some)).prevented == "−4 (−12,345 to 0)"
    none = {**base, "events_prevented": None}
    assert effect_text(Effect.model_validate(none)).prevented == "not reported"


def _join(page: str, link: str) -> str:
    parts: list[str] = []
    for part in (*PurePosixPath(page).parent.parts, *PurePosixPath(link).parts):
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def _links(html: str) -> tuple[list[str], set[str], list[str]]:
    links: list[str] = []
    places: set[str] = set()
    sources: list[str] = []

    def start(tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        links.extend(str(given[n]) for n in ("href", "src") if given.get(n))
        sources.extend(str(given[n]) for n in ("href", "src") if given.get(n) and tag in ("link", "script", "img"))
        if given.get("id"):
            places.add(str(given["id"]))

    parser = HTMLParser()
    parser.handle_starttag = start  # type: ignore[method-assign]
    parser.feed(html)
    return links, places, sources
