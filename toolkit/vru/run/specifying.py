"""``vru specifications``: every defensible set of choices, several at once, each kept as it is finished."""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from vru.binding import resolve
from vru.curve import Specification, SpecificationCurve
from vru.design.specifications import DRAWS_IN_BLOCK, Curved, Spec, answer, curve, median_of_draws, specs_of
from vru.errors import Problem, ProtocolError, VruError
from vru.panel import Panel
from vru.protocol import Protocol, digest
from vru.protocol.whole_file import write_whole
from vru.results import EvaluationResult
from vru.run.study import Study, build, load_study
from vru.sources.source import Progress
from vru.version import __version__
from vru.words.terms import Terms, terms_of

FILE, FIGURE = "specifications.json", "specifications.svg"
DIGITS = 3
"""Decimals of logarithms that are published: none of them gives four counts away."""
_POINT: TypeAdapter[Specification] = TypeAdapter(Specification)
_CURVE: TypeAdapter[SpecificationCurve] = TypeAdapter(SpecificationCurve)
_MEDIANS: TypeAdapter[list[float | None]] = TypeAdapter(list[float | None])
_worker: list[tuple[Curved, tuple[Spec, ...]]] = []


@dataclass(frozen=True, slots=True)
class Specified:
    """What came out, where it stands, and how many parts were there from an earlier run; terms: the plan's own words."""

    curve: SpecificationCurve
    terms: Terms
    path: Path
    figure: Path | None
    parts: int
    kept: int


def specify(folder: Path, data: Path | None, jobs: int, progress: Progress) -> Specified:
    """Answer under every set of choices and test them jointly. Raises ProtocolError where the plan names no choices."""
    study = load_study(folder, None, data)
    if study.plan.protocol.specifications is None:
        hint = "add specifications: {why: ..., windows: [...], methods: [...]} to protocol.yaml, then register again"
        raise ProtocolError(
            Problem("the plan names no other defensible choices", f"{folder}: specifications", hint=hint)
        )
    panels, digests = _panels(study, progress)
    curved, specs = Curved(study.plan, panels), specs_of(study.plan)
    draws = study.plan.protocol.specifications.draws
    parts = _Parts(_kept_in(folder, study.plan.protocol, digests))
    todo = [("spec", i) for i in range(len(specs))] + [("draws", b) for b in range(math.ceil(draws / DRAWS_IN_BLOCK))]
    there = [t for t in todo if parts.has(*t)]
    _work(parts, curved, specs, [t for t in todo if not parts.has(*t)], jobs, (len(there), len(todo), progress))
    points = [_POINT.validate_json(parts.read("spec", i)) for k, i in todo if k == "spec"]
    medians = [m for k, b in todo if k == "draws" for m in _MEDIANS.validate_json(parts.read("draws", b))]
    made = curve(curved, specs, points, medians)
    path, figure = _write(folder, study.plan.protocol, digests, made)
    primary = next(a.plan for a in study.plan.analyses if a.plan.role == "primary")
    return Specified(made, terms_of(study.plan.protocol, primary.outcome), path, figure, len(todo), len(there))


def _panels(study: Study, progress: Progress) -> tuple[dict[float | None, Panel], Mapping[str, str]]:
    """The plan's own panel, and one for each distance of buffers."""
    protocol = study.plan.protocol
    assert protocol.specifications is not None  # the caller has looked
    built = build(study, progress)
    assert isinstance(built.data, Panel)  # choices are refused for other shapes
    panels: dict[float | None, Panel] = {None: built.data, 0.0: built.data}
    for distance in protocol.specifications.buffers:
        if distance:
            rings = protocol.units.buffers.model_copy(update={"distances_m": [distance]})
            units = protocol.units.model_copy(update={"buffers": rings})
            other = replace(study, plan=resolve(protocol.model_copy(update={"units": units})))
            ringed = build(other, progress).data
            assert isinstance(ringed, Panel)
            panels[distance] = ringed
    return panels, built.inputs.data


@dataclass(frozen=True, slots=True)
class _Parts:
    """Finished parts, a file each."""

    folder: Path

    def file(self, kind: str, number: int) -> Path:
        return self.folder / f"{kind}-{number:04d}.json"

    def has(self, kind: str, number: int) -> bool:
        return self.file(kind, number).exists()

    def read(self, kind: str, number: int) -> bytes:
        return self.file(kind, number).read_bytes()


