"""Signatures over a version's manifest: Ed25519 in a DSSE envelope, one create-only file per key.

Needs the optional extra ``sign`` (cryptography, securesystemslib). A signature proves that the holder of a
key vouched for exactly these bytes; which key belongs to whom is what ``library.json`` says, and that
file is the network's to guard.

Source: DSSE 1.0 (github secure-systems-lab/dsse); in-toto Statement v1 (github in-toto/attestation).
"""

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from vru.errors import LibraryError, Problem
from vru.library.index import RECORDS, SIGNATURES, open_library
from vru.library.keys import TrustedKey, public_key, trust, trusted_keys
from vru.library.manifest import FILE as MANIFEST
from vru.library.reading import Scan, StoredRecord
from vru.library.sidefiles import place, record_folders, side_files
from vru.library.staging import write_synced
from vru.library.untrusted import read_limited, shown

if TYPE_CHECKING:
    from securesystemslib.signer._crypto_signer import CryptoSigner

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:vru-toolkit:published-version:1"
SUFFIX = ".dsse.json"
MISSING = "signatures need the optional packages: pip install vru-toolkit[sign]"


class SignatureLine(BaseModel):
    """One signature: the key's id and base64 bytes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    keyid: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    sig: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/=]{4,200}$")]


class Sealed(BaseModel):
    """A DSSE envelope as it is stored, closed and limited."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    payload: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/=]{4,20000}$")]
    payloadType: Literal["application/vnd.in-toto+json"]  # noqa: N815
    signatures: list[SignatureLine] = Field(min_length=1, max_length=1)


@dataclass(frozen=True, slots=True)
class Signed:
    """One signature file.

    by : the organisation of the key, "" if it is not a trusted one or the signature is bad.
    signer : whose key it was when it signed, as the signed statement says; "" where a statement does not say.
    """

    where: str
    record: str
    manifest_sha256: str
    keyid: str
    by: str
    verdict: Literal["good", "unknown key", "bad", "not checked"]
    signer: str = ""


def keygen(library: Path, organisation: str, out: Path, now: datetime) -> TrustedKey:
    """Make a key pair: the private key into ``out`` (readable by its owner only), the public one into library.json.

    Raises LibraryError if ``out`` exists, the name is malformed or the optional packages are absent.
    """
    signer = _signer_type().generate_ed25519()
    try:
        key = TrustedKey(
            keyid=signer.public_key.keyid,
            organisation=organisation,
            public=signer.public_key.keyval["public"],
            added=now.isoformat(timespec="seconds"),
        )
    except ValidationError:
        allowed = "lower-case letters, digits and hyphens"
        raise LibraryError(Problem(f"{organisation!r} is not an organisation", allowed=allowed)) from None
    open_library(library)
    try:
        write_synced(out, signer.private_bytes, 0o600)
    except FileExistsError:
        hint = "keys are never overwritten"
        raise LibraryError(Problem("already exists; no key was made", str(out), hint=hint)) from None
    except OSError as error:
        raise LibraryError(Problem(f"could not be written: {error.strerror}", str(out))) from None
    trust(library, key, now)
    return key


def sign(library: Path, stored: StoredRecord, key_file: Path, now: datetime) -> tuple[Path, bool]:
    """Sign one version's manifest; the file, and False if this key signed it before. Raises LibraryError."""
    from securesystemslib.dsse import Envelope

    signer = _load(key_file)
    record = stored.record
    listed = trusted_keys(library)[0].get(signer.public_key.keyid)
    if listed is None:
        hint = "vru library keygen makes and lists one"
        raise LibraryError(Problem("is a key that library.json does not list", str(key_file), hint=hint))
    statement = json.dumps(_statement(stored, listed.organisation), sort_keys=True, separators=(",", ":")).encode()
    envelope = Envelope(statement, PAYLOAD_TYPE, {})
    envelope.sign(signer)
    folder = library / RECORDS / record.organisation / record.id / SIGNATURES
    target = folder / f"{record.version}-{signer.public_key.keyid[:16]}{SUFFIX}"
    text = json.dumps(envelope.to_dict(), indent=1) + "\n"
    return target, place(library, target, text.encode(), now)


