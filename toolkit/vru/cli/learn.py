"""Commands about what is published: verify, site. ``vru library`` is in ``library``."""

import argparse
from pathlib import Path
from typing import Any

from vru.cli.terminal import Bar, add, add_data, add_json, say_json


def add_commands(commands: Any) -> None:
    """Add this part's commands."""
    c = add(
        commands,
        "verify",
        _verify,
        "check a published record; with data, recompute every number",
        "vru verify op-grip-demo --library shared_learning --data data",
    )
    c.add_argument("record", metavar="RECORD", help="[organisation/]id[@version]")
    c.add_argument("--library", type=Path, required=True, metavar="DIR")
    add_data(c)
    c.add_argument(
        "--connect", action="store_true", help="ask the databases that the plan names, by your own connections"
    )
    add_json(c)
    _add_site(commands)


def _add_site(commands: Any) -> None:
    c = add(
        commands,
        "site",
        _site,
        "build the static site; it opens by double-click",
        "vru site --library shared_learning --out site",
    )
    c.add_argument("--library", type=Path, required=True, metavar="DIR")
    c.add_argument("--out", type=Path, required=True, metavar="DIR")
    c.add_argument(
        "--audience",
        choices=["public", "network", "vru_only"],
        default="network",
        help="default: network",
    )
    c.add_argument("--organisation", default="", metavar="ORG", help="whose own records vru_only adds")
    c.add_argument(
        "--boundaries",
        type=Path,
        metavar="FILE",
        help='GeoJSON for the map of areas; features name their "organisation", the file its "attribution"',
    )


def _verify(arguments: argparse.Namespace) -> int:
    from vru.run.verifying import verify

    bar = Bar()
    done = verify(arguments.record, arguments.library, arguments.data, bar, connect=arguments.connect)
    bar.close()
    broken = [f for f in done.integrity if f.verdict == "fail"]
    if arguments.json:
        differences = [
            {"field": d.field, "published": d.published, "recomputed": d.recomputed} for d in done.differences
        ]
        say_json(
            {
                "kind": done.record.record.kind,
                "integrity": not broken,
                "recomputed": done.recomputed is not None,
                "differences": differences,
            }
        )
        return 1 if broken or done.differences else 0
    for finding in done.integrity:
        print(f"{finding.verdict}: {finding.text}")
    if done.record.record.kind == "literature":
        print("numbers: from published literature, not recomputable here")
    elif done.recomputed is None:
        print("numbers: not recomputed; give the data with --data DIR, or --connect where they stand in a database")
    elif done.differences:
        print(f"numbers: {len(done.differences)} differ")
        for d in done.differences[:20]:
            print(f"  {d.field}: published {d.published}, recomputed {d.recomputed}")
    else:
        print("numbers: every number came out the same")
    return 1 if broken or done.differences else 0


def _site(arguments: argparse.Namespace) -> int:
    from vru.run.sites import write_site

    done = write_site(
        arguments.library, arguments.out, arguments.audience, arguments.organisation, arguments.boundaries
    )
    print(f"records: {done.records}, pages: {done.pages}; open {done.home}")
    for problem in done.problems:
        print(f"left out: {problem}")
    return 1 if done.problems else 0
