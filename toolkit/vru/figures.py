"""The report's figures by short names, for notebooks: each takes the plan and the result."""

from vru.graph import Identification
from vru.protocol import Protocol
from vru.report import figures as drawn
from vru.report import naming
from vru.report.figures import Drawn
from vru.results import EvaluationResult
from vru.words.terms import terms_of


def graph(protocol: Protocol, identification: Identification) -> Drawn:
    """The assumed causal graph, with what is adjusted for and what is unobserved."""
    return drawn.graph_figure(identification, protocol.graph.notes, "graph")


def series(protocol: Protocol, result: EvaluationResult) -> Drawn | None:
    """Recorded offences per area by month, treated and comparison."""
    outcome = result.primary.outcome
    shown = [s for s in result.series if s.outcome == outcome]
    return drawn.series_figure(
        naming.outcomes(protocol)[outcome], shown, protocol.intervention.start, "series", terms_of(protocol, outcome)
    )


def path(protocol: Protocol, result: EvaluationResult) -> Drawn | None:
    """Observed offences of the treated areas beside those expected without treatment."""
    primary = result.primary
    name, terms = naming.outcomes(protocol)[primary.outcome], terms_of(protocol, primary.outcome)
    return drawn.path_figure(primary, name, protocol.intervention.start, "path", terms)


def event_study(protocol: Protocol, result: EvaluationResult) -> Drawn | None:
    """The primary estimate month by month, before and after the start."""
    name = naming.outcomes(protocol)[result.primary.outcome]
    return drawn.event_study_figure(result.primary, name, "months", terms_of(protocol, result.primary.outcome))


def arms(protocol: Protocol, result: EvaluationResult) -> Drawn | None:
    """The groups compared, as observed: mean outcome and interval."""
    primary = result.primary
    return drawn.arms_figure(primary, naming.counted(protocol, primary.outcome), "arms")


def balance(protocol: Protocol, result: EvaluationResult) -> Drawn | None:
    """How alike the groups were in what was known beforehand, before and after adjustment."""
    return drawn.balance_figure(result.primary, "balance")


def forest(protocol: Protocol, result: EvaluationResult) -> Drawn | None:
    """Every analysis on one scale."""
    outcomes = naming.outcomes(protocol)
    sign = 1 if protocol.outcome(result.primary.outcome).direction == "increase" else -1
    return drawn.forest_figure(result.estimates, outcomes, 1 + sign * protocol.question.smallest_effect, "forest")
