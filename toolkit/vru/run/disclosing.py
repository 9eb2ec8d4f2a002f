"""``vru disclosure``: what the last run would let out, what it holds back and why, and what is left to a person."""

import json
from dataclasses import dataclass
from pathlib import Path

from vru.disclosure.profiles import profile_of, source_of
from vru.errors import Problem, VruError
from vru.protocol import load
from vru.results import EvaluationResult
from vru.run.outputs import read_outputs, read_result

FILE = "disclosure.json"
WORDS = {"pass": "pass", "concern": "review", "fail": "fail", "not_run": "by hand"}
"""Verdict of a finding -> what it means for whoever lets the outputs go."""


@dataclass(frozen=True, slots=True)
class Disclosed:
    """The account of one run. rows : check, outcome (pass, review, fail, by hand), text."""

    profile: str
    source: str
    rows: tuple[tuple[str, str, str], ...]
    shown: int
    merged: int

    @property
    def may_leave(self) -> bool:
        """Whether nothing failed; what is left to a person is another question."""
        return all(outcome != "fail" for _, outcome, _ in self.rows)


def account(folder: Path) -> Disclosed:
    """Read the account of the last run. Raises VruError where there is none."""
    protocol = load(folder)
    files, _ = read_outputs(folder)
    if FILE not in files:
        raise VruError(Problem("has no account of disclosure", str(folder), hint=f"vru run {folder} makes it"))
    profile = profile_of(protocol.disclosure)
    findings = json.loads(files[FILE])
    rows = tuple((f["check"].removeprefix("disclosure_"), WORDS[f["verdict"]], f["text"]) for f in findings)
    shown, merged = _cells(read_result(files))
    return Disclosed(profile.label, source_of(profile), rows, shown, merged)


def _cells(result: EvaluationResult) -> tuple[int, int]:
    """Monthly counts of groups that are shown on their own, and those shown together with others."""
    shown = sum(v is not None for s in result.series for v in s.values)
    return shown, sum(b.n for s in result.series for b in s.bands)
