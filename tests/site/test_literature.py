"""Pages of records from published literature: the banner everywhere, the sources, and no claim that is not known."""

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from vru.library import read_prior_evidence
from vru.record import LITERATURE_NOTICE, LearningRecord, dump_record
from vru.site import SiteRecord, build_site, listing

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[2]
ATTACK = '<script>window.pwned=1</script><img src=x onerror="window.pwned=1">\'"><svg/onload=window.pwned=1>{{7*7}}'
CARDS = {"relative_rate_ratio": "Text about the method.\n"}


@pytest.fixture(scope="module")
def records() -> dict[str, LearningRecord]:
    return {r.id: r for r in read_prior_evidence(ROOT / "shared_learning" / "prior_evidence")}


def page_of(site: dict[str, str | bytes], name: str) -> str:
    return str(site[f"records/published-literature/{name}/v1.0/index.html"])


def site_of(records: dict[str, LearningRecord], *more: SiteRecord) -> dict[str, str | bytes]:
    entries = [SiteRecord(r, "c" * 64, published_on="2026-11-24") for r in records.values()]
    return build_site([*entries, *more], "public", "today", CARDS)


def test_the_banner_comes_first_on_every_page_and_in_every_list(records: dict[str, LearningRecord]) -> None:
    site = site_of(records)
    for name in records:
        page = page_of(site, name)
        assert page.index(LITERATURE_NOTICE) < page.index("<h1"), name
        assert "its numbers cannot be recomputed here" in page
    kinds = "".join(str(page) for name, page in site.items() if name.startswith("interventions/"))
    for name, text in [(n, str(site[n])) for n in ("search.html", "new.html", "assets/search-data.js")] + [
        ("kinds", kinds)
    ]:
        assert text.count(LITERATURE_NOTICE) >= len(records), name


def test_nothing_is_claimed_that_is_not_known(records: dict[str, LearningRecord]) -> None:
    site = site_of(records)
    for name in records:
        page = page_of(site, name)
        assert "Whether a plan was registered before the results were seen is not known here." in page
        assert "Not rated by this toolkit" in page
        for claim in (
            "The plan was",
            "Made with vru-toolkit",
            "--data DATA",
            "Protocol</dt>",
            "No checks are recorded",
        ):
            assert claim not in page, (name, claim)


def test_every_figure_stands_beside_its_source(records: dict[str, LearningRecord]) -> None:
    site = site_of(records)
    for name, record in records.items():
        page = page_of(site, name)
        numbered = {c.id: i for i, c in enumerate(record.literature.citations, 1)}
        for citation in record.literature.citations:
            assert f'id="source-{numbered[citation.id]}"' in page
            assert not citation.link or f'href="{citation.link}"' in page
        rows = re.findall(r"<tr.*?</tr>", page.split('id="reported"')[1].split("</table>")[0], flags=re.S)[1:]
        assert len(rows) == len(record.literature.reported)
        for row, reported in zip(rows, record.literature.reported, strict=True):
            assert f'href="#source-{numbered[reported.source]}"' in row
            assert ("Computed from" in row) == (reported.mark == "computed")


def test_null_and_adverse_results_read_as_such_in_lists(records: dict[str, LearningRecord]) -> None:
    rows = {r.title: asdict(listing.row(SiteRecord(r, "sha256:" + "0" * 64))) for r in records.values()}
    beck = rows["Patrols at London bus stops (Operation Beck)"]
    assert (beck["size"], beck["reading"]) == ("25% higher", "p as published: 0.10")
    style = rows["Operation Style, patrols by police community support officers, Peterborough"]
    assert style["size"] == "39% lower"
    assert style["strength"] == "CrimeSolutions: No Effects (not this toolkit’s rating)"
    grip = rows["Grip hot spot policing in England and Wales, year to March 2023"]
    assert (grip["size"], grip["reading"]) == (
        "no single figure",
        "No statistically significant effect on violence and robbery in the hot spots; the estimate was not read",
    )
    tube = rows["Patrols on London Underground platforms"]
    assert (tube["size"], tube["interval"]) == ("38% fewer", "95% interval: 61% fewer to 1.4% fewer")
    assert tube["reading"].endswith("computed here from published counts")
    assert rows["Violence Reduction Units in England and Wales, evaluation to March 2021"]["size"] == "−41,377 offences"
    review = rows["Scared Straight prison visits, trials of organised visits to prisons"]
    assert (review["size"], review["interval"]) == ("odds ratio 1.68", "published interval 1.2 to 2.36")


