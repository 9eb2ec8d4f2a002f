"""Push to and pull from object stores, in memory and on disk."""

import obstore
import pytest
from obstore.store import LocalStore, MemoryStore

from vru.errors import LibraryError
from vru.library import decide, open_library, publish, scan, state
from vru.library.checkpoints import checkpoint
from vru.library.objectstore import open_store, pull, push
from vru.library.planned import announce


@pytest.fixture(params=["memory", "disk"])
def store(request, tmp_path):
    return MemoryStore() if request.param == "memory" else LocalStore(tmp_path / "bucket", mkdir=True)


@pytest.fixture
def elsewhere(tmp_path):
    open_library(tmp_path / "elsewhere", create=True)
    return tmp_path / "elsewhere"


def held(store):
    return {e["path"]: bytes(obstore.get(store, e["path"]).bytes()) for batch in obstore.list(store) for e in batch}


def records(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in (folder / "records").rglob("*") if p.is_file()}


def test_there_and_back(library, elsewhere, store, record, plan, files, now):
    publish(library, record, files, "Head of evidence", now)
    announce(library, plan, "Director", now)
    checkpoint(library, now)
    done = push(library, store)
    assert (done.same, done.problems) == (0, ())
    assert done.created == len(held(store)) - 1  # library.json is not counted
    assert push(library, store).created == 0
    merged = pull(elsewhere, store, now)
    assert merged.problems == ()
    assert records(elsewhere) == records(library)
    assert pull(elsewhere, store, now).added == ()


def test_the_manifest_goes_last_and_a_push_cut_short_is_completed(library, elsewhere, store, record, files, now, puts):
    publish(library, record, files, "Head of evidence", now)
    order, stop = puts
    stop.append(4)
    with pytest.raises(LibraryError, match="push again to complete it"):
        push(library, store)
    assert pull(elsewhere, store, now).added == ()
    stop.clear()
    push(library, store)
    version = [p for p in order if "/v1.0/" in p]
    assert version[-1].endswith("manifest.json")
    assert pull(elsewhere, store, now).problems == ()
    assert len(scan(elsewhere).records) == 1


@pytest.fixture
def puts(monkeypatch):
    """Record the order of puts; with a number in ``stop``, fail at that one."""
    order, stop, real = [], [], obstore.put

    def put(store, path, data, **kwargs):
        assert kwargs == {"mode": "create"}
        if stop and len(order) == stop[0]:
            raise OSError("the line is down")
        order.append(path)
        return real(store, path, data, **kwargs)

    monkeypatch.setattr(obstore, "put", put)
    return order, stop


def test_nothing_in_the_store_is_overwritten(library, elsewhere, store, record, files, now):
    publish(library, record, files, "Head of evidence", now)
    push(library, store)
    before = held(store)
    publish(elsewhere, record, {**files, "report.html": b"other"}, "Head of evidence", now)
    done = push(elsewhere, store)
    assert "other content; nothing was overwritten" in str(done.problems)
    assert {k: v for k, v in held(store).items() if k in before} == before
    merged = pull(elsewhere, store, now)
    assert len(merged.quarantined) == 1
    assert (scan(elsewhere).records[0].path / "report.html").read_bytes() == b"other"


def test_a_hostile_store_is_read_as_untrusted(library, elsewhere, record, files, now):
    store = MemoryStore()
    publish(library, record, files, "Head of evidence", now)
    push(library, store)
    base = f"records/{record.organisation}/{record.id}"
    obstore.put(store, f"{base}/v1.0/report.html", b"tampered")
    obstore.put(store, f"{base}/v9.9/manifest.json", b"[" * 100_000)
    obstore.put(store, f"{base}/v9.8/manifest.json", b"x" * 2_000_000)
    obstore.put(store, f"{base}/events/01ARZ3NDEKTSV4RRFFQ69G5FAV.json", b"x" * 300_000)
    obstore.put(store, "records/UP/x/v1.0/manifest.json", b"{}")
    obstore.put(store, "records/mallory-vru/evil-record/events/.hidden", b"{}")
    merged = pull(elsewhere, store, now)
    assert scan(elsewhere).records == ()
    told = str(merged.problems)
    for name in ("v1.0", "v9.9", "v9.8", "01ARZ3NDEKTSV4RRFFQ69G5FAV"):
        assert name in told
    assert not (elsewhere / "records" / "UP").exists()


def test_no_library_no_store_no_url(library, tmp_path, now):
    with pytest.raises(LibraryError, match="holds no library"):
        pull(library, MemoryStore(), now)
    with pytest.raises(LibraryError, match="cannot be opened"):
        open_store("nonsense")
    (tmp_path / "bucket").mkdir()
    assert push(library, open_store(f"file://{tmp_path}/bucket")).problems == ()


def test_what_was_decided_in_a_store_waits_unless_it_is_ones_own(library, elsewhere, store, record, files, now):
    publish(library, record, files, "Head of evidence", now)
    push(library, store)
    pull(elsewhere, store, now)
    decide(library, scan(library).records[0], "retract", "Head of evidence", "The data were doubled.", now)
    push(library, store)
    assert "says retract of night-bus-patrols@1.0" in str(pull(elsewhere, store, now).problems)
    assert state(scan(elsewhere).records[0]) == "published"
    pull(elsewhere, store, now, decisions=True)
    assert state(scan(elsewhere).records[0]) == "retracted"
