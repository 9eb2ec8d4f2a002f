"""``vru fetch police-uk``: from archives on a server of our own to a folder that the source reads; never half of it."""

import http.server
import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vru.cli import main
from vru.periods import months_between
from vru.sources.police_uk import PoliceUkOptions, read
from vru.sources.source import Request

HEAD = (
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,"
    "Last outcome category,Context"
)
Archives = dict[str, bytes]


def street(force: str, month: str, n: int) -> str:
    rows = [
        f"{force}{month}{i:060d},{month},F,F,-2.9,53.4,On or near X,E01006512,Liverpool 001A,Burglary,,"
        for i in range(n)
    ]
    return "\n".join([HEAD, *rows]) + "\n"


def archive(months: tuple[str, ...], n: int = 3, lost: tuple[str, ...] = (), **more: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as zipped:
        for month in months:
            for force in ("merseyside", "essex"):
                if month not in lost or force == "essex":
                    zipped.writestr(f"{month}/{month}-{force}-street.csv", street(force, month, n))
            zipped.writestr(f"{month}/{month}-merseyside-outcomes.csv", "x\n1\n")
        for name, raw in more.items():
            zipped.writestr(name.replace("__", "/"), raw)
    return out.getvalue()


class Shelf(http.server.BaseHTTPRequestHandler):
    archives: Archives = {}  # noqa: RUF012  set anew for each test
    asked: list[str] = []  # noqa: RUF012

    def do_GET(self) -> None:
        self.asked.append(self.path)
        body = self.archives.get(self.path.strip("/").removesuffix(".zip"))
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body or b"")))
        self.send_header("ETag", '"a"')
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[str]]]:
    """Function: put archives on the server; the command's arguments but for force and months."""
    monkeypatch.chdir(tmp_path)
    Shelf.asked.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shelf) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def put(**archives: bytes) -> list[str]:
            Shelf.archives = {name.replace("m", "", 1).replace("_", "-"): body for name, body in archives.items()}
            return ["--address", f"http://127.0.0.1:{server.server_port}/{{month}}.zip"]

        yield put
        server.shutdown()


def fetch(more: list[str], first: str = "2021-01", last: str = "2021-03", force: str = "merseyside") -> int:
    return main(["fetch", "police-uk", "--force", force, "--from", first, "--to", last, *more])


QUARTER = months_between("2020-10", "2021-03")


