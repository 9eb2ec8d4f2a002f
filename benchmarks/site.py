"""How a library of 1,000 and of 10,000 records builds and opens.

    python benchmarks/site.py [--records 1000,10000] [--write benchmarks/site.md]

Records are made up (seeded), with texts about as long as real ones. Build time and peak memory are of one process per
size. Pages are opened from the folder, as by double-click, in headless Chromium: time until the search can be used,
time until its index is there, and latency from a key press (or a tick of a filter) to results on the page.
"""

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import numpy as np

SYLLABLES = "ba co di fu ge ha ir jo ka le mi no or pe qui ra se ti ul vo we xa yo za str pr ing ent".split()  # noqa: SIM905
SUBJECTS = "knife school town centre night patrol youth mentor hospital family street violence robbery".split()  # noqa: SIM905
KINDS = [
    "hot_spot_policing", "problem_oriented_place", "focused_deterrence", "ae_navigators", "custody_navigators",
    "mentoring", "cbt", "sport", "knife_crime_education", "trauma_informed", "street_outreach", "diversion",
]  # fmt: skip
OUTCOMES = {
    "violence": "Violence and sexual offences recorded by the police",
    "robbery": "Robbery recorded by the police",
    "hospital_admissions": "Admissions for assault with a sharp object",
    "reoffending": "Offending again within a year",
    "wellbeing": "Strengths and difficulties, as told by the young person",
}
LEVELS = {2: "other_impact", 3: "difference", 4: "synthetic", 5: "cluster"}
QUERIES = ["kn", "knife", "knife school", "hot spot patrols", "hospital sharp", "mentr", "zzzzz"]


def words(rng: np.random.Generator, vocabulary: list[str], weights: np.ndarray, n: int) -> str:
    drawn = list(rng.choice(vocabulary, n, p=weights))
    drawn[int(rng.integers(n))] = SUBJECTS[int(rng.integers(len(SUBJECTS)))]
    return " ".join(drawn).capitalize() + "."


def effect(rng: np.random.Generator, outcome: str, primary: bool) -> dict[str, object]:
    ratio = rng.random() > 0.05
    se = float(rng.uniform(0.05, 0.3))
    estimate = float(rng.normal(-0.12, 0.15)) if ratio else float(rng.normal(-20, 30))
    se = se if ratio else se * 100
    return {
        "outcome": outcome,
        "analysis": "main",
        "role": "primary" if primary else "secondary",
        "method": "poisson_did",
        "estimand": "rate ratio of treated unit-months to what is expected without treatment",
        "scale": "log_rate_ratio" if ratio else "count_difference",
        "estimate": estimate,
        "se": se,
        "ci_low": estimate - 1.96 * se,
        "ci_high": estimate + 1.96 * se,
        "ci_level": 0.95,
        "p": 0.05,
        "events_prevented": 30.0,
        "events_prevented_low": -5.0,
        "events_prevented_high": 70.0,
        "n_treated": 20,
        "n_comparison": 20,
        "n_pre": 24,
        "n_post": 12,
    }


def content(i: int, rng: np.random.Generator, say) -> dict[str, object]:
    kind = KINDS[int(rng.integers(len(KINDS)))]
    chosen = list(rng.permutation(list(OUTCOMES))[: int(rng.integers(1, 4))])
    level = int(rng.choice([2, 3, 4, 5], p=[0.3, 0.4, 0.2, 0.1]))
    year = int(rng.integers(2018, 2026))
    outcomes = [
        {"id": o, "measure": OUTCOMES[o], "direction": "decrease", "primary": n == 0} for n, o in enumerate(chosen)
    ]
    ratings = [
        {
            "instrument": "Maryland Scientific Methods Scale",
            "outcome": o,
            "level": level,
            "label": f"Level {level}",
            "reasons": [say(12)],
        }
        for o in chosen
    ]
    findings = [
        {
            "check": c,
            "analysis": "main",
            "verdict": str(rng.choice(["pass", "concern", "fail", "not_run"], p=[0.7, 0.2, 0.05, 0.05])),
            "text": say(25),
        }
        for c in (
            "pre_period_trend",
            "placebo_date",
            "placebo_areas",
            "displacement",
            "overdispersion",
            "comparability",
        )
    ]
    return tied(
        {
            "id": f"evaluation-{i:05d}",
            "version": "1.0",
            "organisation": f"unit-{int(rng.integers(1, 21)):02d}-vru",
            "title": f"{kind.replace('_', ' ').capitalize()} in {say(2)[:-1].title()}, {year}",
            "disclaimer": "No intervention took place: an exercise." if rng.random() < 0.05 else "",
            "summary": say(90),
            "audience": "public",
            "licence": "OGL-UK-3.0",
            "template": "hotspot_patrol",
            "intervention": {
                "type": kind,
                "name": say(4),
                "items": {
                    n: say(18)
                    for n in ("why", "materials", "procedures", "who_provided", "how", "where", "when_and_how_much")
                },
                "start": f"{year}-04",
                "end": f"{year + 1}-03",
            },
            "setting": {
                "population": say(8),
                "comparator": say(10),
                "unit_kind": str(rng.choice(["lsoa11", "lsoa21", "polygon"])),
                "n_treated": 20,
                "n_comparison": 20,
                "first": f"{year - 2}-04",
                "last": f"{year + 1}-03",
            },
            "design": [LEVELS[level]],
            "outcomes": outcomes,
            "effects": [effect(rng, o, n == 0) for n, o in enumerate(chosen)],
            "ratings": ratings,
            "findings": findings,
            "learning": {
                "mechanism": say(30),
                "implementation": say(30),
                "lessons": say(30),
                "cost": "£120,000 (2023 prices), staff.",
            },
            "preregistered": "yes",
            "protocol_digest": "sha256:" + "a" * 64,
            "data_digests": {"crimes": "sha256:" + "b" * 64},
            "toolkit_version": "0.1.0",
            "protocol": {},
        }
    )


