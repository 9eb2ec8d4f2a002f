"""What tries to leave, and what tries to work back what was hidden: attacks, how many were tried, what got through.

    python benchmarks/red_team.py

writes ``benchmarks/red_team.md``. Forms of personal data are those of ``tests/disclosure/test_spellings.py``; each goes through
every channel by which a text can be published. Simulated evaluations have a known small count in known months.
"""

import io
import runpy
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from itertools import product
from pathlib import Path
from time import process_time

import numpy as np
from docx import Document
from openpyxl import Workbook

from vru.disclosure import PROFILES, enforce_texts, given_away, merging, review, suppress
from vru.disclosure.personal import DETECTORS, Context, plain
from vru.errors import DisclosureError
from vru.protocol import load
from vru.results import Series, from_json

ROOT = Path(__file__).resolve().parents[1]
TESTS = runpy.run_path(str(ROOT / "tests" / "disclosure" / "test_spellings.py"))
OTHER = ("disclosure_small_counts", "disclosure_hidden")
"""What is found whatever is planted: the library that makes the Word file leaves a small picture in it."""
RARE = "Aoife Siobhan Oluwaseun Nkechi Bartosz Yevgeny Thandiwe Xiomara".split()  # noqa: SIM905
PLACELIKE = ("Hill", "Green", "Hall", "West", "Park")
STOPPED = ("fail", "concern")
"""Refused, or laid before whoever assures the run, who has to give a reason."""
AREAS = ROOT / "evaluations" / "merseyside-placebo"
WORKED = sorted(p for p in (ROOT / "evaluations").iterdir() if (p / "outputs" / "result.json").is_file())


def forms() -> list[tuple[str, str]]:
    """Kind and form, as people write them."""
    return [
        (kind, form.strip())
        for kind, text in TESTS["WRITTEN"].items()
        for form in text.replace("\n", "|").split("|")
        if form.strip()
    ]


def _docx(text: str) -> bytes:
    made, out = Document(), io.BytesIO()
    made.add_paragraph(text)
    made.save(out)
    return out.getvalue()


def _xlsx(text: str) -> bytes:
    book, out = Workbook(), io.BytesIO()
    book.active["A1"] = "note"
    book.active["A2"] = text
    book.save(out)
    return out.getvalue()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


CHANNELS: dict[str, Callable[[str], tuple[str, bytes]]] = {
    "paragraph of a page": lambda t: ("report.html", f"<p>see {_escaped(t)} there</p>".encode()),
    "alternative text of a drawing": lambda t: ("report.html", f"<svg><title>{_escaped(t)}</title></svg>".encode()),
    "attribute of an element": lambda t: ("report.html", f'<p data-x="{_escaped(t)}">x</p>'.encode()),
    "paragraph in Word": lambda t: ("report.docx", _docx(f"see {t} there")),
    "cell of a workbook": lambda t: ("tables.xlsx", _xlsx(t)),
    "text file": lambda t: ("notes.txt", f"see {t} there".encode()),
}


def through_channels() -> list[str]:
    """Rows of the table of forms: channel, tried, let through."""
    plan, result = load(AREAS), from_json((AREAS / "outputs" / "result.json").read_text(encoding="utf-8"))
    rows = []
    for channel, make in CHANNELS.items():
        passed = [
            f"{kind}: {form}"
            for kind, form in forms()
            if not any(f.verdict in STOPPED for f in review(plan, result, dict([make(form)])) if f.check not in OTHER)
        ]
        rows.append(f"| {channel} | {len(forms())} | {len(passed)} |" + (f" {'; '.join(passed[:3])}" if passed else ""))
    typed = 0
    for _, form in forms():
        try:
            enforce_texts({"--text": f"see {form} there"}, datetime(2019, 6, 1))
        except DisclosureError:
            continue
        typed += 1
    return [*rows, f"| text typed at review, explain, announce, assure | {len(forms())} | {typed} |"]


