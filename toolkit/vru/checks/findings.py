"""How a check says what it found: plain numbers, plain sentences, and never an exception."""

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.random import Generator

from vru.checks.check import Case, CheckOptions
from vru.errors import VruError
from vru.results import Finding, Number, Scale, Verdict
from vru.words.effects import rate_change as changed

Run = Callable[[Case, CheckOptions, Generator], Finding]


def finding(
    check: str,
    case: Case,
    verdict: Verdict,
    text: str,
    numbers: Mapping[str, object],
    threshold: str,
    *,
    powered: bool = True,
) -> Finding:
    """A finding about the case's analysis; numbers become plain and finite, None where they do not exist."""
    plain = {name: _plain(value) for name, value in numbers.items()}
    return Finding(check, case.estimate.analysis, verdict, text, plain, threshold, powered)


def not_run(check: str, case: Case, reason: str, numbers: Mapping[str, object] | None = None) -> Finding:
    """A check that could not answer, with the reason as a sentence."""
    return finding(check, case, "not_run", f"Not run: {reason}", numbers or {}, "")


def guarded(check: str, body: Run) -> Run:
    """The same check, with a refusal by a method or broken arithmetic turned into ``not_run``."""

    def run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
        try:
            with np.errstate(all="ignore"):
                return body(case, options, rng)
        except VruError as error:
            return not_run(check, case, " ".join(str(p.what) for p in error.problems))
        except (ArithmeticError, ValueError, np.linalg.LinAlgError) as error:
            return not_run(check, case, f"the arithmetic broke down on these data ({error}).")

    return run


def percent(share: float, digits: int = 0) -> str:
    """0.123 as ``12%``."""
    text = f"{100 * share:.{digits}f}%"
    return text.removeprefix("-") if float(text[:-1]) == 0 else text


def effect(case: Case, value: float) -> str:
    """An effect on the estimate's own scale, in words."""
    return in_words(case.estimate.scale, value, case.estimate.unit)


def in_words(scale: Scale, value: float, unit: str = "offences") -> str:
    """An effect on ``scale``: ``12% fewer``, ``30 fewer offences``, ``3.1 percentage points lower``, ``0.42 lower``."""
    if scale == "log_rate_ratio":
        return changed(value)
    if scale == "count_difference":
        return f"{abs(value):.0f} {'fewer' if value < 0 else 'more'} {unit}"
    size = f"{100 * abs(value):.1f} percentage points" if scale == "risk_difference" else f"{abs(value):.3g}"
    return f"{size} {'lower' if value < 0 else 'higher'}"


def excludes_none(low: float | None, high: float | None, p: float | None, level: float) -> bool | None:
    """Whether an estimate would be reported as an effect; None where it has neither interval nor p."""
    if low is not None and high is not None:
        return low > 0 or high < 0
    return None if p is None else p < 1 - level


def _plain(value: object) -> Number:
    if isinstance(value, bool | np.bool_):
        return int(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return None if value is None else str(value)
