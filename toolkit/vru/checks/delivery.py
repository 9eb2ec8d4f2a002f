"""Was what was planned done, in treated areas after the start and nowhere else?"""

import numpy as np
from numpy.random import Generator
from pydantic import Field

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.findings import finding, guarded, not_run, percent
from vru.panel import Panel
from vru.results import Finding, Verdict

NAME = "delivery"


class Options(CheckOptions):
    """``kept``: the share of what was planned below which a plan was not kept. ``spilt``: the dose of comparison areas after the
    start, as a share of that of treated areas, above which they are no comparison without patrols."""

    kept: float = Field(0.8, gt=0, le=1)
    spilt: float = Field(0.2, ge=0, lt=1)


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    assert isinstance(options, Options)
    panel = case.panel
    if not panel.delivered:
        return not_run(NAME, case, "what was delivered is not in the data.")
    what = "minutes" if "minutes" in panel.delivered else "visits"
    dose = {k: _mean(panel, panel.delivered[what], *k) for k in _GROUPS}
    after = dose["treated", "after"]
    if after is None:
        return not_run(NAME, case, "nothing is known of treated areas after their start.")
    numbers: dict[str, object] = {f"{what}_{role}_{when}": v for (role, when), v in dose.items()}
    kept = _kept(panel, what)
    numbers["share_of_planned"] = kept
    spilt = dose["comparison", "after"]
    text = f"Treated areas had {after:,.1f} {what} an area and period from the start on"
    text += _beside(dose["treated", "before"], "before it") + _beside(spilt, "in comparison areas after it") + "."
    if kept is not None:
        text += f" That is {percent(kept)} of what was planned."
    verdict, more = _verdict(options, after, dose["treated", "before"], spilt, kept)
    threshold = f"concern: under {options.kept:.0%} of what was planned; fail: over {options.spilt:.0%} of the dose in the other "
    return finding(NAME, case, verdict, text + more, numbers, f"{threshold}arm, or no more after the start than before")


_GROUPS = (("treated", "before"), ("treated", "after"), ("comparison", "before"), ("comparison", "after"))


def _mean(panel: Panel, values: np.ndarray, role: str, when: str) -> float | None:
    """By area and period; comparison areas split at the earliest start."""
    rows = np.asarray(panel.role) == role
    post = panel.treated_periods() if role == "treated" else np.tile(panel.post(), (len(panel.units), 1))
    cells = values[rows][post[rows] if when == "after" else ~post[rows]]
    known = cells[~np.isnan(cells)]
    return float(known.mean()) if len(known) else None


def _kept(panel: Panel, what: str) -> float | None:
    planned = panel.delivered.get(f"planned_{what}")
    if planned is None:
        return None
    cells = (
        panel.treated_periods()
        & panel.is_role("treated")[:, None]
        & ~np.isnan(planned)
        & ~np.isnan(panel.delivered[what])
    )
    whole = float(planned[cells].sum())
    return float(panel.delivered[what][cells].sum()) / whole if whole > 0 else None


def _beside(value: float | None, where: str) -> str:
    return "" if value is None else f", {value:,.1f} {where}"


def _verdict(
    options: Options, after: float, before: float | None, spilt: float | None, kept: float | None
) -> tuple[Verdict, str]:
    if before is not None and after <= before:
        return (
            "fail",
            " There was no more of it after the start than before: nothing was introduced that could be evaluated.",
        )
    if spilt is not None and spilt > options.spilt * after:
        return (
            "fail",
            " Comparison areas had so much of it that the difference between the arms is smaller than that of patrols.",
        )
    if kept is not None and kept < options.kept:
        return "concern", " The estimate is of the plan as it was kept, not of the plan."
    return "pass", ""


CHECK = Check(
    name=NAME,
    label="Delivery",
    question="Was what was planned done, in treated areas after the start and nowhere else?",
    source="Sherman (2013) Crime and Justice 42 (tracking); CONSORT 2010, item 13; Koper (1995) Justice Quarterly 12",
    options=Options,
    run=guarded(NAME, _run),
    bears_on=("design",),
)
