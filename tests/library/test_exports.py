"""Every export against the standard it claims, with records that try to break it."""

import csv
import io
import json
import re
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest

from vru.library import decide, publish, scan, succeed
from vru.library.exports import EXPORTS, Holdings, jsonld
from vru.library.exports.registry import MAPPING, with_parents
from vru.library.planned import announce, explain, read_planned
from vru.library.vocabulary import DESIGNS
from vru.run.exporting import export, holdings

HOSTILE = '=HYPERLINK("http://x")</script><script>alert(1)</script>\x00\x0b&<b>](y) $$n$$'
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def held(library, record, files, now, plan, make_plan) -> Holdings:
    """A record with two versions, a hostile one, a retracted one, one in review, one only announced."""
    publish(library, record, files, "Head of evidence", now)
    publish(library, succeed(record, record.model_copy(update={"title": "Next"})), files, "Head of evidence", now)
    publish(
        library,
        record.model_copy(update={"id": "hostile-record", "title": HOSTILE, "summary": HOSTILE, "licence": "x y<>"}),
        files,
        "Head of evidence",
        now,
    )
    for name in ("retracted-record", "review-record"):
        mine = record.model_copy(update={"id": name})
        publish(library, mine, files, "Unit analyst", now, for_review=name == "review-record")
    for stored in scan(library).records:
        if stored.record.id == "retracted-record":
            decide(library, stored, "approve", "Head of evidence", "", now)
    stored = next(s for s in scan(library).records if s.record.id == "retracted-record")
    decide(library, stored, "retract", "Head of evidence", "Doubled.", now)
    announce(library, make_plan(id="only-planned"), "Director", now)
    planned = read_planned(library)[0][plan.organisation, "only-planned"]
    explain(library, planned, "other", "Director", "=1+1", now)
    return holdings(library, "network", "", "", now)[0]


def test_the_registry_of_formats_is_the_command_lines():
    from vru.cli.library_stewardship import FORMATS

    assert tuple(EXPORTS) == FORMATS


@pytest.mark.parametrize("name", sorted(EXPORTS))
def test_every_format_is_repeatable_and_takes_an_empty_library(name, held, now):
    assert EXPORTS[name].write(held)
    if name != "xlsx":  # a zip holds the time of day
        assert EXPORTS[name].write(held) == EXPORTS[name].write(held)
    assert EXPORTS[name].write(Holdings((), (), now.date()))


def test_only_what_is_published_and_current_is_a_number(held, record):
    rows = list(csv.DictReader(io.StringIO(EXPORTS["csv"].write(held).decode("utf-8-sig"))))
    assert {(r["record"], r["version"]) for r in rows} == {(record.id, "1.1"), ("hostile-record", "1.0")}
    assert float(rows[0]["estimate"]) == record.effects[0].estimate == -0.2231
    assert len(rows) == 2 * len(record.effects)
    for row in rows:
        for name, value in row.items():
            number = re.fullmatch(r"-?\d[\d.e+-]*", value)
            assert number or not value.lstrip().startswith(("=", "+", "-", "@")), name


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "  =1", "＝1", "\n=1"])
def test_no_text_becomes_a_formula(text):
    from vru.library.exports.table import cell

    assert cell(text) == f"'{text}"
    assert cell(-0.5) == "-0.5"


def test_json_says_what_stands(held):
    found = json.loads(EXPORTS["json"].write(held))
    assert sorted((e["record"]["id"], e["standing"]) for e in found["records"]) == [
        ("hostile-record", "published"),
        ("night-bus-patrols", "published"),
        ("night-bus-patrols", "superseded"),
        ("retracted-record", "retracted"),
    ]
    assert [p["record"] for p in found["announced"]] == ["only-planned"]


def test_the_spreadsheet_holds_text_as_text_and_numbers_unrounded(held, record, tmp_path):
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(EXPORTS["xlsx"].write(held)))
    assert book.sheetnames[0] == "Cover"
    assert {"Notes", "Records", "Effects", "Ratings", "Announced"} <= set(book.sheetnames)
    cells = [c for sheet in book for row in sheet.iter_rows() for c in row if c.value is not None]
    assert {c.data_type for c in cells} <= {"s", "n"}
    assert not [c for c in cells if c.hyperlink and "http" in str(c.hyperlink.target)]
    assert record.effects[0].estimate in [c.value for c in cells if c.data_type == "n"]
    for sheet in book:
        assert sheet["A1"].value
        assert not sheet.merged_cells.ranges


def test_atom_has_what_rfc_4287_requires(held):
    feed = ET.fromstring(EXPORTS["atom"].write(held))
    assert feed.tag == f"{ATOM}feed"
    moment = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == 4
    for element in (feed, *entries):
        for name in ("id", "title", "updated"):  # 4.1.1 and 4.1.2: exactly one of each
            assert len(element.findall(f"{ATOM}{name}")) == 1
        assert moment.fullmatch(element.findtext(f"{ATOM}updated"))
        assert element.find(f"{ATOM}author/{ATOM}name").text
        links = element.findall(f"{ATOM}link")
        assert len([one for one in links if one.get("rel") == "alternate"]) == 1
    ids = [e.findtext(f"{ATOM}id") for e in entries]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"ni:///sha-256;[A-Za-z0-9_-]{43}", i) for i in ids)
    updated = [e.findtext(f"{ATOM}updated") for e in entries]
    assert updated == sorted(updated, reverse=True)
    assert feed.findtext(f"{ATOM}updated") == updated[0]
    (retracted,) = [e for e in entries if e.findtext(f"{ATOM}title").startswith("Retracted: ")]
    assert retracted.find(f"{ATOM}link").get("href") == "records/norchester-vru/retracted-record/v1.0/index.html"


