"""Commands round an evaluation: scope, deviate, status, review-pack."""

import argparse
import sys
from pathlib import Path
from typing import Any

from vru import clock
from vru.cli.terminal import add, add_json, say_json
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


def _scope(arguments: argparse.Namespace) -> int:
    from vru.process.scope import answers_in
    from vru.run.scoping import scope, write_page

    if arguments.page is not None:
        print(
            f"wrote {write_page(arguments.page)}: open it, answer, and give what it saves to vru scope NAME --answers FILE"
        )
        return 0
    if arguments.name is None:
        raise ProtocolError(
            Problem("NAME is missing", "vru scope", "vru scope NAME", "lower-case letters, digits, hyphens")
        )
    answers = answers_in(arguments.answers) if arguments.answers is not None else _interview()
    done = scope(arguments.name, answers, arguments.workspace, clock.now())
    if arguments.json:
        items = [{"item": i.name, "points": i.points, "would_raise_it": i.raise_it} for i in done.items]
        told = {"folder": str(done.folder), "template": done.choice.template, "why": done.choice.why, "items": items}
        say_json({**told, "planned": done.planned})
        return 0
    print("\n".join(_told(done)))
    return 0


def _interview() -> Any:
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
            given |= _answer(question)
    return read_answers(given, "answers")


def _answer(question: Any) -> dict[str, str]:
    """One answer, asked again until it is one that the question allows."""
    for word, meaning in question.allowed.items():
        if word != meaning:
            print(f"    {word:8} {meaning}")
    while True:
        said = input(f"{question.asks} ").strip()
        if not said and question.optional:
            return {}
        if said and (not question.allowed or said.casefold() in question.allowed):
            return {question.field: said.casefold() if question.allowed else said}
        print(f"  allowed: {', '.join(question.allowed) or 'an answer'}")


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
