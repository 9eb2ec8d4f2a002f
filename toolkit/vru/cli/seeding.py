"""``vru library seed``: the starter set of published evaluations, put into a library once."""

import argparse
from datetime import UTC, date, datetime, time
from typing import Any

from vru import clock
from vru.cli.terminal import add, say_json


def add_verbs(verbs: Any) -> None:
    """Add ``seed`` to the verbs of ``vru library``."""
    c = add(
        verbs,
        "seed",
        run,
        "publish the starter set of records from published literature, each once",
        "vru library seed --library shared_learning",
    )
    c.add_argument("--date", default="", metavar="YYYY-MM-DD", help="day of publication to write (default: today)")


def run(arguments: argparse.Namespace) -> int:
    """Seed the library and say what was new."""
    from vru.library.prior_evidence import seed

    done = seed(arguments.library, _moment(getattr(arguments, "date", "")))
    names = [f"{p.path.parent.parent.name}/{p.path.parent.name}@v{p.version}" for p in done.published]
    if arguments.json:
        rows = [{"record": n, "already": p.already} for n, p in zip(names, done.published, strict=True)]
        say_json({"records": rows, "left_out": list(done.left_out)})
        return 0
    for name, published in zip(names, done.published, strict=True):
        print(f"{'already there' if published.already else 'published'}: {name}")
    for name in done.left_out:
        print(f"left out: {name} was taken down here and is not put back")
    new = sum(not p.already for p in done.published)
    print(f"{new} published, {len(names) - new} already there; all from published literature")
    return 0


def _moment(day: str) -> datetime:
    from vru.errors import LibraryError, Problem

    if not day:
        return clock.now()
    try:
        return datetime.combine(date.fromisoformat(day), time(), UTC)
    except ValueError:
        raise LibraryError(Problem(f"{day!r} is not a day", "--date", "YYYY-MM-DD")) from None
