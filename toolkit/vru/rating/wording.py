"""The words a rating licenses, and the words in free text that claim more.

This reads words, not meaning: it finds the usual causal phrases and offers what to write instead.
A sentence that itself denies or doubts the claim ("cannot show that patrols reduced…", "whether
patrols reduced…") is let through, and so is one that speaks of delivery and of no outcome ("vacancies
led to fewer visits").
"""

import re

from vru.results import Rating
from vru.words.evidence import VERBS, of_rating

_SUBJECT_VERBS = (
    "caused|causing",
    # The causes of violence are something to look for; "causes" after anything else is a claim.
    r"(?<!root\x20)(?<!the\x20)(?<!its\x20)(?<!their\x20)(?<!underlying\x20)(?<!possible\x20)causes",
    "led to|leads to|leading to",
    "resulted in|results in|resulting in",
    "reduced|reduces|reducing",
    "cut|cuts|cutting",
    "lowered|lowers|lowering",
    "drove down|drives down|driven down|drove up|driven up",
    "brought down|brings down|brought about",
    "prevented|prevents|preventing|averted|averts|averting",
    "improved|improves|improving",
    "achieved a|achieves a|delivered a fall|delivered a reduction",
    "saved|saves",
    "helped to reduce|helped reduce|contributed to",
)
_LINKS = (
    "because of|owing to|as a result of|attributable to|attributed to",
    # "Thanks to the school for its rooms" is thanks.
    r"thanks to(?![^.]*\bfor\b)",
    # "due to start in April" claims nothing.
    r"due to(?!\s+(?:start|begin|end|finish|report|be)\b)",
)
_EFFECTS = (
    "was responsible for|were responsible for",
    "impact of|impact on|impacts of|impacts on|impacted",
    "effect of|effect on|effects of|effects on",
)
_NOUNS = (
    "it worked|intervention worked|intervention works",
    # "It works on a phone" is no claim.
    r"it works(?!\s+(?:on|with|in|from)\b)",
    "effectiveness|successful in|success of",
    # "Effective from 1 April" is a date.
    r"effective(?!\s+(?:from|on|until|date))",
    r"(?:programme|project|scheme|pilot|patrols?|mentoring|outreach|approach|lessons|training|sessions)\s+work(?:s|ed)?"
    r"(?=\s*(?:[.,;!]|and\b|well\b|here\b|$))",
)
_PROOF = (
    "proof that|conclusively|demonstrated that|demonstrates that",
    # "Proved too long" and "a proven offence" prove nothing.
    r"prove[ds](?!\s+(?:too|hard|difficult|easy|impossible|unpopular|popular|to be|slow|costly|useful)\b)",
    r"proven(?!\s+(?:re-?offen|offen|convict|violen|serious))",
)
_ASSOCIATION = ("is associated with|are associated with|was associated with|were associated with|linked to",)

