"""What a user sees, command by command, when the plan, the data, the map or the disk is wrong.

Every line of the list "bad input" in the design has its entry: exit code 2, the words that say what
to mend, no traceback, and nothing in the evaluation's folder that was not there before.
"""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vru.cli import main

Made = Any  # the small evaluation that conftest makes
Spoil = Callable[[Made], Any]
Make = Callable[..., Made]
CODES = [f"E0100000{i}" for i in range(1, 9)]
PLACES = dict(zip(CODES, [(-2.98 + 0.02 * i, 53.40) for i in range(8)], strict=True))
BOXES = [(code, lon - 0.005, lat - 0.005, 0.01) for code, (lon, lat) in PLACES.items()]


def in_plan(old: str, new: str) -> Spoil:
    def spoil(made: Made) -> None:
        path = made.folder / "protocol.yaml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return spoil


def units(**parts: Any) -> Spoil:
    kept = {"kind": "lsoa11", "treated": CODES[:4], "comparison": CODES[4:]}
    return lambda made: made.replan(units=kept | parts)


def starting(month: str) -> Spoil:
    return lambda made: made.replan(intervention=made.plan()["intervention"] | {"start": month})


def counting(*kinds: str) -> Spoil:
    return lambda made: made.replan(outcomes=[made.plan()["outcomes"][0] | {"filter": {"crime_type": list(kinds)}}])


def adjusting(*nodes: str) -> Spoil:
    return lambda made: made.replan(graph=made.plan()["graph"] | {"adjustment": ["area", "period", *nodes]})


def in_march(edit: Callable[[bytes], bytes]) -> Spoil:
    def spoil(made: Made) -> None:
        path = made.street("2019-03")
        path.write_bytes(edit(path.read_bytes()))

    return spoil


def in_map(edit: Callable[[bytes], bytes]) -> Spoil:
    def spoil(made: Made) -> None:
        path = made.folder / "areas.geojson"
        path.write_bytes(edit(path.read_bytes()))

    return spoil


def zipped(made: Made, bytes_kept: int | None = None) -> None:
    shutil.make_archive(str(made.folder / "archive"), "zip", made.archive)
    path = made.folder / "archive.zip"
    path.write_bytes(path.read_bytes()[:bytes_kept])
    made.replan(data=[{"id": "crimes", "source": "police_uk", "path": "archive.zip"}])


def placed(longitude: Callable[[float, float], str]) -> Spoil:
    def spoil(made: Made) -> None:
        for lon, lat in PLACES.values():
            made.swap(f"{lon:.6f},{lat:.6f}", longitude(lon, lat))

    return spoil


def plan_in_latin_1(made: Made) -> None:
    path = made.folder / "protocol.yaml"
    path.write_bytes(path.read_text(encoding="utf-8").replace("Officer hours", "Café hours").encode("latin-1"))


