"""Names and places: the detector's own lists, names that are words, and invented ones. A tenth is held out for the
test, by hash.
"""

from __future__ import annotations

import random
import zlib

from redactor.phi.gazetteers import NOT_NAMES, SURE_NAMES, words

HELD_PERCENT = 10

FREQUENT = (
    "james mary john patricia robert jennifer michael linda david elizabeth william barbara richard susan joseph "
    "jessica thomas sarah charles karen christopher lisa daniel nancy matthew betty anthony sandra mark margaret "
    "donald ashley steven kimberly paul emily andrew donna joshua michelle kenneth carol kevin amanda brian melissa "
    "george deborah timothy stephanie ronald rebecca jason laura edward sharon jeffrey cynthia ryan kathleen jacob "
    "amy gary angela nicholas shirley eric anna jonathan brenda stephen pamela larry emma justin nicole scott helen "
    "brandon samantha benjamin katherine samuel christine gregory debra alexander rachel frank carolyn patrick janet "
    "raymond maria jack catherine dennis heather jerry diane tyler olivia aaron julie jose joyce adam victoria nathan "
    "henry kelly zachary christina douglas lauren peter joan kyle evelyn noah ethan jeremy walter christian keith "
    "roger terry sean gerald carl judith harold megan andrea cheryl jacqueline martha madison teresa gloria sara "
    "janice julia ann kathryn bobby frances jean wayne alice ralph dorothy roy eugene denise louis marilyn philip "
    "amber johnny danielle theresa beverly diana brittany natalie mohammed fatima wei ming priya raj anil sanjay "
    "deepa nguyen linh thuy minh carlos luis juan miguel jorge rosa carmen guadalupe ahmed omar aisha yusuf hassan "
    "ivan olga dmitri svetlana yuki kenji hiro sofia mateo santiago chidi ngozi emeka kwame amara"
).split()
FREQUENT_LAST = (
    "smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez gonzalez wilson "
    "anderson thomas taylor moore jackson martin lee perez thompson white harris sanchez clark ramirez lewis robinson "
    "walker young allen king wright scott torres nguyen hill flores green adams nelson baker hall rivera campbell "
    "mitchell carter roberts gomez phillips evans turner diaz parker cruz edwards collins reyes stewart morris "
    "morales murphy cook rogers gutierrez ortiz morgan cooper peterson bailey reed kelly howard ramos kim cox ward "
    "richardson watson brooks chavez wood james bennett gray mendoza ruiz hughes price alvarez castillo sanders patel "
    "myers long ross foster jimenez singh khan chen wang li zhang tran pham ali ahmed hussain okafor adeyemi kowalski "
    "novak ivanov petrov rossi schmidt muller jensen olsen cohen levy goldberg yamamoto tanaka suzuki park choi"
).split()
ALSO_WORDS = (
    "will faith april joy rose bill mark grace hope summer jordan may june dawn autumn holly ivy olive violet lily "
    "daisy iris jasmine heather ginger misty melody harmony destiny charity patience prudence mercy trinity angel "
    "star sky brook rocky chip buck guy jack frank art gene rob nick pat sue bob drew chance chase hunter mason "
    "cooper carter parker tanner miles grant dean clay cliff heath glen reed rusty sandy stormy sunny robin wren jay "
    "earnest king prince duke earl penny ruby pearl amber crystal opal jade gem carol gay skip lance pierce max rex "
    "ray sage basil candy honey kitty wolf page cash august january journey haven royal justice noble sterling forest "
    "lane rich norm herb stew josh mike dick peter jimmy bonnie sherry brandy ford dale ridge colt sonny major gunner "
    "archer bishop christian jesus angel genesis heaven nevaeh london paris dallas austin houston savannah charlotte "
    "sydney brooklyn florence india china carolina dakota georgia virginia madison lincoln jackson denver chelsea "
    "israel cheyenne phoenix aurora fern juniper willow poppy clover birdie dove raven lark hazel laurel magnolia "
    "ivory storm rain sky shade bear skipper junior bubba ace blaze cricket dash dream echo ember happy lucky lyric "
    "major moses ocean pepper ransom red reign rowdy salem scout sailor shadow shy silver sincere smoke snow socks "
    "spike spirit sugar sunshine tiger tiny true tuesday unique valor wick winter woody peaches cookie bunny"
).split()
ALSO_WORDS_LAST = (
    "young long short brown black white green king hill wood woods rivers brooks stone church bishop pope cook baker "
    "carpenter mason miller taylor cooper fisher hunter walker turner potter page park parks fields lane bell ford "
    "banks waters snow frost winters summers day knight price rich good best hand head foot love joy self wise savage "
    "strange moody bland small little large gray gold silver steel glass wall street rose flowers bush berry bean "
    "rice mills case chase marsh lake pond beach sands cross swift sharp power nurse doctor bond cash bill may june "
    "west east north south lord christmas friday monday early noon sunday winter fall pain payne akers hurt care "
    "house homes rooms barber butler chambers chandler cherry cotton crane dale drake fox grant hart heard hines "
    "holiday jewell kidd law lemon lovely mann marks means mercer moon nichols noble outlaw peace pepper pickle pike "
    "pitts plant pool read reading root sage shepherd singer sparks spear spring starling storms temple toes town "
    "tucker valentine wells wheeler whistler wolf yard"
).split()
PARTICLES = ("de la", "de", "van", "van der", "von", "del", "al", "el", "bin", "st", "mac", "da", "di", "le")
ONSETS = "b br c ch d dr f g gr h j k kr l m n p pr r s sh st t tr v w y z ts ng ".split(" ")
VOWELS = "a a e e i o o u ai ia oo ay ou ei".split()
CODAS = (
    "",
    "",
    "n",
    "r",
    "l",
    "s",
    "m",
    "nd",
    "ck",
    "rd",
    "ll",
    "nt",
    "sh",
    "ng",
    "x",
    "tz",
    "rt",
    "v",
    "ski",
    "son",
    "man",
)


