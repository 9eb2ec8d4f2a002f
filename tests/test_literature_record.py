"""Records from published literature: what they must say, what they cannot know, and that evaluations stay strict."""

import json
from pathlib import Path
from typing import Any

import pytest

from vru.errors import LibraryError
from vru.library import read_prior_evidence
from vru.record import LITERATURE_NOTICE, LearningRecord, dump_record, load_record

ROOT = Path(__file__).resolve().parents[1]
V1 = ROOT / "tests/golden/library_v1/records/norchester-vru/night-bus-patrols/v1.0/record.json"


@pytest.fixture(scope="module")
def records() -> dict[str, LearningRecord]:
    return {r.id: r for r in read_prior_evidence(ROOT / "shared_learning" / "prior_evidence")}


def content(record: LearningRecord, **changes: Any) -> str:
    return json.dumps({**json.loads(dump_record(record)), **changes})


def literature(record: LearningRecord, **changes: Any) -> dict[str, Any]:
    return {**json.loads(dump_record(record))["literature"], **changes}


def test_literature_records_survive_being_written_and_read(records):
    for record in records.values():
        text = dump_record(record)
        assert load_record(text, "here") == record
        assert dump_record(load_record(text, "here")) == text


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"preregistered": "yes"}, "preregistered"),
        ({"preregistered": "no"}, "preregistered"),
        ({"disclaimer": ""}, "disclaimer"),
        ({"disclaimer": "Not " + LITERATURE_NOTICE}, "disclaimer"),
        ({"protocol": {}}, "protocol: a literature record has none"),
        ({"result": {}}, "result: a literature record has none"),
        ({"protocol_digest": "sha256:" + "0" * 64}, "protocol_digest"),
        ({"toolkit_version": "1.0"}, "toolkit_version"),
        ({"data_digests": {"x": "sha256:" + "0" * 64}}, "data_digests"),
        ({"deviations": ["One month fewer"]}, "deviations"),
        ({"findings": [{"check": "a", "analysis": "", "verdict": "pass", "text": "Fine"}]}, "findings"),
        (
            {"ratings": [{"instrument": "a", "outcome": "crime", "level": 5, "label": "Strong", "reasons": []}]},
            "ratings",
        ),
        ({"literature": None}, "needs it"),
        ({"effects": []}, "one derivation"),
        ({"outcomes": [{"id": "x", "measure": "X", "direction": "decrease", "primary": False}]}, "no outcome"),
        ({"kind": "evaluation"}, "an evaluation must give this"),
        ({"kind": "gossip"}, "kind"),
    ],
)
def test_a_literature_record_claims_nothing_that_it_cannot_know(records, change, what):
    with pytest.raises(LibraryError, match=what):
        load_record(content(records["london-underground-platforms"], **change), "here")


@pytest.mark.parametrize(
    ("name", "change", "what"),
    [
        ("london-underground-platforms", {"not_poolable": "Because"}, "not_poolable"),
        ("southend-hot-spot-patrols", {"not_poolable": ""}, "not_poolable"),
        ("london-underground-platforms", {"form": "review"}, "a review is not pooled"),
        ("southend-hot-spot-patrols", {"reported": []}, "at least 1 item"),
        ("southend-hot-spot-patrols", {"citations": []}, "at least 1 item"),
    ],
)
def test_what_is_poolable_is_said_and_reviews_never_are(records, name, change, what):
    with pytest.raises(LibraryError, match=what):
        load_record(content(records[name], literature=literature(records[name], **change)), "here")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"source": "nobody-2020"}, "no citation is called nobody-2020"),
        ({"mark": "remembered"}, "found"),
        ({"mark": "computed"}, "names its formula"),
        ({"formula": "a guess"}, "names its formula"),
        ({"statement": ""}, "at least 10 characters"),
        ({"value": "many"}, "number"),
    ],
)
def test_every_figure_names_a_source_and_how_it_is_known(records, change, what):
    record = records["southend-hot-spot-patrols"]
    given = literature(record)
    first = {**given["reported"][0], **change}
    with pytest.raises(LibraryError, match=what):
        load_record(content(record, literature={**given, "reported": [first]}), "here")


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "http://example.org", "https://a'b", 'https://a"b', "https://a<b", "https://a b"]
)
def test_a_link_is_a_plain_https_address_or_nothing(records, link):
    record = records["southend-hot-spot-patrols"]
    given = literature(record)
    given["citations"][0]["link"] = link
    with pytest.raises(LibraryError, match="link"):
        load_record(content(record, literature=given), "here")


def test_a_record_of_schema_1_is_read_as_an_evaluation():
    raw = json.loads(V1.read_text(encoding="utf-8"))
    assert raw["schema_version"] == 1
    assert not {"kind", "literature"} & raw.keys()
    record = load_record(V1.read_text(encoding="utf-8"), "here")
    assert (record.schema_version, record.kind, record.literature) == (2, "evaluation", None)
    today = json.loads(dump_record(record))
    assert {k: v for k, v in today.items() if k in raw and k != "schema_version"} == {
        k: v for k, v in raw.items() if k != "schema_version"
    }


@pytest.mark.parametrize("change", [{"kind": "literature"}, {"literature": None}, {"kind": "evaluation"}])
def test_schema_1_had_no_literature(change):
    raw = json.loads(V1.read_text(encoding="utf-8"))
    with pytest.raises(LibraryError, match="not a field of record schema 1"):
        load_record(json.dumps({**raw, **change}), "here")


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("effects", []),
        ("protocol", None),
        ("result", None),
        ("protocol_digest", None),
        ("toolkit_version", None),
        ("preregistered", "not_known"),
        ("preregistered", None),
    ],
)
def test_an_evaluation_may_leave_nothing_open(version, field, value):
    raw = json.loads(V1.read_text(encoding="utf-8"))
    with pytest.raises(LibraryError, match=field):
        load_record(json.dumps({**raw, "schema_version": version, field: value}), "here")
    del raw[field]
    with pytest.raises(LibraryError, match=f"{field}"):
        load_record(json.dumps({**raw, "schema_version": version}), "here")


def test_an_evaluation_knows_its_units_and_has_no_literature(records):
    raw = json.loads(V1.read_text(encoding="utf-8"))
    setting = {**raw["setting"], "n_treated": None}
    with pytest.raises(LibraryError, match="numbers of units"):
        load_record(json.dumps({**raw, "setting": setting}), "here")
    given = literature(records["southend-hot-spot-patrols"])
    with pytest.raises(LibraryError, match="literature records only"):
        load_record(json.dumps({**raw, "schema_version": 2, "literature": given}), "here")