def run_check(made: Made, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    def files() -> list[str]:
        return sorted(str(p) for p in made.folder.rglob("*") if ".vru" not in p.parts)

    before = files()
    code = main(["check", str(made.folder)])
    assert files() == before
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    assert "unexpected" not in said.err
    return code, said.out, said.err


PLAN: list[tuple[str, Spoil, list[str]]] = [
    (
        "a second colon",
        in_plan("organisation: simshire-demo", "organisation: simshire: demo"),
        ["is not valid YAML: there is a second colon on this line", "put the whole text in quotation marks"],
    ),
    (
        "a quotation mark never closed",
        in_plan("version: '1.0'", "version: '1.0"),
        ["protocol.yaml: line 3, column 10", "a quotation mark is opened and never closed"],
    ),
    ("a tab", in_plan("seed: ", "\tseed: "), ["a tab stands where spaces should", "use spaces, not tabs"]),
    ("a list never closed", in_plan("seed: ", "x: [a, b\nseed: "), ["a list that starts with [ is not closed"]),
    ("Latin-1", plan_in_latin_1, ["is not UTF-8 text", "save it again as UTF-8"]),
    ("an unknown key", in_plan("seed: ", "sead: "), ["sead: is not a field", "did you mean 'seed'?"]),
    ("a number in words", in_plan("smallest_effect: 0.1", "smallest_effect: tenth"), ["'tenth': is not a number"]),
    ("a list for a text", in_plan("version: '1.0'", "version: [1]"), ["version: is not text"]),
    ("a date of a day", starting("2020-01-01"), ["is a full date", "YYYY-MM"]),
    ("a date as 03/04/2021", starting("03/04/2021"), ["'03/04/2021': write months as YYYY-MM"]),
    ("month 13", starting("2020-13"), ["'2020-13': write months as YYYY-MM"]),
    ("a start outside the window", starting("2022-01"), ["2022-01 is not inside the window 2019-01 to 2020-12"]),
    ("too few months before", starting("2019-03"), ["2019-03 leaves 2 months before it", "allowed: at least 3"]),
    ("treated and comparison", units(comparison=CODES[3:]), [f"both treated and comparison: {CODES[3]}"]),
    ("no comparison areas", units(comparison=[]), ["poisson_did needs comparison areas", "allowed: before_after"]),
    (
        "a comparison area that is a buffer",
        units(buffers={"treated": [CODES[5]], "comparison": []}),
        [f"units.buffers.treated: also in units.comparison: {CODES[5]}", "a unit plays one role"],
    ),
    (
        "a buffer of both",
        units(comparison=CODES[4:7], buffers={"treated": [CODES[7]], "comparison": [CODES[7]]}),
        [f"also in units.buffers.treated: {CODES[7]}"],
    ),
    ("a mediator", adjusting("police_visibility"), ["is a mediator", "patrol -> police_visibility -> violence"]),
    (
        "a collider",
        adjusting("recorded_incidents"),
        ["is a collider, caused by both", "violence -> recorded_incidents"],
    ),
]

DATA: list[tuple[str, Spoil, list[str]]] = [
    ("units absent", units(treated=[CODES[0], "E01999999"]), ["not in the data: E01999999", "2011 and 2021 differ"]),
    ("zero events", counting("Robbery"), ["not one event in any treated or comparison unit"]),
    (
        "a mistyped crime type",
        counting("Violence and sexual offense"),
        ["did you mean 'Violence and sexual offences'?"],
    ),
    ("a CSV cut short", in_march(lambda b: b[:-90]), ["2019-03-made-street.csv: ends in the middle of a row"]),
    ("no CSV at all", in_march(lambda b: b"PK\x03\x04" + b), ["2019-03-made-street.csv", "Excel workbook"]),
    (
        "a column missing",
        lambda m: m.swap("Longitude", "Long"),
        ["columns missing: Longitude", "'Long' for 'Longitude'"],
    ),
    ("swapped", placed(lambda x, y: f"{y:.6f},{x:.6f}"), ["longitude and latitude are swapped", "exchange the two"]),
    ("outside Britain", placed(lambda x, y: f"{-x:.6f},{y:.6f}"), ["outside Britain", "a lost minus sign"]),
    ("grid metres", placed(lambda x, y: "335000,391000"), ["British National Grid metres", "EPSG:27700 to EPSG:4326"]),
    (
        "dates rewritten by a spreadsheet",
        in_march(lambda b: b.replace(b"2019-03,", b"03/04/2021,")),
        ["Month is '03/04/2021'", "a spreadsheet program has rewritten them"],
    ),
    ("a zip cut short", lambda m: zipped(m, 3000), ["archive.zip: cannot be opened as a zip", "download it again"]),
    ("no archive", lambda m: shutil.rmtree(m.archive), ["archive is not there", "--data DIR"]),
]

MAPS: list[tuple[str, Spoil, list[str]]] = [
    ("cut short", in_map(lambda b: b[:200]), ["the text breaks off or is not JSON at line 1", "the whole file again"]),
    ("JSON, no map", in_map(lambda b: b"[1, 2]"), ["it is JSON, but not a FeatureCollection"]),
    ("no map file", in_map(lambda b: b"id,x,y"), ["areas.geojson: cannot be read: it is no map file"]),
    ("UTF-16", in_map(lambda b: b.decode().encode("utf-16")), ["it is UTF-16 text", "save it again as UTF-8"]),
    (
        "Latin-1",
        in_map(lambda b: b.replace(b"E01000001", b"Caf\xe9")),
        ["line 1 is not UTF-8 text", "save it again as UTF-8"],
    ),
    ("absent", lambda m: (m.folder / "areas.geojson").unlink(), ["areas.geojson is not there"]),
    (
        "a broken ring",
        lambda m: (m.folder / "areas.geojson").write_text(
            '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"id": "E01000001"}, '
            '"geometry": {"type": "Polygon", "coordinates": [[[-3, 53], [-2.9, 53]]]}}]}'
        ),
        ["a shape in it is broken", "Fix geometries"],
    ),
    (
        "swapped",
        lambda m: m.draw([(c, y, x, 0.01) for c, (x, y) in PLACES.items()]),
        ["longitude and latitude are swapped"],
    ),
    ("outside Britain", lambda m: m.draw([(c, x - 70, y, w) for c, x, y, w in BOXES]), ["areas lie outside Britain"]),
    (
        "grid metres given as degrees",
        lambda m: m.draw([(c, 330_000 + 1000 * i, 390_000, 500) for i, c in enumerate(CODES)]),
        ["are not degrees, though the file says so", "declare EPSG:27700"],
    ),
    (
        "overlapping hot spots",
        lambda m: m.draw([(CODES[0], -2.985, 53.395, 0.03), *BOXES[1:]]),
        ["areas overlap: E01000001 (treated) and E01000002 (treated)", "redraw them side by side"],
    ),
    (
        "a comparison area inside a buffer",
        lambda m: m.replan(units=m.plan()["units"] | {"buffers": {"distances_m": [900]}}),
        ["inside a treated area's buffer: E01000005 within 900 m of E01000004"],
    ),
    (
        "a treated area that is not drawn",
        lambda m: m.replan(units=m.plan()["units"] | {"treated": [CODES[0], "Z9"]}),
        ["units.treated: not in the boundaries: Z9"],
    ),
]


@pytest.mark.parametrize(("spoil", "words"), [c[1:] for c in PLAN + DATA], ids=[c[0] for c in PLAN + DATA])
def test_a_wrong_plan_or_archive(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], sound: Make, spoil: Spoil, words: list[str]
) -> None:
    made = sound(tmp_path / "e")
    spoil(made)
    code, _, said = run_check(made, capsys)
    assert code == 2
    for text in words:
        assert text in said


