"""Practices, pharmacies, insurers, employers, schools, churches: by a word for their kind, by cue, by brand.

Organizations are not an identifier in 45 CFR 164.514(b)(2), but employers are, and a practice's name reveals where a
person is treated. In a text with capitals a name is a row of capitalised words; without them it is the words between
a preposition and a word for the kind ("at", "dental"), or what follows words after which only a name can follow ("i
drive for").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, overload

from redactor.phi.gazetteers import NOT_NAMES, words
from redactor.phi.lexicons.library import known_drugs
from redactor.phi.recognizers.base import SpokenRecognizer
from redactor.phi.recognizers.name_cues import CALLING, FUNCTION, TITLES
from redactor.phi.spoken import WrittenForm
from redactor.phi.spoken.words import NUMBER_STARTS

_KIND = (
    r"(?:(?:family|internal|primary|women'?s|children'?s|physical|sports|regional|general|memorial|community|"
    r"university|medical|dental|eye|heart|cancer|surgical|surgery|health|urgent|senior|behavioral|mental|foot|ankle|"
    r"skin|pain|spine|bone|joint|vision|walk in) )*(?:clinic|hospital|pharmacy|dental|dentistry|pediatrics|cardiology|"
    r"dermatology|orthop(?:a)?edics|oncology|neurology|urology|podiatry|gastroenterology|radiology|imaging|"
    r"medical (?:center|group|associates|partners|clinic)|family (?:practice|medicine|health|care|doctors)|"
    r"health ?care|health (?:center|system|partners|clinic|services|group|department)|associates|physicians|"
    r"laborator(?:y|ies)|labs?|(?:urgent|primary|eye|home|hospice) care|medical|medicine|obgyn|surgery center|"
    r"rehab(?:ilitation)?(?: center)?|hospice|nursing (?:home|center)|counseling|wellness(?: center)?|therapy|"
    r"optometry|ophthalmology|orthodontics|insurance|credit union|bank|school|church|university|college)"
)
_NAMED = re.compile(
    rf"\b(?:from|with|at|the|of|to|is|calling|called|by|for|near|behind|here at)\s+(?P<value>(?:(?:the|saint|"
    rf"st\.?)\s)?(?P<name>[a-z][a-z'.&-]+(?:\s(?:and\s)?[a-z][a-z'.&-]+){{0,2}}?)\s{_KIND})\b",
    re.IGNORECASE,
)
_BRANDS = re.compile(
    r"\b(?:walgreens?|c ?v ?s|rite aid|walmart pharmacy|costco pharmacy|kaiser(?: permanente)?|lab ?corp|"
    r"quest(?: diagnostics)|mayo clinic|cleveland clinic|johns hopkins|blue cross(?:(?: and)? blue shield)?|"
    r"blue shield|aetna|cigna|humana|united ?health ?care|anthem blue cross|express scripts|optum ?rx|tricare|"
    r"planned parenthood|duane reade|publix pharmacy|kroger pharmacy|minute clinic|gnc|ambetter|molina|wellcare|"
    r"mutual of omaha|state farm|all ?state insurance|geico|liberty mutual|"
    r"home depot|lowe's|dollar general|family dollar|burger king|mcdonald'?s|olive garden|dollar tree|food lion|"
    r"salvation army|meals on wheels|goodwill|pizza hut|southwest airlines|general motors|union pacific|"
    r"united rentals|planet fitness|encompass health|good samaritan|(?<=the )v\.? ?a\b\.?|sam's club|whole foods|"
    r"holiday inn)\b",
    re.IGNORECASE,
)

_BRAND_WORDS = frozenset(
    "walgreen walgreens c cvs rite walmart costco kaiser labcorp lab quest mayo cleveland johns blue aetna cigna "
    "humana "
    "united unitedhealthcare anthem express optum optumrx tricare planned duane publix kroger minute gnc "
    "ambetter molina "
    "wellcare mutual state allstate all geico liberty home lowe's dollar family burger mcdonald's mcdonalds olive food "
    "salvation meals goodwill pizza southwest general union planet encompass good v va v.a sam's whole holiday".split()
)
"""First words of the brands, for speed."""

_KINDS = frozenset(
    # care
    "clinic clinics hospital hospitals infirmary sanatorium pharmacy pharmacies apothecary drug drugs drugstore dental "
    "dentistry pediatrics paediatrics cardiology dermatology orthopedics orthopaedics orthopedic oncology neurology "
    "urology podiatry gastroenterology radiology imaging rheumatology nephrology pulmonology endocrinology hematology "
    "allergy fertility gynecology obstetrics midwifery physicians surgeons doctors nurses laboratory laboratories lab "
    "labs diagnostics medical medicine surgery endoscopy dialysis rehab rehabilitation hospice wellness therapy "
    "counseling psychiatry psychology optometry ophthalmology optical orthodontics prosthetics orthotics audiology "
    "hearing chiropractic acupuncture compounding infusion respiratory oxygen ambulance ems smiles hearts healthcare "
    "health care nursing homecare caregivers spine spines eyecare telehealth recovery "
    # insurance and law
    "insurance assurance casualty mutual indemnity underwriters advantage plan benefits claims management llp llc inc "
    "incorporated pllc pc ltd corp corporation company co law attorneys "
    # work
    "freight trucking logistics transport transportation transit express lines airlines railways railroad foundry mill "
    "mills plant poultry farms farm dairy ranch orchards nursery nurseries construction builders contracting roofing "
    "plumbing electric electrical hvac heating welding machining fabrication die tooling castings steel ironworks "
    "manufacturing industries industrial motors auto automotive tire tires parts supply supplies equipment rentals "
    "hardware lumber paper packaging foods meats packing bakery brewery distillery winery vineyards diner cafe grill "
    "restaurant pizzeria tavern grocery market markets mart supermarket deli boutique salon barbershop spa cleaners "
    "laundry landscaping staffing solutions systems technologies software consulting partners associates holdings "
    "shoppe enterprises ventures realty properties hotel motel inn lodge resort casino studios gym fitness "
    "security wireless communications energy utilities power water gas cooperative coop co-op union "
    # public, schools, churches
    "authority department district council commission bureau agency office services service center centre school "
    "schools academy elementary preschool kindergarten montessori daycare childcare headstart college university "
    "institute seminary library museum church chapel cathedral parish ministries ministry tabernacle temple synagogue "
    "mosque fellowship rx congregation baptist methodist lutheran presbyterian episcopal foundation society "
    "association league club alliance coalition network outreach shelter mission post legion bank savings financial "
    "federal trust home homes house residence residences manor villa living village terrace court place plaza "
    "building pavilion tower "
    "group practice specialists institute".split()
)
"""Last words of the names of organizations."""
_GENERIC = frozenset(
    "sheriff's mayor's principal's dean's coroner's manager's great a an the my our your his her their this that "
    "these those another any every each some no which what whatever other same different new old good bad nice big "
    "little small local nearest closest nearby regular usual previous current former whole main front back side first "
    "second third last next own right wrong real best only emergency billing retail mail order specialty compounding "
    "health physical occupational speech family primary urgent general internal medical home walk public private "
    "regional community memorial sports women's womens children's childrens eye heart cancer insurance nurse doctor "
    "doctors doctor's office pharmacy hospital clinic lab dental drug medicine care service services center school "
    "high middle grade elementary law business phone car auto grocery trucking moving cable power water gas electric "
    "oil cleaning hair nail body tire coffee pet feed hardware thrift dollar liquor book shoe furniture convenience "
    "department outpatient inpatient ambulatory surgical surgery imaging radiology mental behavioral nursing assisted "
    "senior skilled long short term hospice rehab rehabilitation therapy counseling wellness fitness supply supplies "
    "medical equipment durable provider claims customer member patient financial social human resources post waiting "
    "treatment exam operating recovery delivery labor parking intensive critical free weekend night day after hours "
    "downtown uptown across street county city state federal national world wide web site online virtual support help "
    "call calling called speaking returning case record records chart disability workers comp compensation life dead "
    "sick hurt open closed please thanks hello morning afternoon evening today tomorrow work job trial study test "
    "testing blood urine stool sleep stress heart prior authorization auth refill prescription appointment consult "
    "referral note letter form forms paper electric full part half meds pills pill infusion oxygen respiratory "
    "hearing vision bone joint pain skin foot ankle spine allergy fertility diabetes wound baby mother's father's "
    "mama's grandma's grandpa's mom's dad's sister's brother's neighbor's friend's nursing rest funeral tree house "
    "town village country group private company big box discount fast food steel paper water union credit "
    "savings checking bank account trust living will power of attorney and for to is are be".split()
)
"""Words that make no name, not even together: "the community health center"."""
_CARE = frozenset(
    "clinic clinics hospital hospitals pharmacy pharmacies dentistry pediatrics paediatrics cardiology dermatology "
    "orthopedics orthopaedics orthopedic oncology neurology urology podiatry gastroenterology radiology imaging "
    "rheumatology nephrology pulmonology endocrinology hematology gynecology obstetrics midwifery physicians surgeons "
    "nurses laboratory laboratories labs diagnostics endoscopy dialysis rehabilitation psychiatry psychology "
    "optometry ophthalmology optical orthodontics prosthetics orthotics audiology chiropractic acupuncture ambulance "
    "healthcare scheduling registration transport transportation reception referrals accounts accounting "
    "authorizations prescriptions appointments transcription housekeeping dietary security maintenance retail "
    "construction downstairs upstairs school college university church camp daycare preschool marketplace obamacare "
    "farming nursing sales dispatch utilization quality management compliance purchasing collections precert preop "
    "intake triage admitting admissions discharge telemetry oncall account authorization pre op post maternity "
    "nursery recovery ultrasound mammography "
    "phlebotomy pathology anesthesia nutrition interpreter hold noon midnight lunch dinner breakfast".split()
)
"""Words that name a department, not an organization."""
_NAME_PARTS = frozenset(
    "point court way friends great good best home house place city county state country hill high school center park "
    "street road green white black brown young long old new big little north south east west first second third one "
    "two three "
    "four bay light life water family health care hope grace trust power land field wood stone river".split()
)
"""Frequent words of which names are made."""
_FOR = frozenset("center centre institute society association foundation school coalition alliance campaign".split())
_DRUG_STORE = re.compile(
    r"\s+(?:and|&)\s+(?:sundry|sundries|gift|gifts|variety|surgical|compounding|spine|joint|sons|co|"
    r"company|rehab|rehabilitation|wellness|die|tool|supply|hospice|associates|partners|vision|throat)\b",
    re.IGNORECASE,
)
_LINKS = frozenset("and of & the for".split())
_CUES = frozenset(
    "from with at the of to is calling called by for near behind through use uses using via i'm an a hi hey hello "
    "it's its have had got yeah this here's down over up".split()
)
_TOKEN = re.compile(r"[^\W_](?:[\w'\u2019.-]*[^\W_])?|&")
_ROLE = (
    r"(?:nurse|pharmacist|pharmacy tech(?:nician)?|social worker|case manager|case worker|caseworker|care coordinator|"
    r"coordinator|adjuster|examiner|paralegal|attorney|lawyer|therapist|counselor|chaplain|aide|caregiver|receptionist|"
    r"teacher|principal|student|driver|manager|supervisor|tech|technician|rep|representative|liaison|navigator|billing|"
    r"scheduling|intake|admissions|records|accounts|reception|hygienist|dietitian|midwife|doula|interpreter|desk|"
    r"scheduler|agent|officer|clerk|cook|pastor|deacon|member|resident|patient|volunteer|intern|dispatcher)"
)
_FIRM = re.compile(
    r"\b(?:law (?:offices?|firm)|firm|attorneys) of (?P<value>[a-z][\w'-]+(?:(?:, and | and |, | & |"
    r" )[a-z][\w'-]+){0,4})",
    re.IGNORECASE,
)
"""As in "the law office of": the partners' names."""
_STRONG = re.compile(
    rf"\b(?:(?:i|he|she|we|they|husband|wife|son|daughter|who|dad|mom|brother|sister|nephew|niece|boyfriend|"
    rf"girlfriend)(?:'ve|'m|'s| also| still| just| have| has| am| is| used to)* (?:work|works|worked|working|drive|"
    rf"drives|drove|driving|cook|cooks|weld|welds|teach|teaches|taught|clean|cleans|bartend|volunteer|volunteers|"
    rf"intern|coach|coaches|deliver|delivers|dispatch|employed|enrolled|hired)(?: (?:nights|days|evenings|weekends|"
    rf"mornings|full time|part time|truck|trucks|a truck|a bus|the bus|security|graveyard|second shift|third shift|"
    rf"first shift|the line|there|over|down|out|up|school))* (?:for|at|with|in)|employer(?:'s| is| was)|retired from|"
    rf"laid off (?:from|at)|{_ROLE}(?: (?:over|out|down|up|here))? (?:at|with|from|for)|emergency (?:room|"
    rf"department) (?:at|of)|(?:er|icu) at|admitted (?:to|at|over at)|(?:we're|i'm|he's|she's|they're|mom's|"
    rf"dad's) (?:still |now |up |over |down |back )*at|transferred (?:to|from)|discharged from|(?:been|being) (?:up|"
    rf"over|down|seen|treated) at|(?:student|freshman|sophomore|junior|senior|sunday school|school|daycare|preschool|"
    rf"church|camp|choir) at|(?:insurance|coverage|plan|policy|benefits)(?:'s| is| was)? (?:with|through|from|by)|"
    rf"covered by|insured (?:by|with|through)|(?:pharmacy|drugstore|employer|school|church|daycare|insurance|carrier|"
    rf"company)(?:,|'s| is| was|'s called| is called| called)|calling (?:you )?from|calling on behalf of|on behalf of|"
    rf"here (?:at|from|with)|we use|again (?:at|from|with)|(?:this is|it's|i'm|name is|"
    rf"name's) [\w'-]+(?: [\w'-]+)?,? (?:over |down |up |out |back |"
    rf"calling |again |here )*(?:at|from|with|for)) $",
    re.IGNORECASE,
)
"""After these hardly anything but a name follows."""
_WHO = (
    r"(?:i|he|she|we|they|who|(?:my|our|his|her|the) (?:\w+ )?(?:husband|wife|son|daughter|dad|mom|mother|father|"
    r"brother|"
    r"sister|nephew|niece|boyfriend|girlfriend|kid|kids|boy|girl|grandson|granddaughter|partner|fiance|roommate|"
    r"neighbor|friend|cousin|uncle|aunt|boss|manager|supervisor|coach|teacher))"
)
_AWAY = r"(?: (?:over|out|down|up|here|there|nights|days|part time|full time|trucks?|a (?:truck|bus|forklift)|tables))*"
_JOB = re.compile(
    rf"(?:\b{_WHO}(?:'ve|'m|'s|'d| also| still| just| have| has| am| is| was| been| used to| mostly)*"
    rf" (?:work|works|worked|working|drive|drives|drove|driving|cook|cooks|weld|welds|teach|teaches|taught|clean|"
    rf"cleans|"
    rf"bartend|bartends|volunteer|volunteers|intern|interns|wait|waits|coach|coaches|deliver|delivers|dispatch|"
    rf"dispatches|play|plays|play ball|plays ball|bank|sing|sings|worship|worships|preach|preaches|temp|temps|"
    rf"(?:an? |the )?(?:\w+ )?(?:nurse|welder|cook|driver|teacher|clerk|cashier|guard|mechanic|aide|janitor|"
    rf"machinist|bartender|manager|waitress|server|packer|picker|carpenter|electrician|plumber|pastor|deacon|"
    rf"freshman|sophomore|junior|senior|resident|student)){_AWAY} (?:at|for)|"
    rf"\b(?:retired|laid off|fired|let go|got hired|a job|my job|hired on|started|benefits|employed|working|a "
    rf"shift|shifts?|"
    rf"er|icu|emergency room|rehab|dialysis|daycare|my (?:boss|foreman|supervisor|manager|coworkers?|hr)|hr|"
    rf"human resources|"
    rf"the (?:coach|principal|teacher|nurse|foreman|er|office)) (?:over |out |down |up )?(?:at|from|with)) $",
    re.IGNORECASE,
)
"""Words for a job or a ward: what follows is a name though it be one everyday word: "he drives for swift"."""
_GOING = re.compile(
    r"(?:\b(?:aide|ride|driver|oxygen|cpap|wheelchair|walker|machine|supplies|bill|letter|form|meals|equipment|nurse|"
    r"therapist|caregiver)(?:'s| is| are| was| comes?| came)* from|\b(?:took|take|taking|rushed|moved|brought|flew|"
    r"airlifted|drove|admitted|transferred) (?:him|her|me|us|them|mom|dad|mama|grandma|grandpa|my \w+)"
    r"(?: over| up| down| out| back)* (?:to|into)|\b(?:fell|slipped|tripped|ate|eat|shop|bought it|swim|"
    r"exercise|work out|"
    r"seen|done|treated|mri|scan|x ?rays?|labs?|dialysis|surgery|physical therapy|rehab|mammogram|colonoscopy|"
    r"ultrasound|shots?|"
    r"living|lives?|memory care|someone|somebody|specialist)(?: (?:is|was|were|done|over|down|up|out))* at|"
    r"\b(?:lawyer|attorney|agent|adjuster|aide|nurse|therapist|caseworker|case manager)(?:'s| is) (?:with|at|from)|"
    r"\b(?:son|daughter|kid|kids|boy|girl|grandson|granddaughter|twins|child|children)(?:'s)?(?: \w+)? (?:goes? to|"
    r"attends?|is at|at)|\b(?:he|she) goes to|\b(?:attends|enrolled (?:at|in)|graduated from)|\bwe (?:go to|"
    r"attend|belong to)|\b(?:insurance|plan|coverage|pharmacy) (?:just )?(?:changed|switched|went|moved) "
    r"(?:over )?to|"
    r"\b(?:card|bottle|label|bill|badge) says|"
    r"\b(?:my|our|his|her|the) (?:pharmacy|drugstore|employer|school|church|daycare|insurance|carrier|plan|"
    r"secondary|hospice|"
    r"hospital|clinic|dentist|home|agency|company|gym|bank|coverage|supplement|part d|medigap)(?:'s| is|'s "
    r"called| is called| called| was)(?: now| still)?) $",
    re.IGNORECASE,
)
"""After these a row of everyday words is a name: "the hospice is peaceful journey"."""
_BEFORE_JOB = frozenset("at for from with".split())
_NO_LONE = frozenset(
    "night nights home school church noon lunch all hours days weeks months years miles cash tips money pay fun free "
    "living heights desk desks computer computers retail construction hire dinner breakfast least times once "
    "first last "
    "camp college university sea shore base height risk people families kids children farmers contractors lawyers "
    "doctors friends life medicaid medicare food supper christmas minutes seconds ages rest minimum wage exercise "
    "till until closed open full busy slow good great fine out over ok late high low long hard fast far cold hot "
    "right wrong sick "
    "mad nice sure free denied approved private public better best there here done gone terrible awful peace sunrise "
    "stress cancer back pain rehab half double time myself himself herself daycare courts court bedtime midnight dawn "
    "bed sleep town jail hell therapy counseling meetings appointments dusk practice games basketball football "
    "baseball soccer recess lunchtime dialysis surgery".split()
)
_MANNERS = frozenset(
    "room body bed full half low high top different certain various such higher lower normal maximum minimum increased "
    "present bedtime breakfast lunch dinner number extension heart blood risk peak baseline".split()
)
_ADVERBS = frozenset(
    "really pretty so too very still right next not all always almost quite super way kind sort".split()
)
_WARM = frozenset("living rising shining caring healing loving visiting helping sterling united family".split())
_LONE_HOSPITALS = frozenset(
    "mercy memorial general central providence deaconess trinity unity regional northwestern methodist baptist "
    "presbyterian jewish lutheran covenant university county".split()
)
_OF_PLACE = re.compile(
    r"\b(?:at|for|from|by|with|through|to|attends?|employer(?:'s| is)) (?P<value>(?:the )?(?:city|county|town|"
    r"village|university|college|"
    r"community college|department|diocese|church|bank|port|state|school|sisters|board|office|bureau|house|temple|"
    r"daughters|knights|order) of (?:the )?(?P<name>[a-z][a-z'-]+(?: (?!and\b|in\b|on\b|for\b|at\b|is\b|to\b|so\b|"
    r"but\b|about\b)"
    r"(?:[a-z][a-z'-]+)(?= (?:hospital|school|services|affairs|church|health|clinic)|[.,;?!]|$))?))",
    re.IGNORECASE,
)
_CALLED = re.compile(
    r"\b(?:lawyers?|attorneys?|firm|hired|represented by|accountant|agent)(?:'s| is| are| named| called)?(?: "
    r"with| at| from)? "
    r"(?P<value>(?P<one>[a-z][a-z'-]{2,}) (?:and|&) (?P<two>[a-z][a-z'-]{2,}))(?![\w'])",
    re.IGNORECASE,
)
_LEADS = re.compile(
    r"(?:\b(?:for|at|with|in|from|to|of|through|by|use|is|was|'s|called)|,) (?:the )?(?=(?P<next>[^\W\d_][\w'-]*))",
    re.IGNORECASE,
)
_INTRODUCED = re.compile(
    r"\b(?:calling|again|here|over|this is [\w' -]{2,25}) (?:at|from|with) (?:the )?$", re.IGNORECASE
)
_REACH = 48
_STRONG_WORDS = frozenset("at from with for in use is was called through by".split())
_CAPITAL_INSIDE = re.compile(r"[^\s.?!:\u2014][\"'(]?\s+[\"'(]?[A-Z][a-z]")
_MOST = 5
_BUILDINGS = frozenset("building tower plaza pavilion court terrace village manor place house".split())


