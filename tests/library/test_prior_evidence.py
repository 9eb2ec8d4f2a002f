"""The starter set: every figure has a source, arithmetic agrees with R, seeding is repeatable, bad files are refused."""

import csv
import json
import math
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from vru.errors import LibraryError, VruError
from vru.library import latest, open_library, publish, read_prior_evidence, scan, seed, take_down, verify_version
from vru.library.derivation import compute
from vru.library.prior_evidence import LICENCE, ORGANISATION, STEWARD, read_entry
from vru.library.vocabulary import DESIGNS, VOCABULARIES
from vru.parts import Derivation
from vru.record import LITERATURE_NOTICE, LearningRecord, dump_record, load_record

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT / "shared_learning"
FILES = sorted((SHARED / "prior_evidence").glob("*.yaml"))
GOLDEN = ROOT / "tests" / "golden"
DAY = datetime(2026, 11, 24, tzinfo=UTC)
V1 = GOLDEN / "library_v1"


def golden(name: str) -> dict[str, str]:
    with (GOLDEN / "prior_evidence" / name).open(encoding="utf-8") as file:
        return {row[0]: row[1] for row in list(csv.reader(file))[1:]}


def numbers(text: str) -> set[float]:
    return {float(x.replace(",", "")) for x in re.findall(r"\d[\d,]*\.\d+|\d[\d,]*\d|\d", text)}


