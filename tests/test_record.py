import json
from pathlib import Path

import pytest
import yaml

from vru.errors import LibraryError
from vru.library import draft_record
from vru.protocol import Protocol
from vru.record import MAX_BYTES, MAX_PROBLEMS, LearningRecord, dump_record, load_record
from vru.results import from_json

EXAMPLE = Path(__file__).parent / "library" / "example"


@pytest.fixture(scope="module")
def record() -> LearningRecord:
    plan = Protocol.model_validate(yaml.safe_load((EXAMPLE / "protocol.yaml").read_text(encoding="utf-8")))
    return draft_record(plan, from_json((EXAMPLE / "result.json").read_text(encoding="utf-8")))


def changed(record: LearningRecord, **changes: object) -> str:
    return json.dumps({**json.loads(dump_record(record)), **changes})


def test_a_record_survives_being_written_and_read(record):
    text = dump_record(record)
    assert load_record(text, "here") == record
    assert dump_record(load_record(text, "here")) == text


def test_the_primary_effect_is_the_registered_one(record):
    assert record.primary_effect.analysis == "main"
    swapped = record.model_copy(update={"effects": record.effects[::-1]})
    assert swapped.primary_effect.analysis == "main"


def test_a_future_schema_is_refused_with_what_to_do(record):
    with pytest.raises(LibraryError, match=r"schema 3; this toolkit reads up to 2") as caught:
        load_record(changed(record, schema_version=3), "x/y/v1.0")
    assert "install a newer vru-toolkit" in str(caught.value)


@pytest.mark.parametrize("version", ["1", "99", None, True, 0, -1, 1.5, [1]])
def test_a_schema_version_that_is_not_one_is_refused(record, version):
    with pytest.raises(LibraryError, match="no record schema version"):
        load_record(changed(record, schema_version=version), "here")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_do_not_exist_are_refused_wherever_they_stand(record, number):
    text = dump_record(record)
    assert text.count('"seed": 1234567890123456789') == 2
    with pytest.raises(LibraryError, match="finite numbers"):
        load_record(text.replace('"seed": 1234567890123456789', f'"seed": {number}'), "here")


def test_text_that_could_not_be_written_again_is_refused(record):
    with pytest.raises(LibraryError, match="whole characters"):
        load_record(changed(record, result={"text": "\ud800"}), "here")


def test_what_is_wrong_is_named_by_field_and_never_endless(record):
    with pytest.raises(LibraryError, match=r"here: effects\.0\.estimate") as caught:
        load_record(changed(record, effects=[{} for _ in range(100)]), "here")
    assert len(caught.value.problems) == MAX_PROBLEMS + 1
    assert "more fields are wrong" in str(caught.value.problems[-1])
    with pytest.raises(LibraryError) as caught:
        load_record(changed(record, **{"k" * 1_000_000: 1}), "here")
    assert len(str(caught.value)) < 500


def test_a_record_that_is_too_large_is_not_parsed(record):
    with pytest.raises(LibraryError, match="larger than"):
        load_record("[" * (MAX_BYTES + 1), "here")
