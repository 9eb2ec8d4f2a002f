"""What a study of disproportionality was asked: columns, stages, groups, reference, benchmarks, periods, profile."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from vru.disclosure.profiles import PROFILES
from vru.equity.groups import DETAILED, FIVE, groups_at, own_groups
from vru.errors import Problem

Detail = Literal["5+1", "18+1"]
POLICE_COLUMNS: Mapping[str, str] = {
    "when": "Date", "ethnicity": "Self-defined ethnicity", "officer": "Officer-defined ethnicity", "type": "Type",
    "object": "Object of search", "outcome": "Outcome", "legislation": "Legislation",
}  # fmt: skip
WHAT = ("when", "ethnicity", "officer", "object", "outcome", "type", "legislation", "dates", "separator", "sheet")
"""What ``--column`` can name."""
PEOPLE = ("group", "count", "area", "separator", "sheet")
"""What ``--people`` can name."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A step that follows: rows whose ``column`` holds one of ``values`` (or, with ``but``, anything recorded but these).

    of : the stage before it, "" for every row.
    """

    name: str
    column: str
    values: tuple[str, ...]
    of: str = ""
    but: bool = False


POLICE_STAGES = (
    Stage(
        "outcome", "Outcome", ("A no further action disposal", "Nothing found - no further action", "False"), but=True
    ),
    Stage("arrest", "Outcome", ("Arrest",)),
    Stage("linked_outcome", "Outcome linked to object of search", ("True",), of="outcome"),
    Stage("more_than_outer_clothing", "Removal of more than just outer clothing", ("True",)),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A study. columns : what -> column name. people : the same of the tables of population and benchmarks.

    areas, areas_code, areas_where : a look-up of areas, the column of its codes, and (column, value) of those wanted.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    stages: tuple[Stage, ...] = ()
    first: str = "search"
    detail: Detail = "5+1"
    groups: Mapping[str, str] = field(default_factory=dict)
    reference: str | None = None
    by: Literal["month", "quarter", "year"] = "quarter"
    population: Path | None = None
    people: Mapping[str, str] = field(default_factory=dict)
    area: tuple[str, ...] = ()
    areas: Path | None = None
    areas_code: str | None = None
    areas_where: tuple[str, str] | None = None
    benchmarks: Mapping[str, Path] = field(default_factory=dict)
    force: str | None = None
    blank_is_no: bool = False
    profile: str = "police_local"
    level: float = 0.95
    interval: Literal["exact", "log"] = "exact"

    @property
    def against(self) -> str:
        """The reference group."""
        return self.reference or ("White" if self.detail == "5+1" else "White British")


_STAGE = re.compile(r"(?P<name>[a-z][a-z0-9_]{0,30})(@(?P<of>[a-z][a-z0-9_]{0,30}))?=(?P<column>[^:]+):(?P<values>.+)")


def read_stage(text: str) -> Stage | None:
    """A stage as typed: ``arrest=Outcome:Arrest``, ``charge@arrest=Disposal:Charged|Summonsed``; None: of no such form."""
    found = _STAGE.fullmatch(text.strip())
    if found is None:
        return None
    values = tuple(v.strip() for v in found["values"].split("|") if v.strip())
    return Stage(found["name"], found["column"].strip(), values, found["of"] or "") if values else None


def asked_problems(asked: Asked) -> list[Problem]:
    """Options that make no sense, before any data are read."""
    found = []
    if odd := sorted(set(asked.columns) - set(WHAT)):
        found.append(Problem(f"names {', '.join(odd)}", "--column", ", ".join(WHAT)))
    if odd := sorted(set(asked.people) - set(PEOPLE)):
        found.append(Problem(f"names {', '.join(odd)}", "--people", ", ".join(PEOPLE)))
    if asked.against not in groups_at(asked.detail):
        what = f"{asked.against!r} is no group at {asked.detail}"
        found.append(Problem(what, "--reference", ", ".join(groups_at(asked.detail))))
    if strange := own_groups(asked.groups)[1]:
        found.append(
            Problem(f"no group is called {', '.join(map(repr, strange))}", "--group", ", ".join((*FIVE, *DETAILED)))
        )
    if asked.profile not in PROFILES or asked.profile == "nhs_hes_ecds":
        allowed = ", ".join(p for p in PROFILES if p != "nhs_hes_ecds")
        found.append(Problem(f"{asked.profile!r} is no profile of this command", "--profile", allowed))
    if not 0.5 <= asked.level <= 0.999:
        found.append(Problem("is no level of an interval", "--level", "0.5 to 0.999"))
    return [*found, *_stage_problems(asked), *_people_problems(asked)]


def _stage_problems(asked: Asked) -> list[Problem]:
    names, found = [""], []
    for s in asked.stages:
        if s.name in names or s.name == asked.first:
            found.append(Problem(f"the stage {s.name!r} is given twice", "--stage"))
        if s.of not in names:
            what = f"{s.name!r} follows {s.of!r}, which is not given before it"
            found.append(Problem(what, "--stage", ", ".join(n for n in names if n) or "no @ in the first stage"))
        names.append(s.name)
    return found


def _people_problems(asked: Asked) -> list[Problem]:
    found = []
    tables = {
        "--population": asked.population,
        "--areas": asked.areas,
        **{f"--benchmark {k}": p for k, p in asked.benchmarks.items()},
    }
    for option, path in tables.items():
        if path is not None and not path.is_file():
            found.append(Problem("is not there", str(path), "a table as CSV, Excel or Parquet", f"{option} names it"))
    if (asked.population or asked.benchmarks) and not {"group", "count"} <= set(asked.people):
        hint = "--people group=ethnic_group --people count=value --people area=ltla21_code"
        found.append(
            Problem("say which column holds the group and which the number", "--people", "group, count, area", hint)
        )
    if (asked.areas or asked.area) and "area" not in asked.people:
        found.append(Problem("say which column of the population is the area", "--people area=COLUMN"))
    if asked.areas and not (asked.areas_code and asked.areas_where):
        hint = "--areas lookup.csv --areas-code ltla24_code --areas-where pfa24_name=Northumbria"
        found.append(Problem("say which column is the code and which areas are meant", "--areas", hint=hint))
    if asked.areas and asked.area:
        found.append(Problem("say the areas by name or by a look-up, not both", "--area, --areas"))
    if "population" in asked.benchmarks or "residents" in asked.benchmarks:
        found.append(Problem("is the population's own name", "--benchmark", "another name"))
    return found
