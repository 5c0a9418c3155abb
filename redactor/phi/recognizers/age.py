"""Ages over 89 (45 CFR 164.514(b)(2)(i)(C)): "ninety two", "94", "a hundred and two", "in her nineties", "the big nine
oh", "two months shy of a hundred", and the years that reveal them.

A bare number is an age only after a person ("he's", "turned") and before no unit: "he's ninety percent better" is none.
Once a message has told such an age, every other number of that size in it is one too, unless something is measured with
it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from redactor.phi.gazetteers import words
from redactor.phi.recognizers.age_reckoned import YOUNGEST, reckoned
from redactor.phi.recognizers.base import Candidate, NamedPattern, PatternBase
from redactor.phi.spoken import WrittenForm

_PART = (
    r"(?:(?: and)?[ -](?:a half|a quarter|three quarters|1/2|3/4|3 quarters|something|some(?: odd)?|odd|ish|plus|"
    r"(?:one|two|three|four|five|six|seven|eight|nine)ish)(?![\w'])|"
    r"\+)?"
)
_ONE = r"(?:a (?=1[0-2]\d(?!-)))?(?:9\d|1[0-2]\d)(?!\d|[.:]\d)"
_OLD = (
    rf"(?P<value>{_ONE}{_PART}(?:(?:,? or(?: is (?:it|he|she)| maybe)?|,? going on|,? maybe| to|,? i think|,|(?= 9\d)) "
    rf"(?:{_ONE}(?![\s,-]+\d)|[1-9](?=[.,;!?]|$| (?:and|but|so|i|now|years))))?)"
)
_NOT_AGE = re.compile(
    r"[\s-]*(?:percent|%|over|mg|milligrams?|mcg|ml|units?|degrees?|minutes?|min|hours?|days?|weeks?|months?|dollars?|"
    r"bucks|pounds?|lbs?|kilos?|kg|beats?|bpm|point|\.\d|miles?|times|liters?|questions|left\b(?! [a-z])|on (?:\d|"
    r"room air|oxygen)|when (?:i|we|they|you) (?:checked|took|"
    r"measured)|by(?= \d)|and a half (?:hours|days|miles|pounds)|cents|"
    r"inches|feet|cc|proof|or so (?:minutes|days)|systolic|/|(?!(?:9\d|1[0-2]\d)(?![\s,-]*\d))\d|,\s?(?!(?:9\d|"
    r"1[0-2]\d)(?![\s,-]*\d))\d|st\b|th\b|to \d+ (?:percent|minutes|days|pounds)|(?:north|south|east|west|street|"
    r"avenue|road|drive|lane|calories|steps|pills?|tablets?|carbs|"
    r"puffs)\b)",
    re.IGNORECASE,
)
_MEASURED = re.compile(
    r"(?:\d[\s,./-]*|[$#]|\b(?:oxygen|sats?|saturation|sugars?|glucose|pressure|pulse|rate|temp\w*|fever|weigh\w*|"
    r"weight|room|apartment|apt|unit|suite|box|number|route|highway|extension|option|press|over|under|above|below|"
    r"every|by|reading|level|count|score|diastolic|bottom|top)(?: (?:is|was|of|at|to|number|hit|around|about|been|"
    r"down|up))*\s+)$",
    re.IGNORECASE,
)
_BORN = re.compile(
    r"\b(?:born|birth(?: ?day| ?date| year)?|dob)\b(?:,? (?:was|is|back|way|on|in|the|year|of|it's|around|about|they|"
    r"say))*,? (?P<value>1[89]\d\d|['\u2019]?[2-9]\d)(?![\d/,-]|\s\d)",
    re.IGNORECASE,
)
_BORN_LONG_AGO = re.compile(
    r"\b(?:born|birth ?(?:day|date)?|dob)\b[^.?!\d]{0,60}?\b(?:in|of|back in|year(?: of)?|was|that'd be|that's|"
    r"that would be)[ ,]+(?P<value>1[89]\d\d|['\u2019]?[2-9]\d)(?![\d/,:-]|\s\d)",
    re.IGNORECASE,
)
_OLD_YEAR = re.compile(
    r"(?<![\d$#/.,:-])(?<!\d )(?P<value>19[0-4]\d|1950)(?![\d/:-]|[.,]\d|\s?\d|\s+(?:dollars|bucks|calories|steps|feet|"
    r"miles|pounds|units|milli\w+|mg|hours|[a-z]+ (?:street|avenue|road|drive|lane|court|way|boulevard)))"
)
"""A year that lies before anybody's ninetieth birthday, or of what adults did then."""
_SHORT_YEAR = re.compile(
    r"\b(?:in|of|since|from|back in|summer of|winter of|spring of|fall of|"
    r"class of) (?P<value>['\u2019]?[2-4]\d)(?=[.,;!?]|$|\s(?!(?:hours?|days?|minutes?|weeks?|months?|years?|percent|"
    r"\d|milli\w+|units?|more|people|pills?|or|to|and|of|dollars|pounds|degrees|miles|feet)\b))"
)
_AS_ADULT = re.compile(
    r"\b(?:married|marri\w+|wed|weds|wedding|honeymoon|confirmed|graduated|enlisted|drafted|served|discharged from the|"
    r"the war|overseas|army|navy|marines|air force|ellis island|came over|emigrated|immigrated|bar mitzvah|first job|"
    r"finished (?:high )?school|high school|started (?:at|work\w*|out|driving|teaching|farming)|began (?:at|work\w*)|"
    r"went to work|worked|first (?:baby|child|house|car|husband|wife)|had my first|bought (?:the|this|our|his|her)|"
    r"boot camp|basic training|college|voted|normandy|d day|pearl harbor|the depression|dust bowl|pacific|the "
    r"bulge|iwo jima|okinawa|korea)\b",
    re.IGNORECASE,
)
_ADULT, _EVENT_REACH = 16, 80
_AGES = re.compile(
    r"(?<![\d./-])(?:9\d|1[0-2]\d)(?!\d|[.:]\d|[ -]\d\d)|triple|three figures|\b1 0 \d|\bbig (?:9|1)|nineties|"
    r"enarian|score",
    re.IGNORECASE,
)
_BARE = re.compile(rf"(?<![\d$#/.,:-]){_OLD}")
_PERSON = (
    r"(?:he|she|they|i|we|who|you|(?:mother|father|mom|mommy|mama|mamaw|momma|mum|dad|daddy|papaw|pawpaw|meemaw|mawmaw|"
    r"grandmother|grandfather|grandma|grandpa|granddad|grandad|granddaddy|gran|granny|nana|papa|pop|pops|abuela|abuelo|"
    r"neighbor|client|resident|gentleman|fella|fellow|feller|wife|husband|aunt|auntie|uncle|cousin|patient|lady|man|"
    r"woman|sister|brother|friend|veteran|widow|folks|parents|twins|both|us|somebody|someone|anyone|anybody|"
    r"nobody|people|folks|man|person|male|female|mr|mrs|miss|mister|"
    r"missus|ms|it's|boy|girl|brother-in-law|mother-in-law|father-in-law|great-grand\w+|landlady|landlord|boss|pastor|"
    r"roommate|caller|tenant|priest|sir|ma'am|ma|pa|nan|yaya|oma|opa|nonna|nonno|bubbe|zayde|lola|lolo)"
    r"(?: (?!is\b|was\b|are\b|(?:got|takes?|weighs?)\b)(?:[a-z'-]+|\d{1,3}(?= is\b))){0,4}?)"
)


