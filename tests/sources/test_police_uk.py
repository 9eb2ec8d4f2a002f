"""The police_uk reader on made archives: what it keeps, drops, counts and refuses."""

import io
import os
import stat
import struct
import threading
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from vru.errors import DataError
from vru.events import Events
from vru.sources import SOURCES, Request
from vru.sources.police_uk import PoliceUkOptions, read

HEADER = (
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,"
    "Crime type,Last outcome category,Context"
)
Files = Mapping[str, bytes]


def row(month: str, i: int | str = "", **changes: str) -> str:
    cells = {
        "id": f"{i:064d}" if isinstance(i, int) else i,
        "month": month,
        "by": "Made Police",
        "within": "Made Police",
        "lon": "-2.980000",
        "lat": "53.400000",
        "location": "On or near High Street",
        "lsoa": "E01000001",
        "name": "Upton 001A",
        "type": "Violence and sexual offences",
        "outcome": "Under investigation",
        "context": "",
    } | changes
    return ",".join(cells.values())


def csv(*lines: str, header: str = HEADER, end: str = "\r\n") -> bytes:
    return end.join([header, *lines, ""]).encode()


def plain(month: str, n: int = 40, first: int = 0) -> list[str]:
    return [row(month, first + i) for i in range(n)]


def street(month: str, force: str = "made") -> str:
    return f"{month}/{month}-{force}-street.csv"


def packed(folder: Path, files: Files) -> Path:
    path = folder / "archive.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in files.items():
            z.writestr(name, data)
    return path


def unpacked(folder: Path, files: Files) -> Path:
    for name, data in files.items():
        at = folder / "archive" / name
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_bytes(data)
    return folder / "archive"


def silent(what: str, done: int, total: int) -> None:
    return None


def events_of(path: Path, cache: Path | None = None, **options: Any) -> Events:
    request = Request(path, cache or path.parent / "cache", 1, silent)
    return read(request, PoliceUkOptions(**options))


def frame(events: Events) -> pd.DataFrame:
    return pd.read_parquet(events.path)


def counted(events: Events, text: str) -> int | None:
    (note,) = [n for n in events.log if text in n.text]
    return note.count


