"""How long a panel takes: a data.police.uk zip in, LSOA x month x 3 outcomes out.

    python benchmarks/panel.py --data DIR [--repeat 3] [--write benchmarks/panel.md]

DIR (or $VRU_DATA) holds police_uk/ and context/. Each engine runs in a process of its own, which
reports its time without imports and its peak memory. Ratios are to the floor: DuckDB parsing the
five columns used, from files already unpacked. Engines that answer the same question must agree
cell for cell, or the program says so and leaves with status 1.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from datetime import date
from pathlib import Path

import pandas as pd

ARCHIVE = "police_uk/merseyside_2018-01_2022-03.zip"
BOUNDARIES = "context/boundaries_lsoa11/lsoa11_merseyside.geojson"
OUTCOMES = {
    "violence": ["Violence and sexual offences"],
    "robbery": ["Robbery"],
    "damage": ["Criminal damage and arson"],
}
FIVE = ("Month", "Longitude", "Latitude", "LSOA code", "Crime type")
MONTHS = ("2018-01", "2022-03")
FLOOR = "parse"

ENGINES = {
    FLOOR: "floor: DuckDB parses the five columns, files already unpacked",
    "unzip_parse": "unzip, then the floor",
    "ours_code_cold": "vru, by LSOA code, empty cache",
    "ours_code_warm": "vru, by LSOA code, from the cache",
    "pandas_code": "pandas, by LSOA code",
    "ours_polygon_cold": "vru, point in polygon, empty cache",
    "ours_polygon_warm": "vru, point in polygon, from the cache",
    "geopandas_distinct": "pandas + geopandas, distinct places joined",
    "geopandas": "pandas + geopandas, every row a point",
}
ALIKE = (
    ("ours_code_cold", "ours_code_warm", "pandas_code"),
    ("ours_polygon_cold", "ours_polygon_warm", "geopandas_distinct", "geopandas"),
)


def protocol(kind: str, data: Path):
    from vru.protocol.fields import Protocol

    features = json.loads((data / BOUNDARIES).read_text())["features"]
    codes = sorted(f["properties"]["lsoa11_code"] for f in features)
    text = "a benchmark, not an evaluation"
    tidier = ("why", "materials", "procedures", "who_provided", "how", "where", "when_and_how_much")
    units = {"kind": kind, "treated": codes[::2], "comparison": codes[1::2]}
    if kind == "polygon":
        units |= {"boundaries": BOUNDARIES, "id_field": "lsoa11_code"}
    return Protocol.model_validate(
        {
            "id": "benchmark",
            "title": text,
            "template": "benchmark",
            "organisation": "benchmark",
            "roles": dict.fromkeys(("commissioner", "analyst", "assurer", "approver"), text),
            "definition_of_violence": text,
            "intervention": {"type": "none", "name": text, "start": "2020-01", **dict.fromkeys(tidier, text)},
            "theory_of_change": {k: [text] for k in ("inputs", "activities", "outputs", "outcomes", "assumptions")},
            "question": {"population": text, "comparator": text, "smallest_effect": 0.1},
            "units": units,
            "window": {"first": MONTHS[0], "last": MONTHS[1]},
            "outcomes": [{"id": o, "measure": text, "filter": {"crime_type": t}} for o, t in OUTCOMES.items()],
            "data": [{"id": "crimes", "source": "police_uk"}],
            "graph": {"treatment": "none", "outcome": "violence", "adjustment": [], "edges": ["none -> violence"]},
            "analyses": [{"id": "main", "role": "primary", "method": "did", "outcome": "violence"}],
            "equity": {"plan": text},
            "seed": 1,
        }
    )


def ours(kind: str, data: Path, work: Path) -> pd.DataFrame:
    from vru.geography import build_panel
    from vru.sources import SOURCES, Request

    source = SOURCES["police_uk"]
    events = source.read(Request(data / ARCHIVE, work / f"cache_{kind}", 1, lambda *at: None), source.options())
    return build_panel(protocol(kind, data), {"crimes": events}, data).panel.frame()


def parse(files: list[str]) -> None:
    import duckdb

    header = Path(files[0]).read_text().splitlines()[0].split(",")
    columns = "{" + ", ".join(f"'{h}': 'VARCHAR'" for h in header) + "}"
    five = ", ".join(f'"{c}"' for c in FIVE)
    sql = f"SELECT sum(hash({five})) FROM read_csv(?, columns={columns}, auto_detect=false, header=true)"
    duckdb.connect().execute(sql, [files]).fetchone()


def unpack(data: Path, into: Path) -> list[str]:
    with zipfile.ZipFile(data / ARCHIVE) as z:
        z.extractall(into)
    return sorted(str(p) for p in into.rglob("*-street.csv"))


def pandas_rows(data: Path) -> pd.DataFrame:
    with zipfile.ZipFile(data / ARCHIVE) as z:
        names = [n for n in z.namelist() if n.endswith("-street.csv")]
        return pd.concat([pd.read_csv(z.open(n), usecols=list(FIVE)) for n in names], ignore_index=True)


def pandas_panel(rows: pd.DataFrame, unit: str, data: Path) -> pd.DataFrame:
    codes = sorted(protocol("lsoa11", data).units.treated + protocol("lsoa11", data).units.comparison)
    index = pd.MultiIndex.from_product([codes, sorted(rows["Month"].unique())], names=["unit", "period"])
    found = {
        o: rows[rows["Crime type"].isin(t)].groupby([unit, "Month"]).size().reindex(index.rename([unit, "Month"]))
        for o, t in OUTCOMES.items()
    }
    return pd.DataFrame({o: v.fillna(0).to_numpy() for o, v in found.items()}, index=index).reset_index()


def geopandas_panel(data: Path, distinct: bool) -> pd.DataFrame:
    import geopandas as gpd

    rows = pandas_rows(data)
    at = rows[["Longitude", "Latitude"]].drop_duplicates(ignore_index=True) if distinct else rows
    areas = gpd.read_file(data / BOUNDARIES)[["lsoa11_code", "geometry"]].to_crs(27700)
    points = gpd.GeoDataFrame(at, geometry=gpd.points_from_xy(at["Longitude"], at["Latitude"]), crs=4326).to_crs(27700)
    joined = points.sjoin(areas, predicate="intersects").sort_values("lsoa11_code")
    # On an edge a point joins both areas: the lowest code keeps it.
    unit = joined.loc[~joined.index.duplicated(), "lsoa11_code"]
    at = at.assign(unit=unit)
    rows = rows.merge(at, on=["Longitude", "Latitude"], how="left") if distinct else at
    return pandas_panel(rows, "unit", data)


def warm_up(engine: str) -> None:
    """Import what the engine uses, so that imports are not timed."""
    import duckdb  # noqa: F401

    if "pandas" in engine or "polygon" in engine:
        import geopandas  # noqa: F401
    if "ours" in engine:
        import vru.geography
        import vru.sources  # noqa: F401


def child(engine: str, data: Path, work: Path) -> None:
    warm_up(engine)
    files = sorted(str(p) for p in (work / "unpacked").rglob("*-street.csv"))
    start, start_cpu = time.perf_counter(), time.process_time()
    panel = None
    if engine == FLOOR:
        parse(files)
    elif engine == "unzip_parse":
        parse(unpack(data, work / "again"))
    elif engine.startswith("ours"):
        panel = ours("lsoa11" if "code" in engine else "polygon", data, work)
    elif engine == "pandas_code":
        panel = pandas_panel(pandas_rows(data), "LSOA code", data)
    else:
        panel = geopandas_panel(data, distinct=engine == "geopandas_distinct")
    seconds, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    if panel is not None:
        panel.to_parquet(work / f"{engine}.parquet")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "cpu": cpu, "megabytes": peak}))


def measure(engine: str, data: Path, work: Path, repeat: int) -> dict[str, float]:
    import shutil

    runs = []
    for _ in range(repeat):
        shutil.rmtree(work / "again", ignore_errors=True)
        if engine.endswith("_cold"):
            kind = "lsoa11" if "code" in engine else "polygon"
            shutil.rmtree(work / f"cache_{kind}", ignore_errors=True)
        command = [sys.executable, __file__, "--data", str(data), "--child", engine, "--work", str(work)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{engine} failed:\n{done.stderr}")
        runs.append(json.loads(done.stdout.splitlines()[-1]))
    fastest = {k: min(r[k] for r in runs) for k in ("seconds", "cpu")}
    return fastest | {"megabytes": max(r["megabytes"] for r in runs)}


def differences(work: Path) -> list[str]:
    """Cells that two engines answering the same question count differently."""
    found = []
    for group in ALIKE:
        frames = {e: pd.read_parquet(work / f"{e}.parquet").set_index(["unit", "period"]) for e in group}
        first, *others = group
        kept = frames[first][list(OUTCOMES)].dropna()
        for other in others:
            theirs = frames[other][list(OUTCOMES)].dropna()
            same = kept.index.equals(theirs.index.sortlevel()[0]) and (kept == theirs.loc[kept.index]).all(axis=None)
            cells = int((kept != theirs.reindex(kept.index)).sum().sum())
            found += [] if same else [f"{first} and {other} differ in {cells} of {kept.size} cells"]
    return found


def table(results: dict[str, dict[str, float]]) -> str:
    floor = results[FLOOR]
    lines = ["| engine | seconds | ratio | CPU seconds | ratio | peak memory, MB |", "|---|---:|---:|---:|---:|---:|"]
    lines += [
        f"| {ENGINES[e]} | {r['seconds']:.2f} | {r['seconds'] / floor['seconds']:.1f} | {r['cpu']:.2f} "
        f"| {r['cpu'] / floor['cpu']:.1f} | {r['megabytes']:.0f} |"
        for e, r in results.items()
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("VRU_DATA"), help="folder with police_uk/, context/"
    )
    parser.add_argument("--repeat", type=int, default=3, help="runs of each engine; the fastest counts")
    parser.add_argument("--write", type=Path, help="also write the table to this Markdown file")
    parser.add_argument("--child", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.data is None:
        parser.error("give --data or set VRU_DATA")
    data = Path(args.data)
    if args.child:
        child(args.child, data, args.work)
        return
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        files = unpack(data, work / "unpacked")
        results = {engine: measure(engine, data, work, args.repeat) for engine in ENGINES}
        wrong = differences(work)
    agreed = "; ".join(wrong) or "All engines that answer the same question agree in every cell."
    text = f"{table(results)}\n\n{len(files)} files of {Path(ARCHIVE).name}. {agreed}\n"
    print(text)
    if args.write:
        command = f"python benchmarks/panel.py --data DIR --repeat {args.repeat} --write {args.write.name}"
        head = f"# Panel: speed and memory\n\n`{command}`, {date.today():%d %B %Y}, {os.cpu_count()} cores. "
        note = "Fastest run of each; imports are not timed. Ratios are to the floor. "
        note += "On a shared machine trust CPU seconds and ratios, not seconds.\n\n"
        args.write.write_text(head + note + text)
    if wrong:
        sys.exit(1)


if __name__ == "__main__":
    main()
