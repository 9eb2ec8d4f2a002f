from dataclasses import replace

import pytest

from vru.report import compose
from vru.report.document import Bullets, Facts, Figure, Notice, Paragraph, Table
from vru.report.sections import SECTIONS
from vru.results import Interval


def words(blocks):
    found = []
    for b in blocks:
        match b:
            case Paragraph() | Notice():
                found.append(b.text)
            case Bullets():
                found += [b.introduction, *b.items]
            case Facts():
                found += [f"{k}: {v}" for k, v in b.items]
            case Table():
                found += [b.caption, *(" | ".join(row) for row in b.rows)]
            case Figure():
                found += [b.title, b.subtitle, b.alt]
            case _:
                found.append(b.text)
    return "\n".join(found)


def say(name, protocol, result):
    return words(SECTIONS[name].build(protocol, result))


def test_every_section_of_a_full_report_has_words(document):
    assert [p.anchor for p in document.parts] == [n.replace("_", "-") for n in SECTIONS]
    assert len({p.anchor for p in document.parts}) == len(document.parts)
    text = words(document.blocks())
    for wrong in ("nan", "None", "inf ", "sha256:sha256"):
        assert wrong not in text.replace("None were declared", "")


def test_the_disclaimer_is_the_first_line(make_protocol, make_result):
    blocks = SECTIONS["summary"].build(make_protocol(), make_result())
    assert blocks[0].text.startswith("Made-up example")
    assert not isinstance(SECTIONS["summary"].build(make_protocol(disclaimer=""), make_result())[0], Notice)


def test_summary_gives_estimate_with_interval_and_no_significance_flag(make_protocol, make_result):
    text = say("summary", make_protocol(), make_result())
    assert "Estimate: 19% fewer; 95% interval: between 30% fewer and 6% fewer." in text
    assert "553 fewer offences than expected (95% interval: between 160 and 1,012 fewer offences than expected)" in text
    assert "do not settle" in text
    assert "significan" not in text.lower()
    assert "prevented" not in text, "the design licenses no causal word"
    assert "Failed: Made-up start dates." in text


def test_causal_words_only_where_every_rating_licenses_them(make_protocol, make_result):
    result = make_result()
    strong = replace(result, ratings=tuple(replace(r, verb="caused") for r in result.ratings))
    assert "553 fewer offences than expected" in say("summary", make_protocol(), strong), "an exercise prevents nothing"
    strong = replace(strong, provenance=replace(strong.provenance, truth={}))
    assert "553 offences prevented" in say("summary", make_protocol(), strong)
    other = [
        line
        for line in say("results", make_protocol(), strong).splitlines()
        if line.startswith("displacement | violence |")
    ]
    assert "1,431 fewer offences than expected" in other[-1], "the rating is that of the main analysis alone"
    assert "prevented" not in other[-1]


def test_missing_numbers_are_said_to_be_missing(make_protocol, make_result, make_estimate):
    bare = make_estimate(se=None, low=None, high=None, p=None, events_prevented=None, path=(), event_study=())
    text = words(compose(make_protocol(), make_result(estimates=(bare,))).blocks())
    assert "interval not available" in text
    assert "In offences, over the 12 months from the start in all treated areas together: not available." in text


@pytest.mark.parametrize(
    ("prevented", "said", "unsaid"),
    [
        (Interval(500, -20, 1000), "not bounded", "Cost per offence: £"),
        (Interval(-500, -900, -100), "none were prevented", "Cost per offence: £"),
        (Interval(500, None, None), "has no interval", "Cost per offence: £"),
        (None, "has no interval", "Cost per offence: £"),
        (Interval(500, 100, 900), "Cost per offence: £360 (between £200 and £1,800), 2021 prices", "not bounded"),
    ],
)
def test_cost_per_offence_only_where_it_is_bounded(make_protocol, make_result, make_estimate, prevented, said, unsaid):
    text = say("costs", make_protocol(), make_result(estimates=(make_estimate(events_prevented=prevented),)))
    assert said in text
    assert unsaid not in text


def test_no_costs_and_no_equity_data_are_said_plainly(make_protocol, make_result):
    assert "Costs were not reported" in say("costs", make_protocol(costs=None), make_result())
    assert "Not analysed in this evaluation" in say("equity", make_protocol(), make_result())


def test_no_identification_is_said_plainly(make_protocol, make_result):
    text = say("causal_graph", make_protocol(), make_result(identification=None))
    assert "No causal effect was identified" in text


def test_failed_checks_come_first_and_what_could_not_run_is_no_pass(make_protocol, make_result):
    blocks = SECTIONS["checks"].build(make_protocol(), make_result())
    table = next(b for b in blocks if isinstance(b, Table))
    assert [row[2] for row in table.rows] == ["Failed", "Concern", "Concern", "Not run", "Passed"]
    assert "this is not a pass" in words(blocks)
    assert "nothing has tested" in say("checks", make_protocol(), make_result(findings=()))