def signatures(library: Path, seen: Scan) -> tuple[tuple[Signed, ...], tuple[Problem, ...]]:
    """Every signature in the library (``seen`` is its scan) with its verdict, and every file or key that was refused.

    A signature by a key that library.json does not list, or that does not verify, is a problem.
    """
    _, problems = trusted_keys(library)
    found: list[Signed] = []
    hashes = _known_hashes(seen)
    for where, folder in record_folders(library):
        signed, refused = of_record(library, folder, where)
        found += signed
        problems = (*problems, *refused, *(p for s in signed for p in _complaints(s, hashes)))
    return tuple(found), problems


def unsigned(library: Path, seen: Scan, found: Iterable[Signed]) -> tuple[Problem, ...]:
    """Versions of an organisation whose key is trusted that it did not sign: anybody could have written them."""
    owners = {k.organisation for k in trusted_keys(library)[0].values()}
    vouched = {(s.record, s.manifest_sha256) for s in found if s.by and s.by == s.record.split("/")[0]}
    versions = {f"{s.record.organisation}/{s.record.id}/v{s.record.version}": s for s in seen.records}
    return tuple(
        unsigned_problem(where, stored.record.organisation)
        for where, stored in versions.items()
        if stored.record.organisation in owners and (where, stored.manifest_sha256) not in vouched
    )


def unsigned_problem(where: str, organisation: str) -> Problem:
    """What is said of a version that its organisation, which signs, did not sign."""
    hint = "vru library sign, by the key's holder; a signature may have been deleted"
    return Problem(f"is not signed by {organisation}, whose key library.json lists", where, hint=hint)


def vouched(library: Path, folder: Path, where: str, version: str, digest: str) -> bool:
    """Whether a version that lies in ``folder`` may be taken: its organisation signed it, or has no trusted key here."""
    owner = where.split("/")[0]
    if owner not in {k.organisation for k in trusted_keys(library)[0].values()}:
        return True
    mine = [s for s in of_record(library, folder, where)[0] if s.by == owner and s.record == f"{where}/v{version}"]
    return any(s.verdict == "good" and s.manifest_sha256 == digest for s in mine)


def of_record(library: Path, folder: Path, where: str) -> tuple[list[Signed], list[Problem]]:
    """The signatures of one record with their verdicts, and the files that are none."""
    files, refused = side_files(folder / SIGNATURES, f"{where}/{SIGNATURES}")
    problems = list(refused)
    keys, _ = trusted_keys(library) if files else ({}, ())
    found = []
    for name, data in files.items():
        try:
            found.append(_judged(parse_envelope(data, where, name), where, name, keys))
        except LibraryError as error:
            problems += error.problems
    return found, problems


def parse_envelope(data: bytes, where: str, name: str) -> Sealed:
    """Read an untrusted envelope of a record. Raises LibraryError if it is none or speaks of another record."""
    at = f"{where}/{SIGNATURES}/{shown(name)}"
    try:
        sealed = Sealed.model_validate_json(data)
        version, digest, _ = _subject(sealed, where)
    except (
        ValidationError,
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        AttributeError,
        RecursionError,
        binascii.Error,
    ):
        raise LibraryError(Problem("is not a signature of a version of this record", where=at)) from None
    if name != f"{version}-{sealed.signatures[0].keyid[:16]}{SUFFIX}" or len(digest) != 71:
        raise LibraryError(Problem("is a signature under another name", where=at))
    return sealed


def _statement(stored: StoredRecord, signer: str) -> dict[str, Any]:
    record = stored.record
    name = f"{record.organisation}/{record.id}/v{record.version}/{MANIFEST}"
    return {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": stored.manifest_sha256.removeprefix("sha256:")}}],
        "predicateType": PREDICATE,
        "predicate": {
            "organisation": record.organisation,
            "record": record.id,
            "version": record.version,
            "signer": signer,
        },
    }


