"""Commands about the work: demo, run, assure, publish."""

import argparse
import sys
from pathlib import Path
from typing import Any

from vru import clock
from vru.cli.terminal import Bar, add, add_data, add_folder, add_json, evaluation_folder, pairs, say_json
from vru.errors import Problem, ProtocolError, VruError


def add_commands(commands: Any) -> None:
    """Add this part's commands."""
    c = add(
        commands, "demo", _demo, "the whole way once, on simulated data with a known effect", "vru demo my-first-look"
    )
    c.add_argument("folder", type=Path, nargs="?", default=Path("vru-demo"), metavar="DIR")
    c = add(
        commands,
        "run",
        _run,
        "execute the notebook; write report, tables and draft record",
        "vru run evaluations/a evaluations/b --jobs 2",
    )
    c.add_argument(
        "evaluations", type=evaluation_folder, nargs="+", metavar="EVAL", help="one or more evaluation folders"
    )
    c.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="explore: seed, first, last, start or level; not publishable",
    )
    c.add_argument("--jobs", type=int, default=1, metavar="N", help="how many at once")
    add_data(c)
    add_json(c)
    _add_signing(commands)


def _add_signing(commands: Any) -> None:
    c = add(
        commands,
        "disclosure",
        _disclosure,
        "what the last run would let out, what it holds back and why, and what is left to a person",
        "vru disclosure evaluations/my-trial",
    )
    add_folder(c)
    add_json(c)
    c = add(
        commands,
        "assure",
        _assure,
        "write the quality-assurance log, or say what stands against it",
        'vru assure evaluations/my-trial --by "Senior analyst"',
    )
    add_folder(c)
    c.add_argument("--by", metavar="POST", help="who assures (default: roles.assurer)")
    c.add_argument(
        "--accept", action="append", default=[], metavar="CHECK=REASON", help="why a failed check is acceptable"
    )
    add_json(c)
    c = add(
        commands,
        "publish",
        _publish,
        "publish the assured run as one immutable version",
        "vru publish evaluations/my-trial --library shared_learning",
    )
    add_folder(c)
    c.add_argument("--library", type=Path, required=True, metavar="DIR")
    c.add_argument("--by", metavar="POST", help="who approves (default: roles.approver)")
    c.add_argument(
        "--for-review",
        action="store_true",
        help="lay it before other posts first (default --by: roles.analyst); vru review approves it",
    )
    c.add_argument("--supersedes", metavar="VERSION", help="the version that was taken down, and that this one mends")
    add_json(c)


def _demo(arguments: argparse.Namespace) -> int:
    from vru.run.demo import demo

    done = demo(arguments.folder, lambda line: print(line, flush=True), Bar() if sys.stderr.isatty() else None)
    for line in done:
        print(line)
    return 0


def _run(arguments: argparse.Namespace) -> int:
    from vru.run.study import parse_settings

    settings = parse_settings(pairs(arguments.set, "--set"))
    if arguments.jobs < 1:
        raise ProtocolError(Problem(f"{arguments.jobs} is not a number of runs", "--jobs", "1 or more"))
    show = sys.stderr.isatty() and len(arguments.evaluations) == 1
    ask = [(folder, settings.chosen(), arguments.data, show) for folder in arguments.evaluations]
    outcomes = _run_all(ask, min(arguments.jobs, len(ask)))
    errors = [o for o in outcomes if o["problems"]]
    done = [o for o in outcomes if not o["problems"]]
    if arguments.json:
        say_json(done)
    else:
        for entry in done:
            print("\n".join(entry["lines"]))
    if errors:
        failed = VruError(*(p for e in errors for p in e["problems"]))
        failed.exit_code = max(e["exit_code"] for e in errors)
        raise failed
    return 0


def _run_all(ask: list[tuple[Any, ...]], jobs: int) -> list[dict[str, Any]]:
    if jobs == 1:
        return [_run_one(*a) for a in ask]
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # Processes, not threads: executing a notebook changes the process's working folder.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        return [f.result() for f in [pool.submit(_run_one, *a) for a in ask]]


