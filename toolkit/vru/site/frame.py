"""What every page of one site shares: its templates, its navigation, its content policy and its footer."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment

from vru.pages import environment
from vru.record import dump_record
from vru.site.entries import Audience, SiteRecord
from vru.site.wording import organisation_name

AUDIENCE_WORDS = {
    "public": "Public copy: it holds public records only.",
    "network": "Network copy: for Violence Reduction Units and the Home Office. Do not publish.",
    "vru_only": "Copy for one organisation, with its own unshared records. Do not share outside it.",
}
PAGES = (
    ("index.html", "Home"),
    ("search.html", "Search"),
    ("compare.html", "Compare"),
    ("gap-map.html", "Map of evidence"),
    ("areas.html", "Areas"),
    ("methods.html", "Methods"),
    ("new.html", "What’s new"),
)


@dataclass(frozen=True, slots=True)
class Frame:
    """One site's frame. ``organisation`` is empty unless the copy is for one organisation."""

    templates: Environment
    nonce: str
    audience: Audience
    organisation: str
    built: str

    def page(self, template: str, path: str, section: str = "", **context: Any) -> str:
        """Render one page. ``section`` is the path in the navigation to which a deeper page belongs."""
        root = "../" * path.count("/")
        navigation = [
            {"text": text, "href": root + href, "current": href == path, "active": href == section}
            for href, text in PAGES
        ]
        return self.templates.get_template(template).render(
            root=root,
            frame=self,
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


def make_frame(entries: Iterable[SiteRecord], audience: Audience, organisation: str, built: str) -> Frame:
    """Make the frame of a site that holds ``entries``."""
    return Frame(
        environment(Path(str(files("vru.site"))) / "templates"),
        _nonce(entries, built),
        audience,
        organisation_name(organisation) if audience == "vru_only" else "",
        built,
    )


def _nonce(entries: Iterable[SiteRecord], built: str) -> str:
    # Only scripts and styles with this value load. It depends on every record, so that none can hold it.
    digest = hashlib.sha256(built.encode())
    for entry in entries:
        digest.update(dump_record(entry.record).encode())
    return digest.hexdigest()[:32]
