"""Shipped files are found in a checkout and in an installed package, and their absence is explained."""

from pathlib import Path

import pytest

from vru import resources
from vru.errors import VruError

PLACES = {
    "templates_dir": ("templates", "evaluations/templates"),
    "notebooks_dir": ("notebooks", "notebooks"),
    "demo_dir": ("demo", "evaluations/op-grip-demo"),
    "methods_page": ("METHODS.md", "toolkit/METHODS.md"),
    "vocab_dir": ("vocab", "shared_learning/vocab"),
    "prior_evidence_dir": ("prior_evidence", "shared_learning/prior_evidence"),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_checkout_uses_the_repository_s_own_folders(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = tmp_path / PLACES[name][1]
    wanted.mkdir(parents=True)
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.setattr(resources, "PACKAGE", tmp_path / "toolkit" / "vru")
    assert getattr(resources, name)() == wanted


@pytest.mark.parametrize("name", PLACES)
def test_an_installed_package_uses_what_it_ships(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site-packages" / "vru"
    wanted = package / "shipped" / PLACES[name][0]
    wanted.mkdir(parents=True)
    # A folder of the same name beside the installed package must not be mistaken for the checkout's.
    (tmp_path / PLACES[name][1]).mkdir(parents=True)
    monkeypatch.setattr(resources, "PACKAGE", package)
    assert getattr(resources, name)() == wanted


@pytest.mark.parametrize("name", PLACES)
def test_what_is_absent_is_named_with_a_hint(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "PACKAGE", tmp_path / "site-packages" / "vru")
    with pytest.raises(VruError, match="cannot be found") as caught:
        getattr(resources, name)()
    assert PLACES[name][0] in str(caught.value)
    assert "hint: install" in str(caught.value)


def test_the_wheel_ships_what_is_looked_for() -> None:
    import tomllib

    root = Path(__file__).parents[1]
    build = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    included = build["targets"]["wheel"]["force-include"]
    for shipped, in_checkout in PLACES.values():
        found = [to for source, to in included.items() if source == in_checkout or source.startswith(in_checkout + "/")]
        assert found, f"{in_checkout} is not in the wheel"
        assert all(to.startswith(f"vru/shipped/{shipped}") for to in found)


def test_cards_are_cut_at_method_headings_only() -> None:
    page = (
        "# Methods\nintro\n## wdd\nOne.\n### Formula\n```\n## did\n```\nend\n"
        "## `did`\nTwo.\n## how to read\nx\n## Sources\ny\n"
    )
    assert resources.split_cards(page) == {"wdd": "One.\n### Formula\n```\n## did\n```\nend", "did": "Two."}


def test_one_card_is_found_or_the_known_names_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "PACKAGE", tmp_path)
    (tmp_path / "shipped").mkdir()
    (tmp_path / "shipped" / "METHODS.md").write_text("## wdd\nOne.\n", encoding="utf-8")
    assert resources.method_card("wdd") == "## wdd\n\nOne."
    with pytest.raises(VruError, match="allowed: wdd"):
        resources.method_card("wdx")
