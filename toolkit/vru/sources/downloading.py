"""One file from a web address onto the disk: whole or not at all, resumed where it broke off, and polite.

What has come so far waits beside the place it is meant for, with what the server said of it; it is gone on with only where
the server says that the file is still the same.
"""

import email.utils
import errno
import http.client
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from vru.errors import DataError, Problem
from vru.sources.partial_file import Brought, Part
from vru.sources.source import Progress

_CHUNK = 2**18
_AGAIN = (202, 408, 425, 429, 500, 502, 503, 504)
"""Answers that may be another in a while; 202 is how a portal says that it is still making the file."""
_OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.EIO)
_HINT = "get the file in a browser and name it in the plan; or give another address with --address"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a server is waited for (seconds), how often it is asked again, and the least speed (bytes a second).

    tries_unreached : how often where nothing answers at all, as without a network.
    """

    silence: float = 60.0
    tries: int = 6
    longest_wait: float = 600.0
    slowest: int = 500
    tries_unreached: int = 2


class _BrokenError(Exception):
    """This try failed and another may not.

    wait : seconds that the server asks for, or None. unreached : nothing answered.
    """

    def __init__(self, why: str, wait: float | None = None, *, unreached: bool = False) -> None:
        super().__init__(why)
        self.wait, self.unreached = wait, unreached


def pause(seconds: float) -> None:
    """Wait."""
    time.sleep(seconds)


def _opener(hosts: Collection[str]) -> Any:
    """Follows a redirection only to hosts that are known, and never from https to http."""
    usual = urllib.request.HTTPRedirectHandler()
    follow = usual.redirect_request

    def only_known(req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        to = urllib.parse.urlsplit(newurl)
        if to.hostname not in hosts or (req.full_url.startswith("https:") and to.scheme != "https"):
            what = f"sends on to {to.scheme}://{to.hostname}, which is not known"
            hint = "look in a browser whether that is the publisher's; if so give that address with --address"
            raise DataError(Problem(what, _shown(req.full_url), ", ".join(sorted(hosts)), hint))
        return follow(req, fp, code, msg, headers, newurl)

    usual.redirect_request = only_known  # type: ignore[method-assign]
    return urllib.request.build_opener(usual)


def download(
    address: str,
    to: Path,
    progress: Progress,
    *,
    now: datetime,
    most_bytes: int,
    hosts: Collection[str] = (),
    patience: Patience | None = None,
) -> Brought:
    """Bring the file at ``address`` to ``to``, which is there afterwards whole or as it was.

    hosts : further ones than the address's own that it may be sent on to.

    Raises
    ------
    DataError
        No web address; refused; not reached, or broken off, as often as patience lasts (what has come stays for the next
        time); sent on to an unknown host; too large; another length than announced.
    """
    if urllib.parse.urlsplit(address).scheme not in ("https", "http"):
        raise DataError(Problem("is no web address", _shown(address), "https://..."))
    known = patience or Patience()
    own = {str(urllib.parse.urlsplit(address).hostname), *hosts}
    opener = _opener(own)
    part = Part(to, address)
    try:
        why = _tried(opener, part, progress, known, most_bytes, now)
    except DataError:
        part.leave()
        raise
    if not why:
        return part.finish()
    kept = f"; the {left:,} bytes that have come are gone on with next time" if (left := part.leave()) else ""
    raise DataError(Problem(f"cannot be had: {why}{kept}", _shown(address), hint=_HINT))


def _tried(opener: Any, part: Part, progress: Progress, known: Patience, most_bytes: int, now: datetime) -> str:
    """Why the last try failed; "" where the file is whole."""
    why = ""
    for i in range(known.tries):
        try:
            _go_on(opener, part, progress, known, most_bytes, now)
            return ""
        except _BrokenError as broken:
            why = str(broken)
            wait = 2.0**i if broken.wait is None else broken.wait
            if wait > known.longest_wait:
                raise DataError(
                    Problem(f"asks to wait {wait:,.0f} seconds ({why})", _shown(part.address), hint="try again then")
                ) from None
            if broken.unreached and i + 1 >= known.tries_unreached:
                return why
            if i + 1 < known.tries:
                progress(f"waiting {wait:,.0f} s ({why})", 0, 1)
                pause(wait)
    return why


def _go_on(opener: Any, part: Part, progress: Progress, patience: Patience, most_bytes: int, now: datetime) -> None:
    if part.total and part.size == part.total:
        return
    headers = {"User-Agent": "vru-toolkit", "Accept-Encoding": "identity"}
    if part.size and part.mark:
        headers |= {"Range": f"bytes={part.size}-", "If-Range": part.mark}
    asked = urllib.request.Request(part.address, headers=headers)
    try:
        with opener.open(asked, timeout=patience.silence) as answer:
            _prepare(part, answer, now)
            if part.total > most_bytes:
                raise DataError(
                    Problem(f"is too large: {part.total:,} bytes", _shown(part.address), f"up to {most_bytes:,}")
                )
            _take(part, answer, progress, patience, most_bytes)
    except urllib.error.HTTPError as error:
        _refused(part, error, now)
    except (http.client.HTTPException, urllib.error.URLError, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in _OF_THE_DISK:
            raise OSError(error.errno, error.strerror, str(part.path.parent)) from None
        why = _reason(error)
        raise _BrokenError(why, unreached=why.startswith("it cannot be reached")) from None
    if part.total and part.size != part.total:
        raise _BrokenError(f"it broke off after {part.size:,} of {part.total:,} bytes")


def _prepare(part: Part, answer: Any, now: datetime) -> None:
    """Begin anew, or make sure that what comes is the rest of what is here."""
    if answer.status in _AGAIN:
        raise _BrokenError(f"it answered {answer.status}", _wait(answer.headers, now))
    mark = _mark(answer.headers)
    if answer.status == 206:
        span = str(answer.headers.get("Content-Range", "")).removeprefix("bytes ")
        first, total = span.partition("-")[0], span.rpartition("/")[2]
        if first == str(part.size) and total == str(part.total) and mark == part.mark:
            return
        part.begin("", 0)
        raise _BrokenError("the file changed while it was fetched", 0.0)
    part.begin(mark, int(answer.headers.get("Content-Length") or 0))


def _take(part: Part, answer: Any, progress: Progress, patience: Patience, most_bytes: int) -> None:
    since, came = time.monotonic(), 0
    with part.path.open("ab") as handle:
        size = handle.tell()
        while chunk := answer.read1(_CHUNK):
            handle.write(chunk)
            size, came = size + len(chunk), came + len(chunk)
            progress("fetching", size, part.total or size + 1)
            if size > most_bytes or (part.total and size > part.total):
                _too_much(part, handle, most_bytes)
            passed = time.monotonic() - since
            if passed > patience.silence and came < passed * patience.slowest:
                raise _BrokenError("it sends too slowly")


def _too_much(part: Part, handle: IO[bytes], most_bytes: int) -> None:
    handle.close()
    part.begin("", 0)
    raise DataError(
        Problem("is larger than it may be, or than it said", _shown(part.address), f"up to {most_bytes:,} bytes")
    )


def _refused(part: Part, error: urllib.error.HTTPError, now: datetime) -> None:
    with error:
        if error.code == 416:
            part.begin("", 0)
            raise _BrokenError("the file changed while it was fetched", 0.0) from None
        if error.code in _AGAIN:
            raise _BrokenError(f"it answered {error.code}", _wait(error.headers, now)) from None
    raise DataError(Problem(f"answered {error.code} {error.reason}", _shown(part.address), hint=_HINT)) from None


def _wait(headers: Any, now: datetime) -> float | None:
    """Retry-After, in seconds or as a date; None where it is not given."""
    given = str(headers.get("Retry-After") or "")
    if given.isdigit():
        return float(given)
    try:
        return max(0.0, (email.utils.parsedate_to_datetime(given) - now).total_seconds())
    except (ValueError, TypeError):
        return None


def _mark(headers: Any) -> str:
    """What says that a file is still the same: a strong entity tag, else when it was last changed."""
    tag = str(headers.get("ETag") or "")
    return tag if tag and not tag.startswith("W/") else str(headers.get("Last-Modified") or "")


def _reason(error: BaseException) -> str:
    inner = getattr(error, "reason", error)
    if isinstance(inner, TimeoutError) or "timed out" in str(inner):
        return "it does not answer"
    if isinstance(inner, (http.client.IncompleteRead, ConnectionResetError, http.client.RemoteDisconnected)):
        return "it broke off"
    return f"it cannot be reached ({getattr(inner, 'strerror', None) or type(inner).__name__})"


def _shown(address: str) -> str:
    """An address without user, password and what follows a question mark, where keys may stand."""
    parts = urllib.parse.urlsplit(address)
    host = parts.hostname or ""
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path}" if host else address[:200]
