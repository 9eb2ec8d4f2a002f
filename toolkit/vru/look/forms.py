"""In which of the usual forms a column is written: numbers, dates, marks. A proposal that the plan may take up."""

import re
from dataclasses import dataclass

import numpy as np

from vru.events import Marks
from vru.intake import values as v
from vru.keys import fold

DATE_FORMS = (
    None,
    "%d/%m/%Y",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%y",
    "%d-%m-%Y",
    "%d-%m-%Y %H:%M",
    "%d.%m.%Y",
    "%Y/%m/%d",
    "%d %b %Y",
    "%d %B %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d%b%Y",
)
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
SUPPRESSED = re.compile(r"[<>]\s*\d+|\*+|\.\.|:|\[?[cx]\]?", re.IGNORECASE)
_HIDDEN = re.compile(r"[<>]\s*\d+|\*+")
_FEW, _FEW_NUMBERS = 200, 10
MOST_PART = 0.6
"""A column is taken for numbers, or dates, with other cells in it, where this part of its filled cells are."""


@dataclass(frozen=True, slots=True)
class NumberForm:
    """Numbers ``(n,)``, NaN where a cell is none, and how they are written."""

    found: np.ndarray
    decimal: str
    unit: str | None


def as_numbers(filled: np.ndarray, marks: Marks) -> NumberForm | None:
    """The form in which most filled cells are numbers, hidden ones aside, the plain one first; None where in no form most are."""
    tried = []
    hidden = np.array([bool(_HIDDEN.fullmatch(t.strip())) for t in filled.tolist()], dtype=bool)
    plain = ~hidden if (~hidden).sum() >= _FEW_NUMBERS else np.ones(len(filled), dtype=bool)
    for decimal, unit in (
        (marks.decimal, None),
        (marks.decimal, "percent"),
        (marks.decimal, "pounds"),
        (",", None),
    ):
        found = v.parse_numbers(filled, Marks(decimal=decimal), unit)
        tried.append(NumberForm(found, decimal, unit))
    best = max(tried, key=lambda form: int(np.isfinite(form.found).sum()))
    return best if np.isfinite(best.found[plain]).mean() >= MOST_PART else None


def date_forms(filled: np.ndarray, declared: str | None) -> list[str | None]:
    """The forms in which most filled cells are dates, the best first and all that do as well; ISO form is None.

    Forms that fit none of a few cells are not tried on all.
    """
    kinds, counts = np.unique(filled, return_counts=True)
    few = np.union1d(kinds[:: max(len(kinds) // _FEW, 1)], kinds[np.argsort(-counts, kind="stable")[:_FEW]])
    likely = [f for f in dict.fromkeys([declared, *DATE_FORMS]) if v.parse_dates(few, f).notna().any()]
    seen = {f: int(counts[v.parse_dates(kinds, f).notna().to_numpy()].sum()) for f in likely}
    best = max(seen.values(), default=0)
    return [f for f, n in seen.items() if n == best] if best >= MOST_PART * len(filled) else []


def marks_among(odd: np.ndarray) -> tuple[list[str], list[str], np.ndarray]:
    """Cells that are no number or date, parted: marks for missing, marks for suppressed, and the rest."""
    kinds = np.unique(odd)
    hidden = [str(k) for k in kinds if SUPPRESSED.fullmatch(str(k).strip())]
    missing = [str(k) for k in kinds if fold(str(k)) in v.USUAL_MARKS and str(k) not in hidden]
    return missing, hidden, odd[~np.isin(odd, [*missing, *hidden])]
