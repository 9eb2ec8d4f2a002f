"""vru library list, show, pool, expect and gaps, on a library on disk."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from vru.cli import main
from vru.record import LearningRecord

Evaluation = Callable[..., LearningRecord]
Write = Callable[[list[LearningRecord]], Path]
ASK = ["--intervention", "hot_spot_policing", "--outcome", "violence"]


@pytest.fixture
def library(evaluation: Evaluation, write_library: Write) -> str:
    effects = ((-0.31, 0.1), (-0.12, 0.14), (0.05, 0.12), (-0.22, 0.09), (-0.4, 0.22))
    records = [evaluation(f"trial-{i:02d}", y, se) for i, (y, se) in enumerate(effects)]
    return str(write_library([*records, evaluation("demo", disclaimer="No patrols took place")]))


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(list(arguments)) == code
    out = capsys.readouterr()
    return out.out if code == 0 else out.err


def test_options_may_stand_before_or_after_the_verb(library: str, capsys: pytest.CaptureFixture[str]) -> None:
    after = said(capsys, "library", "list", "--library", library)
    assert said(capsys, "library", "--library", library, "list") == after
    assert after.endswith("versions: 6, problems: 0\n")
    assert len(json.loads(said(capsys, "library", "list", "--library", library, "--json"))) == 6
    assert len(json.loads(said(capsys, "library", "--json", "list", "--library", library))) == 6
    assert "trial-01" in said(capsys, "library", "show", "trial-01", "--library", library)
    assert json.loads(said(capsys, "library", "show", "trial-01", "--library", library, "--json"))["id"] == "trial-01"
    assert "say which record" in said(capsys, "library", "show", "--library", library, code=2)


def test_pool_prints_estimate_prediction_spread_list_and_what_was_left_out(
    library: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = said(capsys, "library", "pool", "--library", library, *ASK)
    for words in (
        "evaluations: 5 (5 independent)",
        "pooled rate ratio: 0.8",
        "prediction interval: ",
        "tau2: ",
        "I2: ",
        "one effect common to all: 0.8",
        "DerSimonian and Laird: ",
        "Paule and Mandel: ",
    ):
        assert words in out
    assert out.count("  trial-") == 5
    assert 'left out: demo-vru/demo@v1.0: carries a disclaimer: "No patrols took place"' in out
    whole = json.loads(said(capsys, "library", "pool", "--library", library, "--json", "--by", "design"))
    assert whole["syntheses"][0]["pooled"]["k"] == 5
    assert whole["by"][0]["refusal"] == "fewer than two groups have 3 evaluations"


def test_expect_answers_and_refuses(library: str, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--library", library, *ASK]
    assert "Chance that it helps" in said(capsys, "library", "expect", *where, "--baseline", "240")
    monthly = [str(c) for c in (20, 31, 9, 14, 40, 12, 8, 25)]
    answer = json.loads(said(capsys, "library", "expect", *where, "--json", "--baseline", *monthly))["expectation"]
    assert answer["baseline"]["phi"] > 1
    assert answer["expected"] == pytest.approx(159 * 12 / 8)
    assert "is not a count" in said(capsys, "library", "expect", *where, "--baseline", "2.5", code=2)
    nothing = ["--library", library, "--intervention", "mentoring", "--outcome", "violence", "--baseline", "20"]
    assert "can be pooled" in said(capsys, "library", "expect", *nothing, code=2)


def test_expect_refuses_two_estimands(
    evaluation: Evaluation, write_library: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    records = [evaluation(f"trial-{i:02d}") for i in range(3)] + [evaluation("other", estimand="something else")]
    where = ["--library", str(write_library(records)), *ASK]
    assert "different estimands" in said(capsys, "library", "expect", *where, "--baseline", "240", code=1)
    assert "2 different questions" in said(capsys, "library", "pool", *where)
    chosen = said(capsys, "library", "expect", *where, "--baseline", "240", "--estimand", "comparison areas")
    assert "240 events expected" in chosen
    few = said(capsys, "library", "expect", *where, "--baseline", "240", "--estimand", "something", code=1)
    assert "1 independent evaluations say nothing" in few


def test_doses_come_as_a_table(library: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "doses.csv"
    table.write_text("record,dose\ntrial-00-vru/trial-00,3\ntrial-01-vru/trial-01,4\n", encoding="utf-8")
    assert "2 independent evaluations have it" in said(
        capsys, "library", "pool", "--library", library, "--doses", str(table)
    )
    table.write_text("record,dose\na/b,many\n", encoding="utf-8")
    assert "row 2" in said(capsys, "library", "pool", "--library", library, "--doses", str(table), code=2)
    gone = str(tmp_path / "gone.csv")
    assert "cannot be read" in said(capsys, "library", "pool", "--library", library, "--doses", gone, code=2)


def test_gaps_lists_what_there_is_and_is_not(library: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, "library", "gaps", "--library", library)
    assert "police_recorded_violence: 5 evaluations by 5 organisations" in out
    assert "  no evaluation: any outcome" in out
    assert "left out: demo-vru/demo@v1.0" in out
    cells = json.loads(said(capsys, "library", "gaps", "--library", library, "--json"))["cells"]
    assert sum(bool(c["references"]) for c in cells) == 1


def test_an_empty_library_says_so(write_library: Write, capsys: pytest.CaptureFixture[str]) -> None:
    where = str(write_library([]))
    assert said(capsys, "library", "pool", "--library", where).startswith("nothing in this library can be pooled")
    half = said(capsys, "library", "pool", "--library", where, "--outcome", "violence", code=2)
    assert "name both --intervention and --outcome" in half
    assert "is not a level" in said(capsys, "library", "pool", "--library", where, "--level", "1.5", code=2)


@pytest.mark.parametrize("verb", ["list", "show", "pool", "expect", "gaps"])
def test_every_verb_has_help_with_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["library", verb, "--help"])
    assert stop.value.code == 0
    assert f"example:\n  vru library {verb}" in capsys.readouterr().out


def test_a_records_words_cannot_drive_the_terminal(
    evaluation: Evaluation, write_library: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    library = str(write_library([evaluation("odd", estimand="\x1b[2Jgone\u202e")]))
    out = said(capsys, "library", "pool", "--library", library)
    assert "gone" in out
    assert not {"\x1b", "\u202e"} & set(out)