def tied(record: dict[str, object]) -> dict[str, object]:
    """The record with the result that says the same: the library takes no other."""
    prevented = {"value": 30.0, "low": -5.0, "high": 70.0}
    estimates = [
        e
        | {
            "value": e["estimate"],
            "low": e["ci_low"],
            "high": e["ci_high"],
            "level": 0.95,
            "events_prevented": prevented,
        }
        for e in record["effects"]
    ]
    kept = ("ratings", "findings", "preregistered", "protocol_digest")
    own = {"estimates": estimates, "provenance": {"data": record["data_digests"]}}
    return record | {"result": own | {name: record[name] for name in kept}}


def generate(n: int, seed: int = 1):
    """``n`` made-up records with a skewed vocabulary of about 9,000 words, some 260 words of free text each."""
    from vru.record import LearningRecord
    from vru.site import SiteRecord

    rng = np.random.default_rng(seed)
    vocabulary = sorted({"".join(rng.choice(SYLLABLES, int(rng.integers(2, 5)))) for _ in range(9000)})
    weights = 1 / np.arange(1, len(vocabulary) + 1)
    weights /= weights.sum()
    vocabulary = list(rng.permutation(vocabulary))
    pool = [words(rng, vocabulary, weights, 5000).lower().rstrip(".").split() for _ in range(40)]

    def say(length: int) -> str:
        source = pool[int(rng.integers(len(pool)))]
        at = int(rng.integers(len(source) - length))
        return (
            " ".join([*source[at : at + length - 1], SUBJECTS[int(rng.integers(len(SUBJECTS)))]])
        ).capitalize() + "."

    entries = []
    for i in range(n):
        record = LearningRecord.model_validate(content(i, rng, say))
        on = f"20{int(rng.integers(20, 27))}-{int(rng.integers(1, 13)):02d}-{int(rng.integers(1, 29)):02d}"
        entries.append(SiteRecord(record, "c" * 64, "published", on))
    return entries


def build(n: int, folder: Path) -> dict[str, float]:
    """Build a site of ``n`` records in ``folder``; seconds, CPU seconds, megabytes."""
    from vru.resources import method_cards
    from vru.site import site_files

    entries = generate(n)
    cards = method_cards()
    wall, cpu = time.perf_counter(), time.process_time()
    pages = size = 0
    for name, made in site_files(entries, "public", "today", cards):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = made.encode() if isinstance(made, str) else made
        path.write_bytes(data)
        size += len(data)
        pages += name.endswith(".html")
    return {
        "seconds": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "pages": pages,
        "size": size / 1e6,
    }


def weigh(folder: Path) -> dict[str, float]:
    """Kilobytes of each page with what it loads at once, styles and scripts included."""
    style = (folder / "assets/site.css").stat().st_size

    def kb(name: str, *scripts: str) -> float:
        return (
            (folder / name).stat().st_size + style + sum((folder / "assets" / s).stat().st_size for s in scripts)
        ) / 1000

    kinds = max((folder / "interventions").iterdir(), key=lambda p: p.stat().st_size)
    record = next(folder.glob("records/*/*/*/index.html"))
    part = next((folder / "assets/compare").iterdir())
    return {
        "Home": kb("index.html"),
        "Search, until it can be used": kb("search.html", "minisearch.js", "search-data.js", "search.js"),
        "Search, index of words (loads after)": (folder / "assets/search-index.js").stat().st_size / 1000,
        "Full list, first page": kb("all.html"),
        "Intervention, the heaviest": kb(f"interventions/{kinds.name}"),
        "Map of evidence": kb("gap-map.html"),
        "Compare": kb("compare.html", "forest.js", "compare.js"),
        "Compare, per ticked record's part": part.stat().st_size / 1000,
        "Areas": kb("areas.html"),
        "What’s new, first page": kb("new.html"),
        "Record": kb(str(record.relative_to(folder))),
    }


