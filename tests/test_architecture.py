"""The house keeps its own rules: layers, sizes, names, thin notebooks, no machine paths."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "toolkit" / "vru"
PAGE = (ROOT / "toolkit" / "ARCHITECTURE.md").read_text(encoding="utf-8")
MODULES = sorted(PACKAGE.rglob("*.py"))


def test_the_page_lists_the_contracts_layers() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = config["tool"]["importlinter"]["contracts"][0]["layers"]
    block = PAGE.split("## Layers")[1].split("```")[1].strip().splitlines()
    assert [line.replace(" ", "") for line in block] == [x.replace("vru.", "").replace(" ", "") for x in layers]


def test_the_page_describes_every_module() -> None:
    described = set(re.findall(r"^\| `(\w+)` \|", PAGE, flags=re.M))
    there = {p.stem for p in PACKAGE.iterdir() if (p.suffix == ".py" or (p / "__init__.py").exists())} - {"__init__"}
    assert described == there


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
            assert lines <= 40, f"{node.name} has {lines} lines"
        if isinstance(node, ast.ClassDef):
            allowed = {"BaseModel", "Section", "Part", "Exception", "VruError", "MethodOptions", "CheckOptions"}
            names = {ast.unparse(b) for b in node.bases}
            allowed |= {"SourceOptions", "Protocol", "NamedTuple"}
            # How a file is written, joined with which of its columns is what: two closed sections, no tower.
            joined = {"ExtractOptions", "EventColumns", "CountColumns"}
            assert names <= allowed or (len(names) == 2 and names <= joined), f"{node.name} inherits {names}"


def test_no_file_is_named_for_nothing() -> None:
    banned = {"utils", "helpers", "common", "misc"}
    assert not [p for p in MODULES if p.stem in banned or banned & set(p.parts)]


def test_every_module_says_what_it_is() -> None:
    assert not [p for p in MODULES if not ast.get_docstring(ast.parse(p.read_text(encoding="utf-8")))]


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.name)
def test_notebooks_are_thin_and_clean(path: Path) -> None:
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            source = "".join(cell["source"])
            assert not cell["outputs"]
            assert cell["execution_count"] is None
            assert not re.search(r"^\s*(def|class|lambda)\b", source, flags=re.M)


def test_every_method_has_a_card_and_a_test() -> None:
    from vru.methods import METHODS

    cards = (ROOT / "toolkit" / "METHODS.md").read_text(encoding="utf-8")
    for name in METHODS:
        assert f"\n## {name}\n" in cards
        assert list((ROOT / "tests" / "methods").rglob(f"test_{name}*.py"))


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, vru.cli\n"
        "try:\n    vru.cli.main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'pandas', 'pydantic', 'dowhy', 'matplotlib', 'yaml', 'duckdb', 'papermill'}\n"
        "sys.stderr.write(','.join(sorted(heavy & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_nothing_names_a_machine_path() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split(
        "\n"
    )
    home = re.compile(r"/(?:root|home/\w+|Users/\w+)/|file:///(?:opt|home)")
    found = []
    for name in filter(None, tracked):
        path = ROOT / name
        if (
            path.suffix in {".py", ".md", ".toml", ".yaml", ".yml", ".json", ".html", ".ipynb", ".cff"}
            and path.exists()
        ):
            found += [name] if home.search(path.read_text(encoding="utf-8")) and "tests" not in path.parts else []
    assert not found
