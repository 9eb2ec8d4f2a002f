"""The words a rating licenses, and the words in free text that claim more.

This reads words, not meaning: it finds the usual causal phrases and offers what to write instead.
A sentence that itself denies or doubts the claim ("cannot show that patrols reduced…", "whether
patrols reduced…") is let through.
"""

import re

from vru.results import Rating
from vru.words.evidence import VERBS, of_rating

_SUBJECT_VERBS = (
    "caused|causes|causing",
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
    "it worked|it works|intervention worked|intervention works",
    "helped to reduce|helped reduce|contributed to",
)
_LINKS = (
    "because of|thanks to|owing to|as a result of|attributable to|attributed to",
    # "due to start in April" claims nothing.
    r"due to(?!\s+(?:start|begin|end|finish|report|be)\b)",
)
_NOUNS = (
    "impact of|impact on|impacts of|impacts on|impacted",
    "effect of|effect on|effects of|effects on",
    "effective|effectiveness|successful in|success of",
    "was responsible for|were responsible for",
)
_PROOF = ("proved|proves|proven|proof that|conclusively|demonstrated that|demonstrates that",)
_ASSOCIATION = ("is associated with|are associated with|was associated with|were associated with|linked to",)

_DOUBT = re.compile(
    r"\b(cannot|can not|can't|could not|does not show|do not show|did not show|not evidence|no evidence|whether|"
    r"not possible to say|does not mean|do not mean|not known|if the|would|intended to|aims? to|expected to|"
    r"designed to)\b",
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
        for pattern, advice in _rules(rating):
            for hit in pattern.finditer(sentence):
                if _DOUBT.search(sentence[: hit.start()]):
                    continue
                found.append((sentence.strip(), hit.group(0), advice))
    level = f"{rating.instrument} level {rating.level}"
    level += f' ("{allowed_verb(rating)}")' if rating.level >= 4 and of_rating(rating) != "caused" else ""
    return [
        f'"{phrase}" claims more than {level} licenses, in "{_short(sentence)}": {advice}'
        for sentence, phrase, advice in dict.fromkeys(found)
    ]


def _rules(rating: Rating) -> list[tuple[re.Pattern[str], str]]:
    rules = [(_words(_PROOF), 'write "suggests that": one evaluation does not prove')]
    allowed, verb = of_rating(rating), allowed_verb(rating)
    if allowed == "caused":
        return rules
    if allowed == "associated":
        instead = {"verb": f'write "{verb} a change in"', "link": 'write "at the same time as"'}
        instead["noun"] = 'write "association between … and …"'
    else:
        instead = {"verb": f'write that offences "{verb}"', "link": 'write "at the same time as"'}
        instead["noun"] = 'write "change in … after …"'
        rules.append((_words(_ASSOCIATION), f'write that offences "{verb}": nothing rules out other reasons'))
    rules.append((_words(_SUBJECT_VERBS), instead["verb"]))
    rules.append((_words(_LINKS), instead["link"]))
    rules.append((_words(_NOUNS), instead["noun"]))
    return rules


def _words(phrases: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted((part for p in phrases for part in p.split("|") if "(" not in p), key=len, reverse=True)
    longest_first += [p for p in phrases if "(" in p]
    body = "|".join(p.replace(" ", r"\s+") for p in longest_first)
    return re.compile(rf"\b(?:{body})\b", re.IGNORECASE)


def _short(sentence: str) -> str:
    return sentence if len(sentence) <= 90 else f"{sentence[:87]}…"