def _kept_in(folder: Path, protocol: Protocol, digests: Mapping[str, str]) -> Path:
    """The folder of parts made from this very plan, these data and this version; parts of others are cleared away."""
    import shutil

    key = json.dumps([digest(protocol), sorted(digests.items()), __version__])
    name = hashlib.sha256(key.encode()).hexdigest()[:16]
    base = folder / ".vru" / "specifications"
    for other in base.glob("*") if base.is_dir() else ():
        if other.name != name:
            shutil.rmtree(other, ignore_errors=True)
    (base / name).mkdir(parents=True, exist_ok=True)
    return base / name


def _work(
    parts: _Parts,
    curved: Curved,
    specs: tuple[Spec, ...],
    todo: Sequence[tuple[str, int]],
    jobs: int,
    told: tuple[int, int, Progress],
) -> None:
    done, total, progress = told
    for kind, number, text in _finished(curved, specs, todo, jobs):
        write_whole(parts.file(kind, number), text)
        done += 1
        progress("specifications", done, total)


def _finished(
    curved: Curved, specs: tuple[Spec, ...], todo: Sequence[tuple[str, int]], jobs: int
) -> Iterable[tuple[str, int, bytes]]:
    if jobs <= 1 or len(todo) < 4:
        _ready(curved)
        for kind, number in todo:
            yield kind, number, _part(kind, number)
        return
    with ProcessPoolExecutor(
        jobs, mp_context=get_context("spawn"), initializer=_ready_for, initargs=_sendable(curved)
    ) as pool:
        waiting: dict[Future[bytes], tuple[str, int]] = {pool.submit(_part, *t): t for t in todo}
        try:
            while waiting:
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    kind, number = waiting.pop(future)
                    yield kind, number, future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _sendable(curved: Curved) -> tuple[dict[str, Any], dict[float | None, Panel]]:
    # A bound plan holds functions; the plan itself travels, and is bound again where it arrives.
    return curved.plan.protocol.model_dump(mode="json"), dict(curved.panels)


def _ready_for(protocol: dict[str, Any], panels: dict[float | None, Panel]) -> None:
    _ready(Curved(resolve(Protocol.model_validate(protocol)), panels))


def _ready(curved: Curved) -> None:
    _worker[:] = [(curved, specs_of(curved.plan))]


def _part(kind: str, number: int) -> bytes:
    curved, specs = _worker[0]
    if kind == "spec":
        return _POINT.dump_json(answer(curved, specs[number]))
    wanted = curved.plan.protocol.specifications
    return _MEDIANS.dump_json(median_of_draws(curved, specs, number, wanted.draws if wanted else 0))


def _write(
    folder: Path, protocol: Protocol, digests: Mapping[str, str], made: SpecificationCurve
) -> tuple[Path, Path | None]:
    from vru.report.figures import curve_figure

    content = {
        "protocol": protocol.id,
        "protocol_digest": digest(protocol),
        "data": dict(digests),
        "toolkit": __version__,
        "curve": _CURVE.dump_python(made, mode="json"),
    }
    path, figure = folder / FILE, folder / FIGURE
    drawn = curve_figure(published(made), "specifications")
    if drawn is not None:
        write_whole(figure, drawn.svg.encode())
    write_whole(path, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())
    return path, figure if drawn is not None else None


def published(made: SpecificationCurve) -> SpecificationCurve:
    """The curve as it may leave: without points that rest on small counts, its numbers rounded."""

    def short(value: float | None) -> float | None:
        return None if value is None else round(value, DIGITS)

    kept = [p for p in made.points if not p.small]
    points = tuple(replace(p, value=short(p.value), low=short(p.low), high=short(p.high), p=short(p.p)) for p in kept)
    joint = made.joint and replace(made.joint, median=round(made.joint.median, DIGITS))
    return replace(made, points=points, joint=joint, left_out=made.left_out + len(made.points) - len(kept))


def with_curve(folder: Path, result: EvaluationResult) -> tuple[EvaluationResult, str]:
    """The result with the curve of this plan and these data, where there is one; and what to say where it is of others."""
    path = folder / FILE
    if not path.exists():
        return result, ""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        made = _CURVE.validate_python(content["curve"])
        same = content["protocol_digest"] == result.protocol_digest and content["data"] == dict(result.provenance.data)
    except (ValueError, KeyError, TypeError, ValidationError):
        raise VruError(Problem("cannot be read", FILE, hint=f"delete it, or vru specifications {folder}")) from None
    if not same:
        return result, f"{FILE} is of another plan or other data and is left out: vru specifications {folder}"
    return replace(result, specifications=published(made)), ""
