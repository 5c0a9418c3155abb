"""Whether a text is English, by its function words: a transcript may not state its language, or state the wrong one.

Every language constantly uses the same few dozen words. English ones are compared with those of the languages that
callers of a practice in the United States speak most (Spanish, French, German, Portuguese, Italian, Haitian Creole,
Vietnamese, Tagalog, Polish); others are recognised by their script. Words that are also English (die, son, no, me) are
on no other list. A text in two languages is recognised by stretches in which one of them dominates.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

FEWEST = 8  # words: fewer say little about the language
ENGLISH = 0.1  # share of English words that an English text has at least; ordinary messages have 0.5 to 0.8
STRETCH = 12  # words
FOREIGN = 4  # words of other languages in a stretch, if no more of it are English
OTHER_SCRIPT = 0.2  # share of words with letters that English does not have

_ENGLISH = frozenset(
    "a about after again all also am an and any appointment are as ask at away back be been before but by call called "
    "calling can could date day did do does doctor don't down dr for from get give go going good got had has have he "
    "hello her here hey hi him his how i i'd i'll i'm i've if in is it it's its just know last leave let like message "
    "mr mrs ms my name need next no not now number of office oh okay on one or our out over patient phone please "
    "really right said say see she should so some thank thanks that that's the their them then there they this time to "
    "today tomorrow two three four five six seven eight nine ten zero eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen dot street nurse clinic pharmacy refill insurance blood test birth first care new "
    "sorry sure him since still than these those through under while who's why years twenty thirty forty fifty sixty "
    "seventy eighty ninety hundred uh um until up us very want wanted was we we'll we're were what when where which "
    "who will with would yes yesterday you you're your".split()
)
_OTHERS = (
    frozenset(
        # Spanish
        "el los las un una unos unas del al que y e pero porque por para con como cuando donde esta está este esto "
        "ese eso soy es son estoy tengo tiene necesito quiero puede favor gracias hola buenos buenas días tardes "
        "señor señora mi mis su sus lo le les nos muy más también ya si sí hasta desde sobre entre llamo llame llamar "
        "llamada teléfono número nombre cita mañana hoy ayer usted yo ella ellos nosotros cero uno dos tres cuatro "
        "cinco seis siete ocho nueve diez veinte treinta de la en "
        # French
        "le les des du une et est je j'ai vous nous il elle ils elles ne pas que qui dans avec sur mais où c'est "
        "merci bonjour madame monsieur mon ma mes votre vos notre suis êtes avez rendez pouvez voudrais rappeler "
        "numéro s'il plaît demain aujourd'hui deux trois quatre cinq sept huit neuf dix vingt au aux ce cette ces à "
        # German
        "der das und ist ich sie wir nicht ein eine einen einem einer mit für auf von zu zum zur dem des im auch wie "
        "wenn bitte danke guten hallo herr frau mein meine ihr ihre habe haben kann können möchte morgen heute termin "
        "nummer anrufen zurück null eins zwei drei vier fünf sechs sieben acht neun zehn noch schon aber oder "
        # Portuguese
        "o os um uma não com ao da dos das na nos nas seu sua meu minha você obrigado obrigada olá bom dia está estou "
        "preciso quero por favor também até ligar telefone amanhã hoje quatro sete oito nove dez "
        # Italian
        "il lo gli uno di che non sono ho è per questo questa mio mia suo sua grazie buongiorno signora signor vorrei "
        "posso domani oggi numero chiamare due tre quattro cinque sei sette otto nove dieci alla della nel "
        # Haitian Creole
        "mwen ou li nou yo ki ak pou nan yon se pa gen fè tanpri mèsi bonjou rele randevou doktè nimewo demen "
        "jodi senk sis "
        # Vietnamese, with and without its marks
        "tôi là của và có không cho với này đó một hai ba bốn năm sáu bảy tám chín mười xin chào cảm ơn anh chị em "
        "ông bà gọi lại số điện thoại hẹn bác sĩ ngày toi la cua va khong voi nay mot bon sau bay tam chin muoi chao "
        "cam goi lai dien thoai hen bac ngay "
        # Tagalog
        "ang ng mga ako ikaw siya kami tayo kayo sila ko mo niya namin natin ninyo nila si ni kay sa na ay po opo "
        "hindi oo ito iyan para kung dahil pero lang din rin ba naman salamat magandang umaga tawag tumawag tawagan "
        "numero pangalan bukas ngayon isa dalawa tatlo apat lima anim pito walo siyam sampu "
        # Polish
        "się nie jest że w z i na do to jak tak ale dla pan pani proszę dziękuję dzień dobry mój moja chciałbym "
        "chciałabym mam numer telefonu jutro dzisiaj zero jeden dwa trzy cztery pięć sześć siedem osiem "
        "dziewięć dziesięć".split()
    )
    - _ENGLISH
    # Also English words or names, or too short to be distinctive.
    - frozenset(
        "i die son do to ten pan sis e y o w z pa se mo ma mes bon nos dos sur au ay ba san la de el em ki ou si na "
        "des due sei non per das du le nan dia dix bay va ni lang kung".split()
    )
)


def is_english(words: Iterable[str]) -> bool:
    """Whether `words` are an English text; True for fewer than FEWEST."""
    normalised = _normalised(words)
    if len(normalised) < FEWEST:
        return True
    english, others = _classified(normalised)
    return sum(english) >= max(ENGLISH * len(normalised), sum(others)) and not _has_foreign_stretch(
        normalised, english, others
    )


def has_another_language(words: Iterable[str]) -> bool:
    """Whether some stretch of `words` is in another language; False for fewer than FEWEST."""
    normalised = _normalised(words)
    return len(normalised) >= FEWEST and _has_foreign_stretch(normalised, *_classified(normalised))


def _normalised(words: Iterable[str]) -> list[str]:
    """The words in lower case, without surrounding punctuation; figures are omitted."""
    return [
        bare
        for word in words
        if (bare := word.strip().strip(".,;:!?¿¡…\"'()[]«»“”-").lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
        and any(map(str.isalpha, bare))
    ]


def _classified(normalised: Sequence[str]) -> tuple[list[bool], list[bool]]:
    """Which words are English ones, and which of another language."""
    return [word in _ENGLISH for word in normalised], [word in _OTHERS for word in normalised]


def _has_foreign_stretch(normalised: Sequence[str], english: Sequence[bool], others: Sequence[bool]) -> bool:
    written = sum(
        any(c.isalpha() and ord(c) > 0x24F and not 0x1E00 <= ord(c) <= 0x1EFF for c in word) for word in normalised
    )
    return written > OTHER_SCRIPT * len(normalised) or any(
        sum(others[i : i + STRETCH]) >= max(FOREIGN, sum(english[i : i + STRETCH]))
        for i in range(max(1, len(normalised) - STRETCH + 1))
    )
