"""An Atom feed of what was published, superseded and retracted, newest first.

Source: RFC 4287 (feed and entry need id, title and updated; an entry without content needs an alternate link);
RFC 6920 (ni: names, made from the hash of a version's manifest, so that an entry's id never changes).
"""

import base64
import re
import uuid
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from vru.library.exports.export import Export, Holdings, Item, page, published_at

NAMESPACE = "http://www.w3.org/2005/Atom"
TITLE = "What was learned: evaluations in the shared library"
MAX_ENTRIES = 200
_FAMILY = uuid.UUID("5a1c3c0e-8f43-5d0e-9a3e-6d1f5b0b7c11")
# What XML 1.0 cannot carry at all, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def atom_feed(holdings: Holdings) -> bytes:
    """The newest 200 entries; links are relative to the feed unless a base address is given."""
    ET.register_namespace("", NAMESPACE)
    items = sorted((i for i in holdings.readable if i.on is not None), key=_updated, reverse=True)[:MAX_ENTRIES]
    feed = ET.Element(_tag("feed"))
    _text(feed, "id", _feed_id(holdings))
    _text(feed, "title", TITLE)
    midnight = datetime(holdings.today.year, holdings.today.month, holdings.today.day, tzinfo=UTC)
    _text(feed, "updated", _moment(max(map(_updated, items), default=midnight)))
    _text(ET.SubElement(feed, _tag("author")), "name", "Violence Reduction Units")
    ET.SubElement(feed, _tag("link"), {"rel": "alternate", "type": "text/html", "href": f"{holdings.base}index.html"})
    if holdings.base:
        ET.SubElement(feed, _tag("link"), {"rel": "self", "href": f"{holdings.base}feed.xml"})
    for item in items:
        _entry(feed, item, holdings.base)
    return bytes(ET.tostring(feed, encoding="utf-8", xml_declaration=True))


def _entry(feed: ET.Element, item: Item, base: str) -> None:
    record = item.stored.record
    said = {"retracted": "Retracted: ", "superseded": "Superseded: "}.get(item.standing, "")
    entry = ET.SubElement(feed, _tag("entry"))
    _text(entry, "id", _name(item.stored.manifest_sha256))
    _text(entry, "title", f"{said}{record.title} (version {record.version})")
    _text(entry, "updated", _moment(_updated(item)))
    _text(entry, "published", _moment(item.on or _updated(item)))
    _text(ET.SubElement(entry, _tag("author")), "name", record.organisation)
    ET.SubElement(entry, _tag("link"), {"rel": "alternate", "type": "text/html", "href": page(item, base)})
    ET.SubElement(entry, _tag("category"), {"term": _clean(record.intervention.type)})
    _text(entry, "summary", record.summary)


def _updated(item: Item) -> datetime:
    retracted = published_at(item.stored, "retract") if item.standing == "retracted" else None
    return retracted or item.on or datetime.min.replace(tzinfo=UTC)


def _feed_id(holdings: Holdings) -> str:
    # The library's first publication is the same for every copy of it and for every later feed.
    ids = [e.id for i in holdings.items for e in i.stored.events]
    return f"urn:uuid:{uuid.uuid5(_FAMILY, holdings.base or min(ids, default='empty'))}"


def _name(digest: str) -> str:
    raw = base64.urlsafe_b64encode(bytes.fromhex(digest.removeprefix("sha256:"))).decode().rstrip("=")
    return f"ni:///sha-256;{raw}"


def _moment(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, _tag(name)).text = _clean(text)


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


EXPORT = Export("atom", "a feed of what was published and retracted", ".xml", atom_feed)
