"""Signs that recording changed at the start: each a size, as the false effect it alone would look like."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vru.panel import Panel
from vru.periods import Calendar
from vru.recording import ARMS, Recording
from vru.results import Verdict

CLEAR = 3.0
"""A change this many standard errors from none, by the spread of months, is one."""
SILENT = 2
"""Months without a row of any kind, in an area that had ``USUAL`` a month, that are no chance."""
USUAL = 5.0
LOST = 20.0
"""Rows that a silence of days or weeks must have held at the area's usual rate; by chance about once in 10 to the 8."""
THRESHOLD = (
    "fail: a change of recording that alone would look like an effect of 4.5% or more, clear of the spread of months; "
    "concern: half of that, areas that fall silent, months or feeds that had to be left out, or rows of every other "
    "kind moving at the start too"
)


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing looked at. size : the false effect, as a log ratio, that it alone would bring; None where not known."""

    name: str
    verdict: Verdict
    size: float | None
    text: str


@dataclass(frozen=True, slots=True)
class _Times:
    """Months before and after for each arm: bool arrays ``(n_periods,)``; ``compared``: the estimate uses both arms."""

    before: Mapping[str, np.ndarray]
    after: Mapping[str, np.ndarray]
    compared: bool
    matters: float


def signs(panel: Panel, rec: Recording, outcome: str, compared: bool, matters: float) -> tuple[Sign, ...]:
    """Everything looked at, in order."""
    times = _times(panel, compared, matters)
    if not times.after["treated"].any() or not times.before["treated"].any():
        return ()
    total = rec.total[outcome]
    found = [
        _share("unplaced", "rows without a place", total, rec.unplaced[outcome], rec, times),
        _share("without_id", "rows without the id of their crime", total, rec.nameless[outcome], rec, times),
        _repeats(panel, rec, times),
        *_dropped(panel, rec, times),
        *_kinds(total, rec.kinds.get(outcome, {}), rec, times),
        *_silent(panel, rec, outcome, times),
        _others(panel, rec, outcome, times),
        _missing(panel, times),
    ]
    if rec.suspects:
        found.append(Sign("left_out", "concern", None, f"Left out as not whole: {_few(rec.suspects)}."))
    return tuple(found)


def worst(seen: tuple[Sign, ...]) -> Verdict:
    """The worst verdict among the signs."""
    said = {s.verdict for s in seen}
    return "fail" if "fail" in said else "concern" if "concern" in said else "pass"


def _times(panel: Panel, compared: bool, matters: float) -> _Times:
    post = panel.post()
    seen = {a: (~panel.missing[panel.is_role(a)]).any(axis=0) for a in ARMS}
    both = compared and seen["comparison"].any()
    return _Times({a: s & ~post for a, s in seen.items()}, {a: s & post for a, s in seen.items()}, bool(both), matters)


def _share(
    name: str, what: str, total: Mapping[str, np.ndarray], part: Mapping[str, np.ndarray], rec: Recording, times: _Times
) -> Sign:
    """The rest of the rows, 1 - share, before against after: what is lost from counts by area."""
    rest = {a: (total[a] - part[a], total[a]) for a in ARMS}
    size, clear, told = _moved(rest, times)
    same = times.compared and rec.forces["treated"] == rec.forces["comparison"]
    verdict = _verdict(size, clear, times)
    if same:
        size, verdict = _own(rest, times)
    text = f"{what.capitalize()}: {told}; that alone would look like {_percent(size)}."
    if same:
        text += " Both arms lie in the same force, so how much of it fell to each cannot be known."
    return Sign(name, verdict, size, text)


def _own(rest: Mapping[Any, tuple[np.ndarray, np.ndarray]], times: _Times) -> tuple[float, Verdict]:
    alone = _Times(times.before, times.after, False, times.matters)
    size, clear, _ = _moved(rest, alone)
    return size, "concern" if clear and abs(size) >= times.matters else "pass"


def _moved(pairs: Mapping[Any, tuple[np.ndarray, np.ndarray]], times: _Times) -> tuple[float, bool, str]:
    """Change at the start of log(part / whole), treated less comparison; whether it is clear of the months' spread."""
    arms = ARMS if times.compared else ARMS[:1]
    net, variance, told = 0.0, 0.0, []
    for sign, arm in zip((1.0, -1.0), arms, strict=False):
        part, whole = pairs[arm]
        before, after = times.before[arm] & (whole > 0), times.after[arm] & (whole > 0)
        if not before.any() or not after.any():
            continue
        shares = [part[m].sum() / whole[m].sum() for m in (before, after)]
        net += sign * (math.log(max(shares[1], 1e-3)) - math.log(max(shares[0], 1e-3)))
        variance += _variance(part, whole, before) + _variance(part, whole, after)
        told.append(f"{arm} {100 * (1 - shares[0]):.1f}% before, {100 * (1 - shares[1]):.1f}% after")
    return net, bool(abs(net) > CLEAR * math.sqrt(max(variance, 1e-8))), ", ".join(told)


