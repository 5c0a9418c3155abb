"""Words before and after names: titles, introductions, relations, and words that only look like names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

NONE, LIGHT, DIRECT, KIN, INTRO, TITLED_ARTICLE, MENTION, NAME, TITLE = range(9)

TITLES = frozenset(
    "miz dr doctor doc mr mrs ms miss mister missus mrs. nurse professor prof reverend pastor rabbi sergeant officer "
    "deacon bishop captain lieutenant detective senora senorita monsignor chaplain imam".split()
)
ABBREVIATED = frozenset("miz dr mr mrs ms mister missus".split())
"""Titles that are never nouns."""
ARTICLES = frozenset("the a an my your our his her their another any this that which every other each no".split())
AFTER_TITLE = frozenset(
    "will may can hope so in see do my said care visit call called wait mark bill order ordered office appointment "
    "note notes hung bent left long over art grant page case case's loan price else ever chance practitioner practice "
    "station line".split()
)
WEAK_ANYWAY = frozenset("will hope may young grace joy rose faith april june august jesus".split())

_NAME_CUES = frozenset(
    {
        "name is",
        "name's",
        "name was",
        "first name",
        "last name",
        "middle name",
        "maiden name",
        "surname",
        "surname is",
        "named",
        "goes by",
        "nickname is",
        "name it's",
        "name that's",
        "surname's",
        "name of",
        "names are",
    }
)
_MENTION_CUES = frozenset(
    {
        "name",
        "names",
        "full name",
        "patient is",
        "patient's name",
        "spelled",
        "spelling",
        "spell",
        "is spelled",
        "name for",
        "name and",
        "under",
        "aka",
        "pronounced",
    }
)
_INTRO_CUES = frozenset(
    {
        "this is",
        "it's",
        "it is",
        "i'm",
        "i am",
        "here's",
        "here is",
        "speaking with",
        "speak with",
        "speak to",
        "spoke with",
        "spoke to",
        "speaking to",
        "talk to",
        "talking to",
        "talked to",
        "talk with",
        "ask for",
        "asking for",
        "message for",
        "calling for",
        "call for",
        "looking for",
        "attention",
        "attn",
        "dear",
        "hi",
        "hello",
        "hey",
        "patient",
        "hola",
        "morning",
        "afternoon",
        "evening",
        "that's",
        "he's",
        "she's",
        "is this",
        "im",
        "signed",
        "sincerely",
        "regards",
        "from",
        "see",
        "saw",
        "reach",
        "regarding",
        "on behalf of",
        "behalf of",
        "yours",
        "thanks",
        "thank you",
        "bye",
        "with",
        "contact",
        "by",
        "meet",
        "refill for",
        "prescription for",
        "results for",
        "appointment for",
        "appointment with",
        "about",
        "confirm",
        "confirming",
        "reschedule",
        "rescheduling",
        "schedule",
        "cancel",
        "remind",
        "reminding",
        "told",
        "films on",
        "chart on",
        "hiya",
        "it's called",
    }
)
_DIRECT_CUES = frozenset("call tell let ask".split())
_LIGHT_CUES = frozenset("for with to by and from see have or of is was told called yeah uh um okay yes here".split())
_KIN = frozenset(
    "wife husband son daughter mother mom mum dad father sister brother grandmother grandfather grandma grandpa "
    "granddaughter grandson aunt uncle cousin niece nephew neighbor partner boss coworker friend fiance fiancee "
    "girlfriend boyfriend baby child caregiver patient stepmom stepdad stepmother stepfather stepsister stepbrother "
    "godmother godfather godson goddaughter grandbaby grandson granddad grandad great-grandson great-granddaughter "
    "son-in-law daughter-in-law mother-in-law father-in-law sister-in-law brother-in-law ex-wife ex-husband hubby "
    "wifey bestie client resident tenant sitter babysitter aide daddy mommy stepson stepdaughter kid boy girl twin "
    "roommate assistant receptionist secretary manager coordinator".split()
)
_SKIP = frozenset("uh um , is was it's like well actually yes yeah".split())

SELF = frozenset("is it's i'm im am".split())
"""Last words of phrases with which people introduce themselves."""

CALLING = frozenset("calling speaking here again returning called checking".split())
FOLLOW = frozenset(
    "from at with and in i i'm calling here on about my we again returning speaking over just please needs wants said "
    "called he's she's his her date dob born d o b uh um your back this it's who".split()
)

ASKED = frozenset(
    {
        "message for",
        "calling for",
        "looking for",
        "asking for",
        "ask for",
        "speak with",
        "speak to",
        "spoke with",
        "speaking with",
        "trying to reach",
        "this is",
        "talk to",
        "reminder for",
        "to reach",
        "attention",
    }
)
"""Cues that precede little but names: after them a name that is also a word counts if another name follows."""
GREETINGS = frozenset(
    "hi hello hey hiya yes yeah um uh morning afternoon evening it's its is this im i'm there doctor dr".split()
)
CLAUSE = FOLLOW | frozenset(
    "date i i'm i've i'd my her his we you please give send our doctor dr mister missus miss mr mrs ms that that's "
    "this hi hello are is was has wants will last first birth there spelled spelling s fax email address the to could "
    "can would birthday phone number patient thanks thank bye okay he she they if and or".split()
)
"""Words with which a new clause begins after a name."""

GENERATION = frozenset("jr junior sr senior iii ii iv".split())
PARTICLES = frozenset("de la van der von den del di da al el bin ibn dos das o' mac mc st san santa le".split())
NOT_SURNAMES = frozenset(
    "date birth number address email phone spelled spelling on not it its will may can hope so see do my said care "
    "call called wait back in over please thanks just here again going home more less fine love mark bill early late "
    "first second third case price chance ever left sent speaking best dear rather english french may june march april "
    "august still now then soon next more most some says well good day days gets goes comes stay start read need needs "
    "want wants art hand head heart back body foot chest arm leg eye pain cold flu cough son sons baby child room line "
    "page phone press see sees seen son song sun time today too true two way week work yes you your like likes makes "
    "made wake walks walk hung gone done went told felt feel has have had great nice bye".split()
)
PLAIN = frozenset(
    "will hope mark bill early late fine sunny cold may just frank urgent chance nice great good best dear second "
    "first major royal clear noble sweet happy see real true sunny stormy winter summer autumn fall spring".split()
) - {"will", "hope", "mark", "bill", "may", "frank", "chance", "summer", "autumn"}
"""As in "it's early": not names there, although they are listed."""
SURNAMES_TOO = frozenset({"best", "noon"})
"""Surnames among the function words."""
HARD = frozenset(
    "will may can call back please bye day today late home page line check wait said so my do in hung good well next "
    "long here".split()
)
BEFORE_WORDS = TITLES | {".", "is", "name's", "hello", "hi", "hey", "it's", "its"}
"""Only after these may a common word be a name."""
SPELL_WORDS = frozenset("spelled spell spelling spelt name surname name's".split())
NICKNAMES = frozenset("uncle aunt auntie grandma grandpa granny nana papa mama tia tio abuela abuelo cousin".split())
"""Words before a first name."""
NOT_GREETED = frozenset(
    "all team folks everyone everybody doc ladies guys again anyone yall there sir people gang guy man lady".split()
)
"""Common words after "hi" that are not names."""
NEVER_REPEATED = frozenset(
    "hope will may bill chase sue pat chance page ray young long case price guy dot van see art mark hunter cook my "
    "so".split()
)
"""Names that are also verbs or everyday nouns: found once in a message, they are not searched for in the rest of it."""
VERBS = frozenset("sue drew rose mark chase pat bill skip pierce hunt rob jack buck grant hope spike dash".split())
BEFORE_VERBS = frozenset(
    "to will i'll we'll they'll he'll she'll you'll can can't could would should won't don't didn't gonna not i we "
    "they you a an the another".split()
)
AFTER_VERBS = frozenset(
    "it up over out down off the my your his her their this that them me you a an nobody somebody someone blood".split()
)
"""Words around a name that is used as a verb or a noun."""
_SAYS = frozenset("is was says said reads".split())
NOT_OWNERS = frozenset(
    "patient's doctor's mom's mother's dad's father's husband's wife's son's daughter's sister's brother's baby's "
    "boss's neighbor's friend's client's kid's child's girl's boy's lady's man's woman's today's it's that's there's "
    "what's who's where's here's let's school's hospital's caller's resident's grandma's grandpa's aunt's "
    "uncle's".split()
)
NO_OWNERS = frozenset("may's march's august's sunday's aide's lady's honey's baby's senior's sheriff's".split())
LEADS = frozenset("for with to by and from or see".split())
HOUSEHOLD = frozenset(
    "twins family household kids children boy boys girl girls baby babies residence sisters brothers account chart "
    "case estate home".split()
)
"""After "the" and a surname: "the okafor twins"."""
NOT_SPELLED = frozenset(
    "mri ekg ecg ssn dob mrn hiv std uti copd ptsd adhd pcp icu cbc psa tsh bmi ldl hdl ada hmo ppo cpap gerd nsaid "
    "ibs cvs www aol usa iv er rsv tmj mrsa dvt bun cpr rna dna lpn iud pap pcr inr lmp ama faq atm abc rsvp asap etc "
    "usps ups pdf vin npi dea mbi cvv eta fyi nasaid bph hpv tb".split()
)
FUNCTION = frozenset(
    "a an the and or but if so as at by for from in into of off on out over to up with i you he she it we they me him "
    "her us them my your his its our their this that these those is are was were be been being am do does did done "
    "have has had having will would can could shall should might must not no yes yeah okay ok uh um oh hi hello hey "
    "bye please thanks thank who what when where why how which there here then than just very also too again still now "
    "soon later today tomorrow yesterday tonight morning afternoon evening night noon day week month year back because "
    "until while about after before between during through under above call calling called doctor dr nurse mr mrs ms "
    "miss mister missus doc patient sir maam ma'am madam mom mum dad wife husband son daughter office clinic pharmacy "
    "hospital sunday monday tuesday wednesday thursday friday saturday mm hmm mhm gosh wow huh alright right well like "
    "know think mean guess feel feels need needs want wants get got going gonna let lets make made say said tell told "
    "ask asked see saw seen take took come came go went look looks good bad better best fine great nice sorry sure "
    "maybe really actually basically everything anything something nothing someone somebody anyone anybody everyone "
    "everybody one two three lot bit much many more most some any all none both each every few y mi es el con por para "
    "que don't can't won't isn't i'm i've i'll i'd it's that's he's she's you're we're they're there's what's let's "
    "didn't doesn't wasn't".split()
) - {"will", "may"}


class LowerCase(Protocol):
    """A word in lower case, as the cues need it."""

    @property
    def lower(self) -> str: ...


def level(said: Sequence[LowerCase], at: int) -> int:
    """How strongly the words before said[at] announce a name."""
    before = [word.lower for word in said[max(0, at - 6) : at]]
    while before and before[-1] in {".", ":"}:
        # "Dr. Lin", "Name: Lin"; a full stop after anything else ends the sentence.
        if len(before) > 1 and (before[-2] in TITLES or (before[-1] == ":" and before[-2] in _NAME_CUES)):
            before.pop()
        else:
            return NONE
    if not before:
        return NONE
    if before[-1] in TITLES:
        return TITLED_ARTICLE if len(before) > 1 and before[-2] in ARTICLES else TITLE
    if before[-2:] == ["in", "law"]:
        return KIN
    strongest = _lookup(before)
    if before[-1] in _SAYS and "name" in before[-5:-1]:
        return NAME  # "the name on the card is", "my maiden name which was"
    if strongest < KIN and (
        (before[-1] == "of" and len(before) > 1 and before[-2] in _KIN)
        or before[-1].removesuffix("'s") in _KIN | NICKNAMES
    ):
        return KIN
    while before and before[-1] in _SKIP and strongest in {NONE, LIGHT, DIRECT}:
        before.pop()
        strongest = max(strongest, _lookup(before))
    return strongest


def _lookup(before: Sequence[str]) -> int:
    if not before:
        return NONE
    one, two = before[-1], " ".join(before[-2:])
    three = " ".join(before[-3:])
    if two in _NAME_CUES or one in _NAME_CUES:
        return NAME
    if two in _MENTION_CUES or one in _MENTION_CUES:
        return MENTION
    if one in _KIN:
        return KIN
    if three in _INTRO_CUES or two in _INTRO_CUES or one in _INTRO_CUES:
        return INTRO
    if one in _DIRECT_CUES:
        return DIRECT
    return LIGHT if one in _LIGHT_CUES else NONE
