"""``vru fetch`` against a server of our own."""

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from vru.cli import main
from vru.sources.fetching import public_files

GOOD = b"LSOA11CD,LSOA21CD\nE01000001,E01000001\nE01000002,E01900002\n"
SQUARE = [[-2.9, 53.4], [-2.89, 53.4], [-2.89, 53.41], [-2.9, 53.41], [-2.9, 53.4]]
MAP = json.dumps(
    {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"LSOA21CD": "E01000001"},
                "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
            }
        ],
    }
).encode()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vru.sources.downloading.pause", lambda seconds: None)


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        pages = {"/good.csv": GOOD, "/map.geojson": MAP, "/bad.csv": b"<html>moved</html>"}
        body = pages.get(self.path)
        self.send_response(200 if body or self.path == "/short.csv" else 404)
        self.send_header("Content-Length", str(len(body or b"x") + (50 if self.path == "/short.csv" else 0)))
        self.end_headers()
        self.wfile.write(body or b"x")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as http_server:
        threading.Thread(target=http_server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http_server.server_port}"
        http_server.shutdown()


def test_a_file_is_brought_and_named(server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch", "lookups", "--to", str(tmp_path / "data"), "--address", f"{server}/good.csv"]) == 0
    said = capsys.readouterr().out
    assert "3 codes" in said
    assert "units: {lookup" in said
    assert (tmp_path / "data" / "lsoa_2011_to_2021.csv").read_bytes() == GOOD
    assert sorted(p.name for p in (tmp_path / "data").iterdir()) == [
        "lsoa_2011_to_2021.csv",
        "lsoa_2011_to_2021.csv.fetched.json",
    ]


def test_boundaries_are_looked_into_before_they_stay(
    server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fetch", "boundaries", "--into", str(tmp_path / "data"), "--address", f"{server}/map.geojson"]) == 0
    said = capsys.readouterr().out
    assert "1 areas" in said
    assert "id_field: LSOA21CD" in said
    assert main(["fetch", "boundaries", "--into", str(tmp_path / "more"), "--address", f"{server}/good.csv"]) == 2
    assert not (tmp_path / "more").exists()


@pytest.mark.parametrize(
    ("page", "says"),
    [("bad.csv", "codes of each census"), ("no.csv", "answered 404"), ("short.csv", "broke off|reached")],
)
def test_what_is_no_look_up_leaves_what_was_there(
    server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], page: str, says: str
) -> None:
    before = tmp_path / "lsoa_2011_to_2021.csv"
    before.write_bytes(GOOD)
    assert main(["fetch", "lookups", "--to", str(tmp_path), "--address", f"{server}/{page}"]) == 2
    assert any(s in capsys.readouterr().err for s in says.split("|"))
    assert before.read_bytes() == GOOD
    assert [p.name for p in tmp_path.iterdir()] == [before.name]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["roads"], "is not known"),
        (["lookups", "--address", "file:///etc/passwd"], "no web address"),
        (["lookups", "--address", "http://127.0.0.1:9"], "cannot be reached"),
    ],
)
def test_what_is_refused(given: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch", *given, "--to", str(tmp_path)]) == 2
    assert says in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_addresses_are_dated_and_say_whether_they_were_tried() -> None:
    for known in public_files().values():
        assert known.address.startswith("https://")
        assert len(known.dated) == 10
        assert known.licence
