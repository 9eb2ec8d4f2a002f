"""Verbs of ``vru library`` about what all records say together: pool, expect, gaps."""

import argparse
import sys
from pathlib import Path
from typing import Any

from vru.cli.terminal import add, say_json


def add_verbs(verbs: Any) -> None:
    """Add pool, expect and gaps."""
    c = add(
        verbs,
        "pool",
        _pool,
        "pool the evaluations of an intervention on an outcome; under three, list them",
        "vru library pool --intervention hot_spot_policing --outcome violence",
    )
    _add_question(c, required=False)
    c.add_argument("--by", default="", metavar="NAME", help="setting or dose: unit_kind, design, months_after, …")
    c.add_argument("--doses", type=Path, metavar="CSV", help="columns record (organisation/id) and dose: regress on it")
    c = add(
        verbs,
        "expect",
        _expect,
        "what one more area may expect, from the prediction interval and its own counts",
        "vru library expect --intervention hot_spot_policing --outcome violence --baseline 240 --months 12",
    )
    _add_question(c, required=True)
    c.add_argument(
        "--baseline", type=float, nargs="+", required=True, metavar="N", help="events: one total, or one per month"
    )
    c.add_argument("--months", type=int, metavar="M", help="months that one total was counted over (default 12)")
    c.add_argument("--over", type=int, default=12, metavar="M", help="months to look ahead (default 12)")
    c.add_argument(
        "--areas", type=int, default=1, metavar="A", help="areas that the baseline counts together (default 1)"
    )
    c.add_argument("--dispersion", type=float, metavar="PHI", help="variance of monthly counts over their mean")
    c.add_argument(
        "--smallest", type=float, default=0.10, metavar="S", help="smallest change that matters (default 0.10)"
    )
    add(
        verbs,
        "gaps",
        _gaps,
        "the evidence gap map: intervention by outcome",
        "vru library gaps --library shared_learning",
    )


def _add_question(c: argparse.ArgumentParser, *, required: bool) -> None:
    c.add_argument("--intervention", default="", required=required, metavar="TYPE", help="a type of the vocabulary")
    c.add_argument(
        "--outcome", action="append", default=[], required=required, metavar="O", help="twice or more: pooled together"
    )
    c.add_argument("--estimand", default="", metavar="WORDS", help="only the estimand that has these words")
    c.add_argument("--level", type=float, default=0.95, metavar="L", help="of intervals (default 0.95)")


def _pool(arguments: argparse.Namespace) -> int:
    from dataclasses import asdict

    from vru.library.moderators import moderated
    from vru.library.studies import gather
    from vru.library.synthesis import to_plain
    from vru.run.learning_lines import left_out_lines, moderated_lines, read_doses, synthesis_lines

    stored = _stored(arguments)
    found, left_out = _wanted(arguments, stored), gather(stored).left_out
    doses = None if arguments.doses is None else read_doses(arguments.doses)
    named = arguments.by or ("dose" if doses is not None else "")
    by = [moderated(s, named, doses) for s in found] if named else []
    if arguments.json:
        content = {"syntheses": [to_plain(s) for s in found], "by": [asdict(m) for m in by]}
        say_json(content | {"left_out": [asdict(x) for x in left_out]})
        return 0
    lines: list[str] = [] if found else ["nothing in this library can be pooled"]
    for i, s in enumerate(found):
        lines += [*([""] if i else []), *synthesis_lines(s), *(moderated_lines(by[i]) if by else [])]
    if len(found) > 1:
        lines += ["", f"{len(found)} different questions: intervention, outcome, estimand or direction differ,"]
        lines += ["so they are not pooled together"]
    _say([*lines, *left_out_lines(left_out)])
    return 0


def _expect(arguments: argparse.Namespace) -> int:
    from dataclasses import asdict

    from vru.errors import Problem, RefusedError
    from vru.library.expectation import expect, read_baseline
    from vru.run.learning_lines import expectation_lines

    months = 12 if arguments.months is None and len(arguments.baseline) == 1 else arguments.months
    baseline = read_baseline(arguments.baseline, months, arguments.areas, arguments.dispersion)
    found = _wanted(arguments, _stored(arguments))
    if len(found) > 1:
        raise RefusedError(
            Problem(
                "the library holds different estimands, which are not pooled",
                "--estimand",
                "; ".join(s.estimand for s in found),
                "choose one with --estimand and some of its words",
            )
        )
    answer = expect(found[0], baseline, arguments.over, arguments.smallest)
    if arguments.json:
        say_json({"synthesis": found[0].sentence, "expectation": asdict(answer)})
    else:
        _say([found[0].sentence, *expectation_lines(answer)])
    return 0


def _gaps(arguments: argparse.Namespace) -> int:
    from dataclasses import asdict

    from vru.library.gapmap import gap_map
    from vru.run.learning_lines import gap_lines

    found = gap_map(_stored(arguments))
    if arguments.json:
        say_json(asdict(found))
    else:
        _say(gap_lines(found))
    return 0


def _say(lines: list[str]) -> None:
    """Print lines that quote records: others wrote them, so no control character reaches the terminal."""
    print("\n".join("".join(c if c.isprintable() else " " for c in line) for line in lines))


def _wanted(arguments: argparse.Namespace, stored: Any) -> Any:
    """The syntheses asked for; all of them where neither intervention nor outcome is named."""
    from vru.errors import LibraryError, Problem
    from vru.library.synthesis import select, syntheses

    if not 0.5 <= arguments.level < 1:
        raise LibraryError(Problem(f"{arguments.level:g} is not a level", "--level", "0.5 or more and below 1"))
    if arguments.intervention and arguments.outcome:
        return select(stored, arguments.intervention, arguments.outcome, arguments.estimand, arguments.level)
    if arguments.intervention or arguments.outcome or arguments.estimand:
        raise LibraryError(Problem("name both --intervention and --outcome, or neither for all", "pool"))
    return syntheses(stored, arguments.level)


def _stored(arguments: argparse.Namespace) -> Any:
    """Records that verify; the rest is named on standard error."""
    from vru.library import scan

    seen = scan(arguments.library)
    for problem in seen.problems:
        print(f"problem: {problem}", file=sys.stderr)
    return seen.records
