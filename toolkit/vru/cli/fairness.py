"""The command about fairness: disproportionality."""

import argparse
from pathlib import Path
from typing import Any

from vru.cli.terminal import Bar, add, add_json, pairs, say_json

_EXAMPLE = (
    "vru disproportionality northumbria-stop-and-search.zip --population census2021_ethnicity_ltla21.csv \\\n"
    "    --people group=ethnic_group --people count=value --people area=ltla21_code \\\n"
    "    --areas lookup_ltla24_csp24_pfa24.csv --areas-code ltla24_code --areas-where pfa24_name=Northumbria\n"
    "  vru disproportionality searches.csv --column when=Day --column ethnicity=Ethnicity \\\n"
    "    --stage arrest=Result:Arrest --stage charge@arrest=Disposal:Charged"
)


def add_commands(commands: Any) -> None:
    """Add this part's commands."""
    c = add(
        commands,
        "disproportionality",
        _disproportionality,
        "rates and ratios by ethnic group at each stage, those not recorded first; writes a page, Word and numbers",
        _EXAMPLE,
    )
    c.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="data.police.uk archive or folder, or tables of rows"
    )
    c.add_argument(
        "--out", type=Path, default=Path("disproportionality"), metavar="DIR", help="default: disproportionality"
    )
    _add_rows(c)
    _add_people(c)
    add_json(c)


def _add_rows(c: argparse.ArgumentParser) -> None:
    c.add_argument(
        "--column", action="append", default=[], metavar="WHAT=NAME",
        help="of a table: when, ethnicity, officer, object, outcome, dates, separator, sheet; repeatable",
    )  # fmt: skip
    c.add_argument(
        "--stage", action="append", default=[], metavar="NAME[@BEFORE]=COLUMN:VALUE|VALUE",
        help="a step that follows and what it was before; repeatable; of police archives the stages are known",
    )  # fmt: skip
    c.add_argument("--blank-is-no", action="store_true", help="a blank in a stage's column means no, not: not recorded")
    c.add_argument("--first", default="search", metavar="NAME", help="what one row is; default: search")
    c.add_argument("--detail", choices=["5+1", "18+1"], default="5+1", help="ethnic groups; default: 5+1")
    c.add_argument("--group", action="append", default=[], metavar="TEXT=GROUP", help="what a text means; repeatable")
    c.add_argument("--reference", metavar="GROUP", help="default: White, or White British at 18+1")
    c.add_argument(
        "--by", choices=["month", "quarter", "year"], default="quarter", help="of the trend; default: quarter"
    )
    c.add_argument("--force", metavar="SLUG", help="which force, where an archive has several")
    c.add_argument("--level", type=float, default=0.95, metavar="P", help="of intervals; default: 0.95")
    c.add_argument(
        "--interval",
        choices=["exact", "log"],
        default="exact",
        help="log: as most published tables, none at a count of 0",
    )
    c.add_argument(
        "--profile", metavar="NAME", help="small counts; default: police_local, or public_police_uk for open data"
    )


def _add_people(c: argparse.ArgumentParser) -> None:
    c.add_argument("--population", type=Path, metavar="FILE", help="residents by ethnic group")
    c.add_argument(
        "--people", action="append", default=[], metavar="WHAT=NAME", help="its columns: group, count, area; repeatable"
    )
    c.add_argument("--area", action="append", default=[], metavar="NAME", help="area whose residents count; repeatable")
    c.add_argument("--areas", type=Path, metavar="FILE", help="look-up of areas instead")
    c.add_argument("--areas-code", metavar="COLUMN", help="of the look-up: the area as the population has it")
    c.add_argument("--areas-where", metavar="COLUMN=VALUE", help="of the look-up: which rows are meant")
    c.add_argument(
        "--benchmark", action="append", default=[], metavar="NAME=FILE",
        help="another denominator, with the columns of --people; repeatable",
    )  # fmt: skip


def _disproportionality(arguments: argparse.Namespace) -> int:
    from vru.run.weighing import ask, weigh

    asked = ask(
        arguments.files, arguments, pairs(arguments.column, "--column"), pairs(arguments.people, "--people"),
        pairs(arguments.group, "--group"), pairs(arguments.benchmark, "--benchmark"),
    )  # fmt: skip
    bar = Bar()
    done = weigh(tuple(arguments.files), asked, arguments.out, bar)
    bar.close()
    if arguments.json:
        say_json({"folder": str(done.folder), **done.numbers})
        return 0
    print("\n".join(done.lines))
    print(f"written to {done.folder} (internal until assured)")
    print(f"next: open {done.folder / 'disproportionality.html'}")
    return 0