_COUNTED = re.compile(r"\b(?:i|we|you|they|he|she) (?:have|has|had|got)(?: about| only| like)? $", re.IGNORECASE)
_LOOSE = frozenset(
    {
        "person and predicate",
        "beyond",
        "died at",
        "for that age",
        "nineties of a person",
        "person of",
        "nearly",
        "is an age",
        "at an age",
        "three figures",
        "opening",
        "really",
    }
)
_MEASURED_BEFORE = re.compile(
    r"\b(?:oxygen|o2|sats?|saturation|sugars?|glucose|pressures?|pulse|heart ?rate|rate|temp\w*|fever|weigh\w*|weight|"
    r"numbers?|levels?|count|score|scored|diastolic|systolic|bpm|thermometer|monitor|meter|readings?|a1c|grade|"
    r"test|dose|total|goal|copay|result|answer|option|"
    r"room|bed|apartment|box|unit|bill|"
    r"balance|price|speed|route|highway|interstate|degrees)\b(?:(?!\b(?:he|she|who|i|they|he's|she's|i'm|they're|"
    r"we're)\b)"
    r"[^.?!])*$",
    re.IGNORECASE,
)
"""A measure, with no person named since."""
_KIN = (
    r"(?:mother|father|mom|mama|dad|daddy|grandmother|grandfather|grandma|grandpa|granny|nana|papa|husband|wife|"
    r"aunt|auntie|uncle|cousin|sister|brother|neighbor|friend|mother-in-law|father-in-law|patient|resident|client)"
)
_LEADING = (
    r"(?:be|being|hit|hits|hitting|see|sees|seeing|saw|make|makes|made|reach|reaches|reached|reaching|crowding|"
    r"approaching|nearing|pushing|turn|turns|turned|turning|celebrat\w+|chasing|flirting with|staring at|kissing|"
    r"touching|"
    r"to|on|toward|towards|distance of|edge of|cusp of|age of|either|celebrat\w+ number|like|all|ripe|was|were|are|is|"
    r"with|of us|of them|between|around|about|nearly|almost|only|just|now|already|still|both|says|said|say)"
)
"""Words right before an age, where the person comes not far before: "bearing down on", "didn't get to", "either"."""
_MEASURING = (
    r"(?:takes?|took|taking|weigh\w*|owes?|paid|pays?|scored?|reads?|reading|runs?|drives?|drove|ran|walk\w*|cost\w*|"
    r"press\w*|call\w*|oxygen|sugar\w*|pressure|pulse|temp\w*|fever|option|room|route|highway|interstate|exit|"
    r"bed|number|weight|"
    r"heart|sats?|stat|dose|gave|gets?(?= (?!to\b))|from|for|line|page|unit|apartment|address|road|level|levels|"
    r"percent|rate|it|it's|"
    r"that|that's|off|work|work\w*|live[sd]?|living|lives|stay\w*|located|moved|going|come|came|coming|go|goes)\b"
)
_ENDS = (
    r" ?(?:[.,;!?]|$)| (?:and|but|so|now|or|when|if|by|next|this|last|in|at|because|with|who|she|he|i|they|we|you|"
    r"come|on|before|after|years?|not|has|had|can|can't|lives?|living|fell|too|already|huh|honey|as|the|don't|"
    r"doesn't|isn't|that's|shouldn't|should|still|though|for|my|his|her|hun|hon|sir|ma'am|everything|we'd|i'd|"
    r"you'll|it's|"
    r"than|rather|bless|alone|here|there|doctor|please|which|what|thank|thanks|would|could|will|is|it|to be|even|"
    r"have)\b"
)


