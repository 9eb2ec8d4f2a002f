"""No zero where nothing was recorded: months, feeds, spellings and codes that change, and what is said of them."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vru.checks.recording_signs import Sign, signs, worst
from vru.errors import DataError
from vru.events import Events
from vru.geography import build_panel
from vru.geography.areas import read_areas
from vru.geography.build import Built
from vru.keys import fold, near
from vru.periods import months_between

from .conftest import EventRows, protocol_of, square

MONTHS = months_between("2020-01", "2021-12")
START = "2021-01"
UNITS = {"kind": "lsoa11", "treated": ["E01000001", "E01000002"], "comparison": ["E01000003", "E01000004"]}
FORCES = {"E01000001": "north", "E01000002": "north", "E01000003": "south", "E01000004": "south"}
VIOLENCE, ASB, THEFT = "Violence and sexual offences", "Anti-social behaviour", "Other theft"
Change = Callable[[pd.DataFrame], pd.DataFrame]


def made(tmp_path: Path) -> pd.DataFrame:
    """Every area and month alike: 30 rows of violence, 20 and 10 of other types, a little unevenness by month."""
    rows = EventRows(tmp_path)
    for j, month in enumerate(MONTHS):
        for unit, force in FORCES.items():
            for kind, n in ((VIOLENCE, 30), (ASB, 20), (THEFT, 10)):
                rows.add(n + j % 3, month, unit, kind=kind, force=force, name=f"Upton 00{unit[-1]}A")
    return pd.DataFrame(rows.rows)


def built(tmp_path: Path, change: Change = lambda frame: frame, present: dict[str, list[str]] | None = None) -> Built:
    frame = change(made(tmp_path))
    for column in ("longitude", "latitude"):
        frame[column] = frame[column].astype(float)
    frame.to_parquet(tmp_path / "events.parquet")
    files = {f: tuple(sorted(set(own["month"]))) for f, own in frame.groupby("force")} | (present or {})
    protocol = protocol_of(UNITS, window={"first": MONTHS[0], "last": MONTHS[-1]}, start=START)
    return build_panel(protocol, {"crimes": Events(tmp_path / "events.parquet", files, "sha256:0")}, tmp_path)


def seen(done: Built, compared: bool = True) -> tuple[Sign, ...]:
    assert done.panel.recording is not None
    return signs(done.panel, done.panel.recording, "violence", compared, 0.045)


def loud(done: Built) -> set[str]:
    return {s.name for s in seen(done) if s.verdict != "pass"}


def without(frame: pd.DataFrame, share: float, where: pd.Series) -> pd.DataFrame:
    """The frame without a share of the rows marked, evenly."""
    at = np.flatnonzero(where.to_numpy())
    return frame.drop(frame.index[at[np.arange(len(at)) % 20 < round(20 * share)]])


def later(frame: pd.DataFrame) -> pd.Series:
    return (frame["force"] == "north") & (frame["month"] >= START)


def test_nothing_is_said_of_steady_recording(tmp_path: Path) -> None:
    done = built(tmp_path)
    assert worst(seen(done)) == "pass"
    assert not done.panel.missing.any()
    assert all(n.severity == "info" for n in done.log)


@pytest.mark.parametrize("share", [0.45, 0.95])
def test_a_month_that_falls_in_every_type_at_once_is_missing(tmp_path: Path, share: float) -> None:
    done = built(tmp_path, lambda f: without(f, share, (f["force"] == "north") & (f["month"] == "2021-12")))
    assert done.panel.missing.sum(axis=1).tolist() == [1, 1, 0, 0]
    (asked,) = [n for n in done.log if n.severity == "question"]
    assert "month:north:2021-12" in asked.text
    assert loud(done) == {"left_out"}


def test_a_fall_of_violence_alone_is_no_partial_month(tmp_path: Path) -> None:
    done = built(tmp_path, lambda f: without(f, 0.5, later(f) & (f["crime_type"] == VIOLENCE)))
    assert not done.panel.missing.any()
    assert not loud(done)


def test_a_crime_type_that_stops_for_months_is_missing_there(tmp_path: Path) -> None:
    gone = ["2020-05", "2020-06"]
    done = built(
        tmp_path, lambda f: f[~((f["force"] == "south") & f["month"].isin(gone) & (f["crime_type"] == VIOLENCE))]
    )
    assert done.panel.missing.sum(axis=1).tolist() == [0, 0, 2, 2]
    assert sum("next to no row of 'violence and sexual offences'" in n.text for n in done.log) == 2


def test_a_spelling_that_drifts_changes_nothing(tmp_path: Path) -> None:
    def drift(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[later(frame) & (frame["crime_type"] == VIOLENCE), "crime_type"] = "Violence\u00a0And  Sexual offences"
        return frame

    done, plain = built(tmp_path, drift), built(tmp_path)
    assert np.array_equal(done.panel.counts["violence"], plain.panel.counts["violence"])
    (said,) = [n for n in done.log if "is read as" in n.text]
    assert "north 2021-01 to 2021-12" in said.text


@pytest.mark.parametrize("name", ["Violence and sexual offence", "Violence and sex offences", "Harassment"])
def test_another_name_from_the_start_on_fails(tmp_path: Path, name: str) -> None:
    def renamed(frame: pd.DataFrame) -> pd.DataFrame:
        at = np.flatnonzero((later(frame) & (frame["crime_type"] == VIOLENCE)).to_numpy())
        frame.loc[frame.index[at[::8]], "crime_type"] = name
        return frame

    done = built(tmp_path, renamed)
    assert worst(seen(done)) == "fail"
    assert [q.id.startswith("value_viol") for q in done.questions] == ([] if name == "Harassment" else [True])


def test_places_left_blank_in_one_arm_fail_and_say_both_shares(tmp_path: Path) -> None:
    def blank(frame: pd.DataFrame) -> pd.DataFrame:
        at = np.flatnonzero(later(frame).to_numpy())
        frame.loc[frame.index[at[::7]], "lsoa_code"] = None
        return frame

    (sign,) = [s for s in seen(built(tmp_path, blank)) if s.verdict != "pass" and s.name == "unplaced"]
    assert sign.verdict == "fail"
    assert "treated 0.0% before, 14." in sign.text
    assert "comparison 0.0% before, 0.0% after" in sign.text


def test_an_area_that_falls_silent_fails_and_is_named(tmp_path: Path) -> None:
    done = built(tmp_path, lambda f: f[~(later(f) & (f["lsoa_code"] == "E01000002") & (f["month"] >= "2021-06"))])
    (sign,) = [s for s in seen(done) if s.name == "silent_areas"]
    assert sign.verdict == "fail"
    assert "E01000002" in sign.text


def test_a_second_feed_that_stops_is_left_out_in_every_month(tmp_path: Path) -> None:
    def railway(frame: pd.DataFrame) -> pd.DataFrame:
        more = frame[(frame["lsoa_code"] == "E01000001") & (frame["month"] < START)].assign(force="railway")
        return pd.concat([frame, more.iloc[::3]], ignore_index=True)

    done, plain = built(tmp_path, railway), built(tmp_path)
    assert np.array_equal(done.panel.counts["violence"], plain.panel.counts["violence"])
    assert any("railway has no file for 2021-01" in n.text and n.severity == "question" for n in done.log)


def test_codes_that_change_within_the_window_are_refused_with_the_months_that_can_be_used(tmp_path: Path) -> None:
    def recoded(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[(frame["lsoa_code"] == "E01000002") & (frame["month"] >= "2021-06"), "lsoa_code"] = "E01033999"
        return frame

    with pytest.raises(DataError, match="LSOA codes change") as refused:
        built(tmp_path, recoded)
    assert "E01033999" in str(refused.value)
    assert "window.last: 2021-05" in str(refused.value)


def test_a_crime_of_two_types_counts_once_in_each_outcome(tmp_path: Path) -> None:
    def paired(frame: pd.DataFrame) -> pd.DataFrame:
        more = frame[(frame["crime_type"] == VIOLENCE) & later(frame)].copy()
        ids = np.arange(len(more)) + 1
        frame["shared_id"] = np.nan
        frame.loc[more.index, "shared_id"] = ids
        other = more.assign(crime_type="Criminal damage and arson", shared_id=ids)
        again = more.assign(shared_id=ids, month="2021-12")
        frame = pd.concat([frame, other, again], ignore_index=True).assign(repeats=0, has_id=True)
        return frame.astype({"shared_id": "UInt64"})

    done, plain = built(tmp_path, paired), built(tmp_path)
    assert np.array_equal(done.panel.counts["violence"], plain.panel.counts["violence"])


def test_texts_are_folded_and_twins_found() -> None:
    assert fold("Violence \u2013 And\u00a0 Sexual") == fold("violence - and sexual")
    assert fold("Damage & arson") == fold("damage and arson")
    assert near("violence and sexual offences", "violent and sexual offences")
    assert not near("robbery", "burglary")
    assert not near("other theft", "other crime")


def test_a_geopackage_of_two_layers_asks_which(tmp_path: Path, draw: Callable[..., Path]) -> None:
    import geopandas as gpd

    drawn = gpd.read_file(draw(square("a", 335_000, 390_000)))
    for layer in ("patrolled", "wards"):
        drawn.to_file(tmp_path / "areas.gpkg", layer=layer, driver="GPKG")
    with pytest.raises(DataError, match="holds 2 layers") as refused:
        read_areas(tmp_path / "areas.gpkg", "id")
    assert "patrolled, wards" in str(refused.value)
    assert read_areas(tmp_path / "areas.gpkg", "id", "wards").ids == ("a",)
    with pytest.raises(DataError, match="has no layer 'beats'"):
        read_areas(tmp_path / "areas.gpkg", "id", "beats")


def test_the_log_adds_up(tmp_path: Path) -> None:
    """Every event of the window is in the plan's areas, in a month taken as missing, elsewhere, or without a place."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        lost = frame.index[(frame["month"] == "2021-03") & (frame["crime_type"] == VIOLENCE)][:12]
        frame.loc[lost, "lsoa_code"] = None
        far = frame.index[(frame["month"] == "2021-04") & (frame["crime_type"] == VIOLENCE)][:5]
        frame.loc[far, "lsoa_code"] = "E01000009"
        return frame

    done = built(tmp_path, change)
    (line,) = [n.text for n in done.log if "in the window =" in n.text]
    numbers = [int(x.replace(",", "")) for x in re.findall(r"([\d,]+) (?:in |there |without )", line)]
    assert numbers[0] == sum(numbers[1:])
    assert numbers[1] == int(np.nansum(done.panel.counts["violence"]))
    assert numbers[-2:] == [5, 12]
    assert "0.0% in" in line
    assert "in 2021-03)" in line
