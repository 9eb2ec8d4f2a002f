"""Commands before and after an evaluation: calibrate."""

import argparse
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vru.cli.terminal import Bar, add, add_data, add_folder, add_json, say_json

CALIBRATE = "replay the registered analysis where nothing was done: its own false alarms, and what it could have seen"
"""What the command does, in its help."""


def add_commands(commands: Any) -> None:
    """Add this part's commands."""
    c = add(commands, "calibrate", _calibrate, CALIBRATE, "vru calibrate evaluations/my-trial --replays 500 --jobs 2")
    add_folder(c)
    c.add_argument("--replays", type=int, default=500, metavar="N", help="evaluations of nothing (default 500)")
    c.add_argument(
        "--jobs",
        type=int,
        default=os.cpu_count() or 1,
        metavar="N",
        help="processors (default: all); stopped, it resumes",
    )
    add_data(c)
    add_json(c)


def _calibrate(arguments: argparse.Namespace) -> int:
    from vru.design.telling import lines
    from vru.run.calibrating import calibrate

    def tell(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    bar = Bar()
    folder: Path = arguments.evaluation
    done = calibrate(folder, arguments.replays, arguments.jobs, arguments.data, tell, bar)
    bar.close()
    if arguments.json:
        say_json({"evaluation": str(folder), "outputs": str(done.outputs), **asdict(done.calibration)})
        return 0
    print("\n".join(lines(done.calibration)))
    print(f"written to {done.outputs}: calibration.json, and the report with it")
    print(f"next: read {done.outputs / 'report.html'}, then vru assure {folder}")
    return 0
