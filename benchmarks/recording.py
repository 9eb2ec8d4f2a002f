"""200 planted recording artefacts, and as many clean panels: what share the account of recording catches.

    python benchmarks/recording.py [--data DIR] [--reps N] [--seed S]

Rows are made (or taken from Merseyside), spoiled in one way from the start on in the treated areas' force, counted as
`vru` counts them, and looked at by the check `recording` and by the rules on months and feeds. No effect is in any
of them. Caught: the check does not pass, or something was put right and said, or asked about.
"""

import argparse
import datetime
import io
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from vru.checks.recording_signs import signs, worst
from vru.errors import DataError
from vru.events import Events
from vru.geography import build_panel
from vru.periods import months_between
from vru.protocol.fields import Protocol

MONTHS = months_between("2019-01", "2020-12")
START = "2020-01"
VIOLENCE = "Violence and sexual offences"
KINDS = (VIOLENCE, "Anti-social behaviour", "Burglary", "Criminal damage and arson", "Shoplifting", "Vehicle crime")
SHARES = (0.32, 0.25, 0.08, 0.15, 0.1, 0.1)
TEXT = "not at issue here"
SIZES = (0.05, 0.1, 0.2, 0.4)
ATTRIBUTE = (
    "spelling",
    "another name",
    "code list",
    "no place",
    "places found again",
    "ids lost",
    "ids cut short",
    "feed ends",
    "areas fall silent",
)
LOSS = ("partial months", "rows lost from the start", "violence lost from the start")


def simulated(rng: np.random.Generator) -> pd.DataFrame:
    """Two forces with 20 areas each, season, areas of unlike size, 3% of rows without a place."""
    parts = []
    for f, force in enumerate(("north", "south")):
        level = 60 * np.exp(rng.normal(0, 0.4, 20))
        season = 1 + 0.12 * np.sin(2 * np.pi * np.arange(24) / 12) + rng.normal(0, 0.03, 24)
        for i in range(20):
            for k, share in zip(KINDS, SHARES, strict=True):
                n = rng.poisson(level[i] * share * season * rng.gamma(50, 1 / 50, 24))
                month = np.array(MONTHS)[np.repeat(np.arange(24), n)]
                parts.append(pd.DataFrame({"month": month, "force": force, "crime_type": k, "unit": f * 20 + i}))
    return finished(pd.concat(parts, ignore_index=True), rng)


