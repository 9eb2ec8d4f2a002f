"""Write one file whole or not at all."""

import os
import secrets
from pathlib import Path

from vru.errors import Problem, VruError


def write_whole(path: Path, data: bytes) -> None:
    """Put ``data`` in ``path``; what was there stays until all of it is on the disk.

    Raises VruError where the disk refuses; nothing half-written is left then.
    """
    # A name of its own for each writer: two at once cannot mix their bytes.
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with partial.open("xb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        partial.replace(path)
    except OSError as error:
        raise VruError(cannot_write(path, error)) from None
    finally:
        partial.unlink(missing_ok=True)


def cannot_write(path: Path | str, error: OSError) -> Problem:
    """What to say where the disk refuses."""
    hint = "make room or ask for write permission, then do it again; what was there before is as it was"
    return Problem(f"could not be written: {error.strerror}", where=str(path), hint=hint)
