"""How a library of 1,000 and of 10,000 stored records reads, searches, pools, exports and builds, by the commands.

    python benchmarks/library.py [--records 1000,10000] [--write benchmarks/library.md]

Unlike ``benchmarks/site.py``, which builds pages from records in memory, this starts from folders on a disk: every
record is published with a report of ``REPORT`` bytes, and every command verifies all of them. Each command is one
process; seconds, CPU seconds and peak memory are that process's own. The records are those of ``benchmarks/site.py``.
"""

import argparse
import hashlib
import importlib.util
import json
import os
import resource
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

RUN = "import sys; from vru.cli import main; sys.exit(main(sys.argv[1:]))"
REPORT = 60_000
ONE = ["--intervention", "hot_spot_policing", "--outcome", "violence"]
COMMANDS = {
    "vru library list": ["library", "list", "--json"],
    "vru library check": ["library", "check"],
    "vru library pool, one question": ["library", "pool", "--json", *ONE],
    "vru library export, CSV": ["library", "export", "--format", "csv", "--out", "{scratch}/effects.csv"],
    "vru site": ["site", "--out", "{scratch}/site", "--audience", "public"],
}


def made_up(n: int):
    """The records of ``benchmarks/site.py``, whose name is also a module of Python's own."""
    spec = importlib.util.spec_from_file_location("site_benchmark", Path(__file__).with_name("site.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.generate(n)


def fill(n: int, library: Path) -> float:
    """Publish ``n`` made-up records; seconds per publication."""
    from vru.library import open_library, publish

    open_library(library, create=True)
    body = b"<!DOCTYPE html><html lang=en-GB><title>R</title><h1>Report</h1><p>" + b"word " * (REPORT // 5)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    clock = time.perf_counter()
    for i, entry in enumerate(made_up(n)):
        # Evaluations of their own data, so that there is something to pool.
        own = {"crimes": "sha256:" + hashlib.sha256(entry.record.id.encode()).hexdigest()}
        result = entry.record.result | {"provenance": {"data": own}}
        record = entry.record.model_copy(update={"data_digests": own, "result": result})
        publish(library, record, {"report.html": body}, "Head of evidence", now + timedelta(minutes=i))
    return (time.perf_counter() - clock) / n


def measure(command: list[str]) -> dict[str, float]:
    """Run one command; its seconds, CPU seconds and peak memory in megabytes."""
    clock = time.perf_counter()
    child = os.fork()
    if child == 0:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.execv(sys.executable, [sys.executable, "-c", RUN, *command])
    _, status, used = os.wait4(child, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        raise SystemExit(f"{' '.join(command)} failed")
    return {
        "seconds": time.perf_counter() - clock,
        "cpu": used.ru_utime + used.ru_stime,
        "memory": used.ru_maxrss / 1024,
    }


def table(found: dict[int, dict[str, dict[str, float]]], each: dict[int, float]) -> str:
    sizes = list(found)
    head = "| | " + " | ".join(f"{n:,} records: s | CPU s | MB" for n in sizes) + " |"
    rule = "|---|" + "---:|---:|---:|" * len(sizes)
    rows = []
    for name in COMMANDS:
        cells = [f"{m['seconds']:.1f} | {m['cpu']:.1f} | {m['memory']:.0f}" for m in (found[n][name] for n in sizes)]
        rows.append(f"| `{name}` | " + " | ".join(cells) + " |")
    published = ", ".join(f"{each[n] * 1000:.0f} ms ({n:,})" for n in sizes)
    return "\n".join(
        [
            "# A library on disk",
            "",
            f"`python benchmarks/library.py --records {','.join(map(str, sizes))}`, {date.today():%d %B %Y}, Python "
            f"{sys.version.split()[0]}, 2 cores shared with other work (trust CPU seconds), a local disk. "
            f"Every record has a report of "
            f"{REPORT // 1000} kB; every command reads and verifies all of them. Start of Python and imports included.",
            "",
            head,
            rule,
            *rows,
            "",
            f"Publishing one record, synced to the disk: {published}.",
            "",
        ]
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", default="1000,10000")
    parser.add_argument("--write", type=Path)
    parser.add_argument("--keep", type=Path, help="put libraries and sites here and leave them")
    arguments = parser.parse_args()
    found, each = {}, {}
    for n in map(int, arguments.records.split(",")):
        with tempfile.TemporaryDirectory() as private:
            scratch = (arguments.keep / str(n)) if arguments.keep else Path(private)
            scratch.mkdir(parents=True, exist_ok=True)
            library = scratch / "library"
            if not library.exists():
                each[n] = fill(n, library)
            found[n] = {}
            for name, words in COMMANDS.items():
                command = [w.replace("{scratch}", str(scratch)) for w in words]
                found[n][name] = measure([*command, "--library", str(library)])
                print(n, name, json.dumps(found[n][name]), file=sys.stderr, flush=True)
    text = table(found, {n: each.get(n, float("nan")) for n in found})
    print(text)
    if arguments.write:
        arguments.write.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.exit(main())