@pytest.mark.parametrize(("spoil", "words"), [c[1:] for c in MAPS], ids=[c[0] for c in MAPS])
def test_a_wrong_map(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], polygons: Make, spoil: Spoil, words: list[str]
) -> None:
    made = polygons(tmp_path / "e")
    spoil(made)
    code, _, said = run_check(made, capsys)
    assert code == 2
    for text in words:
        assert text in said
    assert "driver" not in said.lower()


TOLD: list[tuple[str, Spoil, list[str]]] = [
    ("nothing", lambda m: None, ["8 units (4 treated, 4 comparison) x 24 months", "violence: 977 offences"]),
    ("a byte-order mark", in_march(lambda b: b"\xef\xbb\xbf" + b), ["violence: 977 offences"]),
    ("UTF-16", in_march(lambda b: b.decode().encode("utf-16")), ["rewritten as UTF-8 text before reading: UTF-16 (1)"]),
    (
        "Latin-1",
        in_march(lambda b: b.replace(b"High Street", b"Caf\xe9")),
        ["rewritten as UTF-8 text before reading: Latin-1 (1)"],
    ),
    (
        "a crime twice",
        in_march(lambda b: b + b.split(b"\n")[1] + b"\n"),
        ["another row has the same Crime ID", "violence: 977 offences"],
    ),
    (
        "a force-month that is missing",
        lambda m: m.street("2019-07").unlink(),
        ["no file in the archive for 2019-07: missing, not zero", "violence: 936 offences"],
    ),
    (
        "a gap of months",
        lambda m: [m.street(month).unlink() for month in ("2019-03", "2019-05", "2019-06", "2019-07")],
        ["no file in the archive for 2019-03, 2019-05 to 2019-07: missing, not zero"],
    ),
    ("a zip", zipped, ["violence: 977 offences"]),
]


