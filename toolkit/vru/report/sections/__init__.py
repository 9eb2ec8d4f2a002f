"""The sections of a report, in reading order. To add one: one file, and its name here."""

from vru.report.section import Section
from vru.report.sections import (
    area_map,
    calibration,
    causal_graph,
    checks,
    costs,
    data,
    equity,
    methods,
    plan_and_changes,
    regression_to_mean,
    reproduce,
    results,
    specifications,
    strength_of_evidence,
    summary,
    theory_of_change,
    what_was_done,
)

SECTIONS: dict[str, Section] = {
    m.SECTION.name: m.SECTION
    for m in (
        summary,
        results,
        area_map,
        specifications,
        checks,
        calibration,
        regression_to_mean,
        strength_of_evidence,
        what_was_done,
        theory_of_change,
        plan_and_changes,
        causal_graph,
        data,
        equity,
        costs,
        methods,
        reproduce,
    )
}

__all__ = ["SECTIONS"]
