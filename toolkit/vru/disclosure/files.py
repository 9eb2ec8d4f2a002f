"""Read a file by what its name says it is."""

from collections.abc import Callable, Mapping

from vru.disclosure.content import Content, UnreadableError
from vru.disclosure.data_text import read_csv, read_json, read_lines, read_yaml
from vru.disclosure.html_text import read_html
from vru.disclosure.office import read_docx, read_xlsx

_TEXTS: Mapping[str, Callable[[str, str, Content], None]] = {
    ".html": read_html,
    ".json": read_json,
    ".yaml": read_yaml,
    ".csv": read_csv,
    ".txt": read_lines,
    ".md": read_lines,
}
_ARCHIVES: Mapping[str, Callable[[str, bytes, Content], None]] = {".docx": read_docx, ".xlsx": read_xlsx}
ALLOWED = tuple(sorted([*_TEXTS, *_ARCHIVES]))


def suffix(name: str) -> str:
    """The last suffix in lower case, or nothing."""
    return name[name.rfind(".") :].lower() if "." in name else ""


def read_file(name: str, data: bytes) -> Content:
    """What a file says. Raises UnreadableError if it is not what its (allowed) suffix says."""
    content = Content()
    kind = suffix(name)
    if kind in _ARCHIVES:
        _ARCHIVES[kind](name, data, content)
        return content
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableError("is not UTF-8 text") from None
    _TEXTS[kind](name, text, content)
    return content
