"""The index that the builder writes is the one that MiniSearch itself would make."""

import json
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

from vru.site.search_index import index_json, tokens

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DOCUMENTS = [
    ("Hot-spot patrols in St James’s", "Knife crime; “street” work – 15-minute visits.\r\nTwo lines… £5 + 3 = x"),
    ("Café Été NAÏVE", "naïve\u00a0space\u2003wide ١٢٣ 日本語、テスト。 _under_ [brackets] {braces} a/b\\c"),
    ("", "knife knife KNIFE knives"),
    ("<script>alert(1)</script> __proto__ constructor", "!?!  leading and trailing   "),
]


@pytest.mark.browser
def test_every_posting_is_minisearch_s_own(browser: "Browser") -> None:
    page = browser.new_page()
    page.evaluate((files("vru.site") / "assets" / "minisearch.js").read_text(encoding="utf-8"))
    theirs = page.evaluate(
        """docs => { const m = new MiniSearch({ fields: ["title", "text"] });
        m.addAll(docs.map((d, id) => ({ id, title: d[0], text: d[1] }))); return JSON.parse(JSON.stringify(m)); }""",
        DOCUMENTS,
    )
    text = index_json(DOCUMENTS, ("title", "text"))
    ours = json.loads(text)
    assert text.isascii()
    assert {t: p for t, p in ours["index"]} == {t: p for t, p in theirs["index"]}
    for key in ("documentCount", "nextId", "documentIds", "fieldIds", "fieldLength", "serializationVersion"):
        assert ours[key] == theirs[key], key
    assert ours["averageFieldLength"] == pytest.approx(theirs["averageFieldLength"])
    found = page.evaluate(
        """text => { const m = MiniSearch.loadJSON(text, { fields: ["title", "text"] });
        return [m.search("knife").map(h => h.id), m.search("naïv", { prefix: true }).map(h => h.id)]; }""",
        text,
    )
    assert sorted(found[0]) == [0, 2]
    assert found[1] == [1]
    page.close()


def test_tokens_split_at_punctuation_and_keep_symbols() -> None:
    assert tokens("a-b’c £5+3") == ["a", "b", "c", "£5+3"]


def test_no_documents_make_an_index_too() -> None:
    assert json.loads(index_json([], ("title",)))["index"] == []
