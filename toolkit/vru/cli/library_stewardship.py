"""Subcommands of ``vru library`` for whoever looks after it: check, merge, overdue, checkpoints, keys, copies, exports."""

import argparse
from pathlib import Path
from typing import Any

from vru import clock
from vru.cli.terminal import add, say_json

FORMATS = ("csv", "json", "xlsx", "datacite", "atom", "registry", "jsonld")


def add_verbs(subcommands: Any) -> None:
    """Add this part's verbs to those of ``vru library``."""
    c = add(subcommands, "check", _check, "verify everything and list what is overdue", "vru library check")
    c.add_argument("--against", type=Path, metavar="FILE", help="a checkpoint kept elsewhere")
    c = add(subcommands, "merge", _merge, "bring in what another copy has", "vru library merge ../their-copy")
    c.add_argument("other", type=Path, metavar="OTHER", help="the other copy's folder")
    mine = "take over what was decided there about versions that stand here: for a copy of your own"
    c.add_argument("--decisions", action="store_true", help=mine)
    c = add(subcommands, "overdue", _overdue, "announced, due and not reported", "vru library overdue")
    c.add_argument("--all", action="store_true", help="also what is not due yet")
    add(subcommands, "checkpoint", _checkpoint, "write the hash of everything, to be kept", "vru library checkpoint")
    c = add(subcommands, "keygen", _keygen, "make a key pair for signing", "vru library keygen my-vru --out my-vru.pem")
    c.add_argument("organisation", metavar="ORG", help="whose key it is, as in records/")
    c.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="the private key; keep it out of the library"
    )
    c = add(subcommands, "sign", _sign, "sign a version", "vru library sign op-grip-demo --key my-vru.pem")
    c.add_argument("record", metavar="RECORD", help="[organisation/]id[@version]")
    c.add_argument("--key", type=Path, required=True, metavar="FILE", help="the private key")
    for name, run, what in (
        ("push", _push, "copy to an object store, overwriting nothing"),
        ("pull", _pull, "bring in what an object store has"),
    ):
        c = add(subcommands, name, run, what, f"vru library {name} s3://bucket/learning")
        c.add_argument("url", metavar="URL", help="s3://, az://, gs:// or file:///folder")
        if name == "pull":
            c.add_argument("--decisions", action="store_true", help=mine)
    c = add(
        subcommands,
        "export",
        _export,
        "the library in another format",
        "vru library export --format csv --out effects.csv",
    )
    c.add_argument("--format", choices=FORMATS, required=True)
    c.add_argument("--out", type=Path, required=True, metavar="FILE")
    c.add_argument("--audience", choices=["public", "network", "vru_only"], default="network", help="default: network")
    c.add_argument("--organisation", default="", metavar="ORG", help="whose own records vru_only adds")
    c.add_argument("--base", default="", metavar="URL", help="address of the site, for links")


def _check(arguments: argparse.Namespace) -> int:
    from vru.library.checking import check_library
    from vru.library.checkpoints import read_checkpoint

    kept = read_checkpoint(arguments.against) if arguments.against else None
    done = check_library(arguments.library, clock.now().date(), kept)
    good = sum(s.verdict == "good" for s in done.signed)
    if arguments.json:
        problems = [{"where": p.where, "what": p.what, "hint": p.hint} for p in done.problems]
        say_json({"versions": done.versions, "signatures": good, "problems": problems, "notes": done.notes})
        return 1 if done.problems else 0
    for note in done.notes:
        print(f"note: {note}")
    for problem in done.problems:
        print(f"problem: {problem}")
    print(f"{done.versions} versions, {good} good signatures, {len(done.problems)} problems")
    return 1 if done.problems else 0


def _merge(arguments: argparse.Namespace) -> int:
    from vru.library.merging import merge

    done = merge(arguments.library, arguments.other, clock.now(), arguments.decisions)
    return _merged(done, arguments.json)


def _pull(arguments: argparse.Namespace) -> int:
    from vru.library.objectstore import open_store, pull

    return _merged(pull(arguments.library, open_store(arguments.url), clock.now(), arguments.decisions), arguments.json)


