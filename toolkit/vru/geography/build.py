"""From events to the panel: who is compared with whom, how much happened, and what is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from vru.errors import DataError, Problem, ProtocolError, Question
from vru.events import DataNote, Events
from vru.geography.account import account
from vru.geography.areas import Areas, read_areas
from vru.geography.choose import Chosen, choose, listed_roles
from vru.geography.circles import read_circles
from vru.geography.codes import changed_codes
from vru.geography.coverage import matrix, missing_months, missing_notes, modal_forces, unit_forces
from vru.geography.drawn import map_of
from vru.geography.ending import carry_over, until_the_end
from vru.geography.ends import end_questions
from vru.geography.feeds import Kinds, believed, feed_notes, kinds_of, unsteady, without_feeds
from vru.geography.located import Layout, lay_out, layout_notes, places_in
from vru.geography.longer import by_plan, partial_notes, period_problems
from vru.geography.neighbours import without_neighbours
from vru.geography.plan import plan_problems
from vru.geography.sense import absent_problems, series_problems, silent_problems
from vru.geography.spelling import respelt_plan
from vru.geography.tally import Tally, added_up, check_filters, tally, unit_names
from vru.geography.thinning import thin, thinning_note
from vru.geography.vintages import Lookup, lookup_notes, plan_by, read_lookup
from vru.keys import fold
from vru.panel import Panel, Role
from vru.protocol.fields import Outcome, Protocol
from vru.protocol.units import Units
from vru.words.terms import terms_of


@dataclass(frozen=True, slots=True)
class Built:
    """The panel, the data log of how it came about, and true values where they are known."""

    panel: Panel
    log: tuple[DataNote, ...]
    truth: Mapping[str, float]
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True)
class _Counted:
    """Every source counted by unit, roles decided, areas at hand where units are drawn."""

    tallies: tuple[Tally, ...]
    chosen: Chosen
    layout: Layout | None
    areas: Areas | None
    lookup: Lookup | None = None

    @property
    def roles(self) -> Mapping[str, Role]:
        """Unit -> role, rings among the units where there are any."""
        return self.layout.roles if self.layout else self.chosen.roles


def build_panel(protocol: Protocol, events: Mapping[str, Events], folder: Path) -> Built:
    """Count the protocol's outcomes by unit and period.

    Parameters
    ----------
    events
        Data id -> events, one for each of the protocol's sources that an outcome counts.
    folder
        The evaluation's folder, to which ``units.boundaries`` is relative.

    Returns
    -------
    Built
        Panel with units in order of id and the window's periods; counts in events per unit-period,
        NaN where the force covering the unit (the one that recorded most of its events) has no
        file for the period, 0 where it has one and no event was recorded.

    Raises
    ------
    ProtocolError
        The plan contradicts itself: months, lists, outcomes, selection.
    DataError
        The data are not as planned: units, columns or values that are not there, areas that
        conflict, too few months before the start, an outcome without a single event.
    """
    terms = terms_of(protocol)
    try:
        built = _built(protocol, events, folder)
    except (ProtocolError, DataError) as error:
        raise type(error)(*map(terms.problem, error.problems)) from None
    log = tuple(replace(n, text=terms.calendar.say(n.text)) if n.source == "panel" else n for n in built.log)
    return replace(built, log=log)


def _built(protocol: Protocol, events: Mapping[str, Events], folder: Path) -> Built:
    if problems := plan_problems(protocol, list(events)) or period_problems(protocol, events):
        raise ProtocolError(*problems)
    whole, protocol = protocol, until_the_end(protocol)
    sources = {d: events[d] for d in dict.fromkeys(o.data for o in protocol.outcomes)}
    notes = [*(n for e in sources.values() for n in e.log), *partial_notes(protocol)]
    lookup = None if protocol.units.lookup is None else read_lookup(folder / protocol.units.lookup, protocol.units.kind)
    if lookup is not None:
        protocol = plan_by(lookup, protocol)
        notes += [n for d, e in sources.items() for n in lookup_notes(lookup, d, e)]
    protocol, said, asked = respelt_plan(protocol, sources)
    notes += said
    for data, source in sources.items():
        notes += check_filters(source, _outcomes(protocol, data))
    kinds = {d: kinds_of(e, protocol.units.kind != "polygon") for d, e in sources.items()}
    suspects: list[DataNote] = []
    for data in list(sources):
        counts = {fold(v) for o in _outcomes(protocol, data) for v in o.filter.get("crime_type", ())}
        sources[data], doubts = believed(sources[data], kinds[data], counts, getattr(protocol, "answers", {}))
        suspects += doubts
        sources[data] = by_plan(sources[data], protocol.calendar)
        kinds[data] = Kinds(added_up(sources[data], kinds[data].frame))
    counted = _steady(protocol, _count(protocol, sources, folder, lookup), suspects)
    notes += [*suspects, *carry_over(whole, counted.roles, counted.tallies)]
    notes += counted.chosen.notes
    built = _panel(protocol, counted, sources, notes, kinds, tuple(n.text for n in suspects if n.severity != "info"))
    return replace(
        built,
        questions=(
            *(q for e in sources.values() for q in e.questions),
            *asked,
            *end_questions(protocol, sources, kinds),
        ),
    )


def _outcomes(protocol: Protocol, data: str) -> list[Outcome]:
    return [o for o in protocol.outcomes if o.data == data]


def _count(protocol: Protocol, sources: Mapping[str, Events], folder: Path, lookup: Lookup | None) -> _Counted:
    units, selection = protocol.units, protocol.units.selection
    areas = _areas(units, folder)
    chosen = Chosen(listed_roles(protocol), None, ())
    if units.kind != "polygon" or areas is None:
        codes = lookup.unit if lookup else {}
        tallies = tuple(tally(d, e, _outcomes(protocol, d), None, codes) for d, e in sources.items())
        if selection is not None:
            on = next(t for t in tallies if selection.outcome in t.outcomes)
            chosen = choose(protocol, on, None, {codes.get(c, c): n for c, n in unit_names(on.events).items()})
        return _Counted(tallies, without_neighbours(units, areas, chosen), None, areas, lookup)
    if problems := absent_problems(chosen.roles, areas.ids, "boundaries"):
        raise DataError(*problems)
    if selection is not None:
        data = protocol.outcome(selection.outcome).data
        pool = tally(data, sources[data], [protocol.outcome(selection.outcome)], places_in(sources[data], areas))
        chosen = choose(protocol, pool, areas.ids, {})
    chosen = without_neighbours(units, areas, chosen)
    layout = lay_out(areas, chosen.roles, tuple(sorted(set(units.buffers.distances_m))))
    tallies = tuple(
        tally(d, e, _outcomes(protocol, d), places_in(e, layout.areas, layout.ringed)) for d, e in sources.items()
    )
    return _Counted(tallies, chosen, layout, areas)


def _areas(units: Units, folder: Path) -> Areas | None:
    if units.boundaries is None:
        return None
    if units.radius_m is not None:
        return read_circles(folder / units.boundaries, units.id_field, units.radius_m)
    return read_areas(folder / units.boundaries, units.id_field, units.layer)


def _steady(protocol: Protocol, counted: _Counted, suspects: list[DataNote]) -> _Counted:
    """Leave out rows of further forces where they come and go with that force's files."""
    periods = protocol.periods
    roles = counted.roles
    kept = []
    for t in counted.tallies:
        modal = {u: f for u, f in modal_forces(t.frame).items() if u in roles}
        out = unsteady(t.frame, modal, t.events, periods)
        suspects += feed_notes(t.frame, out, t.events, periods)
        kept.append(replace(t, frame=without_feeds(t.frame, out)))
    return replace(counted, tallies=tuple(kept))


