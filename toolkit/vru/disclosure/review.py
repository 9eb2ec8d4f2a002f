"""The review before the door: what is in the files that may not leave."""

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256

from vru.disclosure.apart import outcomes_apart
from vru.disclosure.content import Content, UnreadableError
from vru.disclosure.counts import losses, small_counts
from vru.disclosure.files import ALLOWED, read_file, suffix
from vru.disclosure.mapping import map_finding
from vru.disclosure.personal import DETECTORS, Context, Detector, masked, plain
from vru.disclosure.profiles import profile_of
from vru.disclosure.row_level import row_level_reason
from vru.errors import DisclosureError, Problem
from vru.keys import fold
from vru.protocol import Protocol
from vru.results import EvaluationResult, Finding, Verdict

_SHOWN = 5
_UNCHECKED = (
    "Software did not look for: small counts that appear when what was published elsewhere is subtracted from this "
    "(records of the library are subtracted when it is published), percentages with small denominators, names of people "
    "that no title, role or common given name gives away, and what pictures show. A person must."
)

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def review(protocol: Protocol, result: EvaluationResult, files: Mapping[str, bytes]) -> tuple[Finding, ...]:
    """Look through everything that would leave; one finding per question, none raises.

    files : name -> bytes of what is to be published. A finding names places, never values in full.
    """
    contents: dict[str, Content] = {}
    unreadable: list[str] = []
    for name in sorted(files):
        if suffix(name) not in ALLOWED:
            continue
        try:
            contents[name] = read_file(name, files[name])
        except UnreadableError as error:
            unreadable.append(f"{name} {error}")
    context = Context(_known(protocol, result, files), int(protocol.window.first[:4]))
    return (
        small_counts(profile_of(protocol.disclosure), result),
        losses(profile_of(protocol.disclosure), result),
        outcomes_apart(protocol, profile_of(protocol.disclosure), result),
        map_finding(protocol, result),
        _file_types(files),
        _finding("unreadable", "Files that cannot be looked through", unreadable),
        *(_detected(d, contents.values(), context, protocol.disclosure.accepted) for d in DETECTORS.values()),
        _finding(
            "row_level", "Tables that look as if each row were a person or an offence", _row_level(contents, result)
        ),
        _finding("hidden", "Things in files that readers do not see", _hidden(protocol, contents)),
        Finding("disclosure_by_hand", "", "not_run", _UNCHECKED),
    )


def enforce(findings: Iterable[Finding]) -> None:
    """Raise DisclosureError naming every disclosure check that failed; other findings are let through."""
    failed = [f for f in findings if f.verdict == "fail" and f.check.startswith("disclosure_")]
    if failed:
        hint = (
            "change or leave out what is named, and run again; a text that is nobody's own may be listed, with the reason, "
            "under disclosure.accepted in the plan"
        )
        raise DisclosureError(*(Problem(f.text, where=f.check, hint=hint) for f in failed))


def _known(protocol: Protocol, result: EvaluationResult, files: Mapping[str, bytes]) -> frozenset[str]:
    digests = [result.protocol_digest, *result.provenance.data.values()]
    own = [sha256(data).hexdigest() for data in files.values()]
    seeds = [str(protocol.seed), str(result.provenance.seed)]
    # A rule of the plan ("born from 2003-09-01 on") is nobody's own date.
    rules = [v for a in protocol.analyses for v in a.options.values() if isinstance(v, str) and _DAY.fullmatch(v)]
    return frozenset([*(d.removeprefix("sha256:").lower() for d in digests), *own, *seeds, *rules])


def _file_types(files: Mapping[str, bytes]) -> Finding:
    odd = [name for name in sorted(files) if suffix(name) not in ALLOWED]
    finding = _finding("file_types", "Kinds of file that may not leave", odd)
    return Finding(finding.check, "", finding.verdict, finding.text, finding.numbers, ", ".join(ALLOWED))


def _detected(
    detector: Detector, contents: Iterable[Content], context: Context, accepted: Mapping[str, str]
) -> Finding:
    found: list[str] = []
    let: dict[str, str] = {}
    reasons = {fold(plain(text)): reason for text, reason in accepted.items()}
    for content in contents:
        for piece in content.pieces:
            for match in detector.find(plain(piece.text), context):
                reason = reasons.get(fold(match))
                if reason:
                    let[match] = reason
                else:
                    found.append(f"{piece.where}: {masked(match)}")
        if detector.name == "coordinates":
            found += [f"{c.where}: {masked(c.value)}" for c in content.coordinates if _is_fine(c.name, c.value)]
    finding = _finding(detector.name, f"Texts that look like a {detector.label}", found, detector.level)
    if not let:
        return finding
    # Not a pass: whoever assures the run reads the reason and answers for it.
    told = f"{finding.text} Accepted by the plan: {'; '.join(f'{masked(what)}: {why}' for what, why in let.items())}."
    verdict: Verdict = finding.verdict if found else "concern"
    return Finding(finding.check, "", verdict, told, {**finding.numbers, "accepted": len(let)})


def _is_fine(name: str, value: str) -> bool:
    """A place is fine-grained beyond two decimals of a degree, or beyond whole kilometres of a grid."""
    try:
        number = abs(float(value))
    except ValueError:
        return False
    if name.strip().lower() in ("easting", "northing"):
        return number >= 1000 and number % 1000 != 0
    return len(value.strip().partition(".")[2]) > 2


def _row_level(contents: Mapping[str, Content], result: EvaluationResult) -> list[str]:
    areas = frozenset(a.name for a in result.map.areas) if result.map else frozenset()
    tables = [table for content in contents.values() for table in content.tables]
    return [f"{table.where}: {reason}" for table in tables if (reason := row_level_reason(table, areas))]


def _hidden(protocol: Protocol, contents: Mapping[str, Content]) -> list[str]:
    # Naming the organisation as author is what a report should do; naming a person is not.
    ours = {protocol.organisation, protocol.organisation.replace("-", " ")}
    hidden = [h for content in contents.values() for h in content.hidden]
    return [f"{h.where}: {h.what}" for h in hidden if h.by.casefold() not in ours]


def _finding(check: str, label: str, found: list[str], level: Verdict = "fail") -> Finding:
    unique = list(dict.fromkeys(found))
    places = "; ".join(unique[:_SHOWN]) + ("; …" if len(unique) > _SHOWN else "")
    text = f"{label}: {places}." if found else f"{label}: none found."
    return Finding(f"disclosure_{check}", "", level if found else "pass", text, {"found": len(found)})
