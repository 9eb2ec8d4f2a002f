"""What a source is: a name, its options, and one function from a path to events."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from vru.events import Events, Table

Progress = Callable[[str, int, int], None]
"""``progress(what, done, total)``: called as long work goes on; the command line draws a bar from it."""


class SourceOptions(BaseModel):
    """Options of a source as typed in a protocol; closed to unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Asked:
    """A table or a query (one of them) of a named connection.

    away_from : the workspace, in which the connections file may not lie; None where there is none yet.
    """

    connection: str
    table: str | None
    query: str | None
    away_from: Path | None


@dataclass(frozen=True, slots=True)
class Request:
    """What a source is asked to read.

    path : the archive (zip or folder), or None where the source makes its own data or asks a database.
    cache : folder for content-addressed Parquet; may be shared by runs going on at once.
    seed : of the protocol, for sources that draw random numbers.
    """

    path: Path | None
    cache: Path
    seed: int
    progress: Progress
    asked: Asked | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A reader. ``read(request, options)`` gives Events, or a Table of rows; raises DataError with every problem.

    gives : "events" of areas, for a panel by month, or a "table" whose columns the plan names.
    profile : the mildest disclosure profile that a plan over this source may have.
    asks : whether it also reads a table or query of a database.
    """

    name: str
    label: str
    needs_path: bool
    options: type[SourceOptions]
    read: Callable[[Request, SourceOptions], Events | Table]
    gives: Literal["events", "table"] = "events"
    profile: str = "public_police_uk"
    asks: bool = False
