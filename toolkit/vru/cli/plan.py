"""Commands about the plan: init, templates, methods, sources, new, schema, check, register."""

import argparse
import sys
from pathlib import Path
from typing import Any

from vru import clock
from vru.cli.terminal import Bar, add, add_data, add_folder, add_json, say_json
from vru.errors import Problem, ProtocolError
from vru.version import __version__


def add_commands(commands: Any) -> None:
    """Add this part's commands."""
    c = add(commands, "init", _init, "make an empty workspace", "vru init essex-2027")
    c.add_argument("folder", type=Path, nargs="?", default=Path("."), metavar="DIR")
    for name, run, what in (
        ("templates", _templates, "list the evaluation templates"),
        ("sources", _sources, "list the data sources"),
    ):
        add_json(add(commands, name, run, what, f"vru {name}"))
    c = add(commands, "methods", _methods, "list the methods, or show one method's card", "vru methods poisson_did")
    c.add_argument("name", nargs="?", metavar="NAME", help="a method: show its card")
    add_json(c)
    c = add(
        commands,
        "new",
        _new,
        "write a new evaluation from a template",
        "vru new op-grip-trial --template hotspot_patrol",
    )
    c.add_argument("name", metavar="NAME", nargs="?")
    c.add_argument("--template", metavar="T", help="see vru templates; which one fits: vru scope")
    c.add_argument("--with-data", action="store_true", help="with made-up data whose truth is known, to try it at once")
    c.add_argument("--workspace", type=Path, default=Path("."), metavar="DIR", help="default: here")
    _add_look(commands)
    _add_fetch(commands)
    _add_checking(commands)


def _add_look(commands: Any) -> None:
    c = add(
        commands,
        "look",
        _look,
        "say what a file holds before there is a plan: columns, coverage, a block of plan",
        "vru look referrals.csv --missing NULL --figure coverage.svg",
    )
    files = "CSV, Excel, Parquet, GeoPackage, GeoJSON, police archive; or CONNECTION:TABLE of a database"
    c.add_argument("file", type=Path, metavar="FILE", help=files)
    c.add_argument("--query", metavar="SQL", help="a single SELECT, with CONNECTION: as FILE")
    c.add_argument("--sheet", metavar="NAME", help="worksheet of an Excel file")
    c.add_argument("--separator", metavar="MARK", help='between cells of a CSV file: ";", "tab" or "|"')
    c.add_argument(
        "--missing", action="append", default=[], metavar="MARK", help="what stands for not known; repeatable"
    )
    c.add_argument("--decimal", choices=[".", ","], default=".", help="decimal mark")
    c.add_argument("--dates", metavar="FORM", help='how dates are written: "%%d/%%m/%%Y %%H:%%M"')
    c.add_argument("--figure", type=Path, metavar="FILE", help="draw rows by month, .svg or .png")
    add_json(c)


def _add_fetch(commands: Any) -> None:
    example = "vru fetch police-uk --force merseyside --from 2021-04 --to 2022-03"
    c = add(commands, "fetch", _fetch, "bring public files that plans name", example)
    what = "police-uk: a force's street files; lookups: LSOA codes of 2011 and 2021; boundaries: LSOAs of 2021"
    c.add_argument("what", metavar="WHAT", help=what)
    c.add_argument("--force", metavar="F", help="of police-uk: the force as the site writes it, as avon-and-somerset")
    c.add_argument("--from", dest="first", metavar="YYYY-MM", help="of police-uk: the first month")
    c.add_argument("--to", metavar="M", help="of police-uk: the last month, YYYY-MM; of the others: the folder")
    c.add_argument("--into", type=Path, default=Path("data"), metavar="DIR", help="the folder, default: data")
    c.add_argument("--address", metavar="URL", help="where it is, if not where it was; of police-uk with {month}")


def _add_checking(commands: Any) -> None:
    add(commands, "schema", _schema, "print the JSON Schema of protocol.yaml", "vru schema > protocol.schema.json")
    c = add(
        commands,
        "check",
        _check,
        "check protocol, graph, data and options; every problem at once",
        "vru check evaluations/my-trial",
    )
    add_folder(c)
    add_data(c)
    c.add_argument("--no-data", action="store_true", help="check the plan only, read no data")
    add_json(c)
    c = add(
        commands,
        "register",
        _register,
        "lock the protocol before the data are seen",
        "vru register evaluations/my-trial",
    )
    add_folder(c)
    c.add_argument(
        "--amend",
        default="",
        metavar="WHY",
        help="register a changed plan again; the reason is published",
    )


def _init(arguments: argparse.Namespace) -> int:
    from vru.run.workspace import init_workspace

    folder = init_workspace(arguments.folder)
    print(f"made a workspace in {folder}\nnext: cd {folder} && vru new my-trial --template hotspot_patrol")
    return 0


def _templates(arguments: argparse.Namespace) -> int:
    from vru.run.workspace import template_names

    _list(template_names(), arguments.json)
    return 0


def _sources(arguments: argparse.Namespace) -> int:
    from vru.sources import SOURCES

    _list({s.name: s.label for s in SOURCES.values()}, arguments.json)
    return 0


