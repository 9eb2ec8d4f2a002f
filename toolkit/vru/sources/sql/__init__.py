"""Tables and queries of a database as extracts: PostgreSQL, SQLite, DuckDB and SQL Server, read only."""

from vru.sources.sql.reading import asked_on_command_line, read_asked, tables_of
from vru.sources.sql.statement import refused

__all__ = ["asked_on_command_line", "read_asked", "refused", "tables_of"]
