"""What the commands share: argument pieces, JSON output, a progress bar."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vru.errors import Problem, ProtocolError

Run = Callable[[argparse.Namespace], int]


def add(commands: Any, name: str, run: Run, help: str, example: str) -> argparse.ArgumentParser:
    """One command with its help and an example."""
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=help,
        description=help[0].upper() + help[1:] + ".",
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=run)
    return command


def add_folder(command: argparse.ArgumentParser) -> None:
    """The evaluation folder, first."""
    command.add_argument("evaluation", type=evaluation_folder, metavar="EVAL", help="the evaluation's folder")


def evaluation_folder(given: str) -> Path:
    """The folder meant: naming the protocol in it means the folder too."""
    path = Path(given)
    return path.parent if path.name == "protocol.yaml" and path.is_file() else path


def add_data(command: argparse.ArgumentParser) -> None:
    """Where the data are, if not where the plan says."""
    command.add_argument("--data", type=Path, metavar="DIR", help="folder to look for the plan's data files in")


def add_json(command: argparse.ArgumentParser) -> None:
    """JSON instead of lines for people."""
    command.add_argument("--json", action="store_true", help="print JSON")


def pairs(given: list[str], option: str) -> dict[str, str]:
    """``key=value`` arguments as a dict. Raises ProtocolError for one without a key or value."""
    found = {}
    for text in given:
        key, sign, value = text.partition("=")
        if not (key.strip() and sign and value.strip()):
            raise ProtocolError(Problem(f"{text!r} is not of the form key=value", option))
        if key.strip() in found:
            raise ProtocolError(Problem(f"{key.strip()!r} is given twice", option))
        found[key.strip()] = value.strip()
    return found


def say_json(content: Any) -> None:
    """Print JSON for scripts."""
    print(json.dumps(content, indent=1, ensure_ascii=False, default=str))


class Bar:
    """A progress bar on a terminal, nothing elsewhere; call it with what, done, total."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._what = ""

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show ``done`` of ``total``."""
        if not sys.stderr.isatty():
            return
        from tqdm import tqdm

        if self._bar is None or self._bar.total != total:
            self.close()
            self._bar = tqdm(total=total, leave=False, unit="")
        self._bar.set_description_str(what)
        self._bar.update(done - self._bar.n)
        if done >= total:
            self.close()

    def close(self) -> None:
        """Take the bar off the screen."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
