"""Wall clocks in Britain: instants to local days and back, with the hour that is missing in spring and twice in autumn."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

ZONE = ZoneInfo("Europe/London")
Period = Literal["day", "week", "four_weeks", "month", "quarter"]
_DAYS = {"day": 1, "week": 7, "four_weeks": 28}
_MONTHS = {"month": 1, "quarter": 3}


@dataclass(frozen=True, slots=True)
class Periods:
    """labels : first day of each as YYYY-MM-DD (months YYYY-MM). edges, days : where each begins and the last
    ends, as instants (seconds since 1970) and as days, one more than labels."""

    labels: tuple[str, ...]
    edges: np.ndarray
    days: np.ndarray


def instants(local: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Seconds by a wall clock as instants; False where the clock shows that time twice in that night, or not at all."""
    if not len(local):
        return local, np.ones(0, dtype=bool)
    first, last = int(local.min()), int(local.max())
    changes = _changes(first, last)
    shift = np.full(len(local), changes[0][1] if changes else _offset(first), dtype=np.int64)
    good = np.ones(len(local), dtype=bool)
    for at, before, after in changes:
        shift[local >= at + max(before, after)] = after
        good &= (local < at + min(before, after)) | (local >= at + max(before, after))
    return local - shift, good


def _offset(second: int) -> int:
    return int(datetime.fromtimestamp(second, UTC).astimezone(ZONE).utcoffset().total_seconds())  # type: ignore[union-attr]


def _changes(first: int, last: int) -> list[tuple[int, int, int]]:
    """Instants at which the clocks change, with the offset before and after, seconds."""
    found = []
    day = 86_400
    for start in range(first // day * day - day, last + 2 * day, day):
        before, after = _offset(start), _offset(start + day)
        if before != after:
            at = next(s for s in range(start, start + day + 1, 900) if _offset(s) == after)
            found.append((at, before, after))
    return found


def periods(first: date, last: date, period: Period, day_starts: str) -> Periods:
    """Whole periods from ``first`` on that end by ``last``, both days included; months and quarters by the calendar."""
    starts, day = [first], first
    while True:
        day = day + timedelta(_DAYS[period]) if period in _DAYS else _next_month(day, _MONTHS[period])
        starts.append(day)
        if day > last:
            break
    if starts[-1] - timedelta(1) > last:
        starts.pop()
    hour, minute = map(int, day_starts.split(":"))
    edges = [datetime.combine(d, time(hour, minute), ZONE).timestamp() for d in starts]
    form = "%Y-%m" if period == "month" else "%Y-%m-%d"
    return Periods(
        tuple(d.strftime(form) for d in starts[:-1]), np.array(edges), np.array(starts, dtype="datetime64[D]")
    )


def _next_month(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)
