"""Values of a database as the cells of a table: text, as they would stand in a CSV file; and a fingerprint of the rows."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd

from vru.sources.tables import as_text

_PLAIN = (str, bool, int, float, Decimal, date, datetime, time, UUID)
_KEPT_TEXTS = 100_000
_DIGEST = "S32"


@dataclass(slots=True)
class Rows:
    """Rows as they come in. zoned, odd : columns with instants of a zone, and the type of a value that is no cell."""

    header: tuple[str, ...]
    single: tuple[bool, ...]
    frames: list[pd.DataFrame] = field(default_factory=list)
    digests: list[np.ndarray] = field(default_factory=list)
    zoned: set[str] = field(default_factory=set)
    odd: dict[str, str] = field(default_factory=dict)
    count: int = 0
    _known: dict[Any, str | None] = field(default_factory=dict)

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Take in some more rows."""
        columns = [self._column(i, [row[i] for row in rows]) for i in range(len(self.header))]
        by_name = sorted(range(len(self.header)), key=lambda i: self.header[i])
        each = zip(*(columns[i] for i in by_name), strict=True)
        digests = b"".join(hashlib.sha256(json.dumps(row).encode()).digest() for row in each)
        self.digests.append(np.frombuffer(digests, dtype=_DIGEST))
        frame = pd.DataFrame(dict(enumerate(columns)), columns=pd.RangeIndex(len(self.header)), dtype=object)
        self.frames.append(frame.astype("str"))
        self.count += len(rows)

    def _column(self, i: int, values: Iterable[Any]) -> list[str | None]:
        return [None if v is None else self._cell(i, v) for v in values]

    def _cell(self, i: int, value: Any) -> str | None:
        if type(value) is str:
            return value if value.strip() else None
        # 1, 1.0 and true are equal to Python.
        key = (type(value), self.single[i], value.isoformat() if isinstance(value, datetime) else value)
        if isinstance(value, datetime) and value.tzinfo is not None:
            self.zoned.add(self.header[i])
        if not isinstance(value, _PLAIN):
            self.odd.setdefault(self.header[i], type(value).__name__)
            return None
        if key not in self._known:
            if len(self._known) > _KEPT_TEXTS:
                self._known.clear()
            self._known[key] = as_text(_short(value) if self.single[i] else value)
        return self._known[key]

    def table(self) -> tuple[pd.DataFrame, str]:
        """All rows in an order of their own, which does not depend on the server's, and their fingerprint."""
        digests = np.concatenate(self.digests)
        order = np.argsort(digests, kind="stable")
        frame = pd.concat(self.frames, ignore_index=True).iloc[order].reset_index(drop=True)
        frame.columns = pd.Index(list(self.header), dtype=object)
        head = json.dumps(sorted(self.header)).encode()
        whole = hashlib.sha256(head + digests[order].tobytes()).hexdigest()
        return frame, f"sha256:{whole}"


def _short(value: Any) -> Any:
    """0.1 in single precision, which is 0.10000000149 in double."""
    return float(np.format_float_positional(np.float32(value))) if isinstance(value, float) else value
