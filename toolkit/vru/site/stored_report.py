"""A stored report is somebody else's HTML: seal it so that nothing in it can run, or leave it out."""

import re
from functools import partial
from html.parser import HTMLParser

from vru.pages import SELF_CONTAINED_CSP

# Coming first in the file, these lines are in force before anything that the stored page holds,
# and a content policy can only be added to, never lifted, by what follows.
_SEAL = (
    '<!DOCTYPE html>\n<meta charset="utf-8">\n'
    f'<meta http-equiv="Content-Security-Policy" content="{SELF_CONTAINED_CSP}">\n'
)
_OWN_CSP = re.compile(rb'<meta http-equiv="Content-Security-Policy" content="[^"<>]*">')
# Elements that act, and elements that parsers read in different ways; a report of this toolkit has neither.
_ACTIVE = frozenset(
    ("script", "iframe", "frame", "frameset", "object", "embed", "applet", "base", "form", "portal")
) | frozenset(("noscript", "template", "noembed", "noframes", "plaintext", "xmp", "math"))
# Looked for in the bytes too, where a parser may see only a comment. Text cannot match: its "<" is escaped.
_ELEMENT = re.compile(rf"<({'|'.join(sorted(_ACTIVE))})(?![a-z0-9-])")
_COMMENT = re.compile(rb"<!--(?:-?>|[^>]*?<[a-z/!])|--!>", re.IGNORECASE)
# Attribute names cannot be written in any other way than in plain letters, so a page in which nothing
# matches once the harmless forms are gone holds no handler and no address, and need not be parsed.
_HARMLESS = re.compile(rb'(?:href="#[\w.:-]*"|href="data:,")')
_NOTABLE = re.compile(
    rb"on[a-z]+\s*=|(?:src|srcset|href|action|formaction|data|poster|background|ping)\s*=", re.IGNORECASE
)
_ADDRESS = frozenset(
    ("src", "srcset", "href", "xlink:href", "action", "formaction", "data", "poster", "background", "ping")
)


def seal_report(content: bytes) -> bytes:
    """Put a policy in front of a stored page under which no script, frame, form or address outside it works."""
    return _SEAL.encode() + content.removeprefix(b"\xef\xbb\xbf")


def active_content(content: bytes) -> tuple[str, ...]:
    """Name what in a stored page a report of this toolkit never holds; empty when it is clean.

    This is the first of two walls: a page that fails it is not shown at all. The second,
    ``seal_report``, holds even where a browser reads the page otherwise than this parser does.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return ("it is not UTF-8 text",)
    found: set[str] = set()
    if b"http-equiv" in _OWN_CSP.sub(b"", content, count=1).lower():
        found.add("an http-equiv instruction")
    if _COMMENT.search(content):
        found.add("a comment that browsers read in different ways")
    found.update(f"a {name} element" for name in _ELEMENT.findall(text.lower()))
    if _NOTABLE.search(_HARMLESS.sub(b"", content)):
        _parse(text, found)
    return tuple(sorted(found))


def _parse(text: str, found: set[str]) -> None:
    parser = HTMLParser(convert_charrefs=True)
    parser.handle_starttag = partial(_scan, found)  # type: ignore[method-assign]
    parser.feed(text)
    parser.close()


def _scan(found: set[str], tag: str, attrs: list[tuple[str, str | None]]) -> None:
    for name, value in attrs:
        if name.startswith("on"):
            found.add(f"an {name} handler")
        elif name in _ADDRESS and not _inside(tag, name, value or ""):
            found.add(f"an address outside the page in {tag} {name}")


def _inside(tag: str, name: str, value: str) -> bool:
    if tag == "a" and name == "href":
        return value.startswith(("#", "https://", "http://", "mailto:"))
    if tag == "link" and name == "href":
        return value == "data:,"
    return value.startswith(("#", "data:image/png;", "data:image/svg+xml", "data:image/jpeg;"))
