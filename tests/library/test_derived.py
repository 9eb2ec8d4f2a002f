"""What a record says beside its result must be what the result says."""

import json
from dataclasses import replace

import pytest

from vru.errors import LibraryError
from vru.library import draft_record, effects, publish, scan
from vru.library import manifest as m
from vru.library.checking import check_library
from vru.library.derived import untied
from vru.library.folder import RECORD
from vru.library.prior_evidence import seed
from vru.record import LearningRecord, dump_record
from vru.run.verifying import find_record


def altered(record, **change):
    return LearningRecord.model_validate(record.model_dump(mode="json") | change)


def rows(record, field, **change):
    first, *others = record.model_dump(mode="json")[field]
    return {field: [first | change, *others]}


def tampered(record):
    lower = rows(record, "effects", estimate=-0.9, ci_low=-1.0, ci_high=-0.8)
    yield "effects", lower
    yield "effects", rows(record, "effects", p=0.001)
    yield "effects", rows(record, "effects", events_prevented=1e6)
    yield "effects", {"effects": []}
    yield "effects", {"effects": [*record.model_dump(mode="json")["effects"], lower["effects"][0]]}
    yield "ratings", rows(record, "ratings", level=5)
    yield "findings", rows(record, "findings", verdict="not_run")
    yield "findings", {"findings": []}
    yield "preregistered", {"preregistered": "no" if record.preregistered != "no" else "yes"}
    yield "protocol_digest", {"protocol_digest": "sha256:" + "0" * 64}
    yield "data_digests", {"data_digests": {"crimes": "sha256:" + "0" * 64}}
    yield "result", {"result": {"estimates": 3}}
    yield "result", {"result": {}}


def test_a_drafted_record_says_what_its_result_says(record):
    assert untied(record) == ()
    assert untied(altered(record, summary="Another.", title="Another")) == ()


def test_every_way_of_saying_other_than_the_result_is_seen_and_not_published(library, record, files, now):
    for field, change in tampered(record):
        if field == "effects" and not change["effects"]:
            with pytest.raises(ValueError, match="effect"):
                altered(record, **change)
            continue
        false = altered(record, **change)
        assert field in untied(false), change
        with pytest.raises(LibraryError, match="says other than its result under"):
            publish(library, false, files, "Head of evidence", now)
    assert scan(library).records == ()


def test_a_version_rewritten_with_every_hash_right_is_left_out_and_named(library, record, files, now):
    publish(library, record, files, "Head of evidence", now)
    folder = scan(library).records[0].path
    false = altered(record, **rows(record, "effects", estimate=-0.9, ci_low=-1.0, ci_high=-0.8))
    manifest = json.loads((folder / m.FILE).read_bytes())
    for name, data in ((RECORD, dump_record(false).encode()), (effects.FILE, effects.effects_csv(false).encode())):
        (folder / name).write_bytes(data)
        manifest["files"][name] = {"sha256": m.sha256(data), "bytes": len(data)}
    (folder / m.FILE).write_text(json.dumps(manifest))
    assert scan(library).records == ()
    assert "says other than the result inside it under effects" in str(check_library(library, now.date()).problems)
    with pytest.raises(LibraryError, match="is here but is not believed") as refused:
        find_record(record.id, library)
    assert "says other than the result inside it under effects" in str(refused.value)


def test_literature_has_no_result_to_be_tied_to(library, now):
    seed(library, now)
    assert {untied(s.record) for s in scan(library).records} == {()}


def test_sums_of_another_unit_are_in_the_result_alone(plan, outcome):
    harm = replace(outcome.estimates[0], analysis="harm", role="secondary", unit="harm")
    made = draft_record(plan, replace(outcome, estimates=(*outcome.estimates, harm)))
    assert len(made.effects) == len(outcome.estimates)
    assert untied(made) == ()
