"""What Word and Excel files say, and what they carry unseen: authors, comments, tracked changes, hidden sheets."""

import io
import re
import zipfile
from hashlib import sha256
from xml.etree import ElementTree as ET

from vru.disclosure.content import Content, Hidden, Table, UnreadableError
from vru.disclosure.data_text import add_table
from vru.disclosure.pictures import look_into

MAX_BYTES = 200_000_000
MACHINES = frozenset({"", "vru-toolkit", "python-docx", "openpyxl", "xlsxwriter", "pandoc", "gptables", "un-named"})
_COLUMN = re.compile(r"[A-Z]+")
_HIDDEN_PARTS = (
    ("comments", "comments"),
    ("threadedComment", "comments"),
    ("persons/", "names of commenters"),
    ("pivotCache", "the data behind a pivot table"),
    ("externalLink", "links to other workbooks"),
    ("embeddings/", "an embedded file"),
    ("customXml/", "custom XML"),
    ("vbaProject", "macros"),
)


def read_docx(name: str, data: bytes, content: Content) -> None:
    """Add a Word file. Raises UnreadableError."""
    parts = _parts(data)
    for part, xml in parts.items():
        if not (part.startswith("word/") and part.endswith(".xml")) or part.startswith("word/theme"):
            continue
        root = _root(xml)
        for paragraph in _all(root, "p"):
            content.say(
                f"{name} {part}", "".join(e.text or "" for e in paragraph.iter() if _tag(e) in ("t", "delText"))
            )
        for table in _all(root, "tbl"):
            rows = tuple(tuple(_text(cell) for cell in _all(row, "tc")) for row in _all(table, "tr"))
            content.tables.append(Table(f"{name} table", rows))
        if any(_tag(e) in ("ins", "del", "moveFrom", "moveTo") and _author(e) for e in root.iter()):
            content.hidden.append(Hidden(name, "tracked changes"))
        for e in root.iter():
            for key in ("descr", "title"):
                content.say(f"{name} {part} alternative text", e.get(key, ""))
    _hidden(name, parts, content)


def read_xlsx(name: str, data: bytes, content: Content) -> None:
    """Add an Excel file. Raises UnreadableError."""
    parts = _parts(data)
    shared = (
        [_text(e) for e in _all(_root(parts["xl/sharedStrings.xml"]), "si")] if "xl/sharedStrings.xml" in parts else []
    )
    workbook = _root(parts.get("xl/workbook.xml", b"<none/>"))
    for sheet in _all(workbook, "sheet"):
        content.say(f"{name} sheet name", sheet.get("name", ""))
        if sheet.get("state", "visible") != "visible":
            content.hidden.append(Hidden(name, "a hidden sheet"))
    for part, xml in parts.items():
        if part.startswith("xl/worksheets/") and part.endswith(".xml"):
            root = _root(xml)
            add_table(
                f"{name} {part.rsplit('/', 1)[-1]}", tuple(_row(row, shared) for row in _all(root, "row")), content
            )
            if any(e.get("hidden") in ("1", "true") for e in root.iter() if _tag(e) in ("row", "col")):
                content.hidden.append(Hidden(name, "hidden rows or columns"))
    _hidden(name, parts, content)


_NAMES = ("name", "displayName", "caption", "descr", "title", "comment", "prompt", "error")
_TEMPLATE = "96367138dc44ce09bf2c8f0f8e49348a1478d2c5c0af69bbc2bbc38b63cdcead"
"""The small picture in python-docx's own empty document, which shows nothing."""
_CODES = re.compile(r"&(?:[LCRPNDTFAG]|\d+|\"[^\"]*\")")
_PRINTED = ("oddHeader", "oddFooter", "evenHeader", "evenFooter", "formula1", "formula2")
_SEEN = re.compile(r"xl/(?:worksheets/|sharedStrings|styles|theme/)|word/|docProps/|\[Content_Types\]")