def test_the_ni_name_is_the_manifests_hash():
    # RFC 6920 section 8.1: "Hello World!" by SHA-256.
    from vru.library.exports.atom import _name
    from vru.library.manifest import sha256

    assert _name(sha256(b"Hello World!")) == "ni:///sha-256;f4OxZX_x_FO5LcGBSKHWXfwtSx-j1ncoSt3SABJtkGk"


def test_datacite_has_the_mandatory_properties_of_4_5(held):
    entries = json.loads(EXPORTS["datacite"].write(held))
    assert len(entries) == 4
    for entry in entries:
        assert entry["creators"][0] == {"name": "norchester-vru", "nameType": "Organizational"}
        assert entry["titles"][0]["title"]
        assert entry["publisher"]["name"]
        assert re.fullmatch(r"\d{4}", entry["publicationYear"])
        assert entry["types"]["resourceTypeGeneral"] == "Report"
        assert entry["schemaVersion"] == "http://datacite.org/schema/kernel-4"
        assert "doi" not in entry, "no identifier is minted here"
        assert {d["dateType"] for d in entry["dates"]} <= {"Issued", "Withdrawn", "Other"}
    assert [e["titles"][0]["title"] for e in entries if "Withdrawn" in str(e["dates"])] == [
        "Retracted: Patrols on night bus routes in Norchester"
    ]


def test_jsonld_carries_the_effect_and_cannot_leave_its_script(held, record):
    graph = json.loads(EXPORTS["jsonld"].write(held))["@graph"]
    assert {g["@type"] for g in graph} == {"Report"}
    made = jsonld.record_jsonld(
        record.model_copy(update={"title": HOSTILE}),
        "sha256:" + "ab" * 32,
        datetime(2026, 11, 24, tzinfo=UTC),
        "https://example.org/records/a/b/v1.0/index.html",
        ("effects.csv",),
    )
    text = jsonld.script(made)
    assert not set("<>&") & set(text)
    assert json.loads(text) == made
    variable = made["hasPart"]["variableMeasured"][0]
    effect = record.effects[0]
    assert (variable["value"], variable["minValue"], variable["maxValue"]) == (
        effect.estimate,
        effect.ci_low,
        effect.ci_high,
    )
    assert made["hasPart"]["distribution"]["contentUrl"] == "https://example.org/records/a/b/v1.0/effects.csv"
    assert made["datePublished"] == "2026-11-24"


def test_registry_entries_use_its_codes_and_say_what_is_missing(held):
    found = json.loads(EXPORTS["registry"].write(held))
    categories = {"intervention_start", "intervention_end", "pub_final", "other"}
    for entry in found["entries"]:
        assert set(MAPPING) <= set(entry)
        assert entry["status"] in ("planned", "ongoing", "complete")
        assert set(entry["evaluation_design_types"]) <= {*DESIGNS, "impact"}
        assert {d["category"] for d in entry["event_dates"]} <= categories
        assert all(1 <= d["month"] <= 12 for d in entry["event_dates"])
    planned = found["entries"][-1]
    assert (planned["status"], planned["is_final_report_published"]) == ("ongoing", False)
    assert (planned["reasons_unpublished"], planned["reasons_unpublished_details"]) == (["other"], "=1+1")
    assert with_parents(["cluster", "difference"]) == ["impact", "rct", "cluster", "quasi_experimental", "difference"]


def test_an_export_holds_nothing_its_audience_may_not_see(library, held, record, files, now, tmp_path):
    hidden = record.model_copy(update={"id": "hidden-record", "audience": "vru_only", "title": "Nobody elses"})
    publish(library, hidden, files, "Head of evidence", now)
    for name in EXPORTS:
        if name == "xlsx":
            continue
        for audience in ("public", "network"):
            export(name, holdings(library, audience, "", "", now)[0], tmp_path / "out")
            assert b"Nobody elses" not in (tmp_path / "out").read_bytes()
        export(name, holdings(library, "vru_only", record.organisation, "", now)[0], tmp_path / "out")
        assert b"Nobody elses" in (tmp_path / "out").read_bytes()


def test_a_base_address_makes_whole_links(held, library, now):
    based = holdings(library, "network", "", "https://example.org/learning", now)[0]
    feed = ET.fromstring(EXPORTS["atom"].write(based))
    assert {li.get("rel"): li.get("href") for li in feed.findall(f"{ATOM}link")} == {
        "alternate": "https://example.org/learning/index.html",
        "self": "https://example.org/learning/feed.xml",
    }
    assert json.loads(EXPORTS["datacite"].write(based))[0]["url"].startswith("https://example.org/learning/records/")
