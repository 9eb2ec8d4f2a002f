"""``vru check``: everything that can be known to be wrong before a run, in one go."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vru.binding import registry_problems, resolve
from vru.checks.recording import Options
from vru.checks.recording_signs import signs
from vru.cohort import Cohort
from vru.disclosure import house_problems
from vru.errors import Problem, ProtocolError, Question, VruError
from vru.events import DataNote
from vru.graph import license_adjustment
from vru.panel import Panel
from vru.protocol import Protocol, read_draft, registration
from vru.protocol.fields import Analysis, CheckPlan, DataSource, Graph
from vru.protocol.reading import Draft, valid_items
from vru.questions import questions, template_words, unanswered
from vru.run.study import Built, Study, build, identified
from vru.sources.source import Progress
from vru.words.terms import noun_of


@dataclass(frozen=True, slots=True)
class Checked:
    """What is sound, line by line, and what the plan has to answer before it is run."""

    lines: tuple[str, ...]
    questions: tuple[Question, ...]


def check_evaluation(folder: Path, data: Path | None, read_data: bool, progress: Progress) -> Checked:
    """What is sound, and what is asked. Raises ProtocolError or DataError with every problem found.

    Malformed fields, dangling ids, unknown methods, bad options and an unlicensed adjustment
    set are all reported together; the data are read only once the plan is sound.
    """
    draft = read_draft(folder)
    problems = list(draft.problems)
    problems += registry_problems(
        valid_items(draft.file, "data", DataSource),
        valid_items(draft.file, "analyses", Analysis),
        valid_items(draft.file, "checks", CheckPlan),
    )
    problems += _graph_problems(draft)
    problems += house_problems(folder, draft.protocol) if draft.protocol else []
    if draft.protocol is None or problems:
        raise ProtocolError(*problems)
    protocol = draft.protocol
    study = Study(folder, data, resolve(protocol), registration(folder, protocol))
    seen = [f"protocol: sound ({len(protocol.analyses)} analyses, {len(protocol.checks)} checks)"]
    seen.append(f"graph: {identified(protocol).words}")
    if said := template_words(study.plan):
        seen.append(f'  {said}; write what was done, or "not reported", before it is assured')
    asked = questions(study.plan)
    if read_data:
        built = build(study, progress)
        seen += _data_lines(protocol, built)
        asked = (*asked, *built.questions)
    asked = unanswered(protocol, asked)
    if not asked:
        seen.append(_next(study, folder))
    return Checked(tuple(seen), asked)


def _graph_problems(draft: Draft) -> list[Problem]:
    raw = draft.file.content.get("graph")
    try:
        license_adjustment(Graph.model_validate(raw))
    except VruError as error:
        return list(error.problems)
    except ValueError:
        return []  # malformed fields are among the draft's own problems already
    return []


def _data_lines(protocol: Protocol, built: Built) -> list[str]:
    shape = (
        _people_lines(protocol, built.data) if isinstance(built.data, Cohort) else _panel_lines(protocol, built.data)
    )
    asked = _recording_lines(protocol, built.data) if isinstance(built.data, Panel) else []
    account = [f"  {line}" for line in built.account]
    changed = [f"  will be disclosed: {change}" for change in built.inputs.data_changes]
    return [*shape, *account, *map(_line, built.inputs.data_log), *changed, *asked]


def _recording_lines(protocol: Protocol, panel: Panel) -> list[str]:
    """What the check of that name will ask, before a run."""
    if panel.recording is None:
        return []
    compared = bool(panel.is_role("comparison").any())
    lines = []
    for o in protocol.outcomes:
        seen = signs(panel, panel.recording, o.id, compared, Options().matters)
        loud = [s for s in seen if s.verdict != "pass" and s.name != "left_out"]
        lines += [f"  {'fault' if s.verdict == 'fail' else 'question'}: recording of {o.id}: {s.text}" for s in loud]
    return lines


def _line(note: DataNote) -> str:
    mark = "" if note.severity == "info" else f"{note.severity}: "
    return f"  {mark}{note.text}" + (f" ({note.count:,})" if note.count is not None else "")


def open_questions(seen: Sequence[str]) -> int:
    """How many lines of a check want an answer before the numbers are believed."""
    return sum(line.startswith(("  question: ", "  fault: ")) for line in seen)


def _people_lines(protocol: Protocol, cohort: Cohort) -> list[str]:
    lines = [f"data: {len(cohort):,} {cohort.noun}, {len(cohort.covariates.columns)} covariates"]
    for o in protocol.outcomes:
        values = cohort.outcomes[o.id]
        lines.append(f"data: {o.id}: observed for {int((~np.isnan(values)).sum()):,}")
    return lines


def _panel_lines(protocol: Protocol, panel: Panel) -> list[str]:
    n, t = panel.shape
    if panel.schedule is not None:
        on = int((panel.schedule.assigned & ~panel.missing).sum())
        head = f"data: {n} areas x {t} days, {on:,} of {int((~panel.missing).sum()):,} area-days drawn for patrol"
        return [head, *(f"data: {o.id}: {int(np.nansum(panel.counts[o.id])):,} events" for o in protocol.outcomes)]
    by_role = {role: panel.role.count(role) for role in dict.fromkeys(panel.role)}
    gone = _spells([j for j in range(t) if panel.missing[:, j].any()], panel.periods)
    lines = [f"data: {n} units ({', '.join(f'{v} {k}' for k, v in by_role.items())}) x {t} {panel.calendar.plural}"]
    for o in protocol.outcomes:
        lines.append(f"data: {o.id}: {int(panel.counts[o.id][~panel.missing].sum()):,} {noun_of(o)[1]}")
    archive = any(d.source in ("police_uk", "simulated") for d in protocol.data)
    without = "no file in the archive" if archive else "nothing supplied"
    lines += [f"data: {without} for {', '.join(gone)}: missing, not zero"] if gone else []
    return lines


def _spells(places: Sequence[int], periods: Sequence[str]) -> list[str]:
    """Periods in a row as one spell: ``2019-03 to 2021-02``."""
    spells: list[list[int]] = []
    for j in places:
        if spells and j == spells[-1][-1] + 1:
            spells[-1].append(j)
        else:
            spells.append([j])
    return [periods[s[0]] + (f" to {periods[s[-1]]}" if len(s) > 1 else "") for s in spells]


def _next(study: Study, folder: Path) -> str:
    if study.registration.status == "no":
        return f"next: vru register {folder}"
    if study.registration.status == "changed":
        return "registered, and changed since: the changes will be disclosed"
    return f"registered {study.registration.registered_at[:10]}, unchanged. next: vru run {folder}"
