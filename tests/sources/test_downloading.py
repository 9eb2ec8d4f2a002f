"""Downloads from a server of our own that misbehaves in every way: whole or not at all, resumed, polite."""

import hashlib
import http.server
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vru.errors import DataError
from vru.sources.downloading import Patience, download

BODY = bytes(range(256)) * 400
OTHER = BODY[::-1]
NOW = datetime(2026, 11, 28, 2, 0, tzinfo=UTC)
Script = Callable[[http.server.BaseHTTPRequestHandler], None]


class Scripted(http.server.BaseHTTPRequestHandler):
    script: list[Script] = []  # noqa: RUF012  set anew for each test
    asked: list[dict[str, str]] = []  # noqa: RUF012

    def do_GET(self) -> None:
        self.asked.append({"path": self.path, **{k.lower(): v for k, v in self.headers.items()}})
        (self.script.pop(0) if len(self.script) > 1 else self.script[0])(self)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def whole(body: bytes = BODY, tag: str = '"one"', cut: int | None = None, said: int | None = None) -> Script:
    """The file, or the part asked for; broken off after ``cut`` bytes, or with another length than is sent."""

    def answer(h: http.server.BaseHTTPRequestHandler) -> None:
        asked = h.headers.get("Range", "")
        first = int(asked.removeprefix("bytes=").rstrip("-")) if asked and h.headers.get("If-Range") == tag else 0
        rest = body[first:]
        h.send_response(206 if first else 200)
        h.send_header("Content-Length", str(len(rest) if said is None else said))
        if first:
            h.send_header("Content-Range", f"bytes {first}-{len(body) - 1}/{len(body)}")
        if tag:
            h.send_header("ETag", tag)
        h.end_headers()
        h.wfile.write(rest[:cut])
        h.close_connection = True

    return answer


def status(code: int, **headers: str) -> Script:
    def answer(h: http.server.BaseHTTPRequestHandler) -> None:
        h.send_response(code)
        for name, value in headers.items():
            h.send_header(name.replace("_", "-"), value)
        h.send_header("Content-Length", "0")
        h.end_headers()

    return answer


def rest_of(body: bytes, tag: str) -> Script:
    """A careless server: sends the rest of whatever it has now, without a look at If-Range."""

    def answer(h: http.server.BaseHTTPRequestHandler) -> None:
        first = int(h.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        h.send_response(206)
        h.send_header("Content-Length", str(len(body) - first))
        h.send_header("Content-Range", f"bytes {first}-{len(body) - 1}/{len(body)}")
        h.send_header("ETag", tag)
        h.end_headers()
        h.wfile.write(body[first:])

    return answer


def stuck(h: http.server.BaseHTTPRequestHandler) -> None:
    """Some bytes, then silence until the other side has had enough."""
    h.send_response(200)
    h.send_header("Content-Length", str(len(BODY)))
    h.send_header("ETag", '"one"')
    h.end_headers()
    h.wfile.write(BODY[:1000])
    h.wfile.flush()
    h.connection.settimeout(5)
    h.connection.recv(1)


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    Scripted.asked.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Scripted) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def play(*script: Script) -> str:
            Scripted.script = list(script)
            return f"http://127.0.0.1:{server.server_port}/file.bin"

        yield play
        server.shutdown()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waited: list[float] = []
    monkeypatch.setattr("vru.sources.downloading.pause", waited.append)
    return waited


def bring(address: str, to: Path, **changed: object) -> object:
    patience = Patience(silence=0.3, **changed)  # type: ignore[arg-type]
    return download(address, to, lambda *at: None, now=NOW, most_bytes=200_000, patience=patience)