def refusal(path: Path, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        events_of(path, **options)
    return str(caught.value)


@pytest.mark.parametrize("made", [packed, unpacked])
def test_reads_zip_and_folder(tmp_path, made: Callable[[Path, Files], Path]) -> None:
    files = {
        f"deep/down/{street('2021-01')}": csv(*plain("2021-01", 30)),
        f"deep/down/{street('2021-03')}": csv(*plain("2021-03", 20, first=100), end="\n"),
        f"deep/down/{street('2021-01', 'north-made')}": csv(*plain("2021-01", 10, first=200)),
        "deep/down/2021-01/2021-01-made-outcomes.csv": b"not,read\n",
        "__MACOSX/deep/._2021-01-made-street.csv": b"\x00\x05",
    }
    events = events_of(made(tmp_path, files))
    assert events.present == {"made": ("2021-01", "2021-03"), "north-made": ("2021-01",)}
    assert events.sha256.startswith("sha256:")
    found = frame(events)
    assert found.groupby(["force", "month"]).size().to_dict() == {
        ("made", "2021-01"): 30,
        ("made", "2021-03"): 20,
        ("north-made", "2021-01"): 10,
    }
    first = found.iloc[0]
    assert (first["longitude"], first["latitude"]) == (-2.98, 53.4)
    assert first["lsoa_code"] == "E01000001"
    assert first["crime_type"] == "Violence and sexual offences"
    assert "crime_id" not in found.columns
    assert counted(events, "made: months missing") == 1
    assert SOURCES["police_uk"].read is read


def test_options_choose_forces_and_months(tmp_path) -> None:
    files = {street(f"2021-0{m}", f): csv(*plain(f"2021-0{m}")) for m in (1, 2, 3) for f in ("made", "other")}
    # The same Crime IDs in every file: only what is read can be repeated.
    path = packed(tmp_path, files)
    events = events_of(path, forces=["other"], read_from="2021-02", read_to="2021-02")
    assert events.present == {"other": ("2021-02",)}
    assert len(frame(events)) == 40
    assert "did you mean other?" in refusal(path, forces=["othr"])
    assert "no file from 2022-01" in refusal(path, read_from="2022-01")


def test_rows_without_crime_id_are_all_kept(tmp_path) -> None:
    asb = [row("2021-01", type="Anti-social behaviour")] * 25
    events = events_of(packed(tmp_path, {street("2021-01"): csv(*asb, *plain("2021-01"))}))
    assert (frame(events)["crime_type"] == "Anti-social behaviour").sum() == 25
    assert not any("Crime ID" in n.text for n in events.log)


def test_one_crime_id_is_one_crime(tmp_path) -> None:
    january = [*plain("2021-01"), row("2021-01", 7), row("2021-01", 8, type="Robbery")]
    february = [*plain("2021-02", first=500), row("2021-02", 9)]
    files = {
        street("2021-01"): csv(*january),
        street("2021-02"): csv(*february),
        street("2021-01", "btp"): csv(*plain("2021-01", 40, first=900), row("2021-01", 3, lsoa="E01000009")),
    }
    events = events_of(packed(tmp_path, files))
    found = frame(events)
    assert len(found) == 121
    assert counted(events, "rows dropped because another row has the same Crime ID and crime type") == 3
    assert any("1 of them name another place, 1 another month" in n.text for n in events.log)
    # Of rows alike in month, the first force by name is kept; of two crime types both, for whoever counts one of them.
    assert (found["lsoa_code"] == "E01000009").sum() == 1
    assert counted(events, "Crime IDs in rows of several crime types (2 rows kept)") == 1
    both = found[found["shared_id"].notna()]
    assert sorted(both["crime_type"])[0] == "Robbery"
    assert both["shared_id"].nunique() == 1
    assert found["repeats"].sum() == 3
    assert (found["month"] == "2021-02").sum() == 40


def test_the_row_kept_does_not_depend_on_order(tmp_path) -> None:
    lines = [*plain("2021-01"), row("2021-01", 8, type="Robbery"), row("2021-01", 9, lsoa="E01000002")]
    both = []
    for i, order in enumerate((lines, lines[::-1])):
        (tmp_path / str(i)).mkdir()
        found = frame(events_of(packed(tmp_path / str(i), {street("2021-01"): csv(*order)})))
        both.append(found.sort_values(list(found.columns), ignore_index=True))
    pd.testing.assert_frame_equal(both[0], both[1])


def test_a_row_with_a_place_is_kept_before_one_without_and_an_earlier_month(tmp_path) -> None:
    files = {
        street("2021-01"): csv(*plain("2021-01"), row("2021-01", 77, lon="", lat="", lsoa="")),
        street("2021-02"): csv(*plain("2021-02", first=500), row("2021-02", 77)),
        street("2021-03"): csv(*plain("2021-03", first=900), row("2021-03", 77)),
    }
    found = frame(events_of(packed(tmp_path, files)))
    assert found.loc[found["repeats"] == 2, "month"].tolist() == ["2021-02"]


@pytest.mark.parametrize("mark", ["NA", "NULL", "None", " - ", "same-for-all"])
def test_a_mark_for_no_id_makes_no_rows_one_crime(tmp_path, mark: str) -> None:
    lines = [row("2021-01", mark) for _ in range(60)]
    events = events_of(packed(tmp_path, {street("2021-01"): csv(*lines)}))
    assert len(frame(events)) == 60
    asked = [n for n in events.log if n.severity == "question"]
    assert bool(asked) == (mark == "same-for-all")


ACCENT = row("2021-01", 77, location="On or near Café Rhosyn Ŵ")
LATIN = row("2021-01", 77, location="On or near Caf\u00e9 \u2019s")


@pytest.mark.parametrize(
    ("data", "location", "said"),
    [
        (b"\xef\xbb\xbf" + csv(*plain("2021-01"), ACCENT), "On or near Café Rhosyn Ŵ", None),
        (csv(*plain("2021-01"), ACCENT).decode().encode("utf-16"), "On or near Café Rhosyn Ŵ", "UTF-16"),
        (csv(*plain("2021-01"), ACCENT).decode().encode("utf-16-be"), "On or near Café Rhosyn Ŵ", "UTF-16"),
        (csv(*plain("2021-01"), LATIN).decode().encode("cp1252"), "On or near Caf\u00e9 \u2019s", "Latin-1"),
        (csv(*plain("2021-01"), row("2021-01", 77, location="x"), end="\r"), "x", "carriage returns"),
        (
            csv(*plain("2021-01"), end="\n") + row("2021-01", 77, location="y").encode() + b"\r\n\r\n",
            "y",
            "mixed line ends",
        ),
        (csv(*plain("2021-01"), row("2021-01", 77, location='"a, ""b"""')), 'a, "b"', None),
    ],
)
@pytest.mark.parametrize("made", [packed, unpacked])
def test_encodings_and_line_ends(tmp_path, made, data: bytes, location: str, said: str | None) -> None:
    events = events_of(made(tmp_path, {street("2021-01"): data}))
    found = frame(events)
    assert len(found) == 41
    assert location in set(found["location"])
    assert [n.text.split(": ")[-1] for n in events.log if "rewritten" in n.text] == ([said] if said else [])
    assert not any("cannot be read" in n.text for n in events.log)


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"lon": "53.4", "lat": "-2.98"}, "swapped"),
        ({"lon": "335000", "lat": "391000"}, "National Grid metres"),
        ({"lon": "2.98"}, "outside Britain"),
        ({"lon": "0", "lat": "0"}, "outside Britain"),
        ({"lon": ""}, "not a pair of numbers"),
        ({"lat": "north"}, "not a pair of numbers"),
        ({"lsoa": "Upton"}, "unknown form"),
        ({"type": ""}, "without a crime type"),
    ],
)
def test_a_few_bad_rows_are_counted(tmp_path, changes, note) -> None:
    lines = [*plain("2021-01", 98), row("2021-01", 98, **changes), row("2021-01", 99, **changes)]
    events = events_of(packed(tmp_path, {street("2021-01"): csv(*lines)}))
    assert counted(events, note) == 2
    found = frame(events)
    assert len(found) == 100
    if "lon" in changes or "lat" in changes:
        assert found["longitude"].isna().sum() == found["latitude"].isna().sum() == 2


