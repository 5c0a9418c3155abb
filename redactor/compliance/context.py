"""The evaluation context of a message: its words, what is known about it, and how evidence becomes a breach."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from difflib import SequenceMatcher
from enum import Enum
from functools import cached_property

from redactor.compliance import evidence
from redactor.compliance.annotated import AnnotatedText, merged
from redactor.compliance.co_recipients import each
from redactor.compliance.consents import Consents, Grant
from redactor.compliance.model import Breach, Circumstances, Evidence, Message, RuleVerdict
from redactor.compliance.name_matching import same_name
from redactor.compliance.parts import Parts, find_parts
from redactor.compliance.rules import Rules

DETAILS = ("V01", "V02", "V04", "V06", "V08", "V09", "V10")
"""Rules whose evidence is a detail of care; the topics of V05 are details, too."""


class Addressee(Enum):
    """The person to whom a message is addressed."""

    PATIENT = "patient"
    OTHER = "another person"
    UNKNOWN = "unknown"


class EvaluationContext:
    """See the module's docstring. `exempt` collects what would have been a breach, and what allows it."""

    def __init__(self, message: Message, circumstances: Circumstances, rules: Rules) -> None:
        self.message, self.circumstances, self.rules = message, circumstances, rules
        words = [w for t in message.transcripts for w in t.words]
        unsure = sum(w.confidence < rules.limits.unsure_word for w in words)
        self.unsure = bool(words) and message.heard is not None and unsure > rules.limits.unsure_share * len(words)
        self.readings = [AnnotatedText(message, t, sure=not self.unsure) for t in message.transcripts]
        self.exempt: list[tuple[str, str]] = []
        self._heard: dict[str, tuple[Evidence, ...]] = {}

    @property
    def consents(self) -> Consents | None:
        return self.circumstances.consents

    @cached_property
    def parts(self) -> Parts:
        return find_parts(self.message, self.readings, self.rules)

    @cached_property
    def words(self) -> int:
        return sum(len(r.words) for r in self.readings)

    @cached_property
    def seconds(self) -> float:
        """The length of the message; estimated for a text."""
        return self.message.duration or self.words / max(self.rules.limits.words_a_second, 0.1)

    def heard(self, rule: str) -> tuple[Evidence, ...]:
        if rule not in self._heard:
            self._heard[rule] = evidence.heard(self.rules.rules[rule], self.readings, self.rules)
        return self._heard[rule]

    @cached_property
    def topics(self) -> dict[str, tuple[Evidence, ...]]:
        return evidence.topics(self.rules.rules["V05"], self.readings)

    @cached_property
    def details(self) -> tuple[Evidence, ...]:
        """Everything that reveals something about the patient's care."""
        found = [e for rule in DETAILS for e in self.heard(rule)]
        found += [e for evidence in self.topics.values() for e in evidence]
        return merged(found)

    # --- addressee

    @cached_property
    def addressee(self) -> Addressee:
        """From the words ("your wife's results"), and from the names if the register has the patient's. Everybody who
        is greeted counts.
        """
        if self.related:
            return Addressee.OTHER
        greeted = self.parts.of("patient")
        if self.circumstances.to_patient:
            return Addressee.PATIENT
        if self.strangers:
            return Addressee.UNKNOWN
        if not greeted:
            return Addressee.PATIENT
        if any(e.matched.startswith("script ") for e in greeted):
            return Addressee.PATIENT
        if self.consents is None or not self.consents.patient:
            return Addressee.UNKNOWN
        listeners = (*greeted, *self.parts.beside)
        if all(same_name(name, self.consents.patient) for e in listeners for name in each(e.text)):
            return Addressee.PATIENT
        return Addressee.OTHER

    @cached_property
    def strangers(self) -> tuple[Evidence, ...]:
        """Names of further people who may be greeted and whom the register does not know."""
        known = () if self.consents is None else (self.consents.patient, *(g.what for g in self.consents.authorised))
        return tuple(
            e for e in self.parts.beside if not all(any(same_name(one, name) for name in known) for one in each(e.text))
        )

    @cached_property
    def related(self) -> tuple[Evidence, ...]:
        """Words that address somebody about somebody else: "your wife's", "for the mother of"."""
        relations = "|".join(sorted(self.rules.words["relations"], key=len, reverse=True))
        pattern = re.compile(
            rf"\b(?:your|his|her|(?!doctor|office|today|tomorrow|it|that|let|he|she|there|what|"
            rf"who)[a-z]+'s)\s+(?:{relations})(?:'s|s)?\b(?!\s+(?:center|clinic|insurance))"
            rf"|\b(?:the|a)\s+(?:{relations})\s+of\b|\b(?:tell|let|give|remind|ask|inform)\s+(?:your|his|her|"
            rf"the)\s+(?:{relations})\b|\b(?:his|her)\s+(?:results?|tests?|appointment|prescription|medication|"
            rf"surgery|labs?|balance|bill|refill|blood)\b"
        )
        found = (
            r.evidence(*m.span(), "words for another person") for r in self.readings for m in pattern.finditer(r.plain)
        )
        return merged(e for e in found if e)

    def authorised(self) -> Grant | None:
        """A listener's authorisation, if every listener is the patient or has an authorisation that has not ended."""
        return self._grant_of_listeners(self._holds)

    def perhaps_authorised(self) -> bool:
        """Whether that was so if authorisations that have ended were still in effect on the unknown day of sending."""
        return self.day is None and self._grant_of_listeners(lambda _: True) is not None

    def _grant_of_listeners(self, holds: Callable[[Grant], bool]) -> Grant | None:
        if self.consents is None or self.strangers:
            return None
        first: Grant | None = None
        for name in (name for e in (*self.parts.of("patient"), *self.parts.beside) for name in each(e.text)):
            if self.consents.patient and same_name(name, self.consents.patient):
                continue
            grant = next((g for g in self.consents.authorised if holds(g) and same_name(name, g.what)), None)
            if grant is None:
                return None
            first = first or grant
        return first

    # --- consent

    @cached_property
    def day(self) -> date | None:
        return self.circumstances.sent

    def _holds(self, grant: Grant) -> bool:
        if grant.until is None:
            return True
        if self.day is not None:
            return self.day <= grant.until
        # The message was sent today or earlier. The last day itself does not count, because of time zones.
        today = self.circumstances.today
        return today is not None and today < grant.until

    def granted(self, scopes: Sequence[str]) -> Grant | None:
        """A consent to one of the scopes on the day of sending, for the patient or authorised persons."""
        if self.consents is None:
            return None
        if self.addressee is Addressee.OTHER and self.authorised() is None:
            return None
        for grant in self.consents.scopes:
            if grant.what in scopes and self._holds(grant):
                return grant
        return None

    def perhaps_granted(self, scopes: Sequence[str]) -> bool:
        """Whether a consent or authorisation that has ended may have been in effect on the unknown day of sending."""
        if self.day is not None or self.consents is None:
            return False
        if self.addressee is Addressee.OTHER and not self.perhaps_authorised():
            return False
        return any(g.what in scopes for g in self.consents.scopes)

    # --- breaches

    def unless_consented(
        self, rule: str, evidence: tuple[Evidence, ...], scopes: Sequence[str] | None = None, *, why: str
    ) -> Breach | None:
        """A breach, unless a consent allows what the evidence shows."""
        if not evidence:
            return None
        wanted = self.rules.rules[rule].scopes if scopes is None else scopes
        if self.consents is None:
            return self.undetermined(
                rule, ("consent",), evidence, why=f"{why} It is not known whether the patient consented."
            )
        grant = self.granted(wanted)
        if grant is not None:
            self.exempt.append((rule, f"consent: {grant.what}{f' until {grant.until}' if grant.until else ''}"))
            return None
        if self.perhaps_granted(wanted):
            return self.undetermined(
                rule,
                ("day of sending",),
                evidence,
                why=f"{why} A consent has ended, perhaps before the message was sent.",
            )
        return self.found(rule, evidence, why=f"{why} No consent covers it.")

    def found(self, rule: str, evidence: tuple[Evidence, ...] = (), *, why: str) -> Breach:
        """A breach; undetermined if the detector was not sure of any of its evidence."""
        if evidence and all(e.score < self.rules.limits.sure_score for e in evidence):
            return self.undetermined(rule, ("a human listener",), evidence, why=f"{why} The detector was not sure.")
        shipped = self.rules.rules[rule]
        return Breach(rule, shipped.severity, RuleVerdict.FINDINGS, evidence, (), why, shipped.better)

    def undetermined(
        self, rule: str, missing: tuple[str, ...], evidence: tuple[Evidence, ...] = (), *, why: str
    ) -> Breach:
        shipped = self.rules.rules[rule]
        return Breach(rule, shipped.severity, RuleVerdict.UNDETERMINED, evidence, missing, why, shipped.better)

    # --- lists

    @cached_property
    def callback_numbers(self) -> tuple[str, ...] | None:
        """Approved numbers; None if there is no list."""
        own = self.consents.callback_numbers if self.consents else ()
        return (*self.rules.practice.callback_numbers, *own) or None

    @cached_property
    def neutral_names(self) -> tuple[str, ...]:
        return (*self.rules.practice.neutral_names, *(self.consents.neutral_names if self.consents else ()))

    def nearly_approved(self, evidence: Evidence) -> bool:
        return any(near_number(self.message.digits_of(evidence.text), n) for n in self.callback_numbers or ())

    def approved(self, evidence: Evidence) -> bool:
        return any(same_number(self.message.digits_of(evidence.text), n) for n in self.callback_numbers or ())


def near_number(heard: str, listed: str) -> bool:
    """Whether a number is probably the listed one, misheard: one digit differs, or some are missing or extra."""
    given = "".join(c for c in heard if c.isdigit())
    wanted = "".join(c for c in listed if c.isdigit())[-10:]
    if len(given) in (7, 10):
        return sum(a != b for a, b in zip(given, wanted[-len(given) :], strict=False)) == 1
    matcher = SequenceMatcher(None, given, wanted, autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks()) >= min(len(given), len(wanted)) - 1


def same_number(heard: str, listed: str) -> bool:
    """Compare the digits, with or without country code, area code or extension."""
    given = "".join(c for c in heard if c.isdigit())
    wanted = "".join(c for c in listed if c.isdigit())
    given = given[1:] if len(given) > 10 and given[0] == "1" else given
    wanted = wanted[1:] if len(wanted) == 11 and wanted[0] == "1" else wanted
    if len(given) == 7:
        return wanted[-7:] == given
    return given == wanted or (len(wanted) == 10 and 10 < len(given) <= 15 and given.startswith(wanted))