@pytest.mark.parametrize(
    ("script", "asked", "waited"),
    [
        ([whole()], 1, []),
        ([whole(cut=70_000), whole()], 2, [1]),
        ([whole(cut=70_000), whole(cut=10_000), whole()], 3, [1, 2]),
        ([whole(cut=70_000, tag=""), whole(tag="")], 2, [1]),
        ([status(429, Retry_After="7"), whole()], 2, [7]),
        ([status(503, Retry_After="Sat, 28 Nov 2026 02:00:30 GMT"), whole()], 2, [30]),
        ([status(429, Retry_After="soon"), whole()], 2, [1]),
        ([status(500), status(502), whole()], 3, [1, 2]),
        ([status(202), whole()], 2, [1]),
        ([stuck, whole()], 2, [1]),
    ],
)
def test_what_goes_wrong_for_a_while_ends_in_the_whole_file(
    serve: Callable[..., str], waits: list[float], tmp_path: Path, script: list[Script], asked: int, waited: list[float]
) -> None:
    came = bring(serve(*script), tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY
    assert came.sha256 == f"sha256:{hashlib.sha256(BODY).hexdigest()}"  # type: ignore[attr-defined]
    assert len(Scripted.asked) == asked
    assert waits == waited
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


def test_only_the_rest_is_asked_for_and_only_of_the_same_file(
    serve: Callable[..., str], waits: list[float], tmp_path: Path
) -> None:
    bring(serve(whole(cut=70_000), whole()), tmp_path / "f")
    assert [a.get("range") for a in Scripted.asked] == [None, "bytes=70000-"]
    assert Scripted.asked[1]["if-range"] == '"one"'


@pytest.mark.parametrize(
    "second", [whole(OTHER, '"two"'), rest_of(OTHER, '"two"'), rest_of(OTHER[:-5], '"one"'), status(416)]
)
def test_a_file_that_changes_between_two_requests_is_begun_anew(
    serve: Callable[..., str], waits: list[float], tmp_path: Path, second: Script
) -> None:
    bring(serve(whole(cut=70_000), second, whole(OTHER, '"two"')), tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == OTHER


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ([status(404)], "answered 404"),
        ([status(403)], "answered 403"),
        ([status(500)], "it answered 500"),
        ([status(429, Retry_After="86400")], "asks to wait 86,400 seconds"),
        ([whole(said=len(BODY) + 50, tag="")], "broke off after 102,400 of 102,450 bytes"),
        ([whole(BODY * 2)], "is too large: 204,800 bytes"),
        ([status(302, Location="http://localhost:9/x")], "sends on to http://localhost, which is not known"),
        ([status(302, Location="file:///etc/passwd")], "answered 302"),
    ],
)
def test_what_cannot_be_had_leaves_what_was_there(
    serve: Callable[..., str], waits: list[float], tmp_path: Path, script: list[Script], says: str
) -> None:
    (tmp_path / "f").write_bytes(b"before")
    with pytest.raises(DataError, match=says):
        bring(serve(*script), tmp_path / "f")
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"f": b"before"}


def test_what_had_come_is_gone_on_with_by_the_next_run(
    serve: Callable[..., str], waits: list[float], tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="the 30,000 bytes that have come are gone on with next time"):
        bring(serve(whole(cut=30_000), status(503)), tmp_path / "f")
    Scripted.asked.clear()
    bring(serve(whole()), tmp_path / "f")
    assert [a["range"] for a in Scripted.asked] == ["bytes=30000-"]
    assert (tmp_path / "f").read_bytes() == BODY


def test_the_rest_of_another_address_is_not_gone_on_with(
    serve: Callable[..., str], waits: list[float], tmp_path: Path
) -> None:
    with pytest.raises(DataError):
        bring(serve(whole(cut=30_000), status(503)), tmp_path / "f")
    bring(serve(whole(OTHER)) + "?other", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == OTHER


def test_a_redirection_within_the_host_is_followed(
    serve: Callable[..., str], waits: list[float], tmp_path: Path
) -> None:
    bring(serve(status(302, Location="/elsewhere"), whole()), tmp_path / "f")
    assert [a["path"] for a in Scripted.asked] == ["/file.bin", "/elsewhere"]


def test_no_key_of_an_address_is_shown(serve: Callable[..., str], waits: list[float], tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        bring(serve(status(404)) + "?token=hunter2", tmp_path / "f")
    assert "hunter2" not in str(caught.value)


def test_without_a_network_it_is_said_soon(waits: list[float], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be reached"):
        bring("http://127.0.0.1:9/x", tmp_path / "f")
    assert waits == [1]
    assert list(tmp_path.iterdir()) == []
