"""What an HTML page says, seen and unseen. Drawing instructions and style sheets are not language and are left out."""

import base64
import re
from dataclasses import dataclass, field
from functools import partial
from html.parser import HTMLParser

from vru.disclosure.content import Content, Table
from vru.disclosure.pictures import look_into

_ESCAPED = re.compile(rb"%([0-9a-fA-F]{2})")
_INLINE = re.compile(r"a|abbr|b|bdi|code|del|em|i|ins|kbd|mark|q|s|small|span|strong|sub|sup|time|tspan|u|var|wbr")
_DRAWING = re.compile(
    r"class|d|fill|font-family|font-size|font-weight|height|id|marker-end|offset|opacity|points|"
    r"preserveaspectratio|r|rx|ry|stroke|stroke-dasharray|stroke-linecap|stroke-linejoin|stroke-width|"
    r"style|transform|viewbox|width|x|x1|x2|y|y1|y2|cx|cy|dx|dy|clip-path|text-anchor|xmlns|version"
)


@dataclass(slots=True)
class _State:
    name: str
    content: Content
    parser: HTMLParser
    buffer: list[str] = field(default_factory=list)
    tables: list[list[list[str]]] = field(default_factory=list)
    frames: list[bool] = field(default_factory=list)
    cell: list[str] | None = None
    in_style: bool = False

    @property
    def where(self) -> str:
        return f"{self.name} line {self.parser.getpos()[0]}"


def read_html(name: str, text: str, content: Content) -> None:
    """Add a page's texts, attribute values, comments, scripts' text and tables to ``content``."""
    parser = HTMLParser(convert_charrefs=True)
    state = _State(name, content, parser)
    for event, handle in (
        ("handle_starttag", _start),
        ("handle_startendtag", _start),
        ("handle_endtag", _end),
        ("handle_data", _data),
        ("handle_comment", _comment),
    ):
        setattr(parser, event, partial(handle, state))
    parser.feed(text)
    parser.close()
    _flush(state)


def _start(state: _State, tag: str, attributes: list[tuple[str, str | None]]) -> None:
    if not _INLINE.fullmatch(tag):
        _flush(state)
    for key, value in attributes:
        if (
            value
            and not _DRAWING.fullmatch(key)
            and not key.startswith("xmlns")
            and not value.startswith(("data:", "#"))
        ):
            state.content.say(f"{state.where} {tag} {key}", value)
        elif value and value.startswith("data:image/"):
            look_into(f"{state.where} {tag}", _decoded(value), state.content)
    if tag == "style":
        state.in_style = True
    elif tag == "table":
        state.tables.append([])
        classes = next((v or "" for k, v in attributes if k == "class"), "")
        state.frames.append("dataframe" in classes.split())
    elif tag == "tr" and state.tables:
        state.tables[-1].append([])
    elif tag in ("td", "th") and state.tables:
        state.cell = []


def _byte(escaped: re.Match[bytes]) -> bytes:
    return bytes.fromhex(escaped.group(1).decode())


def _decoded(address: str) -> bytes:
    """The bytes of a picture that stands in the page itself; none where they cannot be read."""
    head, _, body = address.partition(",")
    try:
        return base64.b64decode(body) if head.endswith(";base64") else _ESCAPED.sub(_byte, body.encode())
    except ValueError:
        return b""


def _end(state: _State, tag: str) -> None:
    if not _INLINE.fullmatch(tag):
        _flush(state)
    if tag == "style":
        state.in_style = False
    elif tag in ("td", "th") and state.tables and state.cell is not None:
        if not state.tables[-1]:
            state.tables[-1].append([])
        state.tables[-1][-1].append(" ".join(" ".join(state.cell).split()))
        state.cell = None
    elif tag == "table" and state.tables:
        rows = tuple(tuple(row) for row in state.tables.pop())
        state.content.tables.append(Table(state.where, rows, state.frames.pop()))


def _data(state: _State, text: str) -> None:
    if state.in_style:
        return
    state.buffer.append(text)
    if state.cell is not None:
        state.cell.append(text)


def _comment(state: _State, text: str) -> None:
    state.content.say(f"{state.where} comment", text)


def _flush(state: _State) -> None:
    if state.buffer:
        state.content.say(state.where, "".join(state.buffer))
        state.buffer.clear()
