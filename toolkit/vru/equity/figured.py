"""Disproportionality figured: missing ethnicity first, then rates and ratios at each stage, bounds, agreement, trend."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from vru.disclosure.profiles import PROFILES, Profile
from vru.equity.asked import Asked
from vru.equity.groups import FIVE, UNKNOWN, groups_at
from vru.equity.hiding import protect
from vru.equity.reading import Rows, step_column
from vru.equity.trends import Trend, trend_of
from vru.errors import DataError, Problem
from vru.events import DataNote
from vru.periods import months_between
from vru.stats.disparity import (
    NOTHING,
    Agreement,
    Range,
    RateRatio,
    agreement,
    event_bounds,
    event_ratio,
    log_ratio,
    share_bounds,
    share_interval,
    share_ratio,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One group at one stage: count of size, its rate (per 1,000 a year, or a share), ratio to the reference, bounds.

    A group of the 18, or of the officers' records, of which no row is has no rate: the records may not have it.

    hidden : whether the profile hides the count; everything worked out from it is then None.
    """

    group: str
    count: int | None
    size: float | None
    rate: float | None
    interval: tuple[float, float] | None
    ratio: RateRatio
    bounds: Range
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A stage against what it is a part of: people of a denominator (``per_head``) or an earlier stage; unknown: rows without
    a recorded group, None where hidden."""

    stage: str
    against: str
    per_head: bool
    lines: tuple[Line, ...]
    unknown: int | None
    ethnicity: str = "recorded"


@dataclass(frozen=True, slots=True)
class Absent:
    """Rows, and those without recorded ethnicity, of one value of ``what``; None where hidden."""

    value: str
    rows: int | None
    missing: int | None


@dataclass(frozen=True, slots=True)
class Agreed:
    """The two records of ethnicity against each other: how often alike, and counts (self-defined by rows), None hidden.

    lacking : groups that people say and no officer ever recorded, so that no row of theirs can agree.
    """

    found: Agreement
    groups: tuple[str, ...]
    table: tuple[tuple[int | None, ...], ...]
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Study:
    """All that was figured. months : with data; gone : between the first and the last without."""

    asked: Asked
    rows: int
    missing: int | None
    months: tuple[str, ...]
    gone: tuple[str, ...]
    absent: Mapping[str, tuple[Absent, ...]]
    sizes: Mapping[str, Mapping[str, float]]
    steps: tuple[Step, ...]
    agreed: Agreed | None
    trend: Trend | None
    left: Mapping[str, str]
    notes: tuple[DataNote, ...]
    sha256: str


def figure_out(asked: Asked, read: Rows, sizes: Mapping[str, Mapping[str, float]], notes: Sequence[DataNote]) -> Study:
    """Everything, from the rows and the numbers of people by denominator (residents first). Raises DataError: no reference."""
    frame = read.frame.assign(group=read.frame["five" if asked.detail == "5+1" else "detailed"].fillna(UNKNOWN))
    frame = frame.assign(group=frame["group"].where(frame["group"].isin([*groups_at(asked.detail), UNKNOWN]), UNKNOWN))
    present = set(frame["group"])
    if asked.against not in present:
        what = f"no row is of the reference group {asked.against!r}"
        if present == {UNKNOWN}:
            what = f"none of {len(frame):,} rows has ethnicity recorded at {asked.detail}"
        raise DataError(Problem(what, "--reference", ", ".join(sorted(present - {UNKNOWN}))))
    months = tuple(sorted(set(frame["month"])))
    gone = tuple(m for m in months_between(months[0], months[-1]) if m not in months)
    profile = PROFILES[asked.profile]
    groups = [g for g in groups_at(asked.detail) if g in present or any(g in s for s in sizes.values())]
    years = len(months) / 12
    steps = _steps(asked, read, frame, groups, sizes, years, profile)
    if asked.detail == "5+1" and read.has_officer and sizes:
        steps += _by_officer(asked, frame, groups, sizes, years, profile)
    trend = trend_of(asked, frame, groups, next(iter(sizes.values())) if sizes else None, profile)
    missing = int((frame["group"] == UNKNOWN).sum())
    return Study(
        asked, len(frame), None if profile.hides(missing) else missing, months, gone, _absent(frame, profile, asked, trend),
        sizes, tuple(steps), _agreed(frame, profile) if read.has_officer else None, trend, read.left, tuple(notes), read.sha256,
    )  # fmt: skip


def _steps(
    asked: Asked, read: Rows, frame: pd.DataFrame, groups: Sequence[str], sizes: Mapping[str, Mapping[str, float]],
    years: float, profile: Profile,
) -> list[Step]:  # fmt: skip
    everyone = pd.Series(True, index=frame.index, dtype="boolean")
    inside = {"": everyone, **{s.name: frame[step_column(s.name)] for s in read.stages}}
    for s in read.stages:  # what follows a stage is counted within it
        inside[s.name] = frame[step_column(s.name)] & inside[s.of] if s.of else frame[step_column(s.name)]
    names = {"": asked.first, **{s.name: s.name for s in read.stages}}
    counted = {key: _counts(frame, rows.fillna(False).astype(bool), groups) for key, rows in inside.items()}
    hidden = {"": protect(counted[""], profile)}
    steps: list[Step] = []
    shares = []
    for s in read.stages:
        # Where the later stage is blank nobody knows: those rows are in neither part of the share.
        base = _counts(frame, inside[s.of].fillna(False).astype(bool) & frame[step_column(s.name)].notna(), groups)
        rest = protect(base - counted[s.name], profile)
        hidden[s.name] = protect(counted[s.name], profile, rest | hidden[s.of] | protect(base, profile))
        shares.append(_share_step(asked, names[s.name], names[s.of], groups, counted[s.name], base, hidden[s.name]))
    for name, sized in sizes.items():
        steps += [_head_step(asked, names[k], name, groups, counted[k], sized, years, hidden[k]) for k in inside]
    return [*steps, *shares]


def _counts(frame: pd.DataFrame, which: pd.Series, groups: Sequence[str]) -> np.ndarray:
    """Rows by group, those without a group last."""
    found = frame.loc[which.to_numpy(), "group"].value_counts()
    return np.array([int(found.get(g, 0)) for g in (*groups, UNKNOWN)])


def _head_step(
    asked: Asked, stage: str, against: str, groups: Sequence[str], counts: np.ndarray, sized: Mapping[str, float],
    years: float, hidden: np.ndarray, ethnicity: str = "recorded",
) -> Step:  # fmt: skip
    at = list(groups).index(asked.against)
    c, unknown = float(counts[at]), float(counts[-1])
    m = sized[asked.against]
    by_head = log_ratio if asked.interval == "log" else event_ratio
    per = 1000 / years if against == "residents" else 1.0
    lines = []
    for i, group in enumerate(groups):
        size = sized.get(group, 0.0)
        unrecorded = not counts[i] and (asked.detail == "18+1" or ethnicity != "recorded")
        if hidden[i] or not size or unrecorded:
            lines.append(
                Line(
                    group,
                    None if hidden[i] else int(counts[i]),
                    size or None,
                    None,
                    None,
                    NOTHING,
                    Range(None, None),
                    bool(hidden[i]),
                )
            )
            continue
        a = float(counts[i])
        other = i != at and not hidden[at]
        ratio = by_head(a, size, c, m, asked.level) if other else NOTHING
        bounds = event_bounds(a, size, c, m, unknown) if other and not hidden[-1] else Range(None, None)
        lines.append(Line(group, int(a), size, per * a / size, None, ratio, bounds))
    return Step(stage, against, True, tuple(lines), None if hidden[-1] else int(unknown), ethnicity)


def _share_step(
    asked: Asked, stage: str, of: str, groups: Sequence[str], counts: np.ndarray, base: np.ndarray, hidden: np.ndarray
) -> Step:
    at = list(groups).index(asked.against)
    c, m = float(counts[at]), float(base[at])
    by_share = log_ratio if asked.interval == "log" else share_ratio
    with_it, without = float(counts[-1]), float(base[-1] - counts[-1])
    lines = []
    for i, group in enumerate(groups):
        if hidden[i] or not base[i]:
            lines.append(
                Line(
                    group,
                    None if hidden[i] else int(counts[i]),
                    None if hidden[i] else 0.0,
                    None,
                    None,
                    NOTHING,
                    Range(None, None),
                    bool(hidden[i]),
                )
            )
            continue
        a, n = float(counts[i]), float(base[i])
        other = i != at and not hidden[at]
        ratio = by_share(a, n, c, m, asked.level) if other else NOTHING
        bounds = share_bounds(a, n, c, m, with_it, without) if other and not hidden[-1] else Range(None, None)
        lines.append(Line(group, int(a), n, a / n, share_interval(a, n, asked.level), ratio, bounds))
    return Step(stage, of, False, tuple(lines), None if hidden[-1] else int(counts[-1]))


def _by_officer(
    asked: Asked,
    frame: pd.DataFrame,
    groups: Sequence[str],
    sizes: Mapping[str, Mapping[str, float]],
    years: float,
    profile: Profile,
) -> list[Step]:
    """The first stage by the officer's record, and by the person's own with the officer's where that is missing."""
    name, sized = next(iter(sizes.items()))
    everyone = pd.Series(True, index=frame.index)
    officer = frame.assign(group=frame["officer"].fillna(UNKNOWN))
    filled = frame.assign(group=frame["group"].where(frame["group"] != UNKNOWN, frame["officer"]).fillna(UNKNOWN))
    own, moved = _counts(frame, everyone, groups), _counts(filled, everyone, groups)
    by_officer = _counts(officer, everyone, groups)
    hidden = protect(moved, profile, protect(np.abs(moved - own), profile) | protect(own, profile))
    first = asked.first
    return [
        _head_step(
            asked, first, name, groups, by_officer, sized, years, protect(by_officer, profile), "officer-defined"
        ),
        _head_step(asked, first, name, groups, moved, sized, years, hidden, "filled"),
    ]