def test_rows_of_another_month_are_dropped_and_counted(tmp_path) -> None:
    lines = [*plain("2021-01", 98), row("2021-02", 98), row("", 99)]
    events = events_of(packed(tmp_path, {street("2021-01"): csv(*lines)}))
    assert len(frame(events)) == 98
    assert counted(events, "not the month of their file") == 2


@pytest.mark.parametrize(
    "bad",
    [
        "one,two,three",
        row("2021-01", 999, location="a,b"),
        row("2021-01", 999, context="x,y,z"),
        row("2021-01", 999, location='"On or near'),
    ],
)
def test_lines_that_are_no_rows_are_counted(tmp_path, bad) -> None:
    lines = [*plain("2021-01", 50), bad, *plain("2021-01", 50, first=50)]
    events = events_of(packed(tmp_path, {street("2021-01"): csv(*lines)}))
    assert len(frame(events)) == 100
    assert counted(events, "cannot be read as a row") == 1


def test_a_stray_quotation_mark_stays_in_its_cell(tmp_path) -> None:
    lines = [*plain("2021-01", 50), row("2021-01", 99, location='On or near 5" Lane'), *plain("2021-01", 50, first=200)]
    found = frame(events_of(packed(tmp_path, {street("2021-01"): csv(*lines)})))
    assert len(found) == 101
    assert 'On or near 5" Lane' in set(found["location"])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"lon": "53.4", "lat": "-2.98"}, ["swapped ('53.4, -2.98') in 40 of 40 rows", "exchange the two"]),
        ({"lon": "335000", "lat": "391000"}, ["British National Grid", "EPSG:27700 to EPSG:4326"]),
        ({"lon": "2.98"}, ["outside Britain ('2.98, 53.400000')", "minus sign"]),
        ({"lat": "x"}, ["no pair of numbers"]),
        ({"month": "03/01/2021"}, ["Month is '03/01/2021' in 40 of 40 rows", "03/04/2021", "YYYY-MM"]),
        ({"month": "2021-02"}, ["Month is '2021-02'"]),
        ({"lsoa": "Upton"}, ["LSOA code is 'Upton'"]),
        ({"type": ""}, ["Crime type is blank in 40 of 40"]),
        ({"location": "a,b"}, ["40 of 40 lines cannot be read", "quotation marks"]),
    ],
)
def test_a_fault_throughout_is_an_error(tmp_path, changes, said) -> None:
    lines = [row(**{"month": "2021-01", "i": i} | changes) for i in range(40)]
    files = {street("2021-01"): csv(*lines), street("2021-02"): csv(*plain("2021-02"))}
    text = refusal(packed(tmp_path, files))
    for part in said:
        assert part in text
    assert street("2021-01") in text
    assert street("2021-02") not in text


WIDE = HEADER.replace(",", ";")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (csv(*plain("2021-01"), header=HEADER.replace("Longitude", "Long")), ["columns missing: Longitude", "'Long'"]),
        (csv(header=WIDE), ["columns missing", "not separated by commas"]),
        (csv(header=HEADER.replace("Context", "Month")), ["columns appear twice: Month"]),
        (b"<!DOCTYPE html><html>\n", ["columns missing", "the first line reads: <!DOCTYPE html>"]),
        (b"", ["is empty"]),
        (b"PK\x03\x04 workbook", ["Excel workbook"]),
        (b"\x1f\x8b rest", ["gzip"]),
        (csv(*plain("2021-01"))[:-90], ["ends in the middle of a row"]),
        (b"\xff\xfea", ["cannot be read as that"]),
        (b"a\x00\x01\x00\x00\x00" * 50, ["zero bytes"]),
    ],
)
def test_files_that_are_no_street_files(tmp_path, data: bytes, said) -> None:
    text = refusal(unpacked(tmp_path, {street("2021-01"): data}))
    assert street("2021-01") in text
    for part in said:
        assert part in text


