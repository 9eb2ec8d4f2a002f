"""Effects of every record as one flat CSV file."""

import csv
import io

from vru.library.effects import COLUMNS
from vru.library.exports.export import Export, Holdings, Item

ABOUT = ("title", "intervention_type", "start", "design", "preregistered", "published", "manifest_sha256", "disclaimer")
HEADER = (*COLUMNS, *ABOUT)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def effects_of_all(holdings: Holdings) -> bytes:
    """One row per effect of the newest published version of each record; UTF-8 with a mark, for spreadsheets.

    Retracted versions, superseded ones and those in review are left out. Numbers are unrounded; an
    empty cell where a number does not exist; units as in effects.csv (``vocab/effects.json``).
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADER)
    for item in holdings.current:
        for row in rows(item):
            writer.writerow(cell(row[name]) for name in HEADER)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def rows(item: Item) -> list[dict[str, object]]:
    """A version's effects, each with what a reader needs beside the number."""
    record = item.stored.record
    about: dict[str, object] = {
        "organisation": record.organisation,
        "record": record.id,
        "version": record.version,
        "title": record.title,
        "intervention_type": record.intervention.type,
        "start": record.intervention.start,
        "design": "; ".join(record.design),
        "preregistered": record.preregistered,
        "published": item.on.date().isoformat() if item.on else None,
        "manifest_sha256": item.stored.manifest_sha256,
        "disclaimer": record.disclaimer,
    }
    return [about | effect.model_dump() for effect in record.effects]


def cell(value: object) -> str:
    """A cell as text; a text that a spreadsheet would run as a formula gets an apostrophe, a number keeps its sign."""
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value)
    text = str(value)
    if isinstance(value, str) and (text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA)):
        return f"'{text}"
    return text


EXPORT = Export("csv", "effects of every record as one table", ".csv", effects_of_all)
