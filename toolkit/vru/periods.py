"""Periods that events are counted by: day, week, four weeks, month, quarter or year; their labels, neighbours and words.

A period's label is its first day (YYYY-MM-DD), or its first month (YYYY-MM) where periods are made of months, so that
labels sort as time runs.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

import numpy as np

Kind = Literal["day", "week", "four_weeks", "month", "quarter", "year"]
KINDS: tuple[Kind, ...] = get_args(Kind)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_STEP: dict[Kind, int] = {"day": 1, "week": 7, "four_weeks": 28, "month": 1, "quarter": 3, "year": 12}
_A_YEAR: dict[Kind, float] = {"day": 365.25, "week": 365.25 / 7, "four_weeks": 365.25 / 28, "month": 12.0}
_NAMES: dict[Kind, tuple[str, str, str]] = {
    "day": ("day", "days", "daily"),
    "week": ("week", "weeks", "weekly"),
    "four_weeks": ("four-week period", "four-week periods", "four-weekly"),
    "month": ("month", "months", "monthly"),
    "quarter": ("quarter", "quarters", "quarterly"),
    "year": ("year", "years", "yearly"),
}
_MONTH_WORD = re.compile(r"(?<!calendar )\b(month(?:s|ly)?|Month(?:s|ly)?)\b")


@dataclass(frozen=True, slots=True)
class Calendar:
    """One kind of period, counted from ``origin``, the label of any of them."""

    kind: Kind = "month"
    origin: str = "2000-01"

    @property
    def by_days(self) -> bool:
        """Whether periods are made of days rather than of months."""
        return self.kind in ("day", "week", "four_weeks")

    @property
    def noun(self) -> str:
        """What one is called."""
        return _NAMES[self.kind][0]

    @property
    def plural(self) -> str:
        """What several are called."""
        return _NAMES[self.kind][1]

    @property
    def adjective(self) -> str:
        """As in a weekly series."""
        return _NAMES[self.kind][2]

    @property
    def a_year(self) -> float:
        """Periods in a year."""
        return _A_YEAR.get(self.kind, 12 / _STEP[self.kind])

    @property
    def harmonics(self) -> int:
        """Most pairs of sine and cosine that a season counted by such periods can carry."""
        return max(int((self.a_year - 1e-9) / 2 - 0.5), 0) if self.kind != "month" else 6

    def months(self, n: float) -> int:
        """How many periods are about ``n`` months, at least one."""
        return n if self.kind == "month" and isinstance(n, int) else max(1, round(n * self.a_year / 12))

    def number(self, label: str) -> int:
        """Periods from the origin to the one that holds this month or day; negative before it."""
        return (self._at(label) - self._at(self.origin)) // _STEP[self.kind]

    def label(self, number: int) -> str:
        """The label of the period that many after the origin."""
        return self._text(self._at(self.origin) + number * _STEP[self.kind])

    def begins(self, label: str) -> bool:
        """Whether a period begins with this month or day."""
        return (self._at(label) - self._at(self.origin)) % _STEP[self.kind] == 0

    def holding(self, label: str) -> str:
        """The label of the period that holds this month or day."""
        return self.label(self.number(label))

    def last_of(self, label: str) -> str:
        """The last day, or month, of the period with this label."""
        return self._text(self._at(label) + _STEP[self.kind] - 1)

    def between(self, first: str, last: str) -> tuple[str, ...]:
        """Labels of every period that lies whole within ``first`` to ``last``, months or days, both included."""
        step, base = _STEP[self.kind], self._at(self.origin)
        low, high = -((base - self._first(first)) // step), (self._last(last) + 1 - base) // step
        return tuple(self.label(k) for k in range(low, high))

    def of_days(self, days: np.ndarray) -> np.ndarray:
        """Label of the period that holds each day: ``datetime64`` ``(n,)`` to text ``(n,)``."""
        unit = "D" if self.by_days else "M"
        step, base = _STEP[self.kind], self._at(self.origin)
        at = np.asarray(days, dtype=f"datetime64[{unit}]").astype(np.int64) + (0 if self.by_days else 1970 * 12)
        first = base + (at - base) // step * step
        kinds, where = np.unique(first, return_inverse=True)
        return np.array([self._text(int(k)) for k in kinds], dtype=object)[where]

    def angle(self, labels: Sequence[str]) -> np.ndarray:
        """Time of year of each period's middle as an angle, ``(n,)``; of a month 2 pi times its number over twelve."""
        if self.kind == "month":
            return np.asarray(2 * np.pi * np.array([int(p[5:7]) for p in labels]) / 12)
        at = np.array([self._at(p) for p in labels], dtype=float) + _STEP[self.kind] / 2
        return np.asarray(2 * np.pi * (at / 365.25 if self.by_days else at / 12))

    def season(self, labels: Sequence[str]) -> np.ndarray:
        """Calendar month 1 to 12 in which each period's middle lies, ``(n,)``."""
        middle = [self._text(self._at(p) + _STEP[self.kind] // 2) for p in labels]
        return np.array([int(m[5:7]) for m in middle])

    def weekdays(self, labels: Sequence[str]) -> tuple[np.ndarray, ...]:
        """Which of the periods are Tuesdays, Wednesdays and so on, six arrays ``(n,)`` of 0 and 1; none where none is a day."""
        if self.kind != "day":
            return ()
        day = (np.array([self._at(p) for p in labels]) + 3) % 7
        return tuple((day == d).astype(float) for d in range(1, 7))

    def steps(self, labels: Sequence[str], since: str) -> np.ndarray:
        """Periods from ``since`` to each label, ``(n,)``; where periods are missing the numbers leave a gap."""
        return np.array([self.number(p) for p in labels]) - self.number(since)

    def say(self, text: str) -> str:
        """A sentence written for months, said of these periods; "calendar month" stays."""
        if self.kind == "month":
            return text
        words = dict(zip(("month", "months", "monthly"), _NAMES[self.kind], strict=True))
        return _MONTH_WORD.sub(lambda m: _cased(words[m.group().lower()], m.group()), text)

    def _at(self, label: str) -> int:
        """Days since 1970 where periods are made of days (of a month its first), else months."""
        if self.by_days:
            return int(np.datetime64(label, "D").astype(int))
        return int(label[:4]) * 12 + int(label[5:7]) - 1

    def _first(self, label: str) -> int:
        """The first day, or whole month, from a month or day on."""
        return self._at(label) + (not self.by_days and len(label) == 10 and label[8:] != "01")

    def _last(self, label: str) -> int:
        """The last day, or whole month, up to a month or day."""
        if self.by_days and len(label) == 7:
            return int((np.datetime64(label, "M") + 1).astype("datetime64[D]").astype(int)) - 1
        cut = not self.by_days and len(label) == 10 and str(np.datetime64(label, "D") + 1)[8:] != "01"
        return self._at(label) - cut

    def _text(self, at: int) -> str:
        return str(np.datetime64(at, "D")) if self.by_days else f"{at // 12:04d}-{at % 12 + 1:02d}"


MONTHS = Calendar()


def _cased(word: str, like: str) -> str:
    return word.capitalize() if like[0].isupper() else word


def months_between(first: str, last: str) -> tuple[str, ...]:
    """Every month from ``first`` to ``last``, both included, as YYYY-MM; empty where last comes before first."""
    return MONTHS.between(first, last)


def first_weekday(day: str, weekday: str) -> str:
    """The first day from ``day`` on that is a monday, tuesday and so on."""
    at = date.fromisoformat(day)
    return date.fromordinal(at.toordinal() + (WEEKDAYS.index(weekday) - at.weekday()) % 7).isoformat()
