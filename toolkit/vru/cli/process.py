"""Commands round an evaluation: scope, deviate, status, review-pack."""

import argparse
import sys
from pathlib import Path
from typing import Any

from vru import clock
from vru.cli.terminal import Bar, add, add_folder, add_json, say_json
from vru.errors import Problem, ProtocolError


def add_commands(commands: Any) -> None:
    """Add this part's commands."""
    c = add(
        commands,
        "scope",
        _scope,
        "a short interview that leads to a template and a half-filled plan, or to a decision not to evaluate",
        "vru scope night-navigators   or   vru scope night-navigators --answers answers.yaml",
    )
    c.add_argument("name", metavar="NAME", nargs="?", help="of the evaluation")
    c.add_argument("--answers", type=Path, metavar="FILE", help="answers as YAML instead of the interview")
    c.add_argument(
        "--page", type=Path, metavar="FILE", help="write the questions as a page for a browser, and nothing else"
    )
    c.add_argument("--workspace", type=Path, default=Path("."), metavar="DIR", help="default: here")
    add_json(c)
    _add_deviate(commands)
    _add_pack(commands)
    c = add(
        commands,
        "status",
        _status,
        "where every evaluation of a workspace stands, what is late, who holds it",
        "vru status",
    )
    c.add_argument("workspace", type=Path, nargs="?", default=Path("."), metavar="DIR", help="default: here")
    c.add_argument("--library", type=Path, metavar="DIR", help="default: shared_learning in the workspace")
    add_json(c)


def _add_deviate(commands: Any) -> None:
    c = add(
        commands,
        "deviate",
        _deviate,
        "write down what was done otherwise than registered; the report shows it at the number that it touches",
        'vru deviate evaluations/my-trial --on 2026-03 --what "Two sites left" --why "They closed" --touches did',
    )
    add_folder(c)
    c.add_argument("--on", required=True, metavar="WHEN", help="YYYY-MM or YYYY-MM-DD")
    c.add_argument("--what", required=True, metavar="TEXT", help="what was done otherwise")
    c.add_argument("--why", required=True, metavar="TEXT", help="why")
    c.add_argument(
        "--touches", action="append", default=[], metavar="ID", help="analysis or outcome; repeatable; none: all"
    )
    add_json(c)


def _add_pack(commands: Any) -> None:
    c = add(
        commands,
        "review-pack",
        _review_pack,
        "one self-contained page from which a methods reviewer can judge an evaluation; it is run once more for it",
        "vru review-pack evaluations/my-trial --out pack   or   vru review-pack org/id --library shared_learning --out pack",
    )
    c.add_argument(
        "of", metavar="EVAL|RECORD", help="an evaluation's folder, or [organisation/]id[@version] of a record"
    )
    c.add_argument("--library", type=Path, metavar="DIR", help="where the record is")
    c.add_argument("--out", type=Path, default=Path("review-pack"), metavar="DIR", help="default: review-pack")
    c.add_argument("--data", type=Path, metavar="DIR", help="folder to look for the plan's data files in")
    c.add_argument("--no-rerun", action="store_true", help="do not run it once more; the page says so")
    add_json(c)


def _review_pack(arguments: argparse.Namespace) -> int:
    from vru.run.packing import pack_evaluation, pack_record

    a, bar = arguments, Bar()
    if a.library is not None:
        done = pack_record(a.of, a.library, a.out, a.data, not a.no_rerun, bar)
    elif Path(a.of).is_dir():
        done = pack_evaluation(Path(a.of), a.out, a.data, not a.no_rerun, bar)
    else:
        hint = "name the library of a record: --library DIR"
        raise ProtocolError(Problem(f"{a.of} is no evaluation's folder", "vru review-pack", hint=hint))
    bar.close()
    if a.json:
        say_json({"page": str(done.page), "differences": done.differences, "why_not_run_again": done.why_not})
    else:
        told = {None: f"not run again: {done.why_not}", 0: "run once more: the same"}
        print(
            f"{done.page}\n{told.get(done.differences, f'run once more: {done.differences} fields came out otherwise')}"
        )
    return 1 if done.differences else 0


def _deviate(arguments: argparse.Namespace) -> int:
    from vru.run.deviating import deviate

    a = arguments
    done = deviate(a.evaluation, a.on, a.what, a.why, a.touches, clock.now())
    if a.json:
        say_json({"evaluation": str(a.evaluation), "deviations": done.deviations, "registered": done.registered})
        return 0
    print(f"{a.evaluation}: {done.deviations} deviation{'s' if done.deviations > 1 else ''} in the plan")
    if not done.registered:
        print("  the plan is not registered: until it is, change the plan itself")
    print(f"next: vru run {a.evaluation}, so that report and record show it")
    return 0