def test_every_problem_is_listed_and_alike_ones_grouped(tmp_path) -> None:
    swapped = {"lon": "53.4", "lat": "-2.98"}
    files = {street(f"2021-0{m}"): csv(*[row(f"2021-0{m}", i, **swapped) for i in range(30 + m)]) for m in range(1, 6)}
    files |= {street("2021-06"): b"", street("2021-07"): csv(header="a,b")}
    with pytest.raises(DataError) as caught:
        events_of(packed(tmp_path, files))
    assert len(caught.value.problems) == 3
    assert "and 2 more files" in str(caught.value)
    assert not list((tmp_path / "cache").iterdir())


def test_a_file_without_rows_is_a_missing_month(tmp_path) -> None:
    events = events_of(packed(tmp_path, {street("2021-01"): csv(*plain("2021-01")), street("2021-02"): csv()}))
    assert events.present == {"made": ("2021-01",)}
    assert counted(events, "without a single row") == 1


def test_a_thin_month_is_pointed_out(tmp_path) -> None:
    files = {street(f"2021-0{m}"): csv(*plain(f"2021-0{m}", 15 if m == 3 else 60, first=100 * m)) for m in range(1, 5)}
    events = events_of(packed(tmp_path, files))
    assert any("2021-03 (15)" in n.text and "perhaps incomplete" in n.text for n in events.log)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"2021-01/2021-01-made-outcomes.csv": b"x"}, ["outcomes files only", "Include crime data"]),
        ({"inner.zip": b"x"}, ["holds another zip (inner.zip)"]),
        ({"readme.txt": b"x"}, ["no street-crime file", "YYYY-MM/YYYY-MM-<force>-street.csv", "readme.txt"]),
        ({f"a/{street('2021-01')}": b"x", f"b/{street('2021-01')}": b"x"}, ["force-month is there twice", "a/", "b/"]),
        ({"2021-02/2021-01-made-street.csv": b"x"}, ["in the folder of another month"]),
        ({f"../../{street('2021-01')}": b"x"}, ["names a path outside the archive"]),
        ({f"/etc/{street('2021-01')}": b"x"}, ["names a path outside the archive"]),
        ({street("2021-01"): b"0" * (20 * 2**20)}, ["unpacks to far more"]),
    ],
)
def test_archives_refused(tmp_path, files, said) -> None:
    text = refusal(packed(tmp_path, files))
    for part in said:
        assert part in text
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == ["archive.zip"]


def test_paths_refused(tmp_path) -> None:
    assert "is not there" in refusal(tmp_path / "nowhere.zip")
    (tmp_path / "bad.zip").write_bytes(b"not a zip at all")
    assert "cannot be opened as a zip" in refusal(tmp_path / "bad.zip")
    with pytest.raises(DataError, match="needs a path"):
        read(Request(None, tmp_path, 1, silent), PoliceUkOptions())


def test_corrupt_and_locked_members(tmp_path) -> None:
    path = packed(tmp_path, {street("2021-01"): csv(*plain("2021-01")), street("2021-02"): csv(*plain("2021-02"))})
    raw = bytearray(path.read_bytes())
    raw[120:140] = bytes(20)
    path.write_bytes(raw)
    text = refusal(path)
    assert street("2021-01") in text
    assert "cannot be unpacked" in text
    packed(tmp_path, {street("2021-01"): csv(*plain("2021-01"))})
    raw = bytearray(path.read_bytes())
    at = raw.index(b"PK\x01\x02") + 8
    raw[at : at + 2] = struct.pack("<H", 1)
    path.write_bytes(raw)
    assert "protected by a password" in refusal(path)


def test_links_in_a_zip_are_refused(tmp_path) -> None:
    info = zipfile.ZipInfo(street("2021-01"))
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as z:
        z.writestr(info, "/etc/passwd")
    assert "is a link" in refusal(tmp_path / "archive.zip")


