"""Started by tests: fork many publishers and let them go at the same moment, all of one record or each of its own."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from vru.library import publish
from vru.record import load_record


def main(library: Path, text: Path, many: int, own: bool) -> None:
    record = load_record(text.read_text(encoding="utf-8"), "test")
    gate, go = os.pipe()
    children = []
    for i in range(many):
        child = os.fork()
        if child == 0:
            os.close(go)
            os.read(gate, 1)
            mine = record.model_copy(update={"id": f"{record.id}-{i}"}) if own else record
            done = publish(library, mine, {"report.html": b"x" * 20_000}, f"Publisher {i}", datetime.now(UTC))
            os.write(1, b"already\n" if done.already else b"won\n")
            os._exit(0)
        children.append(child)
    os.close(go)
    for child in children:
        _, status = os.waitpid(child, 0)
        if status:
            sys.exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4:] == ["own"])