def held(name: str) -> bool:
    """Whether a name is held out for the test, by the hash of its spelling, so that every machine agrees."""
    return zlib.crc32(b"name" + name.encode()) % 100 < HELD_PERCENT


def _list(name: str) -> list[str]:
    return sorted(w for w in words(name) if len(w) > 2 and w not in NOT_NAMES)


class Names:
    """Picks names; with `test` mostly ones that no training text contains."""

    def __init__(self, *, test: bool) -> None:
        def keep(found: list[str]) -> list[str]:
            return [w for w in found if held(w) == test]

        common = words("common_words") | words("function_words")
        self._first = keep([w for w in _list("first_names") if w not in common or w in SURE_NAMES])
        self._last = keep([w for w in _list("surnames") if w not in common])
        self._frequent, self._frequent_last = keep(FREQUENT), keep(FREQUENT_LAST)
        self._words, self._words_last = keep(ALSO_WORDS), keep(ALSO_WORDS_LAST)
        self._cities = keep(_list("cities"))
        self._invented_cities = (
            "ville",
            "ton",
            "burg",
            "field",
            " springs",
            " falls",
            "ford",
            " city",
            " heights",
            "wood",
            "dale",
            "port",
        )

    def first(self, rng: random.Random) -> str:
        kind = rng.random()
        if kind < 0.3:
            return rng.choice(self._frequent)
        if kind < 0.52:
            return rng.choice(self._words)
        if kind < 0.86:
            return rng.choice(self._first)
        return invented(rng)

    def last(self, rng: random.Random) -> str:
        kind = rng.random()
        if kind < 0.22:
            return rng.choice(self._frequent_last)
        if kind < 0.36:
            return rng.choice(self._words_last)
        name = rng.choice(self._last) if kind < 0.72 else invented(rng)
        shape = rng.random()
        if shape < 0.05:
            return f"{rng.choice(PARTICLES)} {name}"
        if shape < 0.08:
            return f"{name}{rng.choice('- ')}{rng.choice(self._frequent_last)}"
        return "o'" + name if shape > 0.985 else name

    def full(self, rng: random.Random) -> str:
        kind = rng.random()
        if kind < 0.68:
            return f"{self.first(rng)} {self.last(rng)}"
        if kind < 0.86:
            return self.first(rng)
        if kind < 0.93:
            return f"{self.first(rng)} {rng.choice('abcdefghjklmnoprstw')} {self.last(rng)}"
        return f"{self.first(rng)} {self.first(rng)} {self.last(rng)}"

    def city(self, rng: random.Random) -> str:
        if rng.random() < 0.75:
            return rng.choice(self._cities)
        return invented(rng) + rng.choice(self._invented_cities)


def invented(rng: random.Random) -> str:
    """An invented name of two or three syllables."""
    parts = [rng.choice(ONSETS) + rng.choice(VOWELS) for _ in range(rng.choice((1, 2, 2, 2, 3)))]
    name = "".join(parts) + rng.choice(CODAS)
    return name if len(name) > 2 else name + rng.choice(("na", "ro", "lin"))
