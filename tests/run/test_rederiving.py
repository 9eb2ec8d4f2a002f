"""``verify`` makes again everything that follows from the plan and the result, and names what says otherwise."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from vru.library import draft_record, open_library, publish, scan
from vru.library.folder import read_version
from vru.protocol import load
from vru.results import from_json
from vru.run.outputs import render
from vru.run.rederiving import made_again
from vru.run.verifying import protocol_of, result_of, verify

ROOT = Path(__file__).resolve().parents[2]
WORKED = ROOT / "evaluations" / "merseyside-known-effect"
NOW = datetime(2026, 11, 27, tzinfo=UTC)


@pytest.fixture(scope="module")
def made():
    """Plan, result and rendered files of a worked evaluation."""
    protocol = load(WORKED)
    result = from_json((WORKED / "outputs" / "result.json").read_text(encoding="utf-8"))
    files = render(protocol, result, None)
    return protocol, result, {name: files[name] for name in ("report.html", "report.docx", "tables.xlsx")}


def published(at, made, forge=lambda record: record, files=None):
    protocol, result, own = made
    open_library(at, create=True)
    publish(at, forge(draft_record(protocol, result)), files or own, protocol.roles.approver, NOW)
    (stored,) = scan(at).records
    return stored


def verdicts(stored):
    version = read_version(stored.path, stored.path.name)
    found = made_again(version, protocol_of(stored), result_of(stored))
    return {f.check.removeprefix("derived_"): (f.verdict, f.text) for f in found}


def test_what_was_published_as_made_passes(tmp_path, made):
    stored = published(tmp_path / "lib", made)
    assert {k: v for k, (v, _) in verdicts(stored).items()} == {"record": "pass", "report": "pass"}
    seen = verify(stored.record.id, tmp_path / "lib", None, lambda *a: None)
    assert [f.verdict for f in seen.integrity if f.check.startswith("derived_")] == ["pass", "pass"]


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("summary", lambda r: {"summary": r.summary[:-20] + " It worked very well."}),
        ("setting", lambda r: {"setting": r.setting.model_copy(update={"n_treated": 4000})}),
        ("intervention", lambda r: {"intervention": r.intervention.model_copy(update={"name": "Another programme"})}),
        ("title", lambda r: {"title": "Patrols halve violence"}),
    ],
)
def test_a_field_that_says_otherwise_is_named(tmp_path, made, field, change):
    record = draft_record(made[0], made[1])
    if not hasattr(record, field):
        pytest.fail(f"the record has no field {field}")
    stored = published(tmp_path / "lib", made, lambda r: r.model_copy(update=change(r)))
    verdict, text = verdicts(stored)["record"]
    assert verdict == "fail"
    assert field in text


def test_a_report_that_says_otherwise_is_named(tmp_path, made):
    page = made[2]["report.html"].replace(b"Rate ratio", b"Rate  ratio 0.1", 1)
    assert page != made[2]["report.html"]
    stored = published(tmp_path / "lib", made, files={**made[2], "report.html": page})
    verdict, text = verdicts(stored)["report"]
    assert verdict == "fail"
    assert text.startswith("report.html says other than")


def test_another_version_of_the_toolkit_is_not_judged_by_this_ones_wording(tmp_path, made, monkeypatch):
    stored = published(tmp_path / "lib", made)
    monkeypatch.setattr("vru.run.rederiving.__version__", "99.0")
    assert {v for v, _ in verdicts(stored).values()} == {"not_run"}
