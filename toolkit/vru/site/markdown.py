"""Markdown to HTML for the method cards: through pandoc, then through a list of what is allowed."""

import re
from functools import partial
from html.parser import HTMLParser

from markupsafe import Markup, escape

_FORMAT = "commonmark_x-raw_html-raw_attribute-attributes-fenced_divs-bracketed_spans"
_PLAIN = "p ul ol li strong em code pre blockquote table thead tbody tr th td h3 h4 h5 h6 a br hr dl dt dd sub sup del"
_MATH = (
    "math semantics mrow mi mo mn mtext mspace msub msup msubsup mfrac msqrt mroot munder mover munderover "
    "mtable mtr mtd mstyle mpadded menclose mphantom"
)
_ALLOWED = frozenset(f"{_PLAIN} {_MATH}".split())
# The words of a dropped element are kept, except of these, where they are not meant for a reader.
_SILENT = frozenset(("script", "style", "annotation", "title"))
_CLASSES = {
    "p": "govuk-body",
    "ul": "govuk-list govuk-list--bullet",
    "ol": "govuk-list govuk-list--number",
    "table": "govuk-table",
    "thead": "govuk-table__head",
    "tbody": "govuk-table__body",
    "tr": "govuk-table__row",
    "th": "govuk-table__header",
    "td": "govuk-table__cell",
    "h3": "govuk-heading-m",
    "h4": "govuk-heading-s",
    "h5": "govuk-heading-s",
    "h6": "govuk-heading-s",
    "a": "govuk-link",
}
_MATH_ATTRIBUTES = frozenset(("display", "stretchy", "form", "accent", "mathvariant", "columnalign", "displaystyle"))
_WORD = re.compile(r"[a-z-]+")
_OPEN = '<div class="vru-scroll" role="region" '
_REGION = _OPEN + ">"
_WEB = re.compile(r"https://[^\s\"'<>]+")


def to_html(markdown: str, name: str = "") -> Markup:
    """Turn one card's Markdown into HTML in the site's own classes.

    A card's headings are of the third level and below, since the page writes its title above them.
    ``name`` tells this card's tables from another's on the same page.
    Of what pandoc makes, raw HTML included, only listed elements and https links remain.

    Raises
    ------
    OSError : pandoc, which pypandoc_binary brings, is missing.
    """
    import pypandoc

    html: str = pypandoc.convert_text(
        markdown,
        "html5",
        format=_FORMAT,
        extra_args=["--mathml", "--sandbox", "--wrap=none"],
    )
    return Markup(_labelled(_allowed_only(html), name))


def _labelled(html: str, name: str) -> str:
    # Regions of one page must differ in their labels.
    parts = html.split(_REGION)
    about = f" of {escape(name)}" if name else ""
    labels = [f'aria-label="Table {i}{about}" tabindex="0">' for i in range(1, len(parts))]
    return "".join(a + _OPEN + b for a, b in zip(parts, labels, strict=False)) + parts[-1]


def _allowed_only(html: str) -> str:
    out: list[str] = []
    silent: list[str] = []
    parser = HTMLParser(convert_charrefs=True)
    parser.handle_starttag = partial(_open, out, silent)  # type: ignore[method-assign]
    parser.handle_endtag = partial(_close, out, silent)  # type: ignore[method-assign]
    parser.handle_data = lambda data: None if silent else out.append(str(escape(data)))  # type: ignore[method-assign]
    parser.feed(html)
    parser.close()
    return "".join(out)


def _open(out: list[str], silent: list[str], tag: str, attrs: list[tuple[str, str | None]]) -> None:
    if tag in _SILENT:
        silent.append(tag)
    if silent or tag not in _ALLOWED:
        return
    given = dict(attrs)
    keep = {"class": _CLASSES.get(tag, "")}
    href = given.get("href") or ""
    if tag == "a" and _WEB.fullmatch(href):
        keep["href"] = href
    if tag == "th":
        keep["scope"] = "col"
    if tag not in _CLASSES:
        keep |= {n: v for n, v in given.items() if n in _MATH_ATTRIBUTES and v and _WORD.fullmatch(v)}
    if tag == "table":
        out.append(_REGION)
    out.append(f"<{tag}" + "".join(f' {name}="{escape(value)}"' for name, value in keep.items() if value) + ">")


def _close(out: list[str], silent: list[str], tag: str) -> None:
    if silent:
        if tag == silent[-1]:
            silent.pop()
        return
    if tag in _ALLOWED and tag not in ("br", "hr"):
        out.append(f"</{tag}>")
    if tag == "table":
        out.append("</div>")
