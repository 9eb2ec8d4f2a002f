"""Codes of two censuses in one archive, by the official look-up."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vru.errors import DataError, ProtocolError
from vru.events import Events
from vru.geography import build_panel
from vru.geography.vintages import read_lookup
from vru.periods import months_between
from vru.protocol.fields import Protocol

from .conftest import EventRows
from .test_real import merseyside  # noqa: F401

MONTHS = months_between("2021-01", "2021-08")
SPLIT, ONE, TWO, KEPT = "E01000001", "E01000002", "E01000003", "E01000004"
PART_A, PART_B, MERGED = "E01900001", "E01900002", "E01900003"
PAIRS = [(SPLIT, PART_A), (SPLIT, PART_B), (ONE, MERGED), (TWO, MERGED), (KEPT, KEPT)]
HEADER = "LSOA11CD,LSOA11NM,LSOA21CD,LSOA21NM,CHGIND"
Plan = Callable[..., Protocol]


def write(folder: Path, name: str = "lookup.csv", header: str = HEADER) -> Path:
    lines = [header, *(f"{a},x,{b},y,S" for a, b in PAIRS)]
    path = folder / name
    raw = "\r\n".join(lines).encode("utf-8-sig")
    path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    return path


@pytest.fixture
def drifting(rows: EventRows) -> Events:
    """Four areas of 2011 with 6, 4, 3 and 5 offences a month; from June under the codes of 2021."""
    for month in MONTHS:
        new = month >= "2021-06"
        for code, n in ((PART_A, 4), (PART_B, 2)) if new else ((SPLIT, 6),):
            rows.add(n, month, code, name="Upton 001A")
        for code, n in ((MERGED, 7),) if new else ((ONE, 4), (TWO, 3)):
            rows.add(n, month, code, name="Upton 001B")
        rows.add(5, month, KEPT, name="Upton 001C")
    return rows.events({"made": MONTHS})


def test_without_the_look_up_it_is_refused_with_the_command_that_gets_it(
    drifting: Events, plan: Plan, tmp_path: Path
) -> None:
    units = {"kind": "lsoa11", "treated": [SPLIT], "comparison": [KEPT]}
    with pytest.raises(DataError, match="vru fetch lookups"):
        build_panel(plan(units), {"crimes": drifting}, tmp_path)


@pytest.mark.parametrize("name", ["lookup.csv", "lookup.csv.gz"])
def test_a_split_area_is_counted_whole_and_merged_ones_as_one(
    drifting: Events, plan: Plan, tmp_path: Path, name: str
) -> None:
    write(tmp_path, name)
    units = {"kind": "lsoa11", "treated": [SPLIT], "comparison": [ONE, TWO, KEPT], "lookup": name}
    built = build_panel(plan(units), {"crimes": drifting}, tmp_path)
    assert built.panel.units == (SPLIT, f"{ONE}+{TWO}", KEPT)
    assert np.array_equal(built.panel.counts["violence"], np.repeat([[6.0], [7.0], [5.0]], 8, axis=1))
    assert built.panel.provenance["lookup"].startswith("sha256:")
    assert any("counted as one unit" in n.text and f"{ONE}+{TWO}" in n.text for n in built.log)


def test_by_the_areas_of_2021_the_split_ones_are_one(drifting: Events, plan: Plan, tmp_path: Path) -> None:
    write(tmp_path)
    units = {"kind": "lsoa21", "treated": [MERGED], "comparison": [PART_A, PART_B, KEPT], "lookup": "lookup.csv"}
    panel = build_panel(plan(units), {"crimes": drifting}, tmp_path).panel
    assert panel.units == (KEPT, f"{PART_A}+{PART_B}", MERGED)
    assert panel.counts["violence"].sum(axis=1).tolist() == [40.0, 48.0, 56.0]


@pytest.mark.parametrize(
    ("units", "says"),
    [
        ({"treated": [ONE], "comparison": [SPLIT]}, f"{ONE} cannot be told from {TWO}"),
        ({"treated": [ONE], "comparison": [TWO, KEPT]}, "cannot be told"),
        ({"treated": [PART_A], "comparison": [KEPT]}, "codes of the other census"),
        ({"treated": [ONE, TWO], "comparison": [KEPT], "starts": {ONE: "2021-05"}}, "several starts"),
    ],
)
def test_what_cannot_be_told_apart_is_refused(
    drifting: Events, plan: Plan, tmp_path: Path, units: dict[str, object], says: str
) -> None:
    write(tmp_path)
    with pytest.raises(ProtocolError, match=says):
        build_panel(plan({"kind": "lsoa11", "lookup": "lookup.csv", **units}), {"crimes": drifting}, tmp_path)


def test_codes_that_the_look_up_lacks_are_asked_about(rows: EventRows, plan: Plan, tmp_path: Path) -> None:
    for month in MONTHS:
        for code in (SPLIT, KEPT, "E01777777"):
            rows.add(3, month, code)
    write(tmp_path)
    units = {"kind": "lsoa11", "treated": [SPLIT], "comparison": [KEPT], "lookup": "lookup.csv"}
    log = build_panel(plan(units), {"crimes": rows.events({"made": MONTHS})}, tmp_path).log
    assert any(n.severity == "question" and "E01777777" in n.text for n in log)


@pytest.mark.parametrize(("raw", "says"), [(b"a,b\n1,2\n", "codes of each census"), (b"\xff\xfe", "read as text")])
def test_a_file_that_is_no_look_up_is_refused(tmp_path: Path, raw: bytes, says: str) -> None:
    (tmp_path / "x.csv").write_bytes(raw)
    with pytest.raises(DataError, match=says):
        read_lookup(tmp_path / "x.csv", "lsoa11")
    with pytest.raises(DataError, match="vru fetch lookups"):
        read_lookup(tmp_path / "y.csv", "lsoa11")


@pytest.mark.realdata
def test_merseyside_recoded_half_way_gives_the_same_counts(
    data_dir: Path,
    merseyside: Events,  # noqa: F811
    plan: Plan,
    tmp_path: Path,
) -> None:
    official = data_dir / "context" / "lookup_lsoa11_lsoa21_ltla22.csv.gz"
    pairs = pd.read_csv(official, dtype=str)[["lsoa11_code", "lsoa21_code"]]
    heir = pairs.drop_duplicates("lsoa11_code", keep="last").set_index("lsoa11_code")["lsoa21_code"]
    frame = pd.read_parquet(merseyside.path)
    later = frame["month"] >= "2021-06"
    frame.loc[later, "lsoa_code"] = frame.loc[later, "lsoa_code"].map(heir).fillna(frame.loc[later, "lsoa_code"])
    frame.to_parquet(tmp_path / "recoded.parquet")
    recoded = Events(tmp_path / "recoded.parquet", merseyside.present, merseyside.sha256)
    own = pairs[pairs["lsoa11_code"].isin(set(frame["lsoa_code"].dropna()))]
    split = own["lsoa11_code"].value_counts()
    treated, kept = sorted(split[split > 1].index)[:5], sorted(split[split == 1].index)[50:90]
    single = own["lsoa21_code"].value_counts()
    kept = [c for c in kept if (single.reindex(own[own["lsoa11_code"] == c]["lsoa21_code"]) == 1).all()]
    units = {"kind": "lsoa11", "treated": treated, "comparison": kept}
    window = {"first": "2020-06", "last": "2022-03"}
    before = build_panel(plan(units, window=window, start="2021-06"), {"crimes": merseyside}, tmp_path).panel
    named = units | {"lookup": str(official)}
    after = build_panel(plan(named, window=window, start="2021-06"), {"crimes": recoded}, tmp_path).panel
    assert len(treated) == 5
    assert before.units == after.units
    np.testing.assert_array_equal(before.counts["violence"], after.counts["violence"])


def test_units_without_an_event_are_told_by_the_look_up_too(drifting: Events, plan: Plan, tmp_path: Path) -> None:
    write(tmp_path)
    lists = {"treated": [SPLIT], "comparison": [ONE, TWO, KEPT], "empty_units": [ONE, TWO]}
    panel = build_panel(plan({"kind": "lsoa11", "lookup": "lookup.csv", **lists}), {"crimes": drifting}, tmp_path).panel
    assert panel.units == (SPLIT, f"{ONE}+{TWO}", KEPT)
