"""Wall clocks in Britain: instants to local days and back, with the hour that is missing in spring and twice in autumn."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import numpy as np

from vru.periods import Calendar, Kind

ZONE = ZoneInfo("Europe/London")


@dataclass(frozen=True, slots=True)
class Periods:
    """labels : first day of each as YYYY-MM-DD (YYYY-MM where it is made of months). edges, days : where each begins and the last
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


def periods(first: date, last: date, period: Kind, day_starts: str) -> Periods:
    """Whole periods from ``first`` on that end by ``last``, both days included, labelled as a panel's are."""
    calendar = Calendar(period, first.isoformat() if Calendar(period).by_days else f"{first:%Y-%m}")
    labels = calendar.between(first.isoformat(), last.isoformat())
    after = calendar.label(calendar.number(labels[-1]) + 1) if labels else calendar.origin
    starts = [date.fromisoformat(p if len(p) == 10 else f"{p}-01") for p in (*labels, after)]
    hour, minute = map(int, day_starts.split(":"))
    edges = [datetime.combine(d, time(hour, minute), ZONE).timestamp() for d in starts]
    return Periods(labels, np.array(edges), np.array(starts, dtype="datetime64[D]"))
