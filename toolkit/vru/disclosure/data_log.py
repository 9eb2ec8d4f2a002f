"""Small counts in the log of how the data were read: how many rows were left out, repeated or without a place."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from vru.disclosure.profiles import Profile
from vru.events import DataNote

_WHOLE = re.compile(r"(?<![\w.,/-])\d{1,3}(?:,\d{3})+(?![\w/-])|(?<![\w.,/-])\d+(?![\w.,%/-])")
_SHARES = re.compile(r" \([\d.]+% in [^()]*\)")
_PARTS = " in the window = "
ROUND = 10
_PART_OF_ROWS = re.compile(r"([^:]+): rows ")
"""A part of the rows of an extract: the others and the whole would give a small one away."""
_TO_TEN = f" (rounded to {ROUND}, as another part is small)"


def without_small(profile: Profile, log: Sequence[DataNote]) -> tuple[DataNote, ...]:
    """The log as it may be published: a small count is not given; sums whose parts hold one are rounded to ten, all of them."""
    split = {m[1] for note in log if (m := _PART_OF_ROWS.match(note.text)) and note.count and profile.hides(note.count)}
    return tuple(_rounded(profile, _beside_small(profile, note, split)) for note in log)


def _beside_small(profile: Profile, note: DataNote, split: set[str]) -> DataNote:
    """A note without its count where that is small; where it is a part of the rows of an extract of which another is, to ten."""
    part = _PART_OF_ROWS.match(note.text)
    if part is None or part[1] not in split or not note.count or profile.hides(note.count):
        return _uncounted(profile, note)
    if note.text.endswith(_TO_TEN):
        return note
    return replace(note, count=ROUND * int(note.count / ROUND + 0.5), text=f"{note.text}{_TO_TEN}")


def rounded_log(log: Sequence[DataNote], step: int) -> tuple[DataNote, ...]:
    """The log with every number of rows, and the numbers of its sums, rounded to the nearest ``step``."""
    return tuple(_stepped(note, step) for note in log)


def _stepped(note: DataNote, step: int) -> DataNote:
    text = note.text
    if _PARTS in text:
        text = _WHOLE.sub(
            lambda m: f"{step * int(int(m.group().replace(',', '')) / step + 0.5):,}", _SHARES.sub("", text)
        )
    return replace(note, text=text, count=None if note.count is None else step * int(note.count / step + 0.5))


def small_in_log(profile: Profile, log: Sequence[DataNote]) -> Iterator[tuple[str, float]]:
    """Where, and how many: counts of the log, and parts of its sums."""
    for note in log:
        if note.count:
            yield f"data log, {note.source}", float(note.count)
        if _PARTS in note.text:
            yield from ((f"data log, {note.source}", n) for n in _numbers(note.text) if n)


def _uncounted(profile: Profile, note: DataNote) -> DataNote:
    if not note.count or not profile.hides(note.count):
        return note
    return replace(note, count=None, text=f"{note.text} (a small number of rows)")


def _rounded(profile: Profile, note: DataNote) -> DataNote:
    if _PARTS not in note.text or not any(n and profile.hides(n) for n in _numbers(note.text)):
        return note
    # One part alone could be worked out from the others and the whole; shares by month would give it away too.
    text = _WHOLE.sub(lambda m: f"{_to_ten(m.group()):,}", _SHARES.sub("", note.text))
    return replace(note, text=f"{text} (each rounded to {ROUND}, as a part is small)")


def _numbers(text: str) -> list[float]:
    return [float(m.group().replace(",", "")) for m in _WHOLE.finditer(_SHARES.sub("", text))]


def _to_ten(number: str) -> int:
    return int(ROUND * round(int(number.replace(",", "")) / ROUND))