class AgeRecognizer(PatternBase):
    """Ages 90 to 129. Younger ages are not identifiers."""

    label = "AGE"
    patterns = (
        NamedPattern(
            "years old",
            r"\b(?P<value>(?:a (?=1[0-2]\d(?!-)))?(?:9\d|1[0-2]\d)(?:(?: and)? (?:a half|1/2))?[\s-]*(?:years?|yrs?|"
            r"y)(?:[\s-]*(?:olds?|of age|young)|[\s/-]?o\b))",
            0.95,
        ),
        NamedPattern(
            "aged",
            rf"\b(?:age[ds]?|age of|age is|age at|ages|how old(?: is| was| am| are)? \w+(?: (?:is|was|am|are))?)"
            rf"(?: is| was| of|'s| \w+)?[?:,.]*\s+(?:(?:well|oh|uh|um|i'm|he's|she's|let's see|about)[ ,]+)*{_OLD}",
            0.85,
        ),
        NamedPattern(
            "person is",
            rf"\b{_PERSON}"
            r"(?:'s|'m|'re|'d|'ll| is| am| are| was| were| turns?| turned| turning| hit| hits| made| makes| reached|"
            r" sees| saw| just turned| will be| be| would| have| has| been| getting| gonna| going to| she's| he's|"
            r" it's)+"
            rf"(?:,? now| about| almost| nearly| only| over| just| going on| already| turning| like| all of| both|"
            rf" every bit of| the big| past| well| way| up| north of| upwards of| close to| closer to| right at|"
            rf" around| somewhere| better than| more than| not quite| at least| probably| maybe| i think| oh| oh my|"
            rf" well past|"
            rf" a ripe old| as old as| a(?! 1[0-2]\d))*,?\s+{_OLD}",
            0.7,
        ),
        NamedPattern(
            "person and predicate",
            rf"\b(?:{_PERSON}(?:'s|'m|'re|'ll|'d| is| are| am| was| were| will| would)?|being|be|when|once|till|until|"
            rf"both of (?:us|them)|me,|now|already|just|finally)"
            rf" (?:(?!{_MEASURING})[a-z'-]+,? ){{0,3}}?"
            rf"(?:{_LEADING} )(?:the |a |oh |about |age |what |say |maybe )*{_OLD}(?={_ENDS})",
            0.6,
        ),
        NamedPattern(
            "relative and number",
            rf"\b(?:(?:(?:my|his|her|our|their) (?:\w+ )?{_KIN}(?: (?!is\b|was\b)[a-z'-]+)?|both of (?:us|them)|being|"
            rf"female|male|i'm (?:an? |the )?(?:old |older )?\w+),?) {_OLD}(?={_ENDS})",
            0.55,
        ),
        NamedPattern(
            "is an age",
            rf"(?<!\bit )(?<!\bthat )(?<!\bthis )(?<!\bone )(?<!\bwhich )(?<!\bwhat )\bis {_OLD}(?={_ENDS})",
            0.55,
        ),
        NamedPattern(
            "opening",
            rf"(?:^|[.!?;] )(?:nearly|almost|only|just|just about|not quite|i'm) {_OLD}(?={_ENDS})",
            0.55,
        ),
        NamedPattern(
            "too old",
            rf"\b{_OLD}(?= (?:is |years )?(?:too|kind of|pretty|awful|awfully|very|so|really|plenty|mighty) "
            rf"(?:old|young)\b)",
            0.65,
        ),
        NamedPattern(
            "really", rf"\b(?:really|actually|truly|honestly|claims to be|says he's|says she's) {_OLD}(?={_ENDS})", 0.6
        ),
        NamedPattern(
            "birthday is the",
            r"\bbirthday(?:'s| is| was| will be|,)?(?: be)?(?: the| her| his| my| number)? "
            r"(?P<value>(?:9\d|1[0-2]\d)(?:st|nd|rd|th)?)(?![\d/]|[ ,]+\d)",
            0.65,
        ),
        NamedPattern(
            "three figures",
            r"\b(?:hit|hits|hitting|reach\w*|turn\w*|in|into|made|near\w*|see|sees|push\w*) (?:the "
            r")?(?P<value>triple digits|three figures)",
            0.55,
        ),
        NamedPattern(
            "beyond",
            rf"\b(?:{_PERSON}(?:'s|'m|'re|'ll| is| are| am| was| were)?) (?:(?:well|way|just|a|bit|little|now|"
            rf"somewhere|"
            rf"up|on|the|\d{{1,2}}|few|couple|years?|of|far|wrong|good|other|right|hair|whisker|tad|touch|smidge|"
            rf"smidgen|side|north|south|east) )*"
            rf"(?:(?<=\s)(?:over|past|beyond|north of|side of|upwards? of|above|older than) "
            rf"(?P<value>{_ONE}))(?={_ENDS})",
            0.6,
        ),
        NamedPattern(
            "for that age",
            rf"\b(?:look\w*|good|great|well|bad|sharp|spry|strong|fine|healthy|young|fit|pretty|mobile|independent|"
            rf"quick|limber|remarkable|amazing) for(?: a| an| someone| somebody| being| about)* {_OLD}(?={_ENDS})",
            0.65,
        ),
        NamedPattern(
            "person of",
            rf"\b(?:man|woman|lady|gentleman|person|fella|someone|somebody|mother|father|gal|guy|body|kid|"
            rf"youngster|boy|girl|veteran|widow|"
            rf"widower|male|female|patient|resident)(?:s)?(?:,| of| at| who's| aged| pushing| over| past)? {_OLD}"
            rf"(?={_ENDS}| (?:odd )?years\b| ?can)",
            0.65,
        ),
        NamedPattern(
            "died at",
            rf"\b(?:died|passed(?: away| on)?|went|gone|lost (?:him|her|my \w+)|buried (?:him|her)|lived|lasted|"
            rf"made it|"
            rf"survived|got|get|gets|lives|living|still (?:driving|working|mowing|here)|retired)(?: all the way| clear|"
            rf" right)? (?:at|till|until|to(?: be)?|past|beyond|up to|to the age of)(?: about| age| almost| nearly|"
            rf" over)? {_OLD}(?={_ENDS}| (?:of|from|by|with|on) )",
            0.65,
        ),
        NamedPattern(
            "all those years",
            rf"\b(?P<value>(?:9\d|10[1-9]|1[12]\d){_PART} (?:years|winters|summers|springs|birthdays|christmases))"
            rf"(?! (?:ago|from now|back|warranty))",
            0.6,
        ),
        NamedPattern(
            "a hundred years",
            r"\b(?:my|his|her|their|all|lived|living|lives) (?P<value>(?:a )?100 (?:years|winters|summers|birthdays))"
            r"(?! (?:ago|from now))",
            0.6,
        ),
        NamedPattern(
            "said by figures",
            rf"\b(?:he|she|they|i|who|mom|dad|grandma|grandpa|mother|father|mama)(?:'s|'m| is| am| was| turned| "
            rf"just turned| turns| will be|'ll be)"
            rf"(?: about| almost| now| over)? (?P<value>1 0 \d)(?={_ENDS})(?!,? (?:\d|point|fever))",
            0.55,
        ),
        NamedPattern(
            "nineties of a person",
            rf"\b(?:{_PERSON}(?:'s|'m|'re|'ll| is| are| am| was| were)(?: be| now| both| all| probably| maybe| "
            rf"somewhere|"
            rf" well| up)*(?: in| into)?(?: (?:his|her|the|their|my|our))?|in your|at your|my|his|her|age) "
            rf"(?P<value>(?:(?:very |somewhere )?(?:"
            rf"early|mid|middle|late|upper|high|low)[ -]+(?:to[ -]+(?:mid|late)[ -]+)?)?(?:nineties|90s|"
            rf"90's))(?! (?:over|oxygen|percent|for|on))",
            0.6,
        ),
        NamedPattern(
            "name is",
            rf"\b(?P<who>[a-z][a-z-]{{2,}})(?:'s| is| was| turns| turned| just turned| will be|,? who's|,? who is)"
            rf"(?: now| about| almost| nearly| already| going on| just| past)*\s+{_OLD}",
            0.65,
        ),
        NamedPattern(
            "turning",
            rf"\b(?:turn(?:ed|s|ing)?|liv(?:ed|es?|ing) to(?: be| see)?|lasted to|going on|pushing|nearing|approaching|"
            rf"celebrat\w+ (?:his|her|my|their|your)|the big|knocking on(?: the door of)?|closing in on|creeping up on|"
            rf"coming up on|rounding|staring down|just (?:this|the other) side of|the other side of|(?:made|make|"
            rf"makes|making|get|gets|got) it to|"
            rf"mak(?:es?|ing) (?:me|him|her|them|us)(?: about| around| oh| oh my| let's see| let me see| what|"
            rf" i guess|,)*|puts? (?:me|him|her|them) at|"
            rf"be(?:en)? around for|age,) {_OLD}",
            0.75,
        ),
        NamedPattern(
            "nearly",
            rf"\b(?P<value>(?:(?:(?:a|an|one|two|three|four|five|six|seven|eight|nine|ten|eleven|\d{{1,2}}|few|"
            rf"couple(?: of)?|half a) (?:days?|weeks?|months?|years?|hair|whisker|year or two)?,? )(?:shy of|"
            rf"short of|away from|off|till|until|from(?: turning| being)?)|(?:a (?:hair|whisker) )?(?:shy|short) "
            rf"of) {_ONE})(?= ?(?:$|[.,;!?]|and\b|he\b|she\b|"
            rf"they\b|i\b|but\b|now\b|so\b|"
            rf"years old\b))",
            0.6,
        ),
        NamedPattern("in tens", r"\b(?P<value>the big (?:9[ -]?\d|1[ -]?0[ -]?\d|hundred))\b", 0.75),
        NamedPattern(
            "on this earth",
            rf"\b(?:on (?:this|god's(?: green)?|the) (?:\w+ )?(?:earth|planet|world)|been (?:around|here|alive|living|"
            rf"kicking)|walked (?:this|the) earth)(?: for| some| all of| going on|"
            rf" about)* (?P<value>{_ONE}{_PART}(?: years)?)",
            0.75,
        ),
        NamedPattern(
            "years on earth",
            rf"\b(?P<value>{_ONE}{_PART} years) (?:on (?:this|god's|the)|of (?:living|life|age)|under (?:my|his|"
            rf"her) belt|behind (?:me|him|"
            rf"her)|to (?:my|his|her) (?:name|credit)|and counting)",
            0.75,
        ),
        NamedPattern("if a day", rf"\b{_OLD}(?= if (?:he's|she's|i'm|a|he|she|they're) )", 0.7),
        NamedPattern(
            "ordinal",
            r"\b(?:his|her|their|my|your|mom's|mama's|dad's|daddy's|grandma's|grandpa's|own)(?: big| upcoming)? "
            r"(?P<value>(?:9\d|1[0-2]\d)(?:st|nd|rd|th))(?! (?:percentile|floor|street|day|treatment|visit|session|"
            r"time|"
            r"call))",
            0.7,
        ),
        NamedPattern("scores", r"\b(?P<value>(?:4|four) ?score and (?:1\d)|(?:5|five) ?score(?: and \d+)?)\b", 0.7),
        NamedPattern(
            "praised",
            rf"\b(?:spry|ripe|feisty|sharp|healthy|hearty|grand)(?:,? (?:old|young))?(?: age of)? {_OLD}",
            0.75,
        ),
        NamedPattern("at an age", rf"\bat {_OLD}(?=,? (?:he|she|i|they|my|you)\b|[.!?]|$)", 0.65),
        NamedPattern(
            "years young",
            rf"\b{_OLD}(?=\s+(?:and lives|and still|and living|and doing|and sharp|and a half\b(?! "
            rf"(?:hours|days))|years))",
            0.6,
        ),
        NamedPattern(
            "oldest",
            rf"\b(?:old|oldest|elderly|great-grand\w+|widow\w*|frail|woman|man|lady|gentleman|"
            rf"fella)\b[^.?!\d]{{0,30}}, {_OLD}"
            rf"(?= ?(?:[.,;!?]|$|this|come|in|and|years|now|last|next)\b)",
            0.6,
        ),
        NamedPattern("set apart", rf"(?<=[a-z], ){_OLD}(?=, (?!\d))", 0.5),
        NamedPattern(
            "birthday",
            r"\b(?P<value>(?:9\d|1[0-2]\d)(?:st|nd|rd|th)(?: birthday)?)(?:(?<=birthday)|"
            r"(?=\s+(?:year|b-?day|trip around)))",
            0.8,
        ),
        NamedPattern(
            "soon",
            rf"\b{_OLD}(?=,? (?:(?:next|this|this coming|this past|last|come|in) "
            rf"(?:week|month|year|january|february|march|april|may|june|july|august|september|october|november|"
            rf"december|spring|summer|fall|winter)|on "
            rf"(?:my|his|her|their) birthday)\b)",
            0.6,
        ),
        NamedPattern(
            "nineties",
            r"\b(?:in|into|past|of|through|beyond) (?:his|her|their|my|your|our) (?P<value>(?:very )?(?:(?:early|"
            r"mid|middle|late|upper|high)[ -]+)?(?:nineties|"
            r"90s|90's))",
            0.7,
        ),
        NamedPattern("a word for it", r"\b(?P<value>(?:a |an )?(?:super)?(?:nonagenarian|centenarian)s?)\b", 0.7),
    )
    needs = (
        r"(?<![\d./-])(?:9\d|1[0-2]\d)(?!\d)|\bbig (?:9|1)|nineties|enarian|score|\b(?:born|birth|birthday|dob)\b|"
        r"\b19[0-5]\d|\b(?:in|of|since|from) ['\u2019]?[2-4]\d\b|\b1 0 \d|decade|century|triple|anniversary|"
        r"\b[78]0[ -]1\d\b|plus|"
        r"\b(?:(?:past|over|beyond) [78]\d|married|together|marriage|hitched|class|vintage|older|senior|twenties|"
        r"thirties|war|harbor|normandy|jima|hiroshima|vintage|korean?|model|depression|kennedy|bulge|crash)\b"
    )

    def spans(self, form: WrittenForm) -> Iterator[tuple[int, int, float, str]]:
        if self._needs is not None and not self._needs.search(form.text):
            return
        found = list(super().spans(form)) if _AGES.search(form.text) else []
        now = dt.datetime.now(tz=dt.timezone.utc).year
        for regex in (_BORN, _BORN_LONG_AGO):
            for match in regex.finditer(form.text):
                if _is_ninety(match["value"].lstrip("'\u2019"), now):
                    found.append((*form.to_original(*match.span("value")), 0.7, "year of birth"))
        for start, end in _revealing_years(form.text, now):
            yield *form.to_original(start, end), 0.55, "year that reveals an age"
        yield from found
        for start, end, score, name in reckoned(form.text, form.words, now):
            found.append((start, end, score, name))
            yield *form.to_original(start, end), score, name
        if not found:
            return
        for match in _BARE.finditer(form.text):
            if not (
                _NOT_AGE.match(form.text, match.end())
                or _MEASURED.search(form.text, max(0, match.start() - 40), match.start())
            ):
                yield *form.to_original(*match.span("value")), 0.5, "another age"

    def candidates(self, form: WrittenForm) -> Iterator[Candidate]:
        """In the written form only: it has all figures."""
        nineties = "ninet" in form.text or "90" in form.text
        for pattern, regex in self._compiled:
            if nineties or not pattern.name.startswith("nineties"):
                yield from self._matches(pattern, regex, form.text)

    def score_of(self, candidate: Candidate) -> float:
        if candidate.pattern.name == "name is":
            who = candidate.match["who"].lower()
            if who in words("common_words") or who not in words("first_names"):
                return 0.0
        if _COUNTED.search(candidate.text, max(0, candidate.start - 16), candidate.start):
            return 0.0
        if candidate.pattern.name in _LOOSE and _MEASURED_BEFORE.search(
            candidate.text, max(0, candidate.start - 60), candidate.start
        ):
            return 0.0
        if candidate.pattern.name not in {"years old", "aged", "nineties", "a word for it"} and _NOT_AGE.match(
            candidate.text, candidate.end
        ):
            return 0.0
        return candidate.pattern.score


def _revealing_years(text: str, now: int) -> Iterator[tuple[int, int]]:
    """Years in which whoever is spoken of was born, or was grown up, ninety years ago."""
    for match in _OLD_YEAR.finditer(text):
        year = int(match["value"])
        if year <= now - YOUNGEST or (year <= now - YOUNGEST + _ADULT and _grown_up(text, match)):
            yield match.span("value")
    for match in _SHORT_YEAR.finditer(text):
        year = 1900 + int(match["value"].lstrip("'\u2019"))
        if year <= now - YOUNGEST + _ADULT and _grown_up(text, match):
            yield match.span("value")


def _grown_up(text: str, match: re.Match[str]) -> bool:
    return _AS_ADULT.search(text, max(0, match.start() - _EVENT_REACH), match.end() + _EVENT_REACH // 2) is not None


def _is_ninety(said: str, now: int) -> bool:
    """Whether a year of birth, of four figures or two, means an age of ninety: "28" was in the last century, "12" may
    have been in this one.
    """
    latest = now - YOUNGEST
    return int(said) <= latest if len(said) == 4 else now % 100 < int(said) <= latest % 100
