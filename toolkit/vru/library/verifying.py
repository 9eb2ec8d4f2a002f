"""Is a published version whole and as it was published? One finding per question; nothing raises."""

from pathlib import Path

from vru.errors import LibraryError
from vru.library import crate, effects
from vru.library.derivation import agrees, compute
from vru.library.folder import VersionFolder, read_version
from vru.library.reading import read_record_folder
from vru.library.signing import MISSING, of_record
from vru.protocol import Protocol, digest
from vru.results import Finding, Verdict


def verify_version(path: Path) -> tuple[Finding, ...]:
    """Integrity of one version folder ``…/<organisation>/<record>/vX.Y``, without recomputing anything.

    Checks: every hash and no stranger (``integrity_files``), effects.csv is the record's
    (``integrity_effects``), the crate names every file (``integrity_crate``), the plan inside has
    the digest that is claimed (``integrity_plan``; of a literature record instead: its effects come
    out of the published numbers again, ``integrity_arithmetic``), the versions form one chain
    (``integrity_chain``), and, if anybody signed it, every signature holds (``integrity_signatures``).
    """
    where = "/".join(path.parts[-3:])
    try:
        version = read_version(path, where)
    except LibraryError as error:
        told = "; ".join(f"{p.where}: {p.what}" for p in error.problems[:20])
        return (_finding("files", "fail", f"The folder does not verify: {told}."),)
    count = len(version.files)
    return (
        _finding("files", "pass", f"All {count} files have the hash in the manifest {version.manifest_sha256}."),
        _effects(version),
        _crate(version),
        _arithmetic(version) if version.record.literature else _plan(version),
        _chain(path),
        *_signatures(path, version),
    )


def _effects(version: VersionFolder) -> Finding:
    if version.files.get(effects.FILE) == effects.effects_csv(version.record).encode():
        return _finding("effects", "pass", "effects.csv holds the record's effects and nothing else.")
    return _finding("effects", "fail", "effects.csv is missing or does not say what the record says.")


def _crate(version: VersionFolder) -> Finding:
    text = version.files.get(crate.FILE, b"").decode("utf-8", errors="replace")
    lost = [name for name in version.files if name != crate.FILE and f'"@id": "{name}"' not in text]
    if lost or not text:
        return _finding("crate", "fail", f"{crate.FILE} is missing or does not name {', '.join(lost)}.")
    return _finding("crate", "pass", f"{crate.FILE} names every file.")


def _plan(version: VersionFolder) -> Finding:
    record = version.record
    if record.result is None or record.result.get("protocol_digest") != record.protocol_digest:
        return _finding("plan", "fail", "The result inside the record belongs to another plan than the record claims.")
    try:
        found = digest(Protocol.model_validate(record.protocol))
    except ValueError:
        return _finding("plan", "not_run", "The plan inside the record cannot be read by this version of the toolkit.")
    if found != record.protocol_digest:
        return _finding("plan", "fail", f"The plan inside the record has digest {found}, not {record.protocol_digest}.")
    return _finding("plan", "pass", f"The plan inside the record has the digest claimed, {found}.")


def _arithmetic(version: VersionFolder) -> Finding:
    """Do the effects of a literature record follow from the published numbers that it names?"""
    known = "The published figures themselves cannot be recomputed here."
    derivations = version.record.literature.derivations if version.record.literature else []
    if not derivations:
        return _finding("arithmetic", "not_run", f"No effect was computed from published numbers. {known}")
    effect_of = {e.analysis: e for e in version.record.effects}
    for derivation in derivations:
        effect = effect_of[derivation.analysis]
        try:
            again = compute(derivation)
        except LibraryError as error:
            return _finding("arithmetic", "fail", str(error))
        for name in ("estimate", "se", "ci_low", "ci_high", "p"):
            if not agrees(getattr(effect, name), getattr(again, name)):
                told = f"{name} of {derivation.analysis} is {getattr(effect, name)}, not {getattr(again, name)}"
                return _finding("arithmetic", "fail", f"By {derivation.formula} from the published numbers, {told}.")
    return _finding("arithmetic", "pass", f"Every computed effect follows from the published numbers. {known}")


def _chain(path: Path) -> Finding:
    where = "/".join(path.parts[-3:-1])
    told = [str(p).splitlines()[0] for p in read_record_folder(path.parent, where).problems]
    if told:
        return _finding("chain", "fail", f"The record's folder has problems: {'; '.join(told[:20])}.")
    return _finding("chain", "pass", "Every version of this record names the one before it by its hash.")


def _signatures(path: Path, version: VersionFolder) -> tuple[Finding, ...]:
    """Nothing where nobody signed: a signature is optional."""
    where = "/".join(path.parts[-3:-1])
    found, refused = of_record(path.parents[3], path.parent, where)
    mine = [s for s in found if s.record == f"{where}/{path.name}"]
    bad = [s for s in mine if s.verdict in ("bad", "unknown key") or s.manifest_sha256 != version.manifest_sha256]
    if bad or refused:
        told = [f"{s.where}: {s.verdict}" for s in bad] + [str(p).splitlines()[0] for p in refused]
        return (_finding("signatures", "fail", f"A signature does not hold: {'; '.join(told[:20])}."),)
    if any(s.verdict == "not checked" for s in mine):
        return (_finding("signatures", "not_run", f"There are signatures, but {MISSING}."),)
    by = ", ".join(sorted({s.by for s in mine}))
    return (_finding("signatures", "pass", f"Signed by {by}."),) if mine else ()


def _finding(check: str, verdict: Verdict, text: str) -> Finding:
    return Finding(f"integrity_{check}", "", verdict, text)
