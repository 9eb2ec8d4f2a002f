"""Every problem of a plan at once, each with file, line, field, what is allowed and the nearest known key."""

import json
from pathlib import Path

import pytest
import yaml

from vru.errors import ProtocolError
from vru.protocol import json_schema, load, read_draft

ROOT = Path(__file__).resolve().parents[2]
DEMO = (ROOT / "evaluations" / "op-grip-demo" / "protocol.yaml").read_text(encoding="utf-8")


def write(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    (tmp_path / "protocol.yaml").write_bytes(text.encode(encoding))
    return tmp_path


def problems(tmp_path: Path, *changes: tuple[str, str]) -> str:
    text = DEMO
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    with pytest.raises(ProtocolError) as caught:
        load(write(tmp_path, text))
    return str(caught.value)


def line_of(needle: str) -> int:
    return next(i for i, line in enumerate(DEMO.splitlines(), 1) if needle in line)


@pytest.mark.parametrize("name", ["op-grip-demo", "merseyside-known-effect", "merseyside-placebo"])
def test_worked_protocols_are_sound(name: str) -> None:
    assert load(ROOT / "evaluations" / name).id == name


def test_every_problem_is_reported_at_once(tmp_path: Path) -> None:
    said = problems(
        tmp_path,
        ("smallest_effect: 0.10", "smallest_efect: 0.10"),
        ("start: 2021-04", "start: 03/04/2021"),
        ("audience: public", "audience: publik"),
        ("method: weighted_displacement, outcome: violence", "method: weighted_displacement, outcome: violense"),
    )
    assert "did you mean 'smallest_effect'" in said
    assert "write months as YYYY-MM" in said
    assert "did you mean 'public'" in said
    assert "'violense' is not the id of any entry of outcomes" in said
    assert "question.smallest_effect: is required" in said


def test_a_problem_names_file_line_and_field(tmp_path: Path) -> None:
    said = problems(tmp_path, ("smallest_effect: 0.10", "smallest_efect: 0.10"))
    assert f"protocol.yaml: line {line_of('smallest_effect')}: question.smallest_efect: is not a field" in said
    assert "allowed: comparator, estimand, population, smallest_effect" in said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  start: 2021-04", "  start: 2025-04", "is not inside the window"),
        ("  start: 2021-04", "  start: 2021-04-01", "is a full date"),
        ("window: {first: 2019-04, last: 2022-03", "window: {first: 2022-03, last: 2019-04", "must come before last"),
        ("role: secondary", "role: primary", "2 analyses have role: primary"),
        ("    primary: true", "    primary: false", "no outcome is marked primary"),
        ("seed: 20210401", "seed: -1", "greater than or equal to 0"),
        ("[E01990001,", "[E01991001,", "both treated and comparison: E01991001"),
        ("id: wdd", "id: did", "the id 'did' is used more than once"),
        ("kind: lsoa11 ", "kind: polygon ", "kind: polygon needs boundaries"),
        ("    data: crimes", "    data: crime", "'crime' is not the id of any entry of data"),
        ("title: Hot-spot", "titel: Hot-spot", "did you mean 'title'"),
        ("seed: 20210401", "seed: 20210401\nseed: 3", "the key 'seed' is given twice"),
        ("seed: 20210401", "seed: &a 20210401\nversion2: *a", "anchors and aliases"),
        ("id: op-grip-demo", "id: ../../etc", "does not have the form"),
        ("seed: 20210401", "seed: 20210401\nartificial_effect: {keep_share: 1.5}", "less than or equal to 1"),
    ],
)
def test_what_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert said in problems(tmp_path, (old, new))


def test_an_artificial_effect_must_be_declared(tmp_path: Path) -> None:
    line = next(line for line in DEMO.splitlines() if line.startswith("disclaimer:"))
    said = problems(
        tmp_path, (line, 'disclaimer: ""'), ("seed: 20210401", "seed: 20210401\nartificial_effect: {keep_share: 0.5}")
    )
    assert "artificial_effect needs a disclaimer" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [1, 2\nb: 3", "is not valid YAML"),
        ("\tid: x", "use spaces, not tabs"),
        ("", "is empty"),
        ("- a\n- b", "is empty or not a list of 'key: value' lines"),
        ("id: !!python/object/apply:os.system ['true']", "cannot be read"),
        ("x: " + "[" * 5000, "nested too deeply"),
        ("id: " + "x" * 1_100_000, "is larger than 1,000,000 bytes"),
    ],
)
def test_malformed_files(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ProtocolError, match=said):
        read_draft(write(tmp_path, text))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_other_encodings_with_a_mark_are_read(tmp_path: Path, encoding: str) -> None:
    assert load(write(tmp_path, DEMO, encoding)).id == "op-grip-demo"


def test_latin_1_is_refused_with_its_line(tmp_path: Path) -> None:
    text = DEMO.replace("Officer hours", "Café hours")
    line = next(i for i, x in enumerate(text.splitlines(), 1) if "Café" in x)
    with pytest.raises(ProtocolError, match=f"line {line}: is not UTF-8 text"):
        load(write(tmp_path, text, "latin-1"))


def test_an_absent_folder_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="vru new NAME --template T"):
        load(tmp_path / "nothing")


def test_the_schema_accepts_what_the_toolkit_accepts_and_is_the_committed_one() -> None:
    import jsonschema

    schema = json.loads(json_schema())
    content = yaml.safe_load(DEMO)
    jsonschema.validate(content, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content | {"sead": 1}, schema)
    assert (ROOT / "evaluations" / "protocol.schema.json").read_text(encoding="utf-8") == json_schema()
