"""Words and sentence frames of phi_cases.py, written for it by hand. Entries alternate: even ones are part "tuning",
odd ones part "test".
"""

from __future__ import annotations

MAIL = [
    "gmail.com",
    "yahoo.com",
    "aol.com",
    "hotmail.com",
    "example.com",
    "lakeview-clinic.org",
    "comcast.net",
    "mail.example.org",
    "msn.com",
    "outlook.com",
]
SPELLING = (
    "apple boy cat david edward frank george henry ida john king larry mary nancy oscar peter queen robert sam tom "
    "uncle victor william zebra"
).split()

LISTS: dict[str, list[str]] = {
    "first_names": "karen diane steven brenda keith janet philip marcia gordon elaine curtis denise leonard gail "
    "russell yvonne raymond lorraine clifford maureen wesley jeanette dwight paulette kenneth roberta stuart "
    "bernice norman shirley edwin loretta glenn annette roland charlene clayton vivian bruce tina herbert "
    "sheila caleb brooke".split(),
    "first_names_world": "oluwaseun priya siobhan nguyet ximena bartosz farida kwabena guadalupe hiroshi anjali "
    "tadeusz noor mei-ling ngozi dmitri leilani rashid itzel soren amaka svetlana thuy yitzhak zainab javier "
    "eun-ji kofi lakshmi mehmet chidinma pavel marisol hamza saoirse tran ayesha bogdan ifeoma rutger "
    "parvati ulises shanice wojciech".split(),
    "first_names_words": "will faith joy rose april hope grace dawn may june bill art drew gene chance summer autumn "
    "melody christian angel mark pat sandy crystal ivy jordan austin madison georgia chelsea florence sydney "
    "charity penny frank guy rusty dale heath miles olive hazel daisy pearl".split(),
    "last_names": "abernathy callahan pruitt hollis whitfield mcallister stanton pendergast ferraro lindqvist "
    "vandermeer oconnell delaney kowalski hutchins brannigan castellano fitzgerald schroeder thibodeaux "
    "haverford mcgillicuddy winslow ostrander gallagher pemberton dombrowski lockhart rasmussen tillman "
    "bergstrom eubanks hargrove calloway jorgensen maddox".split(),
    "last_names_world": "nguyen adebayo szczepanski venkataraman okonkwo guerrero takahashi kaczmarek abdullahi "
    "chaudhry xiong papadopoulos yamamoto villanueva oyelaran ramaswamy castaneda bhattacharya mbeki "
    "hernandez petrov dasgupta ibarra olufemi kim quintanilla wojcik rahman tshabalala delacroix zhang "
    "mukherjee balogun kuznetsov".split(),
    "last_names_words": "price long young brown white rich sharp moody best day love wise wood bush rose banks waters "
    "fields hill park cook baker short little strong small snow frost winter summers stone marsh lake burns "
    "bell case chambers church".split(),
    "streets": "maple|cedar hollow|north charles|willow creek|kensington|martin luther king|old mill|st andrews|"
    "birchwood|east fourteenth|lakeshore|west forty second|pine ridge|harrison|elmhurst|south wabash|"
    "quarry|jefferson davis|meadowlark|ninth|rosewood|van buren|sycamore|grand|fox chase|twenty third|"
    "poplar|bayview|college|hawthorne".split("|"),
    "suffixes": (
        "street street avenue avenue road road lane drive drive court boulevard place way circle terrace drive"
    ).split(),
    "cities": "chattanooga|milwaukee|albuquerque|spokane|silver spring|fort wayne|tallahassee|bakersfield|shreveport|"
    "boise|toledo|santa fe|minneapolis|baton rouge|sacramento|des moines|pittsburgh|green bay|scottsdale|"
    "little rock|omaha|sioux falls|louisville|cedar rapids|knoxville|grand rapids|tucson|colorado springs|"
    "cincinnati|palo alto".split("|"),
    "states": "tennessee ohio maryland texas wisconsin oregon florida iowa arizona illinois nevada georgia".split(),
    "sites": "mychart.example.org|patients.lakeview.com|cedarhollow.example.com/forms|northside-clinic.org|"
    "portal.brightwater.net|records.example.org|silverpines.com|valley-dental.example.com|"
    "refills.harborpoint.com|schedule.example.org".split("|"),
    "practices": "cedar hollow family practice|lakeside dental|brightwater pediatrics|harbor point cardiology|"
    "riverside imaging|stonebridge medical group|walgreens|valley orthopedics|northgate internal medicine|"
    "maple grove clinic|cvs|silver pines dermatology|fairview hospital|summit eye care|"
    "willow creek pharmacy|eastside urgent care".split("|"),
    "medication": "metformin|lisinopril|eliquis|atorvastatin|gabapentin|amoxicillin|blood thinner|water pill|ozempic|"
    "insulin|levothyroxine|losartan|plavix|prednisone|blood pressure medicine|hydrochlorothiazide|"
    "sertraline|lipitor|albuterol inhaler|warfarin|trulicity|cholesterol pill|omeprazole|zoloft|"
    "hydrocodone|amlodipine|pain medication|adderall|jardiance|oxycodone|synthroid|birth control|farxiga|"
    "nitroglycerin|humira|statin|tramadol|wellbutrin|xarelto|antibiotic".split("|"),
    "misheard": "met forming|lysin a pill|gabba pension|plaque will|a torva statin|elly quis|lossar tan|ozem pick|"
    "am low to peen|sir traline|leave oh thy rock seen|oh mep ra zole|war fare in|hydro coding".split("|"),
    "condition": "diabetes|high blood pressure|chest pain|asthma|shortness of breath|dizzy|sore throat|pneumonia|"
    "depression|back pain|urinary tract infection|migraines|swelling|rash|kidney stones|anxiety|shingles|"
    "copd|fever|arthritis|stomach pain|atrial fibrillation|throwing up|sugar diabetes|nosebleeds|"
    "heart failure|sciatica|strep throat|numbness|pink eye|constipation|ear infection|breast cancer|hiv|"
    "nausea|gout|acid reflux|hives|diarrhea|high cholesterol".split("|"),
    "lab": "a one c|blood work|cholesterol|biopsy|urine test|psa|thyroid labs|potassium|pap smear|kidney function|"
    "lipid panel|covid test|hemoglobin|white blood cell count|strep test|liver enzymes".split("|"),
    "procedure": "colonoscopy|mri|stress test|mammogram|cataract surgery|ct scan|knee replacement|root canal|"
    "ultrasound|chemotherapy|hip replacement|physical therapy|endoscopy|x-ray|hernia repair|dialysis".split("|"),
    "specialty": "cardiologist|dermatology|lung doctor|oncologist|urology|heart doctor|neurologist|orthopedics|"
    "foot doctor|psychiatrist|gastroenterologist|pain management|endocrinology|cancer center|"
    "kidney doctor|behavioral health".split("|"),
    "billing": "past due balance|copay|insurance claim|bill|outstanding balance|deductible|collections|statement".split(
        "|"
    ),
}