def _subject(sealed: Sealed, where: str) -> tuple[str, str, str]:
    """Version, manifest hash and signer that an envelope speaks of. Raises ValueError, KeyError, … for anything odd."""
    statement = json.loads(base64.b64decode(sealed.payload, validate=True))
    (subject,) = statement["subject"]
    organisation, record, version, file = subject["name"].split("/")
    if statement["_type"] != STATEMENT or statement["predicateType"] != PREDICATE:
        raise ValueError("another kind of statement")
    if f"{organisation}/{record}" != where or file != MANIFEST:
        raise ValueError("another record")
    return (
        version.removeprefix("v"),
        f"sha256:{subject['digest']['sha256']}",
        str(statement["predicate"].get("signer", "")),
    )


def _judged(sealed: Sealed, where: str, name: str, keys: dict[str, TrustedKey]) -> Signed:
    version, digest, signer = _subject(sealed, where)
    keyid = sealed.signatures[0].keyid
    at, record = f"{where}/{SIGNATURES}/{name}", f"{where}/v{version}"
    key = keys.get(keyid)
    if key is None:
        return Signed(at, record, digest, keyid, "", "unknown key")
    try:
        from securesystemslib.dsse import Envelope
        from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError
    except ImportError:
        return Signed(at, record, digest, keyid, key.organisation, "not checked")
    try:
        Envelope.from_dict(sealed.model_dump()).verify([public_key(key)], 1)
    except (UnverifiedSignatureError, VerificationError, ValueError, KeyError, TypeError):
        return Signed(at, record, digest, keyid, "", "bad")
    return Signed(at, record, digest, keyid, key.organisation, "good", signer)


def _complaints(signed: Signed, hashes: dict[str, set[str]]) -> tuple[Problem, ...]:
    told = {
        "bad": ("does not verify", "somebody altered it, or the key is not the one that signed"),
        "unknown key": (f"is by the key {signed.keyid[:16]}, which library.json does not list", "ask its holder"),
        "not checked": ("was not checked", MISSING),
    }
    if signed.verdict != "good":
        what, hint = told[signed.verdict]
        return (Problem(what, signed.where, hint=hint),)
    if signed.signer and signed.signer != signed.by:
        what = f"was signed as {signed.signer}; library.json lists the key as {signed.by}'s"
        return (Problem(what, signed.where, hint="restore library.json, or ask the holder"),)
    if signed.manifest_sha256 not in hashes.get(signed.record, set()):
        return (Problem(f"signs a {signed.record.rsplit('/', 1)[1]} that is not here as it was", signed.where),)
    return ()


def _known_hashes(seen: Scan) -> dict[str, set[str]]:
    known: dict[str, set[str]] = {}
    for s in seen.records:
        known.setdefault(f"{s.record.organisation}/{s.record.id}/v{s.record.version}", set()).add(s.manifest_sha256)
    for e in seen.taken_down:
        known.setdefault(f"{e.organisation}/{e.record}/v{e.version}", set()).add(e.manifest_sha256)
    return known


def _load(key_file: Path) -> "CryptoSigner":
    maker = _signer_type()
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    data = read_limited(key_file, 10_000, str(key_file))
    try:
        return maker(load_pem_private_key(data, None))
    except Exception as error:
        # cryptography raises many kinds, and none of them may show the key.
        allowed = "an unencrypted Ed25519 key in PEM, as vru library keygen makes"
        raise LibraryError(Problem(f"is not a private key ({type(error).__name__})", str(key_file), allowed)) from None


def _signer_type() -> "type[CryptoSigner]":
    try:
        import cryptography  # noqa: F401
        from securesystemslib.signer._crypto_signer import CryptoSigner
    except ImportError:
        raise LibraryError(Problem(MISSING)) from None
    return CryptoSigner
