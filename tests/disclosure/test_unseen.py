"""What files carry unseen: camera data, thumbnails, pivot caches, tracked changes, drawings, names of sheets and columns."""

import base64
import io
import re
import struct
import zipfile
import zlib

import pytest
from docx import Document
from openpyxl import Workbook
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.table import Table

PHONE = "07700 900123"
EXIF = b"\xff\xd8\xff\xe1\x00\x20Exif\x00\x00MM\x00*" + b"\x00" * 16 + b"\xff\xd9"
SVG = f'<svg xmlns="http://www.w3.org/2000/svg"><text>call <tspan>{PHONE}</tspan></text></svg>'.encode()


def png(*chunks):
    out = b"\x89PNG\r\n\x1a\n"
    for kind, body in (("IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)), *chunks, ("IEND", b"")):
        raw = kind.encode() + body
        out += struct.pack(">I", len(body)) + raw + struct.pack(">I", zlib.crc32(raw))
    return out


def word(**parts):
    out = io.BytesIO()
    document = Document()
    document.add_paragraph("Nothing here.")
    document.core_properties.author = ""
    document.save(out)
    return _with(_without_thumbnail(out), parts)


def _without_thumbnail(whole):
    """The library that makes the file puts a picture of its own template into it."""
    out = io.BytesIO()
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(out, "w") as new:
        for item in old.infolist():
            data = old.read(item)
            if item.filename == "_rels/.rels":
                data = re.sub(rb"<Relationship [^>]*thumbnail[^>]*/>", b"", data)
            if "thumbnail" not in item.filename:
                new.writestr(item.filename, data)
    return out


def book(change=lambda b: None, **parts):
    out, made = io.BytesIO(), Workbook()
    made.active.append(["area", "offences"])
    made.active.append(["x", 12])
    made.properties.creator = ""
    change(made)
    made.save(out)
    return _with(out, parts)


def _with(out, parts):
    with zipfile.ZipFile(out, "a") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def column(made):
    sheet = made.active
    sheet["C1"], sheet["C2"] = f"tel {PHONE}", 1
    sheet.add_table(Table(displayName="offences", ref="A1:C2"))


PLANTED = {
    "camera data in Word": ("a.docx", word(**{"word/media/image9.jpeg": EXIF})),
    "camera data in a PNG": ("a.docx", word(**{"word/media/image9.png": png(("eXIf", b"MM\x00*"))})),
    "a text in a PNG": ("a.docx", word(**{"word/media/image9.png": png(("tEXt", b"Author\x00" + PHONE.encode()))})),
    "bytes after a PNG": ("a.docx", word(**{"word/media/image9.png": png() + b"secret"})),
    "a thumbnail": ("a.docx", word(**{"docProps/thumbnail.jpeg": b"\xff\xd8\xff\xd9"})),
    "a drawing in Word": ("a.docx", word(**{"word/media/image9.svg": SVG})),
    "a pivot cache": ("a.xlsx", book(**{"xl/pivotCache/pivotCacheRecords1.xml": "<r><s v='x'/></r>"})),
    "a chart's cached names": ("a.xlsx", book(**{"xl/charts/chart1.xml": f"<c><pt><v>{PHONE}</v></pt></c>"})),
    "a column's name": ("a.xlsx", book(column)),
    "a sheet's name": ("a.xlsx", book(lambda b: setattr(b.active, "title", PHONE))),
    "a range's name": (
        "a.xlsx",
        book(lambda b: b.defined_names.add(DefinedName("note", attr_text='"x"', comment=f"call {PHONE}"))),
    ),
    "a printed header": ("a.xlsx", book(lambda b: setattr(b.active.oddHeader.center, "text", PHONE))),
    "a link's address": (
        "a.xlsx",
        book(lambda b: setattr(b.active["A2"], "hyperlink", "mailto:sarah.jones@example.org")),
    ),
    "a drawing in a page": ("a.html", f"<svg><text>call <tspan>{PHONE}</tspan></text></svg>".encode()),
    "a picture in a page": ("a.html", b'<img src="data:image/jpeg;base64,' + base64.b64encode(EXIF) + b'">'),
    "a drawing as an escaped picture": (
        "a.html",
        b'<img src="data:image/svg+xml,%3Csvg%3E' + f"%3Ctext%3E{PHONE}%3C/text%3E%3C/svg%3E".encode() + b'">',
    ),
    "a drawing as a picture": ("a.html", b'<img src="data:image/svg+xml;base64,' + base64.b64encode(SVG) + b'">'),
}


@pytest.mark.parametrize("what", PLANTED)
def test_what_is_planted_is_found(failures, what):
    name, data = PLANTED[what]
    assert failures(name, data) != []


def test_files_without_it_pass(failures):
    assert failures("a.docx", word(**{"word/media/image1.png": png(("tEXt", b"Software\x00a program"))})) == []
    assert failures("a.xlsx", book()) == []
    assert failures("a.html", b'<img src="data:image/png;base64,' + base64.b64encode(png()) + b'">') == []
