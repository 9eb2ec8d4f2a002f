"""``vru verify``: is a published record whole, and do its numbers come out again?"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from vru.binding import resolve
from vru.disclosure import suppress
from vru.errors import DataError, LibraryError, Problem, ProtocolError
from vru.evaluation import Inputs, evaluate
from vru.graph import license_adjustment
from vru.library import Difference, StoredRecord, compare_results, scan, verify_version
from vru.library.folder import read_version
from vru.protocol import Protocol, Registration
from vru.results import EvaluationResult, Finding
from vru.run.rederiving import made_again
from vru.run.study import Study, build
from vru.sources.source import Progress


@dataclass(frozen=True, slots=True)
class Verified:
    """Integrity findings; and, if recomputed, every number that came out otherwise.

    recomputed : None where the data were not given.
    """

    record: StoredRecord
    integrity: tuple[Finding, ...]
    recomputed: EvaluationResult | None
    differences: tuple[Difference, ...]


def verify(reference: str, library: Path, data: Path | None, progress: Progress, *, connect: bool = False) -> Verified:
    """Check a record ``[organisation/]id[@version]``; with data (or for simulated data) recompute it.

    connect : also ask the databases that the plan names, by the connections of whoever verifies. A literature record has
    no plan and no data: only its integrity and its arithmetic are checked.

    Raises LibraryError if there is no such record, DataError if its data cannot be found or differ.
    """
    stored = find_record(reference, library)
    integrity = verify_version(stored.path)
    if stored.record.literature:
        return Verified(stored, integrity, None, ())
    protocol, published = protocol_of(stored), result_of(stored)
    if all(f.verdict != "fail" for f in integrity):
        integrity += made_again(read_version(stored.path, stored.path.name), protocol, published)
    sources = resolve(protocol).sources
    if data is None and not connect and not all(s.makes_own for s in sources):
        return Verified(stored, integrity, None, ())
    if not connect and (asked := [s.plan for s in sources if s.plan.connection]):
        # A record may come from a stranger: its query is run when somebody says so.
        named = ", ".join(f"{d.id} (connection {d.connection})" for d in asked)
        hint = "read its query, define the connection here, and add --connect"
        raise DataError(Problem(f"data stand in a database: {named}", reference, hint=hint))
    recomputed = recompute(protocol, published, data, progress)
    return Verified(stored, integrity, recomputed, compare_results(published, recomputed))


def recompute(
    protocol: Protocol, published: EvaluationResult, data: Path | None, progress: Progress, folder: Path | None = None
) -> EvaluationResult:
    """Evaluate a published protocol anew, in a private folder or its own, with the registration state it was published with."""
    license_adjustment(protocol.graph)
    plan = resolve(protocol)
    registered = Registration(published.preregistered, published.changes)
    with tempfile.TemporaryDirectory(prefix="vru-verify-") as private:
        built = build(Study(folder or Path(private), data, plan, registered), progress)
        given = built.inputs
        inputs = Inputs(registered, given.identification, given.data_log, given.data, given.versions, given.truth, ())
        return suppress(protocol, evaluate(plan, built.data, inputs, progress))[0]


def find_record(reference: str, library: Path) -> StoredRecord:
    """The stored version that a reference names; the newest where it names no version."""
    name, _, version = reference.partition("@")
    organisation, _, record_id = name.rpartition("/")
    seen = scan(library)
    found = [
        s
        for s in seen.records
        if s.record.id == record_id
        and organisation in ("", s.record.organisation)
        and version.removeprefix("v") in ("", s.record.version)
    ]
    owners = sorted({s.record.organisation for s in found})
    if len(owners) > 1:
        listed = ", ".join(f"{o}/{record_id}" for o in owners)
        raise LibraryError(Problem(f"{reference!r} is the name of records of several organisations", allowed=listed))
    if not found:
        known = sorted({f"{s.record.organisation}/{s.record.id}" for s in seen.records})
        unsound = [p for p in seen.problems if f"/{record_id}/" in f"/{p.where}/"]
        what = f"{reference!r} is here but is not believed" if unsound else f"there is no record {reference!r}"
        raise LibraryError(Problem(what, str(library), ", ".join(known[:20]), "vru library list"), *unsound)
    return max(found, key=lambda s: tuple(map(int, s.record.version.split("."))))


def protocol_of(stored: StoredRecord) -> Protocol:
    """The plan inside a record. Raises ProtocolError if this toolkit cannot read it."""
    try:
        return Protocol.model_validate(stored.record.protocol)
    except ValidationError as error:
        raise ProtocolError(
            *(Problem(e["msg"], f"record: protocol.{'.'.join(map(str, e['loc']))}") for e in error.errors())
        ) from None


def result_of(stored: StoredRecord) -> EvaluationResult:
    """The result inside a record. Raises LibraryError if this toolkit cannot read it."""
    try:
        return TypeAdapter(EvaluationResult).validate_python(stored.record.result)
    except ValidationError as error:
        raise LibraryError(
            *(Problem(e["msg"], f"record: result.{'.'.join(map(str, e['loc']))}") for e in error.errors())
        ) from None