def names() -> list[str]:
    """Rows of the table of names of people without a title or role, and of places called after people."""
    tests = runpy.run_path(str(ROOT / "tests" / "disclosure" / "test_names.py"))
    tried = [s.format(f"{g} {n}") for g, n, s in product(tests["GIVEN"], tests["SURNAMES"], tests["SENTENCES"])]
    rare = [f"{g} {n} told the panel" for g in RARE for n in tests["SURNAMES"]]
    ambiguous = [f"{g} {n} told the panel" for g in tests["GIVEN"] for n in PLACELIKE]
    places = [line for line in tests["PLACES"].splitlines() if line]
    rows = []
    for what, lines in (
        ("common given name and surname", tried),
        ("given name that the list does not hold", rare),
        ("surname that is a word for a place as well", ambiguous),
        ("place called after a person", places),
    ):
        found = sum(bool(tests["found"](line)) for line in lines)
        rows.append(f"| {what} | {len(lines)} | {found} |")
    return rows


def unseen() -> list[str]:
    """Rows of the table of what files carry unseen: planted, let through."""
    tests = runpy.run_path(str(ROOT / "tests" / "disclosure" / "test_unseen.py"))
    plan, result = load(AREAS), from_json((AREAS / "outputs" / "result.json").read_text(encoding="utf-8"))
    rows = []
    for what, (name, data) in tests["PLANTED"].items():
        found = [f.check for f in review(plan, result, {name: data}) if f.verdict in STOPPED]
        rows.append(f"| {what} | {'stopped' if found else 'LET THROUGH'} |")
    return rows


def false_alarms() -> list[str]:
    """Rows of the table of harmless texts: what, looked through, alarms."""
    lines = [line for line in TESTS["HARMLESS"].splitlines() if line]
    context = Context(frozenset(), 2019)
    loud = [line for line in lines if any(list(d.find(plain(line), context)) for d in DETECTORS.values())]
    rows = [f"| harmless sentences | {len(lines)} | {len(loud)} |"]
    for folder in WORKED:
        files = {
            p.name: p.read_bytes() for p in (folder / "outputs").iterdir() if p.suffix in (".html", ".docx", ".xlsx")
        }
        result = from_json((folder / "outputs" / "result.json").read_text(encoding="utf-8"))
        failed = [f.check for f in review(load(folder), result, files) if f.verdict in STOPPED]
        rows.append(f"| outputs of {folder.name} | {len(files)} files | {len(failed)} |")
    return rows


def simulated(evaluations: int, seed: int) -> list[str]:
    """Rows of the table of small counts: 300 evaluations by month, two versions each, judged by whoever runs the rule itself.

    The attacker knows the rule and the sums. A band of months is worked back by trying every table of counts that would
    have been published alike; a hidden count counts as recovered if it can be bounded within less than the rule's range.
    """
    rng = np.random.default_rng(seed)
    plan = load(AREAS)
    base = from_json((AREAS / "outputs" / "result.json").read_text(encoding="utf-8"))
    rows = []
    for name, profile in PROFILES.items():
        if profile.smallest is None or profile.largest is None:
            continue
        told: Counter[str] = Counter()
        changed = plan.model_copy(update={"disclosure": plan.disclosure.model_copy(update={"profile": name})})
        for _ in range(evaluations):
            one = _evaluation(rng, changed, base, profile.largest)
            first, account = suppress(changed, one)
            told["refused as a whole"] += merging(changed, account).verdict == "fail"
            series = first.series[0]
            hidden = [v for v in one.series[0].values if v is not None and profile.hides(v)]
            told["hidden"] += len(hidden)
            told["months"] += len(series.values)
            told["alone"] += sum(v is not None for v in series.values)
            longer, _ = suppress(changed, _longer(rng, one, profile.largest))
            told["second stopped"] += given_away(changed, longer, first).verdict == "fail"
        kept = told["alone"] / told["months"]
        ended = f"{told['refused as a whole']} | {told['second stopped']}"
        rows.append(f"| {name} | {evaluations} | {told['hidden']:,} | {kept:.0%} | {ended} |")
    return rows


