"""Ten million pings to visits: time and memory of `vru patrols`, and how near the minutes come to the truth.

    python benchmarks/pings.py [--rows N]

Writes the table that stands in benchmarks/pings.md.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "intake" / "patrols"))

AREAS, OFFICERS = 200, 500
# The peak of this process alone: what the system reports of a child begins with the size of its parent.
CHILD = """
import sys, time
from pathlib import Path
from vru.cli import main
code = main(sys.argv[1:])
peak = next(x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith("VmHWM"))
print(time.process_time(), int(peak.split()[1]) / 1024)
sys.exit(code)
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000)
    rows = parser.parse_args().rows
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True
    ).stdout.strip()
    print(
        f"# Pings to visits\n\n{datetime.now(UTC):%d %B %Y}, commit {commit}, `python benchmarks/pings.py --rows {rows}`, ",
        end="",
    )
    print(f"{len(os.sched_getaffinity(0))} cores shared with other work.\n")
    with tempfile.TemporaryDirectory() as folder:
        speed(Path(folder), rows)
        truth(Path(folder))


def speed(folder: Path, rows: int) -> None:
    print(f"{rows:,} pings of {OFFICERS} units, {AREAS} areas of 150 m, two months by day:\n")
    print("| file | size, MB | seconds | seconds of CPU | peak memory, MB |\n|---|---|---|---|---|")
    import shifts

    (folder / "areas.geojson").write_text(json.dumps(shifts.squares(AREAS, 150.0)))
    frame = many(rows)
    for kind in ("parquet", "csv"):
        path = folder / f"pings.{kind}"
        if kind == "parquet":
            frame.to_parquet(path, index=False)
        else:
            import pyarrow as pa
            from pyarrow import csv

            csv.write_csv(pa.Table.from_pandas(frame, preserve_index=False), path)
        seconds, cpu, peak = timed(folder, path)
        print(f"| {kind} | {path.stat().st_size / 1e6:,.0f} | {seconds:.1f} | {cpu:.1f} | {peak:,.0f} |", flush=True)


def many(rows: int) -> pd.DataFrame:
    """Units that stay ten minutes in an area and twenty elsewhere, a ping every 30 seconds, in order of time."""
    import pyproj
    import shifts

    rng = np.random.default_rng(1)
    each = rows // OFFICERS
    step = np.arange(each)
    spell, inside = step // 60, step % 60 < 20
    to_degrees = pyproj.Transformer.from_crs("EPSG:27700", "EPSG:4326", always_xy=True)
    parts = []
    for unit in range(OFFICERS):
        area = rng.integers(0, AREAS, each // 60 + 1)[spell]
        x = shifts.ORIGIN[0] + shifts.APART * (area % 5) + rng.uniform(0, 150, each) + np.where(inside, 0, 300)
        y = shifts.ORIGIN[1] + shifts.APART * (area // 5) + rng.uniform(0, 150, each)
        second = 1_622_505_600 + 8 * unit + step * (61 * 86_400 // each)
        east, north = to_degrees.transform(x, y)
        parts.append(
            pd.DataFrame({"unit": f"CALLSIGN{unit:04d}", "time": second, "lon": east.round(6), "lat": north.round(6)})
        )
    frame = pd.concat(parts, ignore_index=True)
    frame["time"] = frame["time"].astype("datetime64[s]")
    frame["unit"] = frame["unit"].astype("category")
    return frame.sort_values("time", kind="stable", ignore_index=True)


def timed(folder: Path, path: Path) -> tuple[float, float, float]:
    columns = ["--officer", "unit", "--when", "time", "--x", "lon", "--y", "lat", "--clock", "utc", "--gap-s", "1200"]
    columns += ["--first", "2021-06-01", "--last", "2021-07-31"]
    command = [sys.executable, "-c", CHILD, "patrols", str(path), "--areas", str(folder / "areas.geojson"), *columns]
    began = time.perf_counter()
    child = subprocess.run([*command, "--out", str(folder / "out.csv")], stdout=subprocess.PIPE, check=True, text=True)
    seconds = time.perf_counter() - began
    cpu, peak = (float(v) for v in child.stdout.splitlines()[-1].split())
    return seconds, cpu, peak


def truth(folder: Path) -> None:
    print(
        "\nKnown minutes: a ping every 30 s with 10 m noise, 20% lost; six officers, ten days, ten areas, six visits a shift,"
    )
    print(
        "five simulations. Estimated less true, per cent: all areas together, and the area furthest off in any simulation.\n"
    )
    print("| across, m | stays of 10 to 20 min: all | furthest area | stays of 3 to 6 min: all | furthest area |")
    print("|---|---|---|---|---|")
    for across in (150, 100, 75, 50, 30):
        cells = []
        for stay in ((10.0, 20.0), (3.0, 6.0)):
            off = [one(folder, across, stay, seed) for seed in range(5)]
            cells += [f"{np.mean([a for a, _ in off]):+.1f}", f"{max((b for _, b in off), key=abs):+.1f}"]
        print(f"| {across} | {' | '.join(cells)} |", flush=True)


def one(folder: Path, across: float, stay: tuple[float, float], seed: int) -> tuple[float, float]:
    import shifts

    from vru.intake.patrols import Rules
    from vru.run.patrolling import Asked, patrolled
    from vru.sources.pings import PingColumns

    made = shifts.walk(np.random.default_rng(seed), across=across, stay=stay)
    (folder / "map.geojson").write_text(json.dumps(shifts.squares(10, across)))
    path = shifts.write(made, folder / "walk.csv")
    columns = PingColumns("unit", "time", "lon", "lat", None, "utc")
    asked = Asked(
        (path,),
        folder / "map.geojson",
        "2021-06-01",
        "2021-06-10",
        rules=Rules(shortest=60.0, once=False),
        pings=columns,
    )
    found = patrolled(asked, lambda what, done, total: None).table.groupby("area")["minutes"].sum().to_numpy()
    each = 100 * (found / made.minutes - 1)
    return 100 * float(found.sum() / made.minutes.sum() - 1), float(max(each, key=abs))


if __name__ == "__main__":
    main()