def _panel(
    protocol: Protocol,
    counted: _Counted,
    sources: Mapping[str, Events],
    notes: list[DataNote],
    kinds: Mapping[str, Kinds],
    suspects: tuple[str, ...],
) -> Built:
    roles = counted.roles
    units = tuple(sorted(roles))
    periods = protocol.periods
    if problems := _unit_problems(protocol, counted, sources, periods):
        raise DataError(*problems)
    own = protocol.units.starts
    starts = tuple(own.get(u, protocol.intervention.start) if roles[u] == "treated" else None for u in units)
    missing, covering = _covered(counted, units, periods)
    by_outcome = {o: t.frame for t in counted.tallies for o in t.outcomes}
    counts = {
        o.id: np.where(missing, np.nan, matrix(by_outcome[o.id], units, periods, o.id)) for o in protocol.outcomes
    }
    if problems := series_problems(protocol, units, [roles[u] for u in units], starts, counts):
        raise DataError(*problems)
    notes += _notes(protocol, counted, periods, missing, covering)
    truth = {k: v for e in sources.values() for k, v in e.truth.items()}
    if protocol.artificial_effect is not None:
        share = protocol.artificial_effect.keep_share
        counts = thin(counts, _after(starts, periods), share, np.random.default_rng([protocol.seed, 2]))
        notes.append(thinning_note(share))
        truth = {"rate_ratio": share}
    panel = Panel(
        units=units,
        periods=periods,
        counts=counts,
        role=tuple(roles[u] for u in units),
        starts=starts,
        missing=missing,
        selection=counted.chosen.history,
        provenance=_provenance(sources, counted),
        calendar=protocol.calendar,
        recording=account(counted.tallies, kinds, protocol.outcomes, units, periods, roles, covering, suspects),
        outlines=map_of(counted.areas, counted.chosen.roles, counted.layout.ringed if counted.layout else ()),
    )
    return Built(panel, tuple(notes), truth)


