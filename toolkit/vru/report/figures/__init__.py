"""The figures of a report. Each function returns a finished drawing with its text alternative and data."""

from vru.report.figures.area_map import area_map_figure
from vru.report.figures.arms import arms_figure
from vru.report.figures.balance import balance_figure
from vru.report.figures.calibration import placebo_figure, power_figure
from vru.report.figures.canvas import Drawn
from vru.report.figures.course import course_figure
from vru.report.figures.coverage import coverage_figure
from vru.report.figures.curve import curve_figure
from vru.report.figures.event_study import event_study_figure
from vru.report.figures.forest import forest_figure
from vru.report.figures.graph import graph_figure
from vru.report.figures.path import path_figure
from vru.report.figures.regression import Falls, regression_figure
from vru.report.figures.series import series_figure

__all__ = [
    "Drawn",
    "Falls",
    "area_map_figure",
    "arms_figure",
    "balance_figure",
    "course_figure",
    "coverage_figure",
    "curve_figure",
    "event_study_figure",
    "forest_figure",
    "graph_figure",
    "path_figure",
    "placebo_figure",
    "power_figure",
    "regression_figure",
    "series_figure",
]
