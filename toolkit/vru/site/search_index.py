"""The full-text index, made here so that no reader waits for it: MiniSearch's own serialised form, version 2.

In a browser MiniSearch takes seconds to index 10,000 records and a fraction of one to load an index; see
``benchmarks/site.md``. A test has MiniSearch itself index the same texts and compares every posting.

Source: ``addAll`` and ``toJSON`` of MiniSearch 7.2.0 (MIT, Luca Ongaro), as documented in its README.
"""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

# The tokeniser's separators, [\n\r\p{Z}\p{P}]+, for text that is ASCII.
_SPLIT = re.compile(r"[\n\r !\"#%&'()*,\-./:;?@\[\\\]_{}]+")


def index_json(documents: Sequence[Sequence[str]], fields: Sequence[str]) -> str:
    """Index documents, each with one text per field; a document's id is its place.

    Returns
    -------
    str : JSON for ``MiniSearch.loadJSON(json, {fields})``, in ASCII.
    """
    postings: dict[str, dict[int, dict[int, int]]] = {}
    lengths: list[list[int]] = []
    for at, texts in enumerate(documents):
        lengths.append([])
        for field, text in enumerate(texts):
            words = tokens(text)
            lengths[at].append(len(set(words)))
            for term, count in Counter(w.lower() for w in words).items():
                if term:
                    postings.setdefault(term, {}).setdefault(field, {})[at] = count
    n = len(documents)
    content = {
        "documentCount": n,
        "nextId": n,
        "documentIds": {str(i): i for i in range(n)},
        "fieldIds": {name: i for i, name in enumerate(fields)},
        "fieldLength": {str(i): row for i, row in enumerate(lengths)},
        "averageFieldLength": [sum(row[f] for row in lengths) / n for f in range(len(fields))] if n else [],
        "storedFields": {},
        "dirtCount": 0,
        "index": [[term, postings[term]] for term in sorted(postings)],
        "serializationVersion": 2,
    }
    return json.dumps(content, ensure_ascii=True, separators=(",", ":"))


def tokens(text: str) -> list[str]:
    """Cut a text where MiniSearch does: at line ends and every Unicode separator or punctuation mark."""
    if not text.isascii():
        text = "".join(" " if not c.isascii() and _separates(c) else c for c in text)
    return _SPLIT.split(text)


@lru_cache(maxsize=4096)
def _separates(character: str) -> bool:
    return unicodedata.category(character)[0] in "ZP"
