"""Lists of names, places and common words (made by `build.py`, which names the sources)."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

# Dictionary words that are nearly always a name in a message.
SURE_NAMES = frozenset(
    "abbey alma amir andy barb barney beau betsy billy bobby bob bonnie brad brady carol chad colleen deb derrick "
    "dolly donna ebony ed eddy ester frankie garret glen hank harry heather hector homer jack jasmine jasper jerry "
    "jimmy john johnny josh ken larry laurel leo lily lou louis luke marcus margarita maria martin marvin matt maxim "
    "mickey mike molly ned nell nick noel patsy peg peggy peter phoebe polly randy rhea rick rob roger rosemary ruby "
    "sally sam sherry sid stella sue ted teddy terry tiara tim toby tom tommy tony tracy troy viola victor wade waldo "
    "warren wendy".split()
)
# Not in the dictionary in lower case, but not names on their own.
NOT_NAMES = frozenset(
    "january february july september october november december jan feb mar apr jun jul aug sep sept oct nov dec ooh "
    "aah er hm huh oops wow yup nah ugh haha phew yay aw aww whoa jeez gee ya mm uhm erm ta monday tuesday wednesday "
    "thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun christmas easter thanksgiving ok "
    "okay hi hello hey yeah yep nope uh um hmm mhm gonna wanna callback voicemail gotta kinda sorta lemme dunno mri "
    "ct er icu ekg ecg covid tylenol advil english spanish french american mexican indian chinese god lord christ "
    "internet zoom google dr mr mrs ms md rn np pa dob ssn mrn pcp gp id ext apt ste vin cvv npi faq tv pm am ii iii "
    "iv jr sr ha honey hon sweetie sweetheart darlin darling hun lady sheriff senior papaw pawpaw peepaw mamaw mawmaw "
    "meemaw memaw momma korea vietnam germany afghanistan iraq iran japan italy mexico ethiopia nigeria cuba haiti "
    "bonjou bonjour mesi m\u00e8si bonsoir hola bueno buenos buenas gracias salaam salam shalom namaste talofa aloha "
    "mahalo merci danke privet ciao magandang umaga hapon kumusta salamat dzie\u0144 dobry annyeong sawubona jambo "
    "habari konnichiwa abeg abi oya inshallah wallah alhamdulillah bismillah "
    "dme dea rx hiya mija "
    "etc asap medicare medicaid america usa us uk er ent gi obgyn ob gyn std uti gerd copd adhd ptsd hiv".split()
)

# Not in the dictionary in lower case, but not names.
NO_DICTIONARY_WORDS = frozenset(
    "dont thats didnt doesnt isnt wasnt arent wont cant couldnt wouldnt shouldnt havent hasnt youre theyre ive youve "
    "weve whos wheres theres youll itll yall y'all yous somebodys o'clock oclock ma'am attn tmrw pls plz msgs appts "
    "appt auth preauth precert recert reauth comp telehealth callbacks voicemails grandkids granddaughters grandbaby "
    "grandbabies backorder backordered daycare aftercare childcare homecare eldercare healthcare copay copays preop "
    "postop inpatient outpatient rehab meds vitals sats recheck rechecks reschedule covid moderna pfizer janssen "
    "muslim muslims islamic jewish kosher halal hindu buddhist catholic baptist methodist lutheran presbyterian mormon "
    "christian orthodox african american asian haitian korean japanese vietnamese filipino mexican cuban dominican "
    "jamaican nigerian ethiopian somali kenyan indian pakistani chinese taiwanese thai russian ukrainian polish german "
    "french italian greek turkish iranian iraqi syrian arabic hebrew spanish english portuguese creole mandarin "
    "cantonese tagalog swahili hmong hispanic latino latina european canadian british irish scottish australian toyota "
    "honda nissan subaru hyundai mazda chevy chevrolet buick camry corolla tahoe silverado iphone ipad android google "
    "facebook youtube whatsapp facetime skype netflix uber lyft doordash instacart amazon velcro kleenex tupperware "
    "gatorade pedialyte ensure glucerna jello cheerios ziploc bandaid bandaids tylenol fedex usps walmart kroger "
    "costco medicare medicaid mychart inshallah inshalla alhamdulillah mashallah ojala gracias adios buenos buenas "
    "refax refaxed barcode barcodes biosimilar biosimilars ipledge lego catty-corner kitty-corner cattycorner "
    "kittycorner "
    "ciao bonjour merci danke konnichiwa namaste shalom abuela abuelo halmoni".split()
)


@cache
def words(name: str) -> frozenset[str]:
    """The lines of one list, lower case: "first_names", "surnames", "cities", "common_words", "function_words"."""
    text = files(__name__).joinpath(f"{name}.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))
