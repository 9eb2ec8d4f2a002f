"""The archive of the simulated force, and its way through the reader of real archives."""

import csv
import io
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vru.errors import DataError
from vru.events import Events
from vru.sources import police_uk
from vru.sources.simulated import SOURCE, Simulated, SimulatedOptions, simulate, write_archive
from vru.sources.source import Request

HEADER = [
    "Crime ID",
    "Month",
    "Reported by",
    "Falls within",
    "Longitude",
    "Latitude",
    "Location",
    "LSOA code",
    "LSOA name",
    "Crime type",
    "Last outcome category",
    "Context",
]
SMALL: dict[str, Any] = {"treated": 4, "comparison": 4, "pool": 6, "last": "2024-06", "missing_months": ["2022-05"]}


def quiet(what: str, done: int, total: int) -> None:
    """No progress bar."""


def small(seed: int = 1, **changed: Any) -> Simulated:
    return simulate(SimulatedOptions(**SMALL | changed), np.random.default_rng(seed))


def read(cache: Path, seed: int = 7, **changed: Any) -> Events:
    return SOURCE.read(Request(None, cache, seed, quiet), SimulatedOptions(**SMALL | changed))


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "simulated.zip"
    write_archive(small(), path)
    return path


def rows(archive: Path) -> list[dict[str, str]]:
    with zipfile.ZipFile(archive) as zipped:
        texts = [io.StringIO(zipped.read(n).decode(), newline="") for n in zipped.namelist()]
    return [row for text in texts for row in csv.DictReader(text)]


def cells(events: Events, crime_type: str) -> dict[tuple[str, str], int]:
    frame = pd.read_parquet(events.path)
    kept = frame[(frame["crime_type"] == crime_type) & frame["lsoa_code"].notna()]
    return dict(Counter(zip(kept["lsoa_code"], kept["month"], strict=True)))


def expected_cells(counts: np.ndarray, s: Simulated) -> dict[tuple[str, str], int]:
    return {
        (s.units[i], s.periods[j]): int(counts[i, j]) for i, j in zip(*np.nonzero(counts), strict=True) if s.present[j]
    }


