"""Commands about what others decide: announce, review."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from vru import clock
from vru.cli.terminal import add, add_folder, add_json, say_json

DECISIONS = ("submit", "comment", "approve", "return", "retract", "takedown", "restore", "destroy", "explain", "redact")
REASONS = ("signoff", "procurement", "resource", "quality", "changes", "other")


def add_commands(commands: Any) -> None:
    """Add this part's commands."""
    c = add(
        commands,
        "announce",
        _announce,
        "enter a registered plan into the library, so that what is never reported is seen",
        "vru announce evaluations/my-trial --library shared_learning",
    )
    add_folder(c)
    c.add_argument("--library", type=Path, required=True, metavar="DIR")
    c.add_argument("--by", metavar="POST", help="who announces (default: roles.commissioner)")
    c = add(
        commands,
        "review",
        _review,
        "decide about a version in the library, or show where it stands",
        'vru review op-grip-demo --library shared_learning --decision approve --by "Head of evidence"',
    )
    c.add_argument("record", metavar="RECORD", help="[organisation/]id[@version], or an evaluation folder to ask about")
    c.add_argument("--library", type=Path, default=Path("shared_learning"), metavar="DIR")
    c.add_argument("--decision", choices=DECISIONS, help="without it: show state and history")
    c.add_argument("--by", default="", metavar="POST", help="the post that decides, not a person's name")
    c.add_argument("--text", default="", help="why; required for comment, return, retract, takedown and restore")
    c.add_argument("--reason", choices=REASONS, default="", help="for explain: why it is not reported yet")
    c.add_argument("--event", default="", metavar="ID", help="for redact: the event from which something is taken out")
    c.add_argument(
        "--part", choices=("text", "actor"), default="text", help="for redact: which part of it (default: text)"
    )
    c.add_argument("--manifest", default="", metavar="SHA256", help="refuse unless the version has this hash")
    add_json(c)


def _announce(arguments: argparse.Namespace) -> int:
    from vru.protocol import load
    from vru.run.stewarding import announce_evaluation

    by = arguments.by or load(arguments.evaluation).roles.commissioner
    entry, new = announce_evaluation(arguments.evaluation, arguments.library, by, clock.now())
    print(f"{'announced' if new else 'announced before:'} {entry.organisation}/{entry.record}, {entry.protocol_digest}")
    print(f"a report is due by {entry.due_by}: vru library overdue --library {arguments.library} lists what is late")
    return 0


def _review(arguments: argparse.Namespace) -> int:
    from vru.run.stewarding import Asked, local_state, review, where_it_stands

    if arguments.decision is None:
        folder = Path(arguments.record)
        local = (folder / "protocol.yaml").is_file()
        lines = (
            [f"{folder} is {local_state(folder)}"] if local else where_it_stands(arguments.record, arguments.library)
        )
    else:
        asked = Asked(arguments.decision, arguments.by, arguments.text, arguments.reason, arguments.manifest)
        asked = replace(asked, event=arguments.event, part=arguments.part)
        lines = review(arguments.record, arguments.library, asked, clock.now())
    if arguments.json:
        say_json({"lines": lines})
    else:
        print("\n".join(lines))
    return 0
