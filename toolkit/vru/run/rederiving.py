"""Does everything that was published follow from the plan and the result inside the record? Made again, and compared."""

from collections.abc import Mapping

from vru.disclosure.files import read_file
from vru.errors import VruError
from vru.library import draft_record
from vru.library.folder import VersionFolder
from vru.protocol import Protocol
from vru.results import EvaluationResult, Finding, Verdict
from vru.run.outputs import render
from vru.version import __version__

_OWN = {"version", "supersedes", "learning", "protocol"}
"""Fields that no result decides: the number of the version, what people wrote, and the plan, which has its own digest."""


def made_again(version: VersionFolder, protocol: Protocol, result: EvaluationResult) -> tuple[Finding, ...]:
    """Findings ``derived_record`` and ``derived_report``; not run where another version of the toolkit made them."""
    by = result.provenance.versions.get("vru-toolkit", "another program")
    if by != __version__:
        text = (
            f"The record was made by version {by} of the toolkit, whose wording this one ({__version__}) may not share."
        )
        return (_finding("record", "not_run", text), _finding("report", "not_run", text))
    return (_record(version, protocol, result), _report(version, protocol, result))


def _record(version: VersionFolder, protocol: Protocol, result: EvaluationResult) -> Finding:
    said = version.record.model_dump(mode="json", exclude=_OWN)
    made = draft_record(protocol, result).model_dump(mode="json", exclude=_OWN)
    if other := sorted(name for name in made if said.get(name) != made[name]):
        return _finding("record", "fail", f"The record says other than its plan and result under {', '.join(other)}.")
    return _finding("record", "pass", "Everything the record says follows from the plan and the result inside it.")


def _report(version: VersionFolder, protocol: Protocol, result: EvaluationResult) -> Finding:
    try:
        made = render(protocol, result, version.record.learning)
    except VruError as error:
        return _finding("report", "not_run", f"The report could not be made again: {error.problems[0].what}.")
    there = {name: data for name, data in version.files.items() if name in made}
    if other := sorted(name for name in there if _texts(name, there) != _texts(name, made)):
        return _finding(
            "report", "fail", f"{', '.join(other)} says other than the plan and the result inside the record."
        )
    return _finding("report", "pass", f"{', '.join(sorted(there))} say what the plan and the result say, made again.")


def _texts(name: str, files: Mapping[str, bytes]) -> list[str]:
    """Every text of a file in order: drawings and archives differ in bytes from machine to machine."""
    return [piece.text for piece in read_file(name, files[name]).pieces]


def _finding(check: str, verdict: Verdict, text: str) -> Finding:
    return Finding(f"derived_{check}", "", verdict, text)