def test_the_same_draw_gives_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    write_archive(small(), tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == archive.read_bytes()
    write_archive(small(seed=2), tmp_path / "other.zip")
    assert (tmp_path / "other.zip").read_bytes() != archive.read_bytes()


def test_layout_header_and_missing_month(archive: Path) -> None:
    with zipfile.ZipFile(archive) as zipped:
        names = zipped.namelist()
        first_lines = {zipped.read(n).split(b"\n", 1)[0].decode().rstrip("\r") for n in names}
        endings = {zipped.read(n).count(b"\r\n") == zipped.read(n).count(b"\n") for n in names}
        bare = [zipped.read(n).count(b"\r\n") for n in names]
    months = [p for p in small().periods if p != "2022-05"]
    assert names == [f"{m}/{m}-simshire-street.csv" for m in months]
    assert first_lines == {",".join(HEADER)}
    assert endings == {True, False}
    assert 0 in bare


def test_rows_look_like_published_ones(archive: Path) -> None:
    s, found = small(), rows(archive)
    located = sum(int(c[:, s.present].sum()) for c in s.counts.values())
    unlocated = sum(int(c[s.present].sum()) for c in s.unlocated.values())
    assert len(found) == located + unlocated
    blank = {r["Crime type"] for r in found if not r["Crime ID"]}
    assert blank == {"Anti-social behaviour"}
    ids = [r["Crime ID"] for r in found if r["Crime type"] != "Anti-social behaviour"]
    assert len(set(ids)) == len(ids)
    assert all(len(i) == 64 and set(i) <= set("0123456789abcdef") for i in ids)
    assert len({r["Crime type"] for r in found}) > 5
    assert {r["Reported by"] for r in found} == {"Simshire Police (simulated)"}
    nowhere = [r for r in found if not r["Longitude"]]
    assert len(nowhere) == unlocated > 0
    assert {(r["Latitude"], r["Location"], r["LSOA code"], r["LSOA name"]) for r in nowhere} == {
        ("", "No Location", "", "")
    }
    assert all(r["Last outcome category"] == "" for r in found if not r["Crime ID"])


def test_places_are_snap_points_at_sea_with_names_that_tell_buffers_apart(archive: Path) -> None:
    placed = [r for r in rows(archive) if r["Longitude"]]
    points: dict[str, set[tuple[str, str]]] = {}
    for r in placed:
        points.setdefault(r["LSOA code"], set()).add((r["Longitude"], r["Latitude"]))
    assert max(len(p) for p in points.values()) == 8
    everywhere = [p for found in points.values() for p in found]
    assert len(set(everywhere)) == len(everywhere)
    assert all(0.9 < float(lon) < 1.7 and 53.2 < float(lat) < 53.9 for lon, lat in everywhere)
    names = {r["LSOA code"]: r["LSOA name"] for r in placed}
    assert len(set(names.values())) == len(names)
    for code, name in names.items():
        assert name.startswith("Outer Simshire " if code[:6] in ("E01992", "E01993") else "Simshire ")


def test_each_area_has_its_own_cell_and_a_buffer_lies_east_of_its_area(archive: Path) -> None:
    cell: dict[str, set[tuple[int, int]]] = {}
    for r in rows(archive):
        if r["Longitude"]:
            at = (int((float(r["Longitude"]) - 0.9) / 0.01), int((float(r["Latitude"]) - 53.25) / 0.008))
            cell.setdefault(r["LSOA code"], set()).add(at)
    assert all(len(c) == 1 for c in cell.values())
    where = {code: next(iter(c)) for code, c in cell.items()}
    assert len(set(where.values())) == len(where) == 22
    for hot, buffer in (("E01990", "E01992"), ("E01991", "E01993")):
        for i in range(1, 5):
            east, north = where[f"{hot}{i:03d}"]
            assert where[f"{buffer}{i:03d}"] == (east + 1, north)


def test_the_largest_county_still_lies_at_sea(tmp_path: Path) -> None:
    options = SimulatedOptions(
        treated=999, comparison=999, pool=999, first="2021-01", last="2021-03", start="2021-03",
        selection_last="2021-02", mean_monthly=0.5, other_crimes=0,
    )  # fmt: skip
    write_archive(simulate(options, np.random.default_rng(1)), tmp_path / "large.zip")
    placed = [r for r in rows(tmp_path / "large.zip") if r["Longitude"]]
    assert 1.6 < max(float(r["Longitude"]) for r in placed) < 1.7
    assert 53.8 < max(float(r["Latitude"]) for r in placed) < 53.9


def test_round_trip_through_the_real_reader_cell_by_cell(tmp_path: Path) -> None:
    events = read(tmp_path, displacement_share=0.4)
    s = simulate(SimulatedOptions(**SMALL, displacement_share=0.4), np.random.default_rng([1_990_001, 7]))
    assert cells(events, "Violence and sexual offences") == expected_cells(s.counts["violence"], s)
    assert cells(events, "Anti-social behaviour") == expected_cells(s.counts["antisocial"], s)
    assert events.truth == s.truth
    assert events.truth["displacement_share"] == 0.4
    assert "2022-05" not in events.present["simshire"]
    assert events.present == {"simshire": tuple(p for p in s.periods if p != "2022-05")}


def test_the_log_says_first_that_the_data_are_simulated(tmp_path: Path) -> None:
    log = read(tmp_path).log
    assert log[0].source == "simulated"
    assert "no real place, person" in log[0].text
    assert log[0].count == len(rows(next(tmp_path.glob("simulated-*.zip"))))
    assert "2022-05" in log[1].text
    assert {n.source for n in log[2:]} == {"police_uk"}


def test_the_fingerprint_is_that_of_the_unpacked_archive(tmp_path: Path) -> None:
    events = read(tmp_path / "cache")
    with zipfile.ZipFile(next((tmp_path / "cache").glob("simulated-*.zip"))) as zipped:
        zipped.extractall(tmp_path / "unpacked")
    again = police_uk.SOURCE.read(Request(tmp_path / "unpacked", tmp_path / "c2", 0, quiet), police_uk.SOURCE.options())
    assert events.sha256 == again.sha256


def test_archive_is_reused_if_whole_and_rewritten_if_damaged(tmp_path: Path) -> None:
    first = read(tmp_path)
    made = next(tmp_path.glob("simulated-*.zip"))
    stamp, bytes_made = made.stat().st_mtime_ns, made.read_bytes()
    assert read(tmp_path).path == first.path
    assert made.stat().st_mtime_ns == stamp
    for damaged in (bytes_made[: len(bytes_made) // 2], b"", bytes_made[:5000] + b"\0" * 500 + bytes_made[5500:]):
        made.write_bytes(damaged)
        assert read(tmp_path).sha256 == first.sha256
        assert made.read_bytes() == bytes_made
    assert len(list(tmp_path.glob("simulated-*.zip"))) == 1


def test_seed_and_options_each_make_another_archive(tmp_path: Path) -> None:
    prints = {read(tmp_path, **c).sha256 for c in ({}, {"seed": 8}, {"rate_ratio": 0.9})}
    assert len(prints) == 3
    assert len(list(tmp_path.glob("simulated-*.zip"))) == 3


def test_a_stop_half_way_leaves_nothing(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_archive(small(), tmp_path / "x.zip", stop)
    assert list(tmp_path.iterdir()) == []


def test_progress_counts_the_months(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    write_archive(small(), tmp_path / "x.zip", lambda done, total: seen.append((done, total)))
    assert seen == [(i, 41) for i in range(1, 42)]


def test_a_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="makes its own data"):
        SOURCE.read(Request(tmp_path / "some.zip", tmp_path, 1, quiet), SimulatedOptions())


def test_a_county_with_an_empty_month_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="raise mean_monthly"):
        read(tmp_path, treated=1, comparison=1, pool=0, mean_monthly=0.1)
    assert list(tmp_path.glob("simulated-*")) == []


def test_default_size() -> None:
    s = simulate(SimulatedOptions(), np.random.default_rng(1))
    assert s.rate.shape == (140, 48)
    written = sum(int(c.sum()) for c in s.counts.values()) + sum(int(c.sum()) for c in s.unlocated.values())
    assert 70_000 < written < 100_000


def test_source_is_described() -> None:
    assert (SOURCE.name, SOURCE.needs_path) == ("simulated", False)
    assert SOURCE.options() == SimulatedOptions()