def _merged(done: Any, as_json: bool) -> int:
    if as_json:
        problems = [{"where": p.where, "what": p.what, "hint": p.hint} for p in done.problems]
        say_json({"added": done.added, "same": done.same, "quarantined": done.quarantined, "problems": problems})
        return 1 if done.problems else 0
    for path in done.added:
        print(f"added {path}")
    for problem in done.problems:
        print(f"problem: {problem}")
    counted = f"{len(done.added)} added, {done.same} here already, {len(done.quarantined)} in quarantine"
    print(f"{counted}; next: vru library check")
    return 1 if done.problems else 0


def _push(arguments: argparse.Namespace) -> int:
    from vru.library.objectstore import open_store, push

    done = push(arguments.library, open_store(arguments.url))
    problems = [{"where": p.where, "what": p.what, "hint": p.hint} for p in done.problems]
    if arguments.json:
        say_json({"created": done.created, "same": done.same, "problems": problems})
        return 1 if problems else 0
    for problem in done.problems:
        print(f"problem: {problem}")
    print(f"{done.created} objects created, {done.same} there already, {len(problems)} problems")
    return 1 if problems else 0


def _overdue(arguments: argparse.Namespace) -> int:
    from vru.run.stewarding import overdue_rows

    rows = overdue_rows(arguments.library, clock.now(), arguments.all)
    if arguments.json:
        say_json(rows)
        return 0
    for row in rows:
        late = int(str(row["days_late"]))
        when = f"{late} days overdue" if late > 0 else f"due in {-late} days"
        print(
            f"{row['record']}  {row['title']}\n    due by {row['due_by']}, {when}; in the library: {row['in_library']}"
        )
        for why in row["reasons"] if isinstance(row["reasons"], list) else []:
            print(f"    {why['reason']}{': ' + why['text'] if why['text'] else ''} ({why['by']}, {why['at'][:10]})")
    print(f"{len(rows)} announced and not reported{'' if arguments.all else ', 12 weeks after their last month'}")
    return 0


def _checkpoint(arguments: argparse.Namespace) -> int:
    from vru.library import open_library
    from vru.library.checkpoints import checkpoint

    open_library(arguments.library)
    path, made = checkpoint(arguments.library, clock.now())
    if arguments.json:
        say_json({"path": path, "root": made.root, "entries": len(made.entries)})
    else:
        print(f"checkpoint of {len(made.entries)} entries: {path}\nroot: {made.root}")
        print("next: keep a copy outside the library; vru library check --against COPY")
    return 0


def _keygen(arguments: argparse.Namespace) -> int:
    from vru.library.signing import keygen

    key = keygen(arguments.library, arguments.organisation, arguments.out, clock.now())
    if arguments.json:
        say_json({"keyid": key.keyid, "public": key.public, "private_key": arguments.out})
    else:
        print(f"key {key.keyid}\nprivate key: {arguments.out} (it is not encrypted: guard it like a password)")
        print(f"public key: listed in {arguments.library / 'library.json'}; tell the network its id by another way")
    return 0


def _sign(arguments: argparse.Namespace) -> int:
    from vru.library.signing import sign
    from vru.run.verifying import find_record

    stored = find_record(arguments.record, arguments.library)
    path, new = sign(arguments.library, stored, arguments.key, clock.now())
    if arguments.json:
        say_json({"path": path, "already": not new, "manifest_sha256": stored.manifest_sha256})
    else:
        print(f"{'signed' if new else 'signed before:'} {stored.manifest_sha256}\n{path}")
    return 0


def _export(arguments: argparse.Namespace) -> int:
    from vru.run.exporting import export, holdings

    held, problems = holdings(
        arguments.library, arguments.audience, arguments.organisation, arguments.base, clock.now()
    )
    size = export(arguments.format, held, arguments.out)
    told = [str(p).splitlines()[0] for p in problems]
    if arguments.json:
        say_json({"out": arguments.out, "bytes": size, "records": len(held.current), "problems": told})
    else:
        print(f"{len(held.current)} records for the audience {arguments.audience}: {arguments.out} ({size:,} bytes)")
        for line in told:
            print(f"left out: {line}")
    return 1 if problems else 0