def _methods(arguments: argparse.Namespace) -> int:
    from vru.methods import METHODS
    from vru.protocol.reading import nearest
    from vru.resources import method_card

    if arguments.name is None:
        _list({m.name: m.label for m in METHODS.values()}, arguments.json)
        return 0
    if arguments.name not in METHODS:
        known = sorted(METHODS)
        raise ProtocolError(
            Problem(f"there is no method {arguments.name!r}", "", ", ".join(known), nearest(arguments.name, known))
        )
    card = method_card(arguments.name)
    if arguments.json:
        say_json({"name": arguments.name, "card": card, "options": METHODS[arguments.name].options.model_json_schema()})
    else:
        print(card)
    return 0


def _new(arguments: argparse.Namespace) -> int:
    from vru.run.workspace import new_evaluation, template_names

    if arguments.name is None and arguments.template is None:
        _list(template_names(), False)
        print("next: vru new NAME --template T; vru scope asks which template fits, and whether to evaluate at all")
        return 0
    if arguments.name is None or arguments.template is None:
        what = "--template" if arguments.template is None else "NAME"
        raise ProtocolError(
            Problem(f"{what} is missing", "vru new", "vru new NAME --template T", "vru scope asks which template fits")
        )
    folder = new_evaluation(arguments.name, arguments.template, arguments.workspace, arguments.with_data)
    print(f"wrote {folder / 'protocol.yaml'}")
    if arguments.with_data:
        print(f"      {folder / 'data'}: made up, its truth is in simulated.json\nnext: vru run {folder}")
    else:
        print(f"next: fill it in, then vru check {folder}")
    return 0


def _schema(arguments: argparse.Namespace) -> int:
    from vru.protocol import json_schema

    print(json_schema(), end="")
    return 0


def _look(arguments: argparse.Namespace) -> int:
    from dataclasses import asdict

    from vru.run.looking import draw_coverage, look_at, look_at_database, options_given
    from vru.sources.sql import asked_on_command_line

    given = options_given(
        sheet=arguments.sheet,
        separator="\t" if arguments.separator == "tab" else arguments.separator,
        missing=arguments.missing,
        decimal=arguments.decimal,
        dates=arguments.dates,
    )
    bar = Bar()
    asked = asked_on_command_line(str(arguments.file), arguments.query)
    found = look_at_database(asked, given, bar) if asked is not None else look_at(arguments.file, given, bar)
    bar.close()
    if arguments.figure is not None:
        draw_coverage(found, arguments.figure)
    if arguments.json:
        say_json(asdict(found))
    else:
        print("\n".join(found.lines))
    return 0


def _fetch(arguments: argparse.Namespace) -> int:
    from vru.run.fetching import Wanted, fetch_police_uk, fetch_public

    bar = Bar()
    if arguments.what == "police-uk":
        given = {"--force": arguments.force, "--from": arguments.first, "--to": arguments.to}
        if lost := [Problem("is not given", option) for option, value in given.items() if not value]:
            raise ProtocolError(*lost)
        wanted = Wanted(arguments.force, arguments.first, arguments.to)
        done = fetch_police_uk(wanted, arguments.into, arguments.address, bar, clock.now())
    else:
        to = Path(arguments.to) if arguments.to else arguments.into
        done = fetch_public(arguments.what, to, arguments.address, bar, clock.now())
    bar.close()
    print(f"{done.path}: {done.said}{', as it was' if done.already else ''}")
    print(f"  {done.what.title}\n  {done.what.publisher}, {done.what.licence}")
    if arguments.address is None and not done.what.confirmed:
        print(
            f"  the address was written down on {done.what.dated} and not confirmed since: look whether it is the newest"
        )
    units = {"lookups": "units: {lookup: .../%s}", "boundaries": "units: {boundaries: .../%s, id_field: LSOA21CD}"}
    named = units.get(arguments.what, "data: {source: police_uk, path: .../%s}") % done.path.name
    print(f"next: name it in the plan, relative to its folder: {named}")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from vru.questions import how_to_answer
    from vru.run.checking import check_evaluation, open_questions

    bar = Bar()
    seen = check_evaluation(arguments.evaluation, arguments.data, read_data=not arguments.no_data, progress=bar)
    bar.close()
    asked = [{"question": q.id, "what": q.what, "hint": how_to_answer(q)} for q in seen.questions]
    wanting = open_questions(seen.lines)
    sound = not asked and not wanting
    if arguments.json:
        say_json({"evaluation": str(arguments.evaluation), "sound": sound, "said": seen.lines, "questions": asked})
    else:
        print("\n".join(seen.lines))
        for q in asked:
            print(f"question {q['question']}: {q['what']}\n  {q['hint']}")
    if wanting:
        print(f"{wanting} of these lines ask something: look before you run", file=sys.stderr)
    return 0 if sound else 1


def _register(arguments: argparse.Namespace) -> int:
    from vru.protocol import register
    from vru.questions import questions, require_answers
    from vru.run.noting import shown_before
    from vru.run.study import load_study

    study = load_study(arguments.evaluation)
    require_answers(study.plan.protocol, questions(study.plan))
    now = clock.now()
    shown = shown_before(arguments.evaluation)
    state = register(arguments.evaluation, study.plan.protocol, now, __version__, arguments.amend, shown)
    print(f"registered {study.plan.protocol.id} on {state.registered_at[:10]}: protocol.lock")
    for change in state.changes:
        print(f"  will be disclosed: {change}")
    print(f"next: vru run {arguments.evaluation}")
    return 0


def _list(entries: dict[str, str], as_json: bool) -> None:
    if as_json:
        say_json(entries)
        return
    width = max(map(len, entries), default=0)
    for name, what in entries.items():
        print(f"{name:<{width}}  {what}")
