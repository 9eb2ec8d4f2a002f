"""The interview as one page that works without a network and saves the answers as a file."""

from collections.abc import Mapping
from html import escape

from vru.process.scope.answers import QUESTIONS, Question

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Scope an evaluation</title>
<style>
body {{ font: 19px/1.5 Arial, sans-serif; max-width: 40em; margin: 2em auto; padding: 0 1em; color: #0b0c0c; }}
label, legend {{ display: block; font-weight: bold; margin-top: 1.2em; }}
fieldset {{ border: 0; margin: 0; padding: 0; }}
fieldset label {{ font-weight: normal; margin: .2em 0; }}
input[type=text], input[type=number], select {{
  font: inherit; padding: .3em; width: 100%; box-sizing: border-box; border: 2px solid #0b0c0c;
}}
button {{ font: inherit; margin-top: 1.5em; padding: .5em 1em; background: #00703c; color: #fff; border: 0; }}
:focus {{ outline: 3px solid #fd0; outline-offset: 0; }}
</style></head><body>
<h1>Scope an evaluation</h1>
<p>Nothing leaves this page: it saves a file, which <code>vru scope NAME --answers answers.yaml</code> reads.
The questions are those of <code>vru scope</code>.</p>
<form id="form">
{questions}
<button type="submit">Save the answers</button>
</form>
<script>
document.getElementById("form").addEventListener("submit", function (event) {{
  event.preventDefault();
  var lines = [];
  new FormData(event.target).forEach(function (value, field) {{
    if (String(value).trim() !== "") lines.push(field + ": " + JSON.stringify(/^\\d+$/.test(value) ? Number(value) : value));
  }});
  var link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([lines.join("\\n") + "\\n"], {{ type: "text/yaml" }}));
  link.download = "answers.yaml";
  link.click();
}});
</script>
</body></html>
"""
_NUMBERS = ("treated", "others", "months_before")
_ONLY_AREAS = {"months_before": " (areas and schools)", "known_before": " (people and cases)", "staggered": " (areas)"}


def page(types: Mapping[str, str]) -> str:
    """The questions as HTML; ``types``: kind of intervention -> what it is."""
    return _PAGE.format(questions="\n".join(_field(q, types) for q in QUESTIONS))


def _field(q: Question, types: Mapping[str, str]) -> str:
    asks = escape(q.asks) + _ONLY_AREAS.get(q.field, "")
    need = "" if q.optional or q.field in _ONLY_AREAS else " required"
    if q.field == "intervention":
        options = "".join(f'<option value="{escape(t)}">{escape(label)}</option>' for t, label in types.items())
        label = '<label for="intervention">What kind of intervention is it?</label>'
        return f'{label}<select id="intervention" name="intervention">{options}</select>'
    if not q.allowed:
        kind = 'type="number" min="0"' if q.field in _NUMBERS else 'type="text"'
        return f'<label for="{q.field}">{asks}</label><input id="{q.field}" name="{q.field}" {kind}{need}>'
    choices = "".join(
        f'<label><input type="radio" name="{q.field}" value="{word}"{need}> {escape(meaning)}</label>'
        for word, meaning in q.allowed.items()
    )
    return f"<fieldset><legend>{asks}</legend>{choices}</fieldset>"
