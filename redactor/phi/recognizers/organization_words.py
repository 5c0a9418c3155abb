"""Words and patterns of the recognizer of organizations (`organization`)."""

from __future__ import annotations

import re

KIND = (
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
NAMED = re.compile(
    rf"\b(?:from|with|at|the|of|to|is|calling|called|by|for|near|behind|here at)\s+(?P<value>(?:(?:the|saint|"
    rf"st\.?)\s)?(?P<name>[a-z][a-z'.&-]+(?:\s(?:and\s)?[a-z][a-z'.&-]+){{0,2}}?)\s{KIND})\b",
    re.IGNORECASE,
)
BRANDS = re.compile(
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
BRAND_WORDS = frozenset(
    "walgreen walgreens c cvs rite walmart costco kaiser labcorp lab quest mayo cleveland johns blue aetna cigna "
    "humana "
    "united unitedhealthcare anthem express optum optumrx tricare planned duane publix kroger minute gnc "
    "ambetter molina "
    "wellcare mutual state allstate all geico liberty home lowe's dollar family burger mcdonald's mcdonalds olive food "
    "salvation meals goodwill pizza southwest general union planet encompass good v va v.a sam's whole holiday".split()
)
"""First words of the brands, for speed."""
KINDS = frozenset(
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
GENERIC = frozenset(
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
CARE = frozenset(
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
NAME_PARTS = frozenset(
    "point court way friends great good best home house place city county state country hill high school center park "
    "street road green white black brown young long old new big little north south east west first second third one "
    "two three "
    "four bay light life water family health care hope grace trust power land field wood stone river".split()
)
"""Frequent words of which names are made."""
FOR = frozenset("center centre institute society association foundation school coalition alliance campaign".split())
DRUG_STORE = re.compile(
    r"\s+(?:and|&)\s+(?:sundry|sundries|gift|gifts|variety|surgical|compounding|spine|joint|sons|co|"
    r"company|rehab|rehabilitation|wellness|die|tool|supply|hospice|associates|partners|vision|throat)\b",
    re.IGNORECASE,
)
LINKS = frozenset("and of & the for".split())
CUES = frozenset(
    "from with at the of to is calling called by for near behind through use uses using via i'm an a hi hey hello "
    "it's its have had got yeah this here's down over up".split()
)
TOKEN = re.compile(r"[^\W_](?:[\w'\u2019.-]*[^\W_])?|&")
ROLE = (
    r"(?:nurse|pharmacist|pharmacy tech(?:nician)?|social worker|case manager|case worker|caseworker|care coordinator|"
    r"coordinator|adjuster|examiner|paralegal|attorney|lawyer|therapist|counselor|chaplain|aide|caregiver|receptionist|"
    r"teacher|principal|student|driver|manager|supervisor|tech|technician|rep|representative|liaison|navigator|billing|"
    r"scheduling|intake|admissions|records|accounts|reception|hygienist|dietitian|midwife|doula|interpreter|desk|"
    r"scheduler|agent|officer|clerk|cook|pastor|deacon|member|resident|patient|volunteer|intern|dispatcher)"
)
FIRM = re.compile(
    r"\b(?:law (?:offices?|firm)|firm|attorneys) of (?P<value>[a-z][\w'-]+(?:(?:, and | and |, | & |"
    r" )[a-z][\w'-]+){0,4})",
    re.IGNORECASE,
)
"""As in "the law office of": the partners' names."""
STRONG = re.compile(
    rf"\b(?:(?:i|he|she|we|they|husband|wife|son|daughter|who|dad|mom|brother|sister|nephew|niece|boyfriend|"
    rf"girlfriend)(?:'ve|'m|'s| also| still| just| have| has| am| is| used to)* (?:work|works|worked|working|drive|"
    rf"drives|drove|driving|cook|cooks|weld|welds|teach|teaches|taught|clean|cleans|bartend|volunteer|volunteers|"
    rf"intern|coach|coaches|deliver|delivers|dispatch|employed|enrolled|hired)(?: (?:nights|days|evenings|weekends|"
    rf"mornings|full time|part time|truck|trucks|a truck|a bus|the bus|security|graveyard|second shift|third shift|"
    rf"first shift|the line|there|over|down|out|up|school))* (?:for|at|with|in)|employer(?:'s| is| was)|retired from|"
    rf"laid off (?:from|at)|{ROLE}(?: (?:over|out|down|up|here))? (?:at|with|from|for)|emergency (?:room|"
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
WHO = (
    r"(?:i|he|she|we|they|who|(?:my|our|his|her|the) (?:\w+ )?(?:husband|wife|son|daughter|dad|mom|mother|father|"
    r"brother|"
    r"sister|nephew|niece|boyfriend|girlfriend|kid|kids|boy|girl|grandson|granddaughter|partner|fiance|roommate|"
    r"neighbor|friend|cousin|uncle|aunt|boss|manager|supervisor|coach|teacher))"
)
AWAY = r"(?: (?:over|out|down|up|here|there|nights|days|part time|full time|trucks?|a (?:truck|bus|forklift)|tables))*"
JOB = re.compile(
    rf"(?:\b{WHO}(?:'ve|'m|'s|'d| also| still| just| have| has| am| is| was| been| used to| mostly)*"
    rf" (?:work|works|worked|working|drive|drives|drove|driving|cook|cooks|weld|welds|teach|teaches|taught|clean|"
    rf"cleans|"
    rf"bartend|bartends|volunteer|volunteers|intern|interns|wait|waits|coach|coaches|deliver|delivers|dispatch|"
    rf"dispatches|play|plays|play ball|plays ball|bank|sing|sings|worship|worships|preach|preaches|temp|temps|"
    rf"(?:an? |the )?(?:\w+ )?(?:nurse|welder|cook|driver|teacher|clerk|cashier|guard|mechanic|aide|janitor|"
    rf"machinist|bartender|manager|waitress|server|packer|picker|carpenter|electrician|plumber|pastor|deacon|"
    rf"freshman|sophomore|junior|senior|resident|student)){AWAY} (?:at|for)|"
    rf"\b(?:retired|laid off|fired|let go|got hired|a job|my job|hired on|started|benefits|employed|working|a "
    rf"shift|shifts?|"
    rf"er|icu|emergency room|rehab|dialysis|daycare|my (?:boss|foreman|supervisor|manager|coworkers?|hr)|hr|"
    rf"human resources|"
    rf"the (?:coach|principal|teacher|nurse|foreman|er|office)) (?:over |out |down |up )?(?:at|from|with)) $",
    re.IGNORECASE,
)
"""Words for a job or a ward: what follows is a name though it be one everyday word: "he drives for swift"."""
GOING = re.compile(
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
BEFORE_JOB = frozenset("at for from with".split())
NO_LONE = frozenset(
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
MANNERS = frozenset(
    "room body bed full half low high top different certain various such higher lower normal maximum minimum increased "
    "present bedtime breakfast lunch dinner number extension heart blood risk peak baseline".split()
)
ADVERBS = frozenset(
    "really pretty so too very still right next not all always almost quite super way kind sort".split()
)
WARM = frozenset("living rising shining caring healing loving visiting helping sterling united family".split())
LONE_HOSPITALS = frozenset(
    "mercy memorial general central providence deaconess trinity unity regional northwestern methodist baptist "
    "presbyterian jewish lutheran covenant university county".split()
)
OF_PLACE = re.compile(
    r"\b(?:at|for|from|by|with|through|to|attends?|employer(?:'s| is)) (?P<value>(?:the )?(?:city|county|town|"
    r"village|university|college|"
    r"community college|department|diocese|church|bank|port|state|school|sisters|board|office|bureau|house|temple|"
    r"daughters|knights|order) of (?:the )?(?P<name>[a-z][a-z'-]+(?: (?!and\b|in\b|on\b|for\b|at\b|is\b|to\b|so\b|"
    r"but\b|about\b)"
    r"(?:[a-z][a-z'-]+)(?= (?:hospital|school|services|affairs|church|health|clinic)|[.,;?!]|$))?))",
    re.IGNORECASE,
)
CALLED = re.compile(
    r"\b(?:lawyers?|attorneys?|firm|hired|represented by|accountant|agent)(?:'s| is| are| named| called)?(?: "
    r"with| at| from)? "
    r"(?P<value>(?P<one>[a-z][a-z'-]{2,}) (?:and|&) (?P<two>[a-z][a-z'-]{2,}))(?![\w'])",
    re.IGNORECASE,
)
LEADS = re.compile(
    r"(?:\b(?:for|at|with|in|from|to|of|through|by|use|is|was|'s|called)|,) (?:the )?(?=(?P<next>[^\W\d_][\w'-]*))",
    re.IGNORECASE,
)
INTRODUCED = re.compile(
    r"\b(?:calling|again|here|over|this is [\w' -]{2,25}) (?:at|from|with) (?:the )?$", re.IGNORECASE
)
REACH = 48
STRONG_WORDS = frozenset("at from with for in use is was called through by".split())
CAPITAL_INSIDE = re.compile(r"[^\s.?!:\u2014][\"'(]?\s+[\"'(]?[A-Z][a-z]")
MOST = 5
BUILDINGS = frozenset("building tower plaza pavilion court terrace village manor place house".split())
PREPOSITIONS = frozenset("at from with for to by through near behind of the use uses called over via is".split())
LOWER_KINDS = frozenset(
    "clinic hospital pharmacy drug dental pediatrics medical center residence home school elementary academy church "
    "insurance health hospice rehab labs lab office building plaza group freight".split()
)
CHURCHES = frozenset(
    "baptist methodist lutheran presbyterian episcopal church chapel temple tabernacle assembly".split()
)
CHURCH_NAMES = frozenset("first second third mount saint holy sacred good new old central community free grace".split())
INSURERS = frozenset("plan insurance advantage mutual assurance casualty benefits hmo ppo".split())
HAVING = frozenset("have had has got on to under".split())
SURE_CUES = frozenset("at from with to by for through use uses via".split())
VAGUE = frozenset(
    "water power gas drug drugs auto parts equipment plan claims benefits home homes house place court terrace hearing "
    "recovery care services service office department group club bank school schools center health nursing plant post "
    "line lines supply market power building trust living surgery medicine lab labs dental medical insurance "
    "rx therapy practice security management law union company".split()
)
"""Kinds before which one everyday word makes no name without capitals: "at work school"."""
NUMBER_NAMES = frozenset("one two three four five six seven first second third all good great best open back".split())
NEVER = frozenset(
    "i i'm i've i'd i'll ok okay this that it's it is he she we they you my your and but so or if no yes sheriff "
    "sheriff's deputy trooper nurse aunt uncle grandma grandpa mama papa mom dad father mother pastor sister brother "
    "cousin tia tio papaw "
    "mamaw".split()
)
NO_ROW = frozenset(
    "hi hello hey thanks thank please english spanish french medicare medicaid zoom facetime christmas easter "
    "thanksgiving eve internet google facebook god lord jesus bible uber lyft amazon".split()
)
VERBS = frozenset(
    "about regarding calling called call calls returning speaking need needs want wants wanted going gonna please "
    "thank thanks hello hi hey good morning afternoon evening because saying said says got getting trying looking "
    "asking today tomorrow yesterday tonight monday tuesday wednesday thursday friday saturday sunday uh um yes yeah "
    "since again here there now just nights days work home sent send faxed fax called used go goes went mister missus "
    "miss "
    "doctor nurse my our your his her their years year months weeks".split()
)
