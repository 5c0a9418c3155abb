"""Words and sentences of sent_messages.py, written for it by hand. Each list has three disjoint parts: "tuning", whose
mistakes were read; "second", whose kinds of mistakes were read after it was scored; and "test", written last and only
scored.

Each item is followed by the rules that it breaks, with a topic of V05 after a colon. Rules after a "?" may be reported
or not: they do not count.
"""

from __future__ import annotations

FIRST = {
    "tuning": (
        "Maria Robert Denise Kevin Yolanda Peter Susan Marcus Helen Andre Grace Bill Carlos Joan Stephen Tanya"
    ).split(),
    "second": (
        "Linda George Fatima Walter Monique Dennis Priya Howard Colleen Rafael May Mark Ingrid Terrence Beverly Omar"
    ).split(),
    "test": (
        "Janet Luis Harriet Oscar Naomi Phillip Rosa Edwin Sheila Curtis Hope Frank Ingeborg Darnell Vera Joyce"
    ).split(),
}
LAST = {
    "tuning": "Lopez Whitaker Hoffman Jenkins Okafor Sandoval Brewer Castellanos Doyle Pruitt".split(),
    "second": "Marino Thornton Beckett Villareal Osborne Nakamura Gentry Huffman Salazar Dunlap".split(),
    "test": "Abbott Ramirez Kowalski Fleming Nguyen Pemberton Stokes Vargas Whitehead Lund".split(),
}
STAFF = {
    "tuning": "Karen Tom Alicia Brandon Nicole Jeff Dana Rita".split(),
    "second": "Paula Greg Shanice Victor Lauren Eddie Megan Joyce".split(),
    "test": "Amber Doug Keisha Roland Tessa Wayne Carla Irene".split(),
}
DOCTORS = {
    "tuning": "Patel Brunsvold Carver Lindgren".split(),
    "second": "Amundsen Feldman Osei Whitlow".split(),
    "test": "Delgado Ashworth Iyer Kessler".split(),
}
PLAIN_PRACTICES = {
    "tuning": [
        "Lakeside Family Practice",
        "Northgate Medical Group",
        "Cedar Hollow Clinic",
        "Brightwater Health Center",
    ],
    "second": [
        "Stonebridge Family Medicine",
        "Harbor Point Medical Center",
        "Maple Grove Clinic",
        "Fairview Primary Care",
    ],
    "test": ["Oak Hill Medical Associates", "Westbrook Family Health", "Prairie View Clinic", "Silver Lake Physicians"],
}
TELLING_PRACTICES = {
    "tuning": [
        ("Lakeside Cardiology", "V07"),
        ("Greenfield Dental", "V07"),
        ("Riverside Women's Health Center", "V07?V05:reproductive-health"),
        ("Summit Orthopedics", "V07"),
    ],
    "second": [
        ("Valley Oncology Associates", "V07"),
        ("Silver Pines Dermatology", "V07"),
        ("Eastside Kidney Center", "V07"),
        ("Pinecrest Pain Management", "V07?V01"),
    ],
    "test": [
        ("Midtown Urology", "V07"),
        ("Crescent Eye Center", "V07"),
        ("Hillcrest Fertility Clinic", "V07?V05:reproductive-health"),
        ("Bayside Allergy and Asthma", "V07?V01"),
    ],
}
GREETINGS = {
    "tuning": [
        "Hi {patient},",
        "Hello {patient},",
        "Good morning {patient},",
        "This message is for {patient}.",
        "Hey {patient},",
    ],
    "second": [
        "Good afternoon {patient},",
        "Hello, this message is for {patient}.",
        "Hi there {patient},",
        "I'm calling for {patient}.",
        "Hello, I'm trying to reach {patient}.",
    ],
    "test": [
        "Hello {patient}.",
        "Yes, hi {patient},",
        "Good evening {patient},",
        "This is a message for {patient}.",
        "Hi, I am looking for {patient}.",
    ],
}
INTROS = {
    "tuning": [
        "this is {caller} from {practice}.",
        "this is {caller} with {practice}.",
        "my name is {caller} and I'm calling from {practice}.",
        "it's {caller} over at {practice}.",
    ],
    "second": [
        "this is {caller} calling from {practice}.",
        "{caller} here from {practice}.",
        "my name is {caller}, I'm with {practice}.",
        "this is {caller} at {practice}.",
    ],
    "test": [
        "this is {caller}, I work at {practice}.",
        "you're hearing from {caller} at {practice}.",
        "{caller} calling from {practice}.",
        "this is {caller} over here at {practice}.",
    ],
}
REQUESTS = {
    "tuning": [
        "Please call us back at {number}.",
        "Give us a call at {number} when you can.",
        "You can reach us at {number}.",
        "Our number is {number}.",
        "Please return our call at {number}.",
    ],
    "second": [
        "When you get a chance, call our office at {number}.",
        "Please give me a call back, my number is {number}.",
        "The number here is {number}.",
        "You can call me back on {number}.",
        "If you could call us at {number} that would be great.",
    ],
    "test": [
        "Would you call us at {number}?",
        "We can be reached at {number}.",
        "Kindly ring us back on {number}.",
        "The best number for us is {number}.",
        "Just dial {number} and ask for the front desk.",
    ],
}
BYES = {
    "tuning": ["Thank you.", "Have a great day.", ""],
    "second": ["Thanks, bye.", "Talk to you soon.", ""],
    "test": ["Bye now.", "Take care.", ""],
}
FILLERS = {
    "tuning": [
        "We have some information for you.",
        "The doctor asked me to give you a call.",
        "We are in the office until five.",
        "Sorry that we missed you.",
        "We received your message from this morning.",
        "Our office is at 12 Oak Street, next to the library.",
        "You can also write us an e-mail at office at example dot com.",
        "Please have a pen ready when you call.",
        "There is no rush at all.",
        "If we do not pick up, please leave a message and somebody will get back to you.",
        "Our hours are eight to five, Monday through Friday.",
    ],
    "second": [
        "It is about a question you asked us.",
        "Somebody will be here all afternoon.",
        "I have an update for you.",
        "I tried you earlier and will not call again today.",
        "There is nothing to worry about.",
        "We moved to 40 Harrison Avenue, across from the park.",
        "You will find us at lakeview dot example dot com.",
        "Ask for me when you call.",
        "We close at noon on Fridays.",
        "If this is not a good time, any day this week is fine.",
        "Please do not send us a text, nobody reads them.",
    ],
    "test": [
        "We would like to speak with you.",
        "It will only take a minute.",
        "We are open on Saturday as well.",
        "I will be at my desk until four.",
        "You left us a note yesterday.",
        "Nothing is urgent.",
        "We are on 77 Linden Street, second floor.",
        "Our new web site is oakhill dot example dot org.",
        "You may also speak to my colleague.",
        "Sorry about the noise here.",
        "Mornings are the best time to get through.",
    ],
}
ITEMS = {
    "condition": {
        "tuning": [
            ("We want to talk about your diabetes.", "V01"),
            ("It is about the chest pain you told us of.", "V01"),
            ("Doctor {doctor} has a question about your asthma.", "V01"),
            ("I hope your migraines are better.", "V01"),
            ("You have a urinary tract infection.", "V01?V04"),
            ("We heard that you have been dizzy again.", "V01"),
        ],
        "second": [
            ("We would like to go over your high blood pressure.", "V01"),
            ("The nurse has advice about your kidney stones.", "V01"),
            ("You asked about the swelling in your legs.", "V01"),
            ("It is pneumonia, so please rest.", "V01"),
            ("How is your sciatica doing?", "V01"),
            ("Doctor {doctor} wants to see that rash again.", "V01"),
        ],
        "test": [
            ("Doctor {doctor} has read about your arthritis.", "V01"),
            ("We are worried about your shortness of breath.", "V01"),
            ("Has the cough gone away?", "V01"),
            ("You mentioned back pain.", "V01"),
            ("It looks like shingles.", "V01"),
            ("Your heart failure needs a plan.", "V01"),
        ],
    },
    "drug": {
        "tuning": [
            ("Your metformin is ready.", "V02?V03"),
            ("Please stop taking the lisinopril.", "V02"),
            ("Take two of the prednisone in the morning.", "V02"),
            ("The doctor wants to raise your gabapentin to 300 milligrams.", "V02"),
            ("Keep on with the blood thinner.", "V02"),
        ],
        "second": [
            ("We changed your atorvastatin.", "V02"),
            ("You should start the amoxicillin today.", "V02"),
            ("Your insulin came in.", "V02"),
            ("The losartan goes down to 25 milligrams a day.", "V02"),
            ("Hold the warfarin until we talk.", "V02"),
        ],
        "test": [
            ("We have more of your omeprazole.", "V02"),
            ("Cut the amlodipine in half.", "V02"),
            ("Please bring your albuterol.", "V02"),
            ("No more ibuprofen until Friday.", "V02"),
            ("The cream is hydrocortisone, use it twice a day.", "V02"),
        ],
    },
    "refill": {
        "tuning": [
            ("Your prescription is ready for pickup.", "V03"),
            ("Your refill was sent to the pharmacy.", "V03"),
            ("We can renew your prescription.", "V03"),
            ("It is time for your refill.", "V03"),
        ],
        "second": [
            ("Your prescription has been called in.", "V03"),
            ("The refill you asked for is approved.", "V03"),
            ("Your medication is ready.", "V03"),
            ("We sent your prescription to the drug store.", "V03"),
        ],
        "test": [
            ("We have renewed your prescription.", "V03"),
            ("Your refills are done.", "V03"),
            ("The pharmacy has your prescription ready.", "V03"),
            ("You asked us to refill something.", "V03"),
        ],
    },
    "lab": {
        "tuning": [
            ("Your blood work came back normal.", "V04"),
            ("We have your test results.", "V04"),
            ("Your cholesterol is a little high.", "V04?V01"),
            ("Please come in to repeat the urine test.", "V04"),
            ("Everything looked fine on your labs.", "V04"),
            ("The biopsy was negative.", "V04?V08"),
        ],
        "second": [
            ("Your lab results are in.", "V04"),
            ("The x ray came back clear.", "V04?V08"),
            ("Your potassium was low.", "V04?V01,V02"),
            ("We got the results of your scan.", "V04?V08"),
            ("Your thyroid test was abnormal.", "V04?V01"),
            ("The mammogram was normal.", "V04?V08"),
        ],
        "test": [
            ("The results of your blood count are good.", "V04"),
            ("Your sugar test was a bit high.", "V04?V01"),
            ("The MRI showed nothing bad.", "V04?V08"),
            ("Your hemoglobin is fine.", "V04"),
            ("We have news on the culture.", "V04"),
            ("Your labs need to be drawn again.", "V04"),
        ],
    },
    "topic": {
        "tuning": [
            ("It is about your depression.", "V01 V05:mental-health"),
            ("Your pregnancy test was positive.", "V04 V05:reproductive-health?V08"),
            ("Your h i v test is back.", "V04 V05:hiv"),
            ("We are calling about your therapist.", "V05:mental-health?V07,V10"),
            ("Your birth control is ready.", "V05:reproductive-health?V02,V03"),
            ("You can pick up the zoloft.", "V02 V05:mental-health?V03"),
        ],
        "second": [
            ("We want to follow up on your anxiety.", "V01 V05:mental-health?V08"),
            ("Your pap smear was normal.", "V04 V05:reproductive-health?V08"),
            ("Your viral load came back.", "V04 V05:hiv"),
            ("Your session with the psychologist was moved.", "V05:mental-health V07?V08,V10"),
            ("Congratulations on your pregnancy.", "V05:reproductive-health?V01"),
            ("The lexapro was called in.", "V02 V05:mental-health?V03"),
        ],
        "test": [
            ("How is the bipolar disorder?", "V01 V05:mental-health"),
            ("Your psychiatrist wrote to us.", "V05:mental-health V07?V10"),
            ("The chlamydia test was negative.", "V04 V05:reproductive-health?V01,V08"),
            ("It is time for your HIV medicine.", "V05:hiv?V02,V01"),
            ("You are ten weeks pregnant.", "V05:reproductive-health?V01"),
            ("The sertraline has arrived.", "V02 V05:mental-health"),
        ],
    },
    "substance": {
        "tuning": [
            ("Your suboxone is ready.", "V02 V06?V03"),
            ("It is about the alcohol treatment program.", "V06?V08,V01,V07"),
            ("The recovery group meets on Tuesday.", "V06?V07"),
            ("You can start detox on Monday.", "V06?V07,V08,V01"),
        ],
        "second": [
            ("Come by for your methadone.", "V02 V06"),
            ("There is a place for you in rehab.", "V06?V07,V08"),
            ("Your substance abuse counselor called.", "V06?V05:mental-health,V07,V01,V10"),
            ("We have questions about your addiction.", "V06?V01"),
        ],
        "test": [
            ("Your buprenorphine is here.", "V02 V06"),
            ("The detox unit has a bed.", "V06?V07,V08"),
            ("Your sobriety group meets at six.", "V06"),
            ("We got your drug screen.", "V06?V04,V08"),
        ],
    },
    "specialty": {
        "tuning": [
            ("The cardiologist would like to see you.", "V07?V10"),
            ("I am calling from the oncology department.", "V07"),
            ("Please call the dermatology clinic.", "V07?V10"),
            ("You were on the list of the urologist.", "V07?V10"),
        ],
        "second": [
            ("The neurologist has an opening.", "V07?V10"),
            ("This is about your visit at radiology.", "V07"),
            ("The department of gastroenterology has a place for you.", "V07"),
            ("The podiatrist is in tomorrow.", "V07?V10"),
        ],
        "test": [
            ("The rheumatologist is back on Monday.", "V07?V10"),
            ("I am with the neurology department.", "V07"),
            ("Please see the heart clinic.", "V07"),
            ("Our orthopedics team has time for you.", "V07"),
        ],
    },
    "procedure": {
        "tuning": [
            ("Your colonoscopy is on {date}.", "V08?V04"),
            ("We want to schedule your knee surgery.", "V08"),
            ("Your appointment for your annual physical is on {date}.", "V08"),
            ("Please do not eat before the procedure.", "V08"),
            ("You are due for a vaccine.", "V08?V02"),
        ],
        "second": [
            ("Your cataract surgery was moved to {date}.", "V08?V01,V07"),
            ("You are scheduled for a root canal on {date}.", "V08"),
            ("We need to plan your hip replacement.", "V08"),
            ("Your visit for your wellness exam is on {date}.", "V08"),
            ("It is time for your flu shot.", "V08?V02,V01"),
        ],
        "test": [
            ("Your endoscopy is set for {date}.", "V08?V04"),
            ("We can do the hernia repair on {date}.", "V08?V01"),
            ("You are on the list for a physical.", "V08"),
            ("Please come on {date} for your stitches.", "V08?V01"),
            ("The dental implant is ready.", "V08?V07"),
        ],
    },
    "billing": {
        "tuning": [
            ("You have an unpaid balance of forty dollars.", "V09"),
            ("Your insurance did not pay.", "V09"),
            ("Your bill is past due.", "V09"),
            ("There is a question about your copay.", "V09"),
            ("Your account will go to collections.", "V09"),
        ],
        "second": [
            ("You still owe us 120 dollars.", "V09"),
            ("We did not get your last payment.", "V09"),
            ("Your deductible was not met.", "V09"),
            ("Please call our billing department.", "V09"),
            ("The invoice is overdue.", "V09"),
        ],
        "test": [
            ("There is an open amount of sixty dollars.", "V09"),
            ("Your insurance card has expired.", "V09"),
            ("The bill from May is still open.", "V09"),
            ("Medicare turned it down.", "V09"),
            ("We need a credit card from you.", "V09"),
        ],
    },
    "several": {
        "tuning": [
            ("We spoke with your other doctor.", "V10"),
            ("We sent the referral.", "V10"),
            ("Doctor {doctor} and doctor Moreno both want to see you.", "V10"),
            ("You should get a second opinion.", "V10"),
        ],
        "second": [
            ("Your primary care doctor sent us a letter.", "V10"),
            ("We are referring you to a specialist.", "V10?V07"),
            ("Another provider will take over.", "V10"),
            ("Please bring the names of all of your doctors.", "V10"),
        ],
        "test": [
            ("Your other physician called us.", "V10"),
            ("The referral went out.", "V10"),
            ("Doctor {doctor} has talked with your surgeon.", "V10"),
            ("There is a second provider who should know.", "V10"),
        ],
    },
    "identifier": {
        "tuning": [
            ("I have your date of birth as March 4th 1961.", "V11"),
            ("The last four of your social are 4 5 6 7.", "V11"),
            ("Your medical record number is 8 8 2 1 3 4.", "V11"),
            ("Your account number is 55 01 88 23.", "V11?V09"),
        ],
        "second": [
            ("Your member ID is W 2 0 4 4 1 8 7.", "V11?V09"),
            ("You were born on June 12th 1948, is that right?", "V11"),
            ("Your chart number is 4 4 0 9 1 7.", "V11"),
            ("The social security number ends in 9 0 0 1.", "V11"),
        ],
        "test": [
            ("Your birthday is May 9th 1957, correct?", "V11"),
            ("The patient number is 4 1 1 8 0 2 6.", "V11"),
            ("Your policy number is X 7 7 2 9 0 3.", "V11?V09"),
            ("Your social is on file as ending in 3 3 1 2.", "V11"),
        ],
    },
    "contact": {
        "tuning": [
            ("We have your address as 215 Maple Street in Dayton.", "V12"),
            ("We mailed it to 48 Kensington Road.", "V12"),
            ("We wrote to maria dot lopez at example dot com.", "V12"),
            ("We also tried your cell at 206-555-0177.", "V12"),
        ],
        "second": [
            ("Do you still live at 9 Sycamore Lane?", "V12"),
            ("The letter went to 1730 Poplar Avenue.", "V12"),
            ("Your e-mail is w underscore gentry at example dot org.", "V12"),
            ("We have your home phone as 206-555-0163.", "V12"),
        ],
        "test": [
            ("Your new address is 300 Birchwood Court, isn't it?", "V12"),
            ("The parcel goes to 18 Quarry Road.", "V12"),
            ("I have your mail address as rosa at example dot net.", "V12"),
            ("Your mobile number is 206-555-0188, right?", "V12"),
        ],
    },
    "family": {
        "tuning": [
            ("Please tell your wife that her test results are in.", "V04 V13"),
            ("It is about your mother's surgery.", "V08 V13"),
            ("Your son's asthma plan is ready.", "V01 V13"),
            ("Let your husband know that his metformin was changed.", "V02 V13"),
        ],
        "second": [
            ("Could you tell your daughter that her blood test was fine?", "V04 V13"),
            ("Your father's pneumonia is better.", "V01 V13"),
            ("It is about your sister's unpaid bill.", "V09 V13"),
            ("Your partner's atorvastatin is here.", "V02 V13"),
        ],
        "test": [
            ("Please let your mom know that her biopsy was fine.", "V04 V13?V08"),
            ("This is about your husband's diabetes.", "V01 V13"),
            ("Your child's amoxicillin is ready.", "V02 V13?V03"),
            ("Tell your brother that he owes us a payment.", "V09 V13"),
        ],
    },
    "appointment": {
        "tuning": [
            ("You have an appointment on {date} at {time}.", ""),
            ("This is a reminder of your appointment on {date}.", ""),
            ("We would like to confirm your appointment for {date} at {time}.", ""),
        ],
        "second": [
            ("We are looking forward to seeing you on {date} at {time}.", ""),
            ("Your appointment was moved to {date}.", ""),
            ("Please call to reschedule your visit of {date}.", ""),
        ],
        "test": [
            ("We have you down for {date} at {time}.", ""),
            ("Your next appointment is {date}.", ""),
            ("Is {date} still good for your appointment?", ""),
        ],
    },
}
"""What a message may say beside who calls whom."""
FOREIGN = {
    "test": "Guten Tag hola buenas tardes somos de la clinica llame por favor al numero gracias",
    "tuning": "Hola buenos dias este es un mensaje para usted por favor llame a la clinica gracias",
    "second": "Bonjour je vous appelle pour votre rendez vous merci de nous rappeler",
}
