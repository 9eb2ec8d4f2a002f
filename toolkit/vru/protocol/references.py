"""What one part of a protocol says of another: ids that must exist, months that must fit.

Works on the file as read, so that these problems are reported together with malformed fields.
"""

import re
from collections.abc import Iterator
from typing import Any

from vru.errors import Problem
from vru.periods import KINDS, Calendar
from vru.protocol.units import AREAS
from vru.protocol.yaml_file import YamlFile

PLACEHOLDERS = {"id": ("my-evaluation",), "organisation": ("my-vru",), "title": ("PLACE", "MONTH YEAR")}
_MONTH = re.compile(r"^\d{4}-(0[1-9]|1[0-2])$")
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")


def reference_problems(file: YamlFile) -> Iterator[Problem]:
    """Every dangling id, repeated id, and month that contradicts another."""
    raw = file.content
    outcomes, data, analyses = (_ids(raw, key) for key in ("outcomes", "data", "analyses"))
    for key in ("outcomes", "data", "analyses"):
        yield from _repeats(file, key)
    for i, outcome in enumerate(_items(raw, "outcomes")):
        if "column" not in outcome:
            yield from _known(file, ("outcomes", i, "data"), outcome.get("data", "crimes"), data, "data")
    for section, part in (("cohort", ""), ("days", "events"), ("days", "schedule")):
        place = (section, part, "data") if part else (section, "data")
        holder = _part(_part(raw, section), part) if part else _part(raw, section)
        yield from _known(file, place, holder.get("data"), data, "data")
    yield from _links(file, data)
    for i, analysis in enumerate(_items(raw, "analyses")):
        yield from _known(file, ("analyses", i, "outcome"), analysis.get("outcome"), outcomes, "outcomes")
    for i, check in enumerate(_items(raw, "checks")):
        named = check.get("analyses")
        for j, name in enumerate(named if isinstance(named, list) else []):
            yield from _known(file, ("checks", i, "analyses", j), name, analyses, "analyses")
    selection = _part(_part(raw, "units"), "selection")
    if selection:
        yield from _known(file, ("units", "selection", "outcome"), selection.get("outcome"), outcomes, "outcomes")
    yield from _unwritten(file)
    yield from _primaries(file)
    yield from _forms(file)
    yield from _months(file)


def _links(file: YamlFile, data: list[str]) -> Iterator[Problem]:
    """Extracts that people are linked with."""
    follow_up = _part(_part(file.content, "cohort"), "follow_up")
    for name in _part(follow_up, "linked"):
        yield from _known(file, ("cohort", "follow_up", "linked", name), name, data, "data")
    for name, scale in _part(_part(file.content, "cohort"), "scales").items():
        given = scale.get("definition") if isinstance(scale, dict) else None
        yield from _known(file, ("cohort", "scales", name, "definition"), given, data, "data")
    custody = _part(follow_up, "custody")
    yield from _known(file, ("cohort", "follow_up", "custody", "data"), custody.get("data"), data, "data")


def _unwritten(file: YamlFile) -> Iterator[Problem]:
    """The template's own words, still where the evaluation's should stand."""
    for key, words in PLACEHOLDERS.items():
        value = file.content.get(key)
        if isinstance(value, str) and any(w in value for w in words):
            yield Problem(f"{value!r} is still the template's own text", file.where((key,)), hint="write your own")


def _primaries(file: YamlFile) -> Iterator[Problem]:
    analyses = _items(file.content, "analyses")
    primary = [a for a in analyses if a.get("role") == "primary"]
    if analyses and len(primary) != 1:
        yield Problem(
            f"{len(primary)} analyses have role: primary",
            file.where(("analyses",)),
            allowed="exactly one primary analysis",
            hint="decide before seeing data which one answers the question",
        )
    outcomes = _items(file.content, "outcomes")
    if outcomes and not any(o.get("primary") is True for o in outcomes):
        yield Problem("no outcome is marked primary: true", file.where(("outcomes",)))


def _months(file: YamlFile) -> Iterator[Problem]:
    raw = file.content
    if _part(raw, "units").get("kind") not in AREAS:
        yield from _days(file)
        return
    form, what = (_DAY, "day") if _by_days(file) else (_MONTH, "month")
    first, last = (_moment(_part(raw, "window").get(k), form) for k in ("first", "last"))
    intervention = _part(raw, "intervention")
    start, end = (_moment(intervention.get(k), form) for k in ("start", "end"))
    if first and last and start and not first < start <= last:
        yield Problem(
            f"{start} is not inside the window {first} to {last}, or leaves no {what} before it",
            file.where(("intervention", "start")),
            hint="widen window.first and window.last, or mend the start",
        )
    if start and end and end < start:
        yield Problem(f"end {end} is before start {start}", file.where(("intervention", "end")))
    selection = _part(_part(raw, "units"), "selection")
    chosen, until = (_moment(selection.get(k), form) for k in ("first", "last"))
    if chosen and until and until < chosen:
        yield Problem(f"last {until} is before first {chosen}", file.where(("units", "selection", "last")))


def _forms(file: YamlFile) -> Iterator[Problem]:
    """A start or end in days where the plan counts months, or the other way round."""
    days = _by_days(file)
    for key in ("start", "end"):
        value = _part(file.content, "intervention").get(key)
        if not isinstance(value, str) or bool(_DAY.match(value)) == days:
            continue
        if days and _MONTH.match(value):
            yield Problem(f"{value} is a month", file.where(("intervention", key)), hint="write days as YYYY-MM-DD")
        elif _DAY.match(value):
            hint = "write months as YYYY-MM, for example 2021-04"
            yield Problem(f"{value} is a full date", file.where(("intervention", key)), hint=hint)


def _days(file: YamlFile) -> Iterator[Problem]:
    raw = file.content
    first, last = (_part(raw, "window").get(k) for k in ("first", "last"))
    intervention = _part(raw, "intervention")
    start, end = intervention.get("start"), intervention.get("end")
    if all(isinstance(v, str) for v in (first, last, start)) and not str(first) <= str(start) <= str(last):
        hint = "widen window.first and window.last, or mend the start"
        yield Problem(f"{start} is not inside {first} to {last}", file.where(("intervention", "start")), hint=hint)
    if isinstance(start, str) and isinstance(end, str) and end < start:
        yield Problem(f"end {end} is before start {start}", file.where(("intervention", "end")))


def _known(file: YamlFile, place: tuple[str | int, ...], value: Any, known: list[str], key: str) -> Iterator[Problem]:
    if isinstance(value, str) and known and value not in known:
        yield Problem(f"{value!r} is not the id of any entry of {key}", file.where(place), allowed=", ".join(known))


def _repeats(file: YamlFile, key: str) -> Iterator[Problem]:
    ids = _ids(file.content, key)
    for name in sorted({n for n in ids if ids.count(n) > 1}):
        yield Problem(f"the id {name!r} is used more than once", file.where((key,)))


def _items(raw: dict[str, Any], key: str) -> list[dict[str, Any]]:
    value = raw.get(key)
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _ids(raw: dict[str, Any], key: str) -> list[str]:
    return [str(v["id"]) for v in _items(raw, key) if "id" in v]


def _part(raw: dict[str, Any], key: str) -> dict[str, Any]:
    value = raw.get(key)
    return value if isinstance(value, dict) else {}


def _by_days(file: YamlFile) -> bool:
    period = _part(file.content, "window").get("period", "month")
    return period in KINDS and Calendar(period).by_days


def _moment(value: Any, form: re.Pattern[str]) -> str | None:
    return value if isinstance(value, str) and form.match(value) else None
