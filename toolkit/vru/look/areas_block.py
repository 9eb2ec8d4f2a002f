"""The plan that a look proposes for a table of areas over months: an extract of offences, or a table already tallied."""

import re
from collections.abc import Sequence

import pandas as pd

from vru.events import Table
from vru.look.column import Column
from vru.look.proposal import Place, options_line, placed, quoted
from vru.sources.extract import ExtractOptions

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])(-01)?")
_PAIRS = ((r"e(ast(ing)?s?)?|x|osgb_?x", r"n(orth(ing)?s?)?|y|osgb_?y"), (r"lon(g|gitude)?", r"lat(itude)?"))
_REFERENCE = re.compile(r"\b(ref|reference|id|urn|number)\b")
_MANY_MONTHS, _FEW_AREAS = 6, 4
_EDGE = 4


def areas_plan(place: Place, table: Table, columns: Sequence[Column], options: ExtractOptions) -> str:
    """YAML for ``data`` and ``units``; "" where the table is neither of offences with a place nor of counts by month."""
    months = [c.name for c in columns if _MONTH.fullmatch(c.name)]
    weeks = [c.name for c in columns if re.fullmatch(r"\d{4}-\d{2}-\d{2}", c.name)]
    for named in (months, weeks if _weekly(pd.Series(weeks)) else []):
        if len(named) >= _MANY_MONTHS:
            return _wide(place, table, columns, options, named)
    month = next((c.name for c in columns if c.kind == "month"), None)
    if month is not None:
        return _tallied(place, table, columns, options, month)
    when = next((c for c in columns if c.kind == "date"), None)
    if when is not None and when.days is not None and _weekly(when.days) and when.days.duplicated().any():
        return _tallied(place, table, columns, options, when.name)
    pair = _pair(columns)
    if when is None or (pair is None and not _has_times(when)):
        return ""
    # A list of people has no time of day: what has one is an event.
    where: tuple[str, ...] | None = pair or _in_areas(table, columns, when)
    return _offences(place, columns, options, when, where) if where is not None else ""


def _has_times(when: Column) -> bool:
    return when.days is not None and bool((when.days != when.days.dt.normalize()).any())


def _in_areas(table: Table, columns: Sequence[Column], when: Column) -> tuple[str, ...] | None:
    """The column of areas, as a plan names it; None where none repeats."""
    area = _place(table, [c for c in columns if c.kind in ("name", "category", "words")], [when.name])
    return None if area is None or table.frame[area].nunique() < _FEW_AREAS else ("area", area)


def _head(place: Place, source: str, columns: Sequence[Column], options: ExtractOptions) -> list[str]:
    declared = re.findall(
        r"(\w+): (\[[^\]]*\]|\"[^\"]*\"|[^,{}]+)", options_line(options, columns).removeprefix(", options: ")
    )
    lines = ["data:", "  - id: offences", f"    source: {source}", *(f"    {p}" for p in placed(place)), "    options:"]
    lines += [f"      {name}: {value.strip()}" for name, value in declared]
    hidden = list(dict.fromkeys(m for c in columns for m in c.suppressed))
    if hidden:
        lines.append(
            f"      suppressed: {{{', '.join(f'{m!r}: [LOWEST, HIGHEST]' for m in hidden)}}}  # as its publisher says"
        )
        lines.append("      hidden: middle  # or low, high; the check suppressed_cells says how much it matters")
    return lines


def _pair(columns: Sequence[Column]) -> tuple[str, str, str, str] | None:
    """The two columns of coordinates with the names that a plan gives them."""
    for (first, second), names in zip(_PAIRS, (("easting", "northing"), ("longitude", "latitude")), strict=True):
        x = next((c.name for c in columns if re.fullmatch(first, c.name.strip().lower())), None)
        y = next((c.name for c in columns if re.fullmatch(second, c.name.strip().lower())), None)
        if x and y:
            return names[0], x, names[1], y
    return None


