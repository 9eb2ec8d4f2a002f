"""Visits from pings: runs of pings in an area, minutes by period, and areas in which several people were at once."""

from dataclasses import dataclass

import numpy as np

SPAN = np.int64(2**33)
"""Seconds that fit into a key beside a group."""
ZERO = 946_684_800
"""The year 2000, from which packed pings count their seconds."""
_SECOND, _PLACE, _WHO = 31, 14, 18
"""Bits of a packed ping."""
MOST_PLACES, MOST_WHO = 2**_PLACE - 2, 2**_WHO - 1
CHUNK = 1_000_000


def pack(who: np.ndarray, second: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Pings as one number each, which sort by person, then time: int64 ``(n,)``. place : -1 for none."""
    since = np.clip(second - ZERO, 0, 2**_SECOND - 1)
    return np.asarray((((who.astype(np.int64) << _SECOND) | since) << _PLACE) | (place.astype(np.int64) + 1))


def unpack(packed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``person * SPAN + second``, and place, of packed pings."""
    moment = packed >> _PLACE
    key = (moment >> _SECOND) * SPAN + (moment & (2**_SECOND - 1)) + ZERO
    return key, (packed & (2**_PLACE - 1)) - 1


def distinct(packed: np.ndarray) -> np.ndarray:
    """Sorted pings without those of a person in the same second as the one before."""
    again = [
        i + 1 + np.flatnonzero(np.diff(packed[i : i + CHUNK + 1] >> _PLACE) == 0)
        for i in range(0, len(packed) - 1, CHUNK)
    ]
    twice = np.concatenate(again) if again else np.zeros(0, dtype=int)
    return np.delete(packed, twice) if len(twice) else packed


def somewhere(packed: np.ndarray) -> bool:
    """Whether any ping lies in a place."""
    return any((packed[i : i + CHUNK] & (2**_PLACE - 1)).any() for i in range(0, len(packed), CHUNK))


def in_places(packed: np.ndarray, places: int) -> np.ndarray:
    """Sorted keys ``(person * places + place) * SPAN + second`` of the pings in some place."""
    found = []
    for i in range(0, len(packed), CHUNK):
        key, place = unpack(packed[i : i + CHUNK])
        inside = place >= 0
        who, second = np.divmod(key[inside], SPAN)
        found.append((who * places + place[inside]) * SPAN + second)
    keys = np.concatenate(found) if found else np.zeros(0, dtype=np.int64)
    keys.sort()
    return keys


@dataclass(frozen=True, slots=True)
class Visits:
    """group : who and where, as one number. start, end : seconds. All ``(m,)``, in order of group and start."""

    group: np.ndarray
    start: np.ndarray
    end: np.ndarray

    def take(self, keep: np.ndarray) -> "Visits":
        """Only these."""
        return Visits(self.group[keep], self.start[keep], self.end[keep])


def runs(key: np.ndarray, gap: float) -> Visits:
    """Visits from sorted keys ``group * SPAN + second`` of pings inside areas.

    A visit goes on while the next ping inside comes within ``gap`` seconds. The person came before the first ping and left
    after the last one: half the mean time between pings is added at either end.
    """
    if not len(key):
        none = np.zeros(0)
        return Visits(none.astype(np.int64), none, none)
    # Keys of two groups lie further apart than any gap.
    begins = np.flatnonzero(np.concatenate([[True], np.diff(key) > gap]))
    ends = np.append(begins[1:], len(key)) - 1
    first, last = (key[begins] % SPAN).astype(float), (key[ends] % SPAN).astype(float)
    n = ends - begins
    half = np.where(n > 0, (last - first) / np.maximum(n, 1), 0.0) / 2
    return Visits(key[begins] // SPAN, first - half, last + half)


def together(visits: Visits) -> Visits:
    """Visits of one group that overlap as one, from the first arrival to the last departure."""
    order = np.lexsort((visits.start, visits.group))
    group, start, end = visits.group[order], visits.start[order], visits.end[order]
    if not len(group):
        return visits
    width = float(end.max() - start.min() + 1)
    # Groups set apart, so that one running maximum serves all of them.
    shift = (np.cumsum(np.concatenate([[0], np.diff(group) != 0]))) * width
    reached = np.maximum.accumulate(end + shift)
    fresh = np.concatenate([[True], (start + shift)[1:] > reached[:-1]])
    begins = np.flatnonzero(fresh)
    last = np.append(begins[1:], len(group)) - 1
    return Visits(group[begins], start[begins], reached[last] - shift[last])


@dataclass(frozen=True, slots=True)
class Parts:
    """Visits cut at the edges of periods. row : which visit. period : int. seconds : of it in that period. All ``(k,)``."""

    row: np.ndarray
    period: np.ndarray
    seconds: np.ndarray


def by_period(visits: Visits, edges: np.ndarray) -> Parts:
    """edges : where periods begin, and where the last ends, in seconds; what lies outside them is left out."""
    first = np.searchsorted(edges, visits.start, side="right") - 1
    last = np.maximum(np.searchsorted(edges, visits.end, side="left") - 1, first)
    times = last - first + 1
    row = np.repeat(np.arange(len(first)), times)
    period = np.repeat(first, times) + np.arange(len(row)) - np.repeat(np.cumsum(times) - times, times)
    inside = (period >= 0) & (period < len(edges) - 1)
    row, period = row[inside], period[inside]
    seconds = np.minimum(visits.end[row], edges[period + 1]) - np.maximum(visits.start[row], edges[period])
    return Parts(row, period, np.maximum(seconds, 0.0))


def shares_of_time(packed: np.ndarray, gap: float, places: int) -> np.ndarray:
    """Seconds on record at each place, and last of all outside every one, ``(places + 1,)``.

    packed : sorted pings. The time to the next ping of the same person
    is the place's of the ping before it; longer ones than ``gap`` are nobody's.
    """
    total = np.zeros(places + 1)
    for i in range(0, len(packed) - 1, CHUNK):
        key, place = unpack(packed[i : i + CHUNK + 1])
        spent = np.diff(key)
        known = spent <= gap
        at = np.where(place[:-1] < 0, places, place[:-1])[known]
        total += np.bincount(at, spent[known], minlength=places + 1)
    return total