def _unit_problems(
    protocol: Protocol, counted: _Counted, sources: Mapping[str, Events], periods: Sequence[str]
) -> list[Problem]:
    """Units without an event of any kind, and codes that change within the window."""
    known_empty = protocol.units.empty_units
    if counted.layout is not None:
        return silent_problems(counted.roles, counted.tallies, known_empty)
    known = {u for t in counted.tallies for u in t.frame["unit"]} | set(counted.areas.ids if counted.areas else ())
    lsoas = protocol.units.kind != "area"
    absent = absent_problems(counted.roles, sorted((known - {""}) | set(known_empty)), "data", lsoas)
    if absent or counted.lookup is not None:
        return absent
    return [p for e in sources.values() for p in changed_codes(e, counted.roles, periods)]


def _covered(counted: _Counted, units: Sequence[str], periods: Sequence[str]) -> tuple[np.ndarray, dict[str, str]]:
    """Months missing, bool ``(n_units, n_periods)``, and the force that covers each unit."""
    missing = np.zeros((len(units), len(periods)), dtype=bool)
    covering: dict[str, str] = {}
    for t in counted.tallies:
        forces = unit_forces(t, units, counted.layout.parent if counted.layout else {}, counted.areas)
        missing |= missing_months(units, periods, forces, t.events.present)
        covering |= forces
    return missing, covering


def _after(starts: Sequence[str | None], periods: Sequence[str]) -> np.ndarray:
    """Treated unit-months at or after the start: bool ``(n_units, n_periods)``."""
    return np.array([[s is not None and p >= s for p in periods] for s in starts])


def _provenance(sources: Mapping[str, Events], counted: _Counted) -> dict[str, str]:
    beside = {"boundaries": counted.areas, "lookup": counted.lookup}
    return {d: e.sha256 for d, e in sources.items()} | {k: v.sha256 for k, v in beside.items() if v is not None}


def _notes(
    protocol: Protocol, counted: _Counted, periods: Sequence[str], missing: np.ndarray, covering: Mapping[str, str]
) -> list[DataNote]:
    units = tuple(covering)
    notes = layout_notes(counted.layout) if counted.layout else []
    without = "coordinates" if counted.layout else "an area" if protocol.units.kind == "area" else "an LSOA code"
    for t in counted.tallies:
        notes += _adding_up(t, units, periods, missing, without)
    notes += missing_notes(units, periods, missing, covering)
    return notes


def _adding_up(
    t: Tally, units: Sequence[str], periods: Sequence[str], missing: np.ndarray, what: str
) -> list[DataNote]:
    """Where the window's events of each outcome went: the parts add up to the whole, and the share without a place by month."""
    inside = t.frame[t.frame["period"].isin(list(periods))]
    notes = []
    for o in t.outcomes:
        whole, lost = int(inside[o].sum()), inside[~inside["placed"].astype(bool)]
        counts = matrix(t.frame, units, periods, o)
        used, gone = int(counts[~missing].sum()), int(counts[missing].sum())
        unplaced = int(lost[o].sum())
        elsewhere = whole - used - gone - unplaced
        share = (lost.groupby("period")[o].sum() / inside.groupby("period")[o].sum()).fillna(0.0)
        text = (
            f"{t.data}: {o}: {whole:,} in the window = {used:,} in the plan's areas + {gone:,} there in months taken as "
            f"missing + {elsewhere:,} in other areas + {unplaced:,} without {what}"
        )
        if unplaced and len(share):
            least, most = str(share.idxmin()), str(share.idxmax())
            text += f" ({share.min():.1%} in {least} to {share.max():.1%} in {most})"
        notes.append(DataNote("panel", text))
    return notes
