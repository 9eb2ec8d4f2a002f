"""Mutated extracts and tables through ``events`` and ``counts``: success or a clear error, every row accounted for.

    python benchmarks/fuzz_own_data.py --inputs 4000

writes ``benchmarks/fuzz_own_data.md``.
"""

import argparse
import datetime
import io
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from vru.errors import DataError
from vru.intake import read_offences, read_tallies
from vru.sources.extract import read
from vru.sources.source import Request
from vru.sources.tallied import CountsOptions, EventsOptions

HERE = Path(__file__).parent
ODD = (
    *(
        "",
        " ",
        "NULL",
        "#REF!",
        "nan",
        "-1",
        "1e9",
        "<5",
        "*",
        "2021-13",
        "31/02/2021",
        "\u0661\u0662",
        "\u200b",
        "=1+1",
    ),
    *("0", "53.4", "N/A", "a" * 5000),
)
COVERS = {"first": "2021-01", "last": "2021-12"}
EVENTS = EventsOptions.model_validate(
    {"covers": COVERS, "when": "from", "until": "to", "area": "beat", "kind": "kind", "id": "ref", "keep": ["flag"]}
)
GRID = EventsOptions.model_validate({"covers": COVERS, "when": "from", "easting": "x", "northing": "y"})
COUNTS = CountsOptions.model_validate(
    {
        "area": "beat",
        "period": "month",
        "counts": {"n": "n"},
        "suppressed": {"*": [1, 4]},
        "hidden": "middle",
    }
)


def offences(rng: np.random.Generator) -> pd.DataFrame:
    n = int(rng.integers(20, 80))
    begun = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 364 * 24, n), unit="h")
    return pd.DataFrame(
        {
            "ref": [f"R{i:04d}" for i in rng.integers(0, n, n)],
            "from": begun.strftime("%Y-%m-%d %H:%M"),
            "to": (begun + pd.Timedelta(hours=2)).strftime("%Y-%m-%d %H:%M"),
            "beat": [f"B{i}" for i in rng.integers(0, 5, n)],
            "kind": rng.choice(["Violence", "Robbery"], n),
            "flag": rng.choice(["Y", "N"], n),
            "x": rng.integers(330_000, 340_000, n).astype(str),
            "y": rng.integers(380_000, 390_000, n).astype(str),
        }
    )


def tallies(rng: np.random.Generator) -> pd.DataFrame:
    rows = [(f"B{a}", f"2021-{m:02d}", str(int(rng.poisson(6)))) for a in range(5) for m in range(1, 13)]
    frame = pd.DataFrame(rows, columns=["beat", "month", "n"])
    frame.loc[rng.random(len(frame)) < 0.1, "n"] = "*"
    return frame


def mutated(frame: pd.DataFrame, rng: np.random.Generator) -> bytes:
    """The file with cells, rows, columns or bytes spoilt."""
    spoilt = frame.astype(object).copy()
    for _ in range(int(rng.integers(0, 5))):
        i, j = int(rng.integers(len(spoilt))), int(rng.integers(spoilt.shape[1]))
        how = int(rng.integers(6))
        if how == 0:
            spoilt.iat[i, j] = str(rng.choice(np.array(ODD, dtype=object)))
        elif how == 1:
            spoilt.iloc[:, j] = str(rng.choice(np.array(ODD, dtype=object)))
        elif how == 2:
            spoilt = pd.concat([spoilt, spoilt.iloc[[i]]], ignore_index=True)
        elif how == 3 and spoilt.shape[1] > 1:
            spoilt = spoilt.drop(columns=spoilt.columns[j])
        elif how == 4:
            spoilt = spoilt.rename(columns={spoilt.columns[j]: str(rng.choice(["", "from ", "n", "Beat", "x"]))})
        else:
            spoilt = spoilt.iloc[rng.permutation(len(spoilt))]
    text = io.StringIO()
    spoilt.to_csv(text, index=False)
    data = bytearray(text.getvalue().encode())
    for _ in range(int(rng.integers(0, 4)) if rng.random() < 0.5 else 0):
        at = int(rng.integers(len(data)))
        if rng.random() < 0.5:
            data[at] = int(rng.integers(256))
        else:
            del data[at : at + int(rng.integers(1, 40))]
    return bytes(data)


def one(data: bytes, source: str, folder: Path) -> str:
    """What became of one file: read, refused; or what must not be: a traceback, or rows that nobody accounts for."""
    path = folder / "x.csv"
    path.write_bytes(data)
    options = {"events": EVENTS, "grid": GRID, "counts": COUNTS}[source]
    try:
        table = read(Request(path, folder, 1, lambda *a: None), options)
        if isinstance(options, CountsOptions):
            found = read_tallies(table, options, folder)
        else:
            found = read_offences(table, options, folder)
    except DataError as error:
        return "refused" if str(error).strip() else "refused without a word"
    except Exception:
        return "traceback: " + traceback.format_exc(limit=-1).strip().splitlines()[-1][:120]
    kept = len(pd.read_parquet(found.path))
    if source == "counts":
        return "read" if kept <= len(table.frame) else "rows appeared"
    told = sum(n.count or 0 for n in found.log if "counted once" in n.text or "does not say are covered" in n.text)
    return "read" if kept + told >= len(table.frame) else "rows lost in silence"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--inputs", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=20261128)
    arguments = parser.parse_args()
    warnings.simplefilter("error")
    rng, began = np.random.default_rng(arguments.seed), time.process_time()
    told: dict[str, Counter[str]] = {}
    slowest = 0.0
    with TemporaryDirectory() as made:
        for source in ("events", "grid", "counts"):
            told[source] = Counter()
            for _ in range(arguments.inputs):
                data = mutated(tallies(rng) if source == "counts" else offences(rng), rng)
                since = time.process_time()
                told[source][one(data, source, Path(made))] += 1
                slowest = max(slowest, time.process_time() - since)
                for old in Path(made).glob("*.parquet"):
                    old.unlink()
    kinds = list(dict.fromkeys(k for c in told.values() for k in c))
    lines = [
        "# Mutated extracts and tables",
        "",
        f"{datetime.date.today():%-d %B %Y}; "
        f"`python benchmarks/fuzz_own_data.py --inputs {arguments.inputs} --seed {arguments.seed}`; "
        f"CPU {time.process_time() - began:.0f} s, slowest file {slowest:.2f} s.",
        "",
        "Cells, columns, rows and bytes of made-up files are spoilt at random; library warnings count as errors.",
        "",
        f"| source | {' | '.join(kinds)} |",
        f"|---|{'---|' * len(kinds)}",
        *(f"| {s} | {' | '.join(f'{c[k]:,}' for k in kinds)} |" for s, c in told.items()),
        "",
    ]
    (HERE / "fuzz_own_data.md").write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
