"""Names of people: after a title or a role; and given names before a capitalised word, of which a person decides."""

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
    abdi adebayo agnieszka amandeep ama andrei anil ayaan babatunde chidi chinedu damian deepak demi dmitri dwayne emeka
    fadumo faisal farhan gurpreet hamza harpreet hodan ifeoma ioana jaspreet javed jermaine joanna kamal kasia katarzyna
    kayden kayleigh khalid kieron kofi krzysztof kwame leroy magdalena mandeep manjit marcin marek marlon mateusz mihai
    mustafa nasreen neha ngozi olga olumide parveen pawel piotr pooja raheem rajesh ranjit rashid rukhsana saima sanjeev
    shabana shanice shazia simran sukhdeep sunil svetlana tamika tiffany tomasz tunde tyrell tyrone wei yaw zahra zofia
    """.split()  # noqa: SIM905
)
"""Common given names in England and Wales, boys' and girls', over several decades of registrations; far from all there are."""
_PLACE = re.compile(
    r"Street|Road|Avenue|Lane|Park|Ward|House|Court|Centre|Center|Square|Place|Way|Close|Hill|Green|Hall|Station|Hospital|School"
    r"|College|Academy|University|Council|County|City|Town|Estate|Gardens|Terrace|Primary|Infirmary|Library|Stadium|Cross|Well"
    r"|Quay|Bank|Dock|Docks|Market|North|South|East|West|January|February|March|April|May|June|July|August|September|October"
    r"|November|December|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
)
"""Words after a given name that make a place or a month of it; after a title or role they may be surnames."""
_NAMED_AFTER = re.compile(
    r" (?:[A-Z][a-z]+ )?(?:Street|Road|Avenue|Lane|Drive|Close|Crescent|Grove|Court|House|Gardens|Terrace|Square|Place|Way|Walk"
    r"|Mews|Rise|View|Park|Ward|Centre|Center|Building|Towers?|Estate|Hall|Station|Hospital|Surgery|Clinic|School|College"
    r"|Academy|University|Primary|Infirmary|Library|Stadium|Theatre|Fields?|Quay|Docks?|Market|Club|Institute|Foundation|Trust"
    r"|Memorial|Bridge|Playground|Ground)\b"
    r"| (?:estate|ward|area|areas|hot spot|neighbourhood|estates|wards|park|school|hospital|centre)\b"
)
"""What follows a name after which a place is called: "Charlotte Dundas Court", "James Cook University Hospital"."""
_NO_NAME = re.compile(
    r"Line|Test|Law|Method|Model|Plus|And|The|Of|Is|Was|For|In|On|At|To|From|By|With|Division"
    r"|Support|Care|Services?|Units?|Teams?|Management|Managers?|Information|Sheets?|Programmes?|Projects?"
    r"|Schemes?|Plans?|Periods?|Rates?|Protocols?|Navigators?|Liaison|Officers?|Leads?|Heads?|Operations?|Op|Policing|Police|Local"
    r"|Neighbourhoods?|Patrols?|Performance|Intelligence|Response|Custody|Crime|Community|Communities|Partnerships?|District|Area"
    r"|Force|Roads|Serious|Violence|Violent|Offences?|Analysis|Analysts?|Research|Data|Safer|Safety|Wellbeing|Health|Education"
    r"|Baby|Children|Youth|Families|Family|Declared|Wanted|Charged|Identified|Known|Unknown|Survey|Surveys|Excel|World"
    r"|Comics|Commissioners?|Board|Chair|Directors?|Partners?|Reduction|Public|Protection|Justice|Probation|Prevention|Domestic"
    r"|Abuse|Knife|Gangs?|Homicide|Robbery|Weapons?|Intimidation|Mrs|Mr|Ms|Miss|Not|No|Aged|Age|Sex|Type|Status|Number|Total|Dr"
)
"""Words that stand with a capital where a name could, and are none: units, posts, offences."""
_TITLED = re.compile(
    r"\b(?:Mr|Mrs|Ms|Miss|Mx|Master|Sir|Dame|Rev|PC|WPC|DC|DS|DI|DCI|PS|Sgt|PCSO|SPC|TDC|Constable|Sergeant|Inspector)\.? "
    r"(?:[A-Z]\.? ){0,2}([A-Z][a-z'’]+|[A-Z]['’][A-Z][a-z]+)(?:[- ][A-Z][a-z'’]+)?\b"
)
_ROLE = re.compile(
    r"\b(?:[Vv]ictim|[Ss]uspect|[Oo]ffender|[Dd]efendant|[Ww]itness|[Cc]omplainant|[Nn]ominal|[Dd]eceased|[Pp]articipant|[Nn]ame[d]?"
    r"|[Mm]other|[Ff]ather|[Bb]rother|[Ss]ister|known as|a\.?k\.?a\.?)(?: (?:is|was|called|named|name))?[ :,-]{1,3}"
    r"([A-Z][a-z'’]+) ([A-Z][a-z'’]+(?:-[A-Z][a-z]+)?)\b"
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
            and not (_NO_NAME.fullmatch(match.group(2)) or _PLACE.fullmatch(match.group(2)))
            and match.group() not in context.known
            and not _NAMED_AFTER.match(text, match.end())
        ):
            yield match.group()


def _announced(text: str, context: Context) -> Iterator[str]:
    """Names after a title or a role, where no word in them is that of a unit, a post or an offence."""
    for pattern in (_TITLED, _ROLE):
        for match in pattern.finditer(text):
            words = re.findall(r"[A-Z][\w'’]*", match.group())[-2 if pattern is _ROLE else 1 :]
            if not any(_NO_NAME.fullmatch(word) for word in words) and match.group() not in context.known:
                yield match.group()


NAMES = (
    Detector("person_name", "name of a person", "fail", _announced),
    Detector("given_name", "name of a person, by the given name", "concern", _named),
)
