"""Build the whole site: a pure function from records to files."""

from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files

from vru.pages import stylesheet
from vru.site.areas import Boundaries
from vru.site.entries import Audience, Notice, SiteRecord, may_see, select, verified_files
from vru.site.frame import Frame, make_frame
from vru.site.front import Page, front_pages
from vru.site.record_page import record_view
from vru.site.results import key_of
from vru.site.search_data import compare_scripts, search_scripts
from vru.site.stored_report import active_content, seal_report
from vru.site.structured import json_ld
from vru.site.syntheses import InterventionView

ASSETS = ("minisearch.js", "search.js", "forest.js", "compare.js")


def build_site(
    records: Sequence[SiteRecord],
    audience: Audience,
    built: str,
    method_cards: Mapping[str, str],
    notices: Sequence[Notice] = (),
    organisation: str = "",
    contact: str = "",
    syntheses: Mapping[str, InterventionView] | None = None,
    boundaries: Boundaries | None = None,
) -> dict[str, str | bytes]:
    """Turn records into the files of a static site that opens by double-click.

    The result holds nothing of a record that the audience may not see: ``public`` keeps public
    records, ``network`` network and public ones, ``vru_only`` these and every record of
    ``organisation``. Every text of a record is escaped; a stored report or download is included only
    when it matches the digest of its manifest, and a report only when nothing in it can run.

    Parameters
    ----------
    records : every version to show; older ones have status "superseded" and stay readable.
    built : date of the build as a reader should see it, for example "24 November 2026".
    method_cards : method name -> card in Markdown (see ``vru.resources.method_cards``).
    contact : whom to tell about a barrier; shown on the accessibility statement.
    syntheses : kind of intervention -> what is known of it together. Make them from
        ``select(records, audience, organisation)`` without exercises: a pooled figure made of anything
        that this copy does not list is left out, and the page says so.
    boundaries : outlines for the map of areas; without them that page is a table.

    Returns
    -------
    dict of relative path (always "/") to text or bytes.

    Raises
    ------
    LibraryError : a vru_only site without an organisation, or the same version given twice.
    """
    pages = site_files(records, audience, built, method_cards, notices, organisation, contact, syntheses, boundaries)
    return dict(pages)


def site_files(
    records: Sequence[SiteRecord],
    audience: Audience,
    built: str,
    method_cards: Mapping[str, str],
    notices: Sequence[Notice] = (),
    organisation: str = "",
    contact: str = "",
    syntheses: Mapping[str, InterventionView] | None = None,
    boundaries: Boundaries | None = None,
) -> Iterator[Page]:
    """As ``build_site``, one file after another, so that a large site never lies in memory whole."""
    entries = select(records, audience, organisation)
    seen = [n.text for n in notices if may_see(audience, organisation, n.audience, n.organisation)]
    frame = make_frame(entries, audience, organisation, built)
    current = [e for e in entries if e.status == "published"]
    yield from _assets(current)
    yield from front_pages(frame, entries, current, method_cards, seen, contact, syntheses or {}, boundaries)
    folders = frozenset(e.folder for e in entries)
    for entry in entries:
        yield from _record_files(frame, entry, folders, frozenset(method_cards))


def _record_files(frame: Frame, entry: SiteRecord, folders: frozenset[str], methods: frozenset[str]) -> Iterator[Page]:
    kept = verified_files(entry)
    withheld = [f"{name}: it is not the file that the manifest names, or not of a kind shown" for name in kept.withheld]
    yield from ((entry.folder + name, content) for name, content in kept.downloads.items())
    has_report = False
    if kept.report is not None:
        if found := active_content(kept.report):
            withheld.append(f"report.html: it holds {', '.join(found)}")
        else:
            has_report = True
            yield entry.folder + "report.html", seal_report(kept.report)
    path = entry.folder + "index.html"
    yield (
        path,
        frame.page(
            "literature.html" if entry.record.literature else "record.html",
            path,
            "search.html",
            view=record_view(entry, folders, methods),
            record=entry.record,
            entry=entry,
            key=key_of(entry.record),
            has_report=has_report,
            downloads=[(name, f"{max(1, round(len(c) / 1000)):,} kB") for name, c in kept.downloads.items()],
            withheld=withheld,
            json_ld=json_ld(entry, kept.downloads),
            banner={"tag": "Please note", "text": entry.record.disclaimer} if entry.record.disclaimer else None,
        ),
    )


def _assets(current: Sequence[SiteRecord]) -> Iterator[Page]:
    own = files("vru.site") / "assets"
    yield "assets/site.css", stylesheet() + (own / "site.css").read_text(encoding="utf-8")
    for name in ASSETS:
        yield f"assets/{name}", (own / name).read_text(encoding="utf-8")
    yield from search_scripts(current).items()
    yield from compare_scripts(current).items()
