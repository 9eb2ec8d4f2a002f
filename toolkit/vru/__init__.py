"""Standardised evaluation of violence reduction interventions, and a shared library of what was learned.

The verbs that notebooks use. Everything heavy is imported when a verb is called, so that
``import vru`` and ``vru --help`` cost almost nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from vru.version import __version__

if TYPE_CHECKING:
    from vru.graph import Identification
    from vru.results import EvaluationResult
    from vru.run.study import Built, Study

__all__ = ["__version__", "load", "identify", "build_panel", "evaluate", "publish_result", "show", "table"]


def load(evaluation: str, settings: dict[str, Any] | None = None, data: str = "") -> Study:
    """Load an evaluation folder; its plan is checked and its adjustment set licensed before any data are read.

    Raises
    ------
    ProtocolError
        Listing every problem of the plan at once.
    """
    from pathlib import Path

    from vru.run.study import load_study, parse_settings

    return load_study(Path(evaluation), parse_settings(settings or {}), Path(data) if data else None)


def identify(study: Study) -> Identification:
    """What the plan's causal graph identifies (DoWhy), in words and as sets."""
    from vru.graph import identify as of_graph

    return of_graph(study.plan.protocol.graph)


def build_panel(study: Study) -> Built:
    """Read the study's sources and build its panel or cohort. Raises DataError listing every problem."""
    from vru.run.study import build

    return build(study, lambda what, done, total: None)


def evaluate(study: Study, built: Built) -> EvaluationResult:
    """Run every registered analysis and check. Raises MethodError if the primary analysis cannot answer."""
    from vru.evaluation import evaluate as of_data

    return of_data(study.plan, built.data, built.inputs)


def publish_result(result: EvaluationResult) -> None:
    """Hand the result to the run that executes this notebook."""
    from IPython.display import display

    from vru.results import to_json
    from vru.run.execute import MIME

    plain = f"{result.protocol_id}: {len(result.estimates)} estimates, {len(result.findings)} findings"
    display({MIME: {"result": to_json(result)}, "text/plain": plain}, raw=True)


def show(drawn: Any) -> None:
    """Show a figure in the notebook with its headline and text alternative; nothing where there is none."""
    from IPython.display import display

    if drawn is None:
        return
    data = {"image/svg+xml": drawn.svg, "text/plain": f"{drawn.title}. {drawn.alt}"}
    display(data, raw=True, metadata={"image/svg+xml": {"alt": drawn.alt}})


def table(result: EvaluationResult, what: Literal["effects", "offences", "checks", "data_log"]) -> Any:
    """A frame of the result, as the workbook shows it."""
    from vru.report import tables

    return {
        "effects": tables.effects,
        "offences": tables.offences,
        "checks": tables.checks,
        "data_log": tables.data_log,
    }[what](result)
