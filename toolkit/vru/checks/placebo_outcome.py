"""Does the analysis find an effect on something that the intervention could not have touched?"""

from dataclasses import replace

from numpy.random import Generator
from pydantic import Field

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.findings import effect, finding, guarded, not_run
from vru.errors import VruError
from vru.panel import Panel
from vru.results import Estimate, Finding, Verdict

NAME = "placebo_outcome"


class Options(CheckOptions):
    """Ids of outcomes of the plan that the intervention could not touch: another offence, or the same one out of its hours."""

    outcomes: tuple[str, ...] = Field((), max_length=20)


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    """Refit with each negative control in the outcome's place; p-values adjusted for how many there are (Holm)."""
    assert isinstance(options, Options)
    if not options.outcomes:
        return not_run(
            NAME, case, "the plan names no outcome that the intervention could not touch (options.outcomes)."
        )
    if lost := [o for o in options.outcomes if o not in case.panel.counts]:
        return not_run(NAME, case, f"{', '.join(lost)} is not an outcome of the plan.")
    if case.estimate.outcome in options.outcomes:
        return not_run(
            NAME, case, f"{case.estimate.outcome} is what the analysis is about, so it is no negative control."
        )
    found: dict[str, Estimate] = {}
    reason = ""
    for name in options.outcomes:
        try:
            found[name] = case.refit(_in_its_place(case.panel, case.estimate.outcome, name))
        except VruError as error:
            reason = str(error.problems[0].what)
    tested = {name: e.p for name, e in found.items() if e.p is not None}
    if not tested:
        return not_run(NAME, case, reason or "this method gives no p-value.")
    return _judge(case, found, holm(tested))


def holm(p: dict[str, float]) -> dict[str, float]:
    """Holm's adjusted p-values.

    >>> holm({"a": 0.01, "b": 0.04, "c": 0.03})
    {'a': 0.03, 'c': 0.06, 'b': 0.06}
    """
    adjusted, least = {}, 0.0
    for i, (name, value) in enumerate(sorted(p.items(), key=lambda item: item[1])):
        least = max(least, min(1.0, (len(p) - i) * value))
        adjusted[name] = least
    return adjusted


def _in_its_place(panel: Panel, outcome: str, control: str) -> Panel:
    counts = {**panel.counts, outcome: panel.counts[control]}
    # What areas were chosen on belongs to the outcome that is evaluated, and stays.
    return replace(panel, counts=counts, recording=None, spans={})


def _judge(case: Case, found: dict[str, Estimate], p: dict[str, float]) -> Finding:
    alpha, whole = 1 - case.estimate.level, case.estimate
    alarms = [name for name, value in p.items() if value < alpha]
    as_large = [
        n for n in alarms if whole.value and found[n].value / whole.value >= 0.5 and whole.scale == "log_rate_ratio"
    ]
    verdict: Verdict = "fail" if as_large else "concern" if alarms else "pass"
    each = "; ".join(f"{name}: {effect(case, e.value)}" for name, e in found.items())
    text = (
        f"On what the intervention could not have touched, the same analysis finds {each}; on {whole.outcome} it finds "
        f"{effect(case, whole.value)}."
    )
    if as_large:
        text += f" {', '.join(as_large)} changed as well and as much, so the change may be of the areas and not of what was done."
    elif alarms:
        text += f" {', '.join(alarms)} changed as well, which the intervention does not explain."
    else:
        text += " Nothing there can be told from no effect."
    numbers: dict[str, object] = {"controls": len(found), "alarms": len(alarms)}
    numbers |= {f"effect_{n}": e.value for n, e in found.items()} | {f"p_{n}": v for n, v in p.items()}
    threshold = (
        "concern: an effect on a negative control (Holm); fail: in the same direction and at least half as large"
    )
    return finding(NAME, case, verdict, text, numbers, threshold, powered=_powered(case, found))


def _powered(case: Case, found: dict[str, Estimate]) -> bool:
    """Whether an effect as large as the one found would have been seen on one of the controls."""
    halves = [(e.high - e.low) / 2 for e in found.values() if e.low is not None and e.high is not None]
    return bool(halves) and case.estimate.scale == "log_rate_ratio" and min(halves) < abs(case.estimate.value)


CHECK = Check(
    name=NAME,
    label="Negative controls",
    question="Does the analysis find an effect on something that the intervention could not have touched?",
    source="Lipsitch, Tchetgen Tchetgen & Cohen (2010) Epidemiology 21:383-388; Holm (1979) Scand. J. Statistics 6",
    options=Options,
    run=guarded(NAME, _run),
    bears_on=("hidden_causes",),
)
