"""The command about places: hotspots."""

import argparse
from pathlib import Path
from typing import Any

from vru.cli.terminal import Bar, add, add_json, pairs, say_json


def add_commands(commands: Any) -> None:
    """Add this part's commands."""
    c = add(
        commands,
        "hotspots",
        _hotspots,
        "find hot spots, say how steady they are and what falls by itself; writes a map and a block of plan",
        "vru hotspots data/essex.zip --by lsoa --top 40 --first 2018-04 --last 2019-03 --out hotspots\n"
        "  vru hotspots crimes.csv --column when=Date --column easting=X --column northing=Y --by square --cell 150",
    )
    c.add_argument(
        "source", type=Path, metavar="SOURCE", help="police archive, extract of offences, or evaluation folder"
    )
    c.add_argument(
        "--out", type=Path, default=Path("hotspots"), metavar="DIR", help="folder to write; default: hotspots"
    )
    _add_areas(c)
    _add_circles(c)
    _add_choice(c)
    add_json(c)


def _add_areas(c: argparse.ArgumentParser) -> None:
    c.add_argument(
        "--by",
        choices=["lsoa", "hexagon", "square", "segment", "areas"],
        default="lsoa",
        help="candidates; default: lsoa",
    )
    c.add_argument("--cell", type=float, default=250.0, metavar="M", help="side of a square in metres; default: 250")
    c.add_argument("--resolution", type=int, default=9, metavar="R", help="of hexagons (h3), 5 to 12; default: 9")
    c.add_argument("--shapes", type=Path, metavar="MAP", help="of areas, LSOAs or street segments")
    c.add_argument("--id-field", default="id", metavar="FIELD", help="of the map; default: id")
    c.add_argument(
        "--reach", type=float, default=25.0, metavar="M", help="metres on either side of a segment; default: 25"
    )
    c.add_argument(
        "--column", action="append", default=[], metavar="WHAT=NAME",
        help="of an extract: when, easting, northing, longitude, latitude, area, kind, id, dates, separator; repeatable",
    )  # fmt: skip


def _add_circles(c: argparse.ArgumentParser) -> None:
    c.add_argument("--radius", type=float, metavar="M", help="--shapes is a CSV of points, and areas are circles")


def _add_choice(c: argparse.ArgumentParser) -> None:
    c.add_argument(
        "--method", choices=["count", "kernel", "getis_ord"], default="count", help="what ranks areas; default: count"
    )
    c.add_argument("--bandwidth", type=float, default=400.0, metavar="M", help="of kernel and getis_ord; default: 400")
    c.add_argument("--top", type=int, metavar="N", help="how many; default: 20, or all that Gi* finds")
    c.add_argument("--at-least", type=float, metavar="N", help="all areas with so many events in the window instead")
    c.add_argument("--kind", action="append", default=[], metavar="TYPE", help="crime type to count; repeatable")
    c.add_argument("--weights", type=Path, metavar="FILE", help="CSV of kind, weight: count harm")
    c.add_argument("--first", metavar="YYYY-MM", help="first month chosen on; default: twelve months up to --last")
    c.add_argument("--last", metavar="YYYY-MM", help="last month chosen on; default: the last there is")
    c.add_argument("--ahead", type=int, default=12, metavar="N", help="months looked at after a choice; default: 12")
    c.add_argument("--force", metavar="SLUG", help="which force, where an archive has several")
    c.add_argument(
        "--outcome", default="violence", metavar="ID", help="the outcome's id in the plan; default: violence"
    )
    c.add_argument("--seed", type=int, default=1, metavar="N", help="of the lot in the block of plan; default: 1")


def _hotspots(arguments: argparse.Namespace) -> int:
    from vru.hotspots import Asked
    from vru.run.finding import hunt, read_weights

    asked = Asked(
        by=arguments.by, method=arguments.method, top=arguments.top, at_least=arguments.at_least, first=arguments.first,
        last=arguments.last, ahead=arguments.ahead, cell=arguments.cell, resolution=arguments.resolution,
        reach=arguments.reach, radius=arguments.radius, bandwidth=arguments.bandwidth,
        shapes=arguments.shapes, id_field=arguments.id_field,
        kinds=tuple(arguments.kind), weights=read_weights(arguments.weights) if arguments.weights else {},
        outcome=arguments.outcome, force=arguments.force, seed=arguments.seed,
    )  # fmt: skip
    bar = Bar()
    done = hunt(arguments.source, asked, pairs(arguments.column, "--column"), arguments.out, bar)
    bar.close()
    if arguments.json:
        say_json({"folder": str(done.folder), **done.numbers})
        return 0
    print("\n".join(done.lines))
    print(f"written to {done.folder} (internal: it holds small counts and places)")
    print(f"next: open {done.folder / 'hotspots.html'}, and paste {done.folder / 'plan.yaml'} into protocol.yaml")
    return 0
