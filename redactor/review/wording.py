"""What the pages say in plain words: labels of redactions, and findings of the rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from redactor.types import KEYED_DIGITS, LABELS

CHOICES = (
    "PERSON",
    "DATE_TIME",
    "PHONE_NUMBER",
    "ORGANIZATION",
    "CONDITION",
    "PROCEDURE",
    "MEDICATION",
    "BILLING",
    "LOCATION",
)
"""The labels on keys 1-9: the commonest in the labels of `sample_audio`, in that order."""
LABEL_NAMES = {
    "PERSON": "Name",
    "DATE_TIME": "Date, time",
    "PHONE_NUMBER": "Phone number",
    "ORGANIZATION": "Organisation",
    "CONDITION": "Condition",
    "PROCEDURE": "Procedure",
    "MEDICATION": "Drug",
    "BILLING": "Billing",
    "LOCATION": "Place",
    "LAB_RESULT": "Test result",
    "SPECIALTY": "Specialty",
    "AGE": "Age",
    "EMAIL_ADDRESS": "E-mail address",
    "US_SSN": "Social Security number",
    "MEDICAL_RECORD_NUMBER": "Record number",
    "HEALTH_PLAN_ID": "Health plan number",
    "ACCOUNT_NUMBER": "Account number",
    "LICENSE_NUMBER": "Licence number",
    "VEHICLE_ID": "Vehicle",
    "DEVICE_ID": "Device",
    "URL": "Web address",
    "IP_ADDRESS": "IP address",
    "OTHER_ID": "Other number",
}
"""Every label that a reviewer can choose. Keyed digits are found in the sound, so nobody has to mark them."""
if set(LABEL_NAMES) != LABELS - {KEYED_DIGITS}:
    raise AssertionError("LABEL_NAMES does not name each label")

_NAMED = {
    "V01": "A condition or symptom is named",
    "V02": "A drug is named",
    "V03": "A refill or prescription is mentioned",
    "V04": "A test or its result is mentioned",
    "V05": "A subject that needs its own consent is mentioned",
    "V06": "Treatment for substance use, or a place for it, is named",
    "V07": "A specialty or department is named",
    "V08": "A procedure or the reason for a visit is mentioned",
    "V09": "Billing, insurance or a debt is mentioned",
    "V10": "Several providers or a referral are mentioned",
    "V11": "A number or date that identifies the patient is said",
    "V12": "An address, e-mail or another number is said",
    "V13": "Details are given to somebody",
    "V16": "The patient's full name is said",
}


def in_words(finding: Mapping[str, Any]) -> tuple[str, str]:
    """A finding in plain words, without any word of the message: what is said, and the rest of the reason ("" if there
    is none).

    Args:
        finding: a row of `ReviewRepository.findings`.
    """
    first, _, rest = finding["why"].partition(". ")
    first = first.removesuffix(".")
    lead = _NAMED.get(finding["rule"], first) if first.endswith(" mentioned") else first
    return lead, rest
