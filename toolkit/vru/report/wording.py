"""Numbers and months in plain words: the only place where a report rounds anything."""

import math
from collections.abc import Sequence

from vru.results import Interval
from vru.words.effects import rate_change
from vru.words.p_value import p_words
from vru.words.terms import singular

MISSING = "not available"
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def number(value: float | None, digits: int = 2) -> str:
    """A number with fixed decimals, thousands commas and a true minus sign; None is "not available"."""
    if value is None or not math.isfinite(value):
        return MISSING
    text = f"{value:,.{digits}f}"
    return ("−" + text[1:] if float(text.replace(",", "")) < 0 else text.lstrip("-")) if text[0] == "-" else text


def count(value: float | None) -> str:
    """Offences: whole numbers with thousands commas; one decimal below 10 where it is not whole."""
    if value is None or not math.isfinite(value):
        return MISSING
    return number(value, 1 if abs(value) < 9.95 and abs(value - round(value)) > 1e-9 else 0)


def pvalue(p: float | None) -> str:
    """A p-value to three decimals below 0.1 and two above, never "0.000"; None is "not available"."""
    if p is None or not math.isfinite(p):
        return MISSING
    return p_words(p)


def percent_change(ratio: float) -> str:
    """A rate ratio in words: 0.75 is "25% fewer", 1.08 is "8% more", 3 is "3 times as many"."""
    return rate_change(math.log(ratio) if ratio > 0 else -math.inf)


def percent_interval(interval: Interval) -> str:
    """A rate ratio's interval: "between 30% fewer and 19% fewer"; says so where an end is missing."""
    low, high = (None if v is None else percent_change(v) for v in (interval.low, interval.high))
    return _between(low, high)


def prevented_change(value: float, causal: bool, nouns: str = "offences") -> str:
    """Offences (or whatever ``nouns``) prevented (above 0) or added; "prevented" only where ``causal``."""
    if round(abs(value), 1) == 0:
        return f"no difference in {nouns}"
    size = count(abs(value))
    noun = singular(nouns) if size == "1" and " " not in nouns else nouns
    if value < 0:
        return f"{size} more {noun} than expected"
    return f"{size} {noun} prevented" if causal else f"{size} fewer {noun} than expected"


def prevented_interval(interval: Interval, causal: bool, nouns: str = "offences") -> str:
    """The interval of offences prevented: "between 40 and 180 offences prevented"."""
    if interval.low is not None and interval.high is not None and interval.low * interval.high > 0:
        small, large = sorted((abs(interval.low), abs(interval.high)))
        kinds = (f"more {nouns} than expected", f"{nouns} prevented" if causal else f"fewer {nouns} than expected")
        return f"between {count(small)} and {count(large)} {kinds[interval.low > 0]}"
    low, high = (None if v is None else prevented_change(v, causal, nouns) for v in (interval.low, interval.high))
    return _between(low, high)


def difference(value: float, unit: str = "offences") -> str:
    """A difference of counts in words: -118 is "118 fewer offences"."""
    if round(abs(value), 1) == 0:
        return f"no difference in {unit}"
    return f"{count(abs(value))} {'fewer' if value < 0 else 'more'} {unit}"


def difference_interval(low: float | None, high: float | None, unit: str = "offences") -> str:
    """The interval of a difference of counts, in words."""
    if low is not None and high is not None and low * high > 0:
        small, large = sorted((abs(low), abs(high)))
        return f"between {count(small)} and {count(large)} {'fewer' if low < 0 else 'more'} {unit}"
    return _between(*(None if v is None else difference(v, unit) for v in (low, high)))


def shift(value: float, share: bool) -> str:
    """A difference of means ("0.42 lower") or of shares ("5.2 percentage points lower"), in words."""
    size = abs(value) * (100 if share else 1)
    shown = f"{size:,.1f}" if share else f"{size:,.3g}"
    if float(shown.replace(",", "")) == 0:
        return "no difference"
    return f"{shown}{' percentage points' if share else ''} {'lower' if value < 0 else 'higher'}"


def shift_interval(low: float | None, high: float | None, share: bool) -> str:
    """The interval of a difference of means or shares, in words."""
    return _between(*(None if v is None else shift(v, share) for v in (low, high)))


def ratio_cell(interval: Interval | None) -> str:
    """A rate ratio for a table: "0.82 (0.70 to 0.96)"."""
    return MISSING if interval is None else f"{number(interval.value)} ({span(interval.low, interval.high)})"


def count_cell(interval: Interval | None) -> str:
    """A count with its interval for a table: "112 (40 to 180)"."""
    if interval is None:
        return MISSING
    low, high = count(interval.low), count(interval.high)
    rest = "interval not available" if interval.low is None and interval.high is None else f"{low} to {high}"
    return f"{count(interval.value)} ({rest})"


def span(low: float | None, high: float | None, digits: int = 2) -> str:
    """Two numbers as "0.70 to 0.96"; says so where both are missing."""
    if low is None and high is None:
        return "interval not available"
    return f"{number(low, digits)} to {number(high, digits)}"


def percent(share: float) -> str:
    """A registered share as a percentage, not rounded away: 0.10 is "10%", 0.025 is "2.5%"."""
    return f"{100 * share:.4g}%"


def level(value: float) -> str:
    """The level of an interval: 0.95 is "95%"."""
    return f"{100 * value:g}%"


def month(text: str) -> str:
    """ "2021-04" is "April 2021", "2021-06-07" is "7 June 2021"; anything else is returned as it is."""
    year, _, rest = text.partition("-")
    if len(text) == 10 and text[8:].isdigit():
        return f"{int(text[8:])} {month(text[:7])}"
    if year.isdigit() and rest.isdigit() and 1 <= int(rest) <= 12:
        return f"{MONTHS[int(rest) - 1]} {year}"
    return text


def plural(n: int, one: str, many: str = "") -> str:
    """ "1 area", "20 areas"."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def listing(items: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"; "none" where there are none."""
    if not items:
        return "none"
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def plain(name: str) -> str:
    """A protocol's name or slug as words: "stop_search" is "stop search"."""
    return name.replace("_", " ").replace("-", " ")


def sentence(text: str) -> str:
    """The text with a capital first letter and a full stop."""
    text = text.strip()
    if not text:
        return text
    text = text[0].upper() + text[1:]
    return text if text[-1] in ".!?" else text + "."


def _between(low: str | None, high: str | None) -> str:
    if low is None and high is None:
        return "interval not available"
    if low is None:
        return f"no lower limit, up to {high}"
    if high is None:
        return f"from {low}, no upper limit"
    return f"about {low}" if low == high else f"between {low} and {high}"
