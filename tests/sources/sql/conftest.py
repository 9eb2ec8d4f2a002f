"""A PostgreSQL of our own in a temporary folder, a role that may only select, and a connections file that names them."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PASSWORD = "s3cret/p@ss:w0rd"
ADMIN = "adm1n-w0rd"
READER = "vru_reader"


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where the server listens; ``admin`` may do anything, ``READER`` may only select what it is granted."""

    folder: Path
    port: int

    def admin(self, database: str = "crime") -> Any:
        import psycopg

        return psycopg.connect(
            host="127.0.0.1", port=self.port, dbname=database, user="postgres", password=ADMIN, autocommit=True
        )

    def entry(self, **changed: Any) -> dict[str, Any]:
        """What the connections file says of it."""
        own = {"kind": "postgresql", "host": "127.0.0.1", "port": self.port, "database": "crime", "user": READER}
        return {**own, **changed}

    def load(self, table: str, *statements: str, grant: bool = True) -> None:
        """Make a table anew and let the reader select it."""
        with self.admin() as link:
            link.execute(f"DROP TABLE IF EXISTS {table} CASCADE")
            for statement in statements:
                link.execute(statement)
            if grant:
                link.execute(f"GRANT SELECT ON {table} TO {READER}")


def binary(name: str) -> str:
    found = shutil.which(name)
    if found and Path(found).resolve().name == name:
        return str(Path(found).resolve())
    there = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if not there:
        pytest.skip("no PostgreSQL: install Debian's postgresql package, which brings initdb and pg_ctl")
    return str(there[-1])


def as_owner(*command: str) -> None:
    """A server refuses to be run by root: then by the user that the package made."""
    whole = ["su", "postgres", "-s", "/bin/sh", "-c", " ".join(command)] if os.geteuid() == 0 else list(command)
    subprocess.run(
        whole if os.geteuid() == 0 else ["/bin/sh", "-c", " ".join(command)], check=True, capture_output=True
    )


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    initdb, pg_ctl = binary("initdb"), binary("pg_ctl")
    # Not under pytest's own folders, which nobody else may enter.
    folder = Path(tempfile.mkdtemp(prefix="vru-pg-", dir="/tmp"))
    data, secret = folder / "data", folder / "pw"
    secret.write_text(ADMIN, encoding="utf-8")
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        shutil.chown(secret, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    try:
        as_owner(initdb, "-D", str(data), "-U postgres -A scram-sha-256 -E UTF8 --locale=C.UTF-8", f"--pwfile={secret}")
        started = f"-o '-p {port} -k {folder} -h 127.0.0.1 -c fsync=off'"
        as_owner(pg_ctl, "-D", str(data), "-w", started, "-l", str(folder / "log"), "start")
        made = Cluster(folder, port)
        with made.admin("postgres") as link:
            link.execute("CREATE DATABASE crime")
            link.execute(f"CREATE ROLE {READER} LOGIN PASSWORD '{PASSWORD}'")
        yield made
    finally:
        if (data / "postmaster.pid").exists():
            as_owner(pg_ctl, "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def connections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Function: write the connections file, away from the workspace, and say where it is."""
    import yaml

    def write(**entries: dict[str, Any]) -> Path:
        at = tmp_path / "own" / "connections.yaml"
        at.parent.mkdir(exist_ok=True)
        at.write_text(yaml.safe_dump(entries), encoding="utf-8")
        monkeypatch.setenv("VRU_CONNECTIONS", str(at))
        return at

    return write


@pytest.fixture
def force_db(cluster: Cluster, connections: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """The cluster under the name ``force_db``, with the reader's password in the environment."""
    connections(force_db=cluster.entry())
    monkeypatch.setenv("VRU_PASSWORD_FORCE_DB", PASSWORD)
    return cluster
