"""One evaluation folder, loaded and licensed; then its data read and its panel built."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vru.binding import BoundSource, Plan, resolve
from vru.cohort import Cohort
from vru.disclosure import house_problems
from vru.errors import DataError, Problem, ProtocolError, Question
from vru.evaluation import Inputs
from vru.events import Events, Table
from vru.graph import Identification, identify, license_adjustment
from vru.panel import Panel
from vru.process.practice.made import truth_beside
from vru.protocol import Protocol, Registration, load, registration
from vru.protocol.fields import Moment
from vru.protocol.reading import nearest, plain_reason
from vru.protocol.references import reference_problems
from vru.protocol.tabled import CountColumns, EventColumns
from vru.protocol.yaml_file import YamlFile
from vru.run.data_lock import data_changes
from vru.run.lots_file import lots_changes
from vru.sources.source import Asked, Progress, Request
from vru.version import __version__
from vru.words.terms import terms_of

if TYPE_CHECKING:
    from vru.intake import Made

PACKAGES = (
    "numpy",
    "scipy",
    "pandas",
    "scikit-learn",
    "statsmodels",
    "pyfixest",
    "dowhy",
    "duckdb",
    "lifelines",
    "matplotlib",
)


class Settings(BaseModel):
    """What ``--set`` may change for one run. A run with any of these set is an exploration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: Annotated[int, Field(ge=0)] | None = None
    first: Moment | None = None
    last: Moment | None = None
    start: Moment | None = None
    level: Annotated[float, Field(ge=0.5, le=0.999)] | None = None

    def chosen(self) -> dict[str, Any]:
        """Only what was set, as JSON-safe values."""
        return self.model_dump(exclude_none=True)


@dataclass(frozen=True, slots=True)
class Study:
    """An evaluation folder whose plan is sound: names bound, adjustment set licensed."""

    folder: Path
    data: Path | None
    plan: Plan
    registration: Registration


@dataclass(frozen=True, slots=True)
class Built:
    """A study's panel or cohort, and everything else that ``evaluate`` needs.

    account, questions : as intake made them, for ``vru check`` and for what stands in the way of a run.
    """

    data: Panel | Cohort
    inputs: Inputs
    account: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()


def parse_settings(pairs: Mapping[str, object]) -> Settings:
    """Validate ``--set`` values before any kernel starts. Raises ProtocolError listing every problem."""
    known = sorted(Settings.model_fields)
    try:
        return Settings.model_validate(dict(pairs))
    except ValidationError as error:
        problems = []
        for e in error.errors():
            key = str(e["loc"][0])
            if e["type"] == "extra_forbidden":
                problems.append(Problem(f"{key!r} cannot be set", "--set", ", ".join(known), nearest(key, known)))
            else:
                reason = e.get("ctx", {}).get("error") or plain_reason(e["type"], e["msg"])
                problems.append(Problem(f"{e['input']!r}: {reason}", f"--set {key}"))
        raise ProtocolError(*problems) from None


def load_study(folder: Path, settings: Settings | None = None, data: Path | None = None) -> Study:
    """Load, apply settings, license the graph, bind names. Raises ProtocolError before any data are read."""
    protocol = load(folder)
    if settings is not None and settings.chosen():
        protocol = _with_settings(protocol, settings)
    license_adjustment(protocol.graph)
    if asked := house_problems(folder, protocol):
        raise ProtocolError(*asked)
    return Study(folder, data, resolve(protocol), registration(folder, protocol))


def build(study: Study, progress: Progress) -> Built:
    """Read every source, build the panel or cohort, identify the estimand. Raises DataError, ProtocolError."""
    protocol = study.plan.protocol
    made = _made(study, read_sources(study, progress))
    digests = dict(made.data.provenance)
    inputs = Inputs(
        registration=study.registration,
        identification=identified(protocol),
        data_log=made.log,
        data=digests,
        versions=versions(),
        truth=made.truth,
        data_changes=(*data_changes(study.folder, digests), *lots_changes(study.folder, protocol, made.data)),
    )
    return Built(made.data, inputs, made.account, made.questions)


def identified(protocol: Protocol) -> Identification:
    """What the graph licenses, in the plan's terms."""
    found = identify(protocol.graph)
    return replace(found, words=terms_of(protocol).calendar.say(found.words))


def _made(study: Study, read: Mapping[str, Events | Table]) -> "Made":
    from vru.geography import build_panel
    from vru.intake import Made, add_delivered, build_cohort, build_days, describe

    protocol = study.plan.protocol
    if protocol.units.shape == "areas":
        events = {name: e for name, e in read.items() if isinstance(e, Events)}
        built = build_panel(_with_files(study), events, study.folder)
        panel, log = _with_spans(study, events, built.panel), built.log
        described = protocol.units.described_by
        if described is not None:
            table = read[described.data]
            assert isinstance(table, Table)  # the plan was checked for it
            panel, notes = describe(panel, described, table)
            panel = replace(panel, provenance={**panel.provenance, described.data: table.sha256})
            log = (*log, *notes)
        if (done := protocol.units.delivered) is not None:
            table = read[done.data]
            assert isinstance(table, Table)  # the plan was checked for it
            panel, notes = add_delivered(panel, done, table)
            log = (*log, *notes)
        return Made(panel, log, built.truth, questions=built.questions)
    tables = {name: t for name, t in read.items() if isinstance(t, Table)}
    return (build_days if protocol.units.shape == "days" else build_cohort)(protocol, tables)