def _beside(name: str, parts: dict[str, bytes], content: Content) -> None:
    """Names of columns, ranges and charts, headers of printed pages, addresses of links, and what pictures carry."""
    for part, data in parts.items():
        if sha256(data).hexdigest() == _TEMPLATE:
            continue
        if "/media/" in part or part.endswith((".jpeg", ".jpg", ".png", ".svg")):
            look_into(f"{name} {part}", data, content)
        elif part.endswith(".rels"):
            for link in _all(_root(data), "Relationship"):
                content.say(f"{name} link", link.get("Target", "") if link.get("TargetMode") == "External" else "")
        elif part.endswith(".xml"):
            _names(f"{name} {part}", part, _root(data), content)
        if "thumbnail" in part:
            content.hidden.append(Hidden(name, "a small picture of an earlier state"))


def _names(where: str, part: str, root: ET.Element, content: Content) -> None:
    sheet = part.startswith("xl/worksheets/")
    for e in root.iter():
        if sheet and _tag(e) in _PRINTED:
            content.say(where, _CODES.sub(" ", e.text or ""))
        elif not _SEEN.match(part):
            content.say(where, e.text or "")
            for key in _NAMES:
                content.say(f"{where} {key}", e.get(key, ""))


def _hidden(name: str, parts: dict[str, bytes], content: Content) -> None:
    _beside(name, parts, content)
    for part, xml in parts.items():
        for start, what in _HIDDEN_PARTS:
            if start in part and not part.endswith(".rels") and _has_content(part, xml):
                content.hidden.append(Hidden(name, what))
        if part.startswith("docProps/") and part.endswith(".xml"):
            _properties(name, part, _root(xml), content)


def _has_content(part: str, xml: bytes) -> bool:
    # Word processors write these parts even when there is nothing in them.
    if not part.endswith(".xml"):
        return True
    root = _root(xml)
    if "comments" in part:
        return bool(_all(root, "comment"))
    return "customXml" not in part or any((e.text or "").strip() for e in root.iter())


def _properties(name: str, part: str, root: ET.Element, content: Content) -> None:
    people = ("creator", "lastModifiedBy", "Manager", "Company")
    for e in root.iter():
        text = (e.text or "").strip()
        if _tag(e) in people and text.casefold() not in MACHINES:
            content.hidden.append(Hidden(name, f"its {_tag(e)} property", text))
        elif text and _tag(e) not in ("created", "modified"):
            content.say(f"{name} {part}", text)


def _parts(data: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(info.file_size for info in archive.infolist()) > MAX_BYTES:
                raise UnreadableError("unpacks to more than can be looked through")
            return {info.filename: archive.read(info) for info in archive.infolist()}
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError):
        raise UnreadableError("is not a Word or Excel file") from None


def _root(xml: bytes) -> ET.Element:
    # Office files never declare a document type; one that does is out to expand entities.
    if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
        raise UnreadableError("declares a document type, which Office files do not")
    try:
        return ET.fromstring(xml)
    except ET.ParseError:
        raise UnreadableError("holds XML that is not well formed") from None


def _row(row: ET.Element, shared: list[str]) -> tuple[str, ...]:
    cells: dict[int, str] = {}
    for at, cell in enumerate(_all(row, "c")):
        value = next((e.text or "" for e in cell if _tag(e) == "v"), "")
        if cell.get("t") == "s":
            value = shared[int(value)] if value.isdigit() and int(value) < len(shared) else ""
        elif cell.get("t") == "inlineStr":
            value = _text(cell)
        cells[_column(cell.get("r", ""), at)] = value
    return tuple(cells.get(i, "") for i in range(max(cells, default=-1) + 1))


def _column(reference: str, at: int) -> int:
    letters = _COLUMN.match(reference)
    if not letters or len(letters.group()) > 3:
        return at
    number = 0
    for letter in letters.group():
        number = number * 26 + ord(letter) - 64
    return number - 1


def _all(root: ET.Element, tag: str) -> list[ET.Element]:
    return [e for e in root.iter() if _tag(e) == tag]


def _tag(element: ET.Element) -> str:
    return element.tag.rsplit("}", 1)[-1]


def _text(element: ET.Element) -> str:
    return "".join(e.text or "" for e in element.iter() if _tag(e) == "t")


def _author(element: ET.Element) -> bool:
    return any(key.rsplit("}", 1)[-1] == "author" for key in element.attrib)
