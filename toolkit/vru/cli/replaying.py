"""Commands that replay an evaluation: the same question under other defensible choices."""

import argparse
import os
import sys
from typing import Any

from vru.cli.terminal import Bar, add, add_data, add_folder, add_json, say_json
from vru.errors import Problem, ProtocolError

MOST_JOBS = 4


def add_commands(commands: Any) -> None:
    """Add this part's commands."""
    c = add(
        commands,
        "specifications",
        _specifications,
        "answer the question under every defensible set of choices that the plan names, and test all of them together",
        "vru specifications evaluations/my-trial --jobs 2",
    )
    add_folder(c)
    default = min(MOST_JOBS, os.cpu_count() or 1)
    c.add_argument("--jobs", type=int, default=default, metavar="N", help=f"how many at once (default {default})")
    add_data(c)
    add_json(c)


def _specifications(arguments: argparse.Namespace) -> int:
    from vru.run.specifying import specify
    from vru.words.specifications import headline, joint_words, listed

    if arguments.jobs < 1:
        raise ProtocolError(Problem(f"{arguments.jobs} is not a number of processes", "--jobs", "1 or more"))
    done = specify(arguments.evaluation, arguments.data, arguments.jobs, Bar())
    curve = done.curve
    if arguments.json:
        say_json(_told(done))
        return 0
    if done.kept:
        print(f"{done.kept} of {done.parts} parts were there from an earlier run", file=sys.stderr)
    for line in listed(curve):
        print(line)
    print(done.terms.say(headline(curve)))
    print(joint_words(curve))
    print(f"written to {done.path}" + (f" and {done.figure}" if done.figure else ""))
    print(f"next: vru run {arguments.evaluation} puts the curve into the report")
    return 0


def _told(done: Any) -> dict[str, Any]:
    points, joint = done.curve.points, done.curve.joint
    rows = [
        {**p.choices, "log_ratio": p.value, "low": p.low, "high": p.high, "p": p.p, "refused": p.refused}
        for p in points
    ]
    tested = (
        None if joint is None else {"median": joint.median, "p": joint.p, "draws": joint.draws, "tried": joint.tried}
    )
    return {"path": str(done.path), "specifications": rows, "joint": tested}
