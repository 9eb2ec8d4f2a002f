"""Started by test_kills: fork a steward who reviews, announces, merges, signs off or takes down; kill it at random."""

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import yaml

from vru.library import decide, publish, scan, take_down
from vru.library.checkpoints import checkpoint
from vru.library.merging import merge
from vru.library.planned import announce, explain, read_planned
from vru.protocol import Protocol
from vru.record import load_record

REPORT = {"report.html": b"x" * 200_000}


def jobs(library: Path, other: Path, plan: Protocol, number: int) -> dict[str, Callable[[], object]]:
    now = datetime.now(UTC)
    records = scan(library).records
    mine = next(s for s in records if s.record.id == f"kept-{number % 8}")
    gone = next((s for s in records if s.record.id.startswith("gone-")), None)
    planned = Protocol.model_validate({**plan.model_dump(mode="json"), "id": f"planned-{number}"})

    def plan_and_explain() -> None:
        announce(library, planned, "Director", now)
        explain(library, read_planned(library)[0][planned.organisation, planned.id], "resource", "Director", "", now)

    def down() -> None:
        assert gone is not None
        take_down(library, gone, "Data protection officer", "A name.", now)

    return {
        "announce": plan_and_explain,
        "merge": lambda: merge(library, other, now),
        "checkpoint": lambda: checkpoint(library, now),
        "review": lambda: decide(library, mine, "comment", "Reader", "text " * 500, now),
        **({"takedown": down} if gone else {}),
    }


def fill(library: Path, other: Path, text: str, count: int) -> None:
    record = load_record(text, "test")
    for i in range(8):
        mine = record.model_copy(update={"id": f"kept-{i}"})
        publish(library, mine, REPORT, "Head of evidence", datetime.now(UTC))
    for i in range(count):
        mine = record.model_copy(update={"id": f"gone-{i}"})
        publish(library, mine, REPORT, "Head of evidence", datetime.now(UTC))
        theirs = record.model_copy(update={"id": f"theirs-{i}", "organisation": "southchester-vru"})
        publish(other, theirs, REPORT, "Head of evidence", datetime.now(UTC))


def start(job: Callable[[], object]) -> int:
    child = os.fork()
    if child == 0:
        job()
        os._exit(0)
    return child


def main(library: Path, other: Path, text: Path, plan_file: Path, kills: int) -> None:
    plan = Protocol.model_validate(yaml.safe_load(plan_file.read_text(encoding="utf-8")))
    fill(library, other, text.read_text(encoding="utf-8"), max(4, kills // 40))
    rng = random.Random(11)
    killed = number = 0
    told: Counter[str] = Counter()
    record = load_record(text.read_text(encoding="utf-8"), "test")
    while killed < kills:
        number += 1
        possible = jobs(library, other, plan, number)
        if "takedown" not in possible:
            more = record.model_copy(update={"id": f"gone-more-{number}"})
            publish(library, more, REPORT, "Head of evidence", datetime.now(UTC))
            continue
        # How fast each job runs depends on the machine, so the kind killed least so far is next.
        name = min(possible, key=lambda kind: (told[kind], rng.random()))
        child = start(possible[name])
        time.sleep(rng.uniform(0, 0.02))
        # Not waited for yet, so the number still belongs to this child even if it has ended.
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        killed += os.WIFSIGNALED(status)
        told[name] += os.WIFSIGNALED(status)
    print(killed, number - killed, json.dumps(told))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:5]), int(sys.argv[5]))