@pytest.mark.parametrize(("spoil", "words"), [c[1:] for c in TOLD], ids=[c[0] for c in TOLD])
def test_what_is_read_all_the_same_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], sound: Make, spoil: Spoil, words: list[str]
) -> None:
    made = sound(tmp_path / "e")
    spoil(made)
    code, said, _ = run_check(made, capsys)
    assert code == 0
    for text in words:
        assert text in said


def test_polygons_with_rings_say_how_shared_ground_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], polygons: Make
) -> None:
    made = polygons(tmp_path / "e", buffers={"distances_m": [200, 400]})
    code, said, _ = run_check(made, capsys)
    assert code == 0
    assert "8 buffer, 4 comparison, 8 buffer_comparison" in said
    assert "counts for the nearest treated area" in said


def test_problems_come_from_the_top_of_the_file_down(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], sound: Make
) -> None:
    made = sound(tmp_path / "e")
    for old, new in (("smallest_effect", "smallest_efect"), ("version: '1.0'", "version: x"), ("seed: ", "sead: ")):
        in_plan(old, new)(made)
    _, _, said = run_check(made, capsys)
    lines = [int(part.split(":")[0]) for part in said.split(": line ")[1:]]
    assert len(lines) >= 3
    assert lines == sorted(lines)


def test_a_full_disk_at_every_command_that_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sound: Make
) -> None:
    made = sound(tmp_path / "e")

    def full(handle: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    before = sorted(tmp_path.rglob("*"))
    for command in (
        ["register", str(made.folder)],
        ["new", "op-grip", "--template", "hotspot_patrol", "--workspace", str(tmp_path)],
    ):
        assert main(command) == 2
        assert "could not be written: No space left on device" in capsys.readouterr().err
        assert sorted(tmp_path.rglob("*")) == before


def test_a_refusal_of_the_system_itself_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/somewhere")

    monkeypatch.setattr("vru.run.workspace.init_workspace", full)
    assert main(["init", str(tmp_path / "w")]) == 2
    said = capsys.readouterr().err
    assert "/somewhere: No space left on device" in said
    assert "make room there" in said


@pytest.mark.parametrize("command", [["init"], ["demo"], ["check"], ["run"], ["register"]])
def test_a_file_where_a_folder_should_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("mine")
    assert main([*command, str(path)]) == 2
    assert "is a file" in capsys.readouterr().err
    assert path.read_text() == "mine"


def test_naming_the_protocol_means_its_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str], sound: Make) -> None:
    made = sound(tmp_path / "e")
    assert main(["check", str(made.folder / "protocol.yaml"), "--no-data"]) == 0
    assert "protocol: sound" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["seed=abc"], "'abc': is not a whole number"),
        (["level=95"], "must be less than or equal to 0.999"),
        (["seed=1", "seed=2"], "'seed' is given twice"),
        (["method=x"], "'method' cannot be set"),
        (["start=2030-01"], "is not inside the window"),
    ],
)
def test_settings_refused_before_any_kernel(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], sound: Make, given: list[str], said: str
) -> None:
    made = sound(tmp_path / "e")
    assert main(["run", str(made.folder), *(part for text in given for part in ("--set", text))]) == 2
    assert said in capsys.readouterr().err
    assert not (made.folder / "outputs").exists()
