"""Where the data of a plan are: a file or folder, or a table or query of a database that has a name."""

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from vru.protocol.section import Name, Options, Section

Table = Annotated[
    str, StringConstraints(pattern=r"^[^.\s\"\[\]'`;][^.\"\[\]'`;]*(\.[^.\"\[\]'`;]+){0,2}$", max_length=200)
]


class DataSource(Section):
    """One source of events. ``path`` is relative to the evaluation folder or to --data.

    connection : the name of a database in the user's own connections file, with ``table`` (schema.table) or ``query``, a
    single SELECT. The query is published with the plan.
    """

    id: Name
    source: Name
    path: str | None = None
    connection: Name | None = None
    table: Table | None = None
    query: Annotated[str, StringConstraints(strip_whitespace=True, min_length=6, max_length=20_000)] | None = None
    options: Options = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_place(self) -> "DataSource":
        asks = [n for n, v in (("table", self.table), ("query", self.query)) if v is not None]
        if self.connection is None and asks:
            raise ValueError(f"{asks[0]} needs connection: the name of a database in your connections file")
        if self.connection is not None and self.path is not None:
            raise ValueError("give path or connection, not both")
        if self.connection is not None and len(asks) != 1:
            raise ValueError("connection needs table or query, one of them")
        return self
