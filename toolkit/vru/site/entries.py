"""What the site is built from: published records with their files, and who may see them."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from vru.errors import LibraryError, Problem
from vru.record import LearningRecord

Audience = Literal["vru_only", "network", "public"]
Status = Literal["published", "superseded", "retracted"]

# Word, Excel and data files only: nothing that a browser would run when it is opened.
_DOWNLOAD = re.compile(r"[a-z0-9][a-z0-9._-]{0,80}\.(json|csv|docx|xlsx|ya?ml|txt)")


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One line of a record's history. ``on`` is an ISO date, or empty where it is not known."""

    version: str
    status: Status
    on: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class SiteRecord:
    """One version of one record, with the files that were published beside it.

    published_on : ISO date, or empty where it is not known.
    manifest_sha256 : digest of the version's manifest.
    digests : file name -> digest that the manifest gives. A file that has none, or another one, is withheld.
    read : gives every file of the version, verified, when its own page is made, in place of ``report_html``,
        ``downloads`` and ``digests``: the files of a large library never lie in memory together.
    """

    record: LearningRecord
    manifest_sha256: str
    status: Status = "published"
    published_on: str = ""
    history: tuple[VersionLine, ...] = ()
    report_html: bytes | None = None
    downloads: Mapping[str, bytes] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    read: Callable[[], Mapping[str, bytes]] | None = None

    @property
    def folder(self) -> str:
        """The version's own folder in the site, ending in "/"."""
        return self.folder_of(self.record.version)

    def folder_of(self, version: str) -> str:
        """The folder of another version of the same record."""
        return f"records/{self.record.organisation}/{self.record.id}/v{version}/"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a reader of the library should know, shown only to those who may see its audience."""

    text: str
    audience: Audience = "vru_only"
    organisation: str = ""


@dataclass(frozen=True, slots=True)
class Files:
    """A version's files sorted into those that match the manifest and may be shown, and the rest."""

    report: bytes | None
    downloads: Mapping[str, bytes]
    withheld: tuple[str, ...]


def may_see(audience: Audience, organisation: str, item_audience: str, item_organisation: str) -> bool:
    """Say whether a site for ``audience`` may physically hold an item."""
    if audience == "public":
        return item_audience == "public"
    if item_audience in ("network", "public"):
        return True
    return audience == "vru_only" and bool(organisation) and item_organisation == organisation


def select(records: Sequence[SiteRecord], audience: Audience, organisation: str) -> list[SiteRecord]:
    """Keep what the audience may see, newest first, ties in the order of organisation, id and version.

    The history of what is kept names no version that is given but may not be seen.

    Raises
    ------
    LibraryError : a vru_only site without an organisation, or the same version given twice.
    """
    if audience == "vru_only" and not organisation:
        raise LibraryError(
            Problem("a site for one organisation needs its name", where="organisation", hint="give organisation=...")
        )
    kept = [r for r in records if may_see(audience, organisation, r.record.audience, r.record.organisation)]
    folders = [r.folder for r in kept]
    if twice := sorted({f for f in folders if folders.count(f) > 1}) if len(set(folders)) < len(folders) else []:
        raise LibraryError(*(Problem("is given twice", where=f.rstrip("/")) for f in twice))
    hidden = {r.folder for r in records} - set(folders)
    kept = [replace(r, history=tuple(v for v in r.history if r.folder_of(v.version) not in hidden)) for r in kept]
    kept.sort(key=lambda r: r.folder)
    return sorted(kept, key=lambda r: r.published_on, reverse=True)


def verified_files(entry: SiteRecord) -> Files:
    """Sort a version's files by whether their content is what its manifest says it is."""
    if entry.read is not None:
        held = dict(entry.read())
        report = held.pop("report.html", None)
        shown = {name: held[name] for name in sorted(held) if _DOWNLOAD.fullmatch(name)}
        return Files(report, shown, tuple(sorted(set(held) - set(shown))))
    good = {
        name: content
        for name, content in sorted(entry.downloads.items())
        if _DOWNLOAD.fullmatch(name) and _matches(content, entry.digests.get(name))
    }
    withheld = [name for name in sorted(entry.downloads) if name not in good]
    report = entry.report_html
    if report is not None and not _matches(report, entry.digests.get("report.html")):
        report, withheld = None, [*withheld, "report.html"]
    return Files(report, good, tuple(withheld))


def _matches(content: bytes, digest: str | None) -> bool:
    return digest is not None and hashlib.sha256(content).hexdigest() == digest.removeprefix("sha256:").lower()