def _absent(frame: pd.DataFrame, profile: Profile, asked: Asked, trend: Trend | None) -> dict[str, tuple[Absent, ...]]:
    """Missing ethnicity by month (by the periods of the trend where small counts are hidden), by object, by outcome."""
    found = {}
    if profile.largest is None:
        found["month"] = _split(frame["month"], frame["group"], profile)
    elif trend is not None:
        found[asked.by] = tuple(Absent(p.label, p.rows, p.unknown) for p in trend.periods)
    for what in ("object", "outcome"):
        if frame[what].notna().any():
            found[what] = _split(frame[what].fillna("(blank)"), frame["group"], profile)
    return found


def _split(values: pd.Series, group: pd.Series, profile: Profile) -> tuple[Absent, ...]:
    names = sorted(set(values))
    missing = group.eq(UNKNOWN)
    table = np.array([[int((missing & (values == v)).sum()), int((~missing & (values == v)).sum())] for v in names])
    hidden = protect(table, profile)
    return tuple(
        Absent(name, None if h.any() else int(cells.sum()), None if h.any() else int(cells[0]))
        for name, cells, h in zip(names, table, hidden, strict=True)
    )


def _agreed(frame: pd.DataFrame, profile: Profile) -> Agreed:
    """Five groups whatever the level: officers record no finer ones."""
    names = (*FIVE, UNKNOWN)
    own, officer = frame["five"].fillna(UNKNOWN), frame["officer"].fillna(UNKNOWN)
    table = np.array([[int(((own == a) & (officer == b)).sum()) for b in names] for a in names])
    hidden = protect(table, profile)
    cells = tuple(
        tuple(None if h else int(n) for n, h in zip(r, hr, strict=True)) for r, hr in zip(table, hidden, strict=True)
    )
    lacking = tuple(g for i, g in enumerate(FIVE) if table[i].sum() and not table[:, i].sum())
    return Agreed(agreement(table[:-1, :-1]), names, cells, lacking)