@pytest.fixture(scope="module")
def records() -> dict[str, LearningRecord]:
    return {r.id: r for r in read_prior_evidence(SHARED / "prior_evidence")}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy of one file, to be spoiled."""
    folder = tmp_path / "prior_evidence"
    folder.mkdir()
    shutil.copy(SHARED / "prior_evidence" / "london-underground-platforms.yaml", folder)
    return folder / "london-underground-platforms.yaml"


def test_the_set_holds_what_was_promised(records):
    assert len(records) >= 18
    wanted = (
        "southend bedfordshire peterborough birmingham london-underground operation-beck philadelphia sacramento "
        "thames-valley home-office-vru home-office-grip review-yef review-braga-2019 review-braga-weisburd-2020"
    )
    assert all(any(part in name for name in records) for part in wanted.split())


def test_the_figures_are_those_written_down_from_the_research_notes(records):
    """Two lists made apart from each other: every figure in a statement, and every figure found or computed before."""
    listed = golden("figures.csv")
    assert set(listed) == set(records)
    for name, record in records.items():
        stated = {n for r in record.literature.reported for n in numbers(r.statement)}
        assert stated == {float(x) for x in listed[name].split()}, name


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_record_is_honest_about_what_it_is(path: Path):
    record = read_entry(path)
    given = record.literature
    assert record.kind == "literature"
    assert record.disclaimer.startswith(LITERATURE_NOTICE)
    assert (record.organisation, record.audience, record.licence) == (ORGANISATION, "public", LICENCE)
    assert record.preregistered == "not_known"
    assert not [*record.ratings, *record.findings, *record.deviations, *record.data_digests]
    assert record.protocol is record.result is record.protocol_digest is record.toolkit_version is None
    assert {r.source for r in given.reported} <= {c.id for c in given.citations}
    assert all(c.link or "doi" in c.text or c.account == "others" for c in given.citations)
    assert all(d in DESIGNS or d == "systematic_review" for d in record.design)
    assert (given.form == "review") == (record.design == ["systematic_review"])
    assert record.intervention.type in VOCABULARIES["intervention_types"]["terms"]


def test_null_and_harmful_results_are_in_the_set(records):
    beck = records["london-bus-stops-operation-beck"].literature.reported[0]
    assert (beck.outcome, beck.value, beck.p) == ("victim_crime", 25, "0.10")
    assert records["review-scared-straight-2013"].literature.reported[0].value == 1.68
    for name in ("thames-valley-hot-spots", "home-office-grip-2023", "home-office-vru-2022"):
        assert records[name].literature.reported[0].p == "not statistically significant"
    style = records["peterborough-operation-style"].literature
    assert "No Effects" in style.reported[0].statement
    assert "39%" in style.reported[0].statement
    assert [(x.by, x.label) for x in style.outside_ratings] == [("CrimeSolutions", "No Effects")]


def test_only_counts_with_a_known_error_are_poolable(records):
    poolable = {name for name, r in records.items() if r.effects}
    assert poolable == {"london-underground-platforms"}
    for name, record in records.items():
        assert bool(record.literature.not_poolable) != (name in poolable)


def test_the_london_effect_is_the_one_that_r_finds(records):
    expected = {k: float(v) for k, v in golden("values.csv").items()}
    (effect,) = records["london-underground-platforms"].effects
    found = (effect.estimate, effect.se, effect.ci_low, effect.ci_high, effect.p)
    names = ("log_ratio", "se", "low", "high", "p")
    assert found == pytest.approx([expected[f"london_{n}"] for n in names], rel=1e-9)
    assert (effect.n_treated, effect.n_comparison, effect.scale) == (57, 58, "log_rate_ratio")
    # By hand: 63/88 over 74/64, and the root of the four reciprocals.
    assert math.exp(effect.estimate) == pytest.approx((63 / 88) / (74 / 64))
    assert effect.se == pytest.approx(math.sqrt(1 / 88 + 1 / 63 + 1 / 64 + 1 / 74))


def test_every_computed_figure_is_the_one_that_r_finds(records):
    expected = {k: float(v) for k, v in golden("values.csv").items()}
    done = 0
    for name, wanted in {
        "home-office-vru-2024": ({"vru_sharp_se": 2, "vru_sharp_z": 2}, {"vru_any_se": 1, "vru_any_z": 2}),
        "review-braga-weisburd-2020": ({"braga_log_ratio": 3},),
        "review-scared-straight-2013": (
            {"scared_mh": 2, "scared_mh_low": 2, "scared_mh_high": 2},
            {"scared_dl": 3, "scared_dl_low": 3, "scared_dl_high": 3},
            {"scared_mh_i2": 1, "scared_mh_q_p": 4},
        ),
    }.items():
        computed = [r for r in records[name].literature.reported if r.mark == "computed"]
        assert len(computed) == len(wanted)
        for reported, values in zip(computed, wanted, strict=True):
            for key, digits in values.items():
                assert round(abs(expected[key]), digits) in numbers(reported.statement), key
                done += 1
    assert done == sum(r.mark == "computed" for x in records.values() for r in x.literature.reported) + 7


@pytest.mark.parametrize(
    "inputs",
    [
        {"t0": 88, "t1": 63, "c0": 64},
        {"t0": 88, "t1": 63, "c0": 64, "c1": 74, "d0": 1},
        {"t0": -1, "t1": 63, "c0": 64, "c1": 74},
        {"t0": 1e300, "t1": 63, "c0": 64, "c1": 74},
        {"t0": 0.5, "t1": 63, "c0": 64, "c1": 74},
    ],
)
def test_inputs_that_are_no_counts_are_refused(inputs):
    derivation = Derivation(analysis="a", formula="relative_rate_ratio", inputs=inputs, source="abc", note="")
    with pytest.raises(LibraryError, match="whole counts"):
        compute(derivation)


def test_a_count_of_zero_is_met_with_a_half_and_stays_finite():
    inputs = {"t0": 10, "t1": 0, "c0": 10, "c1": 10}
    found = compute(Derivation(analysis="a", formula="relative_rate_ratio", inputs=inputs, source="abc", note=""))
    assert math.exp(found.estimate) == pytest.approx(0.5 / 10.5)
    assert math.isfinite(found.se)


def test_seeding_publishes_each_record_once_and_everything_verifies(library, now):
    first = seed(library, now)
    assert len(first.published) == len(FILES)
    assert not any(p.already for p in first.published)
    before = {p: p.read_bytes() for p in library.rglob("*") if p.is_file()}
    again = seed(library, now + timedelta(days=400), by="Somebody else")
    assert all(p.already for p in again.published)
    assert {p: p.read_bytes() for p in library.rglob("*") if p.is_file()} == before
    found = scan(library)
    assert not found.problems
    assert {s.events[0].actor for s in found.records} == {STEWARD}
    assert [len(s.events) for s in found.records] == [1] * len(FILES)
    for stored in found.records:
        verdicts = {f.check: f.verdict for f in verify_version(stored.path)}
        arithmetic = verdicts.pop("integrity_arithmetic")
        assert arithmetic == ("pass" if stored.record.effects else "not_run")
        assert set(verdicts.values()) == {"pass"}
        assert "integrity_plan" not in verdicts


def test_the_checkouts_records_are_those_of_the_files_and_stay_as_they_are(tmp_path, records):
    """Seeding a copy of the committed library changes no byte of it, and everything in it verifies."""
    copy = tmp_path / "copy"
    shutil.copytree(SHARED, copy, ignore=shutil.ignore_patterns(".stage"))
    before = {p: p.read_bytes() for p in copy.rglob("*") if p.is_file()}
    assert all(p.already for p in seed(copy, DAY + timedelta(days=3)).published)
    assert {p: p.read_bytes() for p in copy.rglob("*") if p.is_file()} == before
    found = scan(copy)
    assert not found.problems
    mine = [s for s in latest(found.records) if s.record.organisation == ORGANISATION]
    assert {s.record.id for s in mine} == set(records)
    for stored in mine:
        content = {"version", "supersedes"}
        assert stored.record.model_dump(exclude=content) == records[stored.record.id].model_dump(exclude=content)
        assert {f.verdict for f in verify_version(stored.path)} <= {"pass", "not_run"}
        assert [(e.kind, e.actor) for e in stored.events] == [("publish", STEWARD)]


def test_seeding_on_the_same_day_makes_the_same_bytes(tmp_path):
    """All but the names of the events, which hold a random part."""
    made = []
    for name in ("one", "two"):
        open_library(tmp_path / name, create=True)
        seed(tmp_path / name, DAY)
        files = (p for p in (tmp_path / name).rglob("*") if p.is_file() and "events" not in p.parts)
        made.append({p.relative_to(tmp_path / name): p.read_bytes() for p in files})
    assert made[0] == made[1]


def test_a_corrected_file_becomes_the_next_major_version(library, now, tmp_path):
    folder = tmp_path / "prior"
    shutil.copytree(SHARED / "prior_evidence", folder)
    seed(library, now, folder=folder)
    path = folder / "home-office-grip-2022.yaml"
    path.write_text(path.read_text().replace("about 7% lower", "about 6% lower").replace("value: -7", "value: -6"))
    path.write_text(path.read_text().replace("about 7%", "about 6%"))
    done = {p.path.parent.name: p for p in seed(library, now, folder=folder).published if not p.already}
    assert {name: p.version for name, p in done.items()} == {"home-office-grip-2022": "2.0"}
    assert not scan(library).problems
    assert len(latest(scan(library).records)) == len(FILES)


def test_what_was_taken_down_is_not_put_back(library, now):
    seed(library, now)
    stored = next(s for s in scan(library).records if s.record.id == "sacramento-hot-spots")
    take_down(library, stored, "Library steward", "The source asked for it.", now)
    done = seed(library, now)
    assert done.left_out == ("sacramento-hot-spots",)
    assert len(done.published) == len(FILES) - 1
    assert "sacramento-hot-spots" not in {s.record.id for s in scan(library).records}


def test_a_changed_effect_is_found_by_its_arithmetic(library, now, records):
    record = records["london-underground-platforms"]
    wrong = record.effects[0].model_copy(update={"se": 0.1})
    done = publish(library, record.model_copy(update={"effects": [wrong]}), {}, STEWARD, now)
    (told,) = [f for f in verify_version(done.path) if f.verdict == "fail"]
    assert told.check == "integrity_arithmetic"
    assert "se of published_counts is 0.1, not 0.2374" in told.text


def test_the_crate_of_literature_names_sources_and_no_run(library, now, records):
    done = publish(library, records["southend-hot-spot-patrols"], {}, STEWARD, now)
    graph = {x["@id"]: x for x in json.loads((done.path / "ro-crate-metadata.json").read_text())["@graph"]}
    assert not {"#run", "#plan", "#toolkit"} & set(graph)
    assert "author" not in graph["./"]
    cited = [graph[c["@id"]] for c in graph["./"]["citation"]]
    assert cited[0]["url"] == "https://www.repository.cam.ac.uk/handle/1810/332034"
    assert "temporalCoverage" not in graph["./"]


def test_a_library_of_schema_1_is_read_verified_and_published_into_again(tmp_path, now):
    library = tmp_path / "old"
    shutil.copytree(V1, library, ignore=shutil.ignore_patterns("*.py"))
    found = scan(library)
    assert not found.problems
    (stored,) = found.records
    assert stored.record.schema_version == 2
    assert {f.verdict for f in verify_version(stored.path)} == {"pass"}
    before = {p: p.read_bytes() for p in library.rglob("*") if p.is_file()}
    files = {"report.html": (stored.path / "report.html").read_bytes()}
    assert publish(library, stored.record, files, "Head of evidence", now).already
    assert {p: p.read_bytes() for p in library.rglob("*") if p.is_file()} == before
    with pytest.raises(LibraryError, match="never changes"):
        publish(library, stored.record.model_copy(update={"title": "Other"}), files, "Head of evidence", now)
    assert load_record(dump_record(stored.record), "here") == stored.record


def spoil(path: Path, **changes: object) -> None:
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text(encoding="utf-8")), **changes}))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"summary": "Crimes fell by 31%."}, "no cited statement holds the number 31"),
        ({"title": "Patrols that cut crime by 99.9%"}, "no cited statement holds the number 99.9"),
        ({"learning": {"cost": "About £4,500 a week"}}, "no cited statement holds the number 4500"),
        ({"id": "another-name"}, "not the file's name"),
        ({"id": "../up"}, "id"),
        ({"title": "x" * 400}, "title"),
        ({"summary": "x" * 7000}, "at most 6000"),
        ({"unverified": "a guess"}, "unverified"),
        ({"organisation": "north-vru"}, "organisation"),
        ({"outcomes": []}, "at least 1 item"),
        ({"form": "rumour"}, "form"),
        ({"reported": [{"statement": "Crimes fell by a lot.", "source": "nobody"}]}, "no citation is called"),
        ({"learning": {"secret": "x"}}, "secret"),
    ],
)
def test_a_file_that_does_not_hold_is_refused_with_its_name(source, change, what):
    spoil(source, **change)
    with pytest.raises(LibraryError, match=what) as caught:
        read_prior_evidence(source.parent)
    assert source.name in str(caught.value)


def test_a_figure_that_its_own_sentence_does_not_hold_is_refused(source):
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace("value: -21", "value: -12"), encoding="utf-8")
    with pytest.raises(LibraryError, match="does not hold its own figure -12"):
        read_prior_evidence(source.parent)


def test_counts_that_no_statement_holds_are_refused(source):
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace("c1: 74", "c1: 94"), encoding="utf-8")
    with pytest.raises(LibraryError, match="no cited statement holds the number 94"):
        read_prior_evidence(source.parent)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a list",
        "a: [1, 2",
        "!!python/object/apply:os.system ['true']",
        "id: !!python/name:os.system",
        "a: &x [1]\nb: *x",
        "id: one\nid: two",
        "id: \x00",
        "[" * 5000,
        "a: " + "x" * 1_100_000,
    ],
)
def test_hostile_yaml_is_refused_and_nothing_is_published(source, library, now, text):
    (source.parent / "hostile.yaml").write_text(text)
    with pytest.raises(VruError) as caught:
        seed(library, now, folder=source.parent)
    assert "hostile.yaml" in str(caught.value)
    assert not scan(library).records


def test_links_and_empty_folders_are_refused(source, tmp_path):
    (source.parent / "link.yaml").symlink_to(source)
    with pytest.raises(LibraryError, match="is a link"):
        read_prior_evidence(source.parent)
    (tmp_path / "empty").mkdir()
    with pytest.raises(LibraryError, match="no prior evidence"):
        read_prior_evidence(tmp_path / "empty")


def test_seeding_needs_a_library(tmp_path, now):
    with pytest.raises(LibraryError, match="is not a library"):
        seed(tmp_path, now)
    assert not list(tmp_path.iterdir())
