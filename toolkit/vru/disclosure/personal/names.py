"""Given names with a capitalised word after them: perhaps a name. A person decides: places are called so too."""

import re
from collections.abc import Iterator

from vru.disclosure.personal.detector import Context, Detector

_GIVEN = frozenset(
    """
    aaron abdul abdullah abigail adam adrian ahmed aisha alan alex alexander alfie ali alice alison amanda amelia amina
    amir amy andrea andrew angela anna anne anthony antonio archie arthur asad ashley ayesha barbara ben benjamin beth
    bethany bilal brandon brian callum cameron carl carol caroline catherine charlie charlotte chelsea chloe chris
    christian christine christopher claire connor craig daisy daniel danielle darren dave david dawn dean deborah declan
    denise dennis derek diane dominic donna dylan edward elena eleanor elizabeth ella ellie emily emma eric ethan eva evie
    farah fatima fiona florence francesca frank freya gareth gary gavin gemma george georgia gillian grace graham grant
    hannah harriet harry hassan hayley heather helen henry holly hussain ian ibrahim imran isaac isabella isla jack
    jackson jacob jacqueline jade jake james jamie jane janet jasmine jason jay jean jennifer jenny jessica joan joanne
    joe joel john jonathan jordan joseph josh joshua joyce judith julia julie karen kate katherine katie keith kelly
    kenneth kevin khadija kieran kimberley kirsty kyle laura lauren leah leanne lee leo lewis liam lily linda lisa logan
    louis louise lucas lucy luke lydia malcolm mandy marcus margaret maria marie mark martin mary maryam mason matthew
    maureen maya megan melanie melissa mia michael michelle mike millie mohamed mohammad mohammed molly muhammad nadia
    nasir natalie nathan neil niamh nicholas nicola nigel noah olivia omar oliver oscar owen pamela patricia patrick paul
    pauline peter philip phoebe poppy priya rachel ravi rebecca reece rhys richard riley robert robin roger rory rosie
    ross russell ruth ryan sadia sally sam samantha samir samuel sandra sanjay sara sarah scarlett scott sean sebastian
    shannon sharon sheila simon sophia sophie stacey stephanie stephen steven stuart sue susan suzanne tahir tania tanya
    tariq terry theo theresa thomas tina toby tom tony tracey tyler usman valerie vanessa victoria vincent wayne wendy
    william yasmin yusuf zainab zara zoe
    """.split()  # noqa: SIM905
)
"""Common given names in England and Wales, boys' and girls', over several decades of registrations; far from all there are."""
_NO_SURNAME = re.compile(
    r"(?:Street|Road|Avenue|Lane|Park|Ward|House|Court|Centre|Center|Square|Place|Way|Close|Hill|Green|Hall|Station|Hospital|School"
    r"|College|Academy|University|Council|County|City|Town|Division|Estate|Gardens|Terrace|Primary|Infirmary|Library|Stadium|Cross"
    r"|Quay|Dock|Docks|Market|Line|Test|Law|Method|Model|Plus|And|The|Of|Is|Was|For|In|On|At|To|From|By|With|North|South|East|West"
    r"|January|February|March|April|May|June|July|August|September|October|November|December|Monday|Tuesday|Wednesday|Thursday"
    r"|Friday|Saturday|Sunday)"
)
_PAIR = re.compile(
    r"(?<![\w'’-])([A-Z][a-z]{1,11})(?: [A-Z]\.?)? ((?:[A-Z]['’]|Mc|Mac)?[A-Z][a-z'’]+(?:-[A-Z][a-z]+)?)(?!\w)"
)


def _named(text: str, context: Context) -> Iterator[str]:
    at = 0
    while match := _PAIR.search(text, at):
        # The second word may be the first of another pair: "Grace Jordan Smith".
        at = match.start(2)
        if (
            match.group(1).lower() in _GIVEN
            and not _NO_SURNAME.fullmatch(match.group(2))
            and match.group() not in context.known
        ):
            yield match.group()


NAMES = (Detector("given_name", "name of a person, by the given name", "concern", _named),)
