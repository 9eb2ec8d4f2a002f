"""Published evaluations as learning records: read from YAML, held to their sources, published once.

Each file says in our own words what a publication reports and where that was read. A number that no
cited statement holds is refused, in whichever field it stands.
"""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from vru.errors import LibraryError, Problem, VruError
from vru.library.derivation import LEVEL, compute
from vru.library.index import open_library
from vru.library.reading import latest, scan
from vru.library.store import Published, publish
from vru.library.versions import succeed
from vru.parts import Citation, Derivation, Line, Literature, OutsideRating, Part, Reported, Slug
from vru.protocol.yaml_file import read_yaml
from vru.record import LITERATURE_NOTICE, LearningRecord
from vru.resources import prior_evidence_dir

ORGANISATION = "published-literature"
STEWARD = "Library steward"
LICENCE = "MIT"
_NUMBER = re.compile(r"(?:\d[\d,]*)?\.\d+|\d[\d,]*")
_UNKNOWN = {"n_treated": None, "n_comparison": None, "first": "not reported", "last": "not reported"}


class Derive(Part):
    """An effect to compute: the derivation, of which outcome, and from how much."""

    outcome: Line
    derivation: Derivation
    n_treated: int
    n_comparison: int
    n_pre: int
    n_post: int


class Entry(Part):
    """One file. ``derive`` names formulas for effects; the rest goes into the record as it is."""

    id: Slug
    title: Line
    summary: str
    form: Line
    intervention: dict[str, Any]
    setting: dict[str, Any]
    design: list[Line]
    outcomes: list[dict[str, Any]]
    citations: list[Citation]
    reported: list[Reported]
    outside_ratings: list[OutsideRating] = Field(default_factory=list)
    derive: list[Derive] = Field(default_factory=list)
    not_poolable: str = ""
    learning: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seeded:
    """What seeding did: every record as published or already there, and those taken down and not put back."""

    published: tuple[Published, ...]
    left_out: tuple[str, ...]


def seed(library: Path, now: datetime, by: str = STEWARD, folder: Path | None = None) -> Seeded:
    """Publish the prior evidence into a library, each record once; a changed file becomes the next version.

    What was taken down stays down. Raises LibraryError or ProtocolError before anything is written where
    a file does not hold.
    """
    open_library(library)
    records = read_prior_evidence(folder or prior_evidence_dir())
    seen = scan(library)
    former = {s.record.id: s.record for s in latest(seen.records) if s.record.organisation == ORGANISATION}
    removed = {e.record for e in seen.taken_down if e.organisation == ORGANISATION}
    done = []
    for record in records:
        if record.id in removed:
            continue
        following = succeed(former[record.id], record) if record.id in former else record
        done.append(publish(library, following, {}, by, now))
    return Seeded(tuple(done), tuple(r.id for r in records if r.id in removed))


def read_prior_evidence(folder: Path) -> tuple[LearningRecord, ...]:
    """Every file of the folder as a record, by id. Raises LibraryError with the problems of all files at once."""
    records: list[LearningRecord] = []
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            records.append(read_entry(path))
        except VruError as error:
            problems += error.problems
    if not records and not problems:
        problems.append(Problem("holds no prior evidence", where=str(folder)))
    if problems:
        raise LibraryError(*problems)
    return tuple(records)


def read_entry(path: Path) -> LearningRecord:
    """One file as a record. Raises LibraryError naming each field that is wrong and each number without a source."""
    if path.is_symlink():
        raise LibraryError(Problem("is a link; links are not followed", where=path.name))
    file = read_yaml(path)
    try:
        entry = Entry.model_validate(file.content)
        record = _record(entry)
    except ValidationError as error:
        raise LibraryError(
            *(
                Problem(str(e["msg"])[:300], where=file.where(tuple(p for p in e["loc"] if isinstance(p, str | int))))
                for e in error.errors()[:20]
            )
        ) from None
    problems = [Problem(told, where=path.name) for told in _unsourced(entry)]
    if entry.id != path.stem:
        problems.append(Problem(f"its id is {entry.id}, not the file's name", where=path.name))
    if problems:
        raise LibraryError(*problems)
    return record


def _record(entry: Entry) -> LearningRecord:
    literature = Literature.model_validate(
        {
            "form": entry.form,
            "citations": entry.citations,
            "reported": entry.reported,
            "derivations": [d.derivation for d in entry.derive],
            "outside_ratings": entry.outside_ratings,
            "not_poolable": entry.not_poolable,
        }
    )
    content: dict[str, Any] = {
        "kind": "literature",
        "id": entry.id,
        "version": "1.0",
        "organisation": ORGANISATION,
        "title": entry.title,
        "disclaimer": LITERATURE_NOTICE,
        "summary": entry.summary.strip(),
        "audience": "public",
        "licence": LICENCE,
        "template": "none",
        "intervention": {"items": {}, "start": "not reported", **entry.intervention},
        "setting": {**_UNKNOWN, **entry.setting},
        "design": entry.design,
        "outcomes": entry.outcomes,
        "effects": [_effect(d, primary=i == 0) for i, d in enumerate(entry.derive)],
        "ratings": [],
        "findings": [],
        "learning": entry.learning,
        "preregistered": "not_known",
        "protocol_digest": None,
        "data_digests": {},
        "toolkit_version": None,
        "protocol": None,
        "result": None,
        "literature": literature,
    }
    return LearningRecord.model_validate(content)


def _effect(derive: Derive, primary: bool) -> dict[str, Any]:
    return {
        **asdict(compute(derive.derivation)),
        "outcome": derive.outcome,
        "analysis": derive.derivation.analysis,
        "role": "primary" if primary else "exploratory",
        "method": derive.derivation.formula,
        "estimand": "rate ratio after/before in treated units over that in comparison units",
        "scale": "log_rate_ratio",
        "ci_level": LEVEL,
        "events_prevented": None,
        "events_prevented_low": None,
        "events_prevented_high": None,
        "n_treated": derive.n_treated,
        "n_comparison": derive.n_comparison,
        "n_pre": derive.n_pre,
        "n_post": derive.n_post,
    }


def _unsourced(entry: Entry) -> Iterator[str]:
    """Every number that no cited statement holds."""
    for r in entry.reported:
        for value in (r.value, r.low, r.high):
            if value is not None and abs(value) not in _numbers(r.statement):
                yield f"the statement {r.statement[:60]!r} does not hold its own figure {value:g}"
    known = {n for r in entry.reported for n in _numbers(f"{r.statement} {r.p}")}
    known |= {n for c in entry.citations for n in _numbers(c.text)}
    for text in _texts(entry):
        for number in sorted(_numbers(text) - known):
            yield f"no cited statement holds the number {number:g} in {text[:60]!r}"


def _texts(entry: Entry) -> Iterator[str]:
    yield from (entry.title, entry.summary, entry.not_poolable, *entry.learning.values())
    for field in (entry.intervention, entry.setting, *entry.outcomes):
        for name, value in field.items():
            if name in ("start", "end", "first", "last"):
                # Months are dates, not figures; the year must be known.
                yield str(value)[:4]
            elif isinstance(value, dict):
                yield from map(str, value.values())
            elif not isinstance(value, bool):
                yield str(value)
    for d in entry.derive:
        counts = [f"{v:g}" for v in d.derivation.inputs.values()]
        yield from (d.derivation.note, f"{d.n_treated} {d.n_comparison}", " ".join(counts))
    yield from (x.label for x in entry.outside_ratings)


def _numbers(text: str) -> set[float]:
    return {float(found.replace(",", "")) for found in _NUMBER.findall(text)}
