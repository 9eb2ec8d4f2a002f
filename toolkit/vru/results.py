"""What an evaluation says: estimates, findings, ratings; JSON in and out. ``None`` where there is no number, never NaN."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Literal

from vru.calibration import Calibration
from vru.curve import SpecificationCurve
from vru.errors import DataError
from vru.events import DataNote
from vru.graph import Identification
from vru.mapped import AreaMap
from vru.periods import MONTHS, Calendar

Scale = Literal["log_rate_ratio", "count_difference", "mean_difference", "risk_difference"]
AnalysisRole = Literal["primary", "secondary", "sensitivity", "exploratory"]
Verdict = Literal["pass", "concern", "fail", "not_run"]
Number = float | int | str | None


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with its interval, in the units the field that holds it names."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class PathPoint:
    """One period of the treated units together: offences observed and expected without treatment.

    through, n : the last of ``n`` periods that are published together, as ``period`` is the first; "" and 1 for one.
    """

    period: str
    observed: float
    expected: float
    low: float | None = None
    high: float | None = None
    through: str = ""
    n: int = 1


@dataclass(frozen=True, slots=True)
class EventPoint:
    """Effect at ``event_time`` periods from the start, on the estimate's scale (0 = start period)."""

    event_time: int
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm of a comparison of people or days: how many, how many observed, their mean outcome and its interval.

    mean : share (binary), events per row or per unit of exposure (count), or mean (continuous); None where nobody
        was observed.
    """

    name: str
    n: int
    observed: int
    mean: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """How unlike the arms are in one covariate: standardised mean differences as found, and after adjustment."""

    covariate: str
    before: float
    after: float | None = None


@dataclass(frozen=True, slots=True)
class CoursePoint:
    """One arm at one day: the share free of the event and its interval; how many are still followed up; events and people
    lost since the point before, None where that may not be told."""

    day: float
    free: float
    low: float | None
    high: float | None
    at_risk: int
    events: int
    lost: int | None


@dataclass(frozen=True, slots=True)
class SurvivalCourse:
    """One arm of ``n`` people, read at a few days; never at the days of single events."""

    arm: str
    n: int
    points: tuple[CoursePoint, ...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """One analysis's answer on one additive scale.

    value, se, low, high : on ``scale``: log rate (or risk) ratio (below 0 = fewer), offences over
        the whole post period (below 0 = fewer), a difference of means in units of the measure, or
        a difference of risks as a share.
    p : two-sided p-value of "no effect", or None where the method has none.
    inference : how the interval and p were obtained, in words ("exact conditional binomial").
    events_prevented : offences over the post period in the treated units, above 0 = prevented.
    components : named parts of the estimate, same scale (WDD: local, displacement).
    n_treated, n_comparison : units, or rows of a cohort; n_pre, n_post : periods observed, 0 for a cohort.
    per : the amount of treatment that the value is of ("10 minutes"); empty for the treatment as a whole.
    arms, balance : for people and for patrol days: each arm's mean, and how alike the arms are.
    courses : of times to an event, each arm's share free of it over time.
    unit : what a ``count_difference`` counts, where it is not offences (harm-weighted sums).
    """

    analysis: str
    role: AnalysisRole
    method: str
    outcome: str
    estimand: str
    scale: Scale
    value: float
    se: float | None
    low: float | None
    high: float | None
    level: float
    p: float | None
    inference: str
    events_prevented: Interval | None
    n_treated: int
    n_comparison: int
    n_pre: int
    n_post: int
    path: tuple[PathPoint, ...] = ()
    event_study: tuple[EventPoint, ...] = ()
    components: Mapping[str, Interval] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)
    counts: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    arms: tuple[Arm, ...] = ()
    balance: tuple[Balance, ...] = ()
    courses: tuple[SurvivalCourse, ...] = ()
    per: str = ""
    unit: str = "offences"

    @property
    def ratio(self) -> Interval | None:
        """The rate ratio and its interval, or None when the scale is a difference of counts."""
        if self.scale != "log_rate_ratio":
            return None
        low, high = (None if v is None else math.exp(v) for v in (self.low, self.high))
        return Interval(math.exp(self.value), low, high)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found about one analysis (or about the whole evaluation: ``analysis`` empty).

    powered : False where the check could not have seen what it looks for, so that a pass says little and counts for
        nothing.
    """

    check: str
    analysis: str
    verdict: Verdict
    text: str
    numbers: Mapping[str, Number] = field(default_factory=dict)
    threshold: str = ""
    powered: bool = True


