"""Shared fixtures: a panel with a known effect, and the real police data where they are present."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from vru.panel import Panel, PoolRecord, SelectionHistory
from vru.recording import ARMS, Recording

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[1]


def months(first: str, n: int) -> tuple[str, ...]:
    year, month = map(int, first.split("-"))
    at = [year * 12 + month - 1 + i for i in range(n)]
    return tuple(f"{a // 12:04d}-{a % 12 + 1:02d}" for a in at)


@pytest.fixture(autouse=True)
def another_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """With VRU_TEST_DAY=YYYY-MM-DD, every command believes that it is that day; CI runs the library's tests so again."""
    day = os.environ.get("VRU_TEST_DAY")
    if day:
        ahead = datetime.fromisoformat(day).replace(tzinfo=UTC) - datetime.now(UTC).replace(hour=0, minute=0, second=0)
        monkeypatch.setattr("vru.clock.now", lambda: datetime.now(UTC) + ahead)


@pytest.fixture(autouse=True)
def held_elsewhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What takedowns hold goes to a folder of the test, not of whoever runs it."""
    monkeypatch.setenv("VRU_HELD", str(tmp_path_factory.getbasetemp() / "held"))


@pytest.fixture
def make_panel() -> Callable[..., Panel]:
    """Factory: Poisson or overdispersed counts, season, area levels, one start, known rate ratio."""

    def make(
        *,
        ratio: float = 1.0,
        treated: int = 10,
        comparison: int = 10,
        buffers: int = 0,
        pre: int = 24,
        post: int = 12,
        mean: float = 10.0,
        dispersion: float = 0.0,
        displacement: float = 1.0,
        missing: tuple[int, ...] = (),
        seed: int = 1,
    ) -> Panel:
        rng = np.random.default_rng(seed)
        role = ("treated",) * treated + ("comparison",) * comparison
        role += ("buffer",) * buffers + ("buffer_comparison",) * buffers
        n, t = len(role), pre + post
        level = mean * np.exp(rng.normal(0, 0.4, n))
        season = 1 + 0.15 * np.sin(2 * np.pi * np.arange(t) / 12)
        rate = level[:, None] * season[None, :]
        is_post = np.arange(t) >= pre
        rate[np.ix_(np.array(role) == "treated", is_post)] *= ratio
        rate[np.ix_(np.array(role) == "buffer", is_post)] *= displacement
        if dispersion > 0:
            rate = rate * rng.gamma(1 / dispersion, dispersion, size=(n, t))
        counts = rng.poisson(rate).astype(float)
        gone = np.zeros((n, t), dtype=bool)
        gone[:, list(missing)] = True
        counts[gone] = np.nan
        periods = months("2019-01", t)
        return Panel(
            units=tuple(f"E{i:08d}" for i in range(n)),
            periods=periods,
            counts={"violence": counts},
            role=role,
            starts=tuple(periods[pre] if r == "treated" else None for r in role),
            missing=gone,
            recording=_recorded(counts, role),
        )

    return make


@pytest.fixture
def with_selection() -> Callable[[Panel], Panel]:
    """Factory: the panel, its areas having been chosen on a year before it, among twice as many."""

    def make(panel: Panel) -> Panel:
        rng = np.random.default_rng(4)
        n = len(panel.units)
        mean = np.nanmean(np.nan_to_num(panel.counts["violence"]), axis=1)
        pool = (*panel.units, *(f"pool{i}" for i in range(n)))
        rate = np.concatenate([mean, 0.5 * mean])[:, None]
        before = rng.poisson(np.repeat(rate, 12, axis=1)).astype(float)
        over = rng.poisson(np.repeat(0.5 * mean[:, None], panel.shape[1], axis=1)).astype(float)
        year = tuple(f"2018-{m:02d}" for m in range(1, 13))
        record = PoolRecord(
            (*year, *panel.periods),
            np.concatenate([before, np.concatenate([panel.counts["violence"], over])], axis=1),
        )
        chosen = np.arange(2 * n) < n
        return replace(panel, selection=SelectionHistory("violence", year, pool, before, chosen, record))

    return make


def _recorded(counts: np.ndarray, role: tuple[str, ...]) -> Recording:
    """An account of recording that never changed: one force, a tenth of the rows without a place."""
    seen = np.nan_to_num(counts)
    placed = {arm: seen[np.array(role) == arm].sum(axis=0) for arm in ARMS}
    none = {arm: np.zeros(counts.shape[1]) for arm in ARMS}
    return Recording(
        forces={arm: ("made",) for arm in ARMS},
        total={"violence": {arm: v / 0.9 for arm, v in placed.items()}},
        unplaced={"violence": {arm: v / 9 for arm, v in placed.items()}},
        rows=3 * seen + 10,
        other={"violence": 2 * seen + 10},
        repeats=none,
        nameless={"violence": none},
    )


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data: $VRU_DATA, or ``shared/data`` beside the checkout."""
    found = Path(os.environ.get("VRU_DATA", ROOT.parent / "shared" / "data"))
    if not (found / "police_uk").is_dir():
        pytest.skip("real police data are not here: set VRU_DATA to a folder with police_uk/ and reference/")
    return found


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium that tests may start."""
    import shutil

    found = os.environ.get("VRU_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        pytest.skip("no Chromium: install Debian's chromium package, or set VRU_CHROMIUM to a browser's path")
    return found


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator["Browser"]:
    """A headless Chromium that reaches no network of its own accord."""
    from playwright.sync_api import sync_playwright

    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    quiet += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=quiet)
        yield started
        started.close()


@pytest.fixture(scope="session")
def axe() -> Callable[["Page"], list[str]]:
    """Function: the accessibility violations axe-core finds on an open page, one line each."""
    path = Path(os.environ.get("VRU_AXE", ROOT / "node_modules" / "axe-core" / "axe.min.js"))
    if not path.is_file():
        pytest.skip("axe-core is not here: npm install --no-save axe-core@4.14.1, or set VRU_AXE to its axe.min.js")
    source = path.read_text(encoding="utf-8")

    def violations(page: "Page") -> list[str]:
        page.evaluate(source)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false})")
        return [
            f"{v['id']} ({v['impact']}): {v['help']}: {n['html'][:200]} {n['failureSummary']}"
            for v in found["violations"]
            for n in v["nodes"]
        ]

    return violations


@pytest.fixture
def make_plan(tmp_path: Path) -> Callable[..., Path]:
    """Factory: an evaluation folder from a template, its placeholders filled in, then texts replaced one by one."""
    from vru.run.workspace import new_evaluation

    def make(template: str, *changes: tuple[str, str]) -> Path:
        folder = new_evaluation("trial", template, tmp_path)
        path = folder / "protocol.yaml"
        text = path.read_text(encoding="utf-8")
        text = text.replace("my-vru", "some-vru", 1).replace("PLACE, MONTH YEAR to MONTH YEAR", "Simshire", 1)
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        path.write_text(text, encoding="utf-8")
        return folder

    return make
