"""Signatures: who vouched for which bytes, and every way in which a file can pretend that somebody did."""

import base64
import json
import stat

import pytest

from vru.errors import LibraryError
from vru.library import publish, scan, verify_version
from vru.library.checking import check_library
from vru.library.signing import keygen, sign, signatures


@pytest.fixture
def signed(library, record, files, now, tmp_path):
    """A signed version: (path of the signature, private key file)."""
    publish(library, record, files, "Head of evidence", now)
    keygen(library, "norchester-vru", tmp_path / "key.pem", now)
    path, new = sign(library, scan(library).records[0], tmp_path / "key.pem", now)
    assert new
    return path, tmp_path / "key.pem"


def verdicts(library):
    return [s.verdict for s in signatures(library, scan(library))[0]]


def test_sign_and_verify(library, signed, now):
    path, key = signed
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert not list(library.rglob("*.pem"))
    found, problems = signatures(library, scan(library))
    assert [(s.by, s.verdict) for s in found] == [("norchester-vru", "good")]
    assert problems == ()
    assert not scan(library).problems
    assert check_library(library, now.date()).problems == ()
    (finding,) = [f for f in verify_version(scan(library).records[0].path) if f.check == "integrity_signatures"]
    assert (finding.verdict, finding.text) == ("pass", "Signed by norchester-vru.")
    # Ed25519 gives the same bytes again, so signing twice changes nothing.
    assert sign(library, scan(library).records[0], key, now) == (path, False)


def test_the_envelope_is_dsse_and_verifies_without_this_toolkit(library, signed):
    """The pre-authentication encoding of DSSE 1.0, written out, against cryptography alone."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    envelope = json.loads(signed[0].read_text())
    payload = base64.b64decode(envelope["payload"])
    kind = envelope["payloadType"].encode()
    message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    (key,) = json.loads((library / "library.json").read_text())["keys"]
    signature = base64.b64decode(envelope["signatures"][0]["sig"])
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(key["public"])).verify(signature, message)
    (subject,) = json.loads(payload)["subject"]
    assert f"sha256:{subject['digest']['sha256']}" == scan(library).records[0].manifest_sha256


def test_a_changed_payload_or_signature_is_bad(library, signed, now):
    path, _ = signed
    good = json.loads(path.read_text())
    statement = json.loads(base64.b64decode(good["payload"]))
    statement["subject"][0]["digest"]["sha256"] = "ab" * 32
    moved = base64.b64encode(json.dumps(statement).encode()).decode()
    flipped = base64.b64encode(bytes(64)).decode()
    for change in ({"payload": moved}, {"signatures": [{**good["signatures"][0], "sig": flipped}]}):
        path.write_text(json.dumps({**good, **change}))
        assert verdicts(library) == ["bad"]
        assert check_library(library, now.date()).problems
        assert "fail" in {f.verdict for f in verify_version(scan(library).records[0].path)}


def test_a_key_that_is_not_listed_is_unknown(library, signed, now):
    file = library / "library.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "keys": []}))
    assert verdicts(library) == ["unknown key"]
    assert "does not list" in str(check_library(library, now.date()).problems)


def test_a_key_listed_under_anothers_id_verifies_nothing(library, signed, now, tmp_path):
    """Whoever edits library.json cannot make a signature by one key pass under the id of another."""
    keygen(library, "mallory-vru", tmp_path / "other.pem", now)
    file = library / "library.json"
    content = json.loads(file.read_text())
    ours, theirs = content["keys"]
    content["keys"] = [{**ours, "public": theirs["public"]}, {**theirs, "keyid": "nonsense"}]
    file.write_text(json.dumps(content))
    assert verdicts(library) == ["bad"]
    assert "keys.1 is not a public key" in str(signatures(library, scan(library))[1])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[" * 40_000,
        b"x" * 200_000,
        b"{}",
        b'{"payload": "e30=", "payloadType": "application/vnd.in-toto+json", "signatures": []}',
        b'{"payload": "e30=", "payloadType": "application/vnd.in-toto+json", '
        b'"signatures": [{"keyid": "' + b"a" * 64 + b'", "sig": "AAAA"}]}',
        b'{"payload": "W1tbW1tbW1tb", "payloadType": "application/vnd.in-toto+json", '
        b'"signatures": [{"keyid": "' + b"a" * 64 + b'", "sig": "AAAA"}], "more": 1}',
    ],
)
def test_hostile_signature_files_are_told_and_hurt_nothing(library, signed, now, data):
    path, _ = signed
    bad = path.with_name("1.0-aaaaaaaaaaaaaaaa.dsse.json")
    bad.write_bytes(data)
    found, problems = signatures(library, scan(library))
    assert [s.verdict for s in found] == ["good"]
    assert len(problems) == 1
    assert check_library(library, now.date()).problems


def test_a_signature_copied_to_another_record_or_name_is_refused(library, record, files, signed, now):
    path, _ = signed
    publish(library, record.model_copy(update={"id": "second-record"}), files, "Head of evidence", now)
    elsewhere = path.parents[2] / "second-record" / "signatures"
    elsewhere.mkdir()
    (elsewhere / path.name).write_bytes(path.read_bytes())
    path.with_name("1.1-" + path.name[4:]).write_bytes(path.read_bytes())
    found, problems = signatures(library, scan(library))
    assert [s.verdict for s in found] == ["good"]
    assert len(problems) == 2


def test_keys_are_never_overwritten_and_junk_is_no_key(library, signed, now, tmp_path):
    with pytest.raises(LibraryError, match="already exists"):
        keygen(library, "norchester-vru", tmp_path / "key.pem", now)
    with pytest.raises(LibraryError, match="not an organisation"):
        keygen(library, "../up", tmp_path / "k2.pem", now)
    assert not (tmp_path / "k2.pem").exists()
    (tmp_path / "junk.pem").write_text("SECRET-WORDS")
    with pytest.raises(LibraryError, match="not a private key") as error:
        sign(library, scan(library).records[0], tmp_path / "junk.pem", now)
    assert "SECRET-WORDS" not in str(error.value)
    with pytest.raises(LibraryError, match="cannot be read"):
        sign(library, scan(library).records[0], tmp_path / "none.pem", now)