def _offences(
    place: Place,
    columns: Sequence[Column],
    options: ExtractOptions,
    when: Column,
    where: tuple[str, ...],
) -> str:
    lines = _head(place, "events", columns, options)
    later = [c.name for c in columns if c.kind == "date" and c.name != when.name]
    lines.append(f"      when: {quoted(when.name)}")
    lines += (
        [f"      until: {quoted(later[0])}  # if it is the end of a range; at: start, middle or end"] if later else []
    )
    lines += [f"      {name}: {quoted(c)}" for name, c in zip(where[::2], where[1::2], strict=True)]
    kind = next((c.name for c in columns if c.kind == "category" and c.name not in where), None)
    lines += [f"      kind: {quoted(kind)}  # what outcomes filter as crime_type"] if kind else []
    own = next(
        (c.name for c in columns if c.kind == "id" or re.search(r"\b(ref|reference|id|urn|number)\b", c.name.lower())),
        None,
    )
    lines += [f"      id: {quoted(own)}  # rows with the same id and kind count once"] if own else []
    flags = [c.name for c in columns if c.kind == "yes_no"]
    lines += [f"      keep: [{', '.join(map(quoted, flags))}]  # further columns that outcomes filter"] if flags else []
    days = when.days
    if days is not None and len(days):
        first, last = (
            _moment(days.min(), days.min().day),
            _moment(days.max(), days.max().days_in_month + 1 - days.max().day),
        )
        lines.append(
            f"      covers: {{first: {first}, last: {last}}}  # what the file was made for, months or days; missing: [..] within"
        )
    lines += ["window: {first: YYYY-MM-DD, last: YYYY-MM-DD, period: week, counted_from: start}  # or month, YYYY-MM"]
    if len(where) == 2:
        return "\n".join([*lines, "units:", "  kind: area  # or lsoa21, lsoa11 where these are its codes"])
    lines += ["units:", "  kind: polygon", "  boundaries: MAP.geojson  # vru look MAP.geojson names its areas"]
    return "\n".join([*lines, "  # or kind: area or lsoa21, with area: COLUMN in place of coordinates"])


def _moment(day: pd.Timestamp, into: int) -> str:
    """The month where a file begins or ends within days of the month's own edge, else the day: the rest may not be covered."""
    return f"{day:%Y-%m}" if into <= _EDGE else f"{day:%Y-%m-%d}"


def _place(table: Table, columns: Sequence[Column], beside: Sequence[str]) -> str | None:
    """The column of areas: of words or codes, repeating in a table by month, each once in one with a column per month."""
    named = [c for c in columns if c.kind in ("name", "category", "id", "words") and c.name not in beside]
    return max(named, key=lambda c: table.frame[c.name].nunique()).name if named else None


def _tallied(place: Place, table: Table, columns: Sequence[Column], options: ExtractOptions, month: str) -> str:
    area = _place(table, columns, [month])
    counts = [c.name for c in columns if c.kind == "number" or c.suppressed]
    if area is None or not counts:
        return ""
    lines = [*_head(place, "counts", columns, options), f"      area: {quoted(area)}", f"      period: {quoted(month)}"]
    named = ", ".join(
        f"{re.sub(r'[^a-z0-9]+', '_', c.lower()).strip('_') or 'count'}: {quoted(c)}" for c in counts if c != area
    )
    lines.append(f"      counts: {{{named}}}  # what outcomes filter as crime_type; leave out rates and residents")
    return "\n".join([*lines, *_units(), *_weeks(next(c.days for c in columns if c.name == month))])


def _weekly(days: pd.Series) -> bool:
    """Whether days lie whole weeks apart: the first days of weeks, rather than days on which something happened."""
    found = pd.to_datetime(days.dropna(), errors="coerce").dropna().drop_duplicates()
    return len(found) >= _MANY_MONTHS and found.dt.normalize().dt.day_of_week.nunique() == 1


def _weeks(days: pd.Series | None) -> list[str]:
    """The window of a plan by week, for a table by week."""
    if days is None or not _weekly(days):
        return []
    first, last = days.min(), days.max() + pd.Timedelta(days=6)
    whole = f"first: {first:%Y-%m-%d}, last: {last:%Y-%m-%d}, period: week, counted_from: {first.day_name().lower()}"
    return [f"window: {{{whole}}}  # the intervention starts with a week"]


def _wide(place: Place, table: Table, columns: Sequence[Column], options: ExtractOptions, months: Sequence[str]) -> str:
    area = _place(table, columns, months)
    if area is None:
        return ""
    lines = [*_head(place, "counts", columns, options), f"      area: {quoted(area)}", "      months_in: columns"]
    return "\n".join([*lines, *_units(), *_weeks(pd.to_datetime(pd.Series(list(months)), errors="coerce"))])


def _units() -> list[str]:
    return ["      # total_rows: [Total]  # rows that are sums of others", "units:", "  kind: area"]