def test_cache_is_keyed_by_content_and_options(tmp_path) -> None:
    cache = tmp_path / "cache"
    path = packed(tmp_path, {street("2021-01"): csv(*plain("2021-01")), street("2021-02"): csv(*plain("2021-02"))})
    first = events_of(path, cache)
    made = first.path.stat().st_mtime_ns
    assert events_of(path, cache) == first
    assert first.path.stat().st_mtime_ns == made
    assert events_of(path, cache, read_to="2021-01").path != first.path
    packed(tmp_path, {street("2021-01"): csv(*plain("2021-01", 41))})
    changed = events_of(path, cache)
    assert changed.path != first.path
    assert changed.sha256 != first.sha256
    assert all(p.suffix == ".parquet" for p in cache.iterdir())


def test_a_half_written_entry_is_made_again(tmp_path) -> None:
    path = packed(tmp_path, {street("2021-01"): csv(*plain("2021-01"))})
    first = events_of(path)
    whole = first.path.read_bytes()
    first.path.write_bytes(whole[: len(whole) // 2])
    assert len(frame(events_of(path))) == 40


def test_what_a_killed_run_left_is_harmless_and_swept(tmp_path) -> None:
    left = tmp_path / "cache" / "making-killed"
    left.mkdir(parents=True)
    (left / "part-000000.parquet").write_bytes(b"half")
    recent = tmp_path / "cache" / "making-recent"
    recent.mkdir()
    os.utime(left, (0, 0))
    path = packed(tmp_path, {street("2021-01"): csv(*plain("2021-01"))})
    assert len(frame(events_of(path))) == 40
    assert not left.exists()
    assert recent.exists()


def test_two_runs_at_once(tmp_path) -> None:
    path = packed(tmp_path, {street(f"2021-0{m}"): csv(*plain(f"2021-0{m}", first=100 * m)) for m in range(1, 6)})
    found: list[Events] = []
    runs = [threading.Thread(target=lambda: found.append(events_of(path))) for _ in range(4)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert len(found) == 4
    assert len(set(e.path for e in found)) == 1
    assert len(frame(found[0])) == 200
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_progress_names_every_file(tmp_path) -> None:
    path = packed(tmp_path, {street(f"2021-0{m}"): csv(*plain(f"2021-0{m}")) for m in (1, 2)})
    seen: list[tuple[str, int, int]] = []
    read(Request(path, tmp_path / "cache", 1, lambda *at: seen.append(at)), PoliceUkOptions())
    assert seen[:2] == [("reading 2021-01 made", 1, 2), ("reading 2021-02 made", 2, 2)]


def test_a_full_disk_is_an_error_in_words(tmp_path, monkeypatch) -> None:
    path = packed(tmp_path, {street("2021-01"): csv(*plain("2021-01"))})

    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    text = refusal(path)
    assert "No space left on device" in text
    assert not list((tmp_path / "cache").iterdir())


def test_many_batches_give_the_same_rows(tmp_path, monkeypatch) -> None:
    files = {street(f"2021-0{m}"): csv(*plain(f"2021-0{m}", first=30 * m)) for m in range(1, 7)}
    whole = events_of(packed(tmp_path, files), tmp_path / "one")
    monkeypatch.setattr("vru.sources.police_uk._BATCH_BYTES", 1)
    parted = events_of(packed(tmp_path, files), tmp_path / "two")
    columns = list(frame(whole).columns)
    pd.testing.assert_frame_equal(
        frame(whole).sort_values(columns, ignore_index=True), frame(parted).sort_values(columns, ignore_index=True)
    )
    assert whole.log == parted.log


def test_padded_cells_are_tidied(tmp_path) -> None:
    padded = row(" 2021-01", 99, lsoa=" E01000001 ", type="Robbery ", lon=" -2.98")
    found = frame(events_of(packed(tmp_path, {street("2021-01"): csv(*plain("2021-01"), padded)})))
    assert (found["lsoa_code"] == "E01000001").sum() == 41
    assert (found["crime_type"] == "Robbery").sum() == 1
    assert found["longitude"].notna().sum() == 41


def test_bytes_are_what_pandas_reads(tmp_path) -> None:
    data = csv(*plain("2021-01"), row("2021-01", 99, location='"x, y"'), end="\n")
    found = frame(events_of(packed(tmp_path, {street("2021-01"): data})))
    expected = pd.read_csv(io.BytesIO(data), dtype=str)
    assert sorted(found["location"]) == sorted(expected["Location"])


def test_codes_of_areas_are_read_by_what_they_say(tmp_path) -> None:
    lines = [row("2021-01", 100, lsoa="e01000001"), row("2021-01", 101, lsoa=" E01000001\u00a0"), *plain("2021-01", 5)]
    found = frame(events_of(packed(tmp_path, {street("2021-01"): csv(*lines)})))
    assert set(found["lsoa_code"]) == {"E01000001"}
