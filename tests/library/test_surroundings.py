"""``check`` covers every file of the library: each edit that no reader would notice is named."""

import json
import shutil

import pytest

from vru.library import publish, scan
from vru.library.checking import check_library
from vru.library.checkpoints import checkpoint
from vru.library.signing import keygen, sign


@pytest.fixture
def whole(library, record, files, now, tmp_path):
    """A published, signed record in a library with a checkpoint, and nothing wrong."""
    publish(library, record, files, "Head of evidence", now)
    keygen(library, record.organisation, tmp_path / "key.pem", now)
    sign(library, scan(library).records[0], tmp_path / "key.pem", now)
    assert check_library(library, now.date()).problems == ()
    return library


def said(library, now):
    return "\n".join(map(str, check_library(library, now.date()).problems))


def declared(library, change):
    file = library / "library.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    change(content)
    file.write_text(json.dumps(content), encoding="utf-8")


def version(library):
    return next(library.glob("records/*/*/v1.0"))


EDITS = {
    "a vocabulary term": (lambda lib: edit(next(lib.glob("vocab/*.json")), b" 1", b" 1 "), "is not the vocabulary"),
    "a vocabulary lost": (lambda lib: next(lib.glob("vocab/*.json")).unlink(), "is missing"),
    "a vocabulary added": (lambda lib: (lib / "vocab" / "other.json").write_text("{}"), "does not belong here"),
    "vocab gone": (lambda lib: shutil.rmtree(lib / "vocab"), "vocab"),
    "a key renamed": (
        lambda lib: declared(lib, lambda c: c["keys"][0].update(organisation="southchester-vru")),
        "was signed as norchester-vru; library.json lists the key as southchester-vru",
    ),
    "a key under another id": (
        lambda lib: declared(lib, lambda c: c["keys"].append({**c["keys"][0], "keyid": "ab" * 32})),
        "under an id that is not its own",
    ),
    "one key twice": (lambda lib: declared(lib, lambda c: c["keys"].append(dict(c["keys"][0]))), "is listed twice"),
    "a key of another owner": (
        lambda lib: declared(
            lib, lambda c: c["keys"].append({**c["keys"][0], "keyid": "ab" * 32, "organisation": "southchester-vru"})
        ),
        "the same public key is listed for",
    ),
    "a field of library.json": (lambda lib: declared(lib, lambda c: c.update(trusted=True)), "no field of a library"),
    "a signature deleted": (
        lambda lib: next(lib.rglob("*.dsse.json")).unlink(),
        "is not signed by norchester-vru, whose key library.json lists",
    ),
    "a newline in the manifest": (
        lambda lib: edit(version(lib) / "manifest.json", b"{\n", b"{\n\n"),
        "is not what its events speak of",
    ),
    "equal keys in library.json": (
        lambda lib: edit(lib / "library.json", b"{", b'{"kind": "vru-shared-learning",'),
        "says kind twice",
    ),
    "equal keys in an event": (
        lambda lib: edit(next(lib.glob("records/*/*/events/*.json")), b"{", b'{"kind": "retract",'),
        "says kind twice",
    ),
    "equal keys in the manifest": (
        lambda lib: edit(version(lib) / "manifest.json", b"{", b'{"schema_version": 1,'),
        "says schema_version twice",
    ),
    "a folder at the top": (lambda lib: (lib / "holdings").mkdir(), "does not belong here"),
    "a folder among checkpoints": (
        lambda lib: (lib / "checkpoints" / "more").mkdir(parents=True),
        "does not belong here",
    ),
    "a file in quarantine": (lambda lib: put(lib / "quarantine" / "x.json"), "quarantine/x.json"),
    "a file in the scratch folder": (lambda lib: put(lib / ".stage" / "x.txt"), ".stage/x.txt"),
    "a link at the top": (lambda lib: (lib / "extra").symlink_to("/"), "is a link"),
}


def put(path):
    path.parent.mkdir(exist_ok=True)
    path.write_text("x", encoding="utf-8")


def edit(path, old, new):
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))


@pytest.mark.parametrize("name", EDITS)
def test_every_edit_is_named(whole, now, name):
    change, expected = EDITS[name]
    change(whole)
    assert expected in said(whole, now)


def test_a_readme_a_licence_and_hidden_files_are_the_networks(whole, now):
    (whole / "README.md").write_text("Ours.", encoding="utf-8")
    (whole / ".gitignore").write_text(".stage", encoding="utf-8")
    checkpoint(whole, now)
    assert said(whole, now) == ""
