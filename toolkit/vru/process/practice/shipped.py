"""Practice data of the four templates that have a simulated source: its tables, written as the files a unit would bring."""

import tempfile
from pathlib import Path

import numpy as np
from numpy.random import Generator

from vru.process.practice.made import Practice, csv, listed
from vru.sources import simulated
from vru.sources.simulated_patrols import PatrolOptions
from vru.sources.simulated_patrols import simulate as simulate_patrols
from vru.sources.simulated_programme import ProgrammeOptions
from vru.sources.simulated_programme import simulate as simulate_programme

_DISCLAIMER = "SIMULATED DATA: no such place, person or programme exists."


def hotspot_patrol(rng: Generator) -> Practice:
    """A simulated force's archive in the layout of data.police.uk, with next door areas."""
    options = simulated.SimulatedOptions(
        first="2018-04", last="2022-03", start="2021-04", selection_first="2018-04", selection_last="2019-03",
        level_spread=0.25, overdispersion=0.05, autocorrelation=0.3, rate_ratio=0.8,
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="vru-practice-") as folder:
        path = Path(folder) / "police-archive.zip"
        simulated.write_archive(simulated.simulate(options, rng), path)
        archive = path.read_bytes()
    n = options.treated
    both = "    treated: []\n    comparison: []"
    buffers = (
        f"    treated: {listed(list(simulated.treated_buffer_codes(n)))}\n"
        f"    comparison: {listed(list(simulated.comparison_buffer_codes(n)))}"
    )
    filled = {
        both: buffers,
        "  treated: []                   # codes": f"  treated: {listed(list(simulated.treated_codes(n)))}  # codes",
        "\n  comparison: []\n  # Hot": f"\n  comparison: {listed(list(simulated.comparison_codes(n)))}\n  # Hot",
    }
    title = {
        "title: Hot-spot patrols against violence in PLACE": "title: Hot-spot patrols against violence in Simshire"
    }
    return _practice({"police-archive.zip": archive}, filled | title, 0.8, "offences in the treated areas")


def patrol_days(rng: Generator) -> Practice:
    """Twenty hot spots over ninety days, eight drawn each day."""
    options = PatrolOptions(part="schedule")
    schedule, events = simulate_patrols(options, rng)
    schedule = schedule.rename(columns={"area": "hot_spot"})
    schedule["drawn"] = np.where(schedule["drawn"] == "patrol", "1", "0")
    events = events.rename(columns={"area": "hot_spot", "when": "occurred_from"})
    files = {"offences.csv": csv(events), "schedule.csv": csv(schedule)}
    title = {
        "title: Patrol days drawn by lot in hot spots of PLACE": "title: Patrol days drawn by lot in made-up hot spots"
    }
    return _practice(files, title, options.rate_ratio, "offences on patrol days")


def programme(rng: Generator) -> Practice:
    """2,400 people who came by referral."""
    options = ProgrammeOptions(allocation="referral", people=2400)
    title = {"title: A programme for young people in PLACE": "title: A programme for young people in a made-up town"}
    files = {"people.csv": csv(simulate_programme(options, rng))}
    return _practice(files, title, options.risk_ratio, "the share who offend again")


def randomised_programme(rng: Generator) -> Practice:
    """1,600 people given a place by lot."""
    options = ProgrammeOptions(allocation="lot", people=1600)
    title = "title: A programme given by lot to young people in"
    files = {"people.csv": csv(simulate_programme(options, rng))}
    return _practice(
        files, {f"{title} PLACE": f"{title} a made-up town"}, options.risk_ratio, "the share who offend again"
    )


def _practice(files: dict[str, bytes], filled: dict[str, str], ratio: float, what: str) -> Practice:
    words = {
        "organisation: my-vru ": "organisation: simulated-vru ",
        "MONTH YEAR to MONTH YEAR": "made-up months",
        'disclaimer: ""': f'disclaimer: "{_DISCLAIMER}"',
    }
    told = f"the true ratio of {what} to what they would have been is {ratio:g}"
    return Practice(files, words | filled, {"rate_ratio": ratio}, told)
