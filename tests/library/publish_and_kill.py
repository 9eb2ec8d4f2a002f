"""Started by test_store: fork a publisher of a new record, kill it at a random moment, until enough were killed."""

import os
import random
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from vru.library import publish
from vru.record import LearningRecord, load_record

FILES = {"report.html": b"x" * 300_000, "tables.csv": b"a,b\n" * 50_000}


def start(library: Path, record: LearningRecord, number: int) -> int:
    child = os.fork()
    if child == 0:
        mine = record.model_copy(update={"id": f"killed-{number}"})
        publish(library, mine, FILES, "Test publisher", datetime.now(UTC))
        os._exit(0)
    return child


def main(library: Path, text: Path, kills: int) -> None:
    record = load_record(text.read_text(encoding="utf-8"), "test")
    rng = random.Random(5)
    clock = time.perf_counter()
    os.waitpid(start(library, record, 0), 0)
    whole = time.perf_counter() - clock
    killed = number = 0
    while killed < kills:
        number += 1
        child = start(library, record, number)
        time.sleep(rng.uniform(0, whole))
        # Not waited for yet, so the number still belongs to this child even if it has ended.
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        killed += os.WIFSIGNALED(status)
    print(killed, number - killed)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
