"""Build the whole site: a pure function from records to files."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment

from vru.pages import environment, stylesheet
from vru.record import dump_record
from vru.site.entries import Audience, Notice, SiteRecord, may_see, select, verified_files
from vru.site.listing import group_rows, row, search_script
from vru.site.markdown import to_html
from vru.site.record_page import record_view
from vru.site.stored_report import active_content, seal_report
from vru.site.wording import organisation_name

AUDIENCE_WORDS = {
    "public": "Public copy: it holds public records only.",
    "network": "Network copy: for Violence Reduction Units and the Home Office. Do not publish.",
    "vru_only": "Copy for one organisation, with its own unshared records. Do not share outside it.",
}
PAGES = (
    ("index.html", "Home"),
    ("search.html", "Search"),
    ("new.html", "What’s new"),
    ("methods.html", "Methods"),
    ("accessibility.html", "Accessibility"),
)


@dataclass(frozen=True, slots=True)
class _Frame:
    templates: Environment
    nonce: str
    audience: Audience
    organisation: str
    built: str

    def page(self, template: str, path: str, **context: Any) -> str:
        root = "../" * path.count("/")
        navigation = [{"text": text, "href": root + href, "current": href == path} for href, text in PAGES]
        return self.templates.get_template(template).render(
            root=root,
            home_href=root + "index.html",
            navigation=navigation,
            stylesheet_href=root + "assets/site.css",
            nonce=self.nonce,
            csp=(
                f"default-src 'none'; script-src 'nonce-{self.nonce}'; style-src 'nonce-{self.nonce}'; "
                "img-src data:; base-uri 'none'; form-action 'none'"
            ),
            footer_text=(f"Built {self.built}. " if self.built else "") + AUDIENCE_WORDS[self.audience],
            footer_links=[{"text": "Accessibility statement", "href": root + "accessibility.html"}],
            **context,
        )


def build_site(
    records: Sequence[SiteRecord],
    audience: Audience,
    built: str,
    method_cards: Mapping[str, str],
    notices: Sequence[Notice] = (),
    organisation: str = "",
    contact: str = "",
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

    Returns
    -------
    dict of relative path (always "/") to text or bytes.

    Raises
    ------
    LibraryError : a vru_only site without an organisation, or the same version given twice.
    """
    entries = select(records, audience, organisation)
    seen = [n.text for n in notices if may_see(audience, organisation, n.audience, n.organisation)]
    frame = _Frame(
        environment(Path(str(files("vru.site"))) / "templates"),
        _nonce(entries, built),
        audience,
        organisation_name(organisation) if audience == "vru_only" else "",
        built,
    )
    current = [e for e in entries if e.status == "published"]
    site: dict[str, str | bytes] = _assets(current)
    site.update(_front_pages(frame, entries, current, method_cards, seen, contact))
    folders = frozenset(e.folder for e in entries)
    for entry in entries:
        site.update(_record_files(frame, entry, folders, frozenset(method_cards)))
    return site


def _front_pages(
    frame: _Frame,
    entries: Sequence[SiteRecord],
    current: Sequence[SiteRecord],
    cards: Mapping[str, str],
    notices: Sequence[str],
    contact: str,
) -> dict[str, str | bytes]:
    rows = [row(e) for e in current]
    # Retold work must not push what units found themselves off the front page.
    own = [row(e) for e in current if e.record.kind == "evaluation"]
    groups = group_rows(rows)
    counts = {
        "records": len(own),
        "literature": len(rows) - len(own),
        "organisations": len({r.organisation for r in own}),
        "types": len(groups),
        "retracted": sum(e.status == "retracted" for e in entries),
    }
    methods = [(name, to_html(card, name)) for name, card in cards.items()]
    changes = [(row(e), e) for e in entries]
    return {
        "index.html": frame.page(
            "home.html",
            "index.html",
            groups=groups,
            newest=(own or rows)[:5],
            counts=counts,
            notices=notices,
            frame=frame,
        ),
        "search.html": frame.page(
            "search.html",
            "search.html",
            rows=rows,
            types=sorted({r.intervention for r in rows}),
            organisations=sorted({r.organisation for r in rows}),
        ),
        "new.html": frame.page("new.html", "new.html", changes=changes),
        "methods.html": frame.page("methods.html", "methods.html", methods=methods),
        "accessibility.html": frame.page(
            "accessibility.html", "accessibility.html", contact=contact, built=frame.built
        ),
    }


def _record_files(
    frame: _Frame, entry: SiteRecord, folders: frozenset[str], methods: frozenset[str]
) -> dict[str, str | bytes]:
    kept = verified_files(entry)
    withheld = [f"{name}: it is not the file that the manifest names, or not of a kind shown" for name in kept.withheld]
    made: dict[str, str | bytes] = {entry.folder + name: content for name, content in kept.downloads.items()}
    has_report = False
    if kept.report is not None:
        if found := active_content(kept.report):
            withheld.append(f"report.html: it holds {', '.join(found)}")
        else:
            made[entry.folder + "report.html"] = seal_report(kept.report)
            has_report = True
    path = entry.folder + "index.html"
    view = record_view(entry, folders, methods)
    made[path] = frame.page(
        "literature.html" if entry.record.literature else "record.html",
        path,
        view=view,
        record=entry.record,
        entry=entry,
        has_report=has_report,
        downloads=[(name, f"{max(1, round(len(c) / 1000)):,} kB") for name, c in kept.downloads.items()],
        withheld=withheld,
        banner={"tag": "Please note", "text": entry.record.disclaimer} if entry.record.disclaimer else None,
    )
    return made


def _assets(current: Sequence[SiteRecord]) -> dict[str, str | bytes]:
    own = files("vru.site") / "assets"
    return {
        "assets/site.css": stylesheet() + (own / "site.css").read_text(encoding="utf-8"),
        "assets/minisearch.js": (own / "minisearch.js").read_text(encoding="utf-8"),
        "assets/search.js": (own / "search.js").read_text(encoding="utf-8"),
        "assets/search-data.js": search_script(current),
    }


def _nonce(entries: Sequence[SiteRecord], built: str) -> str:
    # Only scripts and styles with this value load. It depends on every record, so that none can hold it.
    digest = hashlib.sha256(built.encode())
    for entry in entries:
        digest.update(dump_record(entry.record).encode())
    return digest.hexdigest()[:32]