@dataclass(frozen=True, slots=True)
class Rating:
    """How strong the evidence is on one published instrument, for one outcome.

    verb : the strongest verb that it licenses. against : what stands against a stronger one, each a clause.
    """

    instrument: str
    outcome: str
    level: int
    label: str
    reasons: tuple[str, ...]
    verb: str
    against: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Band:
    """Neighbouring periods published as one, first and last included: how many, and their offences together."""

    first: str
    last: str
    n: int
    count: float


@dataclass(frozen=True, slots=True)
class Series:
    """Offences by period for one role, all its units together; None where a period is missing or merged.

    bands : neighbouring periods that are published together, because some of their counts are small.
    """

    outcome: str
    role: str
    n_units: int
    periods: tuple[str, ...]
    values: tuple[float | None, ...]
    bands: tuple[Band, ...] = ()


@dataclass(frozen=True, slots=True)
class Provenance:
    """What the numbers were computed from and with."""

    data: Mapping[str, str]
    versions: Mapping[str, str]
    seed: int
    truth: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """Everything a report may say, computed; with the protocol it is all a report reads."""

    protocol_id: str
    protocol_digest: str
    preregistered: Literal["yes", "changed", "no"]
    changes: tuple[str, ...]
    identification: Identification | None
    estimates: tuple[Estimate, ...]
    findings: tuple[Finding, ...]
    ratings: tuple[Rating, ...]
    series: tuple[Series, ...]
    data_log: tuple[DataNote, ...]
    provenance: Provenance
    schema_version: int = 1
    calendar: Calendar = MONTHS
    map: AreaMap | None = None
    calibration: Calibration | None = None
    specifications: SpecificationCurve | None = None

    def estimate(self, analysis: str) -> Estimate:
        """The estimate of one analysis. Raises KeyError if there is none of that id."""
        for e in self.estimates:
            if e.analysis == analysis:
                return e
        raise KeyError(analysis)

    @property
    def primary(self) -> Estimate:
        """The registered primary estimate (the first, if several)."""
        return next((e for e in self.estimates if e.role == "primary"), self.estimates[0])


def to_json(result: EvaluationResult) -> str:
    """The result as JSON text, without what nobody made, as results were before there was such a thing. Raises DataError if any number is NaN or infinite."""
    from pydantic import TypeAdapter

    bad = [where for where, value in _leaves(result, "result") if isinstance(value, float) and not math.isfinite(value)]
    if bad:
        raise DataError(*(f"{where} is not a finite number" for where in bad))
    absent = {name for name in ("calibration", "specifications", "map") if getattr(result, name) is None}
    absent |= {"calendar"} if result.calendar.kind == "month" else set()
    return TypeAdapter(EvaluationResult).dump_json(result, indent=1, exclude=absent).decode() + "\n"


def from_json(text: str) -> EvaluationResult:
    """Read a result back. Raises DataError if the text is not a result of a known schema."""
    from pydantic import TypeAdapter, ValidationError

    try:
        result = TypeAdapter(EvaluationResult).validate_json(text)
    except ValidationError as error:
        raise DataError(*(f"result.json: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())) from None
    if result.schema_version != 1:
        raise DataError(f"result.json has schema version {result.schema_version}; this toolkit reads version 1")
    return result


def _leaves(value: object, where: str) -> Iterator[tuple[str, object]]:
    if is_dataclass(value):
        for f in fields(value):
            yield from _leaves(getattr(value, f.name), f"{where}.{f.name}")
    elif isinstance(value, Mapping):
        for k, v in value.items():
            yield from _leaves(v, f"{where}.{k}")
    elif isinstance(value, tuple | list):
        for i, v in enumerate(value):
            yield from _leaves(v, f"{where}[{i}]")
    else:
        yield where, value
