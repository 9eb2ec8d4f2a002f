"""What a picture carries beside what it shows: the camera's data with place and time, a small copy of an earlier state, texts."""

import re
import zlib
from xml.etree import ElementTree as ET

from vru.disclosure.content import Content, Hidden

_PNG = b"\x89PNG\r\n\x1a\n"
_SAYS = ("tEXt", "iTXt", "zTXt")
_OURS = re.compile(r"Software|Title|Creation Time|date:\w+")
_MARKS = ((b"Exif\x00\x00", "the camera's data"), (b"http://ns.adobe.com/xap/", "a description by its program"))


def look_into(where: str, data: bytes, content: Content) -> None:
    """Add what is hidden in a picture, and what a drawing says. What is no picture says nothing."""
    if data.startswith(_PNG):
        _png(where, data, content)
    elif data.lstrip()[:200].startswith((b"<svg", b"<?xml")) and b"<svg" in data[:2000]:
        _svg(where, data, content)
    else:
        for mark, what in _MARKS:
            if mark in data:
                content.hidden.append(Hidden(where, f"{what} in a picture"))


def _png(where: str, data: bytes, content: Content) -> None:
    at = len(_PNG)
    while at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8].decode("latin-1")
        body = data[at + 8 : at + 8 + size]
        if kind == "eXIf":
            content.hidden.append(Hidden(where, "the camera's data in a picture"))
        elif kind in _SAYS:
            key, _, text = body.partition(b"\x00")
            if not _OURS.fullmatch(key.decode("latin-1")):
                content.hidden.append(Hidden(where, "a text in a picture"))
            content.say(where, _text(kind, text))
        at += 12 + size
    if at < len(data):
        content.hidden.append(Hidden(where, "bytes after the end of a picture"))


def _text(kind: str, data: bytes) -> str:
    if kind != "zTXt":
        return data.replace(b"\x00", b" ").decode("utf-8", "replace")
    try:
        return zlib.decompressobj().decompress(data[1:], 100_000).decode("latin-1")
    except zlib.error:
        return ""


def _svg(where: str, data: bytes, content: Content) -> None:
    if b"<!ENTITY" in data:
        content.hidden.append(Hidden(where, "entities in a drawing"))
        return
    try:
        root = ET.fromstring(data)
    except ET.ParseError:
        content.hidden.append(Hidden(where, "a drawing that is not well formed"))
        return
    for element in root.iter():
        if isinstance(element.tag, str) and element.tag.rsplit("}", 1)[-1] != "style":
            content.say(where, "".join(element.itertext()) if "text" in element.tag else element.text or "")
            content.say(where, element.tail or "")
