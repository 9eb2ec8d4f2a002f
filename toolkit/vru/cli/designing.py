"""Commands before and after an evaluation: design, lots, calibrate."""

import argparse
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vru import clock
from vru.cli.terminal import Bar, add, add_data, add_folder, add_json, say_json

CALIBRATE = "replay the registered analysis where nothing was done: its own false alarms, and what it could have seen"
DESIGN = "which analyses the plan's areas can support, and what each could see, from the time before the start alone"
LOTS = "draw who is treated and when, and keep the draw beside the plan, which every later run compares with"
"""What the commands do, in their help."""


def add_commands(commands: Any) -> None:
    """Add this part's commands."""
    _add_design(commands)
    _add_lots(commands)
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


def _add_design(commands: Any) -> None:
    c = add(commands, "design", _design, DESIGN, "vru design evaluations/my-trial --library shared_learning")
    add_folder(c)
    c.add_argument("--methods", default="", metavar="A,B", help="default: the plan's and the standard ones")
    c.add_argument("--replays", type=int, default=120, metavar="N", help="rehearsals of each (default 120)")
    c.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="processors (default: all)")
    c.add_argument(
        "--contamination", type=float, default=0.0, metavar="SHARE", help="of the effect that reaches comparison areas"
    )
    c.add_argument(
        "--displacement", type=float, default=0.0, metavar="SHARE", help="of what is prevented that happens elsewhere"
    )
    c.add_argument("--library", type=Path, metavar="DIR", help="what others found: will this evaluation find it too?")
    add_data(c)
    add_json(c)


def _add_lots(commands: Any) -> None:
    c = add(commands, "lots", _lots, LOTS, "vru lots evaluations/my-trial --scheme paired")
    add_folder(c)
    schemes = ("blocked", "paired", "restricted", "stepped", "crossover")
    c.add_argument("--scheme", required=True, choices=schemes, help="stepped: every area begins; crossover: by day")
    c.add_argument("--seed", type=int, metavar="N", help="default: the plan's")
    c.add_argument("--block", type=int, default=4, metavar="N", help="areas in a block, or days in one (default 4)")
    c.add_argument("--steps", type=int, default=3, metavar="N", help="of a stepped start (default 3)")
    c.add_argument("--every", type=int, default=2, metavar="N", help="periods between steps (default 2)")
    c.add_argument("--units", type=Path, metavar="FILE", help="areas of a crossover by day, one a line")
    add_data(c)
    add_json(c)


def _lots(arguments: argparse.Namespace) -> int:
    from vru.run.drawing_lots import Wanted, draw_lots, read_units

    units = () if arguments.units is None else read_units(arguments.units)
    wanted = Wanted(arguments.scheme, arguments.seed, arguments.block, arguments.steps, arguments.every, units)
    bar = Bar()
    kept = draw_lots(arguments.evaluation, wanted, arguments.data, clock.now(), bar)
    bar.close()
    if arguments.json:
        say_json({"path": str(kept.path), **asdict(kept.lots)})
        return 0
    print("\n".join(kept.paste))
    where = "save this as the schedule" if kept.lots.days else "paste this under units in protocol.yaml"
    print(f"kept in {kept.path}, with its seed {kept.lots.seed}: {where}, then vru register", file=sys.stderr)
    return 0


def _design(arguments: argparse.Namespace) -> int:
    from vru.design.designing import Leaks
    from vru.design.forecast import lines, prior_lines
    from vru.run.designing import Asked, design

    def tell(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    methods = tuple(dict.fromkeys(m.strip() for m in arguments.methods.split(",") if m.strip()))
    leaks = Leaks(arguments.contamination, arguments.displacement)
    bar = Bar()
    asked = Asked(methods, arguments.replays, arguments.jobs, leaks, arguments.library)
    found = design(arguments.evaluation, asked, arguments.data, tell, bar)
    bar.close()
    usable = any(not p.reason for p in found.prospects)
    if arguments.json:
        say_json(
            {
                "evaluation": str(arguments.evaluation),
                "rehearsed": [found.first, found.last],
                "planned": asdict(found.made.planned),
                "rehearsal": asdict(found.made.had),
                "spread": asdict(found.made.spread),
                "leaks": asdict(leaks),
                "worth": found.worth,
                "prospects": [asdict(p) for p in found.prospects],
                "variants": [asdict(v) for v in found.variants],
                "assurance": None if found.assurance is None else asdict(found.assurance),
                "why_no_assurance": found.why_no_prior,
            }
        )
        return 0 if usable else 1
    print("\n".join(lines(found.made, found.prospects, found.variants, found.worth)))
    print("\n".join(prior_lines(found.assurance, found.why_no_prior, found.worth)))
    return 0 if usable else 1


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
