from dataclasses import replace

import pytest

from vru.library import compare_results, compare_versions, publish, verify_version
from vru.library.manifest import sha256
from vru.results import Finding, from_json, to_json


def verdicts(path):
    return {f.check: f.verdict for f in verify_version(path)}


@pytest.fixture
def stored(library, record, files, now):
    return publish(library, record, files, "Head of evidence", now).path


def test_a_sound_version_passes_every_question(stored):
    assert verdicts(stored) == {
        "integrity_files": "pass",
        "integrity_effects": "pass",
        "integrity_crate": "pass",
        "integrity_plan": "pass",
        "integrity_chain": "pass",
    }


def test_a_plan_that_is_not_the_registered_one_fails(library, record, files, now):
    plan = {**record.protocol, "seed": 5}
    path = publish(library, record.model_copy(update={"protocol": plan}), files, "Head of evidence", now).path
    assert verdicts(path)["integrity_plan"] == "fail"


def test_a_plan_of_a_future_toolkit_is_not_judged(library, record, files, now):
    plan = {**record.protocol, "new_section": {}}
    path = publish(library, record.model_copy(update={"protocol": plan}), files, "Head of evidence", now).path
    assert verdicts(path)["integrity_plan"] == "not_run"


def test_effects_that_were_rewritten_with_the_manifest_still_fail(stored):
    """Whoever rewrites a file and its hash is caught by the record."""
    data = (stored / "effects.csv").read_bytes()
    forged = data.replace(b"-0.2231", b"-0.9999")
    assert forged != data
    manifest = (stored / "manifest.json").read_text().replace(sha256(data), sha256(forged))
    (stored / "effects.csv").write_bytes(forged)
    (stored / "manifest.json").write_text(manifest)
    assert verdicts(stored)["integrity_files"] == "pass"
    assert verdicts(stored)["integrity_effects"] == "fail"


def test_what_does_not_verify_is_one_failed_finding(stored, tmp_path):
    (stored / "report.html").write_bytes(b"x")
    assert verdicts(stored) == {"integrity_files": "fail"}
    assert verdicts(tmp_path / "org" / "rec" / "v1.0") == {"integrity_files": "fail"}


def test_a_result_equals_itself_through_json_and_in_another_order(outcome):
    assert compare_results(outcome, outcome) == ()
    assert compare_results(outcome, from_json(to_json(outcome))) == ()
    shuffled = replace(
        outcome, estimates=outcome.estimates[::-1], findings=outcome.findings[::-1], series=outcome.series[::-1]
    )
    assert compare_results(outcome, shuffled) == ()


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("estimates[main].value", {"value": -0.2231 * (1 + 1e-8)}),
        ("estimates[main].se", {"se": None}),
        ("estimates[main].p", {"p": 0.00001001}),
        ("estimates[main].n_pre", {"n_pre": 23}),
        ("estimates[main].method", {"method": "other"}),
        ("estimates[main].counts.T0", {"counts": {"T0": 1.0}}),
        ("estimates[main].notes.(size)", {"notes": ()}),
    ],
)
def test_every_changed_number_is_found_by_its_path(outcome, make_outcome, field, change):
    assert field in [d.field for d in compare_results(outcome, make_outcome(primary=change))]


def test_one_point_of_a_path_and_of_a_series_is_found(outcome, make_outcome):
    path = list(outcome.primary.path)
    path[3] = replace(path[3], observed=path[3].observed + 1)
    (found,) = compare_results(outcome, make_outcome(primary={"path": tuple(path)}))
    assert (found.field, found.kind) == ("estimates[main].path[2019-04].observed", "number")
    assert found.relative == pytest.approx(1 / path[3].observed)
    first = replace(outcome.series[0], values=(None, *outcome.series[0].values[1:]))
    (found,) = compare_results(outcome, make_outcome(series=(first, outcome.series[1])))
    assert found.field == "series[violence,treated].values[0]"
    assert found.recomputed is None


def test_the_last_digit_is_no_difference_but_the_tolerance_is(outcome, make_outcome):
    close = make_outcome(primary={"value": -0.2231 * (1 + 1e-12)})
    assert compare_results(outcome, close) == ()
    assert compare_results(outcome, close, rel=1e-14, absolute=0.0)


def test_what_is_only_on_one_side_is_found(outcome):
    fewer = replace(outcome, estimates=outcome.estimates[:1], findings=())
    fields = {d.field: d for d in compare_results(outcome, fewer)}
    assert fields["estimates[wdd].value"].recomputed == "absent"
    assert "findings[pre_period_trend,main].verdict" in fields
    assert "estimates.(size)" in fields


def test_two_findings_of_one_name_are_both_compared(outcome):
    twice = tuple(Finding("same", "main", "pass", t) for t in ("a", "b"))
    other = tuple(Finding("same", "main", "pass", t) for t in ("a", "c"))
    (found,) = compare_results(replace(outcome, findings=twice), replace(outcome, findings=other))
    assert found.field == "findings[same,main#2].text"


def test_versions_are_told_apart_and_moments_ignored(outcome):
    newer = replace(
        outcome, provenance=replace(outcome.provenance, versions={"vru-toolkit": "0.2.0", "scipy": "1.15.3"})
    )
    assert compare_results(outcome, newer) == ()
    assert {d.field for d in compare_versions(outcome, newer)} == {
        "provenance.versions.vru-toolkit",
        "provenance.versions.numpy",
        "provenance.versions.scipy",
    }
    early, late = (replace(outcome, changes=(f"amended 2026-11-{d}T10:00:00+00:00: reason",)) for d in ("01", "02"))
    assert compare_results(early, late) == ()
    assert compare_results(early, replace(early, changes=("amended 2026-11-01T10:00:00+00:00: other",)))


def test_other_data_are_a_difference(outcome):
    other = replace(outcome, provenance=replace(outcome.provenance, data={"crimes": "sha256:" + "00" * 32}))
    assert [d.field for d in compare_results(outcome, other)] == ["provenance.data.crimes"]