def _run_one(folder: Path, chosen: dict[str, Any], data: Path | None, show: bool) -> dict[str, Any]:
    from vru.protocol import load
    from vru.run.running import run_evaluation
    from vru.run.study import parse_settings
    from vru.run.telling import result_lines

    def tell(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    try:
        ran = run_evaluation(folder, parse_settings(chosen), data, tell, Bar() if show else None)
    except VruError as error:
        return {"problems": error.problems, "exit_code": error.exit_code}
    e = ran.result.primary
    lines = [*result_lines(ran.result, load(folder)), f"written to {ran.outputs}", f"time: {stages(ran.stages)}"]
    lines.append(
        f"next: read {ran.outputs / 'report.html'}, complete learning in record.yaml, then vru assure {folder}"
    )
    return {
        "evaluation": str(folder), "outputs": str(ran.outputs), "scale": e.scale, "estimate": e.value,
        "low": e.low, "high": e.high, "p": e.p, "preregistered": ran.result.preregistered, "lines": lines,
        "problems": (),
    }  # fmt: skip


def stages(seconds: dict[str, float]) -> str:
    """``preflight 0.8 s, notebook 9.1 s``."""
    return ", ".join(f"{name} {value:.1f} s" for name, value in seconds.items())


def _assure(arguments: argparse.Namespace) -> int:
    from vru.protocol import load
    from vru.run.assuring import assure

    by = arguments.by or load(arguments.evaluation).roles.assurer
    done = assure(arguments.evaluation, by, pairs(arguments.accept, "--accept"), clock.now())
    if arguments.json:
        say_json({"log": str(done.path), **done.log})
        return 0
    verdicts = [c["verdict"] for c in done.log["checks"]]
    counted = ", ".join(f"{verdicts.count(v)} {v}" for v in ("pass", "concern", "fail", "not_run") if v in verdicts)
    print(f"assured by {by}: checks {counted}; preregistered: {done.log['preregistered']}\nlog: {done.path}")
    print(f"next: vru publish {arguments.evaluation} --library shared_learning")
    return 0


def _disclosure(arguments: argparse.Namespace) -> int:
    from vru.run.disclosing import account

    told = account(arguments.evaluation)
    if arguments.json:
        rows = [{"check": c, "outcome": o, "text": t} for c, o, t in told.rows]
        say_json(
            {"profile": told.profile, "source": told.source, "shown": told.shown, "merged": told.merged, "rows": rows}
        )
        return 0 if told.may_leave else 1
    print(f"{told.profile}\nsource of the rule: {told.source}")
    if told.shown + told.merged:
        print(f"{told.shown} counts of groups by period are shown, {told.merged} only as sums over neighbouring ones")
    clean = [c for c, o, t in told.rows if o == "pass" and t.endswith("none found.")]
    for check, outcome, text in told.rows:
        if check not in clean:
            print(f"{outcome:8} {check}: {text}")
    print(f"pass     looked for and not found: {', '.join(c.replace('_', ' ') for c in clean)}")
    return 0 if told.may_leave else 1


def _publish(arguments: argparse.Namespace) -> int:
    from vru.protocol import load
    from vru.run.publishing import publish_evaluation

    roles = load(arguments.evaluation).roles
    by = arguments.by or (roles.analyst if arguments.for_review else roles.approver)
    done = publish_evaluation(
        arguments.evaluation, arguments.library, by, clock.now(), arguments.for_review, arguments.supersedes
    )
    if arguments.json:
        told = {"version": done.version, "path": str(done.path), "manifest": done.manifest_sha256}
        say_json({**told, "already": done.already, "for_review": arguments.for_review})
        return 0
    what = "submitted for review" if arguments.for_review else "published"
    print(f"{'already there:' if done.already else what} version {done.version}: {done.path}")
    print(f"manifest: {done.manifest_sha256}")
    print(f"next: vru site --library {arguments.library} --out site")
    return 0
