"""Were both arms linked with the extracts of events equally well? Whoever is not linked looks like a success."""

from numpy.random import Generator
from pydantic import Field

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.findings import finding, guarded, not_run, percent
from vru.linkage import ENOUGH, Linkage, uneven
from vru.results import Finding, Verdict

NAME = "linkage"


class Options(CheckOptions):
    """``custody``: the difference between arms in the share of follow-up spent in custody that is a concern."""

    custody: float = Field(0.05, gt=0, lt=1)


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    assert isinstance(options, Options)
    links = case.cohort.linkage
    if not links:
        return not_run(NAME, case, "these people were not linked with other extracts.")
    told = [_told(link, options.custody) for link in links]
    verdicts: list[Verdict] = [v for v, _ in told]
    worst: Verdict = "fail" if "fail" in verdicts else "concern" if "concern" in verdicts else "pass"
    numbers = {f"{link.data}_{arm}_before": _share(link, arm) for link in links for arm in link.arms}
    threshold = (
        "fail: an arm matched ten points and a fifth less before follow-up, beyond 2.5 standard errors; concern: ids that "
        f"match but for signs, people not on record, or custody {options.custody:.0%} of follow-up apart"
    )
    return finding(NAME, case, worst, " ".join(text for _, text in told), numbers, threshold)


def _told(link: Linkage, custody: float) -> tuple[Verdict, str]:
    shares = ", ".join(f"{percent(s)} {arm}" for arm in link.arms if (s := _share(link, arm)) is not None)
    text = f"{link.data}: with an event before follow-up, when no programme can have changed it: {shares}."
    if (gap := uneven(link)) is not None:
        return "fail", f"{text} The {gap[0]} may have been linked worse than the others, and would look better for it."
    more = []
    if any(arm.near for arm in link.arms.values()):
        more.append("Some ids without an event are in the extract but for case, signs or zeros.")
    if any(arm.not_found for arm in link.arms.values()):
        more.append("Some were not on record, and are taken as not observed.")
    held = link.custody
    if held and max(held.values()) - min(held.values()) > custody:
        said = ", ".join(f"{percent(share)} of {arm}" for arm, share in held.items())
        more.append(f"Share of follow-up in custody: {said}; what is counted over the calendar alone is not alike.")
    return "concern" if more else "pass", " ".join([text, *more])


def _share(link: Linkage, arm: str) -> float | None:
    """To two decimals: a share to the last digit gives its number away. None of a few people."""
    one = link.arms[arm]
    return round(one.before / one.n, 2) if one.n >= ENOUGH else None


CHECK = Check(
    name=NAME,
    label="Linkage",
    question="Were both arms matched with the records of events equally well?",
    source="Bohensky et al. (2010) BMC Health Serv. Res. 10; GUILD (Gilbert et al. 2018) J. Public Health 40",
    options=Options,
    run=guarded(NAME, _run),
    takes=("people",),
    bears_on=("design",),
)