def test_unregistered_and_changed_plans_are_disclosed(make_protocol, make_result):
    assert "not registered" in say("plan_and_changes", make_protocol(), make_result(preregistered="no", changes=()))
    text = say("plan_and_changes", make_protocol(), make_result())
    assert "amended 2021-02-01" in text
    assert "Two hot spots went unpatrolled" in text


def test_an_analysis_that_was_not_carried_out_stays_visible(make_protocol, make_result, make_estimate):
    blocks = SECTIONS["plan_and_changes"].build(make_protocol(), make_result(estimates=(make_estimate(),)))
    table = next(b for b in blocks if isinstance(b, Table) and b.caption == "Analyses in the plan")
    assert [row[-1] for row in table.rows] == ["yes", "no, see checks", "no, see checks", "no, see checks"]


def test_regression_to_the_mean(make_protocol, make_result):
    text = say("regression_to_mean", make_protocol(), make_result())
    assert "Of a naive fall of 28%, having been chosen at a peak would by itself bring 9%" in text
    assert "Not examined" in say("regression_to_mean", make_protocol(), make_result(findings=()))


def test_missing_months_are_named(make_protocol, make_result):
    assert "Treated areas: June 2020 and July 2020" in say("data", make_protocol(), make_result())


def test_known_truth_stands_beside_the_estimate(make_protocol, make_result):
    text = say("results", make_protocol(), make_result())
    assert "True rate ratio: 0.80" in text
    assert "rate ratio 0.81 (0.70 to 0.94)" in text


def test_unknown_methods_and_checks_do_not_break_a_report(make_protocol, make_result, make_estimate):
    result = make_result(estimates=(make_estimate(method="from_the_future"),))
    findings = tuple(replace(f, check="new_check") for f in result.findings)
    text = words(compose(make_protocol(), replace(result, findings=findings)).blocks())
    assert "from the future" in text
    assert "New check" in text


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_no_generated_text_claims_more_than_its_rating(make_protocol, make_result, level):
    from vru.rating import overclaims
    from vru.results import Rating

    verb = {1: "changed", 2: "changed", 3: "is associated with", 4: "is associated with", 5: "caused"}[level]

    def rated(outcome):
        return Rating("Maryland Scientific Methods Scale", outcome, level, "label", (), verb)

    result = make_result(ratings=(rated("violence"), rated("robbery")))
    result = replace(result, provenance=replace(result.provenance, truth={}))
    # Estimands and identification are definitions by method and graph ("the effect on the treated areas"), not claims.
    parts = [p for p in compose(make_protocol(), result).parts if p.anchor not in ("methods", "causal-graph")]
    found = {p.title: overclaims(words(p.blocks), result.ratings[0]) for p in parts}
    assert {title: claims for title, claims in found.items() if claims} == {}


def test_an_effect_put_into_the_data_is_never_credited_to_the_intervention(make_protocol, make_result):
    result = make_result()
    strong = replace(result, ratings=tuple(replace(r, verb="caused") for r in result.ratings))
    strong = replace(strong, provenance=replace(strong.provenance, truth={}))
    protocol = make_protocol(artificial_effect={"keep_share": 0.8})
    text = words(compose(protocol, strong).blocks())
    assert "Exercise: the analysis finds 19% fewer recorded offences (violence) than expected" in text
    assert "by design, the truth is 20% fewer" in text
    assert "caused a difference" not in text
    assert "offences prevented" not in text.replace("cost per offence prevented", "")


def test_answers_of_the_plan_are_printed(make_protocol, make_result):
    protocol = make_protocol(answers={"primary_method": "Registered before its error rates were known."})
    text = words(compose(protocol, make_result()).blocks())
    assert "Questions that the toolkit asked of the plan" in text
    assert "Registered before its error rates were known." in text


def test_other_choices_are_told_with_the_registered_one_among_them(document):
    part = next(p for p in document.parts if p.anchor == "specifications")
    text = words(part.blocks)
    assert "3 specifications answer, from 19% fewer to 4.9% fewer than expected" in text
    assert "The registered one says 19% fewer; 0 say a larger fall or the same." in text
    assert (
        "Of 3 with an interval, 2 leave out no effect. 1 cannot be answered with these data. 2 rest on small counts"
        in text
    )
    assert "has p = 0.010" in text
    figure = next(b for b in part.blocks if isinstance(b, Figure))
    assert [row[2] for row in figure.table.rows] == ["registered", "", ""]


def test_choices_that_were_not_run_are_said(make_protocol, make_result):
    from vru.protocol.choices import Specifications

    named = make_protocol().model_copy(update={"specifications": Specifications(why="either is usual", together=[3])})
    assert "they were not run" in say("specifications", named, make_result())
    assert SECTIONS["specifications"].build(make_protocol(), make_result()) == ()