CLINICAL = {
    "medication": "MEDICATION",
    "misheard": "MEDICATION",
    "condition": "CONDITION",
    "lab": "LAB_OR_PROCEDURE",
    "procedure": "LAB_OR_PROCEDURE",
    "specialty": "SPECIALTY",
    "billing": "BILLING",
}

WEIGHTS = {
    "phone": 3.0,
    "birth": 1.6,
    "clinical": 2.0,
    "who": 1.2,
    "visit": 1.5,
    "talk": 1.0,
    "ids": 2.2,
    "where": 1.2,
    "web": 1.0,
}

FRAMES: dict[str, dict[str, list[str]]] = {
    "incoming": {
        "open": [
            "hi, this is {me}",
            "hello, my name is {me}",
            "hey, it's {myfirst}",
            "good morning, this is {restart}",
            "yes hello, {me} here",
            "hi there, {me} calling",
            "um, hi, my name's {me}, last name spelled {spelled}",
            "good afternoon, this is {titled}",
            "hello, I'm calling for my mother, {full}",
            "hi, I'm calling about my husband {first}, his last name is {last}",
            "hey {doctor}, it's {myfirst}",
            "hi, {doctor}, this is {me}",
            "hello this is {me}, {spelled}",
            "yeah, {me}, that's {spelled}",
            "hi this message is for {doctor}, my name is {me}",
            "hi this is for nurse {first}, it's {me} again",
        ],
        "who": [
            "the patient's name is {full}",
            "it's about my daughter {first}",
            "my wife {first} is also a patient there",
            "you can also talk to my son, {first}",
            "I spoke with {first} at the front desk",
            "{first} told me to call you",
            "I used to see {doctor}",
            "{doctor} said I should call, and so did {doctor}",
            "he's {young} and his name is {first} {mylast}",
            "my mom turned {age} and she lives with me",
            "she's {ageyears} and she can't walk far",
            "my father is {age}, he lives alone",
            "just ask for {first}",
            "if I'm not there leave it with {first}",
            "I was referred by {doctor}",
            "could {first} or {first} call me",
        ],
        "birth": [
            "my date of birth is {dob}",
            "my birthday is {dob}",
            "date of birth {dob}",
            "D O B {dob}",
            "I was born {dob}",
            "I was born on {dob}",
            "her date of birth is uh {dob}",
            "his birthday, that's {dob}",
            "birth date is {dob}",
            "and my birthdate is {dob}",
        ],
        "phone": [
            "my number is {phone}",
            "please call me back at {phone}",
            "you can reach me at {phone}",
            "call me at {phone}",
            "my cell is {phone} or my home phone {local}",
            "give me a call at {phone}, that's {phone}",
            "that's {phone}",
            "again it's {phone}",
            "I'm at {phone} until {time}",
            "the best number is {phone}",
            "phone number {phone}",
            "the number here is {local}",
            "try my work number, {phone}",
            "text me on {phone} please",
            "fax it to {phone}",
            "the fax number is {phone}",
        ],
        "ids": [
            "my social is {ssn}",
            "my social security number is {ssn}",
            "last four of my social are {four}",
            "the last four is {four}",
            "my member id is {member}",
            "my insurance id is {member} and the group number is {group}",
            "my medical record number is {mrn}",
            "the chart number is {mrn}",
            "the account number is {account}",
            "it's account {account}",
            "the claim number is {claim}",
            "I'm calling about claim {claim}",
            "the prescription number is {rx}",
            "it's R X number {rx}",
            "my license plate is {plate}",
            "the plate on the car was {plate}",
            "the serial number on my monitor is {serial}",
            "my pump has serial number {serial}",
            "my driver's license is {license}",
            "the driver's license number was {license}",
            "the reference number they gave me is {reference}",
            "confirmation number {reference}",
            "my card ends in {four}",
            "the card ending in {four}",
            "subscriber number {member}",
            "my policy number, it's {member}",
        ],
        "where": [
            "I live at {address}",
            "my address is {address}",
            "my new address is {address}",
            "we moved to {address}",
            "I'm at {address} now",
            "send it to {address}",
            "please mail it to {box}",
            "you can send it to {box} in {city}",
            "I live in {city}",
            "I'm driving in from {city}",
            "my zip code is {zip}",
            "the zip is {zip}",
            "I'm coming from {city}, so I may be late",
            "we're over in {city}",
        ],
        "web": [
            "my email is {email}",
            "you can email me at {email}",
            "send the forms to {email}",
            "it's {email}",
            "I tried to log in at {url} but it didn't work",
            "the website says {url}",
            "the computer shows {ip}",
            "the ip address is {ip}",
        ],
        "clinical": [
            "I need a refill of my {medication}",
            "I ran out of {medication}",
            "I've had {condition} for {number} days",
            "I've been having {condition} since {weekday}",
            "my {lab} came back and I have questions",
            "I'm calling for the results of my {lab}",
            "I take {medication} {dose}",
            "I'm on {medication}, {dose}, and {medication}",
            "I need to schedule a {procedure}",
            "I had a {procedure} last week",
            "I saw the {specialty} and they found {condition}",
            "the {specialty} says it's {condition}",
            "I got a {billing} in the mail for {money}",
            "I have a question about my {billing}",
            "they gave me {misheard}",
            "I'm out of {misheard}",
            "the {medication} gives me {condition}",
            "is {medication} safe with {condition}",
            "she has {condition} and {condition}",
            "he was diagnosed with {condition}",
        ],
        "visit": [
            "I have an appointment on {date} at {time}",
            "my appointment is {date}",
            "I need to cancel my appointment for {date}",
            "I'd like to move {date} to another day",
            "I was seen on {date}",
            "I was in the hospital on {date}",
            "my {surgery} is {date}",
            "I missed my visit on {date}, sorry",
            "can I come on {weekday} at {time}",
            "would {weekday} at {time} work",
            "it started on {date}",
            "since {date} it has been worse",
            "I've been a patient since {year}",
            "I had this back in {year}",
        ],
        "talk": [
            "I'm not sure who I need to speak to",
            "sorry for calling so late",
            "I left a message yesterday and nobody called",
            "I hope this is the right number",
            "the line was busy all morning",
            "I'll be home all day",
            "I don't know what to do about it",
            "it's not an emergency",
        ],
        "close": [
            "thank you, bye",
            "thanks so much",
            "okay, bye bye",
            "thank you, have a good day",
            "thanks, {myfirst}",
            "okay, talk to you soon",
            "appreciate it, thanks",
            "again this is {me}, thank you",
        ],
    },
    "outgoing": {
        "open": [
            "hello {first}, this is {first} from {org}",
            "hi, this message is for {full}",
            "hi {titled}, this is {first} calling from {doctor}'s office",
            "good morning, this is {org} calling for {full}",
            "hello, this is {first} with {org}",
            "hi {first}, it's {first} at {org}",
            "this is a message for {first} {last}",
            "hello, I'm trying to reach {full}",
            "yes hi, I'm looking for {full}, this is {first}",
            "this is {doctor} calling for {first}",
        ],
        "phone": [
            "please call us back at {phone}",
            "our number is {phone}",
            "you can reach our office at {phone}",
            "call me directly at {phone}",
            "give us a call back at {phone}",
            "again the number is {phone}",
            "the callback number is {phone}",
            "our fax is {phone}",
        ],
        "visit": [
            "you have an appointment on {date} at {time} with {doctor}",
            "this is a reminder of your visit on {date}",
            "we have you down for {date} at {time}",
            "we need to move your appointment from {date} to {date}",
            "{doctor} is out on {date}",
            "we're calling to confirm {date} at {time}",
            "your follow up with {doctor} is {date}",
            "please arrive by {time} on {date}",
        ],
        "clinical": [
            "your {lab} results are in",
            "your {lab} came back",
            "{doctor} wants you to start {medication} {dose}",
            "please stop the {medication} before the {procedure}",
            "your prescription for {medication} is ready",
            "we sent the {medication} to {org}",
            "we referred you to {specialty}",
            "the {specialty} will call you about your {condition}",
            "you still have a {billing} of {money}",
            "this is about your {billing}",
            "your {procedure} is scheduled for {date}",
            "before your {procedure} do not eat anything",
        ],
        "ids": [
            "we have your date of birth as {dob}",
            "your date of birth on file is {dob}",
            "your account number is {account}",
            "this is about account number {account}",
            "your claim number is {claim}",
            "your confirmation number is {reference}",
            "your member id shows as {member}",
            "please have your member number {member} ready",
            "your chart number is {mrn}",
            "this is regarding medical record number {mrn}",
        ],
        "where": [
            "our office is at {address}",
            "we are located at {address}",
            "we have your address as {address}",
            "please come to {address}",
            "our {city} office has moved",
            "we also have an office in {city}",
        ],
        "web": [
            "fill out the forms at {url}",
            "log in at {url}",
            "send us an email at {email}",
            "you can write to {email}",
        ],
        "who": [
            "ask for {first} when you call",
            "{first} will help you",
            "please let {first} know",
            "speak with {first} or {first}",
            "{doctor} will be back on {weekday}",
            "{doctor} looked at it",
        ],
        "talk": [
            "we are open until {time}",
            "please bring your insurance card",
            "we look forward to seeing you",
            "it will only take {number} minutes",
            "there is parking behind the building",
            "please arrive fifteen minutes early",
        ],
        "close": [
            "thank you and have a good day",
            "thanks, bye",
            "thank you, goodbye",
            "have a great day",
            "we'll talk to you soon",
            "take care",
        ],
    },
    "without": {
        "open": [
            "hi, I was just calling to check on something",
            "hello, sorry to bother you",
            "hey, I hope you're doing well",
            "hi, good morning",
            "um, yes, hi, I have a quick question",
            "hello there, it's me again",
            "hi, I don't need a call back",
            "hey, just wanted to say thank you",
        ],
        "a": [
            "will you be open on the holiday",
            "may I come a little early",
            "I will call you in the morning",
            "I may be ten minutes late",
            "please mark it as urgent, I will wait",
            "we hope to hear from you, have faith",
            "it gives me joy to see the rose garden",
            "it was dawn when I woke up",
            "the bill was wrong and I want to price it",
            "what is the price of a long visit",
            "could you frank and honestly tell me",
            "the art on the wall is beautiful",
            "there is a young man in the waiting room",
            "the small white one is best",
        ],
        "b": [
            "it takes about {number} minutes to walk there",
            "I waited {number} minutes on hold",
            "I'm one hundred percent sure",
            "she's ninety percent better",
            "it is ninety five degrees in here",
            "there were {number} people ahead of me",
            "I drank two or three glasses of water",
            "my blood pressure was one twenty over eighty",
            "take one tablet two times a day",
            "I take it three times a day with food",
            "it was one of those things, you know",
            "there's a hundred and one reasons",
            "page two of the form has four questions",
            "I walked three or four blocks",
        ],
        "c": [
            "I left my umbrella in the waiting room",
            "the parking lot was full again",
            "the nurse was really kind to me",
            "the doctor said to rest and drink water",
            "the front desk told me to call the pharmacy",
            "nobody picked up so I'm leaving a message",
            "I'll try you again later today",
            "you guys are the best",
            "the music on hold is so loud",
            "can I park on the street",
            "the street in front of the building is closed",
            "is there a bus that stops near the clinic",
            "I need to talk to the manager",
            "I'd like to speak to the billing office please",
        ],
        "d": [
            "I have been feeling a bit better",
            "my knee still hurts at night",
            "my head hurts when I cough",
            "I can't sleep and I'm tired all the time",
            "the medicine makes me sleepy",
            "I need a refill on my prescription",
            "the rash is getting better",
            "he's been throwing up since last night",
            "I want to ask about a flu shot",
            "I had my blood drawn last week",
            "do I need to fast before the test",
            "the swelling went down",
        ],
        "e": [
            "see you on {weekday}",
            "I'll be there at {time}",
            "any time after {time} works",
            "sometime next week would be good",
            "I can come tomorrow afternoon",
            "it's been three weeks now",
            "I called twice yesterday",
            "it was the second time this month",
            "the first one is fine",
            "I'd rather have the third option",
            "in the summer we travel a lot",
            "this spring was rainy and cold",
        ],
        "f": [
            "no, no, I mean yes",
            "oh, one more thing",
            "oh no, wait, that's not right",
            "well, you know, I guess so",
            "let me see, what else",
            "um, okay, that's all I think",
            "I'd like that, a b or c, any of them",
            "so anyway, I just wanted to let you know",
        ],
        "close": [
            "thanks, bye",
            "thank you so much, have a blessed day",
            "okay, bye now",
            "alright, take care",
            "God bless",
            "talk to you later, bye bye",
            "thanks a million",
            "have a good weekend",
        ],
    },
}
