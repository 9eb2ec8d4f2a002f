"""The words that records share: design codes, kinds of intervention, outcome domains, audiences, verdicts.

``shared_learning/vocab`` holds the same content as JSON for readers without Python; a test keeps them equal.
"""

from collections.abc import Mapping
from typing import Any

from vru.protocol import Protocol
from vru.results import EvaluationResult

VERSION = 1

DESIGNS: Mapping[str, tuple[str, str]] = {
    "rct": ("impact", "Randomised controlled trial"),
    "individual_rct": ("rct", "Trial in which people are assigned by lot"),
    "cluster": ("rct", "Trial in which groups or areas are assigned by lot"),
    "stepped": ("rct", "Trial in which every group starts, in an order drawn by lot"),
    "waitlist": ("rct", "Trial in which the comparison group starts later"),
    "quasi_experimental": ("impact", "Comparison without a lot"),
    "difference": ("quasi_experimental", "Difference in differences"),
    "interrupted": ("quasi_experimental", "Interrupted time series"),
    "synthetic": ("quasi_experimental", "Synthetic control"),
    "propensity": ("quasi_experimental", "Propensity score matching or weighting"),
    "regression": ("quasi_experimental", "Regression discontinuity"),
    "instrumental": ("quasi_experimental", "Instrumental variables"),
    "timing": ("quasi_experimental", "Use of when events happened to fall"),
    "other_quasi_experimental": (
        "quasi_experimental",
        "Another comparison without a lot, such as counts before and after",
    ),
    "theory": ("impact", "Theory-based evaluation"),
    "other_impact": ("impact", "Another impact design, such as before and after without a comparison"),
    "process": ("", "Process evaluation"),
    "economic": ("", "Value for money evaluation"),
    "effectiveness": ("economic", "Cost per unit of effect"),
    "benefit": ("economic", "Cost against benefit in money"),
}
"""Code in the national Evaluation Registry -> (parent code, meaning in our words).

Source: design_types.csv of github i-dot-ai/evaluation-registry, snapshot of January 2024.
"""

METHOD_DESIGNS: tuple[tuple[str, str], ...] = (
    ("parallel_trial", "individual_rct"),
    ("cluster_trial", "cluster"),
    ("crossover_trial", "rct"),
    ("dose_response", "instrumental"),
    ("instrumented", "instrumental"),
    ("regression_discontinuity", "regression"),
    ("synthetic", "synthetic"),
    ("calibrated", "synthetic"),
    ("sdid", "synthetic"),
    ("scm", "synthetic"),
    ("augmented", "synthetic"),
    ("interrupted", "interrupted"),
    ("its", "interrupted"),
    ("cits", "interrupted"),
    ("ucm", "interrupted"),
    ("structural", "interrupted"),
    ("did", "difference"),
    ("difference", "difference"),
    ("staggered", "difference"),
    ("callaway", "difference"),
    ("event_study", "difference"),
    ("twfe", "difference"),
    ("propensity", "propensity"),
    ("matched", "propensity"),
    ("weighting", "propensity"),
    ("adjusted", "propensity"),
    ("before_after", "other_impact"),
)
"""Start of a word in a method's name -> registry code; the first that fits, else other_quasi_experimental."""

UNPUBLISHED_REASONS: Mapping[str, str] = {
    "signoff": "Waiting for sign-off",
    "procurement": "Procurement took longer",
    "resource": "Not enough people or money",
    "quality": "The quality is not good enough; say how",
    "changes": "The policy or programme changed",
    "other": "Another reason; say which",
}
"""Why an evaluation is not reported yet: codes of the national Evaluation Registry, wording ours."""

VOCABULARIES: Mapping[str, Mapping[str, Any]] = {
    "unpublished_reasons": {
        "source": "codes of the national Evaluation Registry (reasons unpublished, January 2024); wording ours",
        "terms": {code: {"label": label} for code, label in UNPUBLISHED_REASONS.items()},
    },
    "design": {
        "source": "codes of the national Evaluation Registry (design types, January 2024); wording ours",
        "terms": {code: {"parent": parent, "label": label} for code, (parent, label) in DESIGNS.items()},
    },
    "intervention_types": {
        "terms": {
            "hot_spot_policing": {"label": "Patrols and problem solving where violence gathers"},
            "problem_oriented_place": {"label": "Changing a place so that violence is less likely there"},
            "focused_deterrence": {"label": "A clear warning and a real offer of help to those most involved"},
            "ae_navigators": {"label": "A youth worker at the hospital bedside"},
            "custody_navigators": {"label": "A youth worker in police custody"},
            "mentoring": {"label": "Regular time with a trusted adult"},
            "cbt": {"label": "Cognitive behavioural therapy"},
            "sport": {"label": "Sport as a way to reach and keep young people"},
            "knife_crime_education": {"label": "Lessons on knives and their consequences"},
            "trauma_informed": {"label": "Training staff to work with trauma in mind"},
            "street_outreach": {"label": "Outreach workers who interrupt disputes"},
            "diversion": {"label": "Action in place of prosecution, such as outcome 22"},
            "family_therapy": {"label": "Therapy with the whole family, such as MST or FFT"},
            "unit_funding": {"label": "Funding of a whole unit and its services"},
            "other": {"label": "Something else, said in the record"},
        }
    },
    "outcome_domains": {
        "terms": {
            "police_recorded_violence": {"label": "Violent offences recorded by the police"},
            "knife_offences": {"label": "Offences with a knife or sharp object"},
            "hospital_admissions": {"label": "Admissions for assault, sharp object or other"},
            "ambulance": {"label": "Ambulance call-outs for assault"},
            "homicide": {"label": "Homicide"},
            "robbery": {"label": "Robbery and theft from the person"},
            "weapons_possession": {"label": "Possession of weapons; moves with police activity"},
            "antisocial_behaviour": {"label": "Anti-social behaviour"},
            "reoffending": {"label": "Offending again"},
            "school": {"label": "Exclusion and attendance"},
            "wellbeing": {"label": "Wellbeing, behaviour and attitudes, as measured by questionnaire"},
            "disproportionality": {"label": "Difference in treatment or outcome between ethnic groups"},
        }
    },
    "audience": {
        "terms": {
            "vru_only": {"label": "The unit that published it, and nobody else"},
            "network": {"label": "All violence reduction units and the Home Office"},
            "public": {"label": "Everybody"},
        }
    },
    "verdicts": {
        "terms": {
            "pass": {"label": "Looked at, nothing against it"},
            "concern": {"label": "Read the result with care"},
            "fail": {"label": "The result should not be relied on, or may not leave"},
            "not_run": {"label": "Could not be looked at; the reason is given"},
        }
    },
}


def design_codes(protocol: Protocol, result: EvaluationResult) -> tuple[str, ...]:
    """Registry codes of the primary design: the trial code if areas were drawn by lot, then the method's code.

    An artificial effect is an exercise, not a trial, even where its areas were drawn by lot: the
    code still says how areas were assigned, and the record's disclaimer says what it was.
    """
    selection = protocol.units.selection
    drawn = selection is not None and selection.rule == "top" and selection.assign is not None
    by_method = method_code(result.primary.method)
    return ("cluster", by_method) if drawn else (by_method,)


def method_code(method: str) -> str:
    """The registry code of a method's name."""
    words = "_" + method
    for start, code in METHOD_DESIGNS:
        if f"_{start}" in words:
            return code
    return "other_quasi_experimental"
