"""effects.csv: a record's poolable effects as a flat table with fixed columns."""

import csv
import io

from vru.record import Effect, LearningRecord

FILE = "effects.csv"
_KEYS = ("organisation", "record", "version")
COLUMNS: tuple[str, ...] = (*_KEYS, *Effect.model_fields)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def effects_csv(record: LearningRecord) -> str:
    """One row per effect, columns ``COLUMNS``; an empty cell where a number does not exist.

    estimate, se, ci_low, ci_high are on the row's ``scale``: log rate ratio, or offences over
    the post period; events_prevented in offences over the post period, above 0 = prevented.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for effect in record.effects:
        row = {"organisation": record.organisation, "record": record.id, "version": record.version}
        row |= effect.model_dump()
        writer.writerow(_cell(row[name]) for name in COLUMNS)
    return out.getvalue()


def table_schema() -> dict[str, object]:
    """The columns as a Frictionless Table Schema, for ``vocab/effects.json``."""
    numbers = {n for n, f in Effect.model_fields.items() if "float" in str(f.annotation)}
    whole = {n for n, f in Effect.model_fields.items() if f.annotation is int}
    kind = {n: "number" if n in numbers else "integer" if n in whole else "string" for n in COLUMNS}
    return {"fields": [{"name": n, "type": kind[n]} for n in COLUMNS], "missingValues": [""]}


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value)
    text = str(value)
    # Spreadsheets run a cell that starts like a formula; numbers were written above and keep their sign.
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text