class _Word(NamedTuple):
    start: int
    end: int
    said: str
    low: str
    joined: bool  # only a blank or a hyphen between it and the word before


class OrganizationRecognizer(SpokenRecognizer):
    """A name before "clinic", "freight", "elementary" …; capitalised words after "from", "at", "with"; brands."""

    label = "ORGANIZATION"

    def __init__(self) -> None:
        super().__init__()
        self._stop = words("function_words") | frozenset(
            "a an the calling called my your our his her their this that another any local nearest doctor doctors "
            "doctor's nurse insurance nearby same different outside main office front pharmacy hospital clinic lab "
            "some every no which what".split()
        )
        self._kinds = frozenset(
            "emergency billing retail mail order specialty compounding health physical occupational speech family "
            "primary urgent general internal medical home walk public regional community memorial sports women's "
            "children's eye heart cancer".split()
        )
        self._function = (words("function_words") | FUNCTION | CALLING) - _NAME_PARTS
        self._common = words("common_words")
        self._drugs = known_drugs() - self._common
        self._people = words("first_names") - self._common
        self._places = words("cities") | words("towns")
        self._never = NOT_NAMES | TITLES | _NEVER
        self._no_name = FUNCTION | words("function_words") | NOT_NAMES | TITLES | _NO_ROW

    def spans(self, form: WrittenForm) -> Iterator[tuple[int, int, float, str]]:
        text = form.text
        for match in _NAMED.finditer(text):
            start = match.start("value")
            # Skip words that cannot be part of a name ("with the lakeside clinic").
            name = list(re.finditer(r"\S+", match["value"][: match.end("name") - start]))
            kept = None
            for word in reversed(name):
                low = word.group().lower()
                if low in self._kinds:
                    continue
                if (
                    low in self._stop
                    and not (word.start() and word.group()[0].isupper())
                    and low not in {"saint", "st", "st.", "and"}
                ):
                    break
                kept = word.start()
            if kept is not None:
                yield *form.to_original(start + kept, match.end("value")), 0.6, "name of a practice"
        for match in _BRANDS.finditer(text) if not _BRAND_WORDS.isdisjoint(form.words) else ():
            yield *form.to_original(*match.span()), 0.7, "brand"
        original = form.original
        for match in _FIRM.finditer(original) if "law" in form.words or "firm" in form.words else ():
            end = match.end("value")
            for word in _TOKEN.finditer(original, match.start("value"), end):
                low = word.group().lower()
                if low in self._function and low not in {"and", "&"}:
                    end = word.start()
                    break
            if end > match.start("value"):
                yield match.start("value"), end, 0.6, "partners"
        for match in _CALLED.finditer(original):
            if match["one"].lower() not in self._function and match["two"].lower() not in self._function | {"said"}:
                yield *match.span("value"), 0.5, "partners"
        for match in _OF_PLACE.finditer(original) if "of" in form.words else ():
            if match["name"].split()[0].lower() not in self._function:
                yield *match.span("value"), 0.5, "of a place"
        if original.isupper() or not _CAPITAL_INSIDE.search(original):
            if not _KINDS.isdisjoint(form.words) or not _STRONG_WORDS.isdisjoint(form.words):
                yield from self._without_capitals(original, _Said(original))
        else:
            yield from self._rows(original, _Said(original))

    def _where_names_follow(self, text: str) -> frozenset[int]:
        """Where words begin that follow a cue."""
        found = []
        for match in _LEADS.finditer(text):
            if match["next"].lower() in self._function and match["next"].lower() not in _LONE_HOSPITALS:
                continue
            end = (
                match.start("next") - 4
                if text[match.start("next") - 4 : match.start("next")].lower() == "the "
                else match.start("next")
            )
            begin = max(0, end - _REACH)
            before = text[begin:end].rstrip()
            before = before[before.rfind(" ") + 1 :].lower()
            if (
                _STRONG.search(text, begin, end)
                or (before in _BEFORE_JOB and _JOB.search(text, begin, end))
                or (before not in {"of", "for", "in", "by"} and _GOING.search(text, begin, end))
            ):
                found.append(match.start("next"))
        return frozenset(found)

    def _rows(self, text: str, said: _Said) -> Iterator[tuple[int, int, float, str]]:
        """Rows of capitalised words, as far as a kind, a preposition or a second word shows what they are."""
        strong = self._where_names_follow(text)
        at = 0
        while at < len(said):
            if not text[said.matches[at].start()].isupper() or not self._capital(text, said, at):
                at += 1
                continue
            last = at
            while last + 1 < len(said) and said[last + 1].joined:
                if self._capital(text, said, last + 1):
                    last += 1
                elif (
                    said[last + 1].low in _LINKS
                    and last + 2 < len(said)
                    and said[last + 2].joined
                    and self._capital(text, said, last + 2)
                    and self._links(said, last)
                ):
                    last += 2
                else:
                    break
            end = said[last].end
            kind = said[last].low in _KINDS
            if not kind and last + 1 < len(said) and said[last + 1].joined and said[last + 1].low in _LOWER_KINDS:
                kind, end = True, said[last + 1].end
            more = _DRUG_STORE.match(text, end)
            if more:
                kind, end = True, more.end()
            yield from self._weighed(text, said, at, last, end, kind=kind, strong=said[at].start in strong)
            at = last + 1

    @staticmethod
    def _links(said: _Said, at: int) -> bool:
        """Whether the word after `at` joins two parts of one name: "Center for Hope", "Hand and Spine"."""
        link = said[at + 1].low
        if link == "for":
            return said[at].low in _FOR
        return link in {"of", "&"} or said[at].low in _KINDS or said[at + 2].low in _KINDS

    def _weighed(
        self, text: str, said: _Said, first: int, last: int, end: int, *, kind: bool, strong: bool
    ) -> Iterator[tuple[int, int, float, str]]:
        row = said[first : last + 1]
        own = [word for word in row if word.low not in _GENERIC and word.low not in _LINKS]
        before = said[first - 1].low if first and said[first].joined else ""
        if before == "the" and first > 1:
            before = said[first - 2].low
        start = said[first].start
        if kind and (own or len(row) > 2) and (len(row) > 1 or end > said[last].end):
            yield start, end, 0.5 if said[last].low in _BUILDINGS else 0.6, "kind"
        elif strong and own:
            yield start, end, 0.5, "where a name follows"
        elif len(row) > 1 and own and before in _PREPOSITIONS:
            yield start, end, 0.45, "capitals after a preposition"

    def _capital(self, text: str, said: _Said, at: int) -> bool:
        """Whether a word is capitalised and may be part of a name; where a sentence begins, if another follows."""
        word = said[at]
        if not word.said[0].isupper() or (len(word.said) < 2 and word.low != "&"):
            return False
        begins = at == 0 or text[said[at - 1].end : word.start].strip(" \"'\u201c(")[-1:] in {".", "?", "!", ":"}
        if word.low in _KINDS and at and said[at].joined and said[at - 1].said[0].isupper():
            return True
        if word.low in self._no_name:
            # "Two Rivers", "First Baptist", "Good Samaritan", "Open Door": a word of the sentence only where it begins.
            return not begins and word.low not in self._never and at + 1 < len(said) and said[at + 1].said[0].isupper()
        if word.low in self._drugs and word.low not in _KINDS and not _next_kind(said, at):
            return False
        return not begins or (at + 1 < len(said) and said[at + 1].joined and said[at + 1].said[0].isupper())

    def _without_capitals(self, text: str, said: _Said) -> Iterator[tuple[int, int, float, str]]:
        strong = self._where_names_follow(text)
        for at, match in enumerate(said.matches):
            if at and match.group().lower() in _KINDS and said[at].joined:
                yield from self._before_kind(text, said, at)
            if at and said[at - 1].low == "at" and said[at].joined and match.start() not in strong:
                yield from self._bare(said, at)
            if match.start() in strong:
                yield from self._everyday(text, said, at)
                introduced = _INTRODUCED.search(text, max(0, match.start() - _REACH), match.start()) is not None
                yield from self._after_cue(said, at, introduced=introduced)

    def _before_kind(self, text: str, said: _Said, at: int) -> Iterator[tuple[int, int, float, str]]:
        """As in "at crossroads drug and sundry", "with low country dental group"."""
        if at + 1 < len(said) and said[at + 1].joined and said[at + 1].low in _KINDS:
            return
        first, own = at, False
        while first and at - first < _MOST and said[first].joined:
            low = said[first - 1].low
            linked = low in {"and", "of"} and first > 1 and said[first - 2].low not in self._function
            if not linked and (
                (
                    low in self._function
                    and not (low in _NUMBER_NAMES and said[first - 2 : first - 1] and said[first - 2].low in _CUES)
                )
                or low in _VERBS
                or (low in self._people and not self._cued(said, first - 1))
            ):
                break
            own = (
                own
                or (said[at].low in _CHURCHES and low in _CHURCH_NAMES)
                or (low not in _GENERIC and low not in _CARE and low not in self._drugs)
            )
            first -= 1
        while first < at and said[first].low in {"and", "of"}:
            first += 1
        cue = said[first - 1].low if first else ""
        if cue == "the" and first > 1:
            cue = said[first - 2].low
        if not own or at == first or (first and cue not in _CUES):
            return
        row = [w for w in said[first:at] if w.low not in {"and", "of"}]
        unlisted = any(w.low not in self._common or w.low in self._places for w in row)
        insured = said[at].low in _INSURERS and cue in _HAVING and len(row) > 1
        if (
            not unlisted
            and not insured
            and (
                cue not in _SURE_CUES
                or (
                    len(row) < 2
                    and said[at].low in _VAGUE
                    and not (said[at].low == "drug" and cue in {"at", "from", "to"})
                )
            )
        ):
            return
        more = _DRUG_STORE.match(text, said[at].end)
        yield said[first].start, more.end() if more else said[at].end, 0.5, "kind"

    def _bare(self, said: _Said, at: int) -> Iterator[tuple[int, int, float, str]]:
        """Two or more words without an article after "at", whose last would need one: "filled at market basket"."""
        last = at
        while (
            last < len(said)
            and last - at < 3
            and (last == at or said[last].joined)
            and said[last].low not in self._function
            and said[last].low not in _VERBS
            and said[last].low not in _NO_LONE
            and said[last].low not in NUMBER_STARTS
            and said[last].said.isalpha()
            and not said[last].low.endswith(("ed", "ing", "ly"))
        ):
            last += 1
        row = said[at:last]
        own = [w for w in row if w.low not in _GENERIC and w.low not in _CARE and w.low not in self._drugs]
        if len(row) > 1 and own and row[-1] is own[-1] and row[0].low not in _MANNERS and not row[-1].low.endswith("s"):
            yield row[0].start, row[-1].end, 0.42, "without an article"

    def _everyday(self, text: str, said: _Said, at: int) -> Iterator[tuple[int, int, float, str]]:
        """Everyday words as a name after words for a job, a ward, a school: "cooks at golden corral", "er at mercy"."""
        last = at
        while (
            last < len(said)
            and last - at < _MOST - 1
            and (last == at or said[last].joined)
            and (
                said[last].low not in self._function
                or (last == at and said[last].low in _LONE_HOSPITALS)
                or (last - at > 1 and said[last - 1].low == "local")
            )
            and said[last].low not in _VERBS
            and said[last].said.isalpha()
            and not (last > at and (said[last].low in _NO_LONE or said[last].low.endswith(("ed", "ing"))))
        ):
            last += 1
        row = said[at:last]
        if (
            not row
            or row[0].low in _ADVERBS | NUMBER_STARTS
            or (row[0].low.endswith(("ing", "ed", "ly")) and row[0].low not in _WARM)
            or (row[0].low in _NO_LONE and row[-1].low not in _KINDS)
        ):
            return
        article = at > 0 and said[at - 1].low == "the"
        end = row[0].start - 4 if article else row[0].start
        begin = max(0, end - _REACH)
        job = _JOB.search(text, begin, end) is not None
        if not job and (not _GOING.search(text, begin, end) or (article and text[begin:end].endswith(("is ", "'s ")))):
            return
        own = [w for w in row if w.low not in _GENERIC and w.low not in _CARE and w.low not in self._drugs]
        if len(row) > 1:
            named = bool(own) and not (article and len(own) < 2)
            named = named and (row[-1].low not in {"office", "department", "desk", "floor", "room", "line"})
        else:
            named = not article and (
                (job and bool(own) and row[0].low not in self._people) or row[0].low in _LONE_HOSPITALS
            )
        if named:
            yield row[0].start, row[-1].end, 0.45, "everyday words after a job"

    @staticmethod
    def _cued(said: _Said, at: int) -> bool:
        """Whether "at", "from" or the like comes right before a word, perhaps with "the"."""
        if at and said[at - 1].low == "the":
            at -= 1
        return at > 0 and said[at - 1].low in _SURE_CUES

    def _after_cue(self, said: _Said, at: int, *, introduced: bool) -> Iterator[tuple[int, int, float, str]]:
        """As in "i drive for redline freight", "the emergency room at mercy point"."""
        last = at
        while (
            last < len(said)
            and last - at < _MOST - 1
            and (last == at or said[last].joined)
            and said[last].low not in self._function
            and said[last].low not in _VERBS
            and said[last].said.isalpha()
            and (last == at or said[last].low not in NUMBER_STARTS)
        ):
            last += 1
        row = said[at:last]
        if len(row) == 1 and row[0].low in NUMBER_STARTS:
            return
        own = [w for w in row if w.low not in _GENERIC and w.low not in _CARE and w.low not in self._drugs]
        unlisted = any(w.low not in self._common for w in own)
        if (
            own
            and (unlisted or introduced or (len(row) > 1 and len(own) > 1))
            and not (len(row) == 1 and (row[0].low in self._people or row[0].low in self._places))
        ):
            yield row[0].start, row[-1].end, 0.45, "where a name follows"