def test_literature_is_counted_apart_from_evaluations(
    records: dict[str, LearningRecord], make_entry: Callable[..., SiteRecord]
) -> None:
    home = str(site_of(records, make_entry())["index.html"])
    assert "<strong>1</strong> evaluation\n" in home or "<strong>1</strong> evaluation<" in home
    assert f"<strong>{len(records)}</strong> from published literature" in home
    assert "<strong>1</strong> organisation" in home
    newest = home.split("Newest evaluations</h2>")[1].split("<h2")[0]
    assert LITERATURE_NOTICE not in newest
    without = str(build_site([make_entry()], "public", "today", CARDS)["index.html"])
    assert "published literature" not in without.lower()


def test_an_unknown_number_of_units_is_said(records: dict[str, LearningRecord]) -> None:
    page = page_of(site_of(records), "philadelphia-foot-patrol")
    assert "numbers not reported: hot spots" in page


def attacked(record: LearningRecord) -> LearningRecord:
    """Every free text of a literature record replaced by an attack."""
    keep = {"id", "source", "account", "access", "mark", "form", "direction", "scale", "formula", "analysis"}
    top = {"kind", "version", "organisation", "audience", "classification", "preregistered"}

    def spoil(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {k: spoil(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [spoil(v, key) for v in value]
        if key == "link":
            return "https://example.org/?q=%22&x=1#a"
        return ATTACK if isinstance(value, str) and key not in keep | top | {"outcome"} else value

    content = spoil(json.loads(dump_record(record)))
    content["disclaimer"] = LITERATURE_NOTICE + ATTACK
    content["literature"]["not_poolable"] = "" if record.effects else ATTACK
    return LearningRecord.model_validate(content)


def test_hostile_text_stays_text(records: dict[str, LearningRecord]) -> None:
    hostile = {
        name: attacked(records[name]) for name in ("london-underground-platforms", "peterborough-operation-style")
    }
    site = site_of(hostile)
    for name in hostile:
        page = page_of(site, name)
        for bad in ("<script>window", "<img src=x", "<svg/onload", ">49<"):
            assert bad not in page
    gathered = "".join(str(site[n]) for n in site if n.startswith("interventions/") or n == "gap-map.html")
    for bad in ("<script>window", "<img src=x", "<svg/onload", ">49<"):
        assert bad not in gathered
    assert "<" not in str(site["assets/search-data.js"])


@pytest.mark.browser
@pytest.mark.parametrize("name", ["london-underground-platforms", "review-scared-straight-2013"])
def test_the_page_works_in_a_browser(
    records: dict[str, LearningRecord],
    browser: "Browser",
    axe: Callable[["Page"], list[str]],
    write: Callable[..., Path],
    tmp_path: Path,
    name: str,
) -> None:
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    folder = write(site_of({name: records[name]}), tmp_path)
    page.goto((folder / f"records/published-literature/{name}/v1.0/index.html").as_uri())
    assert page.locator(".vru-banner").inner_text().count(LITERATURE_NOTICE) == 1
    assert page.locator(".vru-banner").bounding_box()["y"] < page.locator("h1").bounding_box()["y"]
    assert axe(page) == []
    page.set_viewport_size({"width": 320, "height": 800})
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.close()