def _variance(part: np.ndarray, whole: np.ndarray, months: np.ndarray) -> float:
    """Variance of the log of a pooled share, by the spread of its months, and never under the binomial one."""
    n, share = whole[months].sum(), part[months].sum() / whole[months].sum()
    binomial = (1 - share) / max(n * share, 1.0)
    k = int(months.sum())
    if k < 3:
        return float(2 * binomial)
    gaps = part[months] - share * whole[months]
    return float(max(k / (k - 1) * (gaps**2).sum() / max(part[months].sum(), 1.0) ** 2, binomial))


def _verdict(size: float, clear: bool, times: _Times) -> Verdict:
    if not clear or abs(size) < times.matters / 2:
        return "pass"
    return "fail" if abs(size) >= times.matters else "concern"


def _repeats(panel: Panel, rec: Recording, times: _Times) -> Sign:
    kept = {a: rec.rows[panel.is_role(a)].sum(axis=0) for a in ARMS}
    size, clear, told = _moved({a: (kept[a], kept[a] + rec.repeats[a]) for a in ARMS}, times)
    text = f"Rows dropped as repeats of another row's id: {told}; that alone would look like {_percent(size)}."
    return Sign("repeats", _verdict(size, clear, times), size, text)


def _dropped(panel: Panel, rec: Recording, times: _Times) -> list[Sign]:
    reasons = sorted({r for arm in ARMS for r in rec.dropped.get(arm, {})})
    zero = np.zeros(len(panel.periods))
    kept = {a: rec.rows[panel.is_role(a)].sum(axis=0) for a in ARMS}
    found = []
    for reason in reasons:
        pairs = {a: (kept[a], kept[a] + rec.dropped.get(a, {}).get(reason, zero)) for a in ARMS}
        size, clear, told = _moved(pairs, times)
        text = f"Rows dropped because {reason}: {told}; that alone would look like {_percent(size)}."
        found.append(Sign(f"dropped_{reason.replace(' ', '_')}", _verdict(size, clear, times), size, text))
    return found


def _kinds(
    total: Mapping[str, np.ndarray], kinds: Mapping[str, Mapping[str, np.ndarray]], rec: Recording, times: _Times
) -> list[Sign]:
    """Crime types not counted that begin or end at the start: rows of the outcome may have gone there."""
    found = []
    for kind, rows in kinds.items():
        size = _moved({a: (total[a], total[a] + rows[a]) for a in ARMS}, times)[0]
        hit = [a for a in ARMS if _begins_or_ends(rows[a], times, a)]
        if not hit:
            continue
        own = max((_moved({a: (total[a], total[a] + rows[a])}, _only(times, a))[0] for a in hit), key=abs)
        worst_size = size if times.compared and abs(size) >= abs(own) / 2 else own
        verdict = _verdict(worst_size, True, times)
        text = (
            f"Crime type '{kind}', which the outcome does not count, begins or ends at the start in the forces of "
            f"{' and '.join(hit)} areas; if its rows were the outcome's, that alone would look like {_percent(worst_size)}."
        )
        found.append(Sign(f"kind_{kind.replace(' ', '_')}", verdict, worst_size, text))
    return found


def _only(times: _Times, arm: str) -> _Times:
    return _Times({"treated": times.before[arm]}, {"treated": times.after[arm]}, False, times.matters)


def _begins_or_ends(rows: np.ndarray, times: _Times, arm: str) -> bool:
    before, after = (rows[m[arm]].mean() if m[arm].any() else 0.0 for m in (times.before, times.after))
    return max(before, after) > 0 and min(before, after) < 0.05 * max(before, after)


