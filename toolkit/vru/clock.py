"""The one clock, and how old a file is by the clock of the disk it lies on.

Commands ask for the time here and hand it on; nothing below them asks. A file's age is never judged by that clock:
on a share the disk's may be another, and a machine may be a day ahead.
"""

import os
from datetime import UTC, datetime
from pathlib import Path


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


def seconds_older(path: str | os.PathLike[str], fresh: Path) -> float:
    """By how many seconds ``path`` was last changed before ``fresh``, which was made just now on the same disk.

    Both times are the disk's own, so no machine's clock enters. Links are not followed. Raises OSError.
    """
    return fresh.stat(follow_symlinks=False).st_mtime - os.stat(path, follow_symlinks=False).st_mtime
