"""What is known beforehand about the people of a recording, or of a site, and where it occurs in a transcript.

    KnownParty ──▶ KnownParties ──find──▶ findings, which the detector resolves together with all others

Nothing here is ever logged; `repr` shows roles and counts only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

from redactor.phi.known_names import DIRECTORY, OWN, KnownNames
from redactor.phi.known_numbers import KnownNumbers
from redactor.phi.known_phrases import is_everyday, plain
from redactor.phi.recognizers import name_cues as cues
from redactor.phi.spoken import WrittenForm
from redactor.types import Finding, Word

NAME_SCORE, NUMBER_SCORE = 0.8, 0.9
NAME_SOURCE, NUMBER_SOURCE = "known name", "known number"

_WORDS = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_CREDENTIALS = frozenset(
    "md do rn np pa lpn dds dmd phd dr ma cna crnp aprn fnp dpm od pharmd psyd lcsw msw jr sr ii iii iv esq".split()
)
_GENERIC = frozenset(
    "the a an of and at for on in st clinic clinics medical medicine center centre centers health healthcare care "
    "hospital practice group associates family office offices physicians doctors partners services service llc inc pc "
    "pllc pa dental dentistry pediatrics pediatric cardiology dermatology orthopedics orthopedic surgery surgical "
    "internal primary urgent women womens children childrens eye vision pharmacy therapy physical specialists "
    "specialty institute community regional county university department wellness behavioral mental oncology urology "
    "neurology imaging radiology laboratory labs lab rehab rehabilitation nursing home hospice general".split()
)
"""Words of practices' names that many of them share."""
_WAYS = frozenset(
    "street st avenue ave road rd drive dr lane ln court ct place pl boulevard blvd way terrace ter circle cir parkway "
    "pkwy highway hwy apartment apt unit suite ste floor north south east west n s e w ne nw se sw po box".split()
)
_FREE_MAIL = frozenset("gmail yahoo hotmail outlook aol icloud msn comcast verizon att me live proton".split())


@dataclass(frozen=True, slots=True)
class KnownParty:
    """A person or a practice; all but the role may be empty.

    Attributes:
        role: "practice", whose name is an ORGANIZATION; any other is a PERSON's.
    """

    role: str
    name: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    id: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    address: str = field(default="", repr=False)


class KnownSearch(Protocol):
    """Finds what is known in one transcript."""

    def find(self, words: Sequence[Word], form: WrittenForm) -> Iterable[Finding]:
        """Findings in `form.original`; `words`: its words, with their confidence."""


class KnownParties:
    """Indexed once, and searched in many transcripts. Safe for many threads.

    Args:
        own: the parties of one recording, who are recognised more readily than those of a directory.
    """

    def __init__(self, parties: Iterable[KnownParty], *, own: bool) -> None:
        self.parties = tuple(parties)
        self._names = KnownNames(
            (forms for party in self.parties for forms in _forms(party)), OWN if own else DIRECTORY, indexed=not own
        )
        self._numbers = KnownNumbers((pair for party in self.parties for pair in _numbers(party)), parts=own)

    def __len__(self) -> int:
        return len(self.parties)

    def __repr__(self) -> str:
        return f"KnownParties({len(self.parties)} parties)"

    def find(self, words: Sequence[Word], form: WrittenForm) -> Iterator[Finding]:
        """See `KnownSearch`."""
        for label, start, end, similarity in self._names.find(form.original, words):
            yield Finding(label, start, end, NAME_SCORE * (0.8 + 0.2 * similarity), NAME_SOURCE)
        for label, start, end in self._numbers.find(form.text):
            yield Finding(label, *form.to_original(start, end), NUMBER_SCORE, NUMBER_SOURCE)


def spoken_name(party: KnownParty) -> str:
    """A party's name as it is said, without credentials after a comma."""
    before, comma, after = party.name.partition(",")
    rest = [plain(word) for word in _WORDS.findall(after)]
    if not comma or party.role == "practice":
        return party.name
    # "Whitlock, Dana", or "Dana Whitlock, MD"
    return before.strip() if _CREDENTIALS.issuperset(rest) else f"{after.strip()} {before.strip()}"


def names_of(party: KnownParty) -> tuple[str, ...]:
    """The words of a party's name in the order in which they are said, without titles, credentials and initials."""
    said = spoken_name(party)
    if party.role == "practice":
        return tuple(filter(None, map(plain, _WORDS.findall(said))))
    dropped = _CREDENTIALS | cues.TITLES
    return tuple(w for word in _WORDS.findall(said) if len(w := plain(word)) > 1 and w not in dropped)


def _forms(party: KnownParty) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    said = names_of(party)
    if said and party.role == "practice":
        forms = [said]
        head = tuple(word for word in said if word not in _GENERIC)
        if head and not (len(head) == 1 and is_everyday(head[0])):
            forms.append(head)
        yield "ORGANIZATION", forms
    elif said:
        forms = [(word,) for word in said if word not in cues.PARTICLES]
        forms += [said, *pairwise(said)]
        if len(said) > 2:
            forms.append((said[0], said[-1]))
        yield "PERSON", forms
    local, _, domain = party.email.partition("@")
    letters = tuple(filter(None, map(plain, _WORDS.findall(local))))
    if len("".join(letters)) > 3:
        host = plain(domain.partition(".")[0])
        yield "EMAIL_ADDRESS", [letters, *([(host,)] if len(host) > 3 and host not in _FREE_MAIL else [])]
    if party.address:
        parts = [_WORDS.findall(part) for part in re.split(r"[,;\n]", party.address)]
        places = [tuple(plain(word) for word in part if plain(word) not in _WAYS) for part in parts]
        yield "LOCATION", [place for place in places if len("".join(place)) > 3]


def _numbers(party: KnownParty) -> Iterator[tuple[str, str]]:
    yield "PHONE_NUMBER", party.phone
    yield "OTHER_ID", party.id
    yield "EMAIL_ADDRESS", party.email
    yield "LOCATION", party.address.partition(",")[0]
