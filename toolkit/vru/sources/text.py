"""Bytes of a CSV file to UTF-8 text that DuckDB can parse, whatever wrote them."""

import csv
from dataclasses import dataclass

import numpy as np

_NOT_TEXT = ((b"PK\x03\x04", "a zip or an Excel workbook"), (b"\x1f\x8b", "a gzip file"), (b"%PDF", "a PDF"))
_BOMS = (
    (b"\xff\xfe\x00\x00", "utf-32", "UTF-32"),
    (b"\x00\x00\xfe\xff", "utf-32", "UTF-32"),
    (b"\xff\xfe", "utf-16", "UTF-16"),
    (b"\xfe\xff", "utf-16", "UTF-16"),
)


@dataclass(frozen=True, slots=True)
class CsvText:
    """A CSV file as UTF-8.

    data : the bytes to parse: cells parted by ``separator``, no quotation marks.
    as_is : the bytes are those of the file.
    changed : how the text of the file was out of the ordinary ("UTF-16", "mixed line ends"), or "".
    header : column names of the first line, trimmed.
    lines : data lines, blank ones apart.
    """

    data: bytes
    as_is: bool
    changed: str
    separator: str
    header: tuple[str, ...]
    lines: int


SEPARATOR = "\x1f"
"""ASCII's unit separator stands between the cells of files that quote: no cell holds it."""


class NotCsvError(Exception):
    """These bytes are no CSV text; the message says what they seem to be."""


def to_utf8(raw: bytes) -> CsvText:
    """Decode the bytes of one CSV file.

    UTF-8 (with or without a byte order mark) passes through; UTF-16 and UTF-32 are recognised by
    their marks, or UTF-16 by its zero bytes; anything else is read as Windows Latin-1, in which
    every British place name can be written.

    Raises
    ------
    NotCsvError
        The file is empty, binary, or ends in the middle of a row.
    """
    _refuse_binary(raw)
    data, changed = _decoded(raw)
    data, ends, mixed = _one_line_end(data)
    end = data.find(b"\n") if b"\n" in data else len(data)
    header = tuple(c.strip() for c in _fields(data[:end]))
    last = data[data.rfind(b"\n") + 1 :] if end < len(data) else b""
    if last.strip() and len(_fields(last)) != len(header):
        raise NotCsvError("ends in the middle of a row, as a download that was cut short does")
    lines = _count_lines(data, ends) - 1
    quoted = b'"' in data
    if quoted:
        data = _unquoted(data)
    changed = " and ".join(c for c in (changed, mixed) if c)
    return CsvText(data, not (changed or quoted), changed, SEPARATOR if quoted else ",", header, lines)


def _refuse_binary(raw: bytes) -> None:
    if not raw[:4096].strip() and not raw.strip():
        raise NotCsvError("is empty")
    for start, what in _NOT_TEXT:
        if raw.startswith(start):
            raise NotCsvError(f"is {what}, not CSV text")


def to_text(raw: bytes) -> tuple[str, str]:
    """The text of a CSV file whose cells may hold line breaks, and how it was out of the ordinary ("UTF-16") or "".

    Raises NotCsvError: the file is empty or binary.
    """
    _refuse_binary(raw)
    data, changed = _decoded(raw)
    return data.decode("utf-8").removeprefix("\ufeff"), changed


def _decoded(raw: bytes) -> tuple[bytes, str]:
    for mark, codec, name in _BOMS:
        if raw.startswith(mark):
            return _recoded(raw, codec, name), name
    if b"\x00" in raw[:4096]:
        wide = "utf-16-le" if raw[1:2] == b"\x00" else "utf-16-be"
        return _recoded(raw, wide, "UTF-16"), "UTF-16"
    if raw.isascii():
        return raw, ""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        # Five bytes mean nothing in Windows Latin-1; ISO Latin-1 reads any byte.
        try:
            return raw.decode("cp1252").encode(), "Latin-1"
        except UnicodeDecodeError:
            return raw.decode("latin-1").encode(), "Latin-1"
    return raw, ""


def _recoded(raw: bytes, codec: str, name: str) -> bytes:
    try:
        text = raw.decode(codec)
    except UnicodeDecodeError:
        raise NotCsvError(f"begins like {name} text but cannot be read as that") from None
    if "\x00" in text:
        raise NotCsvError("holds zero bytes, so it is no text")
    return text.removeprefix("\ufeff").encode()


def _one_line_end(data: bytes) -> tuple[bytes, np.ndarray, str]:
    returns = data.count(b"\r")
    ends = _line_feeds(data)
    windows = int((np.frombuffer(data, np.uint8)[ends[ends > 0] - 1] == ord("\r")).sum())
    # The parser settles on one line end per file and fails, or worse, on another.
    if returns == windows and windows in (0, len(ends)):
        return data, ends, ""
    what = "mixed line ends" if len(ends) else "carriage returns"
    data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return data, _line_feeds(data), what


def _line_feeds(data: bytes) -> np.ndarray:
    # Searching pairs of bytes in Python costs ten times as much as comparing them all here.
    return np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))


def _unquoted(data: bytes) -> bytes:
    """Cells parted by ``SEPARATOR``, each line by itself, so that one stray quotation mark spoils one row."""
    part = SEPARATOR.encode()
    lines = data.replace(part, b" ").replace(b"\r\n", b"\n").split(b"\n")
    return b"\n".join(
        part.join(cell.encode() for cell in _fields(line)) if b'"' in line else line.replace(b",", part)
        for line in lines
    )


def _fields(line: bytes) -> list[str]:
    text = line.decode("utf-8", errors="replace").removeprefix("\ufeff").rstrip("\r\n")
    return next(csv.reader([text]), [])


def _count_lines(data: bytes, feeds: np.ndarray) -> int:
    ends = np.append(feeds, len(data))
    # A line of one character is a carriage return or as good as blank: then look at each.
    if (np.diff(ends, prepend=-1)[:-1] <= 2).any():
        return sum(1 for line in data.split(b"\n") if line.strip())
    return len(ends) - (1 if data.endswith(b"\n") else 0)