LATENCY = """
async (queries) => {
  const query = document.getElementById("query"), status = document.getElementById("status");
  const painted = () => new Promise(r => requestAnimationFrame(() => setTimeout(r, 0)));
  const out = [];
  const changed = act => new Promise(resolve => {
    const seen = new MutationObserver(() => { seen.disconnect(); painted().then(() => resolve(performance.now() - from)); });
    seen.observe(document.getElementById("found"), { childList: true });
    const from = performance.now();
    act();
  });
  for (const q of queries) {
    const ms = await changed(() => { query.value = q; query.dispatchEvent(new Event("input")); });
    out.push([q, ms, status.textContent]);
    await changed(() => { query.value = ""; query.dispatchEvent(new Event("input")); });
  }
  for (const id of ["facet-intervention-3", "facet-rating-0", "facet-organisation-4"]) {
    const ms = await changed(() => document.getElementById(id).click());
    out.push(["filter " + id.split("-")[1], ms, status.textContent]);
  }
  return out;
}
"""


def browse(folder: Path, repeat: int = 3) -> dict[str, object]:
    """Open the built site in Chromium: milliseconds."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    usable, ready, latencies = [], [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        version = browser.version
        for _ in range(repeat):
            page = browser.new_page(viewport={"width": 1200, "height": 900})
            page.goto((folder / "search.html").as_uri())
            page.wait_for_selector("#found li")
            usable.append(page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"))
            page.wait_for_function("() => window.VRU_INDEX === null")
            ready.append(page.evaluate("performance.now()"))
            latencies.append(page.evaluate(LATENCY, QUERIES))
            page.close()
        pages = {}
        kinds = max((folder / "interventions").iterdir(), key=lambda p: p.stat().st_size)
        for name in ("index.html", "all.html", f"interventions/{kinds.name}", "gap-map.html"):
            page = browser.new_page(viewport={"width": 1200, "height": 900})
            page.goto((folder / name).as_uri())
            pages[name] = page.evaluate("performance.getEntriesByType('navigation')[0].domComplete")
            page.close()
        browser.close()
    asked = [
        (q, statistics.median(run[i][1] for run in latencies), latencies[0][i][2])
        for i, (q, _, _) in enumerate(latencies[0])
    ]
    return {"usable": min(usable), "ready": min(ready), "asked": asked, "pages": pages, "version": version}


def report(found: dict[int, dict]) -> str:
    sizes = list(found)
    head = "| | " + " | ".join(f"{n:,} records" for n in sizes) + " |\n|---|" + "---:|" * len(sizes)

    def line(name: str, values: list[str]) -> str:
        return f"| {name} | " + " | ".join(values) + " |"

    built = [
        line(name, [f"{found[n]['build'][key]:,.{digits}f}" for n in sizes])
        for name, key, digits in (
            ("Build, seconds", "seconds", 1),
            ("Build, CPU seconds", "cpu", 1),
            ("Peak memory of the building process, records included, MB", "memory", 0),
            ("HTML pages", "pages", 0),
            ("Whole site, MB", "size", 1),
        )
    ]
    weights = [
        line(f"{name}, kB", [f"{found[n]['weight'][name]:,.0f}" for n in sizes]) for name in found[sizes[0]]["weight"]
    ]
    opened = [
        line("Search can be used, ms", [f"{found[n]['browser']['usable']:,.0f}" for n in sizes]),
        line("Index of words is there, ms", [f"{found[n]['browser']['ready']:,.0f}" for n in sizes]),
    ]
    asked = []
    for i, (q, _, _) in enumerate(found[sizes[0]]["browser"]["asked"]):
        name = q if q.startswith("filter") else f"“{q}”"
        runs = [found[n]["browser"]["asked"][i] for n in sizes]
        asked.append(line(name, [f"{ms:,.0f} ({said.split(' ')[0]} found)" for _, ms, said in runs]))
    pages = [
        line(
            name if not name.startswith("inter") else "heaviest intervention page",
            [f"{list(found[n]['browser']['pages'].values())[i]:,.0f}" for n in sizes],
        )
        for i, name in enumerate(found[sizes[0]]["browser"]["pages"])
    ]
    version = found[sizes[0]]["browser"]["version"]
    return "\n".join(
        [
            "# Site: build, weight and search",
            "",
            f"`python benchmarks/site.py --records {','.join(map(str, sizes))}`, {date.today():%d %B %Y}, 2 cores shared with "
            f"other work, Chromium {version}, pages opened from a local disk. On a shared machine trust CPU seconds, sizes "
            "and the order of magnitude of the rest.",
            "",
            head,
            *built,
            "",
            "Weight of a page with the styles and scripts that it loads:",
            "",
            head,
            *weights,
            "",
            "Opening the search (fastest of 3), from navigation:",
            "",
            head,
            *opened,
            "",
            "From a key press or a ticked filter to results painted, in ms (median of 3; typing waits 60 ms for the next key):",
            "",
            head,
            *asked,
            "",
            "Other pages, until complete, ms:",
            "",
            head,
            *pages,
            "",
        ]
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", default="1000,10000")
    parser.add_argument("--write", type=Path)
    parser.add_argument("--build", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.build:
        print(json.dumps(build(arguments.build, arguments.folder)))
        return 0
    found = {}
    for n in map(int, arguments.records.split(",")):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            command = [sys.executable, __file__, "--build", str(n), "--folder", scratch]
            made = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            found[n] = {"build": made, "weight": weigh(folder), "browser": browse(folder)}
    text = report(found)
    print(text)
    if arguments.write:
        arguments.write.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
