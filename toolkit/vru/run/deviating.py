"""``vru deviate``: what was done otherwise than registered, when and why; the plan's other lines stay as they are."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from vru.errors import Problem, ProtocolError
from vru.protocol import Protocol, digest, load, registration
from vru.protocol.reading import nearest
from vru.protocol.whole_file import write_whole

_SECTION = re.compile(r"(?m)^deviations:(?P<rest>[^\n]*)(?P<body>(?:\n(?:[ \t-][^\n]*)?)*)")
_WHEN = re.compile(r"\d{4}-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?")


@dataclass(frozen=True, slots=True)
class Deviated:
    """How many deviations the plan has now, and whether it was ever registered."""

    deviations: int
    registered: bool


def deviate(folder: Path, on: str, what: str, why: str, touches: Sequence[str], now: datetime) -> Deviated:
    """Append a deviation to ``protocol.yaml``. Raises ProtocolError where something is missing; the file then stays as it was."""
    protocol = load(folder)
    _refuse(protocol, on, what, why, touches, now)
    path = folder / "protocol.yaml"
    text = path.read_text(encoding="utf-8")
    entry: dict[str, Any] = {"on": on, "what": " ".join(what.split()), "why": " ".join(why.split())}
    if touches:
        entry["touches"] = list(touches)
    told = [d.model_dump(mode="json", exclude_defaults=True) for d in protocol.deviations]
    written = _with(text, [*told, entry])
    _same_but_for_it(folder, protocol, written)
    write_whole(path, written.encode())
    return Deviated(len(told) + 1, bool(registration(folder, protocol).registered_at))


def _refuse(protocol: Protocol, on: str, what: str, why: str, touches: Sequence[str], now: datetime) -> None:
    problems = []
    if not _WHEN.fullmatch(on):
        problems.append(Problem(f"{on!r} is no month or day", "--on", "YYYY-MM or YYYY-MM-DD"))
    elif on[:10] > now.date().isoformat()[: len(on)]:
        problems.append(Problem(f"{on} has not come yet", "--on", f"up to {now.date().isoformat()}"))
    problems += [
        Problem("say it in a sentence", where, "10 letters or more")
        for where, said in (("--what", what), ("--why", why))
        if len(said.strip()) < 10
    ]
    known = [*(a.id for a in protocol.analyses), *(o.id for o in protocol.outcomes)]
    problems += [
        Problem(f"{t!r} is no analysis or outcome of the plan", "--touches", ", ".join(known), nearest(t, known))
        for t in touches
        if t not in known
    ]
    if problems:
        raise ProtocolError(*problems)


def _with(text: str, deviations: list[dict[str, Any]]) -> str:
    """The plan's text with this list of deviations; a comment on the section's first line stays."""
    listed = yaml.safe_dump(deviations, sort_keys=False, allow_unicode=True, width=10_000)
    block = "".join(f"  {line}\n" for line in listed.splitlines())
    found = _SECTION.search(text)
    if found is None:
        return f"{text.rstrip()}\ndeviations:\n{block}"
    comment = re.search(r"\s(#.*)$", found["rest"])
    head = "deviations:" + (f"  {comment[1]}" if comment else "")
    return f"{text[: found.start()]}{head}\n{block}{text[found.end() :].lstrip(chr(10))}"


def _same_but_for_it(folder: Path, protocol: Protocol, written: str) -> None:
    """The new text must say what the old one said, and the deviation: else the file is not touched."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="vru-deviate-") as private:
        (Path(private) / "protocol.yaml").write_text(written, encoding="utf-8")
        again = load(Path(private))
    if digest(again) != digest(protocol) or len(again.deviations) != len(protocol.deviations) + 1:
        hint = "write it there by hand: {on: YYYY-MM, what: ..., why: ...}"
        raise ProtocolError(
            Problem("the list of deviations cannot be added to", str(folder / "protocol.yaml"), hint=hint)
        )
