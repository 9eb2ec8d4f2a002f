"""The command line: arguments, progress and exit codes only."""

import argparse
import errno
import os
import sys
from collections.abc import Sequence

from vru.cli import designing, fairness, learn, library, patrols, places, plan, process, replaying, review, work
from vru.errors import Problem, VruError
from vru.version import __version__

EPILOG = """\
in the order a person meets them:
  vru demo                                    the whole way once, on simulated data
  vru scope my-trial                          which template fits, or why not to evaluate
  vru new my-trial --template hotspot_patrol  write the plan
  vru check evaluations/my-trial              every problem of the plan at once
  vru design evaluations/my-trial             what it could see, before it begins
  vru register evaluations/my-trial           lock it before the data are seen
  vru run evaluations/my-trial                notebook, report, tables, draft record
  vru calibrate evaluations/my-trial          how often it claims a change where nothing was done
  vru assure evaluations/my-trial --by POST   quality assurance, by somebody else
  vru publish evaluations/my-trial --library shared_learning --by POST
  vru site --library shared_learning --out site

exit codes: 0 done, 1 the evaluation says no, 2 the input is wrong
"""


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="vru",
        description="Evaluate violence reduction interventions to one standard and share what was learned.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"vru-toolkit {__version__}")
    top.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for part in (plan, process, designing, patrols, places, fairness, work, replaying, review, learn, library):
        part.add_commands(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    arguments = parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except VruError as error:
        if arguments.debug:
            raise
        print(f"vru {arguments.command}: {_counted(error)}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        # The reader of our output has gone (as with `| head`); nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("\nvru: stopped; what was finished before is as it was", file=sys.stderr)
        return 130
    except Exception as error:
        if arguments.debug:
            raise
        if isinstance(error, OSError) and error.strerror:
            print(f"vru {arguments.command}: {_counted(_refused_by_system(error))}", file=sys.stderr)
            return 2
        what = f"{type(error).__name__}: {error}" if isinstance(error, OSError) else type(error).__name__
        print(
            f"vru {arguments.command}: unexpected {what}\n    hint: vru --debug {arguments.command} … shows where",
            file=sys.stderr,
        )
        return 2


def _refused_by_system(error: OSError) -> VruError:
    """A full disk, a folder that is a file, a file that may not be read: in words, with the place."""
    hint = "what was finished before is as it was"
    if error.errno == errno.ENOSPC:
        import tempfile

        hint = f"make room there and in {tempfile.gettempdir()}, then do it again; {hint}"
    return VruError(Problem(str(error.strerror), where=str(error.filename or ""), hint=hint))


def _counted(error: VruError) -> str:
    n = len(error.problems)
    lines = "\n".join(f"  {p}" for p in error.problems)
    return f"{n} problem{'s' if n > 1 else ''}\n{lines}"