def _silent(panel: Panel, rec: Recording, outcome: str, times: _Times) -> list[Sign]:
    """Areas without a row of any kind for months, that had some before or have some after."""
    quiet = (rec.rows == 0) & ~panel.missing
    lost: dict[str, float] = dict.fromkeys(ARMS, 0.0)
    whole: dict[str, float] = dict.fromkeys(ARMS, 0.0)
    names: list[str] = []
    for i, unit in enumerate(panel.units):
        role = panel.role[i]
        if role not in lost:
            continue
        weight = float(np.nansum(panel.counts[outcome][i]))
        whole[role] += weight
        if _falls_silent(rec.rows[i][~panel.missing[i]], panel.calendar):
            names.append(unit)
            lost[role] += weight * float(quiet[i].mean()) / max(1 - float(quiet[i].mean()), 0.1)
    if not names:
        return []
    shares = {a: lost[a] / max(whole[a] + lost[a], 1.0) for a in ARMS}
    size = math.log1p(-min(shares["treated"], 0.99)) - (
        math.log1p(-min(shares["comparison"], 0.99)) if times.compared else 0
    )
    verdict: Verdict = "fail" if abs(size) >= times.matters / 2 else "concern"
    what = "area falls" if len(names) == 1 else "areas fall"
    text = (
        f"{len(names)} {what} silent: no row of any kind for {_spell(panel.calendar)} "
        f"otherwise ({_few(names)}); that is not what an intervention does."
    )
    return [Sign("silent_areas", verdict, size, text)]


def _falls_silent(rows: np.ndarray, calendar: Calendar) -> bool:
    """Whether an area's rows, ``(n_present,)``, stop for longer than chance would have it.

    Of days and weeks, in which one row is usual, the rows to expect over the silence decide; of months the usual number.
    """
    silence = _longest(rows == 0)
    if calendar.by_days:
        return bool(silence < len(rows) and rows.sum() / (len(rows) - silence) * silence >= LOST)
    usual = float(np.median(rows[rows > 0])) if (rows > 0).any() else 0.0
    return usual >= USUAL and silence >= SILENT


def _spell(calendar: Calendar) -> str:
    if calendar.by_days:
        return f"so long that {LOST:.0f} or more would have been usual"
    return f"{SILENT} months or more, and {USUAL:.0f} or more a month"


def _longest(flags: np.ndarray) -> int:
    best = run = 0
    for flag in flags.tolist():
        run = run + 1 if flag else 0
        best = max(best, run)
    return best


def _others(panel: Panel, rec: Recording, outcome: str, times: _Times) -> Sign:
    """Rows of every other kind in the units: they too fall where rows are lost, and an intervention need not move them."""
    arms = ARMS if times.compared else ARMS[:1]
    net, variance = 0.0, 0.0
    for sign, arm in zip((1.0, -1.0), arms, strict=False):
        own = rec.other[outcome][panel.is_role(arm)]
        b, a = own[:, times.before[arm]].mean(axis=1), own[:, times.after[arm]].mean(axis=1)
        if b.sum() < 1 or a.sum() < 1:
            return Sign("other_kinds", "pass", None, "")
        moved = math.log(a.sum() / b.sum())
        gaps = a - b * math.exp(moved)
        n = len(b)
        net += sign * moved
        variance += n / max(n - 1, 1) * float((gaps**2).sum()) / a.sum() ** 2 if n > 1 else math.inf
    clear = abs(net) > CLEAR * math.sqrt(variance) if math.isfinite(variance) and times.compared else False
    verdict: Verdict = "concern" if clear and abs(net) >= times.matters else "pass"
    text = (
        f"Rows of every other kind moved at the start by {_percent(net)}, treated against comparison: where that is "
        "loss of rows and no change of crime, the outcome lost as much."
    )
    return Sign("other_kinds", verdict, net, text)


def _missing(panel: Panel, times: _Times) -> Sign:
    gone: dict[str, list[float]] = {}
    post = panel.post()
    for arm in ARMS:
        own: Any = panel.missing[panel.is_role(arm)]
        gone[arm] = [float(own[:, m].mean()) if own.size and m.any() else 0.0 for m in (~post, post)]
    uneven = max(abs(gone["treated"][k] - gone["comparison"][k]) for k in (0, 1)) if times.compared else 0.0
    text = "Missing months: " + ", ".join(f"{a} {v[0]:.0%} before, {v[1]:.0%} after" for a, v in gone.items()) + "."
    return Sign("uneven_missing", "concern" if uneven >= 0.2 else "pass", uneven, text)


def _few(names: tuple[str, ...] | list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ("; " if any(" " in n for n in names) else ", ").join(names[:3]) + more


def _percent(size: float) -> str:
    share = 100 * math.expm1(size)
    return f"{abs(share):.1f}% {'fewer' if share < 0 else 'more'}"