def _status(arguments: argparse.Namespace) -> int:
    from dataclasses import asdict

    from vru.run.status import status

    library = arguments.library or arguments.workspace / "shared_learning"
    found = status(arguments.workspace, library, clock.now().date())
    if arguments.json:
        say_json([asdict(s) for s in found])
        return 0
    width = max(len(s.evaluation) for s in found)
    for s in found:
        print(f"{s.evaluation:<{width}}  {s.step:<13}  held by {s.holder}{f'  LATE: {s.late}' if s.late else ''}")
        print(f"{'':<{width}}  next: {s.next}")
    late = sum(bool(s.late) for s in found)
    print(f"{len(found)} evaluation{'s' if len(found) > 1 else ''}, {late} late")
    return 0


def _scope(arguments: argparse.Namespace) -> int:
    from vru.process.scope import answers_in
    from vru.run.scoping import intervention_types, scope, write_page
    from vru.run.workspace import free_place

    if arguments.page is not None:
        print(
            f"wrote {write_page(arguments.page)}: open it, answer, and give what it saves to vru scope NAME --answers FILE"
        )
        return 0
    if arguments.name is None:
        raise ProtocolError(
            Problem("NAME is missing", "vru scope", "vru scope NAME", "lower-case letters, digits, hyphens")
        )
    free_place(arguments.name, arguments.workspace)
    answers = answers_in(arguments.answers) if arguments.answers is not None else _interview(list(intervention_types()))
    done = scope(arguments.name, answers, arguments.workspace, clock.now())
    if arguments.json:
        items = [{"item": i.name, "points": i.points, "would_raise_it": i.raise_it} for i in done.items]
        told = {"folder": str(done.folder), "template": done.choice.template, "why": done.choice.why, "items": items}
        say_json({**told, "planned": done.planned})
        return 0
    print("\n".join(_told(done)))
    return 0


def _interview(kinds: list[str]) -> Any:
    """kinds : of interventions, as the vocabulary has them."""
    from vru.process.scope import QUESTIONS, asked, read_answers

    if not sys.stdin.isatty():
        hint = "vru scope NAME --answers FILE; vru scope --page questions.html makes such a file"
        raise ProtocolError(Problem("an interview needs a terminal", "vru scope", hint=hint))
    print(
        "Answer in a word or a number; an empty line leaves out what may be left out. Ctrl+C stops, and nothing is written.\n"
    )
    given: dict[str, str] = {}
    for question in QUESTIONS:
        if asked(question, given):
            given |= _answer(question, kinds if question.field == "intervention" else [])
    return read_answers(given, "answers")


def _answer(question: Any, kinds: list[str]) -> dict[str, str]:
    """One answer, asked again until it is one that the question takes. kinds : the words allowed, where they are many."""
    from vru.process.scope import unfit

    for word, meaning in question.allowed.items():
        if word != meaning:
            print(f"    {word:8} {meaning}")
    allowed = list(question.allowed) or kinds
    while True:
        said = _said(f"{question.asks} ")
        if not said and question.optional:
            return {}
        said = said.casefold() if allowed else said
        why = unfit(question, said) if said else "an answer is needed"
        if said and (said in allowed if allowed else why is None):
            return {question.field: said}
        print(f"  allowed: {', '.join(allowed)}" if allowed else f"  {why}")


def _said(prompt: str) -> str:
    """One line. Ctrl+D, the end of what is typed, stops as Ctrl+C does."""
    try:
        return input(prompt).strip()
    except EOFError:
        raise KeyboardInterrupt from None


def _told(done: Any) -> list[str]:
    from vru.process.scope.evaluability import verdict

    lines = [
        f"{i.points}/2  {i.name}: {i.why}" + (f"\n       to raise it: {i.raise_it}" if i.raise_it else "")
        for i in done.items
    ]
    lines += [f"evaluability: {verdict(done.items)}", ""]
    lines.append(
        f"template: {done.choice.template or 'none; a process evaluation without an effect'}\n  {done.choice.why}"
    )
    lines += [f"  better still: {better}" for better in done.choice.raise_it]
    lines.append(f"written to {done.folder}")
    if done.planned:
        lines.append(f"next: fill in {done.folder / 'protocol.yaml'}, then vru check {done.folder}")
    else:
        lines.append(f"next: {done.folder / 'scope.yaml'} holds the decision with its reason; vru status shows it")
    return lines