def _with_spans(study: Study, events: Mapping[str, Events], panel: Panel) -> Panel:
    """The panel with the least and most that suppressed counts may have been."""
    from vru.geography import build_panel

    if not any(e.bounds for e in events.values()):
        return panel
    ends = []
    for i in (0, 1):
        moved = {name: replace(e, path=e.bounds[i]) if e.bounds else e for name, e in events.items()}
        ends.append(build_panel(_with_files(study), moved, study.folder).panel.counts)
    open_ = {o for o in panel.counts if not np.array_equal(ends[0][o], ends[1][o], equal_nan=True)}
    return replace(panel, spans={o: (ends[0][o], ends[1][o]) for o in panel.counts if o in open_})


def _with_files(study: Study) -> Protocol:
    # A map or a look-up may lie elsewhere than beside the plan, as when somebody else verifies a record.
    protocol = study.plan.protocol
    named = {"boundaries": protocol.units.boundaries, "lookup": protocol.units.lookup}
    found = {k: str(find_data(study, path).resolve()) for k, path in named.items() if path is not None}
    return protocol.model_copy(update={"units": protocol.units.model_copy(update=found)})


def read_sources(study: Study, progress: Progress) -> dict[str, Events | Table]:
    """Every source of the plan, from the cache where it was read before. Raises DataError."""
    return {bound.plan.id: _read(study, bound, progress) for bound in study.plan.sources}


def workspace_of(folder: Path) -> Path:
    """The workspace an evaluation lies in: two folders up from ``evaluations/NAME``, else its own folder."""
    resolved = folder.resolve()
    return resolved.parent.parent if resolved.parent.name == "evaluations" else resolved


def versions() -> dict[str, str]:
    """Versions of the toolkit, Python and every library that computes a number."""
    import platform

    found = {"vru-toolkit": __version__, "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def find_data(study: Study, path: str) -> Path:
    """Where a data path of the plan is. Raises DataError naming every place looked in."""
    given = Path(path)
    if given.is_absolute():
        places = [given]
    else:
        roots = [study.folder, workspace_of(study.folder), Path.cwd()]
        under = [study.data / path, study.data / given.name] if study.data else []
        under += [study.data] if study.data and study.data.name == given.name else []
        under += sorted(study.data.rglob(given.name))[:1] if study.data else []
        places = under or [root / path for root in roots]
    for place in places:
        if place.exists():
            return place
    looked = ", ".join(dict.fromkeys(str(p) for p in places))
    raise DataError(
        Problem(
            f"{path} is not there (looked for {looked})",
            where="data",
            hint="mend the path in protocol.yaml, or say where the data are with --data DIR",
        )
    )


def _read(study: Study, bound: BoundSource, progress: Progress) -> Events | Table:
    cache = workspace_of(study.folder) / ".vru" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    path = find_data(study, bound.plan.path) if bound.plan.path else None
    d = bound.plan
    asked = Asked(d.connection, d.table, d.query, workspace_of(study.folder)) if d.connection else None
    request = Request(path, cache, study.plan.protocol.seed, progress, asked)
    read = bound.source.read(request, bound.options)
    found = _of_areas(study, read, bound.options, cache) if isinstance(read, Table) else read
    truth = truth_beside(path) if path is not None else {}
    return replace(found, truth={**found.truth, **truth}) if truth else found


def _of_areas(study: Study, table: Table, options: object, cache: Path) -> Events | Table:
    """The events in a table whose plan says which column is when and where; any other table as it is."""
    from vru.intake import read_offences, read_tallies

    units, calendar = study.plan.protocol.units, study.plan.protocol.calendar
    named = [*units.treated, *units.comparison, *units.buffers.treated, *units.buffers.comparison]
    if isinstance(options, EventColumns):
        return read_offences(table, options, cache, named, calendar)
    return read_tallies(table, options, cache, named, calendar) if isinstance(options, CountColumns) else table


def _with_settings(protocol: Protocol, settings: Settings) -> Protocol:
    content = protocol.model_dump(mode="json")
    chosen = settings.chosen()
    if "seed" in chosen:
        content["seed"] = chosen["seed"]
    content["window"] |= {k: chosen[k] for k in ("first", "last") if k in chosen}
    if "start" in chosen:
        content["intervention"]["start"] = chosen["start"]
    if "level" in chosen:
        for analysis in content["analyses"]:
            analysis["options"]["level"] = chosen["level"]
    file = YamlFile("--set", content, {})
    problems = list(reference_problems(file))
    if problems:
        raise ProtocolError(*problems)
    try:
        return Protocol.model_validate(content)
    except ValidationError as error:
        raise ProtocolError(*(Problem(e["msg"], "--set") for e in error.errors())) from None