def _evaluation(rng: np.random.Generator, plan, base, largest: int):  # type: ignore[no-untyped-def]
    start = plan.intervention.start
    periods = base.series[0].periods
    level = rng.uniform(0.6, 2.2) * (largest + 1)
    values = tuple(float(v) for v in rng.poisson(rng.gamma(8, level / 8, len(periods))))
    assert any(p >= start for p in periods)
    estimates = tuple(_bare(e) for e in base.estimates[:1])
    return _with(base, (Series("violence", "treated", 12, periods, values),), estimates)


def _bare(estimate):  # type: ignore[no-untyped-def]
    return replace(estimate, path=(), event_study=(), counts={}, n_pre=0, n_post=0)


def _with(base, series, estimates):  # type: ignore[no-untyped-def]
    return replace(base, series=series, estimates=estimates)


def _longer(rng: np.random.Generator, one, largest: int):  # type: ignore[no-untyped-def]
    series = one.series[0]
    year, month = int(series.periods[-1][:4]), int(series.periods[-1][5:7])
    more = tuple(f"{year + (month + i) // 12:04d}-{(month + i) % 12 + 1:02d}" for i in range(3))
    values = (*series.values, *(float(v) for v in rng.poisson(1.5 * largest, 3)))
    return _with(one, (Series("violence", "treated", 12, (*series.periods, *more), values),), one.estimates)


def worlds() -> list[str]:
    """Rows of the table of attackers who run the rule on every table there could be."""
    suppression = runpy.run_path(str(ROOT / "tests" / "disclosure" / "test_suppression.py"))
    rows = []
    for name, judged, top in (("police_local", 8, 13), ("nhs_hes_ecds", 9, 16)):
        tables: dict[object, list[tuple[int, ...]]] = {}
        for part in product(range(top + 1), repeat=4):
            seen, safe = suppression["seen_of"](PROFILES[name], part)
            if safe:
                tables.setdefault(seen, []).append(part)
        found, hidden = suppression["recovered"](PROFILES[name], tables, judged)
        rows.append(f"| every table of 4 months, counts to {judged}, {name} | {hidden:,} | {found} |")
    return rows


def main() -> None:
    began = process_time()
    channels, quiet, small, every = through_channels(), false_alarms(), simulated(300, 20261127), worlds()
    day = f"{date.today():%-d %B %Y}"
    text = "\n".join(
        [
            "# Red team",
            "",
            f"{day}; `python benchmarks/red_team.py`; CPU {process_time() - began:.0f} s.",
            "",
            f"{len({k for k, _ in forms()})} kinds of personal data in {len(forms())} written forms, through every channel:",
            "",
            "| channel | tried | let through |",
            "|---|---|---|",
            *channels,
            "",
            "Things that files carry unseen, each planted in an otherwise clean file:",
            "",
            "| planted | result |",
            "|---|---|",
            *unseen(),
            "",
            "Names of people in free text without a title or role; the last row should be 0:",
            "",
            "| what | tried | found |",
            "|---|---|---|",
            *names(),
            "",
            "What is harmless and must not be stopped:",
            "",
            "| what | looked through | alarms |",
            "|---|---|---|",
            *quiet,
            "",
            "Small counts worked back by an attacker who holds the sums and runs the rule on every table that there could be:",
            "",
            "| tables | small counts | bounded more closely than the rule itself says |",
            "|---|---|---|",
            *every,
            "",
            "Simulated evaluations by month, from mostly small counts to few; a second version has three more months:",
            "",
            "| profile | evaluations | small counts | months still shown alone | refused as a whole | second version stopped |",
            "|---|---|---|---|---|---|",
            *small,
            "",
            "A second version is stopped where subtracting it from the first would leave a small count; the message says to",
            "end the window in another month. Edits of a library that `check` names: `tests/library/test_surroundings.py`.",
            "Random sequences of hostile events: `tests/library/test_machine.py`. Not tried: names of people without a title,",
            "role or common given name, what pictures show. Two versions, two records and arms, attacked by integer programming:",
            "`benchmarks/attacker.md`.",
            "",
        ]
    )
    (ROOT / "benchmarks" / "red_team.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
