"""Where the areas lie and what changed in each, where a map may be shown; else why there is none."""

from vru.mapped import AreaMap
from vru.protocol import Protocol
from vru.report import naming
from vru.report import wording as w
from vru.report.document import Block, Notice, Paragraph
from vru.report.figures import area_map_figure
from vru.report.section import Section
from vru.results import EvaluationResult


def build(protocol: Protocol, result: EvaluationResult) -> tuple[Block, ...]:
    """The map with its caution, or one sentence on why there is none. Nothing for people and patrol days."""
    if protocol.units.shape != "areas":
        return ()
    drawn = result.map
    if drawn is None:
        return (Paragraph(_why_none(protocol)),)
    shown = any(a.change for a in drawn.areas)
    outcome = w.plain(next((o.id for o in protocol.outcomes if o.primary), protocol.outcomes[0].id))
    subtitle = f"{outcome}, {naming.analysed(protocol)}"
    subtitle += f"; rates before {w.month(protocol.intervention.start)} against from then on" if shown else ""
    blocks: list[Block] = [area_map_figure(drawn, "area-map", _headline(drawn), subtitle).figure()]
    if shown:
        blocks.append(
            Notice(
                "The signs show how each area's own rate changed from before to after, with season and everything else "
                "in it. They are not effects: areas that were not treated change too. No clear change means that counts of "
                "this size could differ as much by chance."
            )
        )
    else:
        blocks.append(Paragraph("How single areas changed is not shown: some of their counts are small."))
    if drawn.without:
        blocks.append(Paragraph(f"Without an outline, and so not on the map: {w.plural(drawn.without, 'area')}."))
    return tuple(blocks)


def _headline(drawn: AreaMap) -> str:
    """What the map shows, in a sentence: how many areas of each arm clearly had fewer, and more."""
    said = []
    for role, name in (("treated", "treated"), ("comparison", "comparison")):
        own = [a.change for a in drawn.areas if a.role == role]
        if any(own):
            said.append(
                f"of {w.plural(len(own), f'{name} area')}, {own.count('fewer')} had fewer and {own.count('more')} more"
            )
    return w.sentence("; ".join(said)).rstrip(".") if said else "The areas that are compared"


def _why_none(protocol: Protocol) -> str:
    if protocol.units.boundaries is None:
        return "No map: the plan names no outlines of its areas (units.boundaries)."
    return (
        f"No map: the plan's audience is {w.plain(protocol.audience)}, and where officers patrol may be sensitive. "
        "A plan that says disclosure: {map: shown} shows it."
        if protocol.disclosure.map == "by_audience"
        else "No map: the plan leaves it out (disclosure: {map: left_out})."
    )


SECTION = Section("map", "Where the areas lie", build)
