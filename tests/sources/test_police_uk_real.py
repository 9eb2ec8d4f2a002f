"""The reader on the real archives: every row, the right months, the right numbers."""

import io
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from vru.events import Events
from vru.sources import Request
from vru.sources.police_uk import PoliceUkOptions, read

pytestmark = pytest.mark.realdata


def archive(data_dir: Path, force: str) -> Path:
    return data_dir / "police_uk" / f"{force}_2018-01_2022-03.zip"


@pytest.fixture(scope="module")
def merseyside(data_dir, tmp_path_factory) -> Events:
    request = Request(archive(data_dir, "merseyside"), tmp_path_factory.mktemp("cache"), 1, lambda *at: None)
    return read(request, PoliceUkOptions())


@pytest.fixture(scope="module")
def essex(data_dir, tmp_path_factory) -> Events:
    request = Request(archive(data_dir, "essex"), tmp_path_factory.mktemp("cache"), 1, lambda *at: None)
    return read(request, PoliceUkOptions())


def by_pandas(path: Path, month: str, force: str) -> pd.DataFrame:
    with zipfile.ZipFile(path) as z:
        return pd.read_csv(io.BytesIO(z.read(f"{month}/{month}-{force}-street.csv")), dtype=str)


def test_merseyside_has_all_rows_and_one_missing_month(merseyside: Events) -> None:
    found = pd.read_parquet(merseyside.path, columns=["month", "crime_type"])
    assert len(found) == 719_284
    assert len(merseyside.present["merseyside"]) == 50
    assert "2019-07" not in merseyside.present["merseyside"]
    assert (found["crime_type"] == "Violence and sexual offences").sum() == 233_088
    assert any("2019-07" in n.text and n.count == 1 for n in merseyside.log)
    assert not any("dropped" in n.text for n in merseyside.log)


def test_essex_has_all_rows_and_its_gaps(essex: Events) -> None:
    found = pd.read_parquet(essex.path, columns=["month", "longitude", "lsoa_code"])
    assert len(found) == 415_734
    gaps = [m for m in essex.present["essex"] if m < "2018-08" or "2018-10" <= m <= "2019-02" or m >= "2021-03"]
    assert len(gaps) == len(essex.present["essex"]) == 25
    assert found["longitude"].isna().sum() == found["lsoa_code"].isna().sum() == 2_319
    assert [n.count for n in essex.log if n.text == "rows without coordinates"] == [2_319]


@pytest.mark.parametrize("month", ["2018-01", "2021-06"])
def test_counts_agree_with_pandas(data_dir, merseyside: Events, essex: Events, month: str) -> None:
    for force, events in (("merseyside", merseyside), ("essex", essex)):
        expected = by_pandas(archive(data_dir, force), month, force)
        found = pd.read_parquet(events.path, filters=[("month", "==", month)])
        keys = {"lsoa_code": "LSOA code", "crime_type": "Crime type"}
        theirs = expected.groupby(list(keys.values())).size()
        ours = found.groupby(list(keys)).size()
        assert ours.to_dict() == theirs.to_dict()
        assert sorted(found["longitude"].dropna()) == sorted(expected["Longitude"].dropna().astype(float))


def test_outcomes_archive_is_refused_with_the_reason(data_dir, tmp_path) -> None:
    from vru.errors import DataError

    path = data_dir / "police_uk" / "merseyside-outcomes_2021-03_2022-03.zip"
    with pytest.raises(DataError, match="outcomes files only"):
        read(Request(path, tmp_path, 1, lambda *at: None), PoliceUkOptions())