_PREPOSITIONS = frozenset("at from with for to by through near behind of the use uses called over via is".split())
_LOWER_KINDS = frozenset(
    "clinic hospital pharmacy drug dental pediatrics medical center residence home school elementary academy church "
    "insurance health hospice rehab labs lab office building plaza group freight".split()
)
_CHURCHES = frozenset(
    "baptist methodist lutheran presbyterian episcopal church chapel temple tabernacle assembly".split()
)
_CHURCH_NAMES = frozenset(
    "first second third mount saint holy sacred good new old central community free grace".split()
)
_INSURERS = frozenset("plan insurance advantage mutual assurance casualty benefits hmo ppo".split())
_HAVING = frozenset("have had has got on to under".split())
_SURE_CUES = frozenset("at from with to by for through use uses via".split())
_VAGUE = frozenset(
    "water power gas drug drugs auto parts equipment plan claims benefits home homes house place court terrace hearing "
    "recovery care services service office department group club bank school schools center health nursing plant post "
    "line lines supply market power building trust living surgery medicine lab labs dental medical insurance "
    "rx therapy practice security management law union company".split()
)
"""Kinds before which one everyday word makes no name without capitals: "at work school"."""
_NUMBER_NAMES = frozenset("one two three four five six seven first second third all good great best open back".split())
_NEVER = frozenset(
    "i i'm i've i'd i'll ok okay this that it's it is he she we they you my your and but so or if no yes sheriff "
    "sheriff's deputy trooper nurse aunt uncle grandma grandpa mama papa mom dad father mother pastor sister brother "
    "cousin tia tio papaw "
    "mamaw".split()
)
_NO_ROW = frozenset(
    "hi hello hey thanks thank please english spanish french medicare medicaid zoom facetime christmas easter "
    "thanksgiving eve internet google facebook god lord jesus bible uber lyft amazon".split()
)
_VERBS = frozenset(
    "about regarding calling called call calls returning speaking need needs want wants wanted going gonna please "
    "thank thanks hello hi hey good morning afternoon evening because saying said says got getting trying looking "
    "asking today tomorrow yesterday tonight monday tuesday wednesday thursday friday saturday sunday uh um yes yeah "
    "since again here there now just nights days work home sent send faxed fax called used go goes went mister missus "
    "miss "
    "doctor nurse my our your his her their years year months weeks".split()
)


def _next_kind(said: _Said, at: int) -> bool:
    return at + 1 < len(said) and said[at + 1].joined and said[at + 1].said[0].isupper()


class _Said(Sequence[_Word]):
    """The words of a text, made when they are looked at."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.matches = list(_TOKEN.finditer(text))
        self._made: dict[int, _Word] = {}

    def __len__(self) -> int:
        return len(self.matches)

    @overload
    def __getitem__(self, at: int) -> _Word: ...
    @overload
    def __getitem__(self, at: slice) -> list[_Word]: ...
    def __getitem__(self, at: int | slice) -> _Word | list[_Word]:
        if isinstance(at, slice):
            return [self[n] for n in range(*at.indices(len(self)))]
        word = self._made.get(at)
        if word is None:
            if at >= len(self.matches):
                raise IndexError(at)
            match = self.matches[at]
            before = self.matches[at - 1] if at else None
            gap = self._text[before.end() : match.start()] if before else ""
            joined = before is not None and (gap in {" ", "-"} or (gap == ". " and before.group() == "St"))
            low = match.group().lower().replace("\u2019", "'")
            word = self._made[at] = _Word(match.start(), match.end(), match.group(), low, joined)
        return word