def test_a_folder_that_the_source_reads(
    shelf: Callable[..., list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetch(shelf(m2021_03=archive(QUARTER, lost=("2021-02",)))) == 0
    said = capsys.readouterr().out
    assert "2 months of merseyside, none for 2021-02: missing, not zero" in said
    made = Path("data") / "police-uk_merseyside_2021-01_2021-03"
    assert sorted(p.relative_to(made).as_posix() for p in made.rglob("*") if p.is_file()) == [
        "2021-01/2021-01-merseyside-street.csv",
        "2021-03/2021-03-merseyside-street.csv",
        "fetched.json",
    ]
    assert [p.name for p in Path("data").iterdir()] == [made.name]
    events = read(Request(made, tmp_path / "cache", 1, lambda *at: None), PoliceUkOptions())
    assert events.present == {"merseyside": ("2021-01", "2021-03")}
    receipt = json.loads((made / "fetched.json").read_text("utf-8"))
    assert receipt["missing"] == ["2021-02"]
    assert receipt["files"][0]["sha256"].startswith("sha256:")


def test_more_months_than_one_archive_covers_come_from_several(
    shelf: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    older, newer = months_between("2015-04", "2018-03"), months_between("2018-04", "2021-03")
    assert fetch(shelf(m2018_03=archive(older, 1), m2021_03=archive(newer, 1)), "2018-01", "2021-03") == 0
    assert "39 months of merseyside" in capsys.readouterr().out
    assert Shelf.asked == ["/2018-03.zip", "/2021-03.zip"]


def test_a_run_cut_short_goes_on_where_it_was(
    shelf: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    older, newer = months_between("2015-04", "2018-03"), months_between("2018-04", "2021-03")
    assert fetch(shelf(m2018_03=archive(older, 1)), "2018-01", "2021-03") == 2
    assert "answered 404" in capsys.readouterr().err
    assert [p.name for p in Path("data").iterdir()] == [".fetching"]
    assert fetch(shelf(m2018_03=archive(older, 1), m2021_03=archive(newer, 1)), "2018-01", "2021-03") == 0
    assert Shelf.asked == ["/2018-03.zip", "/2021-03.zip", "/2021-03.zip"]
    assert [p.name for p in Path("data").iterdir()] == ["police-uk_merseyside_2018-01_2021-03"]


def test_fetched_again_it_is_the_same_or_said_to_be_revised(
    shelf: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetch(shelf(m2021_03=archive(QUARTER))) == 0
    made = Path("data") / "police-uk_merseyside_2021-01_2021-03"
    before = {p: p.read_bytes() for p in made.rglob("*") if p.is_file()}
    assert fetch(shelf(m2021_03=archive(QUARTER))) == 0
    assert "as it was" in capsys.readouterr().out
    assert fetch(shelf(m2021_03=archive(QUARTER, 4))) == 2
    assert "3 of its months differ from what came" in capsys.readouterr().err
    assert {p: p.read_bytes() for p in made.rglob("*") if p.is_file()} == before


def damaged(raw: bytes) -> bytes:
    """One byte of a packed file turned over; the list of files at the end is whole."""
    at = raw.index(b"merseyside-street.csv") + 60
    return raw[:at] + bytes([raw[at] ^ 0xFF]) + raw[at + 1 :]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"<html>sign in</html>", "cannot be opened as a zip"),
        (archive(QUARTER)[:-200], "cannot be opened as a zip"),
        (damaged(archive(months_between("2021-01", "2021-03"), 400)), "does not fit its checksum"),
        (archive(QUARTER, **{"2021-01__2021-01-kent-street.csv": bytes(12 * 2**20)}), "unpacks to far more"),
        (archive(QUARTER, **{"..__2021-01-kent-street.csv": b"x"}), "names a path outside the archive"),
        (archive(months_between("2010-01", "2010-03")), "no file of these months"),
    ],
    ids=["page", "cut", "damaged", "bomb", "escape", "other-months"],
)
def test_what_is_no_sound_archive_leaves_nothing(
    shelf: Callable[..., list[str]], capsys: pytest.CaptureFixture[str], body: bytes, says: str
) -> None:
    assert fetch(shelf(m2021_03=body)) == 2
    assert says in capsys.readouterr().err
    assert not list(Path().rglob("*-street.csv"))
    assert not (Path("data") / "police-uk_merseyside_2021-01_2021-03").exists()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["--force", "mersyside", "--from", "2021-01", "--to", "2021-03"], "did you mean 'merseyside'?"),
        (["--force", "../x", "--from", "2021-01", "--to", "2021-03"], "'../x' is no force"),
        (["--force", "essex", "--from", "2021-13", "--to", "March"], "'2021-13' is no month"),
        (["--force", "essex", "--from", "2021-03", "--to", "2021-01"], "comes before 2021-03"),
        (["--from", "2021-03"], "--force: is not given"),
        (
            ["--force", "essex", "--from", "2021-01", "--to", "2021-03", "--address", "http://x/a.zip"],
            "no place for the month",
        ),
    ],
)
def test_what_is_typed_wrongly(
    shelf: Callable[..., list[str]], capsys: pytest.CaptureFixture[str], given: list[str], says: str
) -> None:
    place = shelf(m2021_03=archive(QUARTER))
    assert main(["fetch", "police-uk", *(given if "--address" in given else [*given, *place])]) == 2
    assert says in capsys.readouterr().err


def test_a_wrong_force_costs_no_second_download(shelf: Callable[..., list[str]]) -> None:
    place = shelf(m2021_03=archive(QUARTER))
    assert fetch(place, force="mersyside") == 2
    assert fetch(place) == 0
    assert Shelf.asked == ["/2021-03.zip"]


def test_two_at_once_do_not_mix(shelf: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    from filelock import FileLock

    (Path("data") / ".fetching").mkdir(parents=True)
    with FileLock(Path("data") / ".fetching" / "lock"):
        assert fetch(shelf(m2021_03=archive(QUARTER))) == 2
    assert "another fetch into this folder is going on" in capsys.readouterr().err
