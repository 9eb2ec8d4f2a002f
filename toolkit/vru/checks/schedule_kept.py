"""Was the patrol schedule kept?"""

import numpy as np
from numpy.random import Generator

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.findings import finding, guarded, not_run, percent
from vru.results import Finding, Verdict

NAME = "schedule_kept"
GOOD, POOR = 0.9, 0.5


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    """Share of patrol days with a patrol delivered, and of other days with one."""
    panel = case.panel
    if panel.schedule is None or not panel.schedule.delivered:
        return not_run(NAME, case, "what was delivered is not in the data.")
    measure = "minutes" if "minutes" in panel.schedule.delivered else sorted(panel.schedule.delivered)[0]
    rows = panel.is_role("treated")
    given, seen = panel.schedule.delivered[measure][rows], ~panel.missing[rows]
    on, known = panel.schedule.assigned[rows].astype(bool) & seen, ~np.isnan(given) & seen
    off = ~on & seen
    if not (on & known).any() or not (off & known).any():
        return not_run(NAME, case, f"{measure} are known for no patrol day, or for no other day.")
    kept, strayed = float((given[on & known] > 0).mean()), float((given[off & known] > 0).mean())
    gap = kept - strayed
    unknown = 1 - float((known & (on | off)).sum()) / float(seen.sum())
    worst = sorted(
        (float((given[i][on[i] & known[i]] > 0).mean()), panel.units[int(np.flatnonzero(rows)[i])])
        for i in range(len(on))
        if (on[i] & known[i]).any()
    )[0]
    verdict: Verdict = "fail" if gap < POOR else "concern" if kept < GOOD or strayed > 1 - GOOD else "pass"
    text = (
        f"A patrol was delivered on {percent(kept)} of patrol days and on {percent(strayed)} of other days; the least kept "
        f"area is {worst[1]} ({percent(worst[0])})."
    )
    if verdict != "pass":
        text += " The effect as scheduled is that of a schedule kept this far, and is smaller than that of patrols delivered."
    if unknown > 0:
        text += f" What was delivered is not known for {percent(unknown, 1)} of area-days."
    mean_on, mean_off = float(given[on & known].mean()), float(given[off & known].mean())
    numbers = {
        "kept": kept,
        "other_days_patrolled": strayed,
        f"{measure}_patrol_days": mean_on,
        f"{measure}_other_days": mean_off,
        "unknown": unknown,
        "least_kept": worst[0],
    }
    threshold = f"concern: under {GOOD:.0%} kept, or over {1 - GOOD:.0%} of other days patrolled; fail: under {POOR:.0%} between"
    return finding(NAME, case, verdict, text, numbers, threshold)


CHECK = Check(
    name=NAME,
    label="Schedule kept",
    question="Was a patrol delivered on the days drawn for one, and on no others?",
    source="Basford et al. (2021) Cambridge J. Evidence-Based Policing 5 (98% of patrols kept); CONSORT 2010, item 13",
    options=CheckOptions,
    run=guarded(NAME, _run),
    takes=("days",),
    bears_on=("design",),
)
