"""What would overturn the finding, read from the estimates and the checks; nothing is judged that was not computed."""

from vru.protocol import Protocol
from vru.report import claim, naming
from vru.report import wording as w
from vru.results import Estimate, EvaluationResult

_BIASES = (
    "hidden_confounding",
    "dowhy_unobserved_common_cause",
    "pre_trend_sensitivity",
    "suppressed_cells",
    "recording",
)


def overturning(protocol: Protocol, result: EvaluationResult) -> tuple[str, ...]:
    """One sentence for each thing that speaks, or could come to speak, against the main figure."""
    e = result.primary
    found = [_primary(e), *_others(result, e), *_deviations(protocol), *_registered(result)]
    failed = [f for f in result.findings if f.verdict == "fail"]
    found += [f"{naming.check(f.check)} failed: {f.text}" for f in failed]
    found += [
        f"{naming.check(f.check)}: {f.text}"
        for f in result.findings
        if f.check in _BIASES and f.verdict in ("pass", "concern")
    ]
    untested = sorted({naming.check(f.check) for f in result.findings if f.verdict == "not_run"})
    if untested:
        found.append(f"Planned and not tested, so open: {w.listing(untested)}.")
    return tuple(found)


def claims(e: Estimate) -> bool | None:
    """Whether the interval leaves out no effect; None where there is no interval."""
    if e.low is None or e.high is None:
        return None
    return e.low > 0 or e.high < 0


def _primary(e: Estimate) -> str:
    said = f"The main figure is {claim.effect(e)} ({w.level(e.level)} interval: {claim.effect_interval(e)})"
    if claims(e) is None:
        return f"{said}; with no interval it stands for no claim by itself."
    if not claims(e):
        return f"{said}. It holds no effect: there is no finding of a change to overturn, and an effect is not ruled out either."
    near = min(abs(e.low or 0), abs(e.high or 0))
    share = near / abs(e.value) if e.value else 0.0
    return f"{said}. A bias of about {share:.0%} of the estimate, towards no effect, would bring the interval to hold none."


def _others(result: EvaluationResult, e: Estimate) -> list[str]:
    told = []
    for other in result.estimates:
        if other.analysis == e.analysis or other.outcome != e.outcome:
            continue
        if other.scale == e.scale and other.value * e.value < 0:
            told.append(
                f"{w.plain(other.analysis)} ({naming.method(other.method)}) points the other way: {claim.effect(other)}."
            )
        elif claims(other) is not claims(e):
            verb = "leaves out no effect" if claims(other) else "does not leave out no effect"
            told.append(
                f"The interval of {w.plain(other.analysis)} ({naming.method(other.method)}) {verb}, unlike the main one."
            )
    return told


def _deviations(protocol: Protocol) -> list[str]:
    n = len(protocol.deviations)
    return (
        [f"{w.plural(n, 'deviation')} from the plan: whether the figure stands without is for the reader."] if n else []
    )


def _registered(result: EvaluationResult) -> list[str]:
    if result.preregistered == "yes":
        return []
    told = {
        "changed": "The plan was changed after it was registered",
        "no": "The plan was not registered before results were seen",
    }
    return [f"{told[result.preregistered]}: another analysis might have been chosen with another result."]
