"""``vru publish``: one assured run becomes one immutable version in the library."""

import json
from datetime import datetime
from pathlib import Path

from vru.disclosure import Other, enforce, enforce_texts, given_away, house_problems, review, subtracted
from vru.errors import LibraryError, Problem, ProtocolError, RefusedError
from vru.keys import post
from vru.library import Published, StoredRecord, draft_record, latest, open_library, publish, scan, state, succeed
from vru.library.folder import read_version
from vru.library.index import RECORDS
from vru.library.reading import read_record_folder
from vru.library.store import OWN
from vru.library.versions import version_key
from vru.protocol import load
from vru.protocol.fields import Roles
from vru.record import LearningRecord, dump_record
from vru.run.assuring import publishable, require_assurance
from vru.run.outputs import read_learning, read_outputs, read_result
from vru.run.verifying import protocol_of, result_of


def publish_evaluation(
    folder: Path, library: Path, by: str, now: datetime, for_review: bool = False, supersedes: str | None = None
) -> Published:
    """Publish the assured outputs, or with ``for_review`` lay them before other posts first.

    supersedes : the version that was taken down and that this one comes after, mended.

    Raises RefusedError, DisclosureError or LibraryError; nothing is half-published.
    """
    protocol = load(folder)
    enforce_texts({"--by": by}, now)
    if asked := house_problems(folder, protocol):
        raise ProtocolError(*asked)
    log = require_assurance(folder)
    if not for_review:
        _require_approver(protocol.roles, by)
    files, _ = read_outputs(folder)
    result = read_result(files)
    open_library(library)
    drafted = draft_record(protocol, result)
    former = _newest(drafted, library)
    learning = read_learning(folder)
    record = drafted if learning is None else drafted.model_copy(update={"learning": learning})
    leaving = {k: v for k, v in publishable(files).items() if k in ("report.html", "report.docx", "tables.xlsx")}
    earlier = result_of(former) if former is not None else None
    found = review(protocol, result, {**leaving, "record.json": dump_record(record).encode()})
    beside = subtracted(protocol, result, _others(library))
    enforce((*found, given_away(protocol, result, earlier), beside))
    checks = {"findings": [f.model_dump() for f in record.findings], "assurance": log}
    leaving["checks.json"] = (json.dumps(checks, indent=1, ensure_ascii=False) + "\n").encode()
    if (after := _after_takedown(record, former, library, supersedes)) is not None:
        return publish(library, after, leaving, by, now, for_review)
    if former is None:
        return publish(library, record, leaving, by, now, for_review)
    following = succeed(former.record, record)
    if following is former.record:
        # Nothing to say anew: offering the same bytes again also completes a publication that was cut short.
        _refuse_returned(former)
        stored = read_version(former.path, former.path.name)
        offered = {k: v for k, v in stored.files.items() if k not in OWN}
        return publish(library, former.record, offered, by, now, for_review)
    return publish(library, following, leaving, by, now, for_review)


def _require_approver(roles: Roles, by: str) -> None:
    """Whoever approves is the post that the plan names, and not the analyst."""
    if post(by) == post(roles.analyst):
        hint = f"roles.approver: {roles.approver}; or --for-review, and another post approves"
        raise RefusedError(Problem("the analyst cannot approve their own work", "--by", hint=hint))
    if post(by) != post(roles.approver):
        hint = f"--by {roles.approver!r}; or --for-review, and another post approves and says why"
        raise RefusedError(Problem(f"the plan names {roles.approver} to approve, not {by}", "--by", hint=hint))


def _after_takedown(
    record: LearningRecord, former: StoredRecord | None, library: Path, supersedes: str | None
) -> LearningRecord | None:
    """The record as the version after the newest, where that was taken down; None where it was not.

    Whoever publishes it names what was taken down: the same bytes under another number would undo a takedown unseen.
    """
    where = f"{record.organisation}/{record.id}"
    events = read_record_folder(library / RECORDS / record.organisation / record.id, where).events
    gone = [e.version for e in events if e.kind == "takedown"]
    newest = max((*gone, *([former.record.version] if former else [])), key=version_key, default=None)
    if newest is None or newest not in gone:
        if supersedes is not None:
            raise RefusedError(Problem(f"{where} {supersedes} was not taken down", "--supersedes", hint="leave it out"))
        return None
    if supersedes != newest:
        hint = f"mend what it was taken down for, run and assure again, then vru publish … --supersedes {newest}"
        raise RefusedError(Problem("was taken down, and its number is not used again", f"{where}/v{newest}", hint=hint))
    return record.model_copy(update={"version": f"{version_key(newest)[0] + 1}.0", "supersedes": newest})


def _refuse_returned(former: StoredRecord) -> None:
    """The same bytes again do not undo what a reviewer decided about them."""
    now = state(former)
    if now in ("returned", "retracted"):
        where = f"{former.record.organisation}/{former.record.id}/v{former.record.version}"
        hint = "change what was criticised and publish that"
        if now == "returned":
            hint += "; or vru review … --decision submit"
        raise RefusedError(Problem(f"was {now}, and nothing has changed since", where, hint=hint))


def _newest(record: LearningRecord, library: Path) -> StoredRecord | None:
    mine = [
        s for s in scan(library).records if s.record.organisation == record.organisation and s.record.id == record.id
    ]
    return next(iter(latest(mine)), None)


def _others(library: Path) -> list[Other]:
    """Every stored version, earlier ones of this record too; literature has no data."""
    found = []
    for stored in scan(library).records:
        record = stored.record
        if record.literature:
            continue
        try:
            name = f"{record.organisation}/{record.id}@{record.version}"
            found.append(Other(name, protocol_of(stored), result_of(stored)))
        except (ProtocolError, LibraryError):
            continue  # of another schema, which this toolkit cannot read
    return found
