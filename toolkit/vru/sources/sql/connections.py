"""The connections file: what the names of databases in plans mean here, outside every plan and workspace; no passwords in it.

It is read anew each time, and nothing in it is written anywhere: plans, results and messages know a database by its name.
"""

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError

from vru.errors import DataError, Problem

VARIABLE = "VRU_CONNECTIONS"
FILE = "connections.yaml"
SERVICE = "vru-toolkit"
"""What the keyring files its passwords under; the user name there is the connection's name."""
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
_MAX_BYTES = 100_000
_EXAMPLE = "force_db: {kind: postgresql, host: db.example, database: crime, user: vru_reader}"
_Host = Annotated[str, Field(pattern=r"^[^\s@:]+$|^[0-9a-fA-F:]+$|^/[^@]+$", max_length=255)]
_Word = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^:@/\s][^:@/]*$")]


class Server(BaseModel):
    """A database server. tls : None asks for an encrypted connection of any server but this machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["postgresql", "sqlserver"]
    host: _Host
    port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    database: _Word
    user: _Word | None = None
    password_variable: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    keyring: bool = False
    tls: Literal["disable", "prefer", "require", "verify-ca", "verify-full"] | None = None
    tls_root: str | None = None
    timeout_seconds: Annotated[int, Field(ge=1, le=86_400)] = 600

    @property
    def is_local(self) -> bool:
        """Whether the server is this machine."""
        return self.host in LOCAL_HOSTS or self.host.startswith("/")


class File(BaseModel):
    """A database in a file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["sqlite", "duckdb"]
    path: str
    timeout_seconds: Annotated[int, Field(ge=1, le=86_400)] = 600


Entry = Server | File
_ENTRY: TypeAdapter[Server | File] = TypeAdapter(Annotated[Server | File, Field(discriminator="kind")])


def connection_named(name: str, away_from: Path | None) -> Entry:
    """The entry of that name.

    away_from : the workspace, which is shared and published: the file may not lie there, nor in its repository.

    Raises
    ------
    DataError
        No file, one that cannot be read or lies in the workspace, no such name, or an entry that is not sound. No value
        of the file is shown.
    """
    at = connections_file()
    _refuse_place(at, away_from)
    content = _content(at)
    if name not in content:
        near = get_close_matches(name, list(map(str, content)), n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"add it there, as {_EXAMPLE}"
        raise DataError(Problem(f"there is no connection {name!r}", str(at), ", ".join(map(str, content)), hint))
    try:
        return _ENTRY.validate_python(content[name])
    except ValidationError as error:
        raise DataError(*(_problem(at, name, e) for e in error.errors())) from None


def connections_file() -> Path:
    """Where the file is: as the environment says, or in the user's own configuration. Raises DataError: a relative path."""
    given = os.environ.get(VARIABLE)
    if not given:
        import platformdirs

        return platformdirs.user_config_path("vru", appauthor=False) / FILE
    at = Path(given).expanduser()
    if not at.is_absolute():
        raise DataError(Problem("is not a whole path", VARIABLE, hint="write it from the root, as runs change folders"))
    return at


def password_of(name: str, entry: Server) -> SecretStr | None:
    """The password: of the environment first, then of the keyring where the entry asks for it, else None.

    None leaves it to the database's own means: a password file, a certificate, Kerberos, a Windows log-in.
    """
    found = os.environ.get(password_variable(name, entry))
    if found:
        return SecretStr(found)
    return _from_keyring(name, entry) if entry.keyring else None


def password_variable(name: str, entry: Server) -> str:
    """The variable of the environment that holds the password."""
    return entry.password_variable or f"VRU_PASSWORD_{name.upper()}"


def _from_keyring(name: str, entry: Server) -> SecretStr | None:
    where, hint = f"connection {name}", f"set {password_variable(name, entry)} in the environment instead"
    try:
        import keyring
        import keyring.errors
    except ImportError:
        hint = f"pip install 'vru-toolkit[keyring]', or {hint}"
        raise DataError(Problem("keyring is asked for and not installed", where, hint=hint)) from None
    try:
        found = keyring.get_password(SERVICE, name)
    except keyring.errors.KeyringError:
        # As on a server without a desktop; the words of its backends name files and services.
        raise DataError(Problem("the keyring cannot be opened here", where, hint=hint)) from None
    if found is None:
        hint = f"keyring set {SERVICE} {name}, or {hint}"
        raise DataError(Problem("the keyring holds no password for it", where, hint=hint))
    return SecretStr(found)


def _refuse_place(at: Path, away_from: Path | None) -> None:
    if away_from is None:
        return
    folder = away_from.resolve()
    repository = next((p for p in (folder, *folder.parents) if (p / ".git").exists()), folder)
    if at.resolve().is_relative_to(repository):
        hint = f"keep it outside, and say where in the environment: {VARIABLE}"
        raise DataError(Problem("lies in the workspace, which is shared with others", str(at), hint=hint))


def _content(at: Path) -> dict[str, Any]:
    try:
        raw = at.read_bytes()
        if len(raw) > _MAX_BYTES:
            raise DataError(Problem(f"is larger than {_MAX_BYTES:,} bytes", str(at)))
        found = yaml.safe_load(raw.decode("utf-8-sig"))
    except FileNotFoundError:
        hint = f"make it, with a line for each database: {_EXAMPLE}; or say where it is: {VARIABLE}"
        raise DataError(Problem("there is no file of connections", str(at), hint=hint)) from None
    except OSError as error:
        raise DataError(Problem(f"cannot be opened: {error.strerror}", str(at))) from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        # The parser quotes the line, which may hold what nobody should see.
        mark = getattr(error, "problem_mark", None)
        line = f": line {mark.line + 1}" if mark is not None else ""
        raise DataError(Problem("is not valid YAML", f"{at}{line}", hint=f"write it as {_EXAMPLE}")) from None
    if not isinstance(found, dict):
        raise DataError(Problem("names no connection", str(at), hint=f"write a line for each: {_EXAMPLE}"))
    return found


def _problem(at: Path, name: str, error: Any) -> Problem:
    """One fault of an entry, by the name of its field; what stands there is never shown."""
    place = [str(p) for p in error["loc"] if p not in ("postgresql", "sqlserver", "sqlite", "duckdb")]
    field, where = (place[-1] if place else "kind"), ": ".join([str(at), name, *place])
    if error["type"] == "extra_forbidden":
        if "password" in field or field in ("pwd", "url", "dsn"):
            hint = f"take it out and set VRU_PASSWORD_{name.upper()} in the environment"
            return Problem("no password or address with one is kept in this file", where, hint=hint)
        fields = {*Server.model_fields, *File.model_fields}
        return Problem("is not known", where, ", ".join(sorted(fields)))
    if error["type"].startswith("union_tag"):
        return Problem("says no kind of database that is known", where, "postgresql, sqlite, duckdb, sqlserver")
    if error["type"] == "missing":
        return Problem("is required and not given", where)
    hint = "host, database and user each stand by themselves" if field in ("host", "database", "user") else ""
    return Problem("is not of the form that is wanted", where, hint=hint)
