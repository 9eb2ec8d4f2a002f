"""``vru library``: read the library from the terminal. Each verb is one entry of PARTS' ``add_verbs``."""

import argparse
import sys
from pathlib import Path
from typing import Any

from vru.cli import learning, library_stewardship, seeding
from vru.cli.terminal import add, add_json, say_json


def add_commands(commands: Any) -> None:
    """Add ``library`` and its verbs."""
    c = add(
        commands,
        "library",
        _list,
        "read the library from the terminal",
        "vru library list --library shared_learning",
    )
    c.add_argument(
        "--library", type=Path, default=Path("shared_learning"), metavar="DIR", help="default: shared_learning"
    )
    add_json(c)
    verbs = c.add_subparsers(dest="what", metavar="WHAT", required=True)
    for add_verbs in PARTS:
        add_verbs(verbs)
    for verb in verbs.choices.values():
        # Both places are allowed: vru library --library DIR list, vru library list --library DIR.
        # Without SUPPRESS the verb's default would overwrite what was given before the verb.
        verb.add_argument(
            "--library", type=Path, default=argparse.SUPPRESS, metavar="DIR", help="default: shared_learning"
        )
        verb.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")


def add_verbs(verbs: Any) -> None:
    """Add list and show."""
    add(verbs, "list", _list, "list every record", "vru library list --library shared_learning")
    c = add(verbs, "search", _search, "list the records that hold every word", "vru library search hot spot patrol")
    c.add_argument("words", nargs="+", metavar="WORD", help="in any order; case does not matter")
    c = add(verbs, "show", _show, "show one record", "vru library show essex/op-grip-trial")
    c.add_argument("record", nargs="?", metavar="RECORD", help="[organisation/]id[@version]")


PARTS = (add_verbs, learning.add_verbs, seeding.add_verbs, library_stewardship.add_verbs)
"""Functions that add verbs to ``vru library``; ``--library`` and ``--json`` are added to every verb."""


def _show(arguments: argparse.Namespace) -> int:
    from vru.errors import LibraryError
    from vru.run.telling import record_lines
    from vru.run.verifying import find_record

    if arguments.record is None:
        raise LibraryError("say which record: vru library show RECORD")
    stored = find_record(arguments.record, arguments.library)
    if arguments.json:
        say_json(stored.record.model_dump(mode="json"))
    else:
        print("\n".join(record_lines(stored)))
    return 0


def _search(arguments: argparse.Namespace) -> int:
    from vru.library import latest, scan
    from vru.run.telling import holds, record_row

    seen = scan(arguments.library)
    found = [s for s in latest(seen.records) if holds(s, arguments.words)]
    if arguments.json:
        say_json([s.record.model_dump(mode="json", exclude={"protocol", "result"}) for s in found])
    else:
        for stored in found:
            print(record_row(stored))
        print(f"found: {len(found)}, problems: {len(seen.problems)}")
    return 0


def _list(arguments: argparse.Namespace) -> int:
    from vru.library import scan
    from vru.run.telling import record_row

    seen = scan(arguments.library)
    if arguments.json:
        say_json([s.record.model_dump(mode="json", exclude={"protocol", "result"}) for s in seen.records])
    else:
        for stored in seen.records:
            print(record_row(stored))
        print(f"versions: {len(seen.records)}, problems: {len(seen.problems)}")
    for problem in seen.problems:
        # On stdout beside the lines it belongs to, but never inside what a script parses.
        print(f"problem: {problem}", file=sys.stderr if arguments.json else sys.stdout)
    return 1 if seen.problems else 0