_DOUBT = re.compile(
    r"\b(cannot|can not|can't|could not|does not show|do not show|did not show|not evidence|no evidence|whether|"
    r"not possible to say|does not mean|do not mean|do not know|"
    r"does not know|not clear|unclear|not known|if the|would|intended to|aims? to|expected to|"
    r"designed to)\b",
    re.IGNORECASE,
)
_OPEN = re.compile(
    r"\b(?:(?:is|are|remains?) (?:not (?:yet )?known|unknown|open|unclear)|"
    r"is (?:the|a|an|our) (?:aim|duty|goal|task|priority))\b",
    re.IGNORECASE,
)
"""A sentence that ends so leaves open, or sets as an aim, what it names."""
_OUTCOME = re.compile(
    r"\b(?:\w*violen|\w*offen[cds]|crim|robber|burglar|assault|stab|shoot|shot|homicid|murder|kni[fv]|weapon|injur|harm|hurt|"
    r"admi(?:ssion|tted)|arrest|incident|fight|behavio|suspension|exclu|victim|lives\b|dea(?:th|d)|safe(?:r|ty)|disorder|"
    r"gang|drug|damage|reconvict|well-?being|confiden(?:ce|t\b)|attitude|resilien|calm|relationship|truan|attain|mental|distress|"
    r"difficult|score|risk|trust|school attendance|outcome|retaliat|feud|conflict|"
    r"(?:effects?|impacts?) of (?:the |our |this )?(?:programme|intervention|project|scheme|pilot|"
    r"patrol|mentoring|lesson|outreach))",
    re.IGNORECASE,
)
_DELIVERY = re.compile(
    r"\b(?:session|visit|shift|rota|staff|form|paperwork|data|record|file|budget|cost|premises|vetting|recruit|vacanc|"
    r"delay|contract|report|questionnaire|respon[sd]|referral|waiting|meeting|timetable|server|software|app\b|brief|handover|exam|"
    r"illness|sick|holiday|weather|planning|criteria|attend|deliver|log|meals|evaluat|time\b|recording|restriction|train|"
    r"post\b|room|funding|travel|equipment|device|supplier|supervis|hospital|partner|survey|interview|response|school records|"
    r"volunteer|overtime|officers?\b|invoice|payment|team\b|work\b|website|document|notice|translat|consent|agree)",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")


def allowed_verb(rating: Rating) -> str:
    """The strongest verb this rating licenses: "changed", "is associated with" or "caused"."""
    return VERBS[of_rating(rating)]


def overclaims(text: str, rating: Rating) -> list[str]:
    """Every phrase in ``text`` that claims more than ``rating`` licenses, each with what to write instead.

    A rating that licenses "caused" licenses causal words; nothing licenses words of proof. The others license
    association, or only that something changed.
    """
    found = []
    for sentence in (m.group(0) for m in _SENTENCE.finditer(text)):
        for pattern, advice, spares in _rules(rating):
            for hit in pattern.finditer(sentence):
                if _DOUBT.search(sentence[: hit.start()]) or (spares and _innocent(sentence)):
                    continue
                found.append((sentence.strip(), hit.group(0), advice))
    level = f"{rating.instrument} level {rating.level}"
    level += f' ("{allowed_verb(rating)}")' if rating.level >= 4 and of_rating(rating) != "caused" else ""
    return [
        f'"{phrase}" claims more than {level} licenses, in "{_short(sentence)}": {advice}'
        for sentence, phrase, advice in dict.fromkeys(found)
    ]


def _innocent(sentence: str) -> bool:
    """It leaves the matter open, or speaks of delivery and of no outcome."""
    return bool(_OPEN.search(sentence)) or bool(_DELIVERY.search(sentence) and not _OUTCOME.search(sentence))


def _rules(rating: Rating) -> list[tuple[re.Pattern[str], str, bool]]:
    """Phrases, what to write instead, and whether a sentence about delivery alone is spared."""
    rules = [(_words(_PROOF), 'write "suggests that": one evaluation does not prove', False)]
    allowed, verb = of_rating(rating), allowed_verb(rating)
    if allowed == "caused":
        return rules
    if allowed == "associated":
        instead = {"verb": f'write "{verb} a change in"', "link": 'write "at the same time as"'}
        instead["noun"] = 'write "association between … and …"'
    else:
        instead = {"verb": f'write that offences "{verb}"', "link": 'write "at the same time as"'}
        instead["noun"] = 'write "change in … after …"'
        rules.append((_words(_ASSOCIATION), f'write that offences "{verb}": nothing rules out other reasons', True))
    rules.append((_words(_SUBJECT_VERBS), instead["verb"], True))
    rules.append((_words(_LINKS), instead["link"], True))
    rules.append((_words(_EFFECTS), instead["noun"], True))
    rules.append((_words(_NOUNS), instead["noun"], False))
    return rules


def _words(phrases: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted((part for p in phrases for part in p.split("|") if "(" not in p), key=len, reverse=True)
    longest_first += [p for p in phrases if "(" in p]
    body = "|".join(p.replace(" ", r"\s+") for p in longest_first)
    return re.compile(rf"\b(?:{body})\b", re.IGNORECASE)


def _short(sentence: str) -> str:
    return sentence if len(sentence) <= 90 else f"{sentence[:87]}…"