def merseyside(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Real rows of 40 areas, split by lot into two made-up forces."""
    codes = rng.permutation(rows["lsoa_code"].unique())
    rows = rows.assign(unit=rows["lsoa_code"].map(dict(zip(codes, range(len(codes)), strict=True))))
    rows["force"] = np.where(rows["unit"] < 20, "north", "south")
    return finished(rows[["month", "force", "crime_type", "unit"]].reset_index(drop=True), rng)


def finished(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    code = "E0100" + (1000 + rows["unit"]).astype(str)
    rows["lsoa_code"] = code.where(rng.random(len(rows)) > 0.03, None)
    rows["has_id"] = (rows["crime_type"] != "Anti-social behaviour") & (rng.random(len(rows)) > 0.002)
    rows["repeats"] = (rng.random(len(rows)) < 0.01).astype("int32")
    return rows


def spoil(rows: pd.DataFrame, how: str, size: float, rng: np.random.Generator) -> pd.DataFrame:
    """One artefact of a size: the share of the treated areas' rows that it takes, from the start on."""
    rows = rows.copy()
    north = (rows["force"] == "north") & (rows["month"] >= START)
    hit = north & (rng.random(len(rows)) < size)
    violent = rows["crime_type"] == VIOLENCE
    names = {
        "spelling": "Violence And Sexual  Offences",
        "another name": "Violence and sex offences",
        "code list": "Harassment",
    }
    if how in names:
        rows.loc[hit & violent, "crime_type"] = names[how]
    elif how == "no place":
        rows.loc[hit, "lsoa_code"] = None
    elif how == "places found again":
        early = (rows["force"] == "north") & (rows["month"] < START) & (rng.random(len(rows)) < size)
        rows.loc[early, "lsoa_code"] = None
    elif how == "ids lost":
        rows.loc[hit, "has_id"] = False
    elif how == "ids cut short":
        rows.loc[rng.permutation(np.flatnonzero(north & ~hit))[: int(hit.sum())], "repeats"] += 1
        rows = rows[~hit]
    elif how == "feed ends":
        second = (rows["force"] == "north") & (rows["unit"] < 10) & (rng.random(len(rows)) < 2 * size)
        rows.loc[second, "force"] = "railway"
        rows = rows[~(second & north)]
    else:
        rows = rows[~_lost(rows, how, size, hit, north, violent)]
    return rows


def _lost(rows: pd.DataFrame, how: str, size: float, hit: pd.Series, north: pd.Series, violent: pd.Series) -> pd.Series:
    lost = {
        "areas fall silent": north & (rows["unit"] < max(1, round(20 * size))),
        "partial months": hit & rows["month"].isin(MONTHS[-2:]),
        "rows lost from the start": hit,
        "violence lost from the start": hit & violent,
    }
    return lost[how]


def plan() -> Protocol:
    codes = [f"E0100{1000 + i}" for i in range(40)]
    tidier = ("why", "materials", "procedures", "who_provided", "how", "where", "when_and_how_much")
    content = {
        "id": "made",
        "title": "Made",
        "template": "hotspot_patrol",
        "organisation": "made",
        "roles": dict.fromkeys(("commissioner", "analyst", "assurer", "approver"), TEXT),
        "definition_of_violence": TEXT,
        "intervention": {"type": "patrol", "name": "Patrol", "start": START, **dict.fromkeys(tidier, TEXT)},
        "theory_of_change": {k: [TEXT] for k in ("inputs", "activities", "outputs", "outcomes", "assumptions")},
        "question": {"population": TEXT, "comparator": TEXT, "smallest_effect": 0.1},
        "units": {"kind": "lsoa11", "treated": codes[:20], "comparison": codes[20:]},
        "window": {"first": MONTHS[0], "last": MONTHS[-1]},
        "outcomes": [{"id": "violence", "measure": TEXT, "filter": {"crime_type": [VIOLENCE]}, "primary": True}],
        "data": [{"id": "crimes", "source": "police_uk", "path": "archive"}],
        "graph": {"treatment": "patrol", "outcome": "violence", "adjustment": [], "edges": ["patrol -> violence"]},
        "analyses": [{"id": "main", "role": "primary", "method": "poisson_did", "outcome": "violence"}],
        "equity": {"plan": TEXT},
        "seed": 7,
    }
    return Protocol.model_validate(content)


def caught(rows: pd.DataFrame, protocol: Protocol, folder: Path) -> tuple[str, float]:
    """What was said (pass, concern, fail, put right), and the difference in differences left, as a log ratio."""
    path = folder / "events.parquet"
    none = pd.array([None] * len(rows), dtype="UInt64")
    table = rows.assign(lsoa_name="Made", longitude=np.nan, latitude=np.nan, shared_id=none)
    table.drop(columns="unit").to_parquet(path)
    present = {str(f): tuple(sorted(set(own["month"]))) for f, own in rows.groupby("force")}
    try:
        built = build_panel(protocol, {"crimes": Events(path, present, "sha256:0")}, folder)
    except DataError:
        return "refused", 0.0
    panel = built.panel
    said = worst(signs(panel, panel.recording, "violence", True, 0.045))
    if said == "pass" and any("is read as" in n.text or n.severity != "info" for n in built.log):
        said = "put right"
    y, post, t = panel.counts["violence"], panel.post(), panel.is_role("treated")
    means = [np.nanmean(y[r][:, m], axis=1).sum() for r in (t, ~t) for m in (post, ~post)]
    return said, float(np.log(means[0] / means[1]) - np.log(means[2] / means[3]))


def read_merseyside(data: Path) -> pd.DataFrame | None:
    """Rows of 2018 and 2019 on the made-up calendar's two years; July 2018 stands in for the absent July 2019."""
    path = data / "police_uk" / "merseyside_2018-01_2022-03.zip"
    if not path.exists():
        return None
    with zipfile.ZipFile(path) as z:
        names = [n for n in z.namelist() if n.endswith("street.csv") and n.split("/")[-1][:4] in ("2018", "2019")]
        parts = [pd.read_csv(io.BytesIO(z.read(n)), usecols=["Month", "LSOA code", "Crime type"]) for n in names]
    rows = pd.concat(parts).dropna()
    rows.columns = [c.lower().replace(" ", "_") for c in rows.columns]
    rows = pd.concat([rows, rows[rows["month"] == "2018-07"].assign(month="2019-07")])
    later = dict(zip(months_between("2018-01", "2019-12"), MONTHS, strict=True))
    rows = rows.assign(month=rows["month"].map(later))
    return rows[rows["lsoa_code"].isin(rows["lsoa_code"].value_counts().index[20:180])]


Draw = Callable[[np.random.Generator], pd.DataFrame]


def table(draw: Draw, reps: int, clean: int, seed: int) -> tuple[list[str], int, int]:
    """Lines of the table for one kind of data, false alarms among clean panels, attribute artefacts caught."""
    protocol = plan()
    lines, alarms, changed = [], 0, 0
    with tempfile.TemporaryDirectory() as name:
        for r in range(clean):
            alarms += caught(draw(np.random.default_rng([seed, 99, r])), protocol, Path(name))[0] != "pass"
        print(alarms, "of", clean, flush=True)
        for k, how in enumerate((*ATTRIBUTE, *LOSS)):
            for s, size in enumerate(SIZES):
                told: Counter[str] = Counter()
                effects = []
                for r in range(reps):
                    rng = np.random.default_rng([seed, k, s, r])
                    said, effect = caught(spoil(draw(rng), how, size, rng), protocol, Path(name))
                    told[said] += 1
                    effects.append(effect)
                changed += (reps - told["pass"]) * (how in ATTRIBUTE)
                counts = " | ".join(str(told[v]) for v in ("fail", "concern", "put right", "refused"))
                left = 100 * np.expm1(np.mean(effects))
                lines.append(f"| {how} | {size:.0%} | {reps - told['pass']} of {reps} | {counts} | {left:+.1f}% |")
                print(lines[-1], flush=True)
    return lines, alarms, changed


HEAD = "| artefact | size | caught | fail | concern | put right | refused | left in the estimate |\n" + "|---" * 8 + "|"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--reps", type=int, default=5, help="panels for each artefact and size, of each kind of data")
    parser.add_argument("--clean", type=int, default=100, help="clean panels of each kind of data")
    parser.add_argument("--seed", type=int, default=4)
    args = parser.parse_args()
    real = read_merseyside(args.data)
    draws: dict[str, Draw] = {"Simulated": simulated}
    if real is not None:
        codes = real["lsoa_code"].unique()
        draws["Merseyside"] = lambda rng: merseyside(real[real["lsoa_code"].isin(rng.choice(codes, 40, False))], rng)
    text = ["# Planted artefacts of recording", "", str(__doc__).strip().split("\n\n", 2)[2], ""]
    for name, draw in draws.items():
        lines, alarms, changed = table(draw, args.reps, args.clean, args.seed)
        planted = args.reps * len(SIZES) * len(ATTRIBUTE)
        said = f"False alarms: {alarms} of {args.clean} clean panels. Artefacts that change an attribute, or silence "
        said += f"areas, caught: {changed} of {planted}."
        text += [f"## {name} data", "", said, "", HEAD, *lines, ""]
    command = f"python benchmarks/recording.py --reps {args.reps} --clean {args.clean} --seed {args.seed}"
    text.append(f"{datetime.date.today():%d %B %Y}; `{command}`")
    Path(__file__).with_suffix(".md").write_text("\n".join(text) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
