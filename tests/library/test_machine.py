"""Random sequences of what honest, mistaken and hostile people do to a library: no loss, no lock-out, nothing outside touched.

A model keeps what must still be there. Honest: publish, the next version, review, take down, redact, merge with a colleague.
Mistaken: the same again, a decision that does not fit, a takedown of what is not there. Hostile: events written by hand into
a copy that is then merged, or straight into the folder: takedowns and retractions by strangers, of versions that never were,
with ids of the far future, under other names; and links to a folder outside.
"""

import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from ulid import ULID

from vru.errors import VruError
from vru.library import decide, draft_record, open_library, publish, scan, succeed, take_down
from vru.library.events import Event, dump_event
from vru.library.merging import merge
from vru.library.redacting import redact
from vru.protocol import Protocol
from vru.results import from_json

EXAMPLE = Path(__file__).with_name("example")
PLAN = Protocol.model_validate(yaml.safe_load((EXAMPLE / "protocol.yaml").read_text(encoding="utf-8")))
RECORD = draft_record(PLAN, from_json((EXAMPLE / "result.json").read_text(encoding="utf-8")))
FILES = {"report.html": b"<!DOCTYPE html><title>Report</title>"}
IDS = ("night-bus-patrols", "day-bus-patrols")
ODD = ("", "future", "ghost", "name")
KINDS = ("takedown", "retract", "return", "approve", "publish", "submit", "comment")


class Library(RuleBasedStateMachine):
    """``ours`` is the library; ``held`` what must be in it: (record id, version) -> the hash of its manifest."""

    @initialize()
    def begin(self) -> None:
        self.base = Path(tempfile.mkdtemp(prefix="vru-machine-"))
        self.ours, self.theirs = self.base / "ours", self.base / "theirs"
        for library in (self.ours, self.theirs):
            open_library(library, create=True)
        (self.base / "outside" / "old").mkdir(parents=True)
        (self.base / "outside" / "old" / "letter.txt").write_text("mine", encoding="utf-8")
        self.held: dict[tuple[str, str], str] = {}
        self.gone: set[str] = set()
        self.clock = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)

    def now(self) -> datetime:
        self.clock += timedelta(seconds=1)
        return self.clock

    def of(self, library: Path, name: str):
        return [s for s in scan(library).records if s.record.id == name]

    @rule(name=st.sampled_from(IDS), review=st.booleans())
    def publish_here(self, name: str, review: bool) -> None:
        known = self.of(self.ours, name)
        if known or any(key[0] == name for key in self.held) or self.gone:
            return
        done = publish(self.ours, RECORD.model_copy(update={"id": name}), FILES, "Head of evidence", self.now(), review)
        self.held[name, done.version] = done.manifest_sha256

    @rule(name=st.sampled_from(IDS), word=st.sampled_from(["One", "Two", "Three"]))
    def publish_the_next(self, name: str, word: str) -> None:
        for last in self.of(self.ours, name)[-1:]:
            following = succeed(last.record, last.record.model_copy(update={"title": f"Title {word}"}))
            try:
                done = publish(self.ours, following, FILES, "Head of evidence", self.now())
            except VruError:
                # Mistaken: the number is taken, or that content is there already.
                return
            self.held[name, done.version] = done.manifest_sha256

    @rule(
        name=st.sampled_from(IDS),
        decision=st.sampled_from(["comment", "approve", "return", "retract", "submit"]),
        by=st.sampled_from(["Reader", "Head of evidence", "Unit analyst", "Unit аnalyst"]),
    )
    def review_here(self, name: str, decision: str, by: str) -> None:
        for stored in self.of(self.ours, name)[-1:]:
            try:
                decide(self.ours, stored, decision, by, "Said.", self.now())  # type: ignore[arg-type]
            except VruError:
                return

    @rule(name=st.sampled_from(IDS))
    def take_down_here(self, name: str) -> None:
        for stored in self.of(self.ours, name)[-1:]:
            take_down(self.ours, stored, "Data protection officer", "It named somebody.", self.now())
            del self.held[name, stored.record.version]
            self.gone.add(stored.manifest_sha256)

    @rule(name=st.sampled_from(IDS))
    def redact_here(self, name: str) -> None:
        for stored in self.of(self.ours, name)[-1:]:
            for event in stored.events[:1]:
                redact(self.ours, event.id, "text", "Data protection officer", "A name.", self.now())

    @rule()
    def a_colleague_copies_ours(self) -> None:
        shutil.copytree(self.ours / "records", self.theirs / "records", dirs_exist_ok=True)

    @rule(name=st.sampled_from(IDS), kind=st.sampled_from(KINDS), odd=st.sampled_from(ODD))
    def a_stranger_writes_events_that_are_merged(self, name: str, kind: str, odd: str) -> None:
        self.forge(self.theirs, name, kind, odd)
        merge(self.ours, self.theirs, self.now())

    @rule(
        name=st.sampled_from(IDS),
        kind=st.sampled_from(["takedown", "comment"]),
        odd=st.sampled_from(["future", "ghost", "name"]),
    )
    def a_stranger_writes_impossible_events_into_ours(self, name: str, kind: str, odd: str) -> None:
        self.forge(self.ours, name, kind, odd)

    @rule()
    def a_link_takes_the_place_of_the_stage(self) -> None:
        for library in (self.ours, self.theirs):
            shutil.rmtree(library / ".stage", ignore_errors=True)
        (self.theirs / ".stage").symlink_to(self.base / "outside")
        try:
            merge(self.ours, self.theirs, self.now())
        finally:
            (self.theirs / ".stage").unlink()

    def forge(self, library: Path, name: str, kind: str, odd: str) -> None:
        for stored in self.of(library, name)[-1:]:
            at = datetime(2150, 1, 1, tzinfo=UTC) if odd == "future" else self.now()
            event = Event(
                id=str(ULID.from_datetime(at)),
                kind=kind,  # type: ignore[arg-type]
                organisation=stored.record.organisation,
                record=name,
                version="999.0" if odd == "ghost" else stored.record.version,
                manifest_sha256="sha256:" + "ab" * 32 if odd == "ghost" else stored.manifest_sha256,
                actor="Anybody at all",
                at=at.isoformat(timespec="seconds"),
                text="x",
            )
            folder = stored.path.parent / "events"
            folder.mkdir(exist_ok=True)
            (folder / ("another.json" if odd == "name" else f"{event.id}.json")).write_bytes(dump_event(event))

    @invariant()
    def nothing_is_lost_and_nothing_removed_comes_back(self) -> None:
        if not hasattr(self, "held"):
            return
        found = {(s.record.id, s.record.version): s.manifest_sha256 for s in scan(self.ours).records}
        assert found == self.held
        assert not self.gone & set(found.values())

    @invariant()
    def nothing_outside_is_touched(self) -> None:
        if hasattr(self, "base"):
            assert (self.base / "outside" / "old" / "letter.txt").read_text(encoding="utf-8") == "mine"

    def teardown(self) -> None:
        if not hasattr(self, "base"):
            return
        # Whatever happened, every version can still be spoken of, and taken down.
        for stored in scan(self.ours).records:
            decide(self.ours, stored, "comment", "Reader", "Still here.", self.now())
        for stored in scan(self.ours).records:
            take_down(self.ours, stored, "Data protection officer", "At the end.", self.now())
        assert scan(self.ours).records == ()
        shutil.rmtree(self.base)


Library.TestCase.settings = settings(
    max_examples=40, stateful_step_count=14, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
TestLibrary = Library.TestCase
