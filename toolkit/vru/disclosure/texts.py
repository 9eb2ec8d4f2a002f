"""One door for what people type: posts, reasons and comments go through the same detectors as files."""

from collections.abc import Mapping
from datetime import datetime

from vru.disclosure.personal import DETECTORS, Context, masked, plain
from vru.errors import DisclosureError, Problem


def enforce_texts(texts: Mapping[str, str], now: datetime) -> None:
    """Raise DisclosureError naming every text (by its key) that looks as if it identified somebody; never shows it in full."""
    context = Context(frozenset(), now.year)
    hint = "say it without; what enters a library is copied by everybody who reads it"
    problems = [
        Problem(f"looks like a {d.label}: {masked(found)}", where, hint=hint)
        for where, text in texts.items()
        for d in DETECTORS.values()
        for found in dict.fromkeys(d.find(plain(text), context))
    ]
    if problems:
        raise DisclosureError(*problems)
